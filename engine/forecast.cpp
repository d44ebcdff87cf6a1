#include "engine/forecast.hpp"

#include "engine/crossing.hpp"
#include "engine/curve.hpp"

#include <algorithm>
#include <limits>

namespace leadlight::engine {
namespace {

/// The curve's points of time: the daily steps, and every change of segment.
std::vector<std::int64_t> instants_of(const Curve& curve) {
  const std::int64_t after = curve.from();
  const std::int64_t steps = std::min<std::int64_t>((curve.rests_at() - after + day.count() - 1) / day.count(), 90);
  std::vector<std::int64_t> instants;
  for (std::int64_t step = 0; step <= steps; ++step) instants.push_back(after + step * day.count());

  const std::int64_t last = instants.back();
  const Thresholds& thresholds = curve.model().thresholds;
  std::int64_t at = after;
  for (int changes = 0; changes < forecast_changes_max && at < last; ++changes) {
    const auto crossing = find_crossing(curve, at, range_of(thresholds, scale(thresholds, curve.raw(at)).segment));
    if (!crossing || crossing->at > last) break;
    if (crossing->exact) {
      at = crossing->at;
      instants.push_back(at);
    } else {
      // Not followed to the millisecond: the next daily step shows what has become of it.
      at = after + ((crossing->at - after) / day.count() + 1) * day.count();
    }
  }
  std::sort(instants.begin(), instants.end());
  instants.erase(std::unique(instants.begin(), instants.end()), instants.end());
  return instants;
}

}  // namespace

RawRange range_of(const Thresholds& thresholds, Segment segment) {
  switch (segment) {
    case Segment::low: return {0, thresholds.medium};
    case Segment::medium: return {thresholds.medium, thresholds.high};
    case Segment::high: return {thresholds.high, thresholds.very_high};
    case Segment::very_high: return {thresholds.very_high, std::numeric_limits<MicroPoints>::max()};
  }
  return {0, thresholds.medium};
}

std::optional<Timestamp> first_exit(const CompiledModel& model, const Window& window, Timestamp after, RawRange range) {
  const auto crossing = find_crossing(Curve{model, window, after}, to_ms(after), range);
  if (!crossing) return std::nullopt;
  return from_ms(crossing->at);
}

std::optional<Timestamp> next_change_at(const CompiledModel& model, const Window& window, Timestamp after) {
  const Curve curve{model, window, after};
  const Thresholds& thresholds = model.model().thresholds;
  const Segment segment = scale(thresholds, curve.raw(to_ms(after))).segment;
  const auto crossing = find_crossing(curve, to_ms(after), range_of(thresholds, segment));
  if (!crossing) return std::nullopt;
  return from_ms(crossing->at);
}

std::vector<ForecastPoint> forecast(const CompiledModel& model, const Window& window, Timestamp after) {
  const Curve curve{model, window, after};
  std::vector<ForecastPoint> points;
  for (const std::int64_t at : instants_of(curve)) {
    const Score score = scale(model.model().thresholds, curve.raw(at));
    points.push_back(ForecastPoint{from_ms(at), score.score, score.segment});
  }
  return points;
}

}  // namespace leadlight::engine
