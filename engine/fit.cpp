#include "engine/fit.hpp"

#include "engine/words.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace leadlight::engine {
namespace {

template <class Number>
bool contains(const std::vector<Number>& numbers, Number number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

std::size_t index_of(Trait trait) {
  return static_cast<std::size_t>(trait) - 1;
}

bool is_trait(Trait trait) {
  return static_cast<std::size_t>(trait) >= 1 && static_cast<std::size_t>(trait) <= trait_count;
}

/// Calls `line(rule)` with the index of the first rule that matches, for each trait that has one, in the model's order.
template <class Line>
void each_that_counts(const FitModel& model, const Traits& traits, Line line) {
  std::array<bool, trait_count> counted{};
  for (std::size_t i = 0; i < model.rules.size(); ++i) {
    const FitRule& rule = model.rules[i];
    bool& done = counted[index_of(rule.trait)];
    if (done || !rule.matches(traits)) continue;
    done = true;
    line(i);
  }
}

std::string quoted(std::string_view text) {
  return '`' + std::string(text.substr(0, 60)) + (text.size() > 60 ? "…`" : "`");
}

bool one_plain_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20U || byte == 0x7FU;
  });
}

/// One rule, with the words that its errors begin with.
class RuleCheck {
 public:
  RuleCheck(const FitModel& model, std::size_t index, std::string_view place)
      : rule_(model.rules[index]),
        earlier_(model.rules.data(), index),
        place_(std::string(place) + ".rules[" + std::to_string(index) + ']'),
        whose_("rule " + quoted(rule_.text)) {}

  [[nodiscard]] Status check() const {
    if (!is_trait(rule_.trait)) {
      return error("trait", "trait " + std::to_string(static_cast<int>(rule_.trait)) +
                                " is not known; use one from 1 to " + std::to_string(trait_count));
    }
    if (auto status = check_texts(); !status) return status;
    if (rule_.points < -fit_points_max || rule_.points > fit_points_max) {
      return error("points", std::to_string(rule_.points) + " points are out of range; stay within ±" +
                                 std::to_string(fit_points_max));
    }
    if (auto status = check_condition(); !status) return status;
    if (auto status = check_values(); !status) return status;
    if (auto status = check_range(); !status) return status;
    if (!can_count()) {
      return error("trait", "it can never count: earlier rules on " + std::string(word_of(rule_.trait)) +
                                " match all that it could; move it up, or leave it out");
    }
    return Ok{};
  }

 private:
  [[nodiscard]] Error error(std::string_view member, const std::string& what) const {
    return Error{Errc::invalid, whose_ + ": " + what, place_ + '.' + std::string(member)};
  }

  [[nodiscard]] Status check_texts() const {
    if (rule_.text.empty() || rule_.text.size() > fit_rule_text_bytes_max) {
      return error("text", "the text has " + std::to_string(rule_.text.size()) + " bytes; write 1 to " +
                               std::to_string(fit_rule_text_bytes_max) + ", for a salesperson to read");
    }
    if (!one_plain_line(rule_.text)) {
      return error("text", "the text holds a line break or another control character; it must be one plain line");
    }
    return Ok{};
  }

  [[nodiscard]] Status check_condition() const {
    const bool by_value = !rule_.values.empty() || !rule_.texts.empty();
    const bool by_range = rule_.at_least || rule_.at_most;
    const int conditions = (by_value ? 1 : 0) + (by_range ? 1 : 0) + (rule_.unknown ? 1 : 0);
    if (conditions == 0) return error("values", "it has no condition; give values, a range, or unknown");
    if (conditions > 1) {
      return error("values",
                   "it has more than one condition; give values, or a range, or unknown, in rules of their own");
    }
    const bool is_amount = kind_of(rule_.trait) == TraitKind::amount;
    if (by_value && is_amount) {
      return error("values", std::string(word_of(rule_.trait)) + " is an amount; give at_least, at_most or both");
    }
    if (by_range && !is_amount) {
      return error("at_least", std::string(word_of(rule_.trait)) + " is no amount; give values instead of a range");
    }
    return Ok{};
  }

