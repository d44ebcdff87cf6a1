#include "engine/curve.hpp"

#include "engine/aggregate.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

namespace leadlight::engine {
namespace {

constexpr std::size_t plain_signals_max = 64;
/// Events that a slope, which is only a guess, takes into account.
constexpr std::uint64_t events_counted_max = 4'096;

/// How fast one line of the signal loses points, for guesses only.
std::int64_t slope_of(const Fading& fading) {
  if (fading.half_life > 0) return 0;  // depends on what is left: `read` asks then
  constexpr std::int64_t scale = std::int64_t{1} << slope_bits;
  const std::int64_t size = std::abs(fading.importance);
  if (is_narrow(size)) return std::min(divide_by_lifespan(size * scale, fading), scale << 20U);
  return std::min(size / fading.lifespan, scale) * scale;
}

/// The same for all lines of a half-life signal: ln 2 / h of what is left a millisecond.
std::int64_t slope_of_half_life(Int128 sum, const Fading& fading) {
  constexpr std::int64_t ln2 = 726'817;  // times 2^slope_bits
  const auto left = static_cast<std::int64_t>(std::clamp<Int128>(sum < 0 ? -sum : sum, 0, Int128{1} << 43U));
  return left * ln2 / fading.half_life;
}

}  // namespace

Curve::Curve(const CompiledModel& model, const Window& window, Timestamp from)
    : compiled_(&model), model_(&model.model()), from_(to_ms(from)), rests_at_(to_ms(from)) {
  std::vector<Found> found;
  found.reserve(window.events().size() + window.folded().size() + 8);
  for (const WindowEvent& event : window.events()) find(found, event.type(), to_ms(event.occurred_at()), 1);
  for (const FoldedHour& folded : window.folded()) find(found, folded.type, to_ms(folded.hour_start), folded.count);
  find_aggregates(found, window);
  grouped_ = std::any_of(model_->groups.begin(), model_->groups.end(), [](const Group& group) { return group.cap; });
  group_by_signal(found);
}

void Curve::find(std::vector<Found>& found, EventType type, std::int64_t date, std::uint32_t count) const {
  for (const std::uint16_t index : compiled_->signals_of(type)) {
    const Fading& fading = compiled_->fading(index);
    const std::int64_t end = date + fading.lifespan;
    if (end <= from_ || fading.importance == 0 || model_->signals[index].aggregate) continue;
    found.push_back(Found{date, end, count, index});
  }
}

void Curve::find_aggregates(std::vector<Found>& found, const Window& window) const {
  for (const std::uint16_t index : compiled_->aggregated()) {
    const Signal& signal = model_->signals[index];
    if (signal.importance == 0) continue;
    const auto group = latest_group(signal, window, from_ms(from_));
    if (!group) continue;
    const std::int64_t end = std::min(to_ms(group->date + signal.lifespan), to_ms(group->ends_at));
    if (end > from_) found.push_back(Found{to_ms(group->date), end, 1, index});
  }
}

void Curve::group_by_signal(const std::vector<Found>& found) {
  std::array<std::uint32_t, signals_per_model_max> place;  // NOLINT: only as many as the model has signals are used
  std::fill_n(place.begin(), model_->signals.size(), 0U);
  for (const Found& one : found) ++place[one.signal];
  signals_.reserve(std::min(model_->signals.size(), found.size()));
  std::uint32_t first = 0;
  for (std::size_t i = 0; i < model_->signals.size(); ++i) {
    const std::uint32_t count = place[i];
    if (count == 0) continue;
    place[i] = first;
    const Fading& fading = compiled_->fading(i);
    signals_.push_back(SignalLines{&model_->signals[i], &fading, first, first + count, slope_of(fading), false, from_});
    first += count;
  }
  lines_.resize(found.size());
  for (const Found& one : found) lines_[place[one.signal]++] = Line{one.date, one.end, one.count, 0, 0, 0};
  for (SignalLines& lines : signals_) prepare(lines);
  std::uint64_t events = 0;
  for (const Found& one : found) events += one.count;
  // Few enough events that slopes add up within 64 bits.
  plain_ = narrow() && !grouped_ && signals_.size() <= plain_signals_max && events <= events_counted_max &&
           std::all_of(signals_.begin(), signals_.end(),
                       [](const SignalLines& lines) { return lines.prepared && !lines.signal->cap; });
}

void Curve::prepare(SignalLines& lines) {
  const Fading& fading = *lines.fading;
  Int128 count = 0;
  for (std::uint32_t i = lines.first; i < lines.last; ++i) {
    count += lines_[i].count;
    rests_at_ = std::max(rests_at_, lines_[i].end);
    lines.starts_at = std::max(lines.starts_at, lines_[i].date);
  }
  falls_ = falls_ && fading.importance > 0;
  points_most_ += count * std::abs(fading.importance);
  const Int128 most = count * (Int128{narrow_importance_max} + 1);
  lines.prepared = fading.half_life == 0 && is_narrow(fading.importance) && lines.starts_at == from_ &&
                   most < std::numeric_limits<std::int64_t>::max();
  if (!lines.prepared) return;
  for (std::uint32_t i = lines.first; i < lines.last; ++i) {
    Line& line = lines_[i];
    const std::int64_t product = fading.importance * (line.date + fading.lifespan - from_);
    line.points = divide_by_lifespan(product, fading);
    line.remainder = product - line.points * fading.lifespan;
    line.owner = static_cast<std::size_t>(&lines - signals_.data());
  }
}

Int128 Curve::sum_of_groups(const GroupSums& groups) const {
  if (!grouped_) return 0;
  Int128 total = 0;
  for (std::size_t i = 0; i < model_->groups.size(); ++i) total += capped(groups[i], model_->groups[i].cap);
  return total;
}

Curve::Fade Curve::fade(const Fading& fading, std::int64_t at) const {
  // All lines of a signal fade alike: ⌊(N − w·d) / L⌋ = ⌊N / L⌋ − ⌊w·d / L⌋, less 1 where the remainders borrow.
  // After a lifespan every line has ended, so it need not be followed further (nor would it fit 64 bits).
  const std::int64_t product = fading.importance * std::min(at - from_, fading.lifespan);
  const std::int64_t points = divide_by_lifespan(product, fading);
  return {points, product - points * fading.lifespan};
}

SignalPart Curve::part(const SignalLines& lines, std::int64_t at) const {
  const Fading& fading = *lines.fading;
  SignalPart part;
  if (lines.prepared) {
    if (at - from_ >= fading.lifespan) return part;
    const Fade faded_by = fade(fading, at);
    std::int64_t sum = 0;
    std::int64_t live = 0;
    for (std::uint32_t i = lines.first; i < lines.last; ++i) {
      const Line& line = lines_[i];
      const std::int64_t count = line.end > at ? line.count : 0;
      sum += count * (line.points - faded_by.points - (line.remainder < faded_by.remainder ? 1 : 0));
      live += count;
    }
    return {sum, static_cast<std::uint64_t>(live)};
  }
  for (std::uint32_t i = lines.first; i < lines.last; ++i) {
    const Line& line = lines_[i];
    if (line.end <= at) continue;
    part.sum += Int128{faded(fading, at - line.date)} * line.count;
    part.live += static_cast<std::uint64_t>(line.count);
  }
  return part;
}

Reading Curve::read_plain(std::int64_t at) const {
  std::array<Fade, plain_signals_max> fades;  // NOLINT: only as many as there are signals are used
  for (std::size_t i = 0; i < signals_.size(); ++i) fades[i] = fade(*signals_[i].fading, at);
  std::int64_t sum = 0;
  std::int64_t live = 0;
  std::int64_t slope = 0;
  for (const Line& line : lines_) {
    const Fade& faded_by = fades[line.owner];
    const std::int64_t count = line.end > at ? line.count : 0;
    sum += count * (line.points - faded_by.points - (line.remainder < faded_by.remainder ? 1 : 0));
    live += count;
    slope += count * signals_[line.owner].slope;
  }
  return {std::max<std::int64_t>(sum, 0), slope, static_cast<std::uint64_t>(live)};
}

Reading Curve::read(std::int64_t at) const {
  if (plain_) return read_plain(at);
  GroupSums groups;
  if (grouped_) std::fill_n(groups.begin(), model_->groups.size(), Int128{0});
  Int128 total = 0;
  Reading reading;
  for (const SignalLines& lines : signals_) {
    const SignalPart one = part(lines, at);
    const Int128 sum = capped(one.sum, lines.signal->cap);
    (grouped_ && lines.signal->group ? groups[*lines.signal->group] : total) += sum;
    if (sum != one.sum) continue;  // held by its cap, the signal does not move
    reading.live += one.live;
    reading.slope +=
        lines.fading->half_life > 0
            ? slope_of_half_life(one.sum, *lines.fading)
            : lines.slope * static_cast<std::int64_t>(std::min<std::uint64_t>(one.live, events_counted_max));
  }
  reading.raw = floored(total + sum_of_groups(groups));
  return reading;
}

MicroPoints Curve::raw_of(std::span<const SignalPart> parts) const {
  GroupSums groups;
  if (grouped_) std::fill_n(groups.begin(), model_->groups.size(), Int128{0});
  Int128 total = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Signal& signal = *signals_[i].signal;
    (grouped_ && signal.group ? groups[*signal.group] : total) += capped(parts[i].sum, signal.cap);
  }
  return floored(total + sum_of_groups(groups));
}

std::vector<std::int64_t> Curve::knots() const {
  std::vector<std::int64_t> knots;
  knots.reserve(2 * lines_.size());
  for (const Line& line : lines_) {
    knots.push_back(line.end);
    if (line.end - 1 > from_) knots.push_back(line.end - 1);
    if (line.date > from_) knots.push_back(line.date);
  }
  std::sort(knots.begin(), knots.end());
  knots.erase(std::unique(knots.begin(), knots.end()), knots.end());
  return knots;
}

}  // namespace leadlight::engine
