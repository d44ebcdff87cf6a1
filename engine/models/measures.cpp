#include "engine/models/measures.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <vector>

namespace leadlight::engine::models {
namespace {

constexpr std::size_t decimals_max = 6;
constexpr std::int64_t decimal_unit = 1'000'000;
constexpr std::int64_t whole_max = 1'000'000'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Error invalid(std::string what) {
  return Error{Errc::invalid, std::move(what), ""};
}

std::string quoted(std::string_view text) {
  return '"' + std::string(text.substr(0, 60)) + '"';
}

/// A decimal number times 10^6, with the text's sign; `read` says how many characters it took.
Result<std::int64_t> parse_decimal(std::string_view text, std::size_t& read) {
  std::size_t at = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) ++at;
  std::int64_t whole = 0;
  std::int64_t fraction = 0;
  std::size_t digits = 0;
  for (; at < text.size() && (is_digit(text[at]) || text[at] == '_'); ++at) {
    if (text[at] == '_') continue;
    whole = whole * 10 + (text[at] - '0');
    ++digits;
    if (whole > whole_max) return invalid("is beyond 1,000,000,000; write a smaller number");
  }
  if (digits == 0) return invalid("is not a number; write digits, for example 40 or 2.5");
  if (at < text.size() && text[at] == '.') {
    std::size_t decimals = 0;
    for (++at; at < text.size() && (is_digit(text[at]) || text[at] == '_'); ++at) {
      if (text[at] == '_') continue;
      if (++decimals > decimals_max) return invalid("has more than six decimals; write at most six");
      fraction = fraction * 10 + (text[at] - '0');
    }
    if (decimals == 0) return invalid("ends in a point; write digits after it, or none");
    for (; decimals < decimals_max; ++decimals) fraction *= 10;
  }
  if (whole == whole_max && fraction > 0) return invalid("is beyond 1,000,000,000; write a smaller number");
  read = at;
  const std::int64_t magnitude = whole * decimal_unit + fraction;
  return negative ? -magnitude : magnitude;
}

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};

