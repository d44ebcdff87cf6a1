// Goal: what a commit acknowledged survives the failure of any single write or sync of the disk, and after the first
// failure nothing is acknowledged any more (F09, F10, F11, F12). Method: a child process commits batches on a database
// whose k-th write or sync fails and prints each acknowledgement; then the database is opened again without faults. A
// child, because RocksDB may abort by assertion after an injected failure: that counts as a crash. In the same process,
// too, for the promises of the store itself.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "storage/fault_file_system.hpp"
#include "storage/store.hpp"
#include "tests/support/stores.hpp"

namespace leadlight::storage {
namespace {

constexpr int batches = 40;
constexpr int entries = 20;
constexpr const char* directory_variable = "LEADLIGHT_FAULT_DIRECTORY";
constexpr const char* faults_variable = "LEADLIGHT_FAULT_LIST";

std::string key_of(int batch, int entry) {
  return std::to_string(batch) + "/" + std::to_string(entry);
}

// A batch goes over three families, so that half of one would show.
Batch batch_of(int number) {
  Batch batch;
  for (int i = 0; i < entries; ++i) {
    const auto family = i % 3 == 0 ? Family::log : i % 3 == 1 ? Family::leads : Family::outbox;
    batch.put(family, key_of(number, i), std::string(900, 'v'));
  }
  return batch;
}

int entries_present(const Store& store, int number) {
  int present = 0;
  for (int i = 0; i < entries; ++i) {
    const auto family = i % 3 == 0 ? Family::log : i % 3 == 1 ? Family::leads : Family::outbox;
    const auto value = store.get(family, key_of(number, i));
    EXPECT_TRUE(value.ok());
    if (value.ok() && value->has_value()) ++present;
  }
  return present;
}

RocksDbOptions with_faults(std::string faults) {
  auto options = tests::small_rocksdb();
  options.write_buffer_bytes = 64U << 10U;  // flushes on the way, so that their writes fail too
  options.faults = std::move(faults);
  return options;
}

/// Commits batches; says how many were acknowledged. Stops at the first failure and checks that it is the end.
int commit_until_failure(Store& store, const std::function<void(int)>& acknowledged) {
  for (int number = 0; number < batches; ++number) {
    if (!store.commit(batch_of(number))) {
      for (int later = 1; later <= 3; ++later) EXPECT_FALSE(store.commit(batch_of(number + later)).ok());
      return number;
    }
    acknowledged(number);
  }
  return batches;
}

/// The child's part; skipped when a person runs the suite.
TEST(FaultChild, CommitsUntilItFails) {
  const char* directory = std::getenv(directory_variable);
  const char* faults = std::getenv(faults_variable);
  if (directory == nullptr || faults == nullptr) GTEST_SKIP() << "run by the test below";
  auto store = open_rocksdb(std::filesystem::path(directory) / "database", with_faults(faults));
  if (!store) return;
  std::ofstream acknowledgements(std::filesystem::path(directory) / "acknowledged", std::ios::app);
  commit_until_failure(**store, [&](int number) { acknowledgements << number << std::endl; });
}

void run_child(const std::filesystem::path& directory, const std::string& faults) {
  ::setenv(directory_variable, directory.c_str(), 1);
  ::setenv(faults_variable, faults.c_str(), 1);
  std::string program = "/proc/self/exe";
  std::string filter = "--gtest_filter=FaultChild.*";
  std::vector<char*> arguments{program.data(), filter.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  ASSERT_EQ(::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ::unsetenv(directory_variable);
  ::unsetenv(faults_variable);
  // Ends well, or by RocksDB's own assertion; an expectation of the child that failed is neither.
  EXPECT_TRUE((WIFEXITED(status) && WEXITSTATUS(status) == 0) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT));
}

int acknowledged_in(const std::filesystem::path& directory) {
  std::ifstream lines(directory / "acknowledged");
  int count = 0;
  for (std::string line; std::getline(lines, line);) ++count;
  return count;
}

/// Every acknowledged batch is whole, and after them come whole ones or none: a prefix, without holes.
void expect_prefix(const Store& store, int acknowledged) {
  bool ended = false;
  for (int number = 0; number < batches + 4; ++number) {
    const int present = entries_present(store, number);
    EXPECT_TRUE(present == 0 || present == entries) << "half of batch " << number;
    EXPECT_TRUE(number >= acknowledged || present == entries) << "acknowledged batch " << number << " is lost";
    EXPECT_TRUE(!ended || present == 0) << "a hole before batch " << number;
    ended = ended || present == 0;
  }
}

/// Runs the child for k = 1, 1 + step, … until a run meets no fault any more.
int run_every(const std::string& kind, int step) {
  int runs = 0;
  for (int k = 1; k < 2'000; k += step) {
    SCOPED_TRACE(kind + ":" + std::to_string(k));
    const tests::ScratchDirectory scratch;
    run_child(scratch.path(), kind + ":" + std::to_string(k));
    const int acknowledged = acknowledged_in(scratch.path());
    const auto store = open_rocksdb(scratch.path() / "database", tests::small_rocksdb());
    EXPECT_TRUE(store.ok()) << (store ? "" : store.error().what);
    if (store) expect_prefix(**store, acknowledged);
    ++runs;
    if (acknowledged == batches || testing::Test::HasFailure()) break;
  }
  return runs;
}

TEST(Fault, AFailedSyncLosesNothingAcknowledged) {
  EXPECT_GT(run_every("sync", 7), 5);
}

TEST(Fault, AFailedWriteLosesNothingAcknowledged) {
  EXPECT_GT(run_every("write", 9), 5);
}

TEST(Fault, AfterAFailureTheStoreStopsAndAnotherRecovers) {
  for (const auto* kind : {"sync:", "write:"}) {
    const tests::ScratchDirectory scratch;
    const auto place = scratch.path() / "database";
    // The database exists already, so that few calls go before the first commit.
    ASSERT_TRUE(open_rocksdb(place, tests::small_rocksdb()).ok());
    int acknowledged = 0;
    {
      auto store = open_rocksdb(place, with_faults(std::string(kind) + "60"));
      ASSERT_TRUE(store.ok()) << store.error().what;
      acknowledged = commit_until_failure(**store, [](int) {});
      ASSERT_LT(acknowledged, batches);
      const auto after = (*store)->commit(batch_of(0));
      ASSERT_FALSE(after.ok());
      EXPECT_EQ(after.error().code, engine::Errc::io_error);
      EXPECT_TRUE(acknowledged == 0 || entries_present(**store, 0) == entries) << "reads go on";
    }
    auto store = open_rocksdb(place, tests::small_rocksdb());
    ASSERT_TRUE(store.ok()) << store.error().what;
    expect_prefix(**store, acknowledged);
    EXPECT_TRUE((*store)->commit(batch_of(batches)).ok());
  }
}

TEST(Fault, ASlowSyncDelaysTheAnswer) {
  const tests::ScratchDirectory scratch;
  auto store = open_rocksdb(scratch.path() / "database", with_faults("slow_sync:30"));
  ASSERT_TRUE(store.ok()) << store.error().what;
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE((*store)->commit(batch_of(0)).ok());
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(30));
}

std::filesystem::path newest_wal(const std::filesystem::path& database) {
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator(database)) {
    if (entry.path().extension() == ".log" && (newest.empty() || newest < entry.path())) newest = entry.path();
  }
  return newest;
}

TEST(Fault, AFlippedBitInTheWriteAheadLogIsFound) {
  int refused = 0;
  for (int part = 1; part < 10; ++part) {
    const tests::ScratchDirectory scratch;
    const auto place = scratch.path() / "database";
    {
      auto store = open_rocksdb(place, tests::small_rocksdb());
      ASSERT_TRUE(store.ok());
      commit_until_failure(**store, [](int) {});
    }
    const auto wal = newest_wal(place);
    const auto at = static_cast<std::streamoff>(std::filesystem::file_size(wal)) * part / 10;
    std::fstream file(wal, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 16));
    file.close();
    const auto store = open_rocksdb(place, tests::small_rocksdb());
    if (store) {
      expect_prefix(**store, batches);  // the flip lay where nothing does
    } else {
      ++refused;
      EXPECT_EQ(store.error().code, engine::Errc::corrupt) << store.error().what;
    }
  }
  EXPECT_GT(refused, 5);
}

