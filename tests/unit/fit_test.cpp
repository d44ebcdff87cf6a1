// A fit's receipt sums to its score, exactly, and says which rules counted; what is not known is not taken for
// anything.
//
// Method of the oracle: random models and traits; for each trait the rules are looked through from scratch, with a
// matching of their own, and the points are added up.
#include "engine/fit.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace leadlight::engine {
namespace {

FitRule rule(Trait trait, std::vector<std::uint16_t> values, int points, std::string text = "a rule") {
  FitRule made;
  made.trait = trait;
  made.values = std::move(values);
  made.points = points;
  made.text = std::move(text);
  return made;
}

FitRule range(Trait trait, std::optional<std::int64_t> least, std::optional<std::int64_t> most, int points) {
  FitRule made = rule(trait, {}, points);
  made.at_least = least;
  made.at_most = most;
  return made;
}

FitRule when_unknown(Trait trait, int points) {
  FitRule made = rule(trait, {}, points, "not known");
  made.unknown = true;
  return made;
}

int sum_of(const FitReceipt& receipt) {
  int sum = 0;
  for (const FitLine& line : receipt.lines) sum += line.points;
  return sum;
}

constexpr std::uint16_t c_level = 1;
constexpr std::uint16_t vp = 2;

TEST(Fit, BandsAreThePublishedOnes) {
  const struct {
    int sum;
    int score;
    Fit fit;
  } rows[] = {{-1'000, 0, Fit::weak},  {-1, 0, Fit::weak},       {0, 0, Fit::weak},     {49, 49, Fit::weak},
              {50, 50, Fit::moderate}, {80, 80, Fit::moderate},  {81, 81, Fit::strong}, {100, 100, Fit::strong},
              {101, 100, Fit::strong}, {1'000, 100, Fit::strong}};
  for (const auto& row : rows) EXPECT_EQ(fit_score(row.sum), (FitScore{row.score, row.fit})) << row.sum;
  EXPECT_EQ(label(Fit::strong), "Strong");
  EXPECT_EQ(label(Fit::moderate), "Moderate");
  EXPECT_EQ(label(Fit::weak), "Weak");
}

TEST(Fit, OfTheRulesOnATraitTheFirstThatMatchesCounts) {
  FitModel model;
  model.base = 10;
  model.rules = {rule(Trait::title_level, {vp}, 20, "first"), rule(Trait::title_level, {vp, c_level}, 30, "second"),
                 rule(Trait::title_function, {1}, 5, "other trait")};
  ASSERT_TRUE(model.check("fit"));
  Traits traits;
  traits.title_level = TitleLevel::vp;
  traits.title_function = TitleFunction::marketing;
  EXPECT_EQ(fit_of(model, traits).score, 35);
  traits.title_level = TitleLevel::c_level;
  EXPECT_EQ(fit_of(model, traits).score, 45);
  traits.title_level = TitleLevel::manager;  // known, but of no rule
  EXPECT_EQ(fit_of(model, traits).score, 15);
  std::swap(model.rules[0], model.rules[1]);
  traits.title_level = TitleLevel::vp;
  EXPECT_EQ(fit_of(model, traits).score, 45);
}

TEST(Fit, UnknownIsNotZeroAndNotAnotherValue) {
  FitModel model;
  model.base = 50;
  model.rules = {range(Trait::employees, std::nullopt, 9, -10), when_unknown(Trait::employees, 7),
                 rule(Trait::industry, {18}, -20)};  // 18: other
  ASSERT_TRUE(model.check("fit"));
  EXPECT_EQ(fit_of(model, Traits{}).score, 57);
  Traits none;
  none.employees = Amount{0, 0};
  EXPECT_EQ(fit_of(model, none).score, 40);
  none.industry = Industry::other;
  EXPECT_EQ(fit_of(model, none).score, 20);
  const FitReceipt receipt = explain(model, Traits{});
  ASSERT_EQ(receipt.lines.size(), 3U);
  EXPECT_EQ(receipt.lines[1], (FitLine{FitLineKind::unknown, 7, Trait::employees, 1, "not known"}));
  EXPECT_EQ(receipt.lines[2],
            (FitLine{FitLineKind::unknown, 0, Trait::industry, std::nullopt, "Industry is not known"}));
}

TEST(Fit, AnAmountMatchesByTheNumberItStandsFor) {
  FitModel model;
  model.rules = {range(Trait::employees, 200, 4'999, 30), range(Trait::employees, 5'000, std::nullopt, 20)};
  Traits traits;
  const auto score = [&](std::string_view text) {
    traits.employees = parse_amount(text);
    return fit_of(model, traits).score;
  };
  EXPECT_EQ(score("1,000 - 4,999"), 30);
  EXPECT_EQ(score("1,001-5,000"), 30);  // stands for 3,000, however a directory cuts its ranges
  EXPECT_EQ(score("199"), 0);
  EXPECT_EQ(score("200"), 30);
  EXPECT_EQ(score("4999"), 30);
  EXPECT_EQ(score("5000"), 20);
  EXPECT_EQ(score("10000+"), 20);
}

TEST(Fit, OwnTextsAreComparedWithoutCaseAndBlanks) {
  FitModel model;
  FitRule fair = rule(Trait::lead_source, {}, 12);
  fair.texts = {own_text("Spring Fair"), own_text("Messe")};
  model.rules = {fair};
  ASSERT_TRUE(model.check("fit"));
  Profile profile;
  profile.lead_source = "  spring   FAIR ";
  EXPECT_EQ(fit_of(model, traits_of(profile)).score, 12);
  profile.lead_source = "Spring Fair 2";
  EXPECT_EQ(fit_of(model, traits_of(profile)).score, 0);
}

TEST(Fit, CapAndFloorAreLines) {
  FitModel model;
  model.base = 90;
  model.rules = {rule(Trait::title_level, {vp}, 30), rule(Trait::title_level, {c_level}, -200)};
  Traits traits;
  traits.title_level = TitleLevel::vp;
  FitReceipt receipt = explain(model, traits);
  EXPECT_EQ(receipt.score, (FitScore{100, Fit::strong}));
  EXPECT_EQ(receipt.lines.back().kind, FitLineKind::cap);
  EXPECT_EQ(receipt.lines.back().points, -20);
  traits.title_level = TitleLevel::c_level;
  receipt = explain(model, traits);
  EXPECT_EQ(receipt.score, (FitScore{0, Fit::weak}));
  EXPECT_EQ(receipt.lines.back().kind, FitLineKind::floor);
  EXPECT_EQ(receipt.lines.back().points, 110);
}

TEST(FitCheck, NamesRuleAndField) {
  FitRule texts = rule(Trait::lead_source, {}, 1);
  texts.texts = {own_text("Fair"), own_text(" fair")};
  FitRule level_texts = rule(Trait::title_level, {}, 1);
  level_texts.texts = {own_text("Fair")};
  FitRule forged = rule(Trait::role, {}, 1);
  forged.texts = {OwnText{"Fair", 7}};
  FitRule both = range(Trait::employees, 1, 2, 1);
  both.unknown = true;
  FitRule country = rule(Trait::country, {country_code("DE"), 5}, 1);
  const struct {
    FitRule rule;
    const char* field;
    const char* what;
  } rows[] = {
      {rule(static_cast<Trait>(13), {1}, 1), "trait", "trait 13 is not known"},
      {rule(Trait::role, {1}, 1, ""), "text", "the text has 0 bytes"},
      {rule(Trait::role, {1}, 1, std::string(201, 'x')), "text", "the text has 201 bytes"},
      {rule(Trait::role, {1}, 1, "a\nb"), "text", "line break"},
      {rule(Trait::role, {1}, 1'001), "points", "1001 points are out of range; stay within ±1000"},
      {rule(Trait::role, {1}, -1'001), "points", "-1001 points are out of range"},
      {rule(Trait::role, {}, 1), "values", "it has no condition"},
      {both, "values", "more than one condition"},
      {rule(Trait::employees, {1}, 1), "values", "employees is an amount"},
      {range(Trait::role, 1, 2, 1), "at_least", "role is no amount"},
      {rule(Trait::title_level, {7}, 1), "values", "value 7 is none of title_level"},
      {rule(Trait::title_level, {0}, 1), "values", "value 0 is none of title_level"},
      {rule(Trait::title_level, {1, 2, 1}, 1), "values", "value 1 stands there twice"},
      {country, "values", "value 5 is none of country"},
      {rule(Trait::role, std::vector<std::uint16_t>(301, 1), 1), "values", "301 values are too many"},
      {texts, "texts", "stands there twice"},
      {level_texts, "texts", "title_level takes no texts"},
      {forged, "texts", "is no text to look for"},
      {range(Trait::employees, -1, 2, 1), "at_least", "-1 is out of range"},
      {range(Trait::employees, 3, 2, 1), "at_most", "2 is out of range; give 3 to"},
      {range(Trait::revenue, 0, amount_max + 1, 1), "at_most", "out of range"},
  };
  for (const auto& row : rows) {
    FitModel model;
    model.rules = {rule(Trait::phone, {1}, 1), row.rule};
    const auto status = model.check("contact_fit");
    ASSERT_FALSE(status) << row.what;
    EXPECT_EQ(status.error().code, Errc::invalid);
    EXPECT_EQ(status.error().field, std::string("contact_fit.rules[1].") + row.field) << row.what;
    EXPECT_NE(status.error().what.find(row.what), std::string::npos) << status.error().what;
  }
  FitModel model;
  model.base = 101;
  EXPECT_EQ(model.check("company_fit").error().field, "company_fit.base");
  model.base = -1;
  EXPECT_EQ(model.check("company_fit").error().field, "company_fit.base");
  model.base = 0;
  model.rules.assign(201, rule(Trait::phone, {1}, 1));
  EXPECT_EQ(model.check("company_fit").error().field, "company_fit.rules");
}

TEST(FitCheck, ARuleThatCanNeverCountIsRefused) {
  FitRule banks = rule(Trait::industry, {}, 1);
  banks.texts = {own_text("Banking")};
  const std::vector<std::vector<FitRule>> dead = {
      {rule(Trait::role, {1, 2}, 1), rule(Trait::role, {2}, 1)},
      {rule(Trait::role, {1}, 1), rule(Trait::role, {2}, 1), rule(Trait::role, {1, 2}, 1)},
      {when_unknown(Trait::role, 1), when_unknown(Trait::role, 2)},
      {range(Trait::revenue, 5, std::nullopt, 1), range(Trait::revenue, 10, 20, 1)},
      {range(Trait::revenue, 15, 20, 1), range(Trait::revenue, 5, 14, 1), range(Trait::revenue, 6, 19, 1)},
      {banks, banks},
      {rule(Trait::industry, {3}, 1), banks},  // "Banking" is read as Financial Services, which is taken
  };
  for (const auto& rules : dead) {
    FitModel model;
    model.rules = rules;
    const auto status = model.check("fit");
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().field, "fit.rules[" + std::to_string(rules.size() - 1) + "].trait");
    EXPECT_NE(status.error().what.find("it can never count"), std::string::npos);
    model.rules.pop_back();
    EXPECT_TRUE(model.check("fit"));
  }
  FitModel alive;
  alive.rules = {range(Trait::revenue, 15, 20, 1), range(Trait::revenue, 5, 13, 1),
                 range(Trait::revenue, 6, 19, 1),  banks,
                 rule(Trait::industry, {3}, 1),    when_unknown(Trait::revenue, 1)};
  EXPECT_TRUE(alive.check("fit"));
}

// ---- random models against the oracle

const std::vector<std::string>& own_words() {
  static const std::vector<std::string> words = {"Banking", "Spring Fair", "Champion", "Web", "Something else"};
  return words;
}

int pick(std::mt19937_64& random, int least, int most) {
  return static_cast<int>(random() % static_cast<std::uint64_t>(most - least + 1)) + least;
}

FitRule random_rule(std::mt19937_64& random) {
  const auto trait = static_cast<Trait>(pick(random, 1, 12));
  const int points = pick(random, 0, 9) == 0 ? pick(random, -1'000, 1'000) : pick(random, -40, 40);
  if (pick(random, 0, 5) == 0) return when_unknown(trait, points);
  if (kind_of(trait) == TraitKind::amount) {
    const int least = pick(random, 0, 50);
    const int shape = pick(random, 0, 2);
    return range(trait, shape == 1 ? std::nullopt : std::optional<std::int64_t>(least),
                 shape == 2 ? std::nullopt : std::optional<std::int64_t>(least + pick(random, 0, 30)), points);
  }
  FitRule made = rule(trait, {}, points);
  const std::vector<std::uint16_t> codes = {country_code("DE"), country_code("US"), country_code("GB")};
  for (int i = pick(random, 1, 4); i > 0; --i) {
    if (takes_texts(trait) && pick(random, 0, 2) == 0) {
      made.texts.push_back(own_text(own_words()[random() % own_words().size()]));
    } else if (kind_of(trait) == TraitKind::country) {
      made.values.push_back(codes[random() % codes.size()]);
    } else {
      made.values.push_back(static_cast<std::uint16_t>(random() % labels_of(trait).size() + 1));
    }
  }
  return made;
}

FitModel random_model(std::mt19937_64& random) {
  FitModel model;
  model.base = pick(random, 0, 100);
  for (int i = pick(random, 0, 30); i > 0; --i) {
    model.rules.push_back(random_rule(random));
    if (!model.check("fit")) model.rules.pop_back();  // a value twice, or a rule that can never count
  }
  return model;
}

template <class Value>
void choose(std::mt19937_64& random, Value& value, std::size_t labels) {
  value = static_cast<Value>(random() % (labels + 1));
}

Traits random_traits(std::mt19937_64& random) {
  Profile words;
  const auto word = [&]() -> std::string {
    return pick(random, 0, 3) == 0 ? "" : own_words()[random() % own_words().size()];
  };
  words.role = word();
  words.lead_source = word();
  words.industry = word();
  Traits traits = traits_of(words);
  choose(random, traits.title_level, title_level_labels.size());
  choose(random, traits.title_function, title_function_labels.size());
  choose(random, traits.first_name, quality_labels.size());
  choose(random, traits.last_name, quality_labels.size());
  choose(random, traits.phone, quality_labels.size());
  choose(random, traits.email, email_kind_labels.size());
  const std::vector<CountryCode> codes = {0, country_code("DE"), country_code("US"), country_code("FR")};
  traits.country = codes[random() % codes.size()];
  for (auto* amount : {&traits.employees, &traits.revenue}) {
    const int least = pick(random, 0, 60);
    const int shape = pick(random, 0, 3);
    if (shape == 1) *amount = Amount{least, least};
    if (shape == 2) *amount = Amount{least, least + pick(random, 0, 40)};
    if (shape == 3) *amount = Amount{least, std::nullopt};
  }
  return traits;
}

/// Whether the rule speaks of these traits, by the words of its description alone.
bool speaks(const FitRule& rule, const Traits& traits) {
  const std::map<Trait, unsigned> labels = {{Trait::title_level, unsigned(traits.title_level)},
                                            {Trait::title_function, unsigned(traits.title_function)},
                                            {Trait::role, unsigned(traits.role)},
                                            {Trait::lead_source, unsigned(traits.lead_source)},
                                            {Trait::industry, unsigned(traits.industry)},
                                            {Trait::country, unsigned(traits.country)},
                                            {Trait::first_name, unsigned(traits.first_name)},
                                            {Trait::last_name, unsigned(traits.last_name)},
                                            {Trait::email, unsigned(traits.email)},
                                            {Trait::phone, unsigned(traits.phone)}};
  if (rule.trait == Trait::employees || rule.trait == Trait::revenue) {
    const auto& amount = rule.trait == Trait::employees ? traits.employees : traits.revenue;
    if (!amount.has_value()) return rule.unknown;
    if (rule.unknown) return false;
    const std::int64_t number = amount->most ? (amount->least + *amount->most) / 2 : amount->least;
    if (rule.at_least && number < *rule.at_least) return false;
    return !(rule.at_most && number > *rule.at_most);
  }
  const unsigned label = labels.at(rule.trait);
  if (label == 0) return rule.unknown;
  if (rule.unknown) return false;
  for (const unsigned value : rule.values)
    if (value == label) return true;
  for (const OwnText& own : rule.texts) {
    if (rule.trait == Trait::role && own.key == traits.role_text) return true;
    if (rule.trait == Trait::lead_source && own.key == traits.lead_source_text) return true;
    if (rule.trait == Trait::industry && own.key == traits.industry_text) return true;
  }
  return false;
}

TEST(FitOracle, TenThousandReceiptsSumToTheNaiveScore) {
  int counted = 0;
  int capped = 0;
  int floored = 0;
  int unknowns = 0;
  for (std::uint64_t seed = 1; seed <= 10'000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const FitModel model = random_model(random);
    const Traits traits = random_traits(random);
    std::map<Trait, std::size_t> expected;  // the rule that counts
    for (int trait = 12; trait >= 1; --trait) {
      for (std::size_t i = model.rules.size(); i-- > 0;)
        if (static_cast<int>(model.rules[i].trait) == trait && speaks(model.rules[i], traits))
          expected[static_cast<Trait>(trait)] = i;
    }
    int sum = model.base;
    for (const auto& [trait, index] : expected) sum += model.rules[index].points;
    const int score = sum < 0 ? 0 : sum > 100 ? 100 : sum;

    const FitReceipt receipt = explain(model, traits);
    ASSERT_EQ(fit_of(model, traits).score, score);
    ASSERT_EQ(receipt.score, fit_of(model, traits));
    ASSERT_EQ(sum_of(receipt), score);
    ASSERT_EQ(receipt.lines.front().points, model.base);
    std::map<Trait, std::size_t> found;
    for (const FitLine& line : receipt.lines) {
      if (!line.rule) continue;
      ASSERT_TRUE(found.emplace(*line.trait, *line.rule).second);
      ASSERT_EQ(line.points, model.rules[*line.rule].points);
      ASSERT_EQ(line.text, model.rules[*line.rule].text);
      ASSERT_EQ(line.kind == FitLineKind::unknown, model.rules[*line.rule].unknown);
    }
    ASSERT_EQ(found, expected);
    counted += static_cast<int>(found.size());
    for (const FitLine& line : receipt.lines) {
      capped += line.kind == FitLineKind::cap ? 1 : 0;
      floored += line.kind == FitLineKind::floor ? 1 : 0;
      unknowns += line.kind == FitLineKind::unknown ? 1 : 0;
    }
  }
  // The models were such that everything happened.
  EXPECT_GT(counted, 20'000);
  EXPECT_GT(capped, 500);
  EXPECT_GT(floored, 500);
  EXPECT_GT(unknowns, 5'000);
}

}  // namespace
}  // namespace leadlight::engine
