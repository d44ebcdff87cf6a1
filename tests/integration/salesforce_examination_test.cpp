// `leadlight doctor salesforce` against the sandbox's Salesforce: each fault is named, with its field and a remedy, and
// a Lead that is written to has its own values afterwards.
#include "net/client/http_client.hpp"
#include "net/targets/salesforce.hpp"
#include "tools/sandbox/sandbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace leadlight::net {
namespace {

namespace json = boost::json;
using actors::TargetFinding;
using Findings = std::vector<TargetFinding>;
using Health = TargetFinding::Health;
using testing::HasSubstr;

const std::string score_field = "HG_Likelihood_to_Buy_Score__c";
const std::string segment_field = "HG_Likelihood_to_Buy_Segment__c";
const std::string signals_field = "HG_Likelihood_to_Buy_Signals__c";

class SalesforceExaminationTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started = sandbox::Sandbox::start("127.0.0.1:0", true);
    ASSERT_TRUE(started) << started.error().what;
    sandbox_ = std::move(*started);
  }
  void TearDown() override {
    client_->stop();
    sandbox_->stop();
  }

  json::value control(const std::string& method, const std::string& path, const json::value& body = nullptr) {
    OutboundRequest request;
    request.method = method;
    request.url = "http://" + sandbox_->address() + path;
    if (!body.is_null()) request.body = json::serialize(body);
    request.headers = {{"Content-Type", "application/json"}};
    const auto answer = client_->send_and_wait(std::move(request));
    EXPECT_TRUE(answer && answer->status < 300) << path;
    return answer && !answer->body.empty() ? json::parse(answer->body) : json::value(nullptr);
  }
  void fault(json::object fault) {
    fault["target"] = "salesforce";
    control("POST", "/_faults", fault);
  }
  std::string put_lead(json::object lead) {
    lead["LastName"] = "Holloway";
    lead["Company"] = "Example";
    const auto stored = control("POST", "/_state/salesforce/Lead", json::object{{"records", json::array{lead}}});
    return std::string(stored.at("ids").as_array().front().as_string());
  }
  json::object lead(const std::string& id) {
    const auto state = control("GET", "/_state/salesforce/Lead");
    for (const auto& record : state.at("records").as_array())
      if (record.at("Id").as_string() == id) return record.as_object();
    ADD_FAILURE() << "no Lead " << id;
    return {};
  }
  std::size_t patches() {
    return control("GET", "/_calls?target=salesforce&method=PATCH").at("calls").as_array().size();
  }

  Findings examine(const std::string& write_to = {}, const std::map<std::string, std::string>& changes = {},
                   const std::string& secret = "leadlight-demo-secret") {
    actors::TargetOptions options;
    options.kind = "salesforce";
    options.name = "crm";
    std::map<std::string, std::string> merged = {{"url", "http://" + sandbox_->address()},
                                                 {"client_id", "leadlight-demo"}};
    for (const auto& [name, value] : changes) merged[name] = value;
    options.options.assign(merged.begin(), merged.end());
    options.secrets = {{"client_secret", secret}};
    auto target = make_salesforce(options, client_, clock_);
    EXPECT_TRUE(target) << (target ? "" : target.error().what);
    if (!target) return {};
    std::promise<Findings> promise;
    (*target)->examine(write_to, [&promise](Findings findings) { promise.set_value(std::move(findings)); });
    return promise.get_future().get();
  }

  static TargetFinding of(const Findings& findings, const std::string& check) {
    for (const auto& finding : findings)
      if (finding.check == check) return finding;
    return {check, Health::fail, "no finding has this name", {}};
  }
  /// Everything but `except` is ok; what fails says what to do.
  static void expect_only(const Findings& findings, const std::string& except, Health health = Health::fail) {
    EXPECT_FALSE(findings.empty());
    for (const auto& finding : findings) {
      EXPECT_EQ(finding.health, finding.check == except ? health : Health::ok)
          << finding.check << ": " << finding.found;
      EXPECT_EQ(finding.remedy.empty(), finding.health == Health::ok) << finding.check;
    }
  }

  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::shared_ptr<HttpClient> client_ = HttpClient::make();
  actors::ClockPtr clock_ = std::make_shared<actors::SystemClock>();
};

