// Goal: on the HG surface a trigger is enough: the real binary learns from the CRM what the lead did, across outages,
// lost webhooks and kill -9. Method: server and sandbox as processes; values are compared with the model by hand.
#include "actors/clock.hpp"
#include "net/http/http.hpp"
#include "tests/support/processes.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::tests {
namespace {

namespace json = boost::json;
using engine::day;

constexpr const char* ann = "ann.source@alder.example";

void pause_for(std::chrono::milliseconds span) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock guard{mutex};
  never.wait_for(guard, span);
}

bool wait_until(const std::function<bool()>& holds, std::chrono::seconds most = std::chrono::seconds{30}) {
  const auto end = std::chrono::steady_clock::now() + most;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    pause_for(std::chrono::milliseconds{20});
  }
  return true;
}

std::string days_ago(int days) {
  auto text = net::format_time(actors::SystemClock{}.now() - days * day);
  return text.replace(text.size() - 1, 1, "+0000");
}

std::string put(Installation& installation, const std::string& object, const json::object& record) {
  net::OutboundRequest request;
  request.method = "POST";
  request.url = installation.sandbox_url() + "/_state/salesforce/" + object;
  request.headers = {{"Content-Type", "application/json"}};
  json::array records;
  records.push_back(record);
  request.body = json::serialize(json::object{{"records", records}});
  const auto answer = installation.client().send_and_wait(std::move(request));
  EXPECT_TRUE(answer && answer->status < 300);
  return std::string(json::parse(answer->body).at("ids").as_array().front().as_string());
}

// A Lead with five Tasks. The starter model gives a call 10/30 d, a mail 3/30 d, any other task 2/30 d:
// 10*(29/30) + 10*(15/30) + 3*(20/30) + 3*(10/30) + 2*(25/30) = 9.666… + 5 + 2 + 1 + 1.666… = 19.333…
// and 0 to 30 points are the scores 0 to 50: 32.
constexpr int five_score = 32;

std::string add_lead_with_five_tasks(Installation& installation, const std::string& email) {
  const auto lead = put(installation, "Lead", {{"Email", email}, {"LastName", "Source"}, {"Company", "Test"}});
  for (const auto& [subtype, days] : {std::pair{"Call", 1}, std::pair{"Call", 15}, std::pair{"Email", 10},
                                      std::pair{"Email", 20}, std::pair{"Task", 5}})
    put(installation, "Task",
        {{"WhoId", lead}, {"TaskSubtype", subtype}, {"Status", "Completed"}, {"CompletedDateTime", days_ago(days)}});
  return lead;
}

json::object crm_lead(Installation& installation, const std::string& email) {
  const auto state = installation.ask_sandbox("/_state/salesforce/Lead");
  for (const auto& record : state.at("records").as_array())
    if (record.at("Email").is_string() && record.at("Email").as_string() == email) return record.as_object();
  return {};
}

std::optional<double> crm_score(Installation& installation, const std::string& email) {
  const auto lead = crm_lead(installation, email);
  const auto* score = lead.if_contains("HG_Likelihood_to_Buy_Score__c");
  return score != nullptr && score->is_number() ? std::optional(score->to_number<double>()) : std::nullopt;
}

std::string trigger(Installation& installation, const std::string& email) {
  const auto body = fmt::format(R"({{"email":"{}","source":"salesforce"}})", email);
  const auto answer = installation.send("POST", "/data-api/v2/scoring/behavioral/live", body, "hg");
  EXPECT_TRUE(answer && answer->status == 202) << (answer ? answer->body : answer.error().what);
  return answer ? std::string(json::parse(answer->body).at("request_id").as_string()) : std::string{};
}

// Starts the server and waits for its first pull, so that what is added to the CRM afterwards is found by triggers.
bool start(Installation& installation) {
  return installation.start() && wait_until([&] {
           const auto sources = installation.ask("/v1/admin/sources");
           return sources.at("sources").as_array().front().at("polled_at").is_string();
         });
}

std::size_t events_of(Installation& installation, const std::string& email) {
  const auto answer = installation.send("GET", "/v1/leads/" + email + "/timeline", "", "admin");
  return answer && answer->status == 200 ? json::parse(answer->body).at("events").as_array().size() : 0;
}

