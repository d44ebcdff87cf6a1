// Goal: the gateway refuses what its admission refuses, tells the door, and admits again once records are durable; and
// it tells the operator once, not every second, that it refuses for lack of disk space. Method: real actors over a
// store whose commits hang until the test lets them go; for the disk the gateway alone, and its log.
#include "actors/gateway.hpp"
#include "logging/log.hpp"
#include "tests/support/engine_room.hpp"
#include "tests/support/failing_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

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

// ---- the disk

/// A gateway alone, told of the disk by the test. It refuses in any case: for lack of space, or as long as it knows no
/// shards; so that its answer tells that everything before it has been taken.
class SpaceTest : public testing::Test {
 protected:
  SpaceTest() {
    auto services = std::make_shared<actors::Services>();
    services->store = store_.get();
    services->clock = std::make_shared<actors::ManualClock>(engine::from_ms(1'780'000'000'000));
    services->switchboard = switchboard_;
    gateway_ = system_.spawn(actors::gateway, std::move(services), actors::GatewayLimits{}, actors::Committer{},
                             std::shared_ptr<actors::Listeners>{});
    logging::set_up(logging::Format::text, "info");
    testing::internal::CaptureStderr();
  }
  SpaceTest(const SpaceTest&) = delete;
  SpaceTest& operator=(const SpaceTest&) = delete;
  ~SpaceTest() override {
    caf::anon_send_exit(gateway_, caf::exit_reason::kill);
    logging::set_up(logging::Format::text, "critical");  // the other tests stay quiet
  }

  void notice(const std::string& refusal) { caf::anon_send(gateway_, actors::SpaceNotice{refusal}); }
  void notice_low(int mib) { notice("the disk is nearly full (" + std::to_string(mib) + " MiB free)"); }
  /// Why the gateway refuses a submission now.
  std::string refusal() {
    auto sink = std::make_shared<WaitingSink>();
    auto future = sink->future();
    caf::anon_send(gateway_, actors::Submission{organisation, {}, std::nullopt}, actors::ReplyPort{std::move(sink)});
    const auto reply = future.get();
    const auto* error = std::get_if<engine::Error>(&reply);
    return error == nullptr ? std::string{} : error->what;
  }
  /// What was written to the log since the start, a line each.
  static std::vector<std::string> lines() {
    std::istringstream text(testing::internal::GetCapturedStderr());
    std::vector<std::string> all;
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }

  actors::SwitchboardPtr switchboard_ = std::make_shared<actors::Switchboard>();

 private:
  std::unique_ptr<storage::Store> store_ = storage::make_memory_store();
  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  actors::GatewayActor gateway_;
};

TEST_F(SpaceTest, LackOfItIsToldOnceAsAnErrorAndItsEndOnce) {
  using testing::AllOf;
  using testing::HasSubstr;
  notice("");  // as it is every second
  notice("");
  EXPECT_THAT(refusal(), HasSubstr("starting"));
  for (int mib = 2'000; mib > 1'900; --mib) notice_low(mib);
  EXPECT_THAT(refusal(), HasSubstr("1901 MiB free")) << "who is refused is told how it is now";
  EXPECT_EQ(switchboard_->counters.refused_low_space.load(), 1U);
  notice("");
  notice("");
  EXPECT_THAT(refusal(), HasSubstr("starting"));
  notice_low(1'999);
  notice_low(1'998);
  EXPECT_THAT(refusal(), HasSubstr("1998 MiB free"));
  EXPECT_THAT(lines(), testing::ElementsAre(
                           AllOf(HasSubstr(" error "), HasSubstr("records are refused"), HasSubstr("2000 MiB free")),
                           AllOf(HasSubstr(" info "), HasSubstr("admitted again")),
                           AllOf(HasSubstr(" error "), HasSubstr("records are refused"), HasSubstr("1999 MiB free"))));
}

}  // namespace
}  // namespace leadlight::tests
