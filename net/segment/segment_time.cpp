#include "net/segment/segment_time.hpp"

#include "net/http/http.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

namespace leadlight::net {
namespace {

using engine::Milliseconds;
using engine::Timestamp;

constexpr Milliseconds clock_is_right_within{2'000};
constexpr Milliseconds sent_before_it_happened_max{1'000};
constexpr double seconds_below = 1e11;  // as seconds the year 5138, as milliseconds March 1973
constexpr double milliseconds_max = 99'999'999'999'999;

std::optional<Timestamp> parse_number(std::string_view text) {
  double number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  const double ms = std::abs(number) < seconds_below ? number * 1'000 : number;
  if (std::abs(ms) > milliseconds_max) return std::nullopt;
  return engine::from_ms(std::llround(ms));
}

bool digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<Timestamp> parse_client_time(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.empty() || text.size() > 64) return std::nullopt;
  if (const auto number = parse_number(text)) return number;
  if (const auto exact = parse_time(text)) return *exact;
  std::string whole(text);
  constexpr std::size_t date_characters = 10;  // 2026-05-01
  if (whole.size() == date_characters) whole += "T00:00:00";
  const auto sign = whole.find_last_of("+-");
  const bool compact = sign != std::string::npos && sign > date_characters && whole.size() == sign + 5 &&
                       digits(std::string_view(whole).substr(sign + 1));
  if (compact)  // +0200
    whole.insert(sign + 3, 1, ':');
  else
    whole += 'Z';
  const auto completed = parse_time(whole);
  if (!completed) return std::nullopt;
  return *completed;
}

Timestamp occurred_at(const ClientTimes& times, Timestamp received) {
  if (!times.original) return received;
  auto at = *times.original;
  if (times.sent) {
    const auto underway = *times.sent - at;
    if (underway < -sent_before_it_happened_max) return received;
    const auto off = received - *times.sent;
    if (off <= -clock_is_right_within || off >= clock_is_right_within) at = received - underway;
  }
  return std::clamp(at, std::min(Timestamp{}, received), received);
}

}  // namespace leadlight::net
