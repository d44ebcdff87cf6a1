#include "engine/product.hpp"

#include "engine/decay.hpp"
#include "engine/score.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace leadlight::engine {
namespace {

constexpr std::size_t model_id_bytes_max = 100;

Error refused(std::string field, std::string what) {
  return Error{Errc::invalid, std::move(what), std::move(field)};
}

Status check_name(std::string_view name, std::string_view field) {
  const bool one_plain_line =
      std::none_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7F; });
  if (!name.empty() && name.size() <= product_name_bytes_max && one_plain_line && name.front() != ' ' &&
      name.back() != ' ')
    return Ok{};
  return refused(std::string(field), '`' + std::string(name.substr(0, 60)) + "` cannot be a name; write 1 to " +
                                         std::to_string(product_name_bytes_max) +
                                         " bytes on one line, without a blank at either end");
}

/// `value` must be above `floor` and at most 100.
Status check_step(std::string_view table, std::string_view key, int value, std::string_view below, int floor) {
  const std::string field = std::string(table) + '.' + std::string(key);
  if (value > 100) return refused(field, std::to_string(value) + " is above 100; a score goes up to 100");
  if (value > floor) return Ok{};
  if (below.empty()) return refused(field, std::to_string(value) + " is not above 0; give 1 to 100");
  return refused(field, std::to_string(value) + " is not above " + std::string(below) + ", which begins at " +
                            std::to_string(floor) + "; they must ascend");
}

Status check_stages(const StageBands& bands) {
  if (auto status = check_step("stages", "awareness", bands.awareness, "", 0); !status) return status;
  if (auto status = check_step("stages", "consideration", bands.consideration, "awareness", bands.awareness); !status)
    return status;
  if (auto status = check_step("stages", "decision", bands.decision, "consideration", bands.consideration); !status)
    return status;
  return check_step("stages", "purchase", bands.purchase, "decision", bands.decision);
}

Status check_grades(const GradeRule& rule) {
  if (rule.intent_percent < 0 || rule.intent_percent > 100) {
    return refused("grades.intent", std::to_string(rule.intent_percent) + " percent is out of range; give 0 to 100");
  }
  if (rule.profile_percent != 100 - rule.intent_percent) {
    return refused("grades.profile", std::to_string(rule.intent_percent) + " percent of intent and " +
                                         std::to_string(rule.profile_percent) +
                                         " percent of profile do not make 100; give " +
                                         std::to_string(100 - rule.intent_percent));
  }
  if (auto status = check_step("grades", "c", rule.c, "", 0); !status) return status;
  if (auto status = check_step("grades", "b", rule.b, "c", rule.c); !status) return status;
  return check_step("grades", "a", rule.a, "b", rule.b);
}

Status check_weights(std::span<const std::uint16_t> percents, std::string_view trait) {
  const auto above =
      std::find_if(percents.begin(), percents.end(), [](auto p) { return p > intent_weight_percent_max; });
  if (above == percents.end()) return Ok{};
  return refused(
      "account_intent." + std::string(trait) + "_percent[" + std::to_string(above - percents.begin()) + ']',
      std::to_string(*above) + " percent is out of range; give 0 to " + std::to_string(intent_weight_percent_max));
}

Status check_account_intent(const AccountIntent& rule) {
  if (rule.roll_up != RollUp::sum && rule.roll_up != RollUp::max) {
    return refused("account_intent.roll_up",
                   "roll-up " + std::to_string(static_cast<int>(rule.roll_up)) + " is not known; use sum or max");
  }
  if (auto status = check_weights(rule.title_level_percent, "title_level"); !status) return status;
  if (auto status = check_weights(rule.role_percent, "role"); !status) return status;
  const Thresholds& t = rule.thresholds;
  if (0 < t.medium && t.medium < t.high && t.high < t.very_high && t.very_high < t.cap && t.cap <= raw_max) return Ok{};
  return refused("account_intent.thresholds", "the thresholds do not ascend; give 0 < medium < high < very_high < cap");
}

Status check_company_fit(const FitModel& model) {
  for (std::size_t i = 0; i < model.rules.size(); ++i) {
    if (is_of_company(model.rules[i].trait)) continue;
    return refused("company_fit.rules[" + std::to_string(i) + "].trait",
                   std::string(word_of(model.rules[i].trait)) +
                       " is a person's, and two people of a company would give it two fits; use industry, country, "
                       "employees or revenue, or move the rule to contact_fit");
  }
  return Ok{};
}

