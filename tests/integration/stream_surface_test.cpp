// `GET /v1/stream` over a real socket, fed by hand: what is sent, to whom, what it is told apart by, and how a stream
// ends.
#include "actors/score_feed.hpp"
#include "net/http/http.hpp"
#include "net/surfaces/surface.hpp"
#include "tests/support/sse_client.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <boost/json.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace leadlight::net {
namespace {

namespace json = boost::json;
using actors::ScoreChange;
using engine::OrganisationId;
using engine::Position;
using engine::Segment;
using engine::ShardId;
using test::SseClient;
using namespace std::chrono_literals;

constexpr OrganisationId ours{1};
constexpr OrganisationId theirs{2};

std::array<std::uint8_t, 32> sha256(const std::string& text) {
  std::array<std::uint8_t, 32> digest{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return digest;
}

/// Answers for the log: one lead a record, "log<position>@example.com", from position `trimmed` on.
struct FakeLog {
  std::mutex mutex;
  std::vector<actors::ChangedLeadsQuery> asked;
  Position first = 1;
  bool down = false;

  actors::Reply answer(const actors::ChangedLeadsQuery& query) {
    const std::lock_guard lock(mutex);
    asked.push_back(query);
    if (down) return engine::Error{engine::Errc::unavailable, "the reader is down", {}};
    actors::ChangedLeadsView view;
    view.trimmed = query.after + 1 < first;
    view.reached = view.trimmed ? query.after : std::min(query.until, query.after + 3);
    for (auto position = query.after + 1; position <= view.reached; ++position) {
      actors::LeadView lead;
      lead.email = "log" + std::to_string(position) + "@example.com";
      lead.score = engine::Score{1'000'000, static_cast<int>(position % 100), Segment::medium};
      view.leads.push_back(std::move(lead));
    }
    return view;
  }
};

actors::Gateway::behavior_type gateway_of(actors::Gateway::pointer, std::shared_ptr<FakeLog> log) {
  return {[](const actors::Submission&, const actors::ReplyPort&) {},
          [](const actors::RememberAnswer&, const actors::ReplyPort&) {},
          [](const actors::LeadQuery&, const actors::ReplyPort&) {},
          [](const actors::LeadsQuery&, const actors::ReplyPort&) {},
          [log](const actors::ChangedLeadsQuery& query, const actors::ReplyPort& port) {
            port->complete(log->answer(query));
          },
          [](const actors::RequestQuery&, const actors::ReplyPort&) {},
          [](const actors::AdminRequest&, const actors::ReplyPort&) {}};
}

class StreamSurfaceTest : public testing::Test {
 protected:
  StreamSurfaceTest() : system_(config_), gateway_(system_.spawn(gateway_of, log_)) {
    switchboard_->set_gateway(gateway_);
    set_keys({{"ours", ours, "leads"}, {"theirs", theirs, "leads"}, {"writer", ours, "events"}});
    for (std::uint16_t s = 0; s < engine::shard_count; ++s) shards_.push_back(static_cast<ShardId>(s));
  }
  ~StreamSurfaceTest() override {
    if (server_) {
      server_->close();
      server_->join(engine::Milliseconds{2'000});
    }
    switchboard_->set_gateway({});
    caf::anon_send_exit(gateway_, caf::exit_reason::user_shutdown);
  }

  struct Key {
    std::string text;
    OrganisationId organisation;
    std::string scope;
  };
  /// The keys in force from now on.
  void set_keys(const std::vector<Key>& keys) {
    auto registry = std::make_shared<actors::Registry>();
    for (const auto& [text, organisation, scope] : keys)
      registry->keys.emplace_back(sha256(text),
                                  actors::KeyView{"key_" + text, organisation, {scope}, std::nullopt, true});
    std::sort(registry->keys.begin(), registry->keys.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    switchboard_->set_registry(std::move(registry));
  }

  void start(HttpLimits limits = {}, actors::FeedLimits feed_limits = {}) {
    feed_ = std::make_shared<actors::ScoreFeed>(feed_limits);
    for (const auto shard : shards_) feed_->begin(shard, 0);
    auto router = std::make_shared<Router>();
    SurfaceContext context{switchboard_, std::make_shared<actors::ManualClock>(engine::from_ms(1'777'636'800'000))};
    context.feed = feed_;
    add_stream(*router, context);
    auto bound = HttpServer::bind("127.0.0.1:0", router, switchboard_, context.clock, limits, 1);
    ASSERT_TRUE(bound) << bound.error().what;
    server_ = *bound;
    server_->open();
  }

  /// A record of `shard` becomes durable, and changes a lead's score.
  void write(std::uint16_t shard, const std::string& email, Segment segment = Segment::low,
             OrganisationId organisation = ours, std::optional<Segment> previous = Segment::low) {
    ScoreChange change;
    change.organisation = organisation;
    change.shard = static_cast<ShardId>(shard);
    change.position = ++heads_[shard];
    change.email = email;
    change.at = engine::from_ms(1'777'636'800'000);
    change.score = 42;
    change.segment = segment;
    change.previous_score = 41;
    change.previous_segment = previous;
    change.type = *engine::EventType::of("demo_requested");
    if (feed_->advance(shards_, heads_)) feed_->publish(shards_, heads_, {std::move(change)});
  }

  std::unique_ptr<SseClient> listen(const std::string& query = {}, const std::string& last_event_id = {},
                                    const std::string& key = "ours", int patience_ms = 10'000) {
    return std::make_unique<SseClient>(server_->address(), "/v1/stream" + query, key, last_event_id, patience_ms);
  }
  /// A stream that has said `ready`.
  std::unique_ptr<SseClient> ready(const std::string& from, const std::string& query = {},
                                   const std::string& last_event_id = {}, const std::string& key = "ours") {
    auto client = listen(query, last_event_id, key);
    EXPECT_EQ(client->status(), 200);
    const auto first = client->next();
    EXPECT_TRUE(first);
    if (!first) return client;
    EXPECT_EQ(first->type, "ready");
    EXPECT_EQ(json::parse(first->data).at("from").as_string(), from);
    return client;
  }
  static std::string expect(SseClient& client, const std::string& type, const std::string& email) {
    const auto event = client.next();
    EXPECT_TRUE(event) << "no event came: " << type << " " << email;
    if (!event) return {};
    EXPECT_EQ(event->type, type);
    EXPECT_EQ(json::parse(event->data).at("email").as_string(), email);
    return event->id;
  }

  template <class Condition>
  static bool comes_true(Condition condition) {
    for (int i = 0; i < 1'000 && !condition(); ++i) std::this_thread::sleep_for(10ms);
    return condition();
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
  std::shared_ptr<FakeLog> log_ = std::make_shared<FakeLog>();
  actors::Gateway gateway_;
  actors::SwitchboardPtr switchboard_ = std::make_shared<actors::Switchboard>();
  std::shared_ptr<actors::ScoreFeed> feed_;
  std::shared_ptr<HttpServer> server_;
  std::vector<ShardId> shards_;
  actors::ShardPositions heads_{};
};

TEST_F(StreamSurfaceTest, SendsWhatChanges) {
  start();
  const auto client = ready("now");
  EXPECT_NE(client->head().find("Content-Type: text/event-stream\r\n"), std::string::npos);
  EXPECT_EQ(client->head().find("Content-Length"), std::string::npos);
  EXPECT_NE(client->head().find("X-Request-Id: req_"), std::string::npos);
  write(3, "ada@example.com");
  const auto event = client->next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, "score");
  EXPECT_EQ(json::parse(event->data), json::parse(R"({"email":"ada@example.com","score":42,"previous_score":41,
    "segment":"low","previous_segment":"low","at":"2026-05-01T12:00:00.000Z","reason":"event",
    "type":"demo_requested"})"))
      << event->data;
  write(3, "new@example.com", Segment::medium, ours, std::nullopt);
  expect(*client, "score", "new@example.com");
  expect(*client, "segment", "new@example.com");
  EXPECT_EQ(switchboard_->counters.streams_open.load(), 1U);
  EXPECT_EQ(switchboard_->counters.stream_events.load(), 4U);
}

TEST_F(StreamSurfaceTest, NobodyHearsOfAnothersLeads) {
  start();
  const auto own = ready("now");
  const auto others = ready("now", {}, {}, "theirs");
  write(0, "theirs@example.com", Segment::low, theirs);
  write(0, "ours@example.com");
  expect(*own, "score", "ours@example.com");
  expect(*others, "score", "theirs@example.com");
  // Nor by a place that was given to somebody else.
  const auto borrowed = ready("exact", {}, actors::to_text({}), "theirs");
  expect(*borrowed, "score", "theirs@example.com");
  EXPECT_FALSE(listen("?once=true", actors::to_text({}), "theirs")->next()->data.empty());
}

TEST_F(StreamSurfaceTest, Filters) {
  start();
  const auto medium = ready("now", "?segment=medium");
  const auto one = ready("now", "?email=Ada%40Example.com");
  const auto segments = ready("now", "?types=segment");
  const auto scores = ready("now", "?types=score");
  write(0, "low@example.com");
  write(1, "ada@example.com", Segment::medium);
  write(2, "left@example.com", Segment::low, ours, Segment::medium);
  expect(*medium, "score", "ada@example.com");
  expect(*medium, "segment", "ada@example.com");
  expect(*medium, "score", "left@example.com");
  expect(*one, "score", "ada@example.com");
  expect(*one, "segment", "ada@example.com");
  expect(*segments, "segment", "ada@example.com");
  expect(*segments, "segment", "left@example.com");
  expect(*scores, "score", "low@example.com");
  expect(*scores, "score", "ada@example.com");
  expect(*scores, "score", "left@example.com");
}

TEST_F(StreamSurfaceTest, RefusesWhatItCannotRead) {
  start({}, {65'536, 1'000, 2, 1h});
  for (const auto* query : {"?segment=warm", "?email=ada", "?types=scores", "?once=maybe", "?last_event_id=42"})
    EXPECT_EQ(listen(query)->status(), 400) << query;
  EXPECT_EQ(listen({}, "not-an-id")->status(), 400);
  EXPECT_EQ(listen({}, {}, "nobody")->status(), 401);
  EXPECT_EQ(listen({}, {}, "writer")->status(), 403);
  const auto first = ready("now");
  const auto second = ready("now");
  const auto third = listen();
  EXPECT_EQ(third->status(), 429);
  EXPECT_NE(third->head().find("Retry-After: "), std::string::npos);
  EXPECT_EQ(switchboard_->counters.streams_refused.load(), 1U);
  ready("now", {}, {}, "theirs");
}

TEST_F(StreamSurfaceTest, GoesOnFromEveryEvent) {
  start({}, {65'536, 1'000, 1'000, 1h});
  const auto always = ready("now");  // so that the ring stays
  auto client = ready("now");
  constexpr std::size_t records = 40;
  for (std::size_t i = 0; i < records; ++i)
    write(static_cast<std::uint16_t>(i % 5), "lead" + std::to_string(i) + "@example.com",
          i % 2 == 0 ? Segment::low : Segment::medium);
  // Leaves after each single event, those between the two of one record included.
  std::map<std::string, int> heard;
  for (std::size_t i = 0; i < records + records / 2; ++i) {
    const auto event = client->next();
    ASSERT_TRUE(event) << i;
    ++heard[event->type + " " + std::string(json::parse(event->data).at("email").as_string())];
    client = ready("exact", i % 2 == 0 ? "" : "?last_event_id=" + event->id, i % 2 == 0 ? event->id : "");
  }
  EXPECT_EQ(heard.size(), records + records / 2);
  for (const auto& [what, times] : heard) EXPECT_EQ(times, 1) << what;
}

TEST_F(StreamSurfaceTest, ReadsTheLogForWhatTheRingNoLongerHolds) {
  start();
  for (int i = 0; i < 10; ++i) write(4, "unheard@example.com");
  for (int i = 0; i < 2; ++i) write(9, "unheard@example.com");
  actors::FeedPosition from;
  from.seen[4] = 2;
  auto client = ready("rebuilt", {}, actors::to_text(from));
  std::vector<std::string> heard;
  for (int i = 0; i < 10 * 2; ++i) {  // log1 and log2 of shard 9 are new, log3 … log10 of shard 4
    const auto event = client->next();
    ASSERT_TRUE(event) << i;
    const auto data = json::parse(event->data);
    EXPECT_TRUE(data.at("conflated").as_bool());
    heard.push_back(event->type + " " + std::string(data.at("email").as_string()));
    if (heard.back() != "segment log5@example.com") continue;
    // Whoever leaves at the end of a step is not told it again.
    client = ready("rebuilt", {}, event->id);
  }
  EXPECT_EQ(heard.front(), "score log3@example.com");
  EXPECT_EQ(heard.back(), "segment log2@example.com");
  EXPECT_EQ(std::count(heard.begin(), heard.end(), "score log3@example.com"), 1);
  write(4, "live@example.com");
  expect(*client, "score", "live@example.com");
}

TEST_F(StreamSurfaceTest, WhatWasToldOfAShardIsForgottenWithIt) {
  start();
  write(4, "unheard@example.com");
  write(9, "unheard@example.com");
  const auto client = ready("rebuilt", "?types=score&once=true", actors::to_text({}));
  expect(*client, "score", "log1@example.com");
  expect(*client, "score", "log1@example.com");
  EXPECT_FALSE(client->next());
  EXPECT_TRUE(client->ended());
}

TEST_F(StreamSurfaceTest, SaysSoWhenTheLogDoesNotReachBack) {
  start();
  for (int i = 0; i < 10; ++i) write(4, "unheard@example.com");
  log_->first = 5;
  const auto client = ready("rebuilt", {}, actors::to_text({}));
  auto event = client->next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, "reset");
  write(4, "live@example.com");
  expect(*client, "score", "live@example.com");
  actors::FeedPosition ahead;
  ahead.seen[4] = 1'000;
  const auto other = ready("reset", {}, actors::to_text(ahead));
  event = other->next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, "reset");
}

TEST_F(StreamSurfaceTest, EndsWhenTheLogCannotBeReadSoThatTheReaderComesBack) {
  start();
  write(4, "unheard@example.com");
  log_->down = true;
  const auto client = ready("rebuilt", {}, actors::to_text({}));
  EXPECT_FALSE(client->next());
  EXPECT_TRUE(client->ended());
  log_->down = false;
  const auto again = ready("rebuilt", {}, client->last_event_id());
  expect(*again, "score", "log1@example.com");
}

TEST_F(StreamSurfaceTest, EndsByItselfWhenAskedOnce) {
  start();
  const auto always = ready("now");
  write(0, "ada@example.com");
  const auto client = ready("exact", "?once=true", actors::to_text({}));
  const auto id = expect(*client, "score", "ada@example.com");
  EXPECT_FALSE(client->next());
  EXPECT_TRUE(client->ended());
  const auto again = ready("exact", "?once=true", id);
  EXPECT_FALSE(again->next());
  EXPECT_TRUE(again->ended());
}

TEST_F(StreamSurfaceTest, ShowsThatItIsAlive) {
  HttpLimits limits;
  limits.stream_heartbeat = 50ms;
  limits.idle_deadline = limits.reply_deadline = limits.header_deadline = 100ms;
  start(limits);
  const auto client = ready("now");
  std::thread writer([&] {
    std::this_thread::sleep_for(500ms);  // five times as long as any deadline of a request
    write(0, "ada@example.com");
  });
  expect(*client, "score", "ada@example.com");
  writer.join();
  EXPECT_GE(client->comments(), 3);
}

TEST_F(StreamSurfaceTest, ReadersWhoTakeNothingAreCut) {
  HttpLimits limits;
  limits.write_deadline = 1'000ms;
  start(limits);
  auto slow = std::make_unique<SseClient>(server_->address(), "/v1/stream", "ours", "", 10'000, 4'096);
  ASSERT_TRUE(slow->next());
  const auto quick = ready("now");
  std::thread quick_reader([&] {
    for (int i = 0; i < 30'000; ++i)
      if (!quick->next()) return ADD_FAILURE() << "the quick reader was cut as well, at " << i;
  });
  const std::string name(200, 'x');
  for (int i = 0; i < 30'000; ++i) write(static_cast<std::uint16_t>(i % 64), name + "@example.com");
  quick_reader.join();
  EXPECT_TRUE(comes_true([&] { return switchboard_->counters.streams_cut.load() == 1; }));
  EXPECT_TRUE(comes_true([&] { return switchboard_->counters.streams_open.load() == 1; }));
  // What was in its buffers is still there; with the last of it, it may come back.
  std::size_t heard = 0;
  while (slow->next()) ++heard;
  EXPECT_TRUE(slow->ended());
  EXPECT_LT(heard, 30'000U);
  const auto again = ready("exact", {}, slow->last_event_id());
  for (; heard < 30'000; ++heard) ASSERT_TRUE(again->next()) << heard;
}

TEST_F(StreamSurfaceTest, WhoIsOvertakenByTheRingIsCut) {
  start({}, {16, 1'000, 20, 1h});
  const auto client = ready("now");
  for (int i = 0; i < 20'000 && switchboard_->counters.streams_cut.load() == 0; ++i) write(0, "ada@example.com");
  EXPECT_TRUE(comes_true([&] { return switchboard_->counters.streams_cut.load() == 1; }));
}

TEST_F(StreamSurfaceTest, ARevokedKeyHearsNoFurtherChange) {
  start();
  const auto revoked = ready("now");
  const auto others = ready("now", {}, {}, "theirs");
  write(0, "ada@example.com");
  expect(*revoked, "score", "ada@example.com");
  set_keys({{"theirs", theirs, "leads"}});
  write(0, "ben@example.com");
  write(0, "cleo@example.com", Segment::low, theirs);
  EXPECT_FALSE(revoked->next());
  EXPECT_TRUE(revoked->ended());
  EXPECT_EQ(listen()->status(), 401);
  expect(*others, "score", "cleo@example.com");  // the key is another's, and still in force
}

TEST_F(StreamSurfaceTest, AnIdleStreamEndsAtTheNextHeartbeatWithoutItsKeyOrScope) {
  HttpLimits limits;
  limits.stream_heartbeat = 50ms;
  start(limits);
  const auto revoked = ready("now", {}, {}, "theirs");
  const auto narrowed = ready("now");
  set_keys({{"ours", ours, "events"}});
  for (const auto* client : {&revoked, &narrowed}) {
    EXPECT_FALSE((*client)->next());
    EXPECT_TRUE((*client)->ended());
  }
  EXPECT_EQ(switchboard_->counters.streams_cut.load(), 0U);
}

TEST_F(StreamSurfaceTest, AFloodOfAnotherOrganisationCutsNobody) {
  start();
  const auto idle = ready("now");
  auto client = ready("now");
  const auto others = ready("now", "?email=nobody%40example.com", {}, "theirs");
  write(7, "ada@example.com");
  const auto id = expect(*client, "score", "ada@example.com");
  client.reset();
  for (int i = 0; i < 200'000; ++i)
    write(static_cast<std::uint16_t>(i % 64), "flood@example.com", Segment::low, theirs);
  write(7, "ben@example.com");
  expect(*idle, "score", "ada@example.com");
  expect(*idle, "score", "ben@example.com");
  client = ready("exact", {}, id);
  expect(*client, "score", "ben@example.com");
}

TEST_F(StreamSurfaceTest, EndsCleanlyWithTheServer) {
  start();
  const auto client = ready("now");
  server_->close();
  EXPECT_FALSE(client->next());
  EXPECT_TRUE(client->ended());
  EXPECT_TRUE(comes_true([&] { return switchboard_->counters.streams_open.load() == 0; }));
}

TEST_F(StreamSurfaceTest, ForgetsReadersWhoLeave) {
  start({}, {65'536, 1'000, 1, 1h});
  for (int i = 0; i < 20; ++i) {
    auto client = ready("now");
    client.reset();
    ASSERT_TRUE(comes_true([&] { return switchboard_->counters.streams_open.load() == 0; })) << i;
  }
}

}  // namespace
}  // namespace leadlight::net
