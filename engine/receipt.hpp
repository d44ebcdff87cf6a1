// The receipt: the full arithmetic behind a score, line by line. The lines always sum to the raw score, exactly.
#pragma once

#include "engine/model.hpp"
#include "engine/score.hpp"
#include "engine/window.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace leadlight::engine {

enum class LineKind : std::uint8_t { event, aggregate, cap, floor, folded };

constexpr std::string_view label(LineKind kind) {
  switch (kind) {
    case LineKind::event: return "event";
    case LineKind::aggregate: return "aggregate";
    case LineKind::cap: return "cap";
    case LineKind::floor: return "floor";
    case LineKind::folded: return "folded";
  }
  return "event";
}

struct ReceiptLine {
  LineKind kind = LineKind::event;
  MicroPoints micro_points = 0;
  std::optional<std::uint64_t> id_hash;  // event: which one; the caller looks up the id as sent
  std::optional<EventType> type;         // event, folded
  std::optional<Timestamp> occurred_at;  // event, aggregate, folded
  std::optional<Milliseconds> age;       // where there is a date
  std::string signal;                    // key of the signal, or of the group for a group's cap; empty for floor
  std::string rule;                      // the rule in words, such as "15 points fading linearly over 30 days"
  std::uint32_t count = 1;               // folded: how many events

  friend bool operator==(const ReceiptLine&, const ReceiptLine&) = default;
};

struct Receipt {
  Score score;
  std::vector<ReceiptLine> lines;  // by signal in the model's order, newest first; then caps, then the floor

  friend bool operator==(const Receipt&, const Receipt&) = default;
};

/// Explains the score of `window` at `at`. The sum of the lines is `score.raw`; `score` equals `score_at`.
///
/// A line of 0 micro-points (faded out) is left out.
Receipt explain(const CompiledModel& model, const Window& window, Timestamp at);

/// The signals text for a CRM: newest first, one line a distinct signal that still counts, `↑ Demo requested (2×, last
/// 3 days ago)`
/// (`✖ ` for a negative one), today and yesterday in words, ties by contribution; aggregations after activities; whole
/// lines only, at most `characters_max` Unicode characters; empty when nothing counts. Days are UTC days.
std::string signals_text(const CompiledModel& model, const Window& window, Timestamp at,
                         std::size_t characters_max = 1024);

}  // namespace leadlight::engine
