// The store on disk: RocksDB, one column family a Family, every commit synced.
#pragma once

#include "storage/store.hpp"

#include <filesystem>
#include <memory>

namespace leadlight::storage {

struct RocksDbOptions {
  std::uint64_t block_cache_bytes = 256ULL << 20U;
  std::uint64_t write_buffer_bytes = 32ULL << 20U;  // per family
  std::uint64_t wal_bytes_max = 24ULL << 20U;       // bounds the replay after a crash
  bool create = false;                              // make the database when there is none
  /// Faults to inject, for tests and the bench; empty in service. "sync:N" fails the N-th sync, "write:N" the N-th
  /// write, "slow_sync:MS" delays each sync.
  std::string faults;
};

/// Opens (or makes) the database in `directory`. One process at a time: a second gets `conflict` naming the lock.
/// Errors: not_found (no database and `create` is off), conflict, io_error, corrupt.
engine::Result<std::unique_ptr<Store>> open_rocksdb(const std::filesystem::path& directory,
                                                    const RocksDbOptions& options);

/// The benchmark's floor: commits/s and bytes/s of bare synced write batches, `batches` of them, each `entries` ×
/// `value_bytes`, in a new database below `directory`. Says seconds taken.
engine::Result<double> bare_synced_writes(const std::filesystem::path& directory, std::size_t batches,
                                          std::size_t entries, std::size_t key_bytes, std::size_t value_bytes);

}  // namespace leadlight::storage