TEST(Sources, AnEmptyServerALeadWithFiveTasksAndOneTrigger) {
  Installation installation;
  ASSERT_TRUE(start(installation));
  add_lead_with_five_tasks(installation, ann);
  const auto id = trigger(installation, ann);
  ASSERT_TRUE(wait_until([&] { return crm_score(installation, ann) == five_score; }))
      << json::serialize(crm_lead(installation, ann));
  const auto lead = crm_lead(installation, ann);
  EXPECT_EQ(lead.at("HG_Likelihood_to_Buy_Segment__c").as_string(), "low");
  EXPECT_THAT(std::string(lead.at("HG_Likelihood_to_Buy_Signals__c").as_string()), testing::HasSubstr("Call"));
  ASSERT_TRUE(
      wait_until([&] { return installation.ask("/v1/requests/" + id).at("outcome").as_string() == "written"; }));
  const auto status = installation.ask("/v1/requests/" + id);
  EXPECT_LE(status.at("accepted_at").as_string(), status.at("fetched_at").as_string());
  EXPECT_LE(status.at("fetched_at").as_string(), status.at("written_at").as_string());
  const auto receipt = installation.ask(std::string("/v1/leads/") + ann + "/receipt");
  std::int64_t sum = 0;
  for (const auto& line : receipt.at("contributions").as_array())
    sum += line.at("micro_points").to_number<std::int64_t>();
  EXPECT_EQ(sum, receipt.at("raw_micro_points").to_number<std::int64_t>());
}

TEST(Sources, WhatWasPushedWithTheRecordsIdIsNotCountedAgain) {
  Installation installation;
  ASSERT_TRUE(start(installation));
  const auto lead = put(installation, "Lead", {{"Email", ann}, {"LastName", "Source"}, {"Company", "Test"}});
  const auto task =
      put(installation, "Task",
          {{"WhoId", lead}, {"TaskSubtype", "Call"}, {"Status", "Completed"}, {"CompletedDateTime", days_ago(1)}});
  const auto pushed = fmt::format(R"({{"email":"{}","type":"call_completed","event_id":"{}","occurred_at":"{}"}})", ann,
                                  task, net::format_time(actors::SystemClock{}.now() - day));
  EXPECT_EQ(installation.send("POST", "/v1/events", pushed, "events")->status, 202);
  const auto id = trigger(installation, ann);
  ASSERT_TRUE(wait_until([&] {
    const auto outcome = std::string(installation.ask("/v1/requests/" + id).at("outcome").as_string());
    return outcome == "written" || outcome == "unchanged";
  }));
  EXPECT_EQ(events_of(installation, ann), 1U);
  EXPECT_EQ(crm_score(installation, ann), 16) << "10 * 29/30 points once";
}

TEST(Sources, ABurstOfTwoHundredIsFewCallsAndNoneIsLost) {
  Installation installation;
  ASSERT_TRUE(start(installation));
  json::array leads;
  for (int i = 0; i < 200; ++i)
    leads.push_back({{"Email", fmt::format("burst{}@alder.example", i)}, {"LastName", "B"}, {"Company", "T"}});
  installation.tell_sandbox("/_state/salesforce/Lead", json::serialize(json::object{{"records", leads}}));
  for (int i = 0; i < 200; ++i) trigger(installation, fmt::format("burst{}@alder.example", i));
  ASSERT_TRUE(wait_until([&] {
    for (int i = 0; i < 200; ++i)
      if (crm_score(installation, fmt::format("burst{}@alder.example", i)) != 0) return false;
    return true;
  }));
  const auto calls = installation.ask_sandbox("/_calls?method=GET&path=/services/data/v60.0/query");
  EXPECT_LE(calls.at("calls").as_array().size(), 300U) << "one by one it would be more than a thousand";
}

