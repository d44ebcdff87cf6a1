// When a curve leaves a range of raw points: the search behind `first_exit`.
//
// A curve that only falls is searched like a root, with exact readings on both sides. A curve with rising lines is cut
// into intervals, each bounded from above and below by its ends; what may leave the range is cut again, left part
// first.
#pragma once

#include "engine/curve.hpp"
#include "engine/forecast.hpp"

#include <cstdint>
#include <optional>

namespace leadlight::engine {

/// Most readings that one search makes before it settles for an early wake-up.
inline constexpr std::uint32_t crossing_readings_max = 20'000;

struct Crossing {
  std::int64_t at = 0;  // milliseconds
  bool exact = true;    // false: the curve stays in the range before `at`, which is as far as the search looked
};

/// The first millisecond after `after` at which the curve lies outside `range`; none when it never does.
///
/// Precondition: `after` ≥ `curve.from()`.
std::optional<Crossing> find_crossing(const Curve& curve, std::int64_t after, RawRange range);

}  // namespace leadlight::engine
