// Admission: the limit follows the measured latency, and who holds least is refused last.
#include "actors/admission.hpp"
#include "actors/fair_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

namespace leadlight::actors {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr OrganisationId flooding{1};
constexpr OrganisationId quiet{2};
constexpr OrganisationId third{3};

class AdmissionTest : public testing::Test {
 protected:
  void make(AdmissionLimits limits) { admission_.emplace(limits, crowd_); }
  bool admits(OrganisationId organisation, std::size_t records = 1, std::size_t bytes = 0) {
    const auto ticket = admission_->admit(organisation, records, bytes, now_);
    if (ticket) open_.push_back(*ticket);
    return ticket.has_value();
  }
  /// As many single records as are admitted, `most` at most.
  std::size_t fill(OrganisationId organisation, std::size_t most = 1'000'000) {
    std::size_t count = 0;
    while (count < most && admits(organisation)) ++count;
    return count;
  }
  void finish_oldest() {
    admission_->done(open_.front(), now_);
    open_.pop_front();
  }
  void finish_all() {
    while (!open_.empty()) finish_oldest();
  }
  /// Rounds in which the store takes `rate` records a second and the sender always has more. Oldest first.
  void run_flooded(std::size_t rate, std::chrono::milliseconds span) {
    for (std::chrono::milliseconds at{0}; at < span; at += 10ms) {
      fill(flooding);
      now_ += 10ms;
      for (std::size_t i = 0; i < rate / 100 && !open_.empty(); ++i) finish_oldest();
    }
  }

