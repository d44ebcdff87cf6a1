// A file system that breaks on demand: what tests and the bench put below RocksDB.
//
// Faults are a comma-separated list: "sync:N" fails the N-th sync (of a file or a directory), "write:N" the N-th write,
// of which the first half still reaches the file, "slow_sync:MS" delays each sync. Counting begins when the database is
// opened. After the first failure every write, sync and new file fails, as on a disk that is gone; reads go on.
#pragma once

#include <any>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/result.hpp"
#include "engine/types.hpp"

namespace leadlight::storage {

/// When to fail, and what has been counted so far. Thread: any.
class FaultSchedule {
 public:
  /// Errors: invalid, naming the part that is not understood.
  static engine::Result<std::shared_ptr<FaultSchedule>> parse(std::string_view faults);

  enum class Fate { passes, fails_now, failed_before };
  /// Counts one write, or one sync, and says how it goes.
  Fate write();
  Fate sync();
  [[nodiscard]] bool failed() const { return failed_.load(); }
  [[nodiscard]] engine::Milliseconds sync_delay() const { return sync_delay_; }

 private:
  Fate count(std::atomic<std::uint64_t>& counter, std::uint64_t failing);

  std::uint64_t failing_write_ = 0;  // 0: none
  std::uint64_t failing_sync_ = 0;
  engine::Milliseconds sync_delay_{0};
  std::atomic<std::uint64_t> writes_ = 0;
  std::atomic<std::uint64_t> syncs_ = 0;
  std::atomic<bool> failed_ = false;
};

/// The machine's file system behind a schedule. Must outlive the database opened on it.
class FaultFileSystem {
 public:
  explicit FaultFileSystem(std::shared_ptr<FaultSchedule> schedule);
  FaultFileSystem(const FaultFileSystem&) = delete;
  FaultFileSystem& operator=(const FaultFileSystem&) = delete;
  ~FaultFileSystem();

  /// A `rocksdb::Env*`; as `any`, because RocksDB's types stay out of headers.
  [[nodiscard]] std::any environment() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace leadlight::storage
