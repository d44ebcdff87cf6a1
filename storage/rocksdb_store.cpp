#include "storage/rocksdb_store.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <sys/statvfs.h>

#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <any>
#include <array>
#include <atomic>
#include <system_error>
#include <utility>

#include "storage/codec/codec.hpp"
#include "storage/expiry.hpp"
#include "storage/fault_file_system.hpp"
#include "storage/young_entries.hpp"

namespace leadlight::storage {
namespace {

constexpr int bloom_bits_per_key = 10;
constexpr std::size_t shard_prefix_bytes = 2;               // of a key of the log
constexpr std::size_t request_prefix_bytes = 4;             // of a request id, before its time
constexpr std::size_t bytes_per_bucket = 512;               // of a write buffer
constexpr std::uint64_t young_entries_sorted_max = 20'000;  // for one walk: a few milliseconds
constexpr int young_buffers_max = 3;                        // a family; so that writes go on while some are flushed
constexpr std::uint64_t small_write_buffer = 8U << 20U;     // of a family whose entries are few or soon gone
constexpr std::size_t write_buffer_in_replay = 1U << 30U;   // never full: the write-ahead log is far smaller
constexpr int flushed_files_compacted = 12;  // at once: each time the level below is read and written as well
constexpr std::uint64_t bytes_per_sync = 1U << 20U;
constexpr int nice_of_flushes = 5;                   // a flush that falls far behind stops the commits: not too nice
constexpr std::size_t batch_bytes_kept = 8U << 20U;  // between commits
constexpr std::uint64_t free_bytes_to_open = 16U << 20U;
constexpr int open_files_max = 512;
constexpr std::size_t info_log_bytes_max = 4U << 20U;
constexpr std::size_t info_logs_kept = 3;
constexpr std::uint64_t forgetting_period_seconds = 86'400;  // expired entries leave the disk within about a day

rocksdb::Slice slice(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

engine::Error error_of(const rocksdb::Status& status, std::string_view doing) {
  const auto code = status.IsCorruption() ? engine::Errc::corrupt : engine::Errc::io_error;
  return {code, "storage: " + std::string(doing) + ": " + status.ToString(), ""};
}

/// Drops what has expired while compaction rewrites it anyway.
class ExpiryFilter final : public rocksdb::CompactionFilter {
 public:
  explicit ExpiryFilter(std::shared_ptr<const ExpiryFloor> floor) : floor_(std::move(floor)) {}

  const char* Name() const override { return "leadlight_expiry"; }
  bool Filter(int, const rocksdb::Slice&, const rocksdb::Slice& value, std::string*, bool*) const override {
    return floor_->passed(view(value));
  }

 private:
  std::shared_ptr<const ExpiryFloor> floor_;
};

class ExpiryFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  explicit ExpiryFilterFactory(std::shared_ptr<const ExpiryFloor> floor) : floor_(std::move(floor)) {}

  const char* Name() const override { return "leadlight_expiry_factory"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context&) override {
    return std::make_unique<ExpiryFilter>(floor_);
  }

 private:
  std::shared_ptr<const ExpiryFloor> floor_;
};

/// Amends stored leads, when one is read or its changes meet it in a compaction.
class LeadAmender final : public rocksdb::MergeOperator {
 public:
  const char* Name() const override { return "leadlight_lead_changes"; }
  bool FullMergeV2(const MergeOperationInput& input, MergeOperationOutput* output) const override {
    std::vector<std::string_view> changes;
    changes.reserve(input.operand_list.size());
    for (const auto& change : input.operand_list) changes.push_back(view(change));
    auto amended =
        amended_lead(input.existing_value == nullptr ? std::string_view{} : view(*input.existing_value), changes);
    if (!amended) return false;  // RocksDB reports corruption
    output->new_value = *std::move(amended);
    return true;
  }
};

/// Hears of what RocksDB does beside the commits: of errors, so that the next commit fails instead of writing after
/// one; and of a flush, whose thread then yields to those that somebody waits for.
class BackgroundListener final : public rocksdb::EventListener {
 public:
  explicit BackgroundListener(std::shared_ptr<std::atomic<bool>> failed) : failed_(std::move(failed)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status*) override { failed_->store(true); }
  void OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo&) override {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), nice_of_flushes);  // refused: it goes on as it was
  }

 private:
  std::shared_ptr<std::atomic<bool>> failed_;
};

