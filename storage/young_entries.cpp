#include "storage/young_entries.hpp"

#include <rocksdb/memtablerep.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::storage {
namespace {

using Rep = rocksdb::MemTableRep;

constexpr std::size_t stripes = 64;      // of locks; a lock is held for a binary search among a lead's entries
constexpr std::size_t copied_max = 16;   // entries taken out of a bucket at a time
constexpr std::size_t footer_bytes = 8;  // RocksDB's number and kind of the change, at the end of an internal key

/// The lead in a key as one number in the order of its bytes; a shorter key is filled up with zeros.
struct Lead {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend constexpr auto operator<=>(const Lead&, const Lead&) = default;
};

std::uint64_t big_endian(const char* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
}

Lead lead_of(const rocksdb::Slice& user_key) {
  if (user_key.size() >= lead_prefix_bytes) return {big_endian(user_key.data()), big_endian(user_key.data() + 8)};
  std::array<char, lead_prefix_bytes> filled{};
  std::memcpy(filled.data(), user_key.data(), user_key.size());
  return {big_endian(filled.data()), big_endian(filled.data() + 8)};
}

rocksdb::Slice user_key_of(const rocksdb::Slice& internal_key) {
  return {internal_key.data(), internal_key.size() - footer_bytes};
}

/// A key as a memtable holds it: its length as a varint, then the key.
std::string with_length(const rocksdb::Slice& internal_key) {
  std::string key;
  auto length = static_cast<std::uint32_t>(internal_key.size());
  for (; length >= 0x80U; length >>= 7U) key.push_back(static_cast<char>(length | 0x80U));
  key.push_back(static_cast<char>(length));
  key.append(internal_key.data(), internal_key.size());
  return key;
}

/// An iterator that RocksDB wants in an arena of its own: it calls the destructor and never frees the memory, and the
/// arena's type is not in its public headers. So the memory of one that is gone serves the next one of its thread.
template <class Walk>
class InArena final : public Walk {
 public:
  template <class... Arguments>
  static Rep::Iterator* make(rocksdb::Arena* arena, Arguments&&... arguments) {
    if (arena == nullptr) return new Walk(std::forward<Arguments>(arguments)...);
    auto& spare = spares();
    std::unique_ptr<Memory> memory;
    if (spare.empty()) {
      memory = std::make_unique<Memory>();
    } else {
      memory = std::move(spare.back());
      spare.pop_back();
    }
    auto* const place = memory.release();
    return ::new (static_cast<void*>(place)) InArena(place, std::forward<Arguments>(arguments)...);
  }

  ~InArena() override { spares().emplace_back(memory_); }
  InArena(const InArena&) = delete;
  InArena& operator=(const InArena&) = delete;

 private:
  struct Memory {
    alignas(Walk) std::array<std::byte, sizeof(Walk) + sizeof(void*)> bytes;
  };

  template <class... Arguments>
  explicit InArena(Memory* memory, Arguments&&... arguments)
      : Walk(std::forward<Arguments>(arguments)...), memory_(memory) {
    static_assert(sizeof(InArena) <= sizeof(Memory));
  }

  static std::vector<std::unique_ptr<Memory>>& spares() {
    thread_local std::vector<std::unique_ptr<Memory>> spare;
    return spare;
  }

  Memory* memory_;
};

class YoungEntries final : public Rep {
 public:
  YoungEntries(const KeyComparator& order, rocksdb::Allocator* allocator, std::size_t buckets)
      : Rep(allocator),
        order_(order),
        shift_(64U - static_cast<unsigned>(std::countr_zero(buckets))),
        buckets_(buckets) {}

  void Insert(rocksdb::KeyHandle handle) override {
    const auto* const key = static_cast<const char*>(handle);
    const auto at = bucket_of(lead_of(UserKey(key)));
    const std::lock_guard hold{lock_of(at)};
    auto& bucket = buckets_[at];
    const auto capacity = bucket.capacity();
    bucket.insert(first_from(bucket, key), key);
    bytes_.fetch_add((bucket.capacity() - capacity) * sizeof key, std::memory_order_relaxed);
  }

