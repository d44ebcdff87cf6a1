// Goal: a failing disk, a full disk, a CRM that is down, slow, refusing or silent each have one clear outcome and lose
// nothing. Method: the real binary with faults injected below RocksDB or at the sandbox, asked over real sockets.
#include "tests/support/processes.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <thread>
#include <vector>

namespace leadlight::tests {
namespace {

std::string event_of(const std::string& email, const std::string& type, const std::string& id) {
  return fmt::format(R"({{"email":"{}","type":"{}","event_id":"{}"}})", email, type, id);
}
std::string event_of(const std::string& email, const std::string& id) {
  return event_of(email, "demo_requested", id);
}

// Sets a variable for the server to be started, and takes it back.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

// Asks again until `done` says so, for at most 30 seconds.
template <class Done>
bool eventually(Done done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (std::chrono::steady_clock::now() < deadline) {
    if (done()) return true;
    std::this_thread::yield();
  }
  return false;
}

TEST(DiskFaults, AFailedSyncStopsTheProcessAndNothingUnsyncedWasAcknowledged) {
  Installation installation{{}, false};
  int acknowledged = 0;
  {
    const Variable faults{"LEADLIGHT_STORAGE_FAULTS", "sync:40"};
    ASSERT_TRUE(installation.start());
    for (int i = 0; i < 500; ++i) {
      const auto answer =
          installation.send("POST", "/v1/events", event_of("ann@acme.example", std::to_string(i)), "events");
      if (!answer || answer->status != 202) break;
      ++acknowledged;
    }
    EXPECT_GT(acknowledged, 0);
    EXPECT_LT(acknowledged, 500) << "the fault did not strike";
    EXPECT_NE(installation.server().wait(), 0);  // it ends by itself
  }
  ASSERT_TRUE(installation.start());
  const auto timeline = installation.ask("/v1/leads/ann@acme.example/timeline?limit=1000");
  const auto held = timeline.at("events").as_array().size();
  EXPECT_GE(held, static_cast<std::size_t>(acknowledged));
  EXPECT_LE(held, static_cast<std::size_t>(acknowledged) + 1);  // the one whose answer never came may have made it
}

TEST(DiskFaults, ANearlyFullDiskRefusesRecordsKeepsAnsweringAndComesBack) {
  Installation installation{{}, false};
  ASSERT_TRUE(installation.start());
  ASSERT_EQ(installation.send("POST", "/v1/events", event_of("bo@acme.example", "1"), "events")->status, 202);
  installation.server().kill(SIGTERM);
  {
    const Variable bytes{"LEADLIGHT_STORAGE_LOW_WATER_BYTES", "1000000000000000"};
    const Variable share{"LEADLIGHT_STORAGE_LOW_WATER_SHARE", "1.0"};
    ASSERT_TRUE(installation.start());
    ASSERT_TRUE(eventually([&] {
      const auto answer = installation.send("POST", "/v1/events", event_of("bo@acme.example", "2"), "events");
      return answer && answer->status == 503 && !answer->header("retry-after").empty() &&
             answer->body.find("disk is nearly full") != std::string::npos;
    }));
    EXPECT_EQ(installation.ask("/v1/leads/bo@acme.example").at("segment").as_string(), "medium");
    installation.server().kill(SIGTERM);
  }
  ASSERT_TRUE(installation.start());
  EXPECT_EQ(installation.send("POST", "/v1/events", event_of("bo@acme.example", "3"), "events")->status, 202);
}

TEST(DiskFaults, ASlowDiskDelaysAnswersButLosesNone) {
  Installation installation{{}, false};
  const Variable faults{"LEADLIGHT_STORAGE_FAULTS", "slow_sync:200"};
  ASSERT_TRUE(installation.start());
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(installation.send("POST", "/v1/events", event_of("cy@acme.example", std::to_string(i)), "events")->status,
              202);
}

TEST(Bursts, AThousandDistinctTriggersInASecondAreAllAccepted) {
  Installation installation;
  ASSERT_TRUE(installation.start());
  std::atomic<int> accepted{0};
  std::atomic<int> answered{0};
  for (int i = 0; i < 1'000; ++i) {
    net::OutboundRequest request;
    request.method = "POST";
    request.url = installation.url() + "/data-api/v2/scoring/behavioral/live";
    request.headers = {{"Authorization", "Bearer " + installation.token("hg")}, {"Content-Type", "application/json"}};
    request.body = fmt::format(R"({{"email":"burst{}@acme{}.example","source":"salesforce"}})", i, i % 50);
    installation.client().send(std::move(request), [&](engine::Result<net::OutboundAnswer> answer) {
      accepted += answer && answer->status == 202 ? 1 : 0;
      ++answered;
    });
  }
  ASSERT_TRUE(eventually([&] { return answered.load() == 1'000; }));
  EXPECT_EQ(accepted.load(), 1'000);
}

TEST(LargeLeads, AHundredThousandEventsOfOneLeadFoldAndStillSum) {
  Installation installation{{}, false};
  ASSERT_TRUE(installation.start());
  for (int batch = 0; batch < 10; ++batch) {
    std::string lines;
    for (int i = 0; i < 10'000; ++i) {
      const int number = batch * 10'000 + i;
      lines += fmt::format(R"({{"email":"big@acme.example","type":"email_clicked","event_id":"n{}","occurred_at":{}}})"
                           "\n",
                           number, engine::to_ms(actors::SystemClock{}.now()) - number * 20'000LL);
    }
    const auto answer = installation.send("POST", "/v1/events", lines, "events", engine::Milliseconds{60'000});
    ASSERT_TRUE(answer) << answer.error().what;
    ASSERT_EQ(answer->status, 202) << answer->body;
    EXPECT_EQ(boost::json::parse(answer->body).at("accepted").to_number<int>(), 10'000);
  }
  const auto receipt = installation.ask("/v1/leads/big@acme.example/receipt");
  std::int64_t sum = 0;
  bool folded = false;
  for (const auto& line : receipt.at("contributions").as_array()) {
    sum += line.at("micro_points").to_number<std::int64_t>();
    folded = folded || line.at("kind").as_string() == "folded";
  }
  EXPECT_EQ(sum, receipt.at("raw_micro_points").to_number<std::int64_t>());
  EXPECT_TRUE(folded);
}

constexpr const char* write_path = "/services/data/v60.0/composite";
constexpr const char* token_path = "/services/oauth2/token";

// The CRM holds 56, nothing is owed, and each test lets one trigger meet one fault. Nothing else calls the CRM: its
// activity source, which would use up faults and write other leads, is taken away.
class CrmFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto state = installation_.ask_sandbox("/_state/salesforce/Lead");
    email_ = state.at("records").at(0).at("Email").as_string();
    Process remove{{LEADLIGHT_BINARY, "source", "remove", "salesforce-demo", "--data", installation_.data()},
                   installation_.log()};
    ASSERT_EQ(remove.wait(), 0);
    ASSERT_TRUE(installation_.start());
    ASSERT_EQ(installation_.send("POST", "/v1/events", event_of(email_, "demo_requested", "first"), "events")->status,
              202);
    ASSERT_NE(outcome_of(request()), "accepted");
    ASSERT_EQ(held_score(), 56);  // 40 points: 50 + 20 × 10 / 30, floored a moment later
    forget_calls();
  }

  // A page view leaves segment and drift alone, so that it owes nothing for a quarter of an hour: what is written is
  // the trigger's own. Gives the request's id.
  std::string trigger() {
    EXPECT_EQ(installation_.send("POST", "/v1/events", event_of(email_, "page_viewed", "second"), "events")->status,
              202);
    return request();
  }
  // What became of the request, once it is over.
  std::string outcome_of(const std::string& id) {
    std::string outcome;
    (void)eventually([&] {
      outcome = installation_.ask("/v1/requests/" + id, "hg").at("outcome").as_string();
      return outcome != "accepted";
    });
    return outcome;
  }
  std::int64_t held_score() {
    const auto state = installation_.ask_sandbox("/_state/salesforce/Lead");
    for (const auto& record : state.at("records").as_array()) {
      const auto& score = record.at("HG_Likelihood_to_Buy_Score__c");
      if (record.at("Email").is_string() && record.at("Email").as_string() == email_ && score.is_number())
        return score.to_number<std::int64_t>();
    }
    return -1;
  }
  // How the CRM answered the calls to a path, in their order.
  std::vector<int> answers(const std::string& method, const std::string& path) {
    std::vector<int> all;
    const auto log = installation_.ask_sandbox("/_calls?target=salesforce&method=" + method + "&path=" + path);
    for (const auto& call : log.at("calls").as_array()) all.push_back(call.at("status").to_number<int>());
    return all;
  }
  // The target gives up waiting for an answer sooner than the demo's does.
  void shorten_deadline() {
    const boost::json::value target{{"kind", "salesforce"},
                                    {"name", "salesforce-demo"},
                                    {"replace", true},
                                    {"options",
                                     {{"client_id", "leadlight-demo"},
                                      {"deadline_ms", "1000"},
                                      {"scored_at_field", "HG_Likelihood_to_Buy_Scored_At__c"},
                                      {"url", installation_.sandbox_url()}}}};
    const auto answer = installation_.send("POST", "/v1/admin/targets", serialize(target), "admin");
    ASSERT_TRUE(answer && answer->status < 300) << answer->body;
    ASSERT_TRUE(eventually([&] {
      const auto row = installation_.ask("/v1/admin/targets").at("targets").at(0);
      return row.at("state").as_string() == "ready" && row.at("options").as_object().contains("deadline_ms");
    }));
    forget_calls();
  }
  void fault(const std::string& body) { installation_.tell_sandbox("/_faults", body); }

  Installation installation_;
  std::string email_;

 private:
  std::string request() {
    const auto answer = installation_.send("POST", "/data-api/v2/scoring/behavioral/live",
                                           fmt::format(R"({{"email":"{}","source":"marketo"}})", email_), "hg");
    EXPECT_EQ(answer->status, 202);
    return std::string{boost::json::parse(answer->body).at("request_id").as_string()};
  }
  void forget_calls() {
    net::OutboundRequest request;
    request.method = "DELETE";
    request.url = installation_.sandbox_url() + "/_calls";
    ASSERT_TRUE(installation_.client().send_and_wait(std::move(request)));
  }
};

TEST_F(CrmFaults, WithoutOneItIsOneWrite) {
  EXPECT_EQ(outcome_of(trigger()), "written");
  EXPECT_EQ(held_score(), 57);  // 41 points: 50 + 20 × 11 / 30, floored
  EXPECT_THAT(answers("PATCH", write_path), testing::ElementsAre(200));
  EXPECT_THAT(answers("POST", token_path), testing::IsEmpty());
}

TEST_F(CrmFaults, DownForAWhileIsWrittenWhenItIsBack) {
  fault(fmt::format(R"({{"target":"salesforce","path":"{}","status":503,"times":2}})", write_path));
  EXPECT_EQ(outcome_of(trigger()), "written");
  EXPECT_EQ(held_score(), 57);
  EXPECT_THAT(answers("PATCH", write_path), testing::ElementsAre(503, 503, 200));
}

TEST_F(CrmFaults, AnExpiredTokenIsRenewedOnce) {
  fault(fmt::format(R"({{"target":"salesforce","path":"{}","expire_tokens":true}})", write_path));
  EXPECT_EQ(outcome_of(trigger()), "written");
  EXPECT_EQ(held_score(), 57);
  EXPECT_THAT(answers("PATCH", write_path), testing::ElementsAre(401, 200));
  EXPECT_THAT(answers("POST", token_path), testing::ElementsAre(200));
}

TEST_F(CrmFaults, SilenceAfterTheCommitIsLookedUpAndNotWrittenAgain) {
  shorten_deadline();
  fault(fmt::format(R"({{"target":"salesforce","path":"{}","hang_after_commit":true,"times":1}})", write_path));
  EXPECT_EQ(outcome_of(trigger()), "unchanged");
  EXPECT_EQ(held_score(), 57);
  EXPECT_THAT(answers("PATCH", write_path), testing::ElementsAre(200));
}

TEST_F(CrmFaults, ARowLockIsTriedAgain) {
  fault(fmt::format(R"({{"target":"salesforce","fail_records":{{"{}":"UNABLE_TO_LOCK_ROW"}},"times":1}})", email_));
  EXPECT_EQ(outcome_of(trigger()), "written");
  EXPECT_EQ(held_score(), 57);
  EXPECT_THAT(answers("PATCH", write_path), testing::ElementsAre(200, 200)) << "the call succeeds, its record does not";
}

}  // namespace
}  // namespace leadlight::tests
