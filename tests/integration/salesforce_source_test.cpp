// Goal: the Salesforce source tells what the stand-in holds, whole or not at all. Method: the source over HTTP against
// the sandbox, with its faults.
#include "net/sources/salesforce_source.hpp"

#include "tools/sandbox/sandbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <future>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::net {
namespace {

namespace json = boost::json;
using actors::FetchAnswer;
using actors::FetchReport;
using actors::PollReport;
using engine::day;
using engine::Timestamp;
using testing::HasSubstr;
using Options = std::map<std::string, std::string>;

class SalesforceSourceTest : public testing::Test {
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
    EXPECT_TRUE(answer && answer->status < 300) << path << (answer ? answer->body : answer.error().what);
    return answer && !answer->body.empty() ? json::parse(answer->body) : json::value(nullptr);
  }
  void fault(json::object fault) {
    fault["target"] = "salesforce";
    control("POST", "/_faults", fault);
  }
  std::string put(const std::string& object, const json::object& record) {
    json::array records;
    records.push_back(record);
    const auto stored = control("POST", "/_state/salesforce/" + object, json::object{{"records", records}});
    return std::string(stored.at("ids").as_array().front().as_string());
  }
  std::string lead(const std::string& email) {
    return put("Lead", {{"Email", email}, {"LastName", "Test"}, {"Company", "Test"}});
  }
  std::string text_of(Timestamp at) const {
    auto text = format_time(at);
    return text.replace(text.size() - 1, 1, "+0000");
  }
  std::string call(const std::string& who, int days) {
    return put("Task", {{"WhoId", who},
                        {"TaskSubtype", "Call"},
                        {"Status", "Completed"},
                        {"CompletedDateTime", text_of(now_ - days * day)}});
  }
  std::size_t queries() {
    return control("GET", "/_calls?method=GET&path=/services/data/v60.0/query").at("calls").as_array().size();
  }

  std::shared_ptr<actors::ActivitySource> source(const Options& changes = {}) {
    actors::TargetOptions options{1, "salesforce", "crm", {}, {{"client_secret", "leadlight-demo-secret"}}};
    Options merged = {
        {"url", "http://" + sandbox_->address()}, {"client_id", "leadlight-demo"}, {"deadline_ms", "5000"}};
    for (const auto& [name, value] : changes) merged[name] = value;
    options.options.assign(merged.begin(), merged.end());
    auto made = make_salesforce_source(options, client_, std::make_shared<actors::SystemClock>());
    EXPECT_TRUE(made) << (made ? "" : made.error().what);
    return made ? *made : nullptr;
  }

  FetchReport fetch(actors::ActivitySource& source, std::vector<std::string> emails) {
    std::promise<FetchReport> promise;
    source.fetch(std::move(emails), now_ - engine::window_span,
                 [&promise](FetchReport report) { promise.set_value(std::move(report)); });
    return promise.get_future().get();
  }
  static PollReport poll(actors::ActivitySource& source, std::string cursor) {
    std::promise<PollReport> promise;
    source.poll(std::move(cursor), [&promise](PollReport report) { promise.set_value(std::move(report)); });
    return promise.get_future().get();
  }

  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::shared_ptr<HttpClient> client_ = HttpClient::make();
  Timestamp now_ = actors::SystemClock{}.now();
};

std::vector<std::string> types_of(const std::vector<actors::Activity>& activities) {
  std::vector<std::string> types;
  for (const auto& activity : activities) types.push_back(activity.type);
  std::sort(types.begin(), types.end());
  return types;
}

TEST_F(SalesforceSourceTest, TellsTasksEventsAndAnswersOfLeadsAndContacts) {
  const auto who = lead("Ann@alder.example");
  const auto task = call(who, 3);
  put("Task", {{"WhoId", who}, {"TaskSubtype", "Call"}, {"Status", "Not Started"}});
  const auto contact = put("Contact", {{"Email", "ann@alder.example"}, {"LastName", "Test"}});
  put("Event", {{"WhoId", contact}, {"StartDateTime", text_of(now_ - 5 * day)}});
  put("Event", {{"WhoId", contact}, {"StartDateTime", text_of(now_ + 5 * day)}});
  put("CampaignMember", {{"LeadId", who}, {"HasResponded", true}, {"FirstRespondedDate", text_of(now_).substr(0, 10)}});
  call(who, 100);
  lead("ben@alder.example");
  auto own = source();
  const auto report =
      fetch(*own, {"ann@alder.example", "ben@alder.example", "nobody@alder.example", "o'x\\@alder.example"});
  ASSERT_FALSE(report.fault) << report.fault->reason;
  ASSERT_EQ(report.answers.size(), 4U);
  EXPECT_EQ(report.answers[0].kind, FetchAnswer::Kind::activities);
  EXPECT_THAT(types_of(report.answers[0].activities),
              testing::ElementsAre("call_completed", "campaign_responded", "meeting_attended"));
  for (const auto& activity : report.answers[0].activities) {
    if (activity.type != "call_completed") continue;
    EXPECT_EQ(activity.event_id, task);
  }
  for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(report.answers[i].kind, FetchAnswer::Kind::none) << i;
}