TEST(Sources, ASourceThatIsDownIsWaitedFor) {
  Installation installation;
  ASSERT_TRUE(start(installation));
  add_lead_with_five_tasks(installation, ann);
  installation.tell_sandbox("/_faults", R"({"target":"salesforce","status":503,"query_contains":"FROM Task"})");
  const auto id = trigger(installation, ann);
  ASSERT_TRUE(wait_until([&] {
    const auto sources = installation.ask("/v1/admin/sources");
    return sources.at("sources").as_array().front().at("state").as_string() == "held";
  }));
  EXPECT_EQ(installation.ask("/v1/requests/" + id).at("outcome").as_string(), "accepted");
  EXPECT_FALSE(crm_score(installation, ann)) << "not from half of the data";
  net::OutboundRequest request;
  request.method = "DELETE";
  request.url = installation.sandbox_url() + "/_faults";
  EXPECT_TRUE(installation.client().send_and_wait(std::move(request)));
  EXPECT_TRUE(wait_until([&] { return crm_score(installation, ann) == five_score; }, std::chrono::seconds{60}));
}

TEST(Sources, KilledInTheMiddleItComesToTheSameEnd) {
  Installation installation;
  ASSERT_TRUE(start(installation));
  add_lead_with_five_tasks(installation, ann);
  // While the source is being asked, between its answers, and while the score is on its way.
  for (const auto* slow : {"FROM Lead WHERE Email", "FROM Task", "FROM CampaignMember"}) {
    const auto email = fmt::format("kill{}@alder.example", std::string_view(slow).size());
    add_lead_with_five_tasks(installation, email);
    installation.tell_sandbox(
        "/_faults", fmt::format(R"({{"target":"salesforce","delay_ms":400,"query_contains":"{}","times":2}})", slow));
    const auto id = trigger(installation, email);
    pause_for(std::chrono::milliseconds{200});
    installation.server().kill(SIGKILL);
    ASSERT_TRUE(installation.start());
    ASSERT_TRUE(wait_until([&] { return crm_score(installation, email) == five_score; }, std::chrono::seconds{60}))
        << slow;
    EXPECT_TRUE(wait_until([&] {
      const auto outcome = std::string(installation.ask("/v1/requests/" + id).at("outcome").as_string());
      return outcome == "written" || outcome == "unchanged";
    })) << slow;
    EXPECT_EQ(events_of(installation, email), 5U);
  }
}

TEST(Sources, ThePullFindsWhatALostWebhookMissed) {
  ::setenv("LEADLIGHT_SOURCES_POLL_INTERVAL_SECONDS", "1", 1);
  Installation installation;
  ASSERT_TRUE(installation.start());
  add_lead_with_five_tasks(installation, ann);
  EXPECT_TRUE(wait_until([&] { return crm_score(installation, ann) == five_score; })) << "without any trigger";
  EXPECT_EQ(events_of(installation, ann), 5U);
  ::unsetenv("LEADLIGHT_SOURCES_POLL_INTERVAL_SECONDS");
}

TEST(Sources, AreAddedListedPulledAndRemovedByTheCommandLine) {
  Installation installation;
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.begin(), LEADLIGHT_BINARY);
    words.insert(words.end(), {"--data", installation.data().string()});
    Process process(words, installation.log());
    auto said = process.read_all();
    return std::pair(process.wait(), said);
  };
  EXPECT_THAT(run({"source", "list"}).second, testing::HasSubstr("salesforce-demo"));
  EXPECT_EQ(
      run({"source", "add", "salesforce", "second", "--target", "salesforce-demo", "--option", "history_days=5"}).first,
      0);
  EXPECT_EQ(run({"source", "add", "salesforce", "second", "--target", "salesforce-demo"}).first, 1);
  EXPECT_EQ(run({"source", "add", "salesforce", "third", "--target", "nobody"}).first, 1);
  EXPECT_THAT(run({"source", "list", "--json"}).second, testing::HasSubstr("\"history_days\":\"5\""));
  EXPECT_EQ(run({"source", "remove", "second"}).first, 0);
  EXPECT_EQ(run({"source", "remove", "second"}).first, 1);
  ASSERT_TRUE(installation.start());
  const auto pulled = installation.send("POST", "/v1/admin/sources/salesforce-demo/pull", "", "admin");
  ASSERT_TRUE(pulled);
  EXPECT_EQ(pulled->status, 200) << pulled->body;
}

}  // namespace
}  // namespace leadlight::tests
