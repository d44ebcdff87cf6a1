// What the 6sense-compatible routes answer, against golden files, byte for byte.
#include "net/sixsense/answers.hpp"
#include "tests/support/golden_files.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace leadlight::net::sixsense {
namespace {

using engine::BuyingStage;
using engine::Fit;
using engine::Grade;
using engine::ProductScores;

CompanyFacts acme() {
  CompanyFacts facts;
  facts.company_id = "c-1001";
  facts.domain = "acme.com";
  facts.name = "Acme";
  facts.region = "Northern America";
  facts.country = "United States";
  facts.country_iso_code = "US";
  facts.state = "California";
  facts.state_code = "CA";
  facts.city = "San José";
  facts.street_address = "1 Main Street";
  facts.postal_code = "95110";
  facts.phone = "+1 408 555 0100";
  facts.industry = "Software and Technology";
  facts.industries = {{"Software and Technology", "Security"}, {"Media", ""}};
  facts.employee_range = "1,000 - 4,999";
  facts.revenue_range = "$100M - $250M";
  facts.employee_count = "1200";
  facts.annual_revenue = "180000000";
  facts.title_level = "VP";
  facts.title_function = "Engineering";
  facts.sic_code = "7372";
  facts.sic_description = "Prepackaged Software";
  facts.naics_code = "511210";
  facts.naics_description = "Software Publishers";
  return facts;
}

ProductAnswer core() {
  return {"core", "Acme Core",
          ProductScores{86, BuyingStage::purchase, {90, Fit::strong}, 72, Grade::a, {81, Fit::strong}}};
}
ProductAnswer cloud_as_draft() {
  return {"cloud", "Acme Cloud", std::nullopt};
}
ProductAnswer edge() {
  return {"edge", "Acme Edge",
          ProductScores{0, BuyingStage::target, {12, Fit::weak}, 0, Grade::d, {50, Fit::moderate}}};
}

Answer everything() {
  return {acme(),
          {core(), cloud_as_draft(), edge()},
          {SegmentForm::ids_and_names, {{7, "Hot accounts"}, {12, "The \"big\" ones"}}}};
}

/// By the name of their file.
using Answers = std::map<std::string, std::string>;

void add_people(Answers& answers) {
  const auto all = everything();
  answers["full"] = full_answer(all);
  answers["score"] = score_answer(all);
  answers["enrichment"] = enrichment_answer(all);

  auto company_unknown = all;
  company_unknown.company.reset();
  company_unknown.segments.form = SegmentForm::off;
  answers["full_company_unknown"] = full_answer(company_unknown);

  Answer little_known;
  little_known.company.emplace().domain = "acme.com";
  little_known.scores = {core()};
  little_known.segments = all.segments;
  little_known.segments.form = SegmentForm::ids;
  answers["full_little_known"] = full_answer(little_known);

  auto switched_off = all;
  switched_off.scores.clear();
  switched_off.segments.form = SegmentForm::off;
  answers["full_all_off"] = full_answer(switched_off);
  answers["score_off"] = score_answer(switched_off);

  switched_off.scores = {cloud_as_draft()};
  answers["full_no_model_live"] = full_answer(switched_off);
}

void add_companies(Answers& answers) {
  answers["products"] = products_answer("Acme Marketing", everything().scores);
  answers["products_none"] = products_answer("Acme Marketing", {});

  AddressFacts address;
  address.match = CompanyMatch::match;
  address.geo_country = "United States";
  address.geo_state = "California";
  address.confidence = Confidence::very_high;
  answers["details"] = details_answer(everything(), address);
  answers["details_no_match"] = details_answer({}, {});

  Answer provider;
  provider.company.emplace().domain = "acme.com";
  AddressFacts blocked;
  blocked.match = CompanyMatch::not_actionable;
  blocked.additional_comment = "An internet provider";
  blocked.is_blacklisted = true;
  blocked.confidence = Confidence::low;
  answers["details_not_actionable"] = details_answer(provider, blocked);
}

TEST(SixsenseAnswersTest, AreAsTheGoldenFilesSay) {
  Answers answers;
  add_people(answers);
  add_companies(answers);
  const auto files = golden_files("sixsense/answers", ".json");
  EXPECT_EQ(files.size(), answers.size());
  for (const auto& file : files) EXPECT_EQ(answers[file.stem()], without_layout(read_golden(file))) << file;
}

TEST(SixsenseAnswersTest, AMatchWithoutACompanyIsNone) {
  AddressFacts address;
  address.match = CompanyMatch::match;
  EXPECT_EQ(details_answer({}, address), details_answer({}, {}));
}

TEST(SixsenseAnswersTest, TheShapeIsTheSameWhateverIsKnown) {
  const auto keys = [](const std::string& json) {
    std::set<std::string> names;
    for (auto at = json.find("\":"); at != std::string::npos; at = json.find("\":", at + 1)) {
      const auto begin = json.rfind('"', at - 1) + 1;
      names.insert(json.substr(begin, at - begin));
    }
    return names;
  };
  Answer bare;
  bare.company.emplace().industries.emplace_back();
  bare.scores = {cloud_as_draft()};
  bare.segments = everything().segments;
  EXPECT_EQ(keys(full_answer(bare)), keys(full_answer(everything())));
  EXPECT_EQ(keys(details_answer(bare, {})), keys(details_answer(everything(), {})));
  EXPECT_EQ(full_answer(bare).find("\"\""), std::string::npos) << "an empty text would overwrite a field";
}

TEST(SixsenseAnswersTest, QualifiedIsWhoFitsAndDecides) {
  for (const auto fit : {Fit::weak, Fit::moderate, Fit::strong})
    for (const auto stage : {BuyingStage::target, BuyingStage::awareness, BuyingStage::consideration,
                             BuyingStage::decision, BuyingStage::purchase}) {
      auto scores = *core().scores;
      scores.company.fit = fit;
      scores.stage = stage;
      EXPECT_EQ(is_qualified(scores),
                fit != Fit::weak && (stage == BuyingStage::decision || stage == BuyingStage::purchase));
    }
}

}  // namespace
}  // namespace leadlight::net::sixsense
