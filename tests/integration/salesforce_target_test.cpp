// The Salesforce connector against the sandbox's Salesforce, over loopback HTTP: look-up, comparison, writing, and
// every fault that the contract sheet names. Faults are ordered from the sandbox, never timed by luck.
#include "net/targets/salesforce.hpp"

#include "net/client/http_client.hpp"
#include "tools/sandbox/sandbox.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <boost/json.hpp>

#include <future>
#include <map>
#include <memory>
#include <set>
#include <utility>

namespace leadlight::net {
namespace {

namespace json = boost::json;
using actors::TargetReport;
using actors::TargetWrite;
using actors::TargetWriteResult;
using engine::Segment;
using engine::WriteOutcome;
using Options = std::vector<std::pair<std::string, std::string>>;

constexpr auto newest_score = engine::from_ms(1'770'000'000'000);

class SalesforceTargetTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started = sandbox::Sandbox::start("127.0.0.1:0", false);
    ASSERT_TRUE(started) << started.error().what;
    sandbox_ = std::move(*started);
  }
  void TearDown() override {
    client_->stop();
    sandbox_->stop();
  }

  std::string url(const std::string& path) const { return "http://" + sandbox_->address() + path; }

  json::value control(const std::string& method, const std::string& path, const json::value& body = nullptr) {
    OutboundRequest request;
    request.method = method;
    request.url = url(path);
    if (!body.is_null()) request.body = json::serialize(body);
    request.headers = {{"Content-Type", "application/json"}};
    const auto answer = client_->send_and_wait(std::move(request));
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().what);
    if (!answer) return nullptr;
    EXPECT_LT(answer->status, 300) << answer->body;
    return answer->body.empty() ? json::value(nullptr) : json::parse(answer->body);
  }
  void fault(json::object fault) {
    fault["target"] = "salesforce";
    control("POST", "/_faults", fault);
  }
  void forget_faults() { control("DELETE", "/_faults"); }

  std::vector<json::object> records(const std::string& object, const std::string& email) {
    std::vector<json::object> found;
    const auto state = control("GET", "/_state/salesforce/" + object);
    for (const auto& record : state.at("records").as_array()) {
      const auto& own = record.at("Email");
      if (own.is_string() && own.as_string() == email) found.push_back(record.as_object());
    }
    return found;
  }
  json::object lead(const std::string& email) {
    const auto found = records("Lead", email);
    EXPECT_FALSE(found.empty()) << email;
    return found.empty() ? json::object{} : found.front();
  }
  std::size_t calls(const std::string& method, const std::string& path) {
    const auto log = control("GET", "/_calls?target=salesforce&method=" + method + "&path=" + path);
    return log.at("calls").as_array().size();
  }
  std::size_t patches() { return calls("PATCH", "/services/data/v60.0/composite/sobjects"); }

  std::shared_ptr<actors::TargetConnector> connector(const Options& changes = {}, const Options& secrets = {}) {
    actors::TargetOptions options;
    options.kind = "salesforce";
    options.name = "crm";
    std::map<std::string, std::string> merged = {{"url", url("")}, {"client_id", "leadlight-demo"}};
    for (const auto& [name, value] : changes) merged[name] = value;
    options.options.assign(merged.begin(), merged.end());
    options.secrets = secrets.empty() ? Options{{"client_secret", "leadlight-demo-secret"}} : secrets;
    auto made = make_salesforce(options, client_, clock_);
    EXPECT_TRUE(made) << (made ? "" : made.error().what);
    return made ? *made : nullptr;
  }

  static TargetWrite write_for(std::string email, int score = 73, Segment segment = Segment::high,
                               std::string signals = "↑ Demo requested (today)") {
    static std::uint64_t lead = 0;
    TargetWrite write;
    write.lead = {1, ++lead};
    write.email = std::move(email);
    write.score = score;
    write.segment = segment;
    write.signals = std::move(signals);
    write.scored_at = newest_score;
    write.owed = lead;
    return write;
  }

  static TargetReport bring(actors::TargetConnector& target, std::vector<TargetWrite> writes, bool dry_run = false) {
    std::promise<TargetReport> promise;
    target.write(std::move(writes), dry_run, [&promise](TargetReport report) { promise.set_value(std::move(report)); });
    return promise.get_future().get();
  }
  static TargetWriteResult bring_one(actors::TargetConnector& target, TargetWrite write) {
    auto report = bring(target, {std::move(write)});
    EXPECT_FALSE(report.hold) << report.hold->reason;
    EXPECT_EQ(report.results.size(), 1U);
    return report.results.empty() ? TargetWriteResult{} : report.results.front();
  }
  static engine::Status check(actors::TargetConnector& target) {
    std::promise<engine::Status> promise;
    target.check([&promise](engine::Status status) { promise.set_value(std::move(status)); });
    return promise.get_future().get();
  }

  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::shared_ptr<HttpClient> client_ = HttpClient::make();
  actors::ClockPtr clock_ = std::make_shared<actors::SystemClock>();
};

