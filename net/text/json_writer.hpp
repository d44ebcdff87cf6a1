// Writes JSON (RFC 8259) straight into a string: no tree, commas placed, text escaped.
//
// Precondition of every text: valid UTF-8; what comes in is checked at the door.
#pragma once

#include "engine/types.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leadlight::net {

class JsonWriter {
 public:
  JsonWriter& object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool truth);
  JsonWriter& value(double number);
  JsonWriter& value(engine::Timestamp at);
  JsonWriter& value(std::nullopt_t) { return null(); }
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) JsonWriter& value(Number number) { return digits(std::to_string(number)); }
  template <class T>
  JsonWriter& value(const std::optional<T>& some) {
    return some ? value(*some) : null();
  }
  JsonWriter& null();
  /// JSON text as it stands.
  JsonWriter& raw(std::string_view json);

  template <class T>
  JsonWriter& member(std::string_view name, const T& content) {
    return key(name).value(content);
  }
  /// null when `text` is empty.
  JsonWriter& member_or_null(std::string_view name, std::string_view text);

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& digits(const std::string& text);
  void separate();
  void quote(std::string_view text);

  std::string out_;
  bool comma_ = false;  // the next value or key follows another
};

}  // namespace leadlight::net
