// What a window is worth at an instant: raw points, the 0–100 score and its segment.
//
// Pure integer arithmetic, floored toward −∞ at every division. Source of the forms:
// docs/decisions/0002-linear-decay.md and the design's section "Arithmetic".
#pragma once

#include "engine/model.hpp"
#include "engine/types.hpp"
#include "engine/window.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace leadlight::engine {

struct Score {
  MicroPoints raw = 0;  // ≥ 0
  int score = 0;        // Range: [0, 100]
  Segment segment = Segment::low;

  friend bool operator==(const Score&, const Score&) = default;
};

/// What one event of `signal` dated `occurred_at` still counts at `at`: its importance, faded. Age below 0 counts as 0.
///
/// Range: between 0 and the importance, floored; 0 from the lifespan (and from 90 days) on.
MicroPoints contribution(const Signal& signal, Timestamp occurred_at, Timestamp at);

/// The date at which an aggregated signal counts at `at`: the latest event `e` such that `at_least` matching events lie
/// in (e − within, e], among the events younger than 90 days at `at`; none when there is no such group.
std::optional<Timestamp> aggregate_date(const Signal& signal, const Window& window, Timestamp at);

/// Raw micro-points of the window at `at`: events → signal caps → group caps → sum → not below 0.
MicroPoints raw_micro_points(const CompiledModel& model, const Window& window, Timestamp at);

/// Raw points on the 0–100 scale: piecewise linear through the thresholds, floored, so that score and segment never
/// disagree.
Score scale(const Thresholds& thresholds, MicroPoints raw);

/// Both at once.
Score score_at(const CompiledModel& model, const Window& window, Timestamp at);

/// The smallest raw micro-points whose score is at least `score`. Range of `score`: [1, 100].
MicroPoints raw_at_score(const Thresholds& thresholds, int score);

}  // namespace leadlight::engine