// ---- the plain road

TEST_F(SalesforceTargetTest, WritesScoreSegmentAndSignalsToTheLead) {
  const auto target = connector({{"scored_at_field", "HG_Likelihood_to_Buy_Scored_At__c"}});
  const auto owner = lead("ada.holloway@example.com").at("OwnerId");
  const auto result = bring_one(*target, write_for("ada.holloway@example.com", 91, Segment::very_high));
  EXPECT_EQ(result.kind, TargetWriteResult::Kind::final);
  EXPECT_EQ(result.outcome, WriteOutcome::written);
  EXPECT_TRUE(result.differed);
  EXPECT_GT(result.written_at, engine::Timestamp{});
  const auto held = lead("ada.holloway@example.com");
  EXPECT_EQ(held.at("HG_Likelihood_to_Buy_Score__c"), json::value(91));
  EXPECT_EQ(held.at("HG_Likelihood_to_Buy_Segment__c"), json::value("very high"));
  EXPECT_EQ(held.at("HG_Likelihood_to_Buy_Signals__c"), json::value("↑ Demo requested (today)"));
  EXPECT_EQ(held.at("HG_Likelihood_to_Buy_Scored_At__c"), json::value("2026-02-02T02:40:00.000+0000"));
  EXPECT_EQ(held.at("OwnerId"), owner);  // Sforce-Auto-Assign: FALSE kept the assignment rule asleep
}

TEST_F(SalesforceTargetTest, WhatSalesforceHoldsAlreadyIsNotSent) {
  const auto target = connector();
  bring_one(*target, write_for("hana.novak@example.org"));
  const auto before = patches();
  const auto again = bring_one(*target, write_for("hana.novak@example.org"));
  EXPECT_EQ(again.outcome, WriteOutcome::unchanged);
  EXPECT_FALSE(again.differed);
  EXPECT_EQ(patches(), before);
  // A value that a person overwrote is repaired.
  EXPECT_EQ(bring_one(*target, write_for("hana.novak@example.org", 74)).outcome, WriteOutcome::written);
}

TEST_F(SalesforceTargetTest, AnAddressThatNobodyHasIsNoMatch) {
  const auto target = connector();
  const auto result = bring_one(*target, write_for("nobody@example.com"));
  EXPECT_EQ(result.kind, TargetWriteResult::Kind::final);
  EXPECT_EQ(result.outcome, WriteOutcome::no_match);
}

TEST_F(SalesforceTargetTest, FindsAddressesWithQuotesAndIgnoresCase) {
  const auto target = connector();
  EXPECT_EQ(bring_one(*target, write_for("fiona.o'brien@example.com")).outcome, WriteOutcome::written);
  EXPECT_EQ(bring_one(*target, write_for("jana.silva@example.com")).outcome, WriteOutcome::written);
  EXPECT_EQ(lead("Jana.Silva@example.com").at("HG_Likelihood_to_Buy_Score__c"), json::value(73));
  EXPECT_EQ(lead("jana.silva@example.com").at("HG_Likelihood_to_Buy_Score__c"), json::value(73));
}

TEST_F(SalesforceTargetTest, EveryOpenLeadOfAnAddressIsWritten) {
  const auto target = connector();
  EXPECT_EQ(bring_one(*target, write_for("sven.aalto@example.net")).outcome, WriteOutcome::written);
  for (const auto& record : records("Lead", "sven.aalto@example.net"))
    EXPECT_EQ(record.at("HG_Likelihood_to_Buy_Score__c"), json::value(73));
}

