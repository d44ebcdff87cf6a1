// Instants as text: RFC 3339 and integer milliseconds.
#include "net/http/http.hpp"

#include <charconv>
#include <chrono>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;

Error not_a_time() {
  return {
      Errc::invalid, "not an RFC 3339 time such as 2026-05-01T12:00:00Z, and not integer milliseconds since 1970", {}};
}

void put_digits(char* to, int width, std::int64_t number) {
  for (int i = width - 1; i >= 0; --i) {
    to[i] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

/// Reads `width` digits at the front of `text` and takes them off; -1 when they are not there.
int take_digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return -1;
  int number = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return number;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

/// Milliseconds of ".123456789"; 0 without a fraction, -1 when it is malformed.
int take_fraction(std::string_view& text) {
  if (!take(text, '.')) return 0;
  int milliseconds = 0;
  std::size_t digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 3) milliseconds = milliseconds * 10 + (text.front() - '0');
    text.remove_prefix(1);
    ++digits;
  }
  if (digits == 0 || digits > 9) return -1;
  for (; digits < 3; ++digits) milliseconds *= 10;
  return milliseconds;
}

/// Minutes of "Z" or "+02:00"; none when it is malformed or something follows.
std::optional<int> take_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  const bool negative = !text.empty() && text.front() == '-';
  if (!negative && (text.empty() || text.front() != '+')) return std::nullopt;
  text.remove_prefix(1);
  const int hours = take_digits(text, 2);
  if (hours < 0 || hours > 23 || !take(text, ':')) return std::nullopt;
  const int minutes = take_digits(text, 2);
  if (minutes < 0 || minutes > 59 || !text.empty()) return std::nullopt;
  const int offset = hours * 60 + minutes;
  return negative ? -offset : offset;
}

/// Furthest from 1970 that is taken as milliseconds: about the year 5138; more digits are another unit.
constexpr std::int64_t milliseconds_max = 99'999'999'999'999;

}  // namespace

std::string format_time(engine::Timestamp at) {
  const auto midnight = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(midnight);
  const auto in_day = (at - midnight).count();
  std::string text = "0000-00-00T00:00:00.000Z";
  put_digits(text.data(), 4, static_cast<int>(date.year()));
  put_digits(text.data() + 5, 2, static_cast<unsigned>(date.month()));
  put_digits(text.data() + 8, 2, static_cast<unsigned>(date.day()));
  put_digits(text.data() + 11, 2, in_day / 3'600'000);
  put_digits(text.data() + 14, 2, in_day / 60'000 % 60);
  put_digits(text.data() + 17, 2, in_day / 1'000 % 60);
  put_digits(text.data() + 20, 3, in_day % 1'000);
  return text;
}

engine::Result<engine::Timestamp> parse_time(std::string_view text) {
  std::int64_t ms = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (end == text.data() + text.size() && !text.empty()) {
    if (fault != std::errc{} || ms > milliseconds_max || ms < -milliseconds_max) return not_a_time();
    return engine::from_ms(ms);
  }
  const int year = take_digits(text, 4);
  if (year < 0 || !take(text, '-')) return not_a_time();
  const int month = take_digits(text, 2);
  if (month < 0 || !take(text, '-')) return not_a_time();
  const int day = take_digits(text, 2);
  if (day < 0 || !(take(text, 'T') || take(text, 't') || take(text, ' '))) return not_a_time();
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  const int hour = take_digits(text, 2);
  if (!date.ok() || hour < 0 || hour > 23 || !take(text, ':')) return not_a_time();
  const int minute = take_digits(text, 2);
  if (minute < 0 || minute > 59 || !take(text, ':')) return not_a_time();
  const int second = take_digits(text, 2);  // 60 is a leap second: it counts as the next minute's first
  const int fraction = second < 0 || second > 60 ? -1 : take_fraction(text);
  if (fraction < 0) return not_a_time();
  const auto offset = take_offset(text);
  if (!offset) return not_a_time();
  const auto in_day = ((hour * 60LL + minute - *offset) * 60 + second) * 1'000 + fraction;
  return engine::Timestamp(std::chrono::sys_days(date)) + engine::Milliseconds(in_day);
}

}  // namespace leadlight::net