  [[nodiscard]] Status check_values() const {
    if (rule_.values.size() + rule_.texts.size() > fit_values_max) {
      return error("values", std::to_string(rule_.values.size() + rule_.texts.size()) +
                                 " values are too many; keep to at most " + std::to_string(fit_values_max));
    }
    for (std::size_t i = 0; i < rule_.values.size(); ++i) {
      const std::uint16_t value = rule_.values[i];
      const bool known = kind_of(rule_.trait) == TraitKind::country
                             ? country_code(country_text(value)) == value && value != 0
                             : value >= 1 && value <= labels_of(rule_.trait).size();
      const std::string which = "value " + std::to_string(value);
      if (!known) return error("values", which + " is none of " + std::string(word_of(rule_.trait)));
      if (std::find(rule_.values.begin(), rule_.values.begin() + static_cast<std::ptrdiff_t>(i), value) !=
          rule_.values.begin() + static_cast<std::ptrdiff_t>(i))
        return error("values", which + " stands there twice; name it once");
    }
    if (!rule_.texts.empty() && !takes_texts(rule_.trait)) {
      return error("texts", std::string(word_of(rule_.trait)) + " takes no texts; give values");
    }
    for (std::size_t i = 0; i < rule_.texts.size(); ++i) {
      const OwnText& own = rule_.texts[i];
      if (own.text.size() > fit_own_text_bytes_max || own.key == 0 || own.key != text_key(own.text)) {
        return error("texts", quoted(own.text) + " is no text to look for; write 1 to " +
                                  std::to_string(fit_own_text_bytes_max) + " bytes that say something");
      }
      const auto same = [&](const OwnText& other) { return other.key == own.key; };
      if (std::any_of(rule_.texts.begin(), rule_.texts.begin() + static_cast<std::ptrdiff_t>(i), same))
        return error("texts", quoted(own.text) + " stands there twice; name it once");
    }
    return Ok{};
  }

  [[nodiscard]] Status check_range() const {
    const std::int64_t least = rule_.at_least.value_or(0);
    const std::int64_t most = rule_.at_most.value_or(amount_max);
    if (least < 0 || least > amount_max) {
      return error("at_least", std::to_string(least) + " is out of range; give 0 to " + std::to_string(amount_max));
    }
    if (most > amount_max || most < least) {
      return error("at_most", std::to_string(most) + " is out of range; give " + std::to_string(least) + " to " +
                                  std::to_string(amount_max));
    }
    return Ok{};
  }

  /// Whether an earlier rule on the trait fulfils `taken`.
  template <class Taken>
  [[nodiscard]] bool earlier(Taken taken) const {
    return std::any_of(earlier_.begin(), earlier_.end(),
                       [&](const FitRule& rule) { return rule.trait == rule_.trait && taken(rule); });
  }

  [[nodiscard]] bool can_count() const {
    if (rule_.unknown) return !earlier([](const FitRule& rule) { return rule.unknown; });
    const auto named = [&](std::uint16_t value) {
      return earlier([&](const FitRule& rule) { return contains(rule.values, value); });
    };
    if (std::any_of(rule_.values.begin(), rule_.values.end(), [&](std::uint16_t value) { return !named(value); }))
      return true;
    // An own text is also read as one of the labels, which an earlier rule may name.
    const auto found = [&](const OwnText& own) {
      return named(value_of_text(rule_.trait, own.text)) || earlier([&](const FitRule& rule) {
               return std::any_of(rule.texts.begin(), rule.texts.end(),
                                  [&](const OwnText& o) { return o.key == own.key; });
             });
    };
    if (std::any_of(rule_.texts.begin(), rule_.texts.end(), [&](const OwnText& own) { return !found(own); }))
      return true;
    return kind_of(rule_.trait) == TraitKind::amount && range_is_free();
  }

