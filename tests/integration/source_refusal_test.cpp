// Goal: what the sources answered is submitted until it is durable, counts once, and is not asked for again meanwhile.
// Method: real actors over a store whose commits hang until the test lets them go, with a limit on what may be under
// way that one record fills, or a gateway that is killed before it has answered.
#include "tests/support/failing_store.hpp"
#include "tests/support/source_stage.hpp"

#include <functional>
#include <future>
#include <optional>

namespace leadlight::tests {
namespace {

constexpr const char* ben = "ben@alder.example";
constexpr std::size_t shard_actors = 2;

std::size_t shard_actor_of(const std::string& name, const std::string& domain) {
  const auto lead = engine::lead_id(organisation, name + "@" + domain);
  return static_cast<std::size_t>(engine::shard_of(lead, domain)) % shard_actors;
}

/// Somebody whose records another shard actor waits with than Ann's and Ben's, so that theirs could go on.
std::string email_elsewhere() {
  for (int i = 0;; ++i) {
    const auto domain = "firm" + std::to_string(i) + ".example";
    if (shard_actor_of("carl", domain) != shard_actor_of("ann", "alder.example")) return "carl@" + domain;
  }
}

class SourceRefusal : public testing::Test {
 protected:
  SourceRefusal() = default;
  SourceRefusal(const SourceRefusal&) = delete;
  SourceRefusal& operator=(const SourceRefusal&) = delete;
  ~SourceRefusal() override { store_.let_go(); }  // before the actors end: one of them may hang in it

  EngineRoom& open() { return room_.emplace(stage_.options, &store_); }

  /// A trigger whose source has been asked and has not answered yet.
  void begin_fetch() {
    add_five(*stage_.crm, *room_, ann);
    stage_.crm->hangs();
    accept(*room_, ann, "req_ann");
    wait_for_fetch(*room_, *stage_.crm, 1);
  }
  /// Moves the clock on in small steps until it holds; false when it never does.
  bool until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      room_->clock().advance(engine::Milliseconds{50});
      pause_shortly();
    }
    return true;
  }
  /// Waits, on a clock that stands, until the gateway has refused a submission and the supervisor knows: what it is
  /// asked after that it answers after that.
  void await_refusal() {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (counters().refused_overload.load() == 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    (void)room_->ask(actors::AdminRequest{organisation, actors::ListSources{}});
  }
  actors::Counters& counters() { return room_->counters(); }

  Stage stage_;
  FailingStore store_{storage::make_memory_store()};
  std::optional<EngineRoom> room_;
};

// Ann's answer is refused; Ben's, for whom the same call failed, is asked for again only when hers has come home.
TEST_F(SourceRefusal, WhatTheGatewayRefusesIsSubmittedAgainAndCountsOnce) {
  stage_.options.gateway.in_flight_max = 1;
  stage_.options.shard_actors = shard_actors;
  auto& room = open();
  stage_.crm->fails_for(ben);
  accept(room, ben, "req_ben");
  begin_fetch();
  store_.hang_commits();
  auto in_the_way = room.send(actors::Submission{
      organisation, {room.event(email_elsewhere(), "page_viewed", "c1", room.clock().now())}, std::nullopt});
  ASSERT_TRUE(until([&] { return counters().records_in_flight.load() == 1; }));
  stage_.crm->lets_go();
  stage_.crm->fails_for(ben, false);
  await_refusal();
  ASSERT_TRUE(until([&] { return counters().refused_overload.load() >= 5; })) << "it is not submitted again";
  EXPECT_EQ(stage_.crm->times_asked(), 1U) << "nothing more is fetched for an engine that takes nothing";
  EXPECT_EQ(counters().fetches_completed.load(), 0U);
  store_.let_go();
  (void)receipts_in(in_the_way.get());
  const auto view = outcome_of(room, "req_ann");
  EXPECT_EQ(view.outcome, "written");
  EXPECT_EQ(view.score, five_score);
  EXPECT_EQ(outcome_of(room, "req_ben").outcome, "written");
  EXPECT_TRUE(until([&] { return counters().fetches_waiting.load() == 0; }));
  EXPECT_EQ(events_of(room, ann), 5U);
  EXPECT_EQ(counters().records_duplicate.load(), 0U);
  EXPECT_EQ(counters().fetches_completed.load(), 2U);
  EXPECT_EQ(counters().fetches_retried.load(), 1U) << "Ben's, because its source failed";
  EXPECT_EQ(stage_.crm->times_asked(), 2U) << "what was fetched is not fetched again";
}

TEST_F(SourceRefusal, WhatWasDurableWithoutAnAnswerIsSubmittedAgainAndCountsOnce) {
  auto& room = open();
  begin_fetch();
  store_.hang_commits();
  stage_.crm->lets_go();
  ASSERT_TRUE(until([&] { return counters().records_in_flight.load() == 6; })) << "five activities and their end";
  room.kill(actors::Part::gateway);
  ASSERT_TRUE(until([&] { return counters().actor_restarts.load() == 1; }));
  store_.let_go();
  ASSERT_TRUE(until([&] { return counters().fetches_completed.load() == 1; })) << "it is not submitted again";
  EXPECT_EQ(counters().records_duplicate.load(), 5U) << "they were durable, though nobody said so";
  EXPECT_EQ(events_of(room, ann), 5U);
  const auto view = outcome_of(room, "req_ann");
  EXPECT_EQ(view.outcome, "written");
  EXPECT_EQ(view.score, five_score);
  EXPECT_EQ(stage_.crm->times_asked(), 1U);
  EXPECT_TRUE(until([&] { return counters().fetches_waiting.load() == 0; }));
}

}  // namespace
}  // namespace leadlight::tests
