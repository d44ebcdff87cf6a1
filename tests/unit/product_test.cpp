// The values of a product: stages, grades, what a company's leads make together, and what a product must fulfil.
#include "engine/product.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace leadlight::engine {
namespace {

constexpr MicroPoints point = micro_points_per_point;

Product sound() {
  Product product;
  product.name = "Leadlight";
  product.display_name = "Leadlight for teams";
  product.status = ProductStatus::live;
  product.contact_fit.base = 40;
  product.company_fit.base = 60;
  return product;
}

FitRule level_rule(int points) {
  FitRule rule;
  rule.trait = Trait::title_level;
  rule.values = {1};
  rule.points = points;
  rule.text = "At the top";
  return rule;
}

TEST(Product, StagesBeginWhereTheBandsSay) {
  const StageBands bands;
  const struct {
    int intent;
    const char* stage;
  } rows[] = {{0, "Target"},         {19, "Target"},   {20, "Awareness"}, {49, "Awareness"}, {50, "Consideration"},
              {69, "Consideration"}, {70, "Decision"}, {84, "Decision"},  {85, "Purchase"},  {100, "Purchase"}};
  for (const auto& row : rows) EXPECT_EQ(label(stage_of(bands, row.intent)), row.stage) << row.intent;
  EXPECT_LT(BuyingStage::target, BuyingStage::purchase);
}

TEST(Product, GradesAreOfTheFlooredMean) {
  const GradeRule even;
  EXPECT_EQ(grade_of(even, 75, 75), Grade::a);
  EXPECT_EQ(grade_of(even, 100, 50), Grade::a);
  EXPECT_EQ(grade_of(even, 100, 49), Grade::b);  // 74.5 is 74
  EXPECT_EQ(grade_of(even, 50, 50), Grade::b);
  EXPECT_EQ(grade_of(even, 0, 99), Grade::c);  // 49.5 is 49
  EXPECT_EQ(grade_of(even, 25, 25), Grade::c);
  EXPECT_EQ(grade_of(even, 0, 49), Grade::d);
  EXPECT_EQ(grade_of(even, 0, 0), Grade::d);
  GradeRule of_profile;
  of_profile.intent_percent = 0;
  of_profile.profile_percent = 100;
  EXPECT_EQ(grade_of(of_profile, 100, 20), Grade::d);
  EXPECT_EQ(label(Grade::a), "A");
  EXPECT_EQ(label(Grade::d), "D");
}

TEST(Product, SharesAreWeightedByLevelAndRoleAndFloored) {
  AccountIntent rule;
  rule.title_level_percent[static_cast<std::size_t>(TitleLevel::vp)] = 150;
  rule.role_percent[static_cast<std::size_t>(Role::champion)] = 33;
  rule.role_percent[0] = 0;
  Traits lead;
  lead.title_level = TitleLevel::vp;
  EXPECT_EQ(share_of(rule, 10 * point, lead), 0);  // an unknown role has its own weight
  lead.role = Role::user;
  EXPECT_EQ(share_of(rule, 10 * point, lead), 15 * point);
  lead.role = Role::champion;
  EXPECT_EQ(share_of(rule, 7, lead), 3);  // 7 · 1.5 · 0.33 = 3.465
  EXPECT_EQ(share_of(AccountIntent{}, 12'345, Traits{}), 12'345);
  EXPECT_EQ(share_of(rule, 0, lead), 0);
  lead.role = Role::user;
  constexpr MicroPoints largest = std::numeric_limits<MicroPoints>::max() - 1;
  EXPECT_EQ(share_of(rule, largest, lead), largest);
}

TEST(Product, RollUpsAreASumOrTheLargest) {
  AccountIntent rule;
  const std::vector<MicroPoints> shares = {10 * point, 55 * point, 3 * point};
  EXPECT_EQ(rolled_up(rule, shares), 68 * point);
  EXPECT_EQ(rolled_up(rule, {}), 0);
  rule.roll_up = RollUp::max;
  EXPECT_EQ(rolled_up(rule, shares), 55 * point);
  EXPECT_EQ(rolled_up(rule, {}), 0);
  rule.roll_up = RollUp::sum;
  const std::vector<MicroPoints> huge(3, std::numeric_limits<MicroPoints>::max() - 1);
  EXPECT_EQ(rolled_up(rule, huge), std::numeric_limits<MicroPoints>::max() - 1);
  EXPECT_EQ(intent_of(rule, 0), 0);
  EXPECT_EQ(intent_of(rule, 30 * point), 25);
  EXPECT_EQ(intent_of(rule, 60 * point), 50);
  EXPECT_EQ(intent_of(rule, 120 * point), 70);
  EXPECT_EQ(intent_of(rule, 200 * point), 85);
  EXPECT_EQ(intent_of(rule, 400 * point), 100);
}

TEST(Product, GivesAllEightValues) {
  Product product = sound();
  product.contact_fit.rules = {level_rule(41)};
  Traits traits;
  traits.title_level = TitleLevel::c_level;
  const ProductScores scores = scores_of(product, 70, 120 * point, traits);
  EXPECT_EQ(scores, (ProductScores{70, BuyingStage::decision, {60, Fit::moderate}, 70, Grade::a, {81, Fit::strong}}));
  EXPECT_EQ(scores_of(product, 0, 0, Traits{}),
            (ProductScores{0, BuyingStage::target, {60, Fit::moderate}, 0, Grade::d, {40, Fit::weak}}));
}

TEST(Product, CheckNamesTheField) {
  ASSERT_TRUE(sound().check());
  const struct {
    const char* field;
    std::function<void(Product&)> spoil;
  } rows[] = {
      {"name", [](Product& p) { p.name = ""; }},
      {"name", [](Product& p) { p.name = std::string(101, 'x'); }},
      {"name", [](Product& p) { p.name = "a\nb"; }},
      {"name", [](Product& p) { p.name = " a"; }},
      {"display_name", [](Product& p) { p.display_name = "a "; }},
      {"status", [](Product& p) { p.status = static_cast<ProductStatus>(0); }},
      {"status", [](Product& p) { p.status = static_cast<ProductStatus>(4); }},
      {"contact_fit.base", [](Product& p) { p.contact_fit.base = 101; }},
      {"contact_fit.rules[0].points", [](Product& p) { p.contact_fit.rules = {level_rule(1'001)}; }},
      {"company_fit.rules[0].trait", [](Product& p) { p.company_fit.rules = {level_rule(1)}; }},
      {"stages.awareness", [](Product& p) { p.stages.awareness = 0; }},
      {"stages.consideration", [](Product& p) { p.stages.consideration = 20; }},
      {"stages.decision", [](Product& p) { p.stages.decision = 50; }},
      {"stages.purchase", [](Product& p) { p.stages.purchase = 101; }},
      {"stages.purchase", [](Product& p) { p.stages.purchase = 70; }},
      {"grades.intent", [](Product& p) { p.grades.intent_percent = -1; }},
      {"grades.intent", [](Product& p) { p.grades.intent_percent = 101; }},
      {"grades.profile", [](Product& p) { p.grades.profile_percent = 51; }},
      {"grades.c", [](Product& p) { p.grades.c = 0; }},
      {"grades.b", [](Product& p) { p.grades.b = 25; }},
      {"grades.a", [](Product& p) { p.grades.a = 101; }},
      {"account_intent.roll_up", [](Product& p) { p.account_intent.roll_up = static_cast<RollUp>(3); }},
      {"account_intent.title_level_percent[6]", [](Product& p) { p.account_intent.title_level_percent[6] = 1'001; }},
      {"account_intent.role_percent[0]", [](Product& p) { p.account_intent.role_percent[0] = 1'001; }},
      {"account_intent.thresholds", [](Product& p) { p.account_intent.thresholds.medium = 0; }},
      {"account_intent.thresholds", [](Product& p) { p.account_intent.thresholds.cap = 200 * point; }},
      {"engagement_model", [](Product& p) { p.engagement_model = std::string(101, 'x'); }},
  };
  for (const auto& row : rows) {
    Product product = sound();
    row.spoil(product);
    const auto status = product.check();
    ASSERT_FALSE(status) << row.field;
    EXPECT_EQ(status.error().field, row.field);
    EXPECT_EQ(status.error().code, Errc::invalid);
    EXPECT_FALSE(status.error().what.empty());
  }
}

TEST(ProductSet, NamesAreUniqueAndTheirNumberIsLimited) {
  ProductSet set;
  EXPECT_TRUE(set.check());
  set.products = {sound(), sound()};
  EXPECT_EQ(set.check().error().field, "products[1].name");
  set.products[1].name = "Another";
  EXPECT_TRUE(set.check());
  set.products[1].grades.c = 0;
  EXPECT_EQ(set.check().error().field, "products[1].grades.c");
  set.products.clear();
  for (std::size_t i = 0; i <= products_per_organisation_max; ++i) {
    set.products.push_back(sound());
    set.products.back().name += std::to_string(i);
  }
  EXPECT_EQ(set.check().error().field, "products");
  set.products.pop_back();
  EXPECT_TRUE(set.check());
}

}  // namespace
}  // namespace leadlight::engine
