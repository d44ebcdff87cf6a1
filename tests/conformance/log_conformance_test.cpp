// The log keeps the promises of storage/log.hpp, over every store.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "storage/log.hpp"
#include "tests/support/stores.hpp"

namespace leadlight::storage {
namespace {

using engine::from_ms;
using engine::Record;
using engine::ShardId;

constexpr ShardId shard{3};
constexpr engine::LeadId ann{(7ULL << 32U) | 1U, 42};

Record event(ShardId where, engine::Position position, std::int64_t received_ms) {
  Record record;
  record.shard = where;
  record.position = position;
  record.lead = ann;
  record.email = "ann@example.com";
  record.domain = "example.com";
  record.received_at = from_ms(received_ms);
  record.surface = engine::Surface::hg_live;
  record.request_id = "req_" + std::to_string(position);
  engine::EngagementEvent body;
  body.type = *engine::EventType::of("page_viewed");
  body.occurred_at = record.received_at;
  body.id_hash = position;
  record.body = std::move(body);
  return record;
}

class LogConformance : public tests::EachStore {
 protected:
  void SetUp() override {
    EachStore::SetUp();
    log_ = std::make_unique<LocalLog>(*store_);
  }
  void append(ShardId where, engine::Position first, engine::Position last) {
    Batch batch;
    for (auto position = first; position <= last; ++position) {
      log_->append(batch, event(where, position, static_cast<std::int64_t>(position) * 100));
      batch.put(Family::lead_index, keys::lead_index(ann, position, position), encode(IndexEntry{}));
    }
    ASSERT_TRUE(store_->commit(batch).ok());
  }
  std::size_t trim(std::int64_t before_ms, std::size_t limit) {
    Batch batch;
    const auto trimmed = log_->trim(batch, shard, from_ms(before_ms), limit);
    EXPECT_TRUE(trimmed.ok());
    EXPECT_TRUE(store_->commit(batch).ok());
    return *trimmed;
  }
  std::vector<engine::Position> positions(engine::Position from, std::size_t limit) {
    const auto records = log_->read(shard, from, limit);
    EXPECT_TRUE(records.ok());
    std::vector<engine::Position> found;
    for (const auto& record : *records) found.push_back(record.position);
    return found;
  }

  std::unique_ptr<LocalLog> log_;
};

INSTANTIATE_TEST_SUITE_P(Stores, LogConformance, testing::Values("memory", "rocksdb"), tests::store_name);
using Positions = std::vector<engine::Position>;

TEST_P(LogConformance, AnEmptyShardHasNoHead) {
  EXPECT_EQ(*log_->head(shard), 0U);
  EXPECT_EQ(positions(1, 10), Positions{});
  EXPECT_EQ(trim(1'000'000, 10), 0U);
}

TEST_P(LogConformance, ARecordIsThereOnceItsBatchIsCommitted) {
  Batch batch;
  log_->append(batch, event(shard, 1, 100));
  EXPECT_EQ(*log_->head(shard), 0U) << "staged is not committed";
  ASSERT_TRUE(store_->commit(batch).ok());
  EXPECT_EQ(*log_->head(shard), 1U);
  const auto records = log_->read(shard, 1, 10);
  ASSERT_TRUE(records.ok());
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ(records->front(), event(shard, 1, 100)) << "position and shard come back too";
}

TEST_P(LogConformance, ShardsAreApart) {
  append(ShardId{2}, 1, 3);
  append(shard, 1, 300);
  append(ShardId{4}, 1, 2);
  EXPECT_EQ(*log_->head(shard), 300U);
  EXPECT_EQ(*log_->head(ShardId{2}), 3U);
  EXPECT_EQ(positions(299, 10), (Positions{299, 300})) << "the next shard begins behind the head";
}

TEST_P(LogConformance, ReadsFromAnyPositionUpToTheLimit) {
  append(shard, 1, 300);
  EXPECT_EQ(positions(255, 3), (Positions{255, 256, 257}));
  EXPECT_EQ(positions(0, 2), (Positions{1, 2}));
  EXPECT_EQ(positions(301, 2), Positions{});
}

TEST_P(LogConformance, TrimmingTakesTheOldestWithTheirIndexAndNeverTheNewest) {
  append(shard, 1, 10);
  EXPECT_EQ(trim(451, 3), 3U) << "the limit";
  EXPECT_EQ(trim(451, 10), 1U) << "the instant";
  EXPECT_EQ(positions(1, 3), (Positions{5, 6, 7})) << "trimmed positions are skipped";
  EXPECT_EQ(*store_->get(Family::lead_index, keys::lead_index(ann, 4, 4)), std::nullopt);
  EXPECT_NE(*store_->get(Family::lead_index, keys::lead_index(ann, 5, 5)), std::nullopt);
  EXPECT_EQ(trim(1'000'000, 100), 5U) << "all but the newest";
  EXPECT_EQ(*log_->head(shard), 10U);
  EXPECT_EQ(trim(1'000'000, 100), 0U);
}

TEST_P(LogConformance, TrimmingStopsAtTheFirstRecordKept) {
  append(shard, 1, 2);
  Batch batch;
  log_->append(batch, event(shard, 3, 9'000));  // a clock that ran ahead,
  log_->append(batch, event(shard, 4, 300));    // and was set back
  log_->append(batch, event(shard, 5, 400));
  ASSERT_TRUE(store_->commit(batch).ok());
  EXPECT_EQ(trim(1'000, 100), 2U);
  EXPECT_EQ(positions(1, 10), (Positions{3, 4, 5}));
}

TEST_P(LogConformance, AHoleIsNeverSkippedInSilence) {
  append(shard, 1, 5);
  Batch batch;
  batch.remove(Family::log, keys::log(shard, 3));
  ASSERT_TRUE(store_->commit(batch).ok());
  const auto records = log_->read(shard, 1, 10);
  ASSERT_FALSE(records.ok());
  EXPECT_EQ(records.error().code, engine::Errc::corrupt);
  EXPECT_NE(records.error().what.find("position 3"), std::string::npos) << records.error().what;
}

TEST_P(LogConformance, AFlippedBitNamesItsPlace) {
  append(shard, 1, 3);
  auto value = **store_->get(Family::log, keys::log(shard, 2));
  value[value.size() / 2] = static_cast<char>(value[value.size() / 2] ^ 4);
  Batch batch;
  batch.put(Family::log, keys::log(shard, 2), value);
  ASSERT_TRUE(store_->commit(batch).ok());
  const auto records = log_->read(shard, 1, 10);
  ASSERT_FALSE(records.ok());
  EXPECT_EQ(records.error().code, engine::Errc::corrupt);
  EXPECT_NE(records.error().what.find("shard 3, position 2"), std::string::npos) << records.error().what;
}

TEST_P(LogConformance, ReopeningKeepsTheLog) {
  if (!durable()) GTEST_SKIP() << "ends with the process, as it says";
  append(shard, 1, 20);
  reopen();
  log_ = std::make_unique<LocalLog>(*store_);
  EXPECT_EQ(*log_->head(shard), 20U);
  EXPECT_EQ(positions(1, 100).size(), 20U);
}

}  // namespace
}  // namespace leadlight::storage
