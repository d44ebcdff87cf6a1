#include "net/segment/segment_names.hpp"

#include "net/text/utf8.hpp"

namespace leadlight::net {
namespace {

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// Beyond ASCII: spaces, dashes, quotes and what cannot be seen; everything else belongs to a word.
bool separates(char32_t point) {
  return !is_printable(point) || point == 0xA0 || point == 0x1680 || point == 0x3000 ||
         (point >= 0x2000 && point <= 0x206F);
}

}  // namespace

std::string snake_case(std::string_view name) {
  std::string snake;
  snake.reserve(name.size() + 4);
  bool gap = false;    // a separator was passed
  char before = '\0';  // the character before this one, when it is ASCII and of a word
  for (auto rest = name; !rest.empty();) {
    const char c = rest.front();
    const auto here = rest;
    if (static_cast<unsigned char>(c) >= 0x80) {
      const auto point = take_code_point(rest);
      if (!point) return {};  // not UTF-8
      before = '\0';
      if (separates(*point)) {
        gap = true;
        continue;
      }
      if (gap && !snake.empty()) snake += '_';
      gap = false;
      snake += here.substr(0, here.size() - rest.size());
      continue;
    }
    rest.remove_prefix(1);
    if (!is_upper(c) && !is_lower_or_digit(c)) {
      gap = true;
      before = '\0';
      continue;
    }
    const bool begins_word = is_upper(c) && (is_lower_or_digit(before) || (is_upper(before) && !rest.empty() &&
                                                                           rest.front() >= 'a' && rest.front() <= 'z'));
    if ((gap || begins_word) && !snake.empty()) snake += '_';
    gap = false;
    before = c;
    snake += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return snake;
}

}  // namespace leadlight::net
