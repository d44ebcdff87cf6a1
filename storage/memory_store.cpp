#include "storage/memory_store.hpp"

#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "storage/codec/codec.hpp"
#include "storage/expiry.hpp"

namespace leadlight::storage {
namespace {

using Entries = std::map<std::string, std::string, std::less<>>;

bool has_prefix(std::string_view key, std::string_view prefix) {
  return key.substr(0, prefix.size()) == prefix;
}

// The first entry after all that have `prefix`.
Entries::const_iterator end_of(const Entries& entries, std::string_view prefix) {
  std::string successor(prefix);
  while (!successor.empty() && static_cast<unsigned char>(successor.back()) == 0xFFU) successor.pop_back();
  if (successor.empty()) return entries.end();
  successor.back() = static_cast<char>(static_cast<unsigned char>(successor.back()) + 1);
  return entries.lower_bound(successor);
}

class MemoryStore final : public Store {
 public:
  engine::Result<std::optional<std::string>> get(Family family, std::string_view key) const override {
    const std::shared_lock guard(lock_);
    const auto& entries = of(family);
    const auto found = entries.find(key);
    if (found == entries.end() || gone(family, found->second)) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  }

  engine::Result<std::vector<KeyValue>> scan(Family family, std::string_view prefix, std::string_view from,
                                             std::size_t limit) const override {
    const std::shared_lock guard(lock_);
    const auto& entries = of(family);
    std::vector<KeyValue> found;
    for (auto at = entries.lower_bound(from < prefix ? prefix : from);
         at != entries.end() && found.size() < limit && has_prefix(at->first, prefix); ++at) {
      if (!gone(family, at->second)) found.push_back({at->first, at->second});
    }
    return found;
  }

  engine::Result<std::vector<KeyValue>> scan_back(Family family, std::string_view prefix, std::string_view from,
                                                  std::size_t limit) const override {
    const std::shared_lock guard(lock_);
    const auto& entries = of(family);
    auto at = end_of(entries, prefix);
    if (!from.empty() && at != entries.begin() && std::prev(at)->first > from) at = entries.upper_bound(from);
    std::vector<KeyValue> found;
    while (at != entries.begin() && found.size() < limit) {
      --at;
      if (!has_prefix(at->first, prefix)) break;
      if (!gone(family, at->second)) found.push_back({at->first, at->second});
    }
    return found;
  }

  engine::Status commit(const Batch& changes) override {
    const std::unique_lock guard(lock_);
    engine::Status done = engine::Ok{};
    changes.for_each([&](const Change& change) {
      auto& entries = of(change.family);
      const auto found = entries.find(change.key);
      switch (change.kind) {
        case ChangeKind::put: entries.insert_or_assign(std::string(change.key), std::string(change.value)); break;
        case ChangeKind::remove:
          if (found != entries.end()) entries.erase(found);
          break;
        case ChangeKind::amend: {
          auto amended = amended_lead(found == entries.end() ? std::string_view{} : found->second, {&change.value, 1});
          if (amended) {
            found->second = *std::move(amended);
          } else {
            done = amended.error();
          }
        }
      }
    });
    return done;
  }

  void set_expiry_floor(engine::Timestamp now) override {
    floor_.raise(now);
    const std::unique_lock guard(lock_);
    if (swept_at_ && now < *swept_at_ + engine::hour) return;
    swept_at_ = now;
    for (const auto family : {Family::idempotency, Family::requests}) {
      std::erase_if(of(family), [this](const auto& entry) { return floor_.passed(entry.second); });
    }
  }

  std::uint64_t approximate_count(Family family) const override {
    const std::shared_lock guard(lock_);
    return of(family).size();
  }

  std::optional<Space> space() const override { return std::nullopt; }

 private:
  Entries& of(Family family) { return entries_[static_cast<std::size_t>(family)]; }
  const Entries& of(Family family) const { return entries_[static_cast<std::size_t>(family)]; }
  bool gone(Family family, std::string_view value) const { return expires(family) && floor_.passed(value); }

  mutable std::shared_mutex lock_;  // readers run beside the committer
  std::array<Entries, family_count> entries_;
  ExpiryFloor floor_;
  std::optional<engine::Timestamp> swept_at_;  // forgetting costs a pass over the families: hourly
};

}  // namespace

std::unique_ptr<Store> make_memory_store() {
  return std::make_unique<MemoryStore>();
}

}  // namespace leadlight::storage
