#include "engine/crossing.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace leadlight::engine {
namespace {

bool inside(RawRange range, MicroPoints raw) {
  return raw >= range.at_least && raw < range.below;
}

/// Milliseconds in which `points` are lost at this slope; a guess.
std::int64_t time_to_lose(Int128 points, std::int64_t slope) {
  constexpr std::int64_t far = std::int64_t{1} << 40U;
  if (slope <= 0) return far;
  if (points < (Int128{1} << 42U)) return (static_cast<std::int64_t>(points) << slope_bits) / slope;
  return static_cast<std::int64_t>(std::min<Int128>((points << slope_bits) / slope, far));
}

/// The first instant at which a falling curve lies below a bound.
///
/// `low` always lies at or above the bound and `high` below it; guesses only choose where to read next.
class FallingSearch {
 public:
  FallingSearch(const Curve& curve, std::int64_t from, const Reading& reading, MicroPoints bound)
      : curve_(curve), bound_(bound), low_(from), low_reading_(reading), high_(curve.rests_at()) {}

  std::int64_t run() {
    // Along the tangent, overshooting by what the floors may hide, until the bound is passed.
    for (int walk = 0; walk < walks_max && high_ - low_ > 1; ++walk) {
      const std::int64_t step = time_to_lose(excess() + low_reading_.live, low_reading_.slope) + 1;
      if (step >= high_ - low_ || !probe(low_ + step)) break;
    }
    // Undershooting as much: where the lines run straight the bound is then caught within the floors' width.
    if (excess() > low_reading_.live) {
      probe(low_ + time_to_lose(excess() - low_reading_.live, low_reading_.slope));
    }
    for (bool chord = true; high_ - low_ > 1; chord = !chord)
      probe(chord ? chord_crossing() : low_ + (high_ - low_) / 2);
    return high_;
  }

 private:
  static constexpr int walks_max = 12;

  [[nodiscard]] Int128 excess() const { return Int128{low_reading_.raw} - bound_; }

  /// Where the straight line between both ends meets the bound.
  [[nodiscard]] std::int64_t chord_crossing() const {
    const Int128 drop = Int128{low_reading_.raw} - high_raw_;
    return low_ + static_cast<std::int64_t>(excess() * (high_ - low_) / drop);
  }

  /// Reads at `at`, or as near as lies between both ends; says whether the bound still holds there.
  bool probe(std::int64_t at) {
    at = std::clamp(at, low_ + 1, high_ - 1);
    const Reading reading = curve_.read(at);
    if (reading.raw < bound_) {
      high_ = at;
      high_raw_ = reading.raw;
      return false;
    }
    low_ = at;
    low_reading_ = reading;
    return true;
  }

  const Curve& curve_;
  MicroPoints bound_;
  std::int64_t low_;
  Reading low_reading_;
  std::int64_t high_;
  MicroPoints high_raw_ = 0;
};

/// What the sum of some signals can be between two instants.
///
/// Straight signals are summed at both ends before they are bounded, so that a rise and a fall cancel out; floors blur
/// that by `slack`. Apart from it each signal, being monotone, lies between its own ends.
template <class Number>
struct Bounds {
  Number first = 0;  // straight signals, at the first instant …
  Number last = 0;   // … and at the last
  Number slack = 0;
  Number low = 0;  // the others
  Number high = 0;
  Number ends_low = 0;  // all, each between its own ends
  Number ends_high = 0;

  void add_range(Number least, Number most) {
    low += least;
    high += most;
    ends_low += least;
    ends_high += most;
  }
  void add_straight(Number at_first, Number at_last, Number live) {
    first += at_first;
    last += at_last;
    slack += live;
    ends_low += std::min(at_first, at_last);
    ends_high += std::max(at_first, at_last);
  }
  void add(const Bounds& other) {
    first += other.first;
    last += other.last;
    slack += other.slack;
    low += other.low;
    high += other.high;
    ends_low += other.ends_low;
    ends_high += other.ends_high;
  }
  [[nodiscard]] Number least() const { return std::max(ends_low, std::min(first, last) - slack + low); }
  [[nodiscard]] Number most() const { return std::min(ends_high, std::max(first, last) + slack + high); }
};

/// The first instant at which a curve with rising lines leaves a range.
///
/// `Number` holds any sum of the curve's lines: 64 bits where they do, which is everywhere but under absurd weights.
template <class Number>
class MixedSearch {
 public:
  MixedSearch(const Curve& curve, RawRange range)
      : curve_(curve), range_(range), knots_(curve.knots()), group_bounds_(curve.model().groups.size()) {}

  /// Precondition: the curve is in the range at `from`.
  std::optional<Crossing> run(std::int64_t from) {
    read(here_, from);
    push(curve_.rests_at());
    while (waiting_ > 0) {
      Instant& goal = goals_[waiting_ - 1];
      const bool next = goal.at == here_.at + 1;
      if (next && !inside(range_, goal.raw)) return Crossing{goal.at, true};
      if (next || stays_inside(goal)) {
        std::swap(here_, goal);
        --waiting_;
        continue;
      }
      if (readings_ >= crossing_readings_max) return Crossing{here_.at + 1, false};
      const std::int64_t width = goal.at - here_.at;
      push(split(goal));
      Instant& cut = goals_[waiting_ - 1];
      if (inside(range_, cut.raw)) continue;
      // The first exit is here or before: what waits behind is of no more interest. Where the guess took little away
      // (the curve is bent), the next cut halves, so that the readings stay logarithmic.
      halve_next_ = cut.at - here_.at > width / 4 * 3;
      std::swap(goals_[0], cut);
      waiting_ = 1;
    }
    return std::nullopt;
  }

