// A value or the reason there is none. Every border of the program hands one of these over; exceptions never cross one.
#pragma once

#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace leadlight::engine {

/// Why something was refused or failed. Closed: net/ maps it to HTTP in one switch.
enum class Errc : std::uint8_t {
  invalid,        // the input breaks a rule; `field` names the place
  unauthorized,   // no key, or not a known one
  forbidden,      // the key may not do this
  not_found,      // no such thing, or none of this organisation
  conflict,       // it exists already, or the same key is still in progress
  gone,           // it existed and is no longer kept
  too_large,      // a limit on size was passed
  unprocessable,  // well formed, but contradicts what is known
  rate_limited,   // a quota of the key or organisation is used up
  unavailable,    // the process or an outside party cannot answer now; trying again may help
  io_error,       // the disk failed; the caller must assume neither outcome
  corrupt,        // stored bytes are not what was written
  internal,       // a fault of ours
};

/// What went wrong, in words for the person who must mend it.
struct Error {
  Errc code = Errc::internal;
  std::string what;   // a sentence with the value and the remedy
  std::string field;  // the field, key or path it concerns; empty where there is none

  friend bool operator==(const Error&, const Error&) = default;
};

/// A value of `T`, or an `Error`.
///
/// Precondition: `value()` only when it holds a value, `error()` only when it does not (asserted).
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  [[nodiscard]] bool ok() const { return content_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() & {
    assert(ok());
    return *std::get_if<0>(&content_);
  }
  [[nodiscard]] const T& value() const& {
    assert(ok());
    return *std::get_if<0>(&content_);
  }
  [[nodiscard]] T&& value() && {
    assert(ok());
    return std::move(*std::get_if<0>(&content_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const {
    assert(!ok());
    return *std::get_if<1>(&content_);
  }

  friend bool operator==(const Result&, const Result&) = default;

 private:
  std::variant<T, Error> content_;
};

/// Nothing to say but that it worked.
struct Ok {
  friend bool operator==(const Ok&, const Ok&) = default;
};

using Status = Result<Ok>;

}  // namespace leadlight::engine
