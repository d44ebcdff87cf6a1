// The feed: ids that say how far one has heard, and a ring from which whoever comes back gets exactly the rest.
#include "actors/score_feed.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace leadlight::actors {
namespace {

using engine::OrganisationId;
using engine::Position;
using engine::Segment;
using engine::ShardId;
using Read = ScoreFeed::Read;
using Start = ScoreFeed::Start;

constexpr OrganisationId ours{1};
constexpr OrganisationId theirs{2};

ScoreChange change(std::uint16_t shard, Position position, OrganisationId organisation = ours) {
  ScoreChange made;
  made.organisation = organisation;
  made.shard = static_cast<ShardId>(shard);
  made.position = position;
  made.email = "lead" + std::to_string(position) + "@example.com";
  return made;
}

/// A shard actor as the feed sees it: every record is announced, and published when asked for.
class Writer {
 public:
  Writer(ScoreFeed& feed, std::vector<ShardId> shards) : feed_(feed), shards_(std::move(shards)) {
    for (const auto shard : shards_) feed_.begin(shard, 0);
  }

  void write(std::uint16_t shard, OrganisationId organisation = ours) {
    auto made = change(shard, ++heads_[shard], organisation);
    if (feed_.advance(shards_, heads_)) feed_.publish(shards_, heads_, {std::move(made)});
  }
  [[nodiscard]] Position head(std::uint16_t shard) const { return heads_[shard]; }