TEST_F(SalesforceTargetTest, EveryAddressOfAPersonIsWritten) {
  const auto target = connector();
  auto write = write_for("nobody@here.example", 88, Segment::very_high);
  write.other_emails = {"hana.novak@example.org", "not an address"};
  EXPECT_EQ(bring_one(*target, write).outcome, WriteOutcome::written);
  EXPECT_EQ(lead("hana.novak@example.org").at("HG_Likelihood_to_Buy_Score__c"), json::value(88));
  EXPECT_EQ(bring_one(*target, write).outcome, WriteOutcome::unchanged);
}

TEST_F(SalesforceTargetTest, OrOnlyTheNewest) {
  const auto target = connector({{"duplicates", "newest"}});
  control(
      "POST", "/_state/salesforce/Lead",
      json::parse(
          R"({"records":[{"LastName":"A","Company":"X","Email":"two@example.com","CreatedDate":"2026-01-02T00:00:00Z"},
                                     {"LastName":"B","Company":"X","Email":"two@example.com",
                                      "CreatedDate":"2026-01-01T00:00:00Z"}]})"));
  EXPECT_EQ(bring_one(*target, write_for("two@example.com")).outcome, WriteOutcome::written);
  const auto held = records("Lead", "two@example.com");
  ASSERT_EQ(held.size(), 2U);
  EXPECT_EQ(held[0].at("HG_Likelihood_to_Buy_Score__c"), json::value(73));
  EXPECT_TRUE(held[1].at("HG_Likelihood_to_Buy_Score__c").is_null());
}

TEST_F(SalesforceTargetTest, AConvertedLeadIsLeftAlone) {
  const auto target = connector();
  EXPECT_EQ(bring_one(*target, write_for("wanda.pryce@example.com")).outcome, WriteOutcome::converted_lead);
  EXPECT_EQ(patches(), 0U);
}

TEST_F(SalesforceTargetTest, UnlessContactsAreMapped) {
  const auto target = connector({{"write_contacts", "true"}});
  EXPECT_EQ(bring_one(*target, write_for("wanda.pryce@example.com")).outcome, WriteOutcome::written);
  EXPECT_EQ(records("Contact", "wanda.pryce@example.com").front().at("HG_Likelihood_to_Buy_Score__c"), json::value(73));
  EXPECT_EQ(bring_one(*target, write_for("wanda.pryce@example.com")).outcome, WriteOutcome::unchanged);
}

TEST_F(SalesforceTargetTest, AnOlderScoreNeverReplacesANewerOne) {
  const auto target = connector({{"scored_at_field", "HG_Likelihood_to_Buy_Scored_At__c"}});
  bring_one(*target, write_for("ivo.marek@bluekite.example", 80));
  auto older = write_for("ivo.marek@bluekite.example", 20, Segment::low);
  older.scored_at = newest_score - engine::hour;
  EXPECT_EQ(bring_one(*target, older).outcome, WriteOutcome::unchanged);
  EXPECT_EQ(lead("ivo.marek@bluekite.example").at("HG_Likelihood_to_Buy_Score__c"), json::value(80));
}

TEST_F(SalesforceTargetTest, ADryRunOnlyCompares) {
  const auto target = connector();
  const auto report = bring(*target, {write_for("ada.holloway@example.com"), write_for("nobody@example.com")}, true);
  ASSERT_EQ(report.results.size(), 2U);
  EXPECT_TRUE(report.results[0].differed);
  EXPECT_FALSE(report.results[1].differed);
  EXPECT_EQ(report.results[1].outcome, WriteOutcome::no_match);
  EXPECT_EQ(report.calls, 1U);
  EXPECT_EQ(patches(), 0U);
}

TEST_F(SalesforceTargetTest, OneTokenServesManyBatches) {
  const auto target = connector();
  for (int score = 1; score <= 3; ++score) bring_one(*target, write_for("ada.holloway@example.com", score));
  EXPECT_EQ(calls("POST", "/services/oauth2/token"), 1U);
}

TEST_F(SalesforceTargetTest, TellsHowMuchOfTheQuotaIsUsed) {
  const auto target = connector();
  fault({{"api_usage", "4500/5000"}});
  const auto report = bring(*target, {write_for("ada.holloway@example.com")});
  EXPECT_DOUBLE_EQ(report.quota_used.value_or(0), 0.9);
}

