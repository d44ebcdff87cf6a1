// How one line of the log looks, as text and as JSON. Pure but for the names of leads (privacy.hpp).
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace leadlight::logging {

/// One structured member of a line. The names in use: docs/guides/operations.md, "The log".
struct Field {
  Field(std::string_view field_name, std::string text) : name(field_name), value(std::move(text)) {}
  Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  Field(std::string_view field_name, const char* text) : name(field_name), value(text) {}
  template <std::integral Number>
  Field(std::string_view field_name, Number number) : name(field_name), value(std::to_string(number)), bare(true) {}

  std::string_view name;
  std::string value;
  bool bare = false;  // a number: without quotes in JSON
};
using Fields = std::span<const Field>;

enum class Format : std::uint8_t { text, json };

/// One line without its end: `time` (RFC 3339, UTC, ms), level, message and fields. A field without a value is left
/// out; everything is scrubbed (privacy.hpp), control characters become spaces, and 4 KiB of a value are kept.
std::string line(Format format, std::string_view time, std::string_view level, std::string_view message, Fields fields);

/// Message and fields as one text, to pass through a logger that knows only texts; `unpacked_line` is `line` of it. A
/// text that `packed` of this process did not make, whatever is in it, is one message without fields. Thread: any.
std::string packed(std::string_view message, Fields fields);
std::string unpacked_line(Format format, std::string_view time, std::string_view level, std::string_view packed_text);

}  // namespace leadlight::logging