  bool Contains(const char* key) const override {
    const auto at = bucket_of(lead_of(UserKey(key)));
    const std::lock_guard hold{lock_of(at)};
    const auto found = first_from(buckets_[at], key);
    return found != buckets_[at].end() && order_(*found, key) == 0;
  }

  void Get(const rocksdb::LookupKey& key, void* arguments, bool (*take)(void*, const char*)) override;

  std::size_t ApproximateMemoryUsage() override { return bytes_.load(std::memory_order_relaxed); }

  Iterator* GetIterator(rocksdb::Arena* arena) override;
  Iterator* GetDynamicPrefixIterator(rocksdb::Arena* arena) override;

 private:
  using Bucket = std::vector<const char*>;

  [[nodiscard]] std::size_t bucket_of(const Lead& lead) const {
    constexpr std::uint64_t golden = 0x9E3779B97F4A7C15ULL;
    return static_cast<std::size_t>(((lead.high ^ lead.low) * golden) >> shift_);
  }
  [[nodiscard]] std::mutex& lock_of(std::size_t bucket) const { return locks_[bucket % stripes]; }

  /// Where `key` is, or would be.
  [[nodiscard]] Bucket::const_iterator first_from(const Bucket& bucket, const char* key) const {
    return std::lower_bound(bucket.begin(), bucket.end(), key,
                            [this](const char* one, const char* other) { return order_(one, other) < 0; });
  }

  const KeyComparator& order_;
  unsigned shift_;
  std::vector<Bucket> buckets_;  // each in order; the keys lie in the memtable's arena
  std::atomic<std::size_t> bytes_{0};
  mutable std::array<std::mutex, stripes> locks_;

  friend class WalkOfLead;
  friend class WalkOfAll;
};

/// Forwards through the bucket of the lead it was sent to. Some entries are copied out at a time, so that no lock is
/// held between two steps.
class WalkOfLead : public Rep::Iterator {
 public:
  explicit WalkOfLead(const YoungEntries& entries) : entries_(entries) {}

  bool Valid() const override { return at_ < copied_; }
  const char* key() const override { return entries_at_[at_]; }
  void Next() override {
    if (++at_ < copied_ || copied_ < copied_max) return;
    const char* const last = entries_at_[copied_ - 1];
    copy(last, true);
  }
  void Seek(const rocksdb::Slice& internal_key, const char* memtable_key) override {
    bucket_ = entries_.bucket_of(lead_of(user_key_of(internal_key)));
    if (memtable_key != nullptr) {
      copy(memtable_key, false);
    } else {
      copy(with_length(internal_key).c_str(), false);
    }
  }

  // Nobody may ask for these (young_entries_by_lead): nothing is found.
  void Prev() override { nowhere(); }
  void SeekForPrev(const rocksdb::Slice&, const char*) override { nowhere(); }
  void SeekToFirst() override { nowhere(); }
  void SeekToLast() override { nowhere(); }

 private:
  void nowhere() { at_ = copied_ = 0; }
  void copy(const char* from, bool after) {
    const std::lock_guard hold{entries_.lock_of(bucket_)};
    const auto& bucket = entries_.buckets_[bucket_];
    auto next = entries_.first_from(bucket, from);
    if (after && next != bucket.end()) ++next;
    at_ = 0;
    copied_ = std::min(copied_max, static_cast<std::size_t>(bucket.end() - next));
    std::copy_n(next, copied_, entries_at_.begin());
  }

  const YoungEntries& entries_;
  std::size_t bucket_ = 0;
  std::size_t at_ = 0;
  std::size_t copied_ = 0;
  std::array<const char*, copied_max> entries_at_{};
};

/// Through all entries there are at the first step, in order.
class WalkOfAll : public Rep::Iterator {
 public:
  explicit WalkOfAll(const YoungEntries& entries) : entries_(entries) {}