constexpr std::array<Unit, 20> units{{
    {"ms", 1},           {"millisecond", 1},   {"milliseconds", 1}, {"s", 1'000},          {"second", 1'000},
    {"seconds", 1'000},  {"sec", 1'000},       {"min", 60'000},     {"minute", 60'000},    {"minutes", 60'000},
    {"m", 60'000},       {"h", 3'600'000},     {"hour", 3'600'000}, {"hours", 3'600'000},  {"d", 86'400'000},
    {"day", 86'400'000}, {"days", 86'400'000}, {"w", 604'800'000},  {"week", 604'800'000}, {"weeks", 604'800'000},
}};

std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int number = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

/// Milliseconds that the offset of an instant stands for: `Z`, `+02:00`, `-05:30`.
std::optional<std::int64_t> offset_ms(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = digits_at(text, 1, 2);
  const auto minutes = digits_at(text, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::int64_t offset = (*hours * 60LL + *minutes) * 60'000;
  return text[0] == '-' ? -offset : offset;
}

std::string counted(std::int64_t count, std::string_view unit) {
  return std::to_string(count) + ' ' + std::string(unit) + (count == 1 ? "" : "s");
}

}  // namespace

Result<MicroPoints> parse_points(std::string_view text) {
  if (text.find_first_of("eE") != std::string_view::npos) {
    return invalid("is written with an exponent; write it out in digits, for example 1500");
  }
  std::size_t read = 0;
  auto points = parse_decimal(text, read);
  if (!points) return points.error();
  if (read != text.size()) return invalid("is not a plain number; write digits, for example 40 or 2.5");
  return *points;
}

Result<Milliseconds> parse_span(std::string_view text) {
  constexpr std::string_view example =
      "; write a number and a unit, for example \"30 days\", \"36 hours\" or \"500 ms\"";
  std::size_t read = 0;
  const auto number = parse_decimal(text, read);
  if (!number) return invalid(quoted(text) + " is not a span of time" + std::string(example));
  if (*number < 0) return invalid(quoted(text) + " is negative" + std::string(example));
  std::string_view unit_name = text.substr(read);
  while (!unit_name.empty() && unit_name.front() == ' ') unit_name.remove_prefix(1);
  if (unit_name.empty()) return invalid(quoted(text) + " has no unit" + std::string(example));
  const auto* unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == unit_name; });
  if (unit == units.end()) {
    return invalid(quoted(unit_name) + " is not a unit of time; use ms, seconds, minutes, hours, days or weeks");
  }
  // Whole units and millionths apart: their product with the unit fits 64 bits each.
  const std::int64_t millionths = *number % decimal_unit * unit->milliseconds;
  if (millionths % decimal_unit != 0) return invalid(quoted(text) + " is no whole number of milliseconds; round it");
  const Milliseconds span{*number / decimal_unit * unit->milliseconds + millionths / decimal_unit};
  if (span > 36'500 * day) return invalid(quoted(text) + " is more than a hundred years; write a shorter span");
  return span;
}

Result<Timestamp> parse_instant(std::string_view text) {
  const auto refused = [&] {
    return invalid(quoted(text) + " is not an instant; write it like \"2026-05-01T09:30:00Z\"");
  };
  const auto year = digits_at(text, 0, 4);
  const auto month = digits_at(text, 5, 2);
  const auto day_of_month = digits_at(text, 8, 2);
  const auto hours = digits_at(text, 11, 2);
  const auto minutes = digits_at(text, 14, 2);
  const auto seconds = digits_at(text, 17, 2);
  if (!year || !month || !day_of_month || !hours || !minutes || !seconds) return refused();
  if (text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return refused();
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return refused();
  if (*hours > 23 || *minutes > 59 || *seconds > 59) return refused();
  std::size_t at = 19;
  std::int64_t fraction = 0;
  if (at < text.size() && text[at] == '.') {
    const std::size_t first = ++at;
    std::int64_t weight = 100;
    for (; at < text.size() && is_digit(text[at]); ++at, weight /= 10) {
      if (weight == 0) return invalid(quoted(text) + " is finer than a millisecond; write at most three decimals");
      fraction += (text[at] - '0') * weight;
    }
    if (at == first) return refused();
  }
  const auto offset = offset_ms(text.substr(at));
  if (!offset) {
    return invalid(quoted(text) + " does not say in which time zone; write it in UTC, ending in \"Z\"");
  }
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day_of_month)}};
  if (!date.ok()) return invalid(quoted(text) + " is a date that the calendar does not have; correct it");
  const Timestamp midnight{std::chrono::sys_days{date}};
  return midnight + Milliseconds{(*hours * 3600LL + *minutes * 60LL + *seconds) * 1000 + fraction - *offset};
}

std::string points_text(MicroPoints micro_points) {
  // Unsigned, so that the lowest 64-bit number has a magnitude too.
  const std::uint64_t bits = static_cast<std::uint64_t>(micro_points);
  const std::uint64_t magnitude = micro_points < 0 ? 0 - bits : bits;
  std::string text = micro_points < 0 ? "-" : "";
  text += std::to_string(magnitude / 1'000'000);
  std::string decimals = std::to_string(magnitude % 1'000'000);
  decimals.insert(0, 6 - decimals.size(), '0');
  while (!decimals.empty() && decimals.back() == '0') decimals.pop_back();
  return decimals.empty() ? text : text + '.' + decimals;
}

std::string span_text(Milliseconds span) {
  const std::int64_t ms = span.count();
  if (ms == 0) return "0 ms";
  if (ms % 86'400'000 == 0) return counted(ms / 86'400'000, "day");
  if (ms % 3'600'000 == 0) return counted(ms / 3'600'000, "hour");
  if (ms % 60'000 == 0) return counted(ms / 60'000, "minute");
  if (ms % 1'000 == 0) return counted(ms / 1'000, "second");
  return std::to_string(ms) + " ms";
}

std::string instant_text(Timestamp at) {
  const auto date_at = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{date_at};
  const std::int64_t ms = (at - date_at).count();
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(ms / 3'600'000), static_cast<int>(ms / 60'000 % 60), static_cast<int>(ms / 1'000 % 60),
                static_cast<int>(ms % 1'000));
  return text.data();
}

std::size_t edits_between(std::string_view from, std::string_view to) {
  // Optimal string alignment: three rows of the table are enough.
  std::vector<std::size_t> before_last(to.size() + 1);
  std::vector<std::size_t> last(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t change = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({change, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[to.size()];
}

}  // namespace leadlight::engine::models
