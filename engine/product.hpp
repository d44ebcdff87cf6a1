// A product: what an organisation sells, and how well a lead and its company suit it, in eight values.
//
// Settings, not state: nothing in the fold of a lead reads a product. The list of products keeps its order for ever, as
// users of the scores address them by index.
#pragma once

#include "engine/fit.hpp"
#include "engine/model.hpp"
#include "engine/result.hpp"
#include "engine/traits.hpp"
#include "engine/types.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::engine {

/// Only a live product has scores; the others keep their place in the list. Stored.
enum class ProductStatus : std::uint8_t { live = 1, draft = 2, retired = 3 };

constexpr std::string_view label(ProductStatus status) {
  switch (status) {
    case ProductStatus::live: return "live";
    case ProductStatus::draft: return "draft";
    case ProductStatus::retired: return "retired";
  }
  return "draft";
}

/// How far a company is on its way to buying. Ascending. Target: not in the market.
enum class BuyingStage : std::uint8_t { target = 1, awareness, consideration, decision, purchase };

constexpr std::string_view label(BuyingStage stage) {
  switch (stage) {
    case BuyingStage::target: return "Target";
    case BuyingStage::awareness: return "Awareness";
    case BuyingStage::consideration: return "Consideration";
    case BuyingStage::decision: return "Decision";
    case BuyingStage::purchase: return "Purchase";
  }
  return "Target";
}

/// A contact's grade, of its intent and its profile; A is best.
enum class Grade : std::uint8_t { a = 1, b, c, d };

constexpr std::string_view label(Grade grade) {
  switch (grade) {
    case Grade::a: return "A";
    case Grade::b: return "B";
    case Grade::c: return "C";
    case Grade::d: return "D";
  }
  return "D";
}

/// The company's intent at which each stage begins; below the first one: Target. Ascending, in [1, 100].
struct StageBands {
  int awareness = 20;
  int consideration = 50;
  int decision = 70;
  int purchase = 85;

  friend bool operator==(const StageBands&, const StageBands&) = default;
};

/// A contact's grade is taken from a weighted mean of its two scores.
struct GradeRule {
  int intent_percent = 50;  // the two shares make 100
  int profile_percent = 50;
  int a = 75;  // where each grade begins; below c: D. 100 ≥ a > b > c ≥ 1
  int b = 50;
  int c = 25;

  friend bool operator==(const GradeRule&, const GradeRule&) = default;
};

/// How the engagement of a company's leads makes the company's.
enum class RollUp : std::uint8_t { sum = 1, max = 2 };

constexpr std::string_view label(RollUp roll_up) {
  return roll_up == RollUp::max ? "max" : "sum";
}

/// What a company's leads bring together, each with a weight for who it is, and the scale that makes it a score.
struct AccountIntent {
  RollUp roll_up = RollUp::sum;
  // In percent, by the number of the label; index 0: unknown. Range: [0, 1,000]
  std::array<std::uint16_t, title_level_labels.size() + 1> title_level_percent = {100, 100, 100, 100, 100, 100, 100};
  std::array<std::uint16_t, role_labels.size() + 1> role_percent = {100, 100, 100, 100, 100, 100, 100, 100, 100, 100};
  Thresholds thresholds{60 * micro_points_per_point, 120 * micro_points_per_point, 200 * micro_points_per_point,
                        400 * micro_points_per_point};

  friend bool operator==(const AccountIntent&, const AccountIntent&) = default;
};

struct Product {
  std::string name;          // what answers call it: 1 to 100 bytes on one line
  std::string display_name;  // as name
  ProductStatus status = ProductStatus::draft;
  FitModel contact_fit;
  FitModel company_fit;  // of traits of the company alone: the fit is the company's, whoever asks
  StageBands stages;
  GradeRule grades;
  AccountIntent account_intent;
  std::string engagement_model;  // id of the score model of its contact intent; empty: the organisation's in force
  std::uint32_t version = 0;     // given when published; the first is 1
  std::string source;            // the TOML text it was read from, as given

  friend bool operator==(const Product&, const Product&) = default;

  /// What holds for every product in a list. Errors: invalid, `field` naming the member ("stages.decision").
  [[nodiscard]] Status check() const;
};

inline constexpr std::size_t product_name_bytes_max = 100;
inline constexpr int intent_weight_percent_max = 1'000;

/// An organisation's products in their order. An answer uses one snapshot of it.
struct ProductSet {
  std::vector<Product> products;

  friend bool operator==(const ProductSet&, const ProductSet&) = default;

  /// Every product's check, their number, and that no name stands twice. Errors: invalid, `field` "products[2].…".
  [[nodiscard]] Status check() const;
};

inline constexpr std::size_t products_per_organisation_max = 50;

/// The eight values of a lead under a live product.
struct ProductScores {
  int company_intent = 0;  // Range of every score: [0, 100]
  BuyingStage stage = BuyingStage::target;
  FitScore company;
  int contact_intent = 0;
  Grade grade = Grade::d;
  FitScore contact;

  friend bool operator==(const ProductScores&, const ProductScores&) = default;
};

BuyingStage stage_of(const StageBands& bands, int intent);

/// Of ⌊(intent · intent_percent + profile · profile_percent) / 100⌋. Precondition: both in [0, 100].
Grade grade_of(const GradeRule& rule, int intent, int profile);

/// What a lead of `raw` engagement brings to its company: ⌊raw · level percent · role percent / 10,000⌋, at most what a
/// raw score can be. Precondition: `raw` ≥ 0.
MicroPoints share_of(const AccountIntent& rule, MicroPoints raw, const Traits& lead);

/// The shares of a company's leads together; their order does not matter. Range: [0, the largest raw score].
MicroPoints rolled_up(const AccountIntent& rule, std::span<const MicroPoints> shares);

/// A company's rolled-up engagement as a score. Range: [0, 100].
int intent_of(const AccountIntent& rule, MicroPoints rolled_up);

/// All eight. `account_raw`: the company's rolled-up engagement; 0 without a company.
ProductScores scores_of(const Product& product, int contact_intent, MicroPoints account_raw, const Traits& traits);

}  // namespace leadlight::engine
