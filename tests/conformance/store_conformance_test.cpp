// Every store keeps the promises of storage/store.hpp: one suite, over memory and over RocksDB.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "storage/store.hpp"
#include "tests/support/stores.hpp"

namespace leadlight::storage {
namespace {

using engine::from_ms;

// A value of a family that expires by itself.
std::string until(engine::Timestamp at) {
  return encode(IdempotencyEntry{at, 0, 202, ""});
}

using Keys = std::vector<std::string>;

class StoreConformance : public tests::EachStore {
 protected:
  void put(Family family, std::string_view key, std::string_view value) {
    Batch batch;
    batch.put(family, key, value);
    ASSERT_TRUE(store_->commit(batch).ok());
  }
  std::optional<std::string> get(Family family, std::string_view key) const {
    auto found = store_->get(family, key);
    EXPECT_TRUE(found.ok());
    return *found;
  }
  Keys scan(Family family, std::string_view prefix, std::string_view from, std::size_t limit) const {
    return keys(store_->scan(family, prefix, from, limit));
  }
  Keys scan_back(Family family, std::string_view prefix, std::string_view from, std::size_t limit) const {
    return keys(store_->scan_back(family, prefix, from, limit));
  }

 private:
  static Keys keys(const engine::Result<std::vector<KeyValue>>& entries) {
    EXPECT_TRUE(entries.ok());
    Keys found;
    for (const auto& entry : *entries) found.push_back(entry.key);
    return found;
  }
};

INSTANTIATE_TEST_SUITE_P(Stores, StoreConformance, testing::Values("memory", "rocksdb"), tests::store_name);

TEST_P(StoreConformance, AMissingKeyHasNoValue) {
  EXPECT_EQ(get(Family::leads, "nobody"), std::nullopt);
  put(Family::leads, "ann", "1");
  EXPECT_EQ(get(Family::leads, "ann"), "1");
  EXPECT_EQ(get(Family::timers, "ann"), std::nullopt) << "families are apart";
}

TEST_P(StoreConformance, AnEmptyValueIsAValue) {
  put(Family::timers, "t", "");
  EXPECT_EQ(get(Family::timers, "t"), "");
}

TEST_P(StoreConformance, ABatchChangesAllFamiliesAtOnce) {
  Batch batch;
  for (std::size_t i = 0; i < family_count; ++i) batch.put(static_cast<Family>(i), "key", std::string(9 + i, 'v'));
  EXPECT_EQ(batch.changes(), family_count);
  ASSERT_TRUE(store_->commit(batch).ok());
  for (std::size_t i = 0; i < family_count; ++i) {
    EXPECT_EQ(get(static_cast<Family>(i), "key"), std::string(9 + i, 'v')) << name(static_cast<Family>(i));
  }
}

TEST_P(StoreConformance, TheLastChangeOfABatchWins) {
  Batch first;
  first.put(Family::leads, "a", "1");
  first.put(Family::leads, "a", "2");
  first.put(Family::leads, "b", "1");
  first.remove(Family::leads, "b");
  Batch second;
  second.remove(Family::leads, "c");
  second.put(Family::leads, "c", "3");
  first.append(second);
  EXPECT_EQ(first.changes(), 6U);
  ASSERT_TRUE(store_->commit(first).ok());
  EXPECT_EQ(get(Family::leads, "a"), "2");
  EXPECT_EQ(get(Family::leads, "b"), std::nullopt);
  EXPECT_EQ(get(Family::leads, "c"), "3");
}

TEST_P(StoreConformance, RemovingWhatIsNotThereIsNoError) {
  Batch batch;
  batch.remove(Family::outbox, "nothing");
  EXPECT_TRUE(store_->commit(batch).ok());
  batch.clear();
  EXPECT_TRUE(batch.empty());
  EXPECT_TRUE(store_->commit(batch).ok());
}

TEST_P(StoreConformance, ScansGoInByteOrderWithinThePrefix) {
  for (const auto* key : {"b\x01", "b\xff", "a\xff", "c", "b", "b\x7f"}) put(Family::log, key, "v");
  EXPECT_EQ(scan(Family::log, "b", "", 10), (Keys{"b", "b\x01", "b\x7f", "b\xff"}));
  EXPECT_EQ(scan(Family::log, "b", "b\x02", 10), (Keys{"b\x7f", "b\xff"}));
  EXPECT_EQ(scan(Family::log, "b", "a", 2), (Keys{"b", "b\x01"})) << "before the prefix: from its first";
  EXPECT_EQ(scan(Family::log, "b", "c", 10), Keys{}) << "behind the prefix: nothing";
  EXPECT_EQ(scan(Family::log, "", "", 2), (Keys{"a\xff", "b"}));
  EXPECT_EQ(scan(Family::log, "b", "", 0), Keys{});
}

TEST_P(StoreConformance, ScansBackDescendWithinThePrefix) {
  for (const auto* key : {"b\x01", "b\xff", "a\xff", "c", "b", "b\x7f"}) put(Family::log, key, "v");
  EXPECT_EQ(scan_back(Family::log, "b", "", 10), (Keys{"b\xff", "b\x7f", "b\x01", "b"}));
  EXPECT_EQ(scan_back(Family::log, "b", "b\x7f", 2), (Keys{"b\x7f", "b\x01"}));
  EXPECT_EQ(scan_back(Family::log, "b", "c", 1), Keys{"b\xff"}) << "behind the prefix: from its last";
  EXPECT_EQ(scan_back(Family::log, "b", "a", 10), Keys{}) << "before the prefix: nothing";
  EXPECT_EQ(scan_back(Family::log, "", "", 1), Keys{"c"});
  EXPECT_EQ(scan_back(Family::log, "d", "", 1), Keys{});
}

TEST_P(StoreConformance, PrefixesOfHighestBytesHaveAnEnd) {
  put(Family::log, "\xff\xff", "v");
  put(Family::log, "\xff\xff\x01", "v");
  put(Family::log, "\xfe", "v");
  EXPECT_EQ(scan(Family::log, "\xff\xff", "", 10), (Keys{"\xff\xff", "\xff\xff\x01"}));
  EXPECT_EQ(scan_back(Family::log, "\xff\xff", "", 10), (Keys{"\xff\xff\x01", "\xff\xff"}));
  EXPECT_EQ(scan_back(Family::log, "\xfe", "", 10), Keys{"\xfe"});
}

TEST_P(StoreConformance, TimersComeInOrderOfTheirInstant) {
  const engine::LeadId lead{1, 2};
  const engine::ShardId shard{7};
  put(Family::timers, keys::timer(shard, from_ms(1'000), lead), "");
  put(Family::timers, keys::timer(shard, from_ms(255), lead), "");
  put(Family::timers, keys::timer(engine::ShardId{8}, from_ms(1), lead), "");
  const auto found = scan(Family::timers, keys::timer_prefix(shard), "", 10);
  ASSERT_EQ(found.size(), 2U);
  const auto first = keys::parse_timer(found.front());
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->at, from_ms(255));
  EXPECT_EQ(first->shard, shard);
  EXPECT_EQ(first->lead, lead);
}

TEST_P(StoreConformance, ExpiredEntriesAreGoneFromGetAndScan) {
  for (const auto family : {Family::idempotency, Family::requests}) {
    SCOPED_TRACE(name(family));
    put(family, "a", until(from_ms(1'000)));
    put(family, "b", until(from_ms(2'000)));
    put(family, "c", until(from_ms(3'000)));
  }
  put(Family::leads, "a", until(from_ms(1'000)));
  store_->set_expiry_floor(from_ms(999));
  EXPECT_EQ(scan(Family::requests, "", "", 10), (Keys{"a", "b", "c"}));
  store_->set_expiry_floor(from_ms(1'000));
  for (const auto family : {Family::idempotency, Family::requests}) {
    SCOPED_TRACE(name(family));
    EXPECT_EQ(get(family, "a"), std::nullopt) << "until is not after the floor";
    EXPECT_NE(get(family, "b"), std::nullopt);
    EXPECT_EQ(scan(family, "", "", 2), (Keys{"b", "c"})) << "an expired entry takes no place of the limit";
    EXPECT_EQ(scan_back(family, "", "b", 2), Keys{"b"});
  }
  EXPECT_NE(get(Family::leads, "a"), std::nullopt) << "only two families expire";
  store_->set_expiry_floor(from_ms(0));
  EXPECT_EQ(get(Family::requests, "a"), std::nullopt) << "the floor only rises";
  put(Family::requests, "a", until(from_ms(5'000)));
  EXPECT_NE(get(Family::requests, "a"), std::nullopt) << "a key can come back with a later end";
}

TEST_P(StoreConformance, LeadsAreAmendedWhereverTheyLie) {
  constexpr std::uint64_t leads = 3'000;  // several write buffers of them
  const auto state = [](std::uint64_t number, std::uint64_t events) {
    engine::Lead lead;
    lead.id = {number, 1};
    lead.email = "lead" + std::to_string(number) + "@example.com";
    lead.last_position = 1 + events;
    for (std::uint64_t i = 0; i <= events; ++i)
      lead.window.add(from_ms(static_cast<std::int64_t>(1'000 * (i + 1))), *engine::EventType::of("page_viewed"), i,
                      10'000);
    return lead;
  };
  for (std::uint64_t step = 0; step < 6; ++step) {
    Batch batch;
    for (std::uint64_t number = 0; number < leads; ++number) {
      const auto lead = state(number, step);
      const auto key = keys::lead(lead.id);
      if (step == 0 || (step + number) % 5 == 0) {
        batch.put(Family::leads, key, encode(lead));
      } else {
        batch.amend_lead(key, encode_change(lead, lead.window.events().subspan(step)));
      }
    }
    ASSERT_TRUE(store_->commit(batch).ok());
    if (step == 3 && durable()) reopen();
  }
  for (std::uint64_t number = 0; number < leads; ++number)
    ASSERT_EQ(get(Family::leads, keys::lead({number, 1})), encode(state(number, 5))) << "lead " << number;
  const auto all = store_->scan(Family::leads, "", "", 2 * leads);
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), leads);
  for (std::uint64_t number = 0; number < leads; ++number)
    ASSERT_EQ((*all)[number].value, encode(state(number, 5))) << "lead " << number;
  Batch gone;
  gone.remove(Family::leads, keys::lead({7, 1}));
  ASSERT_TRUE(store_->commit(gone).ok());
  EXPECT_EQ(get(Family::leads, keys::lead({7, 1})), std::nullopt);
}

TEST_P(StoreConformance, CountsAreAboutRight) {
  Batch batch;
  for (int i = 0; i < 1'000; ++i) batch.put(Family::leads, "lead" + std::to_string(i), "v");
  ASSERT_TRUE(store_->commit(batch).ok());
  EXPECT_GE(store_->approximate_count(Family::leads), 500U);
  EXPECT_LE(store_->approximate_count(Family::leads), 2'000U);
  EXPECT_EQ(store_->approximate_count(Family::timers), 0U);
}

TEST_P(StoreConformance, SpaceIsOfTheMediumItLiesOn) {
  const auto space = store_->space();
  EXPECT_EQ(space.has_value(), durable());
  if (space) {
    EXPECT_GT(space->total_bytes, 0U);
    EXPECT_LE(space->free_bytes, space->total_bytes);
  }
}

TEST_P(StoreConformance, ReopeningKeepsEverything) {
  if (!durable()) GTEST_SKIP() << "ends with the process, as it says";
  Batch batch;
  for (int i = 0; i < 5'000; ++i) batch.put(Family::leads, "lead" + std::to_string(i), std::string(700, 'v'));
  ASSERT_TRUE(store_->commit(batch).ok());  // more than one write buffer: some of it in tables, some in the log
  put(Family::requests, "a", until(from_ms(1'000)));
  reopen();
  EXPECT_EQ(scan(Family::leads, "lead", "", 10'000).size(), 5'000U);
  EXPECT_EQ(get(Family::leads, "lead4999"), std::string(700, 'v'));
  EXPECT_NE(get(Family::requests, "a"), std::nullopt);
}

TEST_P(StoreConformance, ASecondOpenerIsRefused) {
  if (!durable()) GTEST_SKIP() << "nothing to open twice";
  const auto second = open_rocksdb(scratch_.path() / "database", tests::small_rocksdb());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, engine::Errc::conflict);
  EXPECT_NE(second.error().what.find((scratch_.path() / "database").string()), std::string::npos);
  put(Family::leads, "a", "1");  // the first goes on
}

TEST(RocksDbStore, WithoutADatabaseThereIsNothingToOpen) {
  const tests::ScratchDirectory scratch;
  const auto opened = open_rocksdb(scratch.path() / "none", {});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, engine::Errc::not_found);
  EXPECT_FALSE(std::filesystem::exists(scratch.path() / "none")) << "looking makes nothing";
}

TEST(RocksDbStore, BareWritesAreMeasuredAndLeaveNothing) {
  const tests::ScratchDirectory scratch;
  const auto seconds = bare_synced_writes(scratch.path(), 10, 64, 24, 300);
  ASSERT_TRUE(seconds.ok());
  EXPECT_GT(*seconds, 0.0);
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

}  // namespace
}  // namespace leadlight::storage