/// The first key after all that have `prefix`; empty: there is none.
std::string successor_of(std::string_view prefix) {
  std::string successor(prefix);
  while (!successor.empty() && static_cast<unsigned char>(successor.back()) == 0xFFU) successor.pop_back();
  if (!successor.empty()) successor.back() = static_cast<char>(static_cast<unsigned char>(successor.back()) + 1);
  return successor;
}

/// Families whose keys begin with a lead. Their writes come in no order: in a skip list each would walk through memory
/// that no cache holds, so the young entries lie in a hash table by lead (docs/decisions/0007-young-entries.md).
constexpr bool hashed_by_lead(Family family) {
  return family == Family::leads || family == Family::lead_index;
}

/// Families with many entries, that stay; the others have small write buffers.
constexpr bool large(Family family) {
  return hashed_by_lead(family) || family == Family::log || family == Family::requests;
}

class RocksDbStore final : public Store {
 public:
  RocksDbStore(std::filesystem::path directory, std::uint64_t write_buffer_bytes,
               std::unique_ptr<FaultFileSystem> files, std::shared_ptr<ExpiryFloor> floor,
               std::shared_ptr<std::atomic<bool>> failed)
      : directory_(std::move(directory)),
        write_buffer_bytes_(write_buffer_bytes),
        files_(std::move(files)),
        floor_(std::move(floor)),
        failed_(std::move(failed)) {}

  ~RocksDbStore() override {
    if (!database_) return;
    for (auto* handle : handles_) database_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    database_->Close().PermitUncheckedError();
  }

  engine::Status open(const rocksdb::DBOptions& options, const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
    rocksdb::DB* database = nullptr;
    const auto status = rocksdb::DB::Open(options, directory_.string(), families, &handles_, &database);
    database_.reset(database);
    if (status.ok()) return settle_after_replay(options.max_total_wal_size);
    const auto text = status.ToString();
    if (text.find("/LOCK") != std::string::npos) {
      return engine::Error{engine::Errc::conflict,
                           "the database in " + directory_.string() +
                               " is in use by another process (its LOCK file is held); stop that process first",
                           directory_.string()};
    }
    return error_of(status, "cannot open " + directory_.string());
  }

