// The keys of every family: fixed-width big-endian numbers, so that byte order is the order we scan in.
#pragma once

#include "engine/types.hpp"

#include <array>
#include <bit>
#include <cassert>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace leadlight::storage::keys {

/// A key in the making, and made: bytes without an allocation of their own.
class Key {
 public:
  operator std::string_view() const { return {bytes_.data(), size_}; }  // NOLINT: implicit on purpose
  /// Adds a number, big-endian. Precondition: there is room.
  template <std::unsigned_integral Unsigned>
  Key& add(Unsigned value) {
    assert(size_ + sizeof value <= bytes_.size());
    if constexpr (std::endian::native == std::endian::little && sizeof value == 8) value = __builtin_bswap64(value);
    if constexpr (std::endian::native == std::endian::little && sizeof value == 4) value = __builtin_bswap32(value);
    if constexpr (std::endian::native == std::endian::little && sizeof value == 2) value = __builtin_bswap16(value);
    std::memcpy(bytes_.data() + size_, &value, sizeof value);
    size_ = static_cast<std::uint8_t>(size_ + sizeof value);
    return *this;
  }

 private:
  static constexpr std::size_t bytes_max = 40;
  std::array<char, bytes_max> bytes_{};
  std::uint8_t size_ = 0;
};

Key log(engine::ShardId shard, engine::Position position);  // shard:u16 position:u64
Key log_prefix(engine::ShardId shard);
Key lead(const engine::LeadId& lead);               // high:u64 low:u64
Key leads_of(engine::OrganisationId organisation);  // organisation:u32 (prefix of its leads)
// lead id_hash:u64 position:u64
Key lead_index(const engine::LeadId& lead, std::uint64_t id_hash, engine::Position position);
Key lead_index_prefix(const engine::LeadId& lead, std::uint64_t id_hash);  // lead id_hash:u64
Key idempotency(engine::OrganisationId organisation, std::uint64_t key_high, std::uint64_t key_low);
Key outbox(std::uint32_t target, const engine::LeadId& lead);  // target:u32 lead (also dead letters)
Key target_prefix(std::uint32_t target);
Key timer(engine::ShardId shard, engine::Timestamp at, const engine::LeadId& lead);  // shard:u16 at:u64 lead
Key timer_prefix(engine::ShardId shard);
// An identity is named by the lead that it would be if it were alone.
Key alias(const engine::LeadId& identity);                               // 1:u8 lead → what names its lead
Key aliases_of(engine::OrganisationId organisation);                     // 1:u8 organisation:u32
Key member(const engine::LeadId& lead, const engine::LeadId& identity);  // 2:u8 lead lead → an identity of it
Key members_of(const engine::LeadId& lead);                              // 2:u8 lead
Key join_under_way(const engine::LeadId& identity);                      // 3:u8 lead → the identity that ends
Key joins_under_way();                                                   // 3:u8

std::optional<engine::LeadId> parse_lead(std::string_view key);
struct TimerKey {
  engine::ShardId shard;
  engine::Timestamp at;
  engine::LeadId lead;
};
std::optional<TimerKey> parse_timer(std::string_view key);
struct OutboxKey {
  std::uint32_t target;
  engine::LeadId lead;
};
std::optional<OutboxKey> parse_outbox(std::string_view key);
std::optional<engine::LeadId> parse_join(std::string_view key);  // of `join_under_way`
std::optional<engine::Position> parse_log(std::string_view key);
struct LeadIndexKey {
  engine::LeadId lead;
  std::uint64_t id_hash;
  engine::Position position;
};
std::optional<LeadIndexKey> parse_lead_index(std::string_view key);

}  // namespace leadlight::storage::keys