TEST_F(SalesforceSourceTest, TwoHundredAddressesAreAHandfulOfCalls) {
  json::array leads;
  std::vector<std::string> emails;
  for (int i = 0; i < 200; ++i) {
    emails.push_back("p" + std::to_string(i) + "@alder.example");
    leads.push_back({{"Email", emails.back()}, {"LastName", "Test"}, {"Company", "Test"}});
  }
  const auto ids = control("POST", "/_state/salesforce/Lead", json::object{{"records", leads}}).at("ids").as_array();
  json::array tasks;
  for (const auto& id : ids)
    tasks.push_back(
        {{"WhoId", id}, {"TaskSubtype", "Call"}, {"Status", "Completed"}, {"CompletedDateTime", text_of(now_)}});
  control("POST", "/_state/salesforce/Task", json::object{{"records", tasks}});
  auto own = source();
  const auto report = fetch(*own, emails);
  ASSERT_FALSE(report.fault) << report.fault->reason;
  for (const auto& answer : report.answers) EXPECT_EQ(answer.activities.size(), 1U);
  EXPECT_LE(report.calls, 10U);
}

TEST_F(SalesforceSourceTest, PagesAreFollowedToTheLast) {
  const auto who = lead("ann@alder.example");
  for (int i = 0; i < 7; ++i) call(who, i + 1);
  fault({{"page_records", 2}});
  auto own = source();
  const auto report = fetch(*own, {"ann@alder.example"});
  ASSERT_FALSE(report.fault) << report.fault->reason;
  EXPECT_EQ(report.answers.front().activities.size(), 7U);
}

TEST_F(SalesforceSourceTest, APageThatIsCutOrLostIsNoAnswer) {
  const auto who = lead("ann@alder.example");
  for (int i = 0; i < 7; ++i) call(who, i + 1);
  auto own = source();
  fault({{"cut_body", true}, {"query_contains", "FROM Task"}, {"times", 1}});
  EXPECT_TRUE(fetch(*own, {"ann@alder.example"}).fault);
  fault({{"page_records", 2}, {"query_contains", "FROM Task"}});
  fault({{"path", "/services/data/v60.0/query/"}, {"status", 400}, {"error_code", "INVALID_QUERY_LOCATOR"}});
  const auto lost = fetch(*own, {"ann@alder.example"});
  ASSERT_TRUE(lost.fault);
  EXPECT_THAT(lost.fault->reason, HasSubstr("INVALID_QUERY_LOCATOR"));
  control("DELETE", "/_faults");
  EXPECT_EQ(fetch(*own, {"ann@alder.example"}).answers.front().activities.size(), 7U);
}

TEST_F(SalesforceSourceTest, HalfAnAnswerIsNone) {
  const auto who = lead("ann@alder.example");
  call(who, 1);
  auto own = source();
  fault({{"status", 503}, {"query_contains", "FROM Event"}});
  const auto report = fetch(*own, {"ann@alder.example"});
  ASSERT_TRUE(report.fault);
  EXPECT_FALSE(report.fault->operator_needed);
  EXPECT_TRUE(report.answers.empty());
}

