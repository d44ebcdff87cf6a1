// The score's future with no further event: when it leaves a range, and the curve until it rests.
#pragma once

#include "engine/model.hpp"
#include "engine/score.hpp"
#include "engine/window.hpp"

#include <optional>
#include <vector>

namespace leadlight::engine {

/// Raw micro-points in [at_least, below).
struct RawRange {
  MicroPoints at_least = 0;
  MicroPoints below = 0;

  friend bool operator==(const RawRange&, const RawRange&) = default;
};

/// The raw points of one segment.
RawRange range_of(const Thresholds& thresholds, Segment segment);

/// The first millisecond after `after` at which the raw score lies outside `range`; none when it never does.
///
/// Exact, floors included. Between knots (end of a lifespan, of an event's 90 days, of an aggregate's group) every line
/// is monotone, so bounds over an interval follow from its ends; intervals that may leave the range are halved.
///
/// Where rising and falling lines cancel out for long within a few micro-points of a bound, the work is limited: then
/// the first instant not yet examined is returned, a wake-up that may be too early and is never too late. Cost: about a
/// microsecond for 20 events without negative points, a few with them.
std::optional<Timestamp> first_exit(const CompiledModel& model, const Window& window, Timestamp after, RawRange range);

/// The first millisecond after `after` whose raw score lies in another segment than the one at `after`.
std::optional<Timestamp> next_change_at(const CompiledModel& model, const Window& window, Timestamp after);

/// Most segment changes that a curve shows; a real one has a handful.
inline constexpr int forecast_changes_max = 1'000;

struct ForecastPoint {
  Timestamp at;
  int score = 0;
  Segment segment = Segment::low;

  friend bool operator==(const ForecastPoint&, const ForecastPoint&) = default;
};

/// The curve ahead: `after` itself, the steps `after + k days`, and every instant the segment changes (at most
/// `forecast_changes_max`), up to the first step at which nothing contributes any more (at most 90 days). Ascending by
/// time.
std::vector<ForecastPoint> forecast(const CompiledModel& model, const Window& window, Timestamp after);

}  // namespace leadlight::engine
