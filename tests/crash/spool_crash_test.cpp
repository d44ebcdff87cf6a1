// Goal: senders that never retry lose nothing: a burst of 200 callouts is accepted in full, also while the store is
// stalled, and what was acknowledged by the spool alone survives SIGKILL at any moment and counts once. Method: the
// real binary whose syncs are delayed below RocksDB, so that most answers come from the spool; each record is sent
// once.
//
// LEADLIGHT_SPOOL_CRASH_CYCLES sets the number of kills (4 by default), LEADLIGHT_CRASH_SEED the moments.
#include "tests/support/processes.hpp"
#include "tests/support/raw_client.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

namespace leadlight::tests {
namespace {

using namespace std::chrono_literals;  // NOLINT: the tests read better

constexpr const char* trigger_path = "/data-api/v2/scoring/behavioral/live";

// Sets a variable for the servers to be started, and takes it back.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

template <class Done>
bool eventually(Done done) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < deadline) {
    if (done()) return true;
    std::this_thread::yield();
  }
  return false;
}

std::int64_t metric(Installation& installation, const std::string& name) {
  const auto answer = installation.send("GET", "/metrics", "", "admin");
  if (!answer) return -1;
  const auto at = answer->body.find("\n" + name + " ");
  return at == std::string::npos ? -1 : static_cast<std::int64_t>(std::stod(answer->body.substr(at + name.size() + 2)));
}

struct Sent {
  int status = 0;
  std::string durability;
  std::string request_id;
};

// One request over a connection that is open.
Sent send_once(test::RawClient& client, const std::string& path, const std::string& body, const std::string& token) {
  client.request("POST", path, body, {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}});
  const auto answer = client.read_answer();
  if (!answer) return {};
  Sent sent;
  sent.status = answer->status;
  boost::json::error_code failed;
  const auto view = boost::json::parse(answer->body, failed);
  if (failed || sent.status != 202) return sent;
  sent.durability = std::string{view.at("durability").as_string()};
  sent.request_id = std::string{view.at("request_id").as_string()};
  return sent;
}

std::string trigger_of(const std::string& email) {
  return fmt::format(R"({{"email":"{}","source":"salesforce"}})", email);
}

// Every connection is open before the first request goes out; each sends its share, one distinct address a request.
std::vector<Sent> burst(const std::string& url, const std::string& token, int connections, int each) {
  const auto address = url.substr(std::string_view{"http://"}.size());
  std::vector<Sent> all(static_cast<std::size_t>(connections * each));
  std::atomic<int> connected{0};
  std::vector<std::thread> threads;
  for (int c = 0; c < connections; ++c)
    threads.emplace_back([&, c] {
      test::RawClient client{address};
      for (connected.fetch_add(1); connected.load() < connections;) std::this_thread::yield();
      for (int i = c * each; i < (c + 1) * each; ++i)
        all[static_cast<std::size_t>(i)] =
            send_once(client, trigger_path, trigger_of(fmt::format("burst{}@company{}.example", i, i % 7)), token);
    });
  for (auto& thread : threads) thread.join();
  return all;
}

// All accepted, under ids of their own, each of which tells an outcome.
void check_all_accepted(Installation& installation, const std::vector<Sent>& all) {
  std::set<std::string> ids;
  for (const auto& sent : all) {
    EXPECT_EQ(sent.status, 202);
    ids.insert(sent.request_id);
  }
  EXPECT_EQ(ids.size(), all.size());
  for (const auto& id : ids) EXPECT_EQ(installation.ask("/v1/requests/" + id).at("request_id").as_string(), id);
}

TEST(SpoolBurst, TwoHundredCalloutsAtOnceAreAllAccepted) {
  Installation installation{{}, false};
  ASSERT_TRUE(installation.start());
  const auto all = burst(installation.url(), installation.token("hg"), 200, 1);
  check_all_accepted(installation, all);
  EXPECT_EQ(installation.server().kill(SIGTERM), 0);
}

TEST(SpoolBurst, AThousandTriggersInASecondAreAllAccepted) {
  Installation installation{{}, false};
  ASSERT_TRUE(installation.start());
  const auto started = std::chrono::steady_clock::now();
  const auto all = burst(installation.url(), installation.token("hg"), 100, 10);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  check_all_accepted(installation, all);
  EXPECT_LT(took.count(), 10.0) << "all were accepted, but not in anything like a second";
  std::printf("1,000 triggers accepted in %.2f s\n", took.count());
}

TEST(SpoolBurst, TwoHundredCalloutsAtOnceAreAllAcceptedWhileTheStoreIsStalled) {
  const Variable faults{"LEADLIGHT_STORAGE_FAULTS", "slow_sync:1500"};
  const Variable wait{"LEADLIGHT_SPOOL_WAIT_MS", "100"};
  const Variable limit{"LEADLIGHT_ACTORS_IN_FLIGHT_MAX", "50"};  // most are refused by overload, the others by waiting
  Installation installation{{}, false};
  ASSERT_TRUE(installation.start());
  const auto all = burst(installation.url(), installation.token("hg"), 200, 1);
  std::size_t local = 0;
  for (const auto& sent : all) local += sent.durability == "local" ? 1U : 0U;
  EXPECT_GT(local, 100U) << "the store was not stalled";
  check_all_accepted(installation, all);
  ASSERT_TRUE(eventually([&] { return metric(installation, "leadlight_spool_pending") == 0; }));
  EXPECT_EQ(metric(installation, "leadlight_triggers_total"), 200);
  check_all_accepted(installation, all);
}

