// The hash table of young entries against the store in memory: random changes of few and of many leads, read back one
// by one, lead by lead and across leads, in both directions, also over what was flushed and after a reopening.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "storage/keys.hpp"
#include "storage/memory_store.hpp"
#include "storage/rocksdb_store.hpp"
#include "tests/support/stores.hpp"

namespace leadlight::storage {
namespace {

using Random = std::mt19937_64;

constexpr std::uint64_t organisation = 7;

engine::LeadId lead_of(std::uint64_t number) {
  return {(organisation << 32U) | (number % 3), number * 0x9E3779B97F4A7C15ULL};
}

std::string index_key(std::uint64_t lead, std::uint64_t id) {
  const auto key = keys::lead_index(lead_of(lead), id, static_cast<engine::Position>(id));
  return std::string(std::string_view(key));
}

// Values differ, so that a wrong entry is seen.
std::string value_of(std::uint64_t number) {
  return std::string(8, '\x7f') + std::to_string(number);
}

void expect_equal(const std::vector<KeyValue>& found, const std::vector<KeyValue>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].key, expected[i].key) << "entry " << i;
    ASSERT_EQ(found[i].value, expected[i].value) << "entry " << i;
  }
}

class Pair {
 public:
  Pair() : young_(opened()), oracle_(make_memory_store()) {}

  void commit(const Batch& batch) {
    ASSERT_TRUE(young_->commit(batch).ok());
    ASSERT_TRUE(oracle_->commit(batch).ok());
  }
  void reopen() {
    young_.reset();
    young_ = opened();
  }
  void compare_key(const std::string& key) const {
    EXPECT_EQ(*young_->get(Family::lead_index, key), *oracle_->get(Family::lead_index, key));
  }
  void compare_scan(const std::string& prefix, const std::string& from, std::size_t limit) const {
    expect_equal(*young_->scan(Family::lead_index, prefix, from, limit),
                 *oracle_->scan(Family::lead_index, prefix, from, limit));
  }
  void compare_scan_back(const std::string& prefix, const std::string& from, std::size_t limit) const {
    expect_equal(*young_->scan_back(Family::lead_index, prefix, from, limit),
                 *oracle_->scan_back(Family::lead_index, prefix, from, limit));
  }

 private:
  [[nodiscard]] std::unique_ptr<Store> opened() const {
    auto store = open_rocksdb(scratch_.path() / "database", tests::small_rocksdb());
    EXPECT_TRUE(store.ok());
    return *std::move(store);
  }

  tests::ScratchDirectory scratch_;
  std::unique_ptr<Store> young_;
  std::unique_ptr<Store> oracle_;
};

void random_changes(Pair& stores, Random& random, std::uint64_t leads) {
  constexpr std::uint64_t ids = 200;  // many more than are copied out of a bucket at a time
  for (int round = 0; round < 60 && !testing::Test::HasFailure(); ++round) {
    Batch batch;
    for (int change = 0; change < 100; ++change) {
      const auto key = index_key(random() % leads, random() % ids);
      if (random() % 5 == 0) {
        batch.remove(Family::lead_index, key);
      } else {
        batch.put(Family::lead_index, key, value_of(random()));
      }
    }
    stores.commit(batch);
    const auto lead = keys::lead(lead_of(random() % leads));
    const std::string of_lead{std::string_view(lead)};
    const auto key = index_key(random() % leads, random() % ids);
    stores.compare_key(key);
    stores.compare_scan(of_lead, "", 10'000);
    stores.compare_scan(of_lead, of_lead + key.substr(of_lead.size()), 17);
    const std::string all = of_lead.substr(0, 4);
    stores.compare_scan(all, round % 2 == 0 ? "" : key, 500);
    stores.compare_scan_back(all, round % 2 == 0 ? "" : key, 500);
    stores.compare_scan_back(of_lead, "", 33);
    if (round % 20 == 19) stores.reopen();
  }
}

TEST(YoungEntries, FewLeadsWithManyEntriesEach) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    Pair stores;
    random_changes(stores, random, 3);
  }
}

TEST(YoungEntries, ManyLeadsWithFewEntriesEach) {
  for (std::uint64_t seed = 11; seed <= 15; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    Pair stores;
    random_changes(stores, random, 5'000);
  }
}

// What a reader sees of one lead is always in order, and what was committed before it began is there.
TEST(YoungEntries, ReadersWalkWhileOneWrites) {
  const tests::ScratchDirectory scratch;
  auto store = open_rocksdb(scratch.path() / "database", tests::small_rocksdb());
  ASSERT_TRUE(store.ok());
  std::atomic<std::uint64_t> written{0};
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> walks{0};
  const auto lead = keys::lead(lead_of(1));
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      while (!done.load()) {
        const auto before = written.load();
        const auto found = (*store)->scan(Family::lead_index, lead, "", 1'000'000);
        ASSERT_TRUE(found.ok());
        ASSERT_GE(found->size(), before);
        for (std::size_t i = 1; i < found->size(); ++i) ASSERT_LT((*found)[i - 1].key, (*found)[i].key);
        ++walks;
      }
    });
  }
  Random random(3);
  for (std::uint64_t number = 0; number < 3'000 || walks.load() < 10; ++number) {
    Batch batch;
    batch.put(Family::lead_index, index_key(1, random() | 1U), value_of(number));
    if (!(*store)->commit(batch).ok()) break;
    written.store(number + 1);
  }
  done.store(true);
  for (auto& reader : readers) reader.join();
  EXPECT_GE(walks.load(), 10U);
  EXPECT_GE(written.load(), 3'000U);
}

}  // namespace
}  // namespace leadlight::storage