  bool Valid() const override { return at_ < sorted_.size(); }
  const char* key() const override { return sorted_[at_].key; }
  void Next() override { ++at_; }
  void Prev() override { at_ = at_ == 0 ? sorted_.size() : at_ - 1; }
  void Seek(const rocksdb::Slice& internal_key, const char*) override {
    sort();
    at_ = first_from(internal_key);
  }
  void SeekForPrev(const rocksdb::Slice& internal_key, const char*) override {
    sort();
    at_ = first_from(internal_key);
    if (at_ == sorted_.size() || entries_.order_(sorted_[at_].key, internal_key) != 0) back_from(at_);
  }
  void SeekToFirst() override {
    sort();
    at_ = 0;
  }
  void SeekToLast() override {
    sort();
    back_from(sorted_.size());
  }

 private:
  struct Entry {
    Lead lead;  // beside the pointer: most comparisons end here
    const char* key;
  };

  void sort() {
    if (sorted_once_) return;
    sorted_once_ = true;
    for (std::size_t bucket = 0; bucket < entries_.buckets_.size(); ++bucket) {
      const std::lock_guard hold{entries_.lock_of(bucket)};
      for (const char* const key : entries_.buckets_[bucket])
        sorted_.push_back({lead_of(user_key_of(rocksdb::GetLengthPrefixedSlice(key))), key});
    }
    std::sort(sorted_.begin(), sorted_.end(), [this](const Entry& one, const Entry& other) {
      if (one.lead != other.lead) return one.lead < other.lead;
      return entries_.order_(one.key, other.key) < 0;
    });
  }
  [[nodiscard]] std::size_t first_from(const rocksdb::Slice& internal_key) const {
    const auto found = std::partition_point(sorted_.begin(), sorted_.end(), [&](const Entry& entry) {
      return entries_.order_(entry.key, internal_key) < 0;
    });
    return static_cast<std::size_t>(found - sorted_.begin());
  }
  void back_from(std::size_t at) { at_ = at == 0 ? sorted_.size() : at - 1; }

  const YoungEntries& entries_;
  bool sorted_once_ = false;
  std::vector<Entry> sorted_;
  std::size_t at_ = 0;
};

/// RocksDB's own Get over one walk: the type of its argument is not in the public headers, the base class knows it.
class GetOverWalk final : public Rep {
 public:
  explicit GetOverWalk(Iterator& walk) : Rep(nullptr), walk_(walk) {}

  Iterator* GetDynamicPrefixIterator(rocksdb::Arena*) override { return &walk_; }  // the base class does not free it

  void Insert(rocksdb::KeyHandle) override {}
  bool Contains(const char*) const override { return false; }
  std::size_t ApproximateMemoryUsage() override { return 0; }
  Iterator* GetIterator(rocksdb::Arena*) override { return &walk_; }

 private:
  Iterator& walk_;
};

void YoungEntries::Get(const rocksdb::LookupKey& key, void* arguments, bool (*take)(void*, const char*)) {
  WalkOfLead walk{*this};
  GetOverWalk{walk}.Get(key, arguments, take);
}

Rep::Iterator* YoungEntries::GetIterator(rocksdb::Arena* arena) {
  return InArena<WalkOfAll>::make(arena, *this);
}

Rep::Iterator* YoungEntries::GetDynamicPrefixIterator(rocksdb::Arena* arena) {
  return InArena<WalkOfLead>::make(arena, *this);
}

class YoungEntriesFactory final : public rocksdb::MemTableRepFactory {
 public:
  explicit YoungEntriesFactory(std::size_t buckets) : buckets_(std::bit_ceil(std::max<std::size_t>(buckets, 2))) {}

  const char* Name() const override { return "leadlight_young_entries"; }
  using MemTableRepFactory::CreateMemTableRep;
  rocksdb::MemTableRep* CreateMemTableRep(const Rep::KeyComparator& order, rocksdb::Allocator* allocator,
                                          const rocksdb::SliceTransform*, rocksdb::Logger*) override {
    return new YoungEntries(order, allocator, buckets_);
  }

 private:
  std::size_t buckets_;
};

}  // namespace

std::any young_entries_by_lead(std::size_t buckets) {
  return std::shared_ptr<rocksdb::MemTableRepFactory>(std::make_shared<YoungEntriesFactory>(buckets));
}

}  // namespace leadlight::storage
