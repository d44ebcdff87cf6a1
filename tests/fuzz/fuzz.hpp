// What the fuzz targets share. A target is one file with one function, `LLVMFuzzerTestOneInput`: it hands bytes that
// nobody vouches for to one parser and checks what that parser promises, not only that it survives.
#pragma once

#include "engine/result.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace leadlight::fuzz {

/// Ends the process when a promise is broken, which makes the fuzzer keep the input.
inline void check(bool holds, std::string_view promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(promise.size()), promise.data());
  std::abort();
}

/// What every refusal keeps: it says what is wrong, and not at length.
inline void check_refusal(const engine::Error& error) {
  constexpr std::size_t what_bytes_max = 16U << 10U;
  check(!error.what.empty(), "a refusal says what is wrong");
  check(error.what.size() <= what_bytes_max, "a refusal is short");
}

/// The input, taken piece by piece; zero and empty where it has ended.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}  // NOLINT: bytes are bytes

  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8U | byte();
    return value;
  }
  /// Up to the next line break, which is taken too.
  std::string_view line() {
    const auto end = std::min(rest_.find('\n'), rest_.size());
    const auto text = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return text;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// A copy with nothing readable behind it, so that a read past its end is seen.
inline std::string exactly(std::string_view bytes) {
  std::string copy(bytes);
  copy.shrink_to_fit();
  return copy;
}

}  // namespace leadlight::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
