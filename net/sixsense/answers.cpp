#include "net/sixsense/answers.hpp"

#include "net/text/json_writer.hpp"

#include <array>

namespace leadlight::net::sixsense {
namespace {

struct Spelling {
  std::string_view key;
  std::string CompanyFacts::*fact;
};

/// Of the routes for people, before and behind `industry_v2`.
constexpr std::array<Spelling, 12> people_spelling_first = {{{"companyId", &CompanyFacts::company_id},
                                                             {"domain", &CompanyFacts::domain},
                                                             {"name", &CompanyFacts::name},
                                                             {"region", &CompanyFacts::region},
                                                             {"country", &CompanyFacts::country},
                                                             {"countryISOCode", &CompanyFacts::country_iso_code},
                                                             {"state", &CompanyFacts::state},
                                                             {"city", &CompanyFacts::city},
                                                             {"streetAddress", &CompanyFacts::street_address},
                                                             {"postalCode", &CompanyFacts::postal_code},
                                                             {"companyPhone", &CompanyFacts::phone},
                                                             {"industry", &CompanyFacts::industry}}};
constexpr std::array<Spelling, 10> people_spelling_last = {{{"employeeRange", &CompanyFacts::employee_range},
                                                            {"revenueRange", &CompanyFacts::revenue_range},
                                                            {"employeeCount", &CompanyFacts::employee_count},
                                                            {"annualRevenue", &CompanyFacts::annual_revenue},
                                                            {"titleLevel", &CompanyFacts::title_level},
                                                            {"titleFunction", &CompanyFacts::title_function},
                                                            {"siccode", &CompanyFacts::sic_code},
                                                            {"sicdescription", &CompanyFacts::sic_description},
                                                            {"naicscode", &CompanyFacts::naics_code},
                                                            {"naicsdescription", &CompanyFacts::naics_description}}};

/// Of the route for addresses.
constexpr std::array<Spelling, 13> details_spelling_first = {{{"companyId", &CompanyFacts::company_id},
                                                              {"domain", &CompanyFacts::domain},
                                                              {"name", &CompanyFacts::name},
                                                              {"region", &CompanyFacts::region},
                                                              {"country", &CompanyFacts::country},
                                                              {"country_iso_code", &CompanyFacts::country_iso_code},
                                                              {"state", &CompanyFacts::state},
                                                              {"state_code", &CompanyFacts::state_code},
                                                              {"city", &CompanyFacts::city},
                                                              {"address", &CompanyFacts::street_address},
                                                              {"zip", &CompanyFacts::postal_code},
                                                              {"phone", &CompanyFacts::phone},
                                                              {"industry", &CompanyFacts::industry}}};
constexpr std::array<Spelling, 4> details_spelling_size = {{{"employee_range", &CompanyFacts::employee_range},
                                                            {"employee_count", &CompanyFacts::employee_count},
                                                            {"revenue_range", &CompanyFacts::revenue_range},
                                                            {"annual_revenue", &CompanyFacts::annual_revenue}}};
constexpr std::array<Spelling, 4> details_spelling_last = {{{"sic", &CompanyFacts::sic_code},
                                                            {"sic_description", &CompanyFacts::sic_description},
                                                            {"naics", &CompanyFacts::naics_code},
                                                            {"naics_description", &CompanyFacts::naics_description}}};

void write_facts(JsonWriter& json, const CompanyFacts& company, std::span<const Spelling> spelling) {
  for (const auto& [key, fact] : spelling) json.member_or_null(key, company.*fact);
}

void write_industries(JsonWriter& json, const CompanyFacts& company) {
  json.key("industry_v2").array();
  for (const auto& pair : company.industries)
    json.object()
        .member_or_null("industry", pair.industry)
        .member_or_null("subindustry", pair.subindustry)
        .end_object();
  json.end_array();
}

void write_company(JsonWriter& json, const std::optional<CompanyFacts>& company) {
  json.key("company");
  if (!company) {
    json.null();
    return;
  }
  json.object();
  write_facts(json, *company, people_spelling_first);
  write_industries(json, *company);
  write_facts(json, *company, people_spelling_last);
  json.end_object();
}

/// A member that is null without scores.
template <class Of>
void write_score(JsonWriter& json, std::string_view key, const ProductAnswer& product, Of of) {
  json.key(key);
  if (product.scores) {
    json.value(of(*product.scores));
  } else {
    json.null();
  }
}

using engine::ProductScores;

void write_scores(JsonWriter& json, const std::vector<ProductAnswer>& products) {
  json.key("scores").array();
  for (const auto& product : products) {
    const auto score = [&](std::string_view key, auto of) { write_score(json, key, product, of); };
    json.object().member("product", product.name);
    score("company_intent_score", [](const ProductScores& s) { return s.company_intent; });
    score("company_buying_stage", [](const ProductScores& s) { return label(s.stage); });
    score("company_profile_score", [](const ProductScores& s) { return s.company.score; });
    score("company_profile_fit", [](const ProductScores& s) { return label(s.company.fit); });
    score("contact_intent_score", [](const ProductScores& s) { return s.contact_intent; });
    score("contact_grade", [](const ProductScores& s) { return label(s.grade); });
    score("contact_profile_score", [](const ProductScores& s) { return s.contact.score; });
    score("contact_profile_fit", [](const ProductScores& s) { return label(s.contact.fit); });
    json.end_object();
  }
  json.end_array();
}

void write_company_scores(JsonWriter& json, const std::vector<ProductAnswer>& products) {
  json.key("scores").array();
  for (const auto& product : products) {
    const auto score = [&](std::string_view key, auto of) { write_score(json, key, product, of); };
    json.object().member("product", product.name).member("product_display_name", product.display_name);
    score("is_6qa", is_qualified);
    score("intent_score", [](const ProductScores& s) { return s.company_intent; });
    score("buying_stage", [](const ProductScores& s) { return label(s.stage); });
    score("profile_score", [](const ProductScores& s) { return s.company.score; });
    score("profile_fit", [](const ProductScores& s) { return label(s.company.fit); });
    json.end_object();
  }
  json.end_array();
}

void write_segments(JsonWriter& json, const SegmentsAnswer& segments) {
  const bool has_ids = segments.form != SegmentForm::off;
  const bool has_names = segments.form == SegmentForm::ids_and_names;
  const auto shown = has_ids ? std::span<const SegmentEntry>(segments.entries) : std::span<const SegmentEntry>();
  json.key("segments").object().key("ids").array();
  for (const auto& entry : shown) json.value(entry.id);
  json.end_array().key("names").array();
  if (has_names)
    for (const auto& entry : shown) json.value(entry.name);
  json.end_array().key("list").array();
  for (const auto& entry : shown) {
    json.object().member("id", entry.id);
    if (has_names) json.member("name", entry.name);
    json.end_object();
  }
  json.end_array().end_object();
}

std::string_view label(CompanyMatch match) {
  switch (match) {
    case CompanyMatch::none: return "No Match";
    case CompanyMatch::not_actionable: return "Non-actionable Match";
    case CompanyMatch::match: return "Match";
  }
  return "No Match";
}

std::string_view label(Confidence confidence) {
  switch (confidence) {
    case Confidence::low: return "Low";
    case Confidence::moderate: return "Moderate";
    case Confidence::high: return "High";
    case Confidence::very_high: return "Very High";
  }
  return "Low";
}

/// None where no product has scores.
std::optional<bool> is_qualified_for_any(const std::vector<ProductAnswer>& products) {
  std::optional<bool> any;
  for (const auto& product : products)
    if (product.scores) any = any.value_or(false) || is_qualified(*product.scores);
  return any;
}

}  // namespace

bool is_qualified(const engine::ProductScores& scores) {
  return scores.company.fit >= engine::Fit::moderate && scores.stage >= engine::BuyingStage::decision;
}

std::string full_answer(const Answer& answer) {
  JsonWriter json;
  json.object();
  write_company(json, answer.company);
  write_scores(json, answer.scores);
  write_segments(json, answer.segments);
  json.end_object();
  return json.take();
}

std::string score_answer(const Answer& answer) {
  JsonWriter json;
  json.object();
  write_scores(json, answer.scores);
  json.end_object();
  return json.take();
}

std::string enrichment_answer(const Answer& answer) {
  JsonWriter json;
  json.object();
  write_company(json, answer.company);
  write_segments(json, answer.segments);
  json.end_object();
  return json.take();
}

std::string products_answer(std::string_view organisation, std::span<const ProductAnswer> products) {
  JsonWriter json;
  json.object().member("org", organisation).key("products").array();
  for (const auto& product : products)
    json.object().member("name", product.name).member("display_name", product.display_name).end_object();
  json.end_array().end_object();
  return json.take();
}

std::string details_answer(const Answer& answer, const AddressFacts& address) {
  const CompanyFacts nothing;
  const auto& company = answer.company ? *answer.company : nothing;
  const auto match = answer.company ? address.match : CompanyMatch::none;
  JsonWriter json;
  json.object().key("company").object().member("company_match", label(match));
  json.member_or_null("additional_comment", address.additional_comment);
  write_facts(json, company, details_spelling_first);
  write_industries(json, company);
  write_facts(json, company, details_spelling_size);
  json.member("is_blacklisted", address.is_blacklisted)
      .member("is_6qa", is_qualified_for_any(answer.scores))
      .member_or_null("geoIP_country", address.geo_country)
      .member_or_null("geoIP_state", address.geo_state)
      .member_or_null("geoIP_city", address.geo_city);
  write_facts(json, company, details_spelling_last);
  json.end_object();
  write_company_scores(json, answer.scores);
  write_segments(json, answer.segments);
  json.key("confidence");
  if (address.confidence) {
    json.value(label(*address.confidence));
  } else {
    json.null();
  }
  json.end_object();
  return json.take();
}

}  // namespace leadlight::net::sixsense