Status check_product(const Product& product) {
  if (auto status = check_name(product.name, "name"); !status) return status;
  if (auto status = check_name(product.display_name, "display_name"); !status) return status;
  if (product.status != ProductStatus::live && product.status != ProductStatus::draft &&
      product.status != ProductStatus::retired) {
    return refused("status", "status " + std::to_string(static_cast<int>(product.status)) +
                                 " is not known; use live, draft or retired");
  }
  if (auto status = product.contact_fit.check("contact_fit"); !status) return status;
  if (auto status = product.company_fit.check("company_fit"); !status) return status;
  if (auto status = check_company_fit(product.company_fit); !status) return status;
  if (auto status = check_stages(product.stages); !status) return status;
  if (auto status = check_grades(product.grades); !status) return status;
  if (auto status = check_account_intent(product.account_intent); !status) return status;
  if (product.engagement_model.size() > model_id_bytes_max) {
    return refused("engagement_model", "the model's id has " + std::to_string(product.engagement_model.size()) +
                                           " bytes; it has at most " + std::to_string(model_id_bytes_max));
  }
  return Ok{};
}

}  // namespace

Status Product::check() const {
  return check_product(*this);
}

Status ProductSet::check() const {
  if (products.size() > products_per_organisation_max) {
    return refused("products", std::to_string(products.size()) + " products are too many; keep to at most " +
                                   std::to_string(products_per_organisation_max));
  }
  for (std::size_t i = 0; i < products.size(); ++i) {
    const std::string place = "products[" + std::to_string(i) + "].";
    if (const auto status = products[i].check(); !status) {
      return refused(place + status.error().field, status.error().what);
    }
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (products[earlier].name != products[i].name) continue;
      return refused(place + "name", '`' + products[i].name + "` names products[" + std::to_string(earlier) +
                                         "] too; give each product its own name");
    }
  }
  return Ok{};
}

BuyingStage stage_of(const StageBands& bands, int intent) {
  if (intent >= bands.purchase) return BuyingStage::purchase;
  if (intent >= bands.decision) return BuyingStage::decision;
  if (intent >= bands.consideration) return BuyingStage::consideration;
  return intent >= bands.awareness ? BuyingStage::awareness : BuyingStage::target;
}

Grade grade_of(const GradeRule& rule, int intent, int profile) {
  const int mean = (intent * rule.intent_percent + profile * rule.profile_percent) / 100;
  if (mean >= rule.a) return Grade::a;
  if (mean >= rule.b) return Grade::b;
  return mean >= rule.c ? Grade::c : Grade::d;
}

MicroPoints share_of(const AccountIntent& rule, MicroPoints raw, const Traits& lead) {
  assert(raw >= 0);
  const auto level = rule.title_level_percent[static_cast<std::size_t>(lead.title_level)];
  const auto role = rule.role_percent[static_cast<std::size_t>(lead.role)];
  return floored(Int128{raw} * level * role / 10'000);
}

MicroPoints rolled_up(const AccountIntent& rule, std::span<const MicroPoints> shares) {
  if (rule.roll_up == RollUp::max) {
    const auto largest = std::max_element(shares.begin(), shares.end());
    return largest == shares.end() ? 0 : std::max<MicroPoints>(*largest, 0);
  }
  return floored(std::accumulate(shares.begin(), shares.end(), Int128{0}));
}

int intent_of(const AccountIntent& rule, MicroPoints rolled_up) {
  return scale(rule.thresholds, rolled_up).score;
}

ProductScores scores_of(const Product& product, int contact_intent, MicroPoints account_raw, const Traits& traits) {
  ProductScores scores;
  scores.company_intent = intent_of(product.account_intent, account_raw);
  scores.stage = stage_of(product.stages, scores.company_intent);
  scores.company = fit_of(product.company_fit, traits);
  scores.contact_intent = contact_intent;
  scores.contact = fit_of(product.contact_fit, traits);
  scores.grade = grade_of(product.grades, contact_intent, scores.contact.score);
  return scores;
}

}  // namespace leadlight::engine