  engine::Result<std::optional<std::string>> get(Family family, std::string_view key) const override {
    rocksdb::PinnableSlice value;
    const auto status = database_->Get(rocksdb::ReadOptions(), handle(family), slice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return error_of(status, "cannot read from " + std::string(name(family)));
    if (expires(family) && floor_->passed(view(value))) return std::optional<std::string>();
    return std::optional<std::string>(std::in_place, value.data(), value.size());
  }

  engine::Result<std::vector<KeyValue>> scan(Family family, std::string_view prefix, std::string_view from,
                                             std::size_t limit) const override {
    return walk(
        family, prefix, limit, prefix.size() >= lead_prefix_bytes,
        [&](rocksdb::Iterator& at) { at.Seek(slice(from < prefix ? prefix : from)); },
        [](rocksdb::Iterator& at) { at.Next(); });
  }

  engine::Result<std::vector<KeyValue>> scan_back(Family family, std::string_view prefix, std::string_view from,
                                                  std::size_t limit) const override {
    return walk(
        family, prefix, limit, false,
        [&](rocksdb::Iterator& at) {
          if (from.empty()) {
            at.SeekToLast();
          } else {
            at.SeekForPrev(slice(from));
          }
        },
        [](rocksdb::Iterator& at) { at.Prev(); });
  }

  engine::Status commit(const Batch& changes) override {
    // After one failure nothing is written any more: what the disk holds is unknown, and RocksDB may abort on it.
    if (failed_->load()) {
      return engine::Error{
          engine::Errc::io_error,
          "storage: stopped at an earlier error of the disk; restart the process once the disk is mended", ""};
    }
    auto& batch = writing_;
    batch.Clear();
    changes.for_each([&](const Change& change) {
      // Into a batch without size limit none of them can fail.
      auto* const family = handle(change.family);
      switch (change.kind) {
        case ChangeKind::put: batch.Put(family, slice(change.key), slice(change.value)).PermitUncheckedError(); break;
        case ChangeKind::remove: batch.Delete(family, slice(change.key)).PermitUncheckedError(); break;
        case ChangeKind::amend:
          batch.Merge(family, slice(change.key), slice(change.value)).PermitUncheckedError();
          break;
      }
    });
    rocksdb::WriteOptions durable;
    durable.sync = true;
    const auto status = database_->Write(durable, &batch);
    if (batch.GetDataSize() > batch_bytes_kept) batch = rocksdb::WriteBatch();
    if (status.ok()) return engine::Ok{};
    failed_->store(true);
    return engine::Error{engine::Errc::io_error, "storage: cannot commit: " + status.ToString(), ""};
  }

  void set_expiry_floor(engine::Timestamp now) override { floor_->raise(now); }

  std::uint64_t approximate_count(Family family) const override {
    std::uint64_t count = 0;
    return database_->GetIntProperty(handle(family), rocksdb::DB::Properties::kEstimateNumKeys, &count) ? count : 0;
  }

  std::optional<Space> space() const override {
    struct statvfs medium {};
    if (::statvfs(directory_.c_str(), &medium) != 0) return std::nullopt;
    return Space{std::uint64_t{medium.f_bavail} * medium.f_frsize, std::uint64_t{medium.f_blocks} * medium.f_frsize};
  }

 private:
  // Column families are opened in the order of Family, after the default one.
  [[nodiscard]] rocksdb::ColumnFamilyHandle* handle(Family family) const {
    return handles_[1 + static_cast<std::size_t>(family)];
  }

  /// The write-ahead log has been replayed into buffers that never fill (family_options); from here on the usual size.
  /// A log that is longer than it should be is shortened in the background, so that crashes in a row do not add up.
  engine::Status settle_after_replay(std::uint64_t wal_bytes_max) {
    std::uint64_t replayed = 0;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory_, ignored))
      if (entry.path().extension() == ".log") replayed += entry.file_size(ignored);
    rocksdb::FlushOptions in_background;
    in_background.wait = false;
    in_background.allow_write_stall = true;
    for (std::size_t i = 0; i < family_count; ++i) {
      const auto family = static_cast<Family>(i);
      if (!large(family)) continue;
      const auto bytes = std::to_string(write_buffer_bytes_);
      if (const auto set = database_->SetOptions(handle(family), {{"write_buffer_size", bytes}}); !set.ok())
        return error_of(set, "cannot set the write buffer of " + std::string(name(family)));
      if (replayed <= wal_bytes_max) continue;
      if (const auto flushing = database_->Flush(in_background, handle(family)); !flushing.ok())
        return error_of(flushing, "cannot flush " + std::string(name(family)));
    }
    return engine::Ok{};
  }

  /// Young entries hashed by lead are sorted for every walk across leads: many of them go to disk, sorted, first.
  [[nodiscard]] rocksdb::Status settle_young_entries(Family family) const {
    std::uint64_t young = 0;
    database_->GetIntProperty(handle(family), rocksdb::DB::Properties::kNumEntriesActiveMemTable, &young);
    return young > young_entries_sorted_max ? database_->Flush({}, handle(family)) : rocksdb::Status::OK();
  }

  template <class Start, class Step>
  engine::Result<std::vector<KeyValue>> walk(Family family, std::string_view prefix, std::size_t limit,
                                             bool forwards_in_one_lead, const Start& start, const Step& step) const {
    const bool across_leads = hashed_by_lead(family) && !forwards_in_one_lead;
    if (across_leads) {
      if (const auto settled = settle_young_entries(family); !settled.ok())
        return error_of(settled, "cannot flush " + std::string(name(family)));
    }
    const auto successor = successor_of(prefix);
    const rocksdb::Slice lower = slice(prefix);
    const rocksdb::Slice upper = slice(successor);
    rocksdb::ReadOptions options;
    options.total_order_seek = !hashed_by_lead(family) || across_leads;
    if (!prefix.empty()) options.iterate_lower_bound = &lower;
    if (!successor.empty()) options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator(options, handle(family)));
    std::vector<KeyValue> found;
    for (start(*at); at->Valid() && found.size() < limit; step(*at)) {
      if (expires(family) && floor_->passed(view(at->value()))) continue;
      found.push_back({at->key().ToString(), at->value().ToString()});
    }
    if (!at->status().ok()) return error_of(at->status(), "cannot scan " + std::string(name(family)));
    return found;
  }

  std::filesystem::path directory_;
  std::uint64_t write_buffer_bytes_;        // of a large family
  std::unique_ptr<FaultFileSystem> files_;  // outlives the database
  std::shared_ptr<ExpiryFloor> floor_;
  std::shared_ptr<std::atomic<bool>> failed_;
  std::unique_ptr<rocksdb::DB> database_;
  rocksdb::WriteBatch writing_;  // of the commit under way; kept for its memory
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