// ---- faults of single records

TEST_F(SalesforceTargetTest, OneRefusedRecordOf200LeavesTheOthersWritten) {
  json::array leads;
  std::vector<TargetWrite> writes;
  for (int i = 0; i < 200; ++i) {
    const auto email = "bulk" + std::to_string(i) + "@example.com";
    leads.push_back(json::object{{"LastName", "Bulk"}, {"Company", "Bulk"}, {"Email", email}});
    writes.push_back(write_for(email));
  }
  control("POST", "/_state/salesforce/Lead", json::object{{"records", std::move(leads)}});
  fault(
      {{"fail_records",
        {{"bulk17@example.com", "FIELD_CUSTOM_VALIDATION_EXCEPTION"}, {"bulk18@example.com", "UNABLE_TO_LOCK_ROW"}}}});
  const auto target = connector();
  const auto report = bring(*target, writes);
  ASSERT_EQ(report.results.size(), 200U);
  EXPECT_EQ(report.calls, 3U);  // two look-ups of 100 addresses, one collection
  for (std::size_t i = 0; i < 200; ++i) {
    SCOPED_TRACE(i);
    const auto& result = report.results[i];
    EXPECT_EQ(result.lead, writes[i].lead);
    EXPECT_EQ(result.kind, i == 18 ? TargetWriteResult::Kind::retry : TargetWriteResult::Kind::final);
    if (i != 18) {
      EXPECT_EQ(result.outcome, i == 17 ? WriteOutcome::dead_letter : WriteOutcome::written);
    }
  }
  EXPECT_EQ(report.results[17].code, "FIELD_CUSTOM_VALIDATION_EXCEPTION");
  EXPECT_EQ(report.results[18].code, "UNABLE_TO_LOCK_ROW");
  EXPECT_EQ(report.results[17].detail.find("bulk17"), std::string::npos);
}

TEST_F(SalesforceTargetTest, ALeadIsFinalOnlyWhenAllItsRecordsAreWritten) {
  const auto id = std::string(records("Lead", "sven.aalto@example.net")[1].at("Id").as_string());
  fault({{"fail_records", {{id, "UNABLE_TO_LOCK_ROW"}}}, {"times", 1}});
  const auto target = connector();
  EXPECT_EQ(bring_one(*target, write_for("sven.aalto@example.net")).kind, TargetWriteResult::Kind::retry);
  EXPECT_EQ(bring_one(*target, write_for("sven.aalto@example.net")).outcome, WriteOutcome::written);
  const auto log = control("GET", "/_calls?method=PATCH");
  const auto last = json::parse(log.at("calls").as_array().back().at("body").as_string());
  EXPECT_EQ(last.at("records").as_array().size(), 1U);  // the two that hold it already are not sent again
}

TEST_F(SalesforceTargetTest, ADeletedRecordIsLookedUpOnceMore) {
  fault({{"fail_records", {{"lena.baum@example.net", "ENTITY_IS_DELETED"}}}, {"times", 1}});
  const auto target = connector();
  EXPECT_EQ(bring_one(*target, write_for("lena.baum@example.net")).outcome, WriteOutcome::written);
  fault({{"fail_records", {{"lena.baum@example.net", "ENTITY_IS_DELETED"}}}});
  const auto result = bring_one(*target, write_for("lena.baum@example.net", 12));
  EXPECT_EQ(result.outcome, WriteOutcome::dead_letter);
  EXPECT_EQ(result.code, "ENTITY_IS_DELETED");
}

TEST_F(SalesforceTargetTest, TooLongSignalsAreCutOnceToTheLengthLearnt) {
  const auto target = connector({{"signals_field", "Short_Signals__c"}});
  EXPECT_EQ(target->signals_characters_max(), 1024U);
  const auto long_text =
      std::string("↑ Demo requested (today)\n↑ Pricing viewed (yesterday)\n↑ Webinar attended (12 days ago)");
  const auto result = bring_one(*target, write_for("milo@ferrer.example", 73, Segment::high, long_text));
  EXPECT_EQ(result.outcome, WriteOutcome::written);
  EXPECT_EQ(lead("milo@ferrer.example").at("Short_Signals__c"),
            json::value("↑ Demo requested (today)\n↑ Pricing viewed (yesterday)"));
  EXPECT_EQ(target->signals_characters_max(), 60U);
  EXPECT_EQ(bring_one(*target, write_for("milo@ferrer.example", 73, Segment::high, long_text)).outcome,
            WriteOutcome::unchanged);
}

