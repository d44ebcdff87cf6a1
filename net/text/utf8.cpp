#include "net/text/utf8.hpp"

namespace leadlight::net {

std::optional<char32_t> take_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) {
    text.remove_prefix(1);
    return first;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return std::nullopt;
  char32_t point = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return std::nullopt;
    point = (point << 6U) | (byte(i) & 0x3FU);
  }
  const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  if (overlong || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return std::nullopt;
  text.remove_prefix(length);
  return point;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (is_plain(text.front())) {
      text.remove_prefix(1);
    } else if (!take_code_point(text)) {
      return false;
    }
  }
  return true;
}

bool is_printable(char32_t point) {
  if (point < 0x20 || (point >= 0x7F && point < 0xA0)) return false;
  if (point >= 0x200B && point <= 0x200F) return false;  // zero-width, direction marks
  if (point >= 0x2028 && point <= 0x202E) return false;  // separators, embeddings
  if (point >= 0x2060 && point <= 0x206F) return false;
  return point != 0xFEFF && (point & 0xFFFEU) != 0xFFFE;
}

}  // namespace leadlight::net