  /// Whether some amount of the range lies in no earlier one.
  [[nodiscard]] bool range_is_free() const {
    std::int64_t least = rule_.at_least.value_or(0);
    const std::int64_t most = rule_.at_most.value_or(amount_max);
    bool moved = true;
    while (moved && least <= most) {
      moved = false;
      for (const FitRule& rule : earlier_) {
        if (rule.trait != rule_.trait || rule.unknown) continue;
        if (rule.at_least.value_or(0) > least || rule.at_most.value_or(amount_max) < least) continue;
        least = rule.at_most.value_or(amount_max) + 1;
        moved = true;
      }
    }
    return least <= most;
  }

  const FitRule& rule_;
  std::span<const FitRule> earlier_;
  std::string place_;
  std::string whose_;
};

}  // namespace

FitScore fit_score(int sum) {
  const int score = std::clamp(sum, 0, fit_score_max);
  if (score >= strong_fit_begins) return {score, Fit::strong};
  return {score, score >= moderate_fit_begins ? Fit::moderate : Fit::weak};
}

OwnText own_text(std::string text) {
  const std::uint64_t key = text_key(text);
  return {std::move(text), key};
}

bool FitRule::matches(const Traits& traits) const {
  if (!traits.knows(trait)) return unknown;
  if (unknown) return false;
  if (const auto amount = traits.amount_of(trait)) {
    const std::int64_t number = amount->stands_for();
    return (at_least || at_most) && number >= at_least.value_or(0) && number <= at_most.value_or(amount_max);
  }
  if (contains(values, traits.value_of(trait))) return true;
  const std::uint64_t key = traits.text_of(trait);
  return key != 0 && std::any_of(texts.begin(), texts.end(), [&](const OwnText& own) { return own.key == key; });
}

Status FitModel::check(std::string_view place) const {
  if (base < 0 || base > fit_score_max) {
    return Error{Errc::invalid, "a base of " + std::to_string(base) + " is out of range; give 0 to 100",
                 std::string(place) + ".base"};
  }
  if (rules.size() > fit_rules_max) {
    return Error{Errc::invalid,
                 std::to_string(rules.size()) + " rules are too many; keep to at most " + std::to_string(fit_rules_max),
                 std::string(place) + ".rules"};
  }
  for (std::size_t i = 0; i < rules.size(); ++i)
    if (auto status = check_rule(i, place); !status) return status;
  return Ok{};
}

Status FitModel::check_rule(std::size_t index, std::string_view place) const {
  return RuleCheck(*this, index, place).check();
}

FitScore fit_of(const FitModel& model, const Traits& traits) {
  int sum = model.base;
  each_that_counts(model, traits, [&](std::size_t rule) { sum += model.rules[rule].points; });
  return fit_score(sum);
}

FitReceipt explain(const FitModel& model, const Traits& traits) {
  FitReceipt receipt;
  receipt.lines.push_back({FitLineKind::base, model.base, std::nullopt, std::nullopt, "Every lead begins here"});
  int sum = model.base;
  std::array<bool, trait_count> told{};
  std::array<std::optional<std::uint32_t>, trait_count> counts;
  each_that_counts(model, traits, [&](std::size_t rule) {
    counts[index_of(model.rules[rule].trait)] = static_cast<std::uint32_t>(rule);
  });
  for (const FitRule& any : model.rules) {
    if (std::exchange(told[index_of(any.trait)], true)) continue;
    const bool known = traits.knows(any.trait);
    if (const auto index = counts[index_of(any.trait)]) {
      const FitRule& rule = model.rules[*index];
      sum += rule.points;
      receipt.lines.push_back(
          {known ? FitLineKind::rule : FitLineKind::unknown, rule.points, any.trait, *index, rule.text});
    } else if (!known) {
      receipt.lines.push_back(
          {FitLineKind::unknown, 0, any.trait, std::nullopt, std::string(label(any.trait)) + " is not known"});
    }
  }
  receipt.score = fit_score(sum);
  if (sum > fit_score_max) {
    receipt.lines.push_back(
        {FitLineKind::cap, fit_score_max - sum, std::nullopt, std::nullopt, "A fit is never above 100"});
  } else if (sum < 0) {
    receipt.lines.push_back({FitLineKind::floor, -sum, std::nullopt, std::nullopt, "A fit is never below 0"});
  }
  return receipt;
}

}  // namespace leadlight::engine