rocksdb::DBOptions database_options(const RocksDbOptions& options) {
  rocksdb::DBOptions database;
  database.create_if_missing = options.create;
  database.create_missing_column_families = true;  // a later version may bring new families
  database.paranoid_checks = true;
  database.max_bgerror_resume_count = 0;  // fail-stop: a restart recovers, nothing resumes by itself
  database.max_total_wal_size = options.wal_bytes_max;
  // What was replayed stays where it is: to sort and flush it first would make the first read wait.
  database.avoid_flush_during_recovery = true;
  database.max_background_jobs = 2;
  // Else a commit's sync waits until all that a flush or compaction has written so far is on the disk.
  database.bytes_per_sync = bytes_per_sync;
  database.max_open_files = open_files_max;
  database.keep_log_file_num = info_logs_kept;
  database.max_log_file_size = info_log_bytes_max;
  database.skip_stats_update_on_db_open = true;
  // One thread commits: the machinery for several only costs.
  database.allow_concurrent_memtable_write = false;
  // A cut at the end of the write-ahead log is a commit nobody was told of; a fault before the end refuses to open,
  // where RocksDB's default would drop the acknowledged rest in silence.
  database.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  return database;
}

/// Families looked up by whole keys that are often not there.
constexpr bool asked_by_key(Family family) {
  return family == Family::leads || expires(family);
}

/// How the family keeps what was not flushed yet.
void keep_young_entries(Family family, std::uint64_t write_buffer_bytes, rocksdb::ColumnFamilyOptions& column) {
  if (hashed_by_lead(family)) {
    column.prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(lead_prefix_bytes));
    column.memtable_factory = std::any_cast<std::shared_ptr<rocksdb::MemTableRepFactory>>(
        young_entries_by_lead(write_buffer_bytes / bytes_per_bucket));
  } else if (family == Family::log) {
    column.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(shard_prefix_bytes));
  } else if (family == Family::requests) {
    column.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(request_prefix_bytes));
  }
}

rocksdb::ColumnFamilyOptions family_options(Family family, const RocksDbOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache,
                                            const std::shared_ptr<const ExpiryFloor>& floor) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  if (asked_by_key(family)) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(bloom_bits_per_key));
  if (family == Family::log) table.block_size = 16U << 10U;  // read in long runs only

  rocksdb::ColumnFamilyOptions column;
  column.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  // A buffer that fills up while the write-ahead log is replayed would be sorted and flushed before the first read, and
  // every other one after it: until the log has been replayed none fills up (RocksDbStore::open).
  column.write_buffer_size = large(family) ? write_buffer_in_replay : small_write_buffer;
  column.arena_block_size = std::clamp<std::uint64_t>(options.write_buffer_bytes / 8, 4U << 10U, 1U << 20U);
  column.max_write_buffer_number = young_buffers_max;
  column.level0_file_num_compaction_trigger = flushed_files_compacted;
  column.level0_slowdown_writes_trigger = 4 * flushed_files_compacted;
  column.level0_stop_writes_trigger = 6 * flushed_files_compacted;
  // Young levels are rewritten soon: their bytes are not worth the time to squeeze them.
  column.compression = rocksdb::kLZ4Compression;
  column.compression_per_level = {rocksdb::kNoCompression, rocksdb::kNoCompression, rocksdb::kLZ4Compression};
  if (family == Family::log) {
    column.bottommost_compression = rocksdb::kZSTD;
    column.bottommost_compression_opts.level = 1;
    column.bottommost_compression_opts.enabled = true;
  }
  keep_young_entries(family, options.write_buffer_bytes, column);
  if (family == Family::leads) column.merge_operator = std::make_shared<LeadAmender>();
  if (expires(family)) {
    column.compaction_filter_factory = std::make_shared<ExpiryFilterFactory>(floor);
    column.periodic_compaction_seconds = forgetting_period_seconds;
  }
  return column;
}

