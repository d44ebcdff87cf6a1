// The keys of every family: fixed-width big-endian numbers, so that byte order is the order we scan in.
#pragma once

#include "engine/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leadlight::storage::keys {

std::string log(engine::ShardId shard, engine::Position position);  // shard:u16 position:u64
std::string log_prefix(engine::ShardId shard);
std::string lead(const engine::LeadId& lead);               // high:u64 low:u64
std::string leads_of(engine::OrganisationId organisation);  // organisation:u32 (prefix of its leads)
std::string lead_index(const engine::LeadId& lead, engine::Position position);  // lead position:u64
std::string dedup(const engine::LeadId& lead, std::uint64_t id_hash);           // lead id_hash:u64
std::string idempotency(engine::OrganisationId organisation, std::uint64_t key_high, std::uint64_t key_low);
std::string outbox(std::uint32_t target, const engine::LeadId& lead);  // target:u32 lead (also dead letters)
std::string target_prefix(std::uint32_t target);
std::string timer(engine::ShardId shard, engine::Timestamp at, const engine::LeadId& lead);  // shard:u16 at:u64 lead
std::string timer_prefix(engine::ShardId shard);

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
std::optional<engine::Position> position_of_index(std::string_view key);  // of a log or lead_index key

}  // namespace leadlight::storage::keys
