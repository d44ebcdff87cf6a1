// Code points of UTF-8 text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace leadlight::net {

/// Takes the first code point off `text`; none when the bytes are not UTF-8 (overlong forms and surrogates included).
/// Precondition: `text` is not empty.
std::optional<char32_t> take_code_point(std::string_view& text);

/// Whether the byte is a visible ASCII character: most of what comes, and nothing more to ask of it.
constexpr bool is_plain(char byte) {
  return byte > ' ' && byte < '\x7F';
}

bool is_utf8(std::string_view text);

/// Whether it can be seen or is a plain space: no control, no line or paragraph separator, no invisible or direction
/// mark.
bool is_printable(char32_t point);

}  // namespace leadlight::net
