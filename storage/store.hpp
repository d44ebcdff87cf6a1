// The store: families of keys and values that change all together or not at all, and survive power loss once committed.
//
// Two implementations keep the same promises under one conformance suite: rocksdb_store.hpp and memory_store.hpp.
// Keys are made by keys.hpp, values by codec/. Thread: reads from any; commits from the committer alone.
#pragma once

#include "engine/result.hpp"
#include "engine/types.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::storage {

/// A column family. Named in the data directory by `name()`; numbers never leave the process.
enum class Family : std::uint8_t {
  log,            // (shard, position) → record
  lead_index,     // (lead, id hash, position) → outcome, content: its events in the log, and which ids are known
  leads,          // lead → state
  idempotency,    // (organisation, key hash) → body hash and answer; expires by itself
  requests,       // request id → how it went; expires by itself
  outbox,         // (target, lead) → owed writeback
  dead_letters,   // (target, lead) → what was refused and why
  timers,         // (shard, instant, lead) → nothing
  organisations,  // settings: organisations, keys, models, targets, counters
  aliases,        // identity → the identity that names the lead, and back; joins under way
  attributes,     // lead → what is known of the person
  fetches,        // lead → its triggers that wait for the activity sources
};
inline constexpr std::size_t family_count = 12;

std::string_view name(Family family);

struct KeyValue {
  std::string key;
  std::string value;

  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};

/// What a change does to its key: `amend` applies a lead change (codec.hpp) to the lead that is there.
enum class ChangeKind : std::uint8_t { remove, put, amend };

struct Change {
  Family family{};
  ChangeKind kind = ChangeKind::put;
  std::string_view key;
  std::string_view value;
};

/// Changes that become true together, in the order they were put in.
class Batch {
 public:
  void put(Family family, std::string_view key, std::string_view value);
  /// Amends a stored lead. Precondition: the lead is there, or put in the same batch before. Reading a key whose change
  /// does not fit is `corrupt`.
  void amend_lead(std::string_view key, std::string_view change);
  void remove(Family family, std::string_view key);
  /// Appends all of `other`.
  void append(const Batch& other);
  void append(Batch&& other);
  /// Makes room for `bytes` more.
  void reserve(std::size_t bytes);
  void clear();

  [[nodiscard]] bool empty() const { return changes_ == 0; }
  [[nodiscard]] std::size_t changes() const { return changes_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

  /// Calls `each` for every change, in order.
  void for_each(const std::function<void(const Change&)>& each) const;

 private:
  std::string bytes_;  // family:u8 kind:u8 key_size:u32 value_size:u32 key value, …
  std::size_t changes_ = 0;
};

class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  /// The value of `key`; none when there is none (or it has expired).
  /// Errors: io_error, corrupt.
  [[nodiscard]] virtual engine::Result<std::optional<std::string>> get(Family family, std::string_view key) const = 0;

  /// Up to `limit` entries with `prefix`, ascending from `from` (inclusive; empty: from the first with the prefix).
  /// Errors: io_error, corrupt.
  [[nodiscard]] virtual engine::Result<std::vector<KeyValue>> scan(Family family, std::string_view prefix,
                                                                   std::string_view from, std::size_t limit) const = 0;

  /// The same, descending from `from` (inclusive; empty: from the last with the prefix).
  [[nodiscard]] virtual engine::Result<std::vector<KeyValue>> scan_back(Family family, std::string_view prefix,
                                                                        std::string_view from,
                                                                        std::size_t limit) const = 0;

  /// All of `changes` or none. On Ok they survive power loss.
  /// Errors: io_error; the caller must then assume neither outcome, stop and reload. After the first error every later
  /// commit fails (fail-stop).
  virtual engine::Status commit(const Batch& changes) = 0;

  /// Expired entries older than this may be forgotten from now on. Thread: any.
  virtual void set_expiry_floor(engine::Timestamp now) = 0;

  /// An estimate of how many keys a family holds.
  [[nodiscard]] virtual std::uint64_t approximate_count(Family family) const = 0;

  /// Bytes free for this store, and bytes in all, on the medium it lies on. In memory: none.
  struct Space {
    std::uint64_t free_bytes = 0;
    std::uint64_t total_bytes = 0;
  };
  [[nodiscard]] virtual std::optional<Space> space() const = 0;
};

}  // namespace leadlight::storage
