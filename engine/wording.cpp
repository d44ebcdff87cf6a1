#include "engine/wording.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace leadlight::engine {
namespace {

std::string counted(std::int64_t number, std::string_view unit) {
  std::string words = std::to_string(number) + " ";
  words += unit;
  if (number != 1) words += 's';
  return words;
}

}  // namespace

std::string points_in_words(MicroPoints points) {
  // Unsigned, because the smallest 64-bit number has no positive counterpart.
  const auto bits = static_cast<std::uint64_t>(points);
  const std::uint64_t size = points < 0 ? ~bits + 1 : bits;
  const auto unit = static_cast<std::uint64_t>(micro_points_per_point);
  std::string words = points < 0 ? "-" : "";
  words += std::to_string(size / unit);
  if (const std::uint64_t rest = size % unit; rest != 0) {
    std::string decimals = std::to_string(unit + rest).substr(1);
    decimals.erase(decimals.find_last_not_of('0') + 1);
    words += '.' + decimals;
  }
  return words + (size == unit ? " point" : " points");
}

std::string span_in_words(Milliseconds span) {
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 4> units{
      {{86'400'000, "day"}, {3'600'000, "hour"}, {60'000, "minute"}, {1'000, "second"}}};
  for (const auto& [size, unit] : units) {
    if (span.count() != 0 && span.count() % size == 0) return counted(span.count() / size, unit);
  }
  return counted(span.count(), "millisecond");
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t place = digits.size(); place > 3;) {
    place -= 3;
    digits.insert(place, 1, ',');
  }
  return digits;
}

}  // namespace leadlight::engine