 private:
  ScoreFeed& feed_;
  std::vector<ShardId> shards_;
  ShardPositions heads_{};
};

using Place = std::pair<std::uint16_t, Position>;

/// Everything there is to read now.
std::vector<Place> drain(ScoreFeed& feed, std::uint64_t listener, FeedPosition* position = nullptr) {
  std::vector<ScoreChange> changes;
  ShardPositions heard{};
  auto read = Read::more;
  for (std::size_t at_most = 3; read == Read::more; at_most += 3) read = feed.read(listener, at_most, changes, heard);
  EXPECT_EQ(read, Read::caught_up);
  std::vector<Place> places;
  for (const auto& each : changes) {
    places.emplace_back(static_cast<std::uint16_t>(each.shard), each.position);
    if (position != nullptr) position->seen[static_cast<std::size_t>(each.shard)] = each.position;
  }
  return places;
}

TEST(FeedPosition, IsTextAndBack) {
  std::mt19937_64 random{42};
  for (int round = 0; round < 1'000; ++round) {
    FeedPosition position;
    for (auto& seen : position.seen) seen = random() >> (random() % 64);
    if (round % 3 == 0) position.half = static_cast<ShardId>(random() % engine::shard_count);
    const auto text = to_text(position);
    EXPECT_LE(text.size(), 880U);
    EXPECT_EQ(parse_feed_position(text), position) << text;
  }
  FeedPosition small;
  EXPECT_EQ(to_text(small).size(), 88U);
  small.seen.fill(1'000'000);
  EXPECT_LE(to_text(small).size(), 260U);
}

TEST(FeedPosition, RefusesWhatIsNone) {
  const auto good = to_text(FeedPosition{});
  EXPECT_EQ(
      good, "Af8A" + [] {
        std::string zeros;
        for (int i = 0; i < 21; ++i) zeros += "AAAA";
        return zeros;
      }());
  for (const auto& text :
       {std::string(), std::string("42"), good + "A", good.substr(1), good.substr(0, 40), "B" + good.substr(1),
        std::string("AUAA") + good.substr(4), good + "=", "+" + good.substr(1)})
    EXPECT_FALSE(parse_feed_position(text)) << text;
  EXPECT_FALSE(parse_feed_position(std::string(2'000, '_')));
}

TEST(ScoreFeed, KeepsNothingWhileNobodyListens) {
  ScoreFeed feed;
  Writer writer(feed, {static_cast<ShardId>(3)});
  writer.write(3);
  EXPECT_FALSE(feed.active());
  const auto opened = feed.open(ours, std::nullopt, [] {});
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->start, Start::now);
  EXPECT_EQ(opened->position.seen[3], 1U);
  EXPECT_TRUE(drain(feed, opened->listener).empty());
  writer.write(3);
  EXPECT_EQ(drain(feed, opened->listener), (std::vector<Place>{{3, 2}}));
}

TEST(ScoreFeed, TellsAnOrganisationItsOwnAlone) {
  ScoreFeed feed;
  Writer writer(feed, {static_cast<ShardId>(0)});
  int woken = 0;
  const auto opened = feed.open(ours, std::nullopt, [&] { ++woken; });
  ASSERT_TRUE(opened);
  writer.write(0, theirs);
  EXPECT_EQ(woken, 0);
  writer.write(0, ours);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(drain(feed, opened->listener), (std::vector<Place>{{0, 2}}));
}

TEST(ScoreFeed, GoesOnExactlyWhileTheRingHoldsIt) {
  ScoreFeed feed({10, 100, 20, std::chrono::hours(1)});
  Writer writer(feed, {static_cast<ShardId>(0), static_cast<ShardId>(1)});
  auto first = feed.open(ours, std::nullopt, [] {});
  auto heard = first->position;
  writer.write(0);
  writer.write(1);
  drain(feed, first->listener, &heard);
  feed.close(first->listener);
  for (int i = 0; i < 9; ++i) writer.write(static_cast<std::uint16_t>(i % 2));
  auto again = feed.open(ours, heard, [] {});
  EXPECT_EQ(again->start, Start::exact);
  EXPECT_EQ(drain(feed, again->listener).size(), 9U);
  feed.close(again->listener);
  writer.write(0);
  writer.write(1);  // the ring's ten now begin behind what was heard
  again = feed.open(ours, heard, [] {});
  EXPECT_EQ(again->start, Start::rebuild);
  EXPECT_EQ(again->position.seen[0], writer.head(0));
  EXPECT_EQ(again->position.seen[1], writer.head(1));
  EXPECT_TRUE(drain(feed, again->listener).empty());
}

TEST(ScoreFeed, TellsTheOtherHalfOfARecord) {
  ScoreFeed feed;
  Writer writer(feed, {static_cast<ShardId>(5)});
  auto first = feed.open(ours, std::nullopt, [] {});
  writer.write(5);
  auto half = first->position;
  half.seen[5] = 1;
  auto whole = half;
  half.half = static_cast<ShardId>(5);
  auto again = feed.open(ours, half, [] {});
  EXPECT_EQ(again->start, Start::exact);
  EXPECT_EQ(drain(feed, again->listener), (std::vector<Place>{{5, 1}}));
  again = feed.open(ours, whole, [] {});
  EXPECT_TRUE(drain(feed, again->listener).empty());
}

TEST(ScoreFeed, KnowsAPlaceThatIsNotItsOwn) {
  ScoreFeed feed;
  Writer writer(feed, {static_cast<ShardId>(0)});
  writer.write(0);
  FeedPosition ahead;
  ahead.seen[0] = 2;
  EXPECT_EQ(feed.open(ours, ahead, [] {})->start, Start::unknown);
  EXPECT_EQ(feed.open(ours, FeedPosition{}, [] {})->start, Start::rebuild);
}

TEST(ScoreFeed, LetsWhoFallsBehindLapse) {
  ScoreFeed feed({4, 100, 20, std::chrono::hours(1)});
  Writer writer(feed, {static_cast<ShardId>(0)});
  const auto slow = feed.open(ours, std::nullopt, [] {});
  for (int i = 0; i < 5; ++i) writer.write(0);
  std::vector<ScoreChange> changes;
  ShardPositions heard{};
  EXPECT_EQ(feed.read(slow->listener, 10, changes, heard), Read::lapsed);
}

TEST(ScoreFeed, AFloodOfOneOrganisationCostsAnotherNothing) {
  ScoreFeed feed;
  Writer writer(feed, {static_cast<ShardId>(0), static_cast<ShardId>(1)});
  const auto flooded = feed.open(theirs, std::nullopt, [] {});
  const auto idle = feed.open(ours, std::nullopt, [] {});
  auto left = feed.open(ours, std::nullopt, [] {});
  auto heard = left->position;
  writer.write(1);
  drain(feed, left->listener, &heard);
  feed.close(left->listener);
  writer.write(1);
  for (int i = 0; i < 200'000; ++i) writer.write(static_cast<std::uint16_t>(i % 2), theirs);
  EXPECT_EQ(drain(feed, idle->listener), (std::vector<Place>{{1, 1}, {1, 2}}));
  left = feed.open(ours, heard, [] {});
  EXPECT_EQ(left->start, Start::exact);
  EXPECT_EQ(drain(feed, left->listener), (std::vector<Place>{{1, 2}}));
  std::vector<ScoreChange> changes;
  ShardPositions now{};
  EXPECT_EQ(feed.read(flooded->listener, 10, changes, now), Read::lapsed) << "its own flood has overtaken it";
}

TEST(ScoreFeed, WhoHoldsMoreThanItsShareGivesUpFirst) {
  ScoreFeed feed({10, 100, 20, std::chrono::hours(1)});
  Writer writer(feed, {static_cast<ShardId>(0)});
  const auto own = feed.open(ours, std::nullopt, [] {});
  const auto others = feed.open(theirs, std::nullopt, [] {});
  for (int i = 0; i < 7; ++i) writer.write(0, ours);
  for (int i = 0; i < 5; ++i) writer.write(0, theirs);
  std::vector<ScoreChange> changes;
  ShardPositions heard{};
  EXPECT_EQ(feed.read(own->listener, 10, changes, heard), Read::lapsed);
  EXPECT_EQ(drain(feed, others->listener).size(), 5U);
  const auto again = feed.open(ours, std::nullopt, [] {});
  for (int i = 0; i < 3; ++i) writer.write(0, ours);
  EXPECT_EQ(drain(feed, again->listener).size(), 3U);
}

TEST(ScoreFeed, SendsEverybodyBackWhenAShardWentOnUnheard) {
  ScoreFeed feed;
  const auto shard = static_cast<ShardId>(0);
  Writer writer(feed, {shard});
  int woken = 0;
  const auto opened = feed.open(ours, std::nullopt, [&] { ++woken; });
  writer.write(0);
  feed.begin(shard, 1);  // started again, nothing lost
  EXPECT_EQ(drain(feed, opened->listener).size(), 1U);
  feed.begin(shard, 2);  // a record became durable that nobody published
  EXPECT_EQ(woken, 2);
  std::vector<ScoreChange> changes;
  ShardPositions heard{};
  EXPECT_EQ(feed.read(opened->listener, 10, changes, heard), Read::lapsed);
  FeedPosition before;
  before.seen[0] = 1;
  const auto again = feed.open(ours, before, [] {});
  EXPECT_EQ(again->start, Start::rebuild);
  EXPECT_EQ(again->position.seen[0], 2U);
}

TEST(ScoreFeed, LimitsListenersByOrganisationAndInAll) {
  ScoreFeed feed({10, 3, 2, std::chrono::hours(1)});
  const auto first = feed.open(ours, std::nullopt, [] {});
  ASSERT_TRUE(feed.open(ours, std::nullopt, [] {}));
  const auto refused = feed.open(ours, std::nullopt, [] {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, engine::Errc::rate_limited);
  ASSERT_TRUE(feed.open(theirs, std::nullopt, [] {}));
  const auto full = feed.open(theirs, std::nullopt, [] {});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, engine::Errc::unavailable);
  feed.close(first->listener);
  EXPECT_TRUE(feed.open(ours, std::nullopt, [] {}));
}

TEST(ScoreFeed, RestsAWhileAfterTheLastListener) {
  ScoreFeed feed({10, 3, 2, std::chrono::milliseconds(0)});
  Writer writer(feed, {static_cast<ShardId>(0)});
  const auto opened = feed.open(ours, std::nullopt, [] {});
  EXPECT_TRUE(feed.active());
  feed.close(opened->listener);
  writer.write(0);
  EXPECT_FALSE(feed.active());
  const auto again = feed.open(ours, opened->position, [] {});
  EXPECT_EQ(again->start, Start::rebuild) << "what came while it rested is not in the ring";
  EXPECT_EQ(again->position.seen[0], 1U);
}

/// Readers come and go at random while four writers write as fast as they can. Whatever a reader hears, over all its
/// connections, must be every record behind its first place, once each, in order within a shard.
TEST(ScoreFeed, LosesAndDoublesNothingUnderLoad) {
  constexpr int writers = 4;
  constexpr Position records = 20'000;
  ScoreFeed feed({1'000'000, 100, 20, std::chrono::milliseconds(0)});
  std::vector<std::unique_ptr<Writer>> shards;
  for (int i = 0; i < writers; ++i)
    shards.push_back(std::make_unique<Writer>(feed, std::vector<ShardId>{static_cast<ShardId>(i)}));
  std::atomic<bool> written{false};
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));

  const auto listen = [&](unsigned number) {
    std::mt19937 random{seed + number};
    std::optional<FeedPosition> place;
    std::map<std::uint16_t, Position> next;  // what each shard must tell next
    bool last = false;
    while (!last) {
      last = written.load();
      const auto opened = feed.open(ours, place, [] {});
      if (!opened) return ADD_FAILURE() << opened.error().what;
      if (opened->start == Start::rebuild || !place) {
        // The log would tell what lies between; from there on it must be gapless again.
        for (std::uint16_t s = 0; place && s < writers; ++s) EXPECT_GE(opened->position.seen[s] + 1, next[s]);
        for (std::uint16_t s = 0; s < writers; ++s) next[s] = opened->position.seen[s] + 1;
        place = opened->position;
      }
      for (auto reads = random() % 50; last || reads > 0; --reads) {
        std::vector<ScoreChange> changes;
        ShardPositions heard{};
        const auto read = feed.read(opened->listener, 1 + random() % 300, changes, heard);
        if (read == Read::lapsed) return ADD_FAILURE() << "the ring was large enough";
        for (const auto& each : changes) {
          const auto shard = static_cast<std::uint16_t>(each.shard);
          if (each.position != next[shard]) return ADD_FAILURE() << "shard " << shard << ": " << each.position;
          ++next[shard];
          place->seen[shard] = each.position;
        }
        if (last && read == Read::caught_up) break;
      }
      feed.close(opened->listener);
    }
    for (std::uint16_t s = 0; s < writers; ++s) EXPECT_EQ(next[s], records + 1) << "shard " << s;
  };

  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 3; ++i) threads.emplace_back(listen, i);
  std::vector<std::thread> pens;
  for (int i = 0; i < writers; ++i)
    pens.emplace_back([&, i] {
      for (Position n = 0; n < records; ++n) shards[static_cast<std::size_t>(i)]->write(static_cast<std::uint16_t>(i));
    });
  for (auto& pen : pens) pen.join();
  written.store(true);
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace leadlight::actors