// Sends events and triggers, each once, whatever is answered.
class NeverRetrying {
 public:
  NeverRetrying(std::string events_token, std::string hg_token)
      : events_token_(std::move(events_token)), hg_token_(std::move(hg_token)) {}

  void run(const std::string& url, std::uint64_t seed) {
    test::RawClient client{url.substr(std::string_view{"http://"}.size())};
    std::mt19937_64 random{seed};
    for (std::uint64_t i = 0; client.connected(); ++i) {
      const auto email = fmt::format("once{}@company.example", random() % 10);
      const auto id = fmt::format("{}-{}", seed, i);
      const auto event =
          send_once(client, "/v1/events",
                    fmt::format(R"({{"email":"{}","type":"page_viewed","event_id":"{}"}})", email, id), events_token_);
      keep(event, event_ids_[email], id);
      const auto trigger = send_once(client, trigger_path, trigger_of(email), hg_token_);
      keep(trigger, triggers_, trigger.request_id);
      if (event.status == 0 || trigger.status == 0) return;  // the server is gone
    }
  }

  std::map<std::string, std::set<std::string>> event_ids_;  // acknowledged, by address
  std::set<std::string> triggers_;                          // request ids acknowledged
  std::size_t local = 0;
  std::size_t refused = 0;

 private:
  void keep(const Sent& sent, std::set<std::string>& ids, const std::string& id) {
    if (sent.status == 202) ids.insert(id);
    if (sent.status != 0 && sent.status != 202) ++refused;
    if (sent.durability == "local") ++local;
  }

  std::string events_token_;
  std::string hg_token_;
};

std::string token_that_spools(Installation& installation) {
  const auto made = installation.send(
      "POST", "/v1/admin/tokens", R"({"name":"never retries","scopes":["events"],"on_unavailable":"spool"})", "admin");
  EXPECT_TRUE(made && made->status == 201);
  return made ? std::string{boost::json::parse(made->body).at("key").as_string()} : std::string{};
}

void check_events(Installation& installation, const NeverRetrying& sender) {
  for (const auto& [email, ids] : sender.event_ids_) {
    if (ids.empty()) continue;
    const auto timeline = installation.ask("/v1/leads/" + email + "/timeline?limit=10000");
    std::set<std::string> held;
    for (const auto& row : timeline.at("events").as_array()) {
      const std::string id{row.at("event_id").as_string()};
      EXPECT_TRUE(held.insert(id).second) << email << ": " << id << " counts twice";
    }
    for (const auto& id : ids) EXPECT_TRUE(held.contains(id)) << email << ": " << id << " was acknowledged and is lost";
    // A page view is worth a point, undiminished while the test runs; an event not acknowledged may have made it.
    const auto raw = installation.ask("/v1/leads/" + email).at("raw_micro_points").to_number<std::int64_t>();
    EXPECT_EQ(static_cast<std::size_t>((raw + 999'999) / 1'000'000), held.size()) << email;
  }
}

TEST(SpoolCrash, WhatTheSpoolAcknowledgedSurvivesSigkillAndCountsOnce) {
  const char* text = std::getenv("LEADLIGHT_SPOOL_CRASH_CYCLES");
  const auto cycles = text == nullptr ? 4ULL : std::strtoull(text, nullptr, 10);
  const char* given = std::getenv("LEADLIGHT_CRASH_SEED");
  const std::uint64_t seed = given == nullptr ? std::random_device{}() : std::strtoull(given, nullptr, 10);
  SCOPED_TRACE(::testing::Message() << "LEADLIGHT_CRASH_SEED=" << seed);
  std::mt19937_64 random{seed};
  Installation installation;
  ASSERT_TRUE(installation.start());
  NeverRetrying sender{token_that_spools(installation), installation.token("hg")};
  EXPECT_EQ(installation.server().kill(SIGTERM), 0);
  {
    const Variable faults{"LEADLIGHT_STORAGE_FAULTS", "slow_sync:150"};
    const Variable wait{"LEADLIGHT_SPOOL_WAIT_MS", "20"};
    for (std::uint64_t cycle = 0; cycle < cycles; ++cycle) {
      ASSERT_TRUE(installation.start()) << "cycle " << cycle;
      std::thread sending{[&] { sender.run(installation.url(), seed + cycle + 1); }};
      std::mutex mutex;
      std::condition_variable never;
      std::unique_lock guard{mutex};
      never.wait_for(guard, std::chrono::milliseconds{200 + random() % 1'500});
      installation.server().kill(SIGKILL);
      sending.join();
    }
  }
  ASSERT_TRUE(installation.start());
  ASSERT_TRUE(eventually([&] { return metric(installation, "leadlight_spool_pending") == 0; }));
  EXPECT_EQ(metric(installation, "leadlight_spool_damaged_total"), 0);
  EXPECT_EQ(sender.refused, 0U);
  EXPECT_GT(sender.local, cycles) << "the spool was hardly used";
  check_events(installation, sender);
  for (const auto& id : sender.triggers_) {
    const auto view = installation.ask("/v1/requests/" + id);
    EXPECT_EQ(view.at("request_id").as_string(), id);
    EXPECT_EQ(view.at("durability").as_string(), "log") << id;
  }
  std::size_t events = 0;
  for (const auto& [email, ids] : sender.event_ids_) events += ids.size();
  std::printf("%llu kills, %zu events and %zu triggers acknowledged, %zu of them by the spool, seed %llu\n",
              static_cast<unsigned long long>(cycles), events, sender.triggers_.size(), sender.local,
              static_cast<unsigned long long>(seed));
}

}  // namespace
}  // namespace leadlight::tests
