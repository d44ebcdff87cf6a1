#include "storage/fault_file_system.hpp"

#include <poll.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <charconv>
#include <string>
#include <utility>

namespace leadlight::storage {
namespace {

using Fate = FaultSchedule::Fate;

rocksdb::IOStatus injected() {
  return rocksdb::IOStatus::IOError("injected fault");
}

/// What a sync does first: takes its time, and fails when its turn has come.
rocksdb::IOStatus before_sync(FaultSchedule& schedule) {
  if (const auto delay = schedule.sync_delay(); delay.count() > 0) {
    ::poll(nullptr, 0, static_cast<int>(delay.count()));  // a slow disk blocks its caller
  }
  return schedule.sync() == Fate::passes ? rocksdb::IOStatus::OK() : injected();
}

class FaultyFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, std::shared_ptr<FaultSchedule> schedule)
      : FSWritableFileOwnerWrapper(std::move(file)), schedule_(std::move(schedule)) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& bytes, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    switch (schedule_->write()) {
      case Fate::passes: return FSWritableFileOwnerWrapper::Append(bytes, options, debug);
      case Fate::fails_now:
        FSWritableFileOwnerWrapper::Append({bytes.data(), bytes.size() / 2}, options, debug).PermitUncheckedError();
        return injected();
      case Fate::failed_before: break;
    }
    return injected();
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& bytes, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo&, rocksdb::IODebugContext* debug) override {
    return Append(bytes, options, debug);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    auto status = before_sync(*schedule_);
    return status.ok() ? FSWritableFileOwnerWrapper::Sync(options, debug) : status;
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    auto status = before_sync(*schedule_);
    return status.ok() ? FSWritableFileOwnerWrapper::Fsync(options, debug) : status;
  }

 private:
  std::shared_ptr<FaultSchedule> schedule_;
};

class FaultyDirectory final : public rocksdb::FSDirectory {
 public:
  FaultyDirectory(std::unique_ptr<rocksdb::FSDirectory>&& directory, std::shared_ptr<FaultSchedule> schedule)
      : directory_(std::move(directory)), schedule_(std::move(schedule)) {}

  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    auto status = before_sync(*schedule_);
    return status.ok() ? directory_->Fsync(options, debug) : status;
  }
  rocksdb::IOStatus FsyncWithDirOptions(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug,
                                        const rocksdb::DirFsyncOptions& how) override {
    auto status = before_sync(*schedule_);
    return status.ok() ? directory_->FsyncWithDirOptions(options, debug, how) : status;
  }
  rocksdb::IOStatus Close(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override {
    return directory_->Close(options, debug);
  }
  std::size_t GetUniqueId(char* id, std::size_t size_max) const override {
    return directory_->GetUniqueId(id, size_max);
  }

 private:
  std::unique_ptr<rocksdb::FSDirectory> directory_;
  std::shared_ptr<FaultSchedule> schedule_;
};

class FaultyFiles final : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultyFiles(std::shared_ptr<FaultSchedule> schedule)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), schedule_(std::move(schedule)) {}

  const char* Name() const override { return "leadlight_fault_file_system"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    if (schedule_->failed()) return injected();
    return wrap(FileSystemWrapper::NewWritableFile(path, options, file, debug), file);
  }
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override {
    if (schedule_->failed()) return injected();
    return wrap(FileSystemWrapper::ReopenWritableFile(path, options, file, debug), file);
  }
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override {
    auto status = FileSystemWrapper::NewDirectory(path, options, directory, debug);
    if (status.ok()) *directory = std::make_unique<FaultyDirectory>(std::move(*directory), schedule_);
    return status;
  }
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    if (schedule_->failed()) return injected();
    return FileSystemWrapper::RenameFile(from, to, options, debug);
  }

 private:
  rocksdb::IOStatus wrap(rocksdb::IOStatus status, std::unique_ptr<rocksdb::FSWritableFile>* file) {
    if (status.ok()) *file = std::make_unique<FaultyFile>(std::move(*file), schedule_);
    return status;
  }

  std::shared_ptr<FaultSchedule> schedule_;
};

engine::Error not_understood(std::string_view part) {
  return {engine::Errc::invalid,
          "fault \"" + std::string(part) + "\" is not understood; use sync:N, write:N or slow_sync:MS, comma-separated",
          "faults"};
}

}  // namespace

engine::Result<std::shared_ptr<FaultSchedule>> FaultSchedule::parse(std::string_view faults) {
  auto schedule = std::make_shared<FaultSchedule>();
  while (!faults.empty()) {
    const auto part = faults.substr(0, faults.find(','));
    faults.remove_prefix(part.size() < faults.size() ? part.size() + 1 : part.size());
    const auto colon = part.find(':');
    if (colon == std::string_view::npos) return not_understood(part);
    const auto kind = part.substr(0, colon);
    const auto digits = part.substr(colon + 1);
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size() || number == 0) return not_understood(part);
    if (kind == "sync") {
      schedule->failing_sync_ = number;
    } else if (kind == "write") {
      schedule->failing_write_ = number;
    } else if (kind == "slow_sync") {
      schedule->sync_delay_ = engine::Milliseconds{number};
    } else {
      return not_understood(part);
    }
  }
  return schedule;
}

Fate FaultSchedule::count(std::atomic<std::uint64_t>& counter, std::uint64_t failing) {
  const auto number = ++counter;
  if (failed_.load()) return Fate::failed_before;
  if (number != failing) return Fate::passes;
  failed_.store(true);
  return Fate::fails_now;
}

Fate FaultSchedule::write() {
  return count(writes_, failing_write_);
}
Fate FaultSchedule::sync() {
  return count(syncs_, failing_sync_);
}

struct FaultFileSystem::Parts {
  std::unique_ptr<rocksdb::Env> environment;
};

FaultFileSystem::FaultFileSystem(std::shared_ptr<FaultSchedule> schedule)
    : parts_(std::make_unique<Parts>(
          Parts{rocksdb::NewCompositeEnv(std::make_shared<FaultyFiles>(std::move(schedule)))})) {}

FaultFileSystem::~FaultFileSystem() = default;

std::any FaultFileSystem::environment() const {
  return parts_->environment.get();
}

}  // namespace leadlight::storage
