// A store whose commits fail on demand: every promise of the store below it, until `fail_next_commit`.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "storage/store.hpp"

namespace leadlight::tests {

class FailingStore final : public storage::Store {
 public:
  explicit FailingStore(std::unique_ptr<storage::Store> below) : below_(std::move(below)) {}

  /// The next commit changes nothing and fails with io_error; so does every later one, as after a failure of the disk.
  void fail_next_commit() { failing_ = true; }
  /// Commits do not return until `let_go`.
  void hang_commits() {
    const std::lock_guard guard{mutex_};
    hanging_ = true;
  }
  void let_go() {
    const std::lock_guard guard{mutex_};
    hanging_ = false;
    changed_.notify_all();
  }
  /// Scans of this family fail with io_error until `mend`.
  void fail_scans_of(storage::Family family) { unreadable_ = family; }
  /// The disk was mended and the process restarted: commits work again.
  void mend() {
    failing_ = false;
    unreadable_ = std::nullopt;
  }
  /// Commits that succeeded.
  [[nodiscard]] std::size_t commits() const { return commits_; }

  [[nodiscard]] engine::Result<std::optional<std::string>> get(storage::Family family,
                                                               std::string_view key) const override {
    return below_->get(family, key);
  }
  [[nodiscard]] engine::Result<std::vector<storage::KeyValue>> scan(storage::Family family, std::string_view prefix,
                                                                    std::string_view from,
                                                                    std::size_t limit) const override {
    if (unreadable_.load() == family)
      return engine::Error{engine::Errc::io_error, "storage: a scan failed on demand of the test", ""};
    return below_->scan(family, prefix, from, limit);
  }
  [[nodiscard]] engine::Result<std::vector<storage::KeyValue>> scan_back(storage::Family family,
                                                                         std::string_view prefix, std::string_view from,
                                                                         std::size_t limit) const override {
    return below_->scan_back(family, prefix, from, limit);
  }
  engine::Status commit(const storage::Batch& changes) override {
    {
      std::unique_lock guard{mutex_};
      changed_.wait(guard, [this] { return !hanging_; });
    }
    if (failing_) return engine::Error{engine::Errc::io_error, "storage: a commit failed on demand of the test", ""};
    auto status = below_->commit(changes);
    if (status) ++commits_;
    return status;
  }
  void set_expiry_floor(engine::Timestamp now) override { below_->set_expiry_floor(now); }
  [[nodiscard]] std::uint64_t approximate_count(storage::Family family) const override {
    return below_->approximate_count(family);
  }
  [[nodiscard]] std::optional<Space> space() const override { return below_->space(); }

 private:
  std::unique_ptr<storage::Store> below_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool hanging_ = false;
  std::atomic<bool> failing_ = false;
  std::atomic<std::optional<storage::Family>> unreadable_{std::nullopt};
  std::atomic<std::size_t> commits_ = 0;
};

}  // namespace leadlight::tests
