// The young entries of a family whose keys begin with a lead: a hash table, sorted only when it is flushed.
#pragma once

#include <any>
#include <cstddef>

namespace leadlight::storage {

/// Bytes of a key that say whose it is; keys that share them lie in one bucket.
inline constexpr std::size_t lead_prefix_bytes = 16;

/// Makes the memtables of such a family: an entry is found and added by its lead, without a walk through memory that no
/// cache holds, and a flush sorts all of them at once (docs/decisions/0007-young-entries.md).
/// One thread writes, any number read.
/// `buckets`: about one for two entries expected; rounded up to a power of two.
/// The family's prefix extractor must be capped at `lead_prefix_bytes`, and iterators without total_order_seek must
/// stay within one lead and go forwards only. Holds a shared pointer to RocksDB's MemTableRepFactory.
std::any young_entries_by_lead(std::size_t buckets);

}  // namespace leadlight::storage
