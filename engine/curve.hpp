// The raw score as a function of the time ahead: a window made ready for asking about many later instants.
//
// Every line (an event, a folded hour or an aggregate, through one signal) is monotone over the whole future: it falls
// when its points are positive, rises when they are negative, and is 0 from its end on. All lines of a signal share
// their sign. Cost: one division a signal and one comparison a line for each instant, instead of one division a line.
// Thread: none; values point into the model and must not outlive it.
#pragma once

#include "engine/decay.hpp"
#include "engine/model.hpp"
#include "engine/types.hpp"
#include "engine/window.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace leadlight::engine {

/// What one signal gives at an instant.
struct SignalPart {
  Int128 sum = 0;          // before the signal's cap; each event is floored, so at most `live` below the unfloored sum
  std::uint64_t live = 0;  // events that still count
};

/// The raw score at an instant, with what a search for a later one goes by.
struct Reading {
  MicroPoints raw = 0;
  std::int64_t slope = 0;  // micro-points lost a millisecond, times 2^slope_bits; a guess that decides no result
  std::uint64_t live = 0;
};
inline constexpr unsigned slope_bits = 20;

class Curve {
 public:
  /// The lines that count after `from`. Valid for instants from `from` on.
  Curve(const CompiledModel& model, const Window& window, Timestamp from);

  /// A signal that has lines, and which ones.
  struct SignalLines {
    const Signal* signal = nullptr;
    const Fading* fading = nullptr;
    std::uint32_t first = 0;
    std::uint32_t last = 0;      // exclusive
    std::int64_t slope = 0;      // of one line
    bool prepared = false;       // linear, within 64 bits, nothing dated ahead: answered without dividing line by line
    std::int64_t starts_at = 0;  // until then a line dated ahead still stands level
  };

  [[nodiscard]] std::int64_t from() const { return from_; }
  /// From here on nothing contributes.
  [[nodiscard]] std::int64_t rests_at() const { return rests_at_; }
  /// Whether no line is negative, so that the score never rises again.
  [[nodiscard]] bool falls() const { return falls_; }
  /// Whether all points that its lines ever hold add up to less than 2^60.
  [[nodiscard]] bool narrow() const { return points_most_ < (Int128{1} << 60U); }
  [[nodiscard]] std::span<const SignalLines> signals() const { return signals_; }
  [[nodiscard]] const Model& model() const { return *model_; }

  /// Precondition for all three: `at` ≥ `from()`.
  [[nodiscard]] SignalPart part(const SignalLines& lines, std::int64_t at) const;
  [[nodiscard]] MicroPoints raw(std::int64_t at) const { return read(at).raw; }
  [[nodiscard]] Reading read(std::int64_t at) const;

  /// The raw score of the parts of all `signals()`, in their order.
  [[nodiscard]] MicroPoints raw_of(std::span<const SignalPart> parts) const;

  /// The instants at which a line ends or, dated ahead, begins to fade, and the last millisecond before each end;
  /// ascending.
  [[nodiscard]] std::vector<std::int64_t> knots() const;

 private:
  struct Line {
    std::int64_t date = 0;
    std::int64_t end = 0;        // the first millisecond at which it counts nothing
    std::int64_t count = 1;      // events it stands for
    std::int64_t points = 0;     // prepared: ⌊w·(L − a) / L⌋ at `from` …
    std::int64_t remainder = 0;  // … and what that division left
    std::size_t owner = 0;       // index into signals_
  };
  struct Found {
    std::int64_t date = 0;
    std::int64_t end = 0;
    std::uint32_t count = 1;
    std::uint16_t signal = 0;
  };

  // Left without values on purpose: only as many as the model has groups are used.
  using GroupSums = std::array<Int128, groups_per_model_max>;

  /// By how much each line of a prepared signal has faded since `from`: by `points`, and by one more where a line's
  /// remainder is less than this one.
  struct Fade {
    std::int64_t points;
    std::int64_t remainder;
  };
  [[nodiscard]] Fade fade(const Fading& fading, std::int64_t at) const;
  [[nodiscard]] Reading read_plain(std::int64_t at) const;
  [[nodiscard]] Int128 sum_of_groups(const GroupSums& groups) const;
  void find(std::vector<Found>& found, EventType type, std::int64_t date, std::uint32_t count) const;
  void find_aggregates(std::vector<Found>& found, const Window& window) const;
  void group_by_signal(const std::vector<Found>& found);
  void prepare(SignalLines& lines);

  const CompiledModel* compiled_;
  const Model* model_;
  std::int64_t from_ = 0;
  std::int64_t rests_at_ = 0;
  Int128 points_most_ = 0;
  bool falls_ = true;
  bool grouped_ = false;  // some group has a cap
  bool plain_ = false;    // all signals are prepared and none is capped: the common case, read in one pass
  std::vector<Line> lines_;
  std::vector<SignalLines> signals_;
};

}  // namespace leadlight::engine
