// How well a person or a company fits a product: points on traits, a score from 0 to 100, and the receipt behind it.
//
// Of the rules on one trait the first that matches counts, and no other; rules on different traits add up. The score is
// clamp(base + sum, 0, 100): where the sum lies beyond, a line of the receipt says what was cut off.
// Cost: O(rules · values), no allocation for the score alone.
#pragma once

#include "engine/result.hpp"
#include "engine/traits.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::engine {

/// The band of a fit score: Weak 0–49, Moderate 50–80, Strong 81–100. Ascending.
enum class Fit : std::uint8_t { weak = 1, moderate = 2, strong = 3 };

constexpr std::string_view label(Fit fit) {
  switch (fit) {
    case Fit::weak: return "Weak";
    case Fit::moderate: return "Moderate";
    case Fit::strong: return "Strong";
  }
  return "Weak";
}

inline constexpr int fit_score_max = 100;
inline constexpr int moderate_fit_begins = 50;
inline constexpr int strong_fit_begins = 81;

struct FitScore {
  int score = 0;  // Range: [0, 100]
  Fit fit = Fit::weak;

  friend bool operator==(const FitScore&, const FitScore&) = default;
};

/// The score of `sum` points: held within [0, 100], with its band.
FitScore fit_score(int sum);

/// A value in an organisation's own words, compared without regard to case and blanks.
struct OwnText {
  std::string text;
  std::uint64_t key = 0;  // text_key(text)

  friend bool operator==(const OwnText&, const OwnText&) = default;
};

OwnText own_text(std::string text);

/// Points for one trait. It matches by exactly one of: values and texts; a range; not being known.
struct FitRule {
  Trait trait = Trait::title_level;
  std::vector<std::uint16_t> values;     // any of these: numbers of labels, or country codes
  std::vector<OwnText> texts;            // or any of these, of a trait that takes texts
  std::optional<std::int64_t> at_least;  // of an amount's `stands_for()`, both ends included; at least one of the two
  std::optional<std::int64_t> at_most;
  bool unknown = false;  // the trait is not known
  int points = 0;        // negative takes away. Range: ±1,000
  std::string text;      // what a salesperson reads: 1 to 200 bytes on one line

  [[nodiscard]] bool matches(const Traits& traits) const;
  friend bool operator==(const FitRule&, const FitRule&) = default;
};

struct FitModel {
  int base = 0;  // Range: [0, 100]
  std::vector<FitRule> rules;

  friend bool operator==(const FitModel&, const FitModel&) = default;

  /// What holds for every fit model in use; `place` begins the names of fields ("contact_fit").
  ///
  /// Errors: invalid, `field` naming rule and member ("contact_fit.rules[2].points"); also for a rule that can never
  /// count because earlier rules on its trait match all that it could.
  [[nodiscard]] Status check(std::string_view place) const;
  /// The same of one rule. Precondition: `index` < rules.size().
  [[nodiscard]] Status check_rule(std::size_t index, std::string_view place) const;
};

inline constexpr std::size_t fit_rules_max = 200;
/// Values and texts of one rule together; enough for every country.
inline constexpr std::size_t fit_values_max = 300;
inline constexpr std::size_t fit_own_text_bytes_max = 100;
inline constexpr std::size_t fit_rule_text_bytes_max = 200;
inline constexpr int fit_points_max = 1'000;

/// The score of `traits` under `model`. Precondition, here and of `explain`: `model.check` holds.
FitScore fit_of(const FitModel& model, const Traits& traits);

enum class FitLineKind : std::uint8_t { base, rule, unknown, cap, floor };

constexpr std::string_view label(FitLineKind kind) {
  switch (kind) {
    case FitLineKind::base: return "base";
    case FitLineKind::rule: return "rule";
    case FitLineKind::unknown: return "unknown";
    case FitLineKind::cap: return "cap";
    case FitLineKind::floor: return "floor";
  }
  return "base";
}

struct FitLine {
  FitLineKind kind = FitLineKind::base;
  int points = 0;
  std::optional<Trait> trait;         // rule, unknown
  std::optional<std::uint32_t> rule;  // index into FitModel::rules, where a rule gave the points
  std::string text;                   // the rule's text, or ours

  friend bool operator==(const FitLine&, const FitLine&) = default;
};

struct FitReceipt {
  FitScore score;
  // The base; then, in the order of the model's traits, the rule that counted, or that the trait is unknown (with 0
  // points when no rule speaks of that); last the cap or the floor.
  std::vector<FitLine> lines;

  friend bool operator==(const FitReceipt&, const FitReceipt&) = default;
};

/// Explains `fit_of`: the same score, and lines that sum to it exactly.
FitReceipt explain(const FitModel& model, const Traits& traits);

}  // namespace leadlight::engine
