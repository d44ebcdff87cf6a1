// Goal: a reader of `GET /v1/stream` who comes back with the last id misses nothing, whatever happens to the server.
// Method: a server is fed in batches and ended by kill -9 at random moments, a reader goes on from its last id each
// time, and in the end must know of every acknowledged lead the score that the server says it has.
#include "tests/support/processes.hpp"
#include "tests/support/sse_client.hpp"

#include <fmt/format.h>

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <thread>

namespace leadlight::tests {
namespace {

namespace json = boost::json;
using test::SseClient;

class StreamTest : public testing::Test {
 protected:
  StreamTest() { EXPECT_TRUE(installation_.start()); }

  [[nodiscard]] std::string address() const { return installation_.url().substr(7); }
  std::unique_ptr<SseClient> listen(const std::string& last_event_id = {}, const std::string& query = {}) {
    return std::make_unique<SseClient>(address(), "/v1/stream" + query, installation_.token("admin"), last_event_id);
  }

  /// A batch of events of `leads` leads from number `first` on; whether it was acknowledged.
  bool send_batch(int first, int leads, const std::string& type = "demo_requested") {
    std::string body = "[";
    for (int i = first; i < first + leads; ++i)
      body += fmt::format(R"({}{{"email":"lead{}@firm{}.example","type":"{}","event_id":"{}-{}"}})",
                          i == first ? "" : ",", i, i % 97, type, type, i);
    const auto answer = installation_.send("POST", "/v1/events", body + "]", "events");
    return answer && answer->status == 202;
  }

  Installation installation_{{}, false};
};

std::string email_of(const test::SseEvent& event) {
  return std::string(json::parse(event.data).at("email").as_string());
}

TEST_F(StreamTest, EveryLeadIsHeardOfOnceOverManyConnections) {
  constexpr int leads = 4'000;
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  auto client = listen({}, "?types=score");
  ASSERT_TRUE(client->next());
  std::thread writer([&] {
    for (int i = 0; i < leads; i += 100) EXPECT_TRUE(send_batch(i, 100));
  });
  std::map<std::string, int> heard;
  while (heard.size() < leads) {
    for (auto left = 1 + random() % 400; left > 0 && heard.size() < leads; --left) {
      const auto event = client->next();
      if (!event) break;
      if (event->type == "score") ++heard[email_of(*event)];
    }
    client = listen(client->last_event_id(), "?types=score");
    const auto first = client->next();
    ASSERT_TRUE(first);
    EXPECT_EQ(json::parse(first->data).at("from").as_string(), "exact");
  }
  writer.join();
  for (const auto& [email, times] : heard) ASSERT_EQ(times, 1) << email;
}

TEST_F(StreamTest, NothingIsMissedOverKillNine) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  std::map<std::string, std::int64_t> heard;
  std::set<int> acknowledged;
  std::string last_id;
  bool rebuilt = false;
  const auto read = [&](SseClient& client, std::size_t events) {
    for (; events > 0; --events) {
      const auto event = client.next();
      if (!event) return;
      last_id = event->id;
      const auto data = json::parse(event->data);
      if (event->type == "ready") rebuilt = rebuilt || data.at("from").as_string() == "rebuilt";
      ASSERT_NE(event->type, "reset");
      if (event->type == "score") heard[std::string(data.at("email").as_string())] = data.at("score").as_int64();
    }
  };
  for (int round = 0; round < 5; ++round) {
    {
      auto client = listen(last_id);
      std::atomic<bool> ended{false};
      std::thread writer([&] {
        for (int i = 0; i < 40 && !ended; ++i) {
          const int first = round * 10'000 + i * 50;
          if (!send_batch(first, 50)) return;
          for (int n = first; n < first + 50; ++n) acknowledged.insert(n);
          if (i % 3 == 0) send_batch(round * 10'000, 50, "pricing_viewed");
        }
      });
      read(*client, 200 + random() % 1'500);
      installation_.server().kill(SIGKILL);
      ended = true;
      writer.join();
    }
    ASSERT_TRUE(installation_.start());
  }
  auto client = listen(last_id, "?once=true");
  read(*client, 1'000'000);
  EXPECT_TRUE(client->ended());
  EXPECT_TRUE(rebuilt);
  ASSERT_FALSE(acknowledged.empty());
  for (const int n : acknowledged) {
    const auto email = fmt::format("lead{}@firm{}.example", n, n % 97);
    ASSERT_TRUE(heard.contains(email)) << email << " was never heard of";
    const auto now = installation_.ask("/v1/leads/" + email).at("score").as_int64();
    EXPECT_GE(heard[email], now) << email;      // it has faded since, if anything
    EXPECT_LE(heard[email] - now, 1) << email;  // by seconds
  }
}

TEST_F(StreamTest, EndsWithSigtermAndTheServerEndsInTime) {
  auto client = listen();
  ASSERT_TRUE(client->next());
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(installation_.server().kill(SIGTERM), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(4));
  EXPECT_FALSE(client->next());
  EXPECT_TRUE(client->ended());
}

}  // namespace
}  // namespace leadlight::tests
