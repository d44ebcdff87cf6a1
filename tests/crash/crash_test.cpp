// Goal: what was acknowledged survives SIGKILL at any moment and counts once; the CRM ends at the model's values.
// Method: a sender with an oracle outside the process repeats every batch, under the same ids, until it is
// acknowledged, while the server is killed at random moments under it. Each event is worth exactly one point, so the
// score counts them; each lead gets about a hundred, so that its score tells one more from one less, however long the
// test runs: from 200 on every lead has the score 100.
//
// LEADLIGHT_CRASH_CYCLES sets the number of kills (10 by default), LEADLIGHT_CRASH_SEED the moments.
#include "tests/support/processes.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <thread>

namespace leadlight::tests {
namespace {

constexpr std::size_t leads_at_once = 40;
constexpr std::uint64_t batches_a_lead = 5;  // then the next one takes the place of the oldest
constexpr std::size_t events_a_batch = 20;
constexpr std::int64_t events_told_apart = 200;  // the model's cap in points
constexpr std::size_t crm_step = 1'000;
constexpr std::size_t state_bytes_max = 256U << 20U;
constexpr const char* trigger_path = "/data-api/v2/scoring/behavioral/live";

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string email_of(std::size_t lead) {
  return fmt::format("crash{}@company{}.example", lead, lead % 9);
}

std::string trigger_of(std::size_t lead) {
  return fmt::format(R"({{"email":"{}","source":"salesforce"}})", email_of(lead));
}

void add_crm_leads(Installation& installation, std::size_t first, std::size_t end) {
  boost::json::array records;
  for (auto lead = first; lead < end; ++lead)
    records.push_back({{"Email", email_of(lead)}, {"LastName", fmt::format("Crash {}", lead)}, {"Company", "Test"}});
  installation.tell_sandbox("/_state/salesforce/Lead", serialize(boost::json::value{{"records", records}}));
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
      const std::size_t oldest = batch / batches_a_lead;
      make_room(oldest + leads_at_once);
      std::string body = "[";
      std::vector<std::size_t> touched;
      for (std::size_t i = 0; i < events_a_batch; ++i) {
        const auto lead = oldest + random_() % leads_at_once;
        touched.push_back(lead);
        body += fmt::format(R"({}{{"email":"{}","type":"page_viewed","event_id":"b{}-{}","occurred_at":{}}})",
                            i == 0 ? "" : ",", email_of(lead), batch, i, now_ms());
      }
      body += "]";
      if (!send_until_acknowledged("/v1/events", body, "events")) return;
      for (const auto lead : touched) ++acknowledged_[lead];
      if (!send_until_acknowledged(trigger_path, trigger_of(oldest + random_() % leads_at_once), "hg")) return;
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
  // The CRM knows a lead before the engine does.
  void make_room(std::size_t count) {
    if (acknowledged_.size() < count) acknowledged_.resize(count, 0);
    for (; in_crm_ < count; in_crm_ += crm_step) add_crm_leads(installation_, in_crm_, in_crm_ + crm_step);
  }
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
  std::size_t in_crm_ = 0;
  std::vector<std::int64_t> acknowledged_;  // events, by lead
};

using Objects = std::map<std::string, boost::json::object>;

Objects crm_leads(Installation& installation) {
  net::OutboundRequest request;
  request.method = "GET";
  request.url = installation.sandbox_url() + "/_state/salesforce/Lead";
  request.answer_bytes_max = state_bytes_max;
  const auto answer = installation.client().send_and_wait(std::move(request));
  Objects leads;
  EXPECT_TRUE(answer && answer->status == 200) << (answer ? answer->body : answer.error().what);
  if (!answer) return leads;
  const auto state = boost::json::parse(answer->body);
  for (const auto& record : state.at("records").as_array())
    if (record.at("Email").is_string()) leads[std::string{record.at("Email").as_string()}] = record.as_object();
  return leads;
}

// What became of each request, once it is over: "accepted" means that the writeback is still owed.
Objects outcomes_of(Installation& installation, const std::map<std::string, std::string>& request_ids) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  Objects over;
  for (const auto& [email, id] : request_ids) {
    auto view = installation.ask("/v1/requests/" + id).as_object();
    while (view.at("outcome").as_string() == "accepted" && std::chrono::steady_clock::now() < deadline) {
      pause_for(std::chrono::milliseconds{20});
      view = installation.ask("/v1/requests/" + id).as_object();
    }
    over[email] = std::move(view);
  }
  return over;
}

// Salesforce keeps whole seconds, and what it holds already is not sent again: what it holds may have been computed
// anywhere in that second, when an event more or less was known. So the value is compared with the model's at the
// instant, to the millisecond, that the last trigger's own writeback was computed for.
void check_crm(Installation& installation, const std::map<std::string, std::string>& request_ids) {
  const auto over = outcomes_of(installation, request_ids);
  const auto held = crm_leads(installation);
  for (const auto& [email, request] : over) {
    SCOPED_TRACE(email + " " + serialize(request));
    const auto outcome = request.at("outcome").as_string();
    ASSERT_TRUE(outcome == "written" || outcome == "unchanged");
    const std::string at{request.at("scored_at").as_string()};
    const auto view = installation.ask("/v1/leads/" + email + "?as_of=" + at);
    const auto score = view.at("score").to_number<std::int64_t>();
    EXPECT_EQ(request.at("score").to_number<std::int64_t>(), score);
    ASSERT_TRUE(held.contains(email));
    const auto& lead = held.at(email);
    ASSERT_TRUE(lead.at("HG_Likelihood_to_Buy_Score__c").is_number()) << serialize(lead);
    EXPECT_EQ(lead.at("HG_Likelihood_to_Buy_Score__c").to_number<std::int64_t>(), score) << serialize(lead);
    EXPECT_EQ(lead.at("HG_Likelihood_to_Buy_Segment__c").as_string(), view.at("segment").as_string());
    const std::string scored_at{lead.at("HG_Likelihood_to_Buy_Scored_At__c").as_string()};
    constexpr std::size_t whole_seconds = 19;  // 2026-05-01T12:00:00
    EXPECT_LE(scored_at.substr(0, whole_seconds), at.substr(0, whole_seconds));
    if (outcome == "written") {
      EXPECT_EQ(scored_at.substr(0, whole_seconds), at.substr(0, whole_seconds));
    }
  }
}

TEST(Crash, AcknowledgedEventsSurviveSigkillOnceAndTheCrmEndsAtTheModelsValues) {
  const auto cycles = number_from("LEADLIGHT_CRASH_CYCLES", 10);
  const auto seed = number_from("LEADLIGHT_CRASH_SEED", std::random_device{}());
  SCOPED_TRACE(::testing::Message() << "LEADLIGHT_CRASH_SEED=" << seed);
  std::mt19937_64 random{seed};
  Installation installation;
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
  std::map<std::string, std::string> request_ids;  // of each lead's last trigger
  for (std::size_t lead = 0; lead < sender.acknowledged().size(); ++lead) {
    const auto wanted = sender.acknowledged()[lead];
    if (wanted == 0) continue;
    ASSERT_LT(wanted, events_told_apart) << "the score would not tell one more from one less";
    // Whatever was not acknowledged has been repeated until it was, so the counts are equal.
    EXPECT_EQ(events_counted(installation.ask("/v1/leads/" + email_of(lead))), wanted) << email_of(lead);
    const auto answer = installation.send("POST", trigger_path, trigger_of(lead), "hg");
    ASSERT_TRUE(answer && answer->status == 202);
    request_ids[email_of(lead)] = boost::json::parse(answer->body).at("request_id").as_string();
  }
  ASSERT_FALSE(request_ids.empty());
  check_crm(installation, request_ids);
  const auto dead = installation.ask("/v1/admin/dead-letters");
  EXPECT_TRUE(dead.at("dead_letters").as_array().empty()) << serialize(dead);
  EXPECT_EQ(installation.server().kill(SIGTERM), 0);
  std::printf("%llu kills, %llu acknowledged requests, %zu leads, seed %llu\n", static_cast<unsigned long long>(cycles),
              static_cast<unsigned long long>(sender.requests.load()), request_ids.size(),
              static_cast<unsigned long long>(seed));
}

}  // namespace
}  // namespace leadlight::tests