TEST_F(SalesforceExaminationTest, ASoundTargetHasALineForEachPart) {
  const auto findings = examine({}, {{"scored_at_field", "HG_Likelihood_to_Buy_Scored_At__c"}});
  expect_only(findings, "nothing");
  for (const auto* check : {"login", "API requests", "Lead", "Lead.HG_Likelihood_to_Buy_Scored_At__c"})
    EXPECT_EQ(of(findings, check).health, Health::ok) << check;
  EXPECT_EQ(of(findings, "Lead." + score_field).found, "double(18,0), editable");
  EXPECT_EQ(of(findings, "Lead." + signals_field).found, "textarea(1024), editable");
  EXPECT_THAT(of(findings, "Lead." + segment_field).found, HasSubstr("picklist of 4 values"));
  EXPECT_EQ(patches(), 0U);
}

TEST_F(SalesforceExaminationTest, ContactsAreLookedAtWhereTheyAreWritten) {
  const auto findings = examine({}, {{"write_contacts", "true"}});
  expect_only(findings, "nothing");
  EXPECT_EQ(of(findings, "Contact." + score_field).health, Health::ok);
}

// ---- faults of fields

TEST_F(SalesforceExaminationTest, AMissingFieldIsNamed) {
  const auto findings = examine({}, {{"signals_field", "Nothing__c"}});
  expect_only(findings, "Lead.Nothing__c");
  EXPECT_THAT(of(findings, "Lead.Nothing__c").found, HasSubstr("does not exist"));
  EXPECT_THAT(of(findings, "Lead.Nothing__c").remedy, HasSubstr("make the field"));
}

TEST_F(SalesforceExaminationTest, AReadOnlyFieldIsNamed) {
  const auto findings = examine({}, {{"score_field", "Locked_Score__c"}});
  expect_only(findings, "Lead.Locked_Score__c");
  EXPECT_THAT(of(findings, "Lead.Locked_Score__c").found, HasSubstr("cannot be edited"));
  EXPECT_THAT(of(findings, "Lead.Locked_Score__c").remedy, HasSubstr("permission set"));
}

TEST_F(SalesforceExaminationTest, AFieldOfAnotherTypeIsNamed) {
  const auto findings = examine({}, {{"score_field", "Title"}});
  expect_only(findings, "Lead.Title");
  EXPECT_THAT(of(findings, "Lead.Title").found, HasSubstr("not Number"));
}

TEST_F(SalesforceExaminationTest, AFieldThatIsTooShortIsNamed) {
  const auto findings = examine({}, {{"segment_field", "Short_Signals__c"}, {"label_high", std::string(61, 'h')}});
  expect_only(findings, "Lead.Short_Signals__c");
  EXPECT_THAT(of(findings, "Lead.Short_Signals__c").found, HasSubstr("too short"));
}

TEST_F(SalesforceExaminationTest, EveryMissingPicklistValueIsNamed) {
  const auto findings = examine({}, {{"segment_field", "Strict_Segment__c"}, {"label_high", "hot"}});
  std::string found;
  for (const auto& finding : findings)
    if (finding.check == "Lead.Strict_Segment__c") found += finding.found + "\n";
  for (const auto* label : {"\"low\"", "\"medium\"", "\"very high\""}) EXPECT_THAT(found, HasSubstr(label));
  EXPECT_THAT(found, testing::Not(HasSubstr("\"hot\"")));
}

// ---- faults of login and quota

TEST_F(SalesforceExaminationTest, AWrongSecretEndsAtTheLogin) {
  const auto findings = examine({}, {}, "another-secret");
  expect_only(findings, "login");
  EXPECT_THAT(of(findings, "login").remedy, HasSubstr("consumer key and secret"));
}