TEST_F(SalesforceTargetTest, AWrongPicklistLabelIsADeadLetter) {
  const auto target = connector({{"segment_field", "Strict_Segment__c"}});
  const auto result = bring_one(*target, write_for("milo@ferrer.example"));
  EXPECT_EQ(result.outcome, WriteOutcome::dead_letter);
  EXPECT_EQ(result.code, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
}

// ---- faults of the whole target

TEST_F(SalesforceTargetTest, AnExpiredTokenIsReplacedOnce) {
  const auto target = connector();
  bring_one(*target, write_for("ada.holloway@example.com", 1));
  fault({{"expire_tokens", true}});
  EXPECT_EQ(bring_one(*target, write_for("ada.holloway@example.com", 2)).outcome, WriteOutcome::written);
  EXPECT_EQ(calls("POST", "/services/oauth2/token"), 2U);
}

TEST_F(SalesforceTargetTest, ARefusedNewTokenHoldsTheTarget) {
  const auto target = connector();
  bring_one(*target, write_for("ada.holloway@example.com", 1));
  fault({{"expire_tokens", true}, {"times", 2}});
  const auto report = bring(*target, {write_for("ada.holloway@example.com", 2)});
  ASSERT_TRUE(report.hold);
  EXPECT_TRUE(report.hold->operator_needed);
  EXPECT_TRUE(report.results.empty());
  EXPECT_EQ(bring_one(*target, write_for("ada.holloway@example.com", 2)).outcome, WriteOutcome::written);
}

TEST_F(SalesforceTargetTest, AWrongSecretHoldsWithoutTellingIt) {
  const auto target = connector({}, {{"client_secret", "not-the-secret"}});
  const auto report = bring(*target, {write_for("ada.holloway@example.com")});
  ASSERT_TRUE(report.hold);
  EXPECT_TRUE(report.hold->operator_needed);
  EXPECT_NE(report.hold->reason.find("invalid_client"), std::string::npos);
  EXPECT_EQ(report.hold->reason.find("not-the-secret"), std::string::npos);
}

TEST_F(SalesforceTargetTest, AServerThatIsDownHoldsWithoutAnOperator) {
  const auto target = connector();
  for (const int status : {500, 502, 503, 409, 420}) {
    SCOPED_TRACE(status);
    fault({{"status", status}, {"times", 1}, {"path", "/services/data"}});
    const auto report = bring(*target, {write_for("ada.holloway@example.com")});
    ASSERT_TRUE(report.hold);
    EXPECT_FALSE(report.hold->operator_needed);
    EXPECT_TRUE(report.results.empty());
  }
  fault({{"status", 503}, {"times", 1}, {"body", "<html>Down for maintenance</html>"}, {"retry_after", 20}});
  const auto report = bring(*target, {write_for("ada.holloway@example.com")});
  ASSERT_TRUE(report.hold);
  EXPECT_EQ(report.hold->retry_after, engine::Milliseconds{20'000});
  EXPECT_EQ(bring_one(*target, write_for("ada.holloway@example.com")).outcome, WriteOutcome::written);
}

TEST_F(SalesforceTargetTest, OneRecordThatIsAlwaysAnswered500HoldsUpNobody) {
  const std::vector<std::string> emails = {"ada.holloway@example.com", "dora@lindqvist.example",
                                           "uma@castellan.example"};
  std::vector<TargetWrite> writes;
  for (const auto& email : emails) writes.push_back(write_for(email));
  const auto poison = std::string(lead(emails[1]).at("Id").as_string());
  fault({{"status", 500}, {"error_code", "UNKNOWN_EXCEPTION"}, {"method", "PATCH"}, {"body_contains", poison}});
  const auto target = connector();
  const auto report = bring(*target, writes);
  EXPECT_FALSE(report.hold);
  ASSERT_EQ(report.results.size(), 3U);
  EXPECT_EQ(report.results[0].outcome, WriteOutcome::written);
  EXPECT_EQ(report.results[1].kind, TargetWriteResult::Kind::retry);
  EXPECT_EQ(report.results[1].code, "UNKNOWN_EXCEPTION");
  EXPECT_EQ(report.results[2].outcome, WriteOutcome::written);
  forget_faults();
  EXPECT_EQ(bring_one(*target, write_for(emails[1])).outcome, WriteOutcome::written);
}

TEST_F(SalesforceTargetTest, SeveralRecordsThatAreAlwaysAnswered500HoldUpNobody) {
  const auto state = control("GET", "/_state/salesforce/Lead");
  std::vector<TargetWrite> writes;
  std::vector<std::string> poisons;
  for (const auto& record : state.at("records").as_array()) {
    const auto& own = record.as_object();
    if (own.at("IsConverted").as_bool() || !own.at("Email").is_string() || writes.size() == 16) continue;
    const std::string email(own.at("Email").as_string());
    if (records("Lead", email).size() != 1) continue;
    if (writes.size() % 4 == 1) poisons.emplace_back(own.at("Id").as_string());
    writes.push_back(write_for(email));
  }
  ASSERT_EQ(poisons.size(), 4U);
  for (const auto& poison : poisons)
    fault({{"status", 500}, {"error_code", "UNKNOWN_EXCEPTION"}, {"method", "PATCH"}, {"body_contains", poison}});
  const auto target = connector();
  std::set<engine::LeadId> written;
  for (int batch = 0; batch < 20 && written.size() < 12; ++batch) {  // one is held only if three of the four come first
    const auto report = bring(*target, writes);
    for (std::size_t i = 0; i < report.results.size(); ++i) {
      const auto& result = report.results[i];
      const bool done = result.kind == TargetWriteResult::Kind::final;
      EXPECT_TRUE(!done || i % 4 != 1) << "a poison";
      if (done) written.insert(result.lead);
    }
  }
  EXPECT_EQ(written.size(), 12U);
}

TEST_F(SalesforceTargetTest, ARecordAloneThatIsAnswered500IsTriedAgainAndHoldsNothing) {
  fault({{"status", 500}, {"error_code", "UNKNOWN_EXCEPTION"}, {"method", "PATCH"}, {"times", 1}});
  const auto target = connector();
  const auto report = bring(*target, {write_for("ada.holloway@example.com")});
  EXPECT_FALSE(report.hold);
  ASSERT_EQ(report.results.size(), 1U);
  EXPECT_EQ(report.results[0].kind, TargetWriteResult::Kind::retry);
  EXPECT_EQ(bring_one(*target, write_for("ada.holloway@example.com", 2)).outcome, WriteOutcome::written);
}

TEST_F(SalesforceTargetTest, WhenNoRecordGetsPast500TheTargetIsHeldAfterAFewCalls) {
  std::vector<TargetWrite> writes;
  for (const auto* email : {"ada.holloway@example.com", "dora@lindqvist.example", "uma@castellan.example"})
    writes.push_back(write_for(email));
  fault({{"status", 500}, {"error_code", "UNKNOWN_EXCEPTION"}, {"method", "PATCH"}});
  const auto target = connector();
  const auto report = bring(*target, writes);
  ASSERT_TRUE(report.hold);
  EXPECT_FALSE(report.hold->operator_needed);
  EXPECT_TRUE(report.results.empty());
  EXPECT_LE(patches(), 7U);
  forget_faults();
  EXPECT_EQ(bring_one(*target, writes[0]).outcome, WriteOutcome::written);
}

TEST_F(SalesforceTargetTest, UsedUpLimitsPauseLongerEachTime) {
  const auto target = connector();
  const auto pause = [&](const char* limit) {
    fault({{"rate_limit", limit}, {"times", 1}});
    auto report = bring(*target, {write_for("ada.holloway@example.com")});
    EXPECT_TRUE(report.hold && !report.hold->operator_needed);
    return report.hold ? report.hold->retry_after.value_or(engine::Milliseconds{0}) : engine::Milliseconds{0};
  };
  EXPECT_EQ(pause("daily"), engine::Milliseconds{300'000});
  EXPECT_EQ(pause("daily"), engine::Milliseconds{600'000});
  EXPECT_EQ(pause("concurrent"), engine::Milliseconds{5'000});
  EXPECT_EQ(pause("burst"), engine::Milliseconds{1'000});  // 429 with Retry-After
  bring_one(*target, write_for("ada.holloway@example.com"));
  EXPECT_EQ(pause("daily"), engine::Milliseconds{300'000});  // a success forgets the growth
}

TEST_F(SalesforceTargetTest, ARecordLevelLimitTellsWhatWasWrittenAndHolds) {
  fault({{"fail_records", {{"dora@lindqvist.example", "REQUEST_LIMIT_EXCEEDED"}}}});
  const auto target = connector();
  const auto report = bring(*target, {write_for("ada.holloway@example.com"), write_for("dora@lindqvist.example")});
  ASSERT_EQ(report.results.size(), 2U);
  EXPECT_EQ(report.results[0].outcome, WriteOutcome::written);
  EXPECT_EQ(report.results[1].kind, TargetWriteResult::Kind::retry);
  EXPECT_TRUE(report.hold);
}

TEST_F(SalesforceTargetTest, ALostAnswerIsSentAgainWithoutHarm) {
  const auto target = connector({{"deadline_ms", "400"}});
  bring_one(*target, write_for("uma@castellan.example", 1));
  fault({{"hang_after_commit", true}, {"times", 1}});
  const auto report = bring(*target, {write_for("uma@castellan.example", 55, Segment::medium)});
  ASSERT_TRUE(report.hold);
  EXPECT_FALSE(report.hold->operator_needed);
  EXPECT_EQ(lead("uma@castellan.example").at("HG_Likelihood_to_Buy_Score__c"), json::value(55));  // it did happen
  const auto before = patches();
  EXPECT_EQ(bring_one(*target, write_for("uma@castellan.example", 55, Segment::medium)).outcome,
            WriteOutcome::unchanged);
  EXPECT_EQ(patches(), before);
}

TEST_F(SalesforceTargetTest, AnUnknownFieldHoldsTheTargetAndNamesIt) {
  const auto target = connector({{"score_field", "No_Such_Field__c"}});
  const auto report = bring(*target, {write_for("ada.holloway@example.com")});
  ASSERT_TRUE(report.hold);
  EXPECT_TRUE(report.hold->operator_needed);
  EXPECT_NE(report.hold->reason.find("No_Such_Field__c"), std::string::npos);
  EXPECT_EQ(report.hold->reason.find("ada.holloway"), std::string::npos);
}

TEST_F(SalesforceTargetTest, ARefusedQueryIsNarrowedDownToTheOneToBlame) {
  // Refuses the query of all, then the one of the first half, then the single one: the other half is still served.
  fault({{"status", 400}, {"error_code", "MALFORMED_QUERY"}, {"times", 1}, {"path", "/services/data/v60.0/query"}});
  const auto target = connector();
  const auto report = bring(*target, {write_for("ada.holloway@example.com"), write_for("dora@lindqvist.example")});
  ASSERT_EQ(report.results.size(), 2U);
  EXPECT_EQ(report.results[0].outcome, WriteOutcome::written);
  EXPECT_EQ(report.results[1].outcome, WriteOutcome::written);
  fault({{"status", 400}, {"error_code", "MALFORMED_QUERY"}, {"times", 1}, {"path", "/services/data/v60.0/query"}});
  const auto alone = bring_one(*target, write_for("ada.holloway@example.com", 3));
  EXPECT_EQ(alone.outcome, WriteOutcome::dead_letter);
  EXPECT_EQ(alone.code, "MALFORMED_QUERY");
}

TEST_F(SalesforceTargetTest, ATargetThatDoesNotAnswerIsHeld) {
  const auto target = connector({{"url", "http://127.0.0.1:1"}});
  const auto report = bring(*target, {write_for("ada.holloway@example.com")});
  ASSERT_TRUE(report.hold);
  EXPECT_FALSE(report.hold->operator_needed);
  const auto status = check(*target);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, engine::Errc::unavailable);
}

// ---- check and settings

TEST_F(SalesforceTargetTest, CheckAcceptsTheDefaultMapping) {
  EXPECT_TRUE(check(*connector()));
  EXPECT_TRUE(check(*connector({{"api_version", "v60.0"}, {"write_contacts", "true"}})));
}

TEST_F(SalesforceTargetTest, CheckNamesEveryFaultOfTheMapping) {
  const auto target = connector({{"score_field", "Locked_Score__c"},
                                 {"segment_field", "Strict_Segment__c"},
                                 {"signals_field", "Missing__c"},
                                 {"scored_at_field", "Title"}});
  const auto status = check(*target);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, engine::Errc::invalid);
  for (const auto* part :
       {"Lead.Locked_Score__c cannot be edited", "Lead.Strict_Segment__c is a restricted picklist", "\"very high\"",
        "Lead.Missing__c does not exist", "Lead.Title is of type string, not Date/Time"})
    EXPECT_NE(status.error().what.find(part), std::string::npos) << part << " in " << status.error().what;
}

TEST_F(SalesforceTargetTest, CheckLearnsTheLengthOfTheSignals) {
  const auto target = connector({{"signals_field", "Short_Signals__c"}});
  EXPECT_TRUE(check(*target));
  EXPECT_EQ(target->signals_characters_max(), 60U);
}

TEST_F(SalesforceTargetTest, ARetiredVersionNeedsAnOperator) {
  const auto status = check(*connector({{"api_version", "25.0"}}));
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().what.find("UNSUPPORTED_API_VERSION"), std::string::npos);
}

TEST_F(SalesforceTargetTest, WorksWithASignedAssertion) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048U), EVP_PKEY_free);
  const auto pem = [](auto write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    write(bio.get());
    std::string text(10'000, '\0');
    text.resize(static_cast<std::size_t>(BIO_read(bio.get(), text.data(), static_cast<int>(text.size()))));
    return text;
  };
  const auto secret =
      pem([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  const auto open = pem([&](BIO* bio) { PEM_write_bio_PUBKEY(bio, key.get()); });
  const Options options = {{"flow", "jwt_bearer"}, {"username", "integration@sandbox.example"}};
  const auto target = connector(options, {{"private_key", secret}});
  const auto refused = check(*target);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("invalid_grant"), std::string::npos);
  OutboundRequest upload;
  upload.method = "POST";
  upload.url = url("/_state/salesforce/public_key");
  upload.body = open;
  ASSERT_EQ(client_->send_and_wait(upload).value().status, 200);
  EXPECT_TRUE(check(*target));
  EXPECT_EQ(bring_one(*target, write_for("ada.holloway@example.com")).outcome, WriteOutcome::written);
}

TEST_F(SalesforceTargetTest, SettingsThatCannotWorkAreRefusedByName) {
  const auto refused = [&](const Options& options, const Options& secrets) {
    actors::TargetOptions own;
    own.options = options;
    own.secrets = secrets;
    const auto made = make_salesforce(own, client_, clock_);
    return made ? std::string("accepted") : made.error().field;
  };
  const Options secret = {{"client_secret", "s"}};
  const auto with = [](const char* name, const char* value) {
    return Options{{name, value}, {"url", "https://example.my.salesforce.com"}, {"client_id", "k"}};
  };
  EXPECT_EQ(refused({}, secret), "url");
  EXPECT_EQ(refused({{"url", "http://example.com"}, {"client_id", "k"}}, secret), "url");
  EXPECT_EQ(refused({{"url", "https://example.com"}}, secret), "client_id");
  EXPECT_EQ(refused({{"url", "https://example.com"}, {"client_id", "k"}}, {}), "client_secret");
  EXPECT_EQ(refused(with("flow", "password"), secret), "flow");
  EXPECT_EQ(refused(with("api_version", "sixty"), secret), "api_version");
  EXPECT_EQ(refused(with("score_field", "Score FROM Lead"), secret), "score_field");
  EXPECT_EQ(refused(with("duplicates", "oldest"), secret), "duplicates");
  EXPECT_EQ(refused(with("write_contacts", "maybe"), secret), "write_contacts");
  EXPECT_EQ(refused(with("flow", "jwt_bearer"), {}), "username");
  EXPECT_EQ(refused(with("api_version", "v62.0"), secret), "accepted");
}

}  // namespace
}  // namespace leadlight::net