/// Opening writes a little; on a full medium RocksDB would abort half way.
engine::Status room_to_open(const std::filesystem::path& directory) {
  std::error_code error;
  const auto space = std::filesystem::space(directory, error);
  if (error || space.available >= free_bytes_to_open) return engine::Ok{};
  return engine::Error{engine::Errc::io_error,
                       "the disk of " + directory.string() + " is full (" + std::to_string(space.available >> 20U) +
                           " MiB free, " + std::to_string(free_bytes_to_open >> 20U) +
                           " MiB are needed to open the database); free some space and start again",
                       directory.string()};
}

engine::Status directory_ready(const std::filesystem::path& directory, bool create) {
  std::error_code error;
  if (std::filesystem::exists(directory / "CURRENT", error)) return engine::Ok{};
  if (!create) {
    return engine::Error{engine::Errc::not_found,
                         "there is no database in " + directory.string() + "; make one with leadlight init",
                         directory.string()};
  }
  std::filesystem::create_directories(directory, error);
  if (error) {
    return engine::Error{engine::Errc::io_error, "cannot make " + directory.string() + ": " + error.message(),
                         directory.string()};
  }
  return engine::Ok{};
}

/// A newer version may have added families; opening without them would leave them behind.
engine::Status families_known(const std::filesystem::path& directory, const rocksdb::DBOptions& options) {
  std::error_code error;
  if (!std::filesystem::exists(directory / "CURRENT", error)) return engine::Ok{};
  std::vector<std::string> present;
  const auto status = rocksdb::DB::ListColumnFamilies(options, directory.string(), &present);
  if (!status.ok()) return error_of(status, "cannot open " + directory.string());
  for (const auto& family : present) {
    bool known = family == rocksdb::kDefaultColumnFamilyName;
    for (std::size_t i = 0; i < family_count; ++i) known = known || family == name(static_cast<Family>(i));
    if (known) continue;
    return engine::Error{engine::Errc::conflict,
                         "the database in " + directory.string() + " holds \"" + family +
                             "\", which this version does not know; use the version that wrote it",
                         directory.string()};
  }
  return engine::Ok{};
}

}  // namespace

engine::Result<std::unique_ptr<Store>> open_rocksdb(const std::filesystem::path& directory,
                                                    const RocksDbOptions& options) {
  if (auto ready = directory_ready(directory, options.create); !ready) return ready.error();
  if (auto room = room_to_open(directory); !room) return room.error();
  auto database = database_options(options);
  std::unique_ptr<FaultFileSystem> files;
  if (!options.faults.empty()) {
    auto schedule = FaultSchedule::parse(options.faults);
    if (!schedule) return schedule.error();
    files = std::make_unique<FaultFileSystem>(*std::move(schedule));
    database.env = std::any_cast<rocksdb::Env*>(files->environment());
  }
  if (auto known = families_known(directory, database); !known) return known.error();
  const auto floor = std::make_shared<ExpiryFloor>();
  const auto failed = std::make_shared<std::atomic<bool>>(false);
  database.listeners.push_back(std::make_shared<BackgroundListener>(failed));
  // What waits for an answer goes before compactions; if they fall behind, RocksDB slows the commits down.
  if (auto yielding = database.env->LowerThreadPoolCPUPriority(rocksdb::Env::Priority::LOW, rocksdb::CpuPriority::kLow);
      !yielding.ok())
    return error_of(yielding, "the priority of compactions cannot be set");
  const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families{{rocksdb::kDefaultColumnFamilyName, {}}};
  for (std::size_t i = 0; i < family_count; ++i) {
    const auto family = static_cast<Family>(i);
    families.emplace_back(std::string(name(family)), family_options(family, options, cache, floor));
  }
  auto store = std::make_unique<RocksDbStore>(directory, options.write_buffer_bytes, std::move(files), floor, failed);
  if (auto opened = store->open(database, families); !opened) return opened.error();
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace leadlight::storage
