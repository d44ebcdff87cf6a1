// Goal: a failing disk, a full disk, a CRM that is down, slow, refusing or silent each have one clear outcome and lose
// nothing. Method: the real binary with faults injected below RocksDB or at the sandbox, asked over real sockets.
#include "tests/support/processes.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <thread>

namespace leadlight::tests {
namespace {

std::string event_of(const std::string& email, const std::string& id) {
  return fmt::format(R"({{"email":"{}","type":"demo_requested","event_id":"{}"}})", email, id);
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

class CrmFaults : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto state = installation_.ask_sandbox("/_state/salesforce/Lead");
    email_ = state.at("records").at(0).at("Email").as_string();
    ASSERT_TRUE(installation_.start());
    ASSERT_EQ(installation_.send("POST", "/v1/events", event_of(email_, "first"), "events")->status, 202);
    ASSERT_TRUE(eventually([&] { return held_score() == 56; }));  // 40 points: 50 + 20 × 10 / 30, floored
  }
  // Triggers after one more event; gives the request's id.
  std::string trigger() {
    EXPECT_EQ(installation_.send("POST", "/v1/events", event_of(email_, "second"), "events")->status, 202);
    const auto answer = installation_.send("POST", "/data-api/v2/scoring/behavioral/live",
                                           fmt::format(R"({{"email":"{}","source":"marketo"}})", email_), "hg");
    EXPECT_EQ(answer->status, 202);
    return std::string{boost::json::parse(answer->body).at("request_id").as_string()};
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
  // The CRM holds the request's score: by its own write, or by the one that the second event owed a moment before.
  bool settled(const std::string& request) {
    const auto answer = installation_.ask("/v1/requests/" + request, "hg");
    const auto& outcome = answer.at("outcome").as_string();
    return (outcome == "written" || outcome == "unchanged") && held_score() == 77;
  }

  Installation installation_;
  std::string email_;
};

TEST_F(CrmFaults, DownForAWhileIsWrittenWhenItIsBack) {
  installation_.tell_sandbox("/_faults", R"({"target":"salesforce","status":503,"times":3})");
  const auto request = trigger();
  EXPECT_TRUE(eventually([&] { return settled(request); }));  // 80 points: 70 + 15 × 20 / 40, floored a moment later
}

TEST_F(CrmFaults, AnExpiredTokenIsRenewedOnce) {
  installation_.tell_sandbox("/_faults", R"({"target":"salesforce","expire_tokens":true})");
  const auto request = trigger();
  EXPECT_TRUE(eventually([&] { return settled(request); }));
}

TEST_F(CrmFaults, SilenceAfterTheCommitEndsAtTheRightValue) {
  installation_.tell_sandbox(
      "/_faults",
      R"({"target":"salesforce","path":"/services/data/v60.0/composite","hang_after_commit":true,"times":1})");
  (void)trigger();
  EXPECT_TRUE(eventually([&] { return held_score() == 77; }));
}

TEST_F(CrmFaults, ARowLockIsTriedAgain) {
  installation_.tell_sandbox(
      "/_faults",
      fmt::format(R"({{"target":"salesforce","fail_records":{{"{}":"UNABLE_TO_LOCK_ROW"}},"times":1}})", email_));
  const auto request = trigger();
  EXPECT_TRUE(eventually([&] { return settled(request); }));
}

}  // namespace
}  // namespace leadlight::tests
