// Numbers of employees and sums of revenue, as companies' directories write them: "1,000 - 4,999", "$100M - $250M",
// "2500", "10000+".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace leadlight::engine {

inline constexpr std::int64_t amount_max = 1'000'000'000'000'000;

/// A count, or a range of counts, both ends included.
struct Amount {
  std::int64_t least = 0;            // Range: [0, amount_max]
  std::optional<std::int64_t> most;  // ≥ least; none: open upwards ("10000+")

  /// The one number it stands for in a rule: the middle, floored; of an open range its beginning.
  [[nodiscard]] constexpr std::int64_t stands_for() const { return most ? least + (*most - least) / 2 : least; }
  friend bool operator==(const Amount&, const Amount&) = default;
};

/// Reads a number or a range. Parts of a unit are dropped ("2500.75" is 2500); currencies are not converted.
///
/// Units: k, thousand, M, MM, mn, million, B, bn, billion, tn, trillion, lakh, crore; one behind the upper end speaks
/// of both ("100 - 250M"), unless the range would descend ("500 - 1K"). Digits may be grouped by commas, points,
/// apostrophes and blanks. "<", "under", "up to", ">", "over", "at least", "+", "or more" and the like make an open
/// end. Returns: none for everything else: no number, words ("mid-market"), a negative or a descending range, above
/// `amount_max`. Nothing is guessed.
std::optional<Amount> parse_amount(std::string_view text);

}  // namespace leadlight::engine