TEST_F(SalesforceExaminationTest, AnExpiredTokenIsRenewedWithoutAWord) {
  fault({{"expire_tokens", true}, {"path", "/services/data"}, {"times", 1}});
  expect_only(examine(), "nothing");
}

TEST_F(SalesforceExaminationTest, TokensThatAreNeverTakenAreAFaultOfTheLogin) {
  fault({{"status", 401}, {"path", "/services/data"}});
  const auto findings = examine();
  expect_only(findings, "login");
  EXPECT_THAT(of(findings, "login").found, HasSubstr("also with a new token"));
}

TEST_F(SalesforceExaminationTest, ABudgetThatRunsLowIsAWarning) {
  fault({{"api_usage", "4500/5000"}});
  const auto findings = examine();
  expect_only(findings, "API requests", Health::warn);
  EXPECT_THAT(of(findings, "API requests").found, HasSubstr("90 % used"));
}

TEST_F(SalesforceExaminationTest, ABudgetThatIsUsedUpIsAFault) {
  fault({{"rate_limit", "daily"}});
  const auto findings = examine();
  expect_only(findings, "API requests");
  EXPECT_EQ(of(findings, "login").health, Health::ok);
  EXPECT_THAT(of(findings, "API requests").found, HasSubstr("used up"));
}

TEST_F(SalesforceExaminationTest, NobodyThereIsAFaultOfTheLogin) {
  const auto findings = examine({}, {{"url", "http://127.0.0.1:1"}});
  expect_only(findings, "login");
}

