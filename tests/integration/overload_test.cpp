// Goal: the gateway refuses what its admission refuses, tells the door, and admits again once records are durable.
// Method: real actors over a store whose commits hang until the test lets them go.
#include "tests/support/engine_room.hpp"
#include "tests/support/failing_store.hpp"

#include <gtest/gtest.h>

namespace leadlight::tests {
namespace {

constexpr OrganisationId other{2};

class OverloadTest : public testing::Test {
 protected:
  OverloadTest() {
    RoomOptions options;
    options.target = false;
    options.gateway.in_flight_max = 80;
    room_.emplace(options, &store_);
  }
  ~OverloadTest() override { store_.let_go(); }

  std::future<Reply> send(OrganisationId whose, std::size_t number) {
    const auto id = std::to_string(number);
    auto record = room_->event("lead" + id + "@example.com", "page_viewed", "event-" + id, room_->clock().now());
    record.lead = engine::lead_id(whose, record.email);
    actors::Submission submission;
    submission.organisation = whose;
    submission.records.push_back(std::move(record));
    return room_->send(std::move(submission));
  }
  static bool refused(Reply reply) {
    const auto* error = std::get_if<engine::Error>(&reply);
    return error != nullptr && error->code == engine::Errc::unavailable;
  }
  /// Waits until the gateway counts as many records under way.
  bool await_in_flight(std::uint64_t count) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (room_->counters().records_in_flight.load() != count && std::chrono::steady_clock::now() < end)
      std::this_thread::yield();
    return room_->counters().records_in_flight.load() == count;
  }

  FailingStore store_{storage::make_memory_store()};
  std::optional<EngineRoom> room_;
};

TEST_F(OverloadTest, AFloodIsRefusedAnotherOrganisationIsNotAndBothAreWellAfterwards) {
  store_.hang_commits();
  std::vector<std::future<Reply>> under_way;
  for (std::size_t i = 0; i < 70; ++i) under_way.push_back(send(organisation, i));
  ASSERT_TRUE(await_in_flight(70));
  EXPECT_TRUE(refused(send(organisation, 70).get()));
  EXPECT_EQ(room_->counters().refused_overload.load(), 1U);
  EXPECT_TRUE(room_->crowd().turns_away(organisation));
  EXPECT_FALSE(room_->crowd().turns_away(other));
  under_way.push_back(send(other, 1'000));
  ASSERT_TRUE(await_in_flight(71));
  store_.let_go();
  for (auto& reply : under_way) EXPECT_EQ(receipts_in(reply.get()).size(), 1U);
  ASSERT_TRUE(await_in_flight(0));
  EXPECT_FALSE(room_->crowd().turns_away(organisation));
  EXPECT_EQ(receipts_in(send(organisation, 71).get()).size(), 1U);
}

TEST_F(OverloadTest, AGatewayThatIsStartedAgainCountsFromNothing) {
  store_.hang_commits();
  for (std::size_t i = 0; i < 75; ++i) (void)send(organisation, i);
  ASSERT_TRUE(await_in_flight(70));
  EXPECT_TRUE(room_->crowd().turns_away(organisation));
  room_->kill(actors::Part::gateway);
  store_.let_go();
  const auto end = std::chrono::steady_clock::now() + patience;
  while (refused(send(organisation, 100).get()) && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_LT(std::chrono::steady_clock::now(), end);
  EXPECT_FALSE(room_->crowd().turns_away(organisation));
}

}  // namespace
}  // namespace leadlight::tests