TEST_F(SalesforceSourceTest, LimitsSayHowLongAndMissingRightsSayWhat) {
  lead("ann@alder.example");
  auto own = source();
  fault({{"rate_limit", "daily"}, {"times", 1}});
  const auto daily = fetch(*own, {"ann@alder.example"});
  ASSERT_TRUE(daily.fault);
  ASSERT_TRUE(daily.fault->retry_after);
  EXPECT_GE(*daily.fault->retry_after, engine::Milliseconds{300'000});
  control("DELETE", "/_faults");
  fault({{"rate_limit", "burst"}, {"retry_after", 7}, {"times", 2}});
  EXPECT_EQ(fetch(*own, {"ann@alder.example"}).fault->retry_after, engine::Milliseconds{7'000});
  control("DELETE", "/_faults");
  fault({{"status", 400},
         {"error_code", "INVALID_TYPE"},
         {"message", "sObject type 'CampaignMember' is not supported."},
         {"query_contains", "FROM Lead"}});
  const auto denied = fetch(*own, {"ann@alder.example"});
  ASSERT_TRUE(denied.fault);
  EXPECT_TRUE(denied.fault->operator_needed);
  EXPECT_THAT(denied.fault->reason, HasSubstr("CampaignMember"));
}

TEST_F(SalesforceSourceTest, ATokenThatExpiresIsFetchedAnew) {
  call(lead("ann@alder.example"), 1);
  auto own = source();
  EXPECT_FALSE(fetch(*own, {"ann@alder.example"}).fault);
  fault({{"expire_tokens", true}});
  const auto report = fetch(*own, {"ann@alder.example"});
  ASSERT_FALSE(report.fault) << report.fault->reason;
  EXPECT_EQ(report.answers.front().activities.size(), 1U);
}

TEST_F(SalesforceSourceTest, AnAddressThatIsRefusedFailsAlone) {
  call(lead("ann@alder.example"), 1);
  fault({{"status", 400}, {"error_code", "MALFORMED_QUERY"}, {"query_contains", "bad@alder.example"}});
  auto own = source();
  const auto report = fetch(*own, {"ann@alder.example", "bad@alder.example", "cid@alder.example"});
  ASSERT_FALSE(report.fault) << report.fault->reason;
  EXPECT_EQ(report.answers[0].kind, FetchAnswer::Kind::activities);
  EXPECT_EQ(report.answers[1].kind, FetchAnswer::Kind::failed);
  EXPECT_EQ(report.answers[2].kind, FetchAnswer::Kind::none);
}

TEST_F(SalesforceSourceTest, APollTellsWhatIsNewAndGoesOnFromThere) {
  const auto who = lead("ann@alder.example");
  auto own = source();
  auto first = poll(*own, own->first_cursor(now_ - day));
  ASSERT_FALSE(first.fault) << first.fault->reason;
  EXPECT_TRUE(first.activities.empty());
  call(who, 2);
  put("CampaignMember", {{"LeadId", who}, {"HasResponded", true}, {"FirstRespondedDate", text_of(now_).substr(0, 10)}});
  auto second = poll(*own, first.cursor);
  EXPECT_THAT(types_of(second.activities), testing::ElementsAre("call_completed", "campaign_responded"));
  EXPECT_FALSE(second.more);
  EXPECT_EQ(second.activities.front().email, "ann@alder.example");
  // The overlap tells it again, under the same id.
  const auto third = poll(*own, second.cursor);
  EXPECT_THAT(types_of(third.activities), testing::ElementsAre("call_completed", "campaign_responded"));
}

TEST_F(SalesforceSourceTest, APollOfManyGoesStepByStep) {
  const auto who = lead("ann@alder.example");
  json::array tasks;
  for (int i = 0; i < 4'500; ++i)
    tasks.push_back(
        {{"WhoId", who}, {"TaskSubtype", "Call"}, {"Status", "Completed"}, {"CompletedDateTime", text_of(now_)}});
  control("POST", "/_state/salesforce/Task", json::object{{"records", tasks}});
  auto own = source();
  std::map<std::string, int> told;
  auto cursor = own->first_cursor(now_ - day);
  for (int step = 0; step < 10; ++step) {
    const auto report = poll(*own, cursor);
    ASSERT_FALSE(report.fault) << report.fault->reason;
    for (const auto& activity : report.activities) ++told[activity.event_id];
    cursor = report.cursor;
    if (!report.more) break;
    EXPECT_GE(report.activities.size(), 1'000U);
  }
  EXPECT_EQ(told.size(), 4'500U);
}

TEST_F(SalesforceSourceTest, OptionsAreChecked) {
  const auto fault_of = [this](const Options& changes) {
    actors::TargetOptions options{1, "salesforce", "crm", {}, {{"client_secret", "x"}}};
    Options merged = {{"url", "https://example.my.salesforce.com"}, {"client_id", "x"}};
    for (const auto& [name, value] : changes) merged[name] = value;
    options.options.assign(merged.begin(), merged.end());
    const auto made = make_salesforce_source(options, client_, std::make_shared<actors::SystemClock>());
    return made ? std::string{"none"} : made.error().field + ": " + made.error().what;
  };
  EXPECT_EQ(fault_of({}), "none");
  EXPECT_EQ(fault_of({{"history_days", "30"}}), "none");
  EXPECT_THAT(fault_of({{"history_days", "91"}}), HasSubstr("history_days must be a whole number from 0 to 90"));
  EXPECT_THAT(fault_of({{"mapping", "[[activity]]"}, {"mapping_name", "mine.toml"}}),
              HasSubstr("mapping: mine.toml:1:"));
  EXPECT_THAT(fault_of({{"url", ""}}), HasSubstr("url is missing"));
  EXPECT_THAT(fault_of({{"nonsense", "1"}}), HasSubstr("nonsense is not an option"));
}

}  // namespace
}  // namespace leadlight::net
