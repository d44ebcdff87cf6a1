// Short texts of the door: e-mail addresses, percent-encoding and forms, times, UTF-8, ids of the stream. What is taken
// is normal (taking it again changes nothing) and what was written reads as what it was.
#include "actors/score_feed.hpp"
#include "net/http/http.hpp"
#include "net/text/url_text.hpp"
#include "net/text/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <optional>

namespace leadlight::fuzz {
namespace {

void check_email(std::string_view text) {
  const auto normal = net::normalise_email(text);
  if (!normal) {
    check(normal.error().field == "email", "a refusal names its field");
    return check_refusal(normal.error());
  }
  check(net::normalise_email(*normal) == normal, "a normal address is its own");
  check(normal->size() <= 254 && net::is_utf8(*normal), "a short UTF-8 text");
  check(std::ranges::count(*normal, '@') == 1, "one @");
  check(std::ranges::none_of(*normal,
                             [](char c) {
                               const auto byte = static_cast<unsigned char>(c);
                               return byte <= ' ' || byte == 0x7F || (c >= 'A' && c <= 'Z');
                             }),
        "no blanks, controls or capitals");
}

std::string encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

void check_url(std::string_view text) {
  for (const bool plus : {false, true}) {
    const auto decoded = net::percent_decode(text, plus);
    if (!decoded) continue;
    check(net::is_utf8(*decoded) && decoded->find('\0') == std::string::npos, "UTF-8 without U+0000");
    check(decoded->size() <= text.size(), "decoding does not grow");
    check(net::percent_decode(encoded(*decoded), plus) == decoded, "what was written reads as what it was");
  }
  const auto pairs = net::parse_form(text);
  if (!pairs) return;
  std::string again;
  for (const auto& [name, value] : *pairs) again += '&' + encoded(name) + '=' + encoded(value);
  check(net::parse_form(again) == pairs, "a form written anew is the same form");
}

void check_time(std::string_view text) {
  const auto at = net::parse_time(text);
  if (!at) return check(at.error().code == engine::Errc::invalid, "not a time is invalid");
  const auto ms = engine::to_ms(*at);
  check(ms > -200'000'000'000'000 && ms < 300'000'000'000'000, "an instant of our calendar");
  if (ms >= 0 && ms < 253'402'300'800'000) check(net::parse_time(net::format_time(*at)) == at, "a time written is it");
}

void check_utf8(std::string_view text) {
  bool good = true;
  for (auto rest = text; !rest.empty();) {
    const auto before = rest.size();
    const auto point = net::take_code_point(rest);
    if (!point) {
      good = false;
      break;
    }
    check(rest.size() < before && before - rest.size() <= 4, "a code point is one to four bytes");
    check(*point <= 0x10FFFF && (*point < 0xD800 || *point > 0xDFFF), "a code point is a scalar value");
  }
  check(good == net::is_utf8(text), "code by code or at once");
}

void check_stream_id(std::string_view text) {
  const auto position = actors::parse_feed_position(text);
  if (position) check(actors::parse_feed_position(actors::to_text(*position)) == position, "an id written is it");
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  const auto text = exactly(Input(data, size).rest());
  check_email(text);
  check_url(text);
  check_time(text);
  check_utf8(text);
  check_stream_id(text);
  (void)leadlight::net::media_type_of(text);
  return 0;
}