TEST_F(SalesforceExaminationTest, AnAnswerComesAlsoWhereSalesforceHangs) {
  fault({{"delay_ms", 20'000}, {"path", "/services/data/v60.0/sobjects"}});
  const auto findings = examine();
  expect_only(findings, "time");
  EXPECT_EQ(of(findings, "login").health, Health::ok);
}

// ---- one write

TEST_F(SalesforceExaminationTest, ALeadHasItsOwnValuesAfterwards) {
  const auto id = put_lead({{"Email", "ada@example.com"},
                            {score_field, 73},
                            {segment_field, "high"},
                            {signals_field, "↑ Demo requested (today)\n↑ Pricing viewed"},
                            {"HG_Likelihood_to_Buy_Scored_At__c", "2026-01-02T03:04:05.678+0000"}});
  const auto before = lead(id);
  for (const auto& name : {id, std::string("ADA@example.com")}) {
    const auto findings = examine(name, {{"scored_at_field", "HG_Likelihood_to_Buy_Scored_At__c"}});
    expect_only(findings, "nothing");
    EXPECT_EQ(of(findings, "write to " + id).found, "score 74, segment high");
    EXPECT_EQ(of(findings, "read back").health, Health::ok);
    EXPECT_EQ(of(findings, "put back").found, "now score 73, segment high");
  }
  EXPECT_EQ(patches(), 4U);
  const auto after = lead(id);
  for (const auto& name : {score_field, segment_field, signals_field, std::string("HG_Likelihood_to_Buy_Scored_At__c")})
    EXPECT_EQ(after.at(name), before.at(name)) << name;
}

TEST_F(SalesforceExaminationTest, EmptyFieldsAreEmptyAfterwards) {
  const auto id = put_lead({{"Email", "ben@example.com"}});
  expect_only(examine("ben@example.com"), "nothing");
  for (const auto& name : {score_field, segment_field, signals_field}) EXPECT_TRUE(lead(id).at(name).is_null()) << name;
}

TEST_F(SalesforceExaminationTest, ARefusedWriteChangesNothing) {
  const auto id = put_lead({{"Email", "cleo@example.com"}, {score_field, 5}});
  fault({{"fail_records", {{"cleo@example.com", "FIELD_CUSTOM_VALIDATION_EXCEPTION"}}}});
  const auto findings = examine("cleo@example.com");
  expect_only(findings, "write to " + id);
  EXPECT_THAT(of(findings, "write to " + id).found, HasSubstr("FIELD_CUSTOM_VALIDATION_EXCEPTION"));
  EXPECT_EQ(lead(id).at(score_field), json::value(5));
}

TEST_F(SalesforceExaminationTest, AWriteThatIsNotConfirmedIsTakenBackAllTheSame) {
  const json::object lost = {{"hang_after_commit", true}, {"times", 1}};
  const json::object cut = {{"method", "PATCH"}, {"cut_body", true}, {"times", 1}};
  const json::object failed = {{"method", "PATCH"}, {"status", 503}, {"times", 1}};
  for (const auto& what : {lost, cut, failed}) {
    SCOPED_TRACE(json::serialize(what));
    const auto id = put_lead({{"Email", "fay@example.com"}, {score_field, 73}, {segment_field, "high"}});
    fault(what);
    const auto findings = examine(id, {{"deadline_ms", "400"}});
    expect_only(findings, "write to " + id);
    EXPECT_THAT(of(findings, "write to " + id).remedy, HasSubstr(id + ": before, it had score 73, segment high"));
    EXPECT_EQ(of(findings, "put back").found, "now score 73, segment high");
    const auto after = lead(id);
    EXPECT_EQ(after.at(score_field), json::value(73));
    EXPECT_EQ(after.at(segment_field), json::value("high"));
    EXPECT_TRUE(after.at(signals_field).is_null());
  }
}

TEST_F(SalesforceExaminationTest, WhatTakesTooLongTellsWhatStoodThereAndIsPutBackLater) {
  const auto id = put_lead({{"Email", "gil@example.com"}, {score_field, 73}, {segment_field, "high"}});
  fault({{"hang_after_commit", true}, {"times", 1}});
  const auto findings = examine(id, {{"deadline_ms", "9000"}});
  expect_only(findings, "time");
  EXPECT_THAT(of(findings, "time").remedy, HasSubstr(id + ": before, it had score 73, segment high"));
  EXPECT_EQ(lead(id).at(score_field), json::value(74));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (lead(id).at(score_field) != json::value(73) && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(lead(id).at(score_field), json::value(73));
}

TEST_F(SalesforceExaminationTest, WhatCannotBePutBackIsTold) {
  const auto id = put_lead({{"Email", "dora@example.com"}});
  fault({{"method", "PATCH"}, {"body_contains", ":null"}, {"status", 503}});
  const auto findings = examine("dora@example.com");
  expect_only(findings, "put back");
  EXPECT_THAT(of(findings, "put back").remedy, HasSubstr("it had score none, segment none"));
}

TEST_F(SalesforceExaminationTest, WithoutAnOpenLeadNothingIsWritten) {
  put_lead({{"Email", "converted@example.com"}, {"IsConverted", true}});
  EXPECT_THAT(of(examine("converted@example.com"), "write").found, HasSubstr("only converted Leads"));
  EXPECT_THAT(of(examine("nobody@example.com"), "write").found, HasSubstr("no Lead matches"));
  EXPECT_THAT(of(examine("00Q00000000000A"), "write").found, HasSubstr("no Lead matches"));
  EXPECT_EQ(of(examine("ada@example.com", {{"score_field", "Nothing__c"}}), "write").health, Health::fail);
  EXPECT_EQ(patches(), 0U);
}

TEST_F(SalesforceExaminationTest, NoFindingNamesAPerson) {
  put_lead({{"Email", "eve.quetzal@example.com"}});
  for (const auto& finding : examine("eve.quetzal@example.com"))
    for (const auto& text : {finding.check, finding.found, finding.remedy})
      EXPECT_THAT(text, testing::Not(HasSubstr("quetzal")));
}

}  // namespace
}  // namespace leadlight::net
