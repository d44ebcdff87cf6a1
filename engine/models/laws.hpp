// Whether a model does what its author expects: golden leads, and the laws that every sound model keeps.
#pragma once

#include "engine/model.hpp"
#include "engine/models/model_toml.hpp"
#include "engine/score.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace leadlight::engine::models {

struct GoldenResult {
  std::string name;
  std::size_t line = 0;
  GoldenExpectation expected;
  Score found;
  std::vector<std::string> differences;  // a sentence each; empty when the lead scored as expected

  [[nodiscard]] bool passed() const { return differences.empty(); }
  friend bool operator==(const GoldenResult&, const GoldenResult&) = default;
};

/// Scores every golden lead of the file, in order.
std::vector<GoldenResult> run_golden(const ModelFile& file);

/// What holds for every sound model, whatever its points.
enum class Law : std::uint8_t {
  thresholds_ascend,        // 0 < medium < high < very_high < cap
  segments_in_reach,        // the caps leave enough points for every segment
  caps_hold,                // no crowd of events passes a signal's or a group's cap
  engagement_never_lowers,  // one more event of a positive signal never lowers the score
  no_dead_rule,             // every signal and group can change a score
};

constexpr std::string_view label(Law law) {
  switch (law) {
    case Law::thresholds_ascend: return "thresholds ascend";
    case Law::segments_in_reach: return "every segment is in reach";
    case Law::caps_hold: return "caps hold";
    case Law::engagement_never_lowers: return "more engagement never lowers the score";
    case Law::no_dead_rule: return "no dead rule";
  }
  return "no dead rule";
}

struct LawResult {
  Law law = Law::thresholds_ascend;
  std::vector<std::string> violations;  // a sentence each, naming the signal and the remedy

  [[nodiscard]] bool passed() const { return violations.empty(); }
  friend bool operator==(const LawResult&, const LawResult&) = default;
};

/// Checks every law, in the order of `Law`; at most `violations_max` violations a law are listed.
///
/// A negative aggregated signal ("at least 50 pages in a day": a robot) says on purpose that too much is bad; it is
/// left out where more engagement must not lower the score.
std::vector<LawResult> check_laws(const Model& model);

inline constexpr std::size_t violations_max = 20;

}  // namespace leadlight::engine::models
