// Goal: what was acknowledged survives SIGKILL at any moment and counts once; the CRM ends at the model's values.
// Method: a sender with an oracle outside the process repeats every batch, under the same ids, until it is
// acknowledged, while the server is killed at random moments under it. Each event is worth exactly one point, so the
// score counts them.
//
// LEADLIGHT_CRASH_CYCLES sets the number of kills (10 by default), LEADLIGHT_CRASH_SEED the moments.
#include "tests/support/processes.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

namespace leadlight::tests {
namespace {

constexpr int leads = 40;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string email_of(int lead) {
  return fmt::format("crash{}@company{}.example", lead, lead % 9);
}

void pause_for(std::chrono::milliseconds span) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock guard{mutex};
  never.wait_for(guard, span);
}

// A model under which an event is worth one point, undiminished while the test runs: 10^15 ms would be better, 90 days
// must do, so points are counted by rounding up.
std::int64_t events_counted(const boost::json::value& view) {
  const auto raw = view.at("raw_micro_points").to_number<std::int64_t>();
  return (raw + 999'999) / 1'000'000;
}

class Sender {
 public:
  Sender(Installation& installation, std::uint64_t seed) : installation_(installation), random_(seed) {}

  // Sends batches until told to stop; a batch is repeated until it is acknowledged.
  void run() {
    for (std::uint64_t batch = 0; !stop_.load(); ++batch) {
      std::string body = "[";
      std::vector<int> touched;
      for (int i = 0; i < 20; ++i) {
        const int lead = static_cast<int>(random_() % leads);
        touched.push_back(lead);
        body += fmt::format(R"({}{{"email":"{}","type":"page_viewed","event_id":"b{}-{}","occurred_at":{}}})",
                            i == 0 ? "" : ",", email_of(lead), batch, i, now_ms());
      }
      body += "]";
      if (!send_until_acknowledged("/v1/events", body, "events")) return;
      for (const auto lead : touched) ++acknowledged_[static_cast<std::size_t>(lead)];
      const int lead = static_cast<int>(random_() % leads);
      const auto trigger = fmt::format(R"({{"email":"{}","source":"salesforce"}})", email_of(lead));
      if (!send_until_acknowledged("/data-api/v2/scoring/behavioral/live", trigger, "hg")) return;
    }
  }
  void stop() { stop_.store(true); }
  void set_url(const std::string& url) {
    const std::lock_guard guard{mutex_};
    url_ = url;
  }
  [[nodiscard]] const std::vector<std::int64_t>& acknowledged() const { return acknowledged_; }
  std::atomic<std::uint64_t> requests{0};

 private:
  static std::int64_t now_ms() { return engine::to_ms(actors::SystemClock{}.now()); }

  bool send_until_acknowledged(const std::string& path, const std::string& body, const char* surface) {
    for (;;) {
      net::OutboundRequest request;
      request.method = "POST";
      {
        const std::lock_guard guard{mutex_};
        request.url = url_ + path;
      }
      request.headers = {{"Authorization", "Bearer " + installation_.token(surface)},
                         {"Content-Type", "application/json"}};
      request.body = body;
      request.deadline = engine::Milliseconds{3'000};
      const auto answer = installation_.client().send_and_wait(std::move(request));
      if (answer && answer->status == 202) {
        requests.fetch_add(1);
        return true;
      }
      EXPECT_TRUE(!answer || answer->status == 503) << answer->status << ' ' << answer->body;
      if (answer && answer->status != 503) return false;
      pause_for(std::chrono::milliseconds{5});
    }
  }

  Installation& installation_;
  std::mt19937_64 random_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::string url_;
  std::vector<std::int64_t> acknowledged_ = std::vector<std::int64_t>(leads, 0);
};

void add_crm_leads(Installation& installation) {
  boost::json::array records;
  for (int lead = 0; lead < leads; ++lead)
    records.push_back({{"Email", email_of(lead)}, {"LastName", fmt::format("Crash {}", lead)}, {"Company", "Test"}});
  installation.tell_sandbox("/_state/salesforce/Lead", serialize(boost::json::value{{"records", records}}));
}

// Each Lead of the sandbox ends at the model's value for its instant of scoring, and that value is the newest.
void check_crm(Installation& installation) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  std::vector<std::string> wrong;
  do {
    wrong.clear();
    const auto state = installation.ask_sandbox("/_state/salesforce/Lead");
    for (const auto& record : state.at("records").as_array()) {
      const std::string email{record.at("Email").is_string() ? record.at("Email").as_string() : ""};
      if (!email.starts_with("crash")) continue;
      const auto& scored_at = record.at("HG_Likelihood_to_Buy_Scored_At__c");
      if (!scored_at.is_string()) {
        wrong.push_back(email + " was never written");
        continue;
      }
      auto at = std::string{scored_at.as_string()};
      if (at.ends_with("+0000")) at.replace(at.size() - 5, 5, "Z");
      const auto view = installation.ask("/v1/leads/" + email + "?as_of=" + at);
      const auto& held = record.at("HG_Likelihood_to_Buy_Score__c");
      if (held.to_number<std::int64_t>() != view.at("score").to_number<std::int64_t>())
        wrong.push_back(fmt::format("{} holds {}, the model said {} at {}", email, serialize(held),
                                    serialize(view.at("score")), at));
    }
    if (!wrong.empty()) pause_for(std::chrono::milliseconds{200});
  } while (!wrong.empty() && std::chrono::steady_clock::now() < deadline);
  for (const auto& line : wrong) ADD_FAILURE() << line;
}

TEST(Crash, AcknowledgedEventsSurviveSigkillOnceAndTheCrmEndsAtTheModelsValues) {
  const auto cycles = number_from("LEADLIGHT_CRASH_CYCLES", 10);
  const auto seed = number_from("LEADLIGHT_CRASH_SEED", std::random_device{}());
  SCOPED_TRACE(::testing::Message() << "LEADLIGHT_CRASH_SEED=" << seed);
  std::mt19937_64 random{seed};
  Installation installation;
  add_crm_leads(installation);
  ASSERT_TRUE(installation.start());
  Sender sender{installation, seed + 1};
  sender.set_url(installation.url());
  std::thread sending{[&] { sender.run(); }};
  for (std::uint64_t cycle = 0; cycle < cycles; ++cycle) {
    pause_for(std::chrono::milliseconds{random() % 700});
    installation.server().kill(SIGKILL);
    ASSERT_TRUE(installation.start()) << "cycle " << cycle;
    sender.set_url(installation.url());
  }
  pause_for(std::chrono::milliseconds{300});
  sender.stop();
  sending.join();
  for (int lead = 0; lead < leads; ++lead) {
    const auto wanted = sender.acknowledged()[static_cast<std::size_t>(lead)];
    if (wanted == 0) continue;
    // Whatever was not acknowledged has been repeated until it was, so the counts are equal.
    EXPECT_EQ(events_counted(installation.ask("/v1/leads/" + email_of(lead))), wanted) << email_of(lead);
    const auto trigger = fmt::format(R"({{"email":"{}","source":"salesforce"}})", email_of(lead));
    const auto answer = installation.send("POST", "/data-api/v2/scoring/behavioral/live", trigger, "hg");
    EXPECT_TRUE(answer && answer->status == 202);
  }
  check_crm(installation);
  const auto dead = installation.ask("/v1/admin/dead-letters");
  EXPECT_TRUE(dead.at("dead_letters").as_array().empty()) << serialize(dead);
  EXPECT_EQ(installation.server().kill(SIGTERM), 0);
  std::printf("%llu kills, %llu acknowledged requests, seed %llu\n", static_cast<unsigned long long>(cycles),
              static_cast<unsigned long long>(sender.requests.load()), static_cast<unsigned long long>(seed));
}

}  // namespace
}  // namespace leadlight::tests
