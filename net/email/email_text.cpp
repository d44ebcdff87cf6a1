// The shape of an e-mail address, as the door checks it.
#include "net/http/http.hpp"
#include "net/text/utf8.hpp"

#include <algorithm>

namespace leadlight::net {
namespace {

constexpr std::size_t email_bytes_max = 254;  // RFC 5321, 4.5.3.1.3, without the angle brackets
constexpr std::size_t label_bytes_max = 63;   // RFC 1035, 2.3.4

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool letter_digit_or_beyond_ascii(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > label_bytes_max || label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(label, [](char c) { return letter_digit_or_beyond_ascii(c) || c == '-' || c == '_'; });
}

bool is_domain(std::string_view domain) {
  bool dotted = false;
  for (;;) {
    const auto dot = domain.find('.');
    if (!is_label(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return dotted;
    dotted = true;
    domain.remove_prefix(dot + 1);
  }
}

bool is_local_part(std::string_view local) {
  constexpr std::string_view never = "()<>[]:;,\\\"";
  return !local.empty() && local.find_first_of(never) == std::string_view::npos;
}

/// No character that is invisible, a control or a space of any kind.
bool all_visible(std::string_view text) {
  while (!text.empty()) {
    if (is_plain(text.front())) {
      text.remove_prefix(1);
      continue;
    }
    const auto point = take_code_point(text);
    if (!point || !is_printable(*point) || *point == ' ' || *point == 0xA0 || *point == 0x1680 || *point == 0x3000 ||
        (*point >= 0x2000 && *point <= 0x200A) || *point == 0x202F || *point == 0x205F)
      return false;
  }
  return true;
}

}  // namespace

engine::Result<std::string> normalise_email(std::string_view email) {
  while (!email.empty() && is_space(email.front())) email.remove_prefix(1);
  while (!email.empty() && is_space(email.back())) email.remove_suffix(1);
  if (email.empty()) return engine::Error{engine::Errc::invalid, "email is required", "email"};
  const auto not_one = [] {
    return engine::Error{engine::Errc::invalid, "email is not a valid email address", "email"};
  };
  const auto at = email.find('@');
  if (email.size() > email_bytes_max || at == std::string_view::npos || at != email.rfind('@')) return not_one();
  std::string normal(email);
  std::ranges::transform(normal, normal.begin(), lower);
  const std::string_view all = normal;
  if (!is_local_part(all.substr(0, at)) || !is_domain(all.substr(at + 1)) || !all_visible(all)) return not_one();
  return normal;
}

}  // namespace leadlight::net