  Crowd crowd_;
  std::optional<Admission> admission_;
  Admission::Instant now_{1h};
  std::deque<Admission::Ticket> open_;
};

TEST_F(AdmissionTest, AdmitsUpToTheLimitAndAgainWhenThereIsRoom) {
  make({.records_max = 800});
  EXPECT_EQ(fill(flooding), 700U);  // the last eighth is for those that hold next to nothing
  EXPECT_EQ(admission_->records(), 700U);
  EXPECT_FALSE(admits(flooding));
  finish_oldest();
  EXPECT_TRUE(admits(flooding));
}

TEST_F(AdmissionTest, AFloodLeavesRoomForTheOthers) {
  make({.records_max = 800});
  fill(flooding);
  EXPECT_EQ(fill(quiet), 50U) << "half an eighth: there are two";
  EXPECT_FALSE(admits(flooding));
  // While the quiet one holds records the flooding one is above its even share, and refused from six eighths on.
  for (int i = 0; i < 100; ++i) finish_oldest();
  EXPECT_FALSE(admits(flooding));
  EXPECT_TRUE(admits(quiet));
}

TEST_F(AdmissionTest, ALimitThatShrinksIsNotTheFaultOfWhoHoldsNothing) {
  make({.records_max = 8'000, .records_min = 1'000});
  EXPECT_EQ(fill(flooding), 7'000U);
  now_ += 2s;
  finish_oldest();  // after two seconds: a slow store
  EXPECT_LT(admission_->limit(), 4'000U);
  EXPECT_FALSE(admits(flooding));
  EXPECT_TRUE(admits(quiet));
  EXPECT_TRUE(admits(quiet));
}

TEST_F(AdmissionTest, TheFirstRequestOfAnOrganisationComesInHoweverLarge) {
  make({.records_max = 800});
  EXPECT_TRUE(admits(flooding, 10'000)) << "nothing is under way";
  finish_all();
  fill(flooding);
  EXPECT_TRUE(admits(quiet, 10'000));
  EXPECT_FALSE(admits(quiet)) << "its second is not the first";
  EXPECT_FALSE(admits(third)) << "there is no room at all";
}

TEST_F(AdmissionTest, BoundsTheBytes) {
  make({.bytes_max = 1'000});
  EXPECT_TRUE(admits(flooding, 1, 5'000)) << "alone, anything comes in";
  EXPECT_FALSE(admits(quiet, 1, 1));
  finish_all();
  EXPECT_TRUE(admits(flooding, 1, 600));
  EXPECT_FALSE(admits(quiet, 1, 600));
  EXPECT_TRUE(admits(quiet, 1, 400));
}

TEST_F(AdmissionTest, TheLimitFollowsASlowStoreAndComesBack) {
  make({.records_max = 20'000, .records_min = 100});
  run_flooded(100'000, 5s);
  EXPECT_EQ(admission_->limit(), 20'000U) << "0.2 s of work is within the target";
  run_flooded(8'000, 10s);
  EXPECT_LE(admission_->limit(), 3'500U) << "8,000 a second: 2,000 are a quarter of a second";
  EXPECT_GE(admission_->limit(), 1'000U);
  run_flooded(100'000, 5s);
  EXPECT_GE(admission_->limit(), 15'000U) << "well again within five seconds";
}

TEST_F(AdmissionTest, TheLimitNeverStarves) {
  make({.records_max = 20'000, .records_min = 500});
  run_flooded(100, 60s);
  EXPECT_EQ(admission_->limit(), 500U);
}

TEST_F(AdmissionTest, AStandstillAndNothingUnderWayLeaveTheLimitUsable) {
  make({.records_max = 10, .records_min = 500});
  EXPECT_TRUE(admits(flooding));
  now_ += 1h;
  finish_all();
  EXPECT_EQ(admission_->limit(), 10U) << "the least is not above the most";
  EXPECT_GE(fill(flooding), 8U);
}

TEST_F(AdmissionTest, TellsTheDoorWhomToTurnAway) {
  make({.records_max = 800});
  EXPECT_FALSE(crowd_.turns_away(flooding));
  fill(flooding);
  EXPECT_TRUE(crowd_.turns_away(flooding));
  EXPECT_FALSE(crowd_.turns_away(quiet));
  finish_oldest();
  EXPECT_TRUE(crowd_.turns_away(flooding)) << "not for one place";
  for (int i = 0; i < 60; ++i) finish_oldest();
  EXPECT_FALSE(crowd_.turns_away(flooding));
  fill(flooding);
  EXPECT_TRUE(crowd_.turns_away(flooding));
  finish_all();
  EXPECT_FALSE(crowd_.turns_away(flooding)) << "nobody stays out when nothing is under way";
}

TEST_F(AdmissionTest, AStartForgetsWhomTheLastOneTurnedAway) {
  crowd_.set(flooding, true);
  make({});
  EXPECT_FALSE(crowd_.turns_away(flooding));
}

TEST_F(AdmissionTest, TheEnginesOwnRecordsAreCountedAndNotRefused) {
  make({.records_max = 80});
  fill(flooding);
  const auto own = admission_->enter(quiet, 50, 10, now_);
  EXPECT_EQ(admission_->records(), 120U);
  admission_->done(own, now_);
  EXPECT_EQ(admission_->records(), 70U);
}

TEST(CrowdTest, HoldsAsManyAsItHasPlaces) {
  Crowd crowd;
  for (std::uint32_t i = 0; i < 20; ++i) crowd.set(OrganisationId{i}, true);
  EXPECT_TRUE(crowd.turns_away(OrganisationId{0}));
  EXPECT_TRUE(crowd.turns_away(OrganisationId{7}));
  EXPECT_FALSE(crowd.turns_away(OrganisationId{8}));
  crowd.set(OrganisationId{3}, false);
  crowd.set(OrganisationId{3}, false);
  EXPECT_FALSE(crowd.turns_away(OrganisationId{3}));
  crowd.set(OrganisationId{9}, true);
  crowd.set(OrganisationId{9}, true);
  EXPECT_TRUE(crowd.turns_away(OrganisationId{9}));
  crowd.set(OrganisationId{9}, false);
  EXPECT_FALSE(crowd.turns_away(OrganisationId{9})) << "once set, twice said";
}

class FairQueueTest : public testing::Test {
 protected:
  void push(OrganisationId organisation, int from, int count) {
    for (int i = from; i < from + count; ++i) queue_.push(organisation, i);
  }
  FairQueue<int> queue_;
};

TEST_F(FairQueueTest, TakesWhatIsAloneInOrder) {
  push(flooding, 0, 10);
  EXPECT_EQ(queue_.take(4), (std::vector<int>{0, 1, 2, 3}));
  push(flooding, 10, 1);
  EXPECT_EQ(queue_.size(), 7U);
  EXPECT_EQ(queue_.take(100), (std::vector<int>{4, 5, 6, 7, 8, 9, 10}));
  EXPECT_TRUE(queue_.empty());
  EXPECT_TRUE(queue_.take(5).empty());
  push(flooding, 20, 3);
  EXPECT_EQ(queue_.take(3), (std::vector<int>{20, 21, 22}));
}

TEST_F(FairQueueTest, WhoBringsLittleDoesNotWaitBehindWhoBringsMuch) {
  push(flooding, 0, 1'000);
  push(quiet, 5'000, 2);
  push(third, 7'000, 9);
  EXPECT_EQ(queue_.organisations(), 3U);
  const auto batch = queue_.take(12);
  EXPECT_EQ(batch.size(), 12U);
  EXPECT_EQ(std::count_if(batch.begin(), batch.end(), [](int item) { return item >= 5'000; }), 7) << "2, and 5 of 9";
  EXPECT_EQ(batch.front(), 0);
  const auto next = queue_.take(12);
  EXPECT_EQ(std::count(next.begin(), next.end(), 7'008), 1);
  EXPECT_EQ(queue_.organisations(), 1U);
}

TEST_F(FairQueueTest, LosesNothingAndKeepsEachOnesOrder) {
  std::array<int, 3> pushed{};
  std::array<int, 3> taken{};
  std::uint32_t random = 12'345;
  for (int round = 0; round < 2'000; ++round) {
    random = random * 1'664'525U + 1'013'904'223U;
    const auto who = (random >> 20U) % 3;
    for (std::uint32_t i = 0; i < (random >> 10U) % (who == 0 ? 40 : 5); ++i)
      queue_.push(OrganisationId{who}, static_cast<int>(who) * 1'000'000 + pushed[who]++);
    for (const int item : queue_.take((random >> 5U) % 20)) {
      const auto whose = static_cast<std::size_t>(item / 1'000'000);
      ASSERT_EQ(item % 1'000'000, taken[whose]++);
    }
  }
  for (const int item : queue_.take(1'000'000)) ++taken[static_cast<std::size_t>(item / 1'000'000)];
  EXPECT_EQ(pushed, taken);
}

}  // namespace
}  // namespace leadlight::actors