TEST(Fault, ATornTailOfTheWriteAheadLogOpens) {
  const tests::ScratchDirectory scratch;
  const auto place = scratch.path() / "database";
  {
    auto store = open_rocksdb(place, tests::small_rocksdb());
    ASSERT_TRUE(store.ok());
    commit_until_failure(**store, [](int) {});
  }
  const auto wal = newest_wal(place);
  std::filesystem::resize_file(wal,
                               std::filesystem::file_size(wal) - 700);  // into the last batch: as if never acknowledged
  const auto store = open_rocksdb(place, tests::small_rocksdb());
  ASSERT_TRUE(store.ok()) << store.error().what;
  expect_prefix(**store, batches - 1);
}

TEST(FaultSchedule, SaysWhatItDoesNotUnderstand) {
  for (const auto* faults : {"sync", "sync:", "sync:0", "sync:x", "read:3", "sync:3;write:4", "sync:-1"}) {
    const auto schedule = FaultSchedule::parse(faults);
    ASSERT_FALSE(schedule.ok()) << faults;
    EXPECT_EQ(schedule.error().code, engine::Errc::invalid);
  }
  EXPECT_TRUE(FaultSchedule::parse("sync:3,write:4,slow_sync:5").ok());
}

TEST(FaultSchedule, OnceFailedKeepsFailing) {
  const auto schedule = *FaultSchedule::parse("write:2");
  EXPECT_EQ(schedule->write(), FaultSchedule::Fate::passes);
  EXPECT_EQ(schedule->sync(), FaultSchedule::Fate::passes);
  EXPECT_EQ(schedule->write(), FaultSchedule::Fate::fails_now);
  EXPECT_EQ(schedule->write(), FaultSchedule::Fate::failed_before);
  EXPECT_EQ(schedule->sync(), FaultSchedule::Fate::failed_before);
  EXPECT_TRUE(schedule->failed());
}

}  // namespace
}  // namespace leadlight::storage
