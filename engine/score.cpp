#include "engine/score.hpp"

#include "engine/aggregate.hpp"
#include "engine/decay.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace leadlight::engine {
namespace {

/// Left without values on purpose: only as many as the model has signals are ever touched, and none is allocated.
template <std::size_t Size>
struct Sums {
  Int128 of[Size];  // NOLINT
};

void add_entry(const CompiledModel& model, Int128* sums, EventType type, std::int64_t age, std::uint32_t count) {
  // What this adds to an aggregated signal is put right afterwards; asking here would cost every other signal a look.
  for (const std::uint16_t index : model.signals_of(type))
    sums[index] += Int128{faded(model.fading(index), age)} * count;
}

Int128 sum_of_caps(const Model& model, const Int128* sums) {
  Int128 total = 0;
  Sums<groups_per_model_max> groups;
  std::fill_n(groups.of, model.groups.size(), Int128{0});
  for (std::size_t i = 0; i < model.signals.size(); ++i) {
    const Signal& signal = model.signals[i];
    (signal.group ? groups.of[*signal.group] : total) += capped(sums[i], signal.cap);
  }
  for (std::size_t i = 0; i < model.groups.size(); ++i) total += capped(groups.of[i], model.groups[i].cap);
  return total;
}

/// Where a band of the scale begins and ends, in raw points and on the scale.
struct Band {
  MicroPoints raw_first;
  MicroPoints raw_last;  // exclusive
  int score_first;
  int score_last;  // exclusive
  Segment segment;
};

std::array<Band, 4> bands_of(const Thresholds& thresholds) {
  return {{{0, thresholds.medium, 0, 50, Segment::low},
           {thresholds.medium, thresholds.high, 50, 70, Segment::medium},
           {thresholds.high, thresholds.very_high, 70, 85, Segment::high},
           {thresholds.very_high, thresholds.cap, 85, 100, Segment::very_high}}};
}

}  // namespace

MicroPoints contribution(const Signal& signal, Timestamp occurred_at, Timestamp at) {
  return faded(fading_of(signal), to_ms(at) - to_ms(occurred_at));
}

std::optional<Timestamp> aggregate_date(const Signal& signal, const Window& window, Timestamp at) {
  if (!signal.aggregate) return std::nullopt;
  const auto group = latest_group(signal, window, at);
  if (!group) return std::nullopt;
  return group->date;
}

MicroPoints raw_micro_points(const CompiledModel& model, const Window& window, Timestamp at) {
  const Model& rules = model.model();
  assert(rules.signals.size() <= signals_per_model_max && rules.groups.size() <= groups_per_model_max);
  Sums<signals_per_model_max> sums;
  std::fill_n(sums.of, rules.signals.size(), Int128{0});
  const std::int64_t now = to_ms(at);
  for (const WindowEvent& event : window.events()) {
    add_entry(model, sums.of, event.type(), now - to_ms(event.occurred_at()), 1);
  }
  for (const FoldedHour& folded : window.folded()) {
    add_entry(model, sums.of, folded.type, now - to_ms(folded.hour_start), folded.count);
  }
  for (const std::uint16_t index : model.aggregated()) {
    const auto date = aggregate_date(rules.signals[index], window, at);
    sums.of[index] = date ? faded(model.fading(index), now - to_ms(*date)) : 0;
  }
  return floored(sum_of_caps(rules, sums.of));
}

Score scale(const Thresholds& thresholds, MicroPoints raw) {
  if (raw <= 0) return Score{0, 0, Segment::low};
  for (const Band& band : bands_of(thresholds)) {
    if (raw >= band.raw_last) continue;
    const MicroPoints above = raw - band.raw_first;
    const MicroPoints width = band.raw_last - band.raw_first;
    const int steps = band.score_last - band.score_first;
    const auto step = above <= raw_max / 100 ? static_cast<int>(above * steps / width)
                                             : static_cast<int>(Int128{above} * steps / width);
    return Score{raw, band.score_first + step, band.segment};
  }
  return Score{raw, 100, Segment::very_high};
}

Score score_at(const CompiledModel& model, const Window& window, Timestamp at) {
  return scale(model.model().thresholds, raw_micro_points(model, window, at));
}

MicroPoints raw_at_score(const Thresholds& thresholds, int score) {
  assert(score >= 1 && score <= 100);
  for (const Band& band : bands_of(thresholds)) {
    if (score >= band.score_last) continue;
    const Int128 width = band.raw_last - band.raw_first;
    const int steps = band.score_last - band.score_first;
    return band.raw_first + static_cast<MicroPoints>((width * (score - band.score_first) + steps - 1) / steps);
  }
  return thresholds.cap;
}

}  // namespace leadlight::engine