 private:
  struct Instant {
    std::int64_t at = 0;
    MicroPoints raw = 0;
    std::uint64_t live = 0;
    std::vector<SignalPart> parts;
  };

  void read(Instant& instant, std::int64_t at) {
    ++readings_;
    const auto signals = curve_.signals();
    instant.at = at;
    instant.live = 0;
    instant.parts.resize(signals.size());
    for (std::size_t i = 0; i < signals.size(); ++i) {
      instant.parts[i] = curve_.part(signals[i], at);
      instant.live += instant.parts[i].live;
    }
    instant.raw = curve_.raw_of(instant.parts);
  }

  void push(std::int64_t at) {
    if (waiting_ == goals_.size()) goals_.emplace_back();
    read(goals_[waiting_++], at);
  }

  Bounds<Number> bounds(const Instant& first, const Instant& last) {
    std::fill(group_bounds_.begin(), group_bounds_.end(), Bounds<Number>{});
    Bounds<Number> total;
    const auto signals = curve_.signals();
    for (std::size_t i = 0; i < signals.size(); ++i) {
      const Signal& signal = *signals[i].signal;
      Bounds<Number>& sum = signal.group ? group_bounds_[*signal.group] : total;
      const SignalPart& a = first.parts[i];
      const SignalPart& b = last.parts[i];
      const Number at_first = capped(static_cast<Number>(a.sum), signal.cap);
      const Number at_last = capped(static_cast<Number>(b.sum), signal.cap);
      const bool straight = signal.decay == Decay::linear && a.live == b.live && at_first == a.sum &&
                            at_last == b.sum && first.at >= signals[i].starts_at;
      if (straight && at_first != at_last) {
        sum.add_straight(at_first, at_last, static_cast<Number>(a.live));
      } else {
        sum.add_range(std::min(at_first, at_last), std::max(at_first, at_last));
      }
    }
    for (std::size_t i = 0; i < group_bounds_.size(); ++i) {
      const auto& cap = curve_.model().groups[i].cap;
      const Number least = capped(group_bounds_[i].least(), cap);
      const Number most = capped(group_bounds_[i].most(), cap);
      if (least == group_bounds_[i].least() && most == group_bounds_[i].most()) {
        total.add(group_bounds_[i]);
      } else {
        total.add_range(least, most);
      }
    }
    return total;
  }

  bool stays_inside(const Instant& goal) {
    if (!inside(range_, goal.raw)) return false;
    const Bounds<Number> both = bounds(here_, goal);
    return inside(range_, floored(both.least())) && inside(range_, floored(both.most()));
  }

  /// Where to cut between `here_` and `goal`: at the middle knot; without knots, just beside the crossing that a
  /// straight line foretells; else in the middle.
  [[nodiscard]] std::int64_t split(const Instant& goal) {
    const auto first = std::upper_bound(knots_.begin(), knots_.end(), here_.at);
    const auto last = std::lower_bound(first, knots_.end(), goal.at);
    if (first != last) return *(first + (last - first) / 2);
    const std::int64_t width = goal.at - here_.at;
    const std::int64_t middle = here_.at + width / 2;
    if (std::exchange(halve_next_, false) || inside(range_, goal.raw) || goal.raw == here_.raw) return middle;
    const bool down = goal.raw < here_.raw;
    const Int128 change = down ? Int128{here_.raw} - goal.raw : Int128{goal.raw} - here_.raw;
    const Int128 ahead = down ? Int128{here_.raw} - range_.at_least : Int128{range_.below} - here_.raw;
    const Int128 margin = (Int128{here_.live} + 1) * width / change + 1;
    const Int128 guess = ahead * width / change;
    if (guess - margin > width / 4) return here_.at + std::min(static_cast<std::int64_t>(guess - margin), width - 1);
    if (guess + margin < width * 3 / 4) return here_.at + static_cast<std::int64_t>(guess + margin);
    return middle;
  }

  const Curve& curve_;
  RawRange range_;
  std::vector<std::int64_t> knots_;
  std::vector<Bounds<Number>> group_bounds_;
  Instant here_;                // everything up to here is known to lie in the range
  std::vector<Instant> goals_;  // where to go, the nearest last; only `waiting_` of them are in use
  std::size_t waiting_ = 0;
  bool halve_next_ = false;
  std::uint32_t readings_ = 0;
};

}  // namespace

std::optional<Crossing> find_crossing(const Curve& curve, std::int64_t after, RawRange range) {
  const std::int64_t first = after + 1;
  const Reading reading = curve.read(first);
  if (!inside(range, reading.raw)) return Crossing{first, true};
  if (first >= curve.rests_at()) return std::nullopt;
  if (!curve.falls()) {
    return curve.narrow() ? MixedSearch<std::int64_t>{curve, range}.run(first)
                          : MixedSearch<Int128>{curve, range}.run(first);
  }
  if (range.at_least <= 0) return std::nullopt;
  return Crossing{FallingSearch{curve, first, reading, range.at_least}.run(), true};
}

}  // namespace leadlight::engine
