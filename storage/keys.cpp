#include "storage/keys.hpp"

namespace leadlight::storage::keys {
namespace {

constexpr std::size_t shard_bytes = sizeof(std::uint16_t);
constexpr std::size_t target_bytes = sizeof(std::uint32_t);
constexpr std::size_t number_bytes = sizeof(std::uint64_t);
constexpr std::size_t lead_bytes = 2 * number_bytes;
constexpr std::uint8_t alias_mark = 1;
constexpr std::uint8_t member_mark = 2;
constexpr std::uint8_t join_mark = 3;

template <class Unsigned>
Unsigned number_at(std::string_view key, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) value = value << 8U | static_cast<unsigned char>(key[at + i]);
  return static_cast<Unsigned>(value);
}

engine::LeadId lead_at(std::string_view key, std::size_t at) {
  return {number_at<std::uint64_t>(key, at), number_at<std::uint64_t>(key, at + number_bytes)};
}

Key of(engine::ShardId shard) {
  return Key{}.add(static_cast<std::uint16_t>(shard));
}

}  // namespace

Key log(engine::ShardId shard, engine::Position position) {
  return of(shard).add(position);
}

Key log_prefix(engine::ShardId shard) {
  return of(shard);
}

Key lead(const engine::LeadId& lead) {
  return Key{}.add(lead.high).add(lead.low);
}

Key leads_of(engine::OrganisationId organisation) {
  return Key{}.add(static_cast<std::uint32_t>(organisation));
}

Key lead_index(const engine::LeadId& lead, std::uint64_t id_hash, engine::Position position) {
  return lead_index_prefix(lead, id_hash).add(position);
}

Key lead_index_prefix(const engine::LeadId& lead, std::uint64_t id_hash) {
  return Key{}.add(lead.high).add(lead.low).add(id_hash);
}

Key idempotency(engine::OrganisationId organisation, std::uint64_t key_high, std::uint64_t key_low) {
  return Key{}.add(static_cast<std::uint32_t>(organisation)).add(key_high).add(key_low);
}

Key outbox(std::uint32_t target, const engine::LeadId& lead) {
  return Key{}.add(target).add(lead.high).add(lead.low);
}

Key target_prefix(std::uint32_t target) {
  return Key{}.add(target);
}

Key timer(engine::ShardId shard, engine::Timestamp at, const engine::LeadId& lead) {
  return of(shard).add(static_cast<std::uint64_t>(engine::to_ms(at))).add(lead.high).add(lead.low);
}

Key timer_prefix(engine::ShardId shard) {
  return log_prefix(shard);
}

Key alias(const engine::LeadId& identity) {
  return Key{}.add(alias_mark).add(identity.high).add(identity.low);
}

Key aliases_of(engine::OrganisationId organisation) {
  return Key{}.add(alias_mark).add(static_cast<std::uint32_t>(organisation));
}

Key member(const engine::LeadId& lead, const engine::LeadId& identity) {
  return members_of(lead).add(identity.high).add(identity.low);
}

Key members_of(const engine::LeadId& lead) {
  return Key{}.add(member_mark).add(lead.high).add(lead.low);
}

Key join_under_way(const engine::LeadId& identity) {
  return joins_under_way().add(identity.high).add(identity.low);
}

Key joins_under_way() {
  return Key{}.add(join_mark);
}

std::optional<engine::LeadId> parse_lead(std::string_view key) {
  if (key.size() != lead_bytes) return std::nullopt;
  return lead_at(key, 0);
}

std::optional<TimerKey> parse_timer(std::string_view key) {
  if (key.size() != shard_bytes + number_bytes + lead_bytes) return std::nullopt;
  return TimerKey{static_cast<engine::ShardId>(number_at<std::uint16_t>(key, 0)),
                  engine::from_ms(static_cast<std::int64_t>(number_at<std::uint64_t>(key, shard_bytes))),
                  lead_at(key, shard_bytes + number_bytes)};
}

std::optional<OutboxKey> parse_outbox(std::string_view key) {
  if (key.size() != target_bytes + lead_bytes) return std::nullopt;
  return OutboxKey{number_at<std::uint32_t>(key, 0), lead_at(key, target_bytes)};
}

std::optional<engine::LeadId> parse_join(std::string_view key) {
  if (key.size() != 1 + lead_bytes || key.front() != static_cast<char>(join_mark)) return std::nullopt;
  return lead_at(key, 1);
}

std::optional<engine::Position> parse_log(std::string_view key) {
  if (key.size() != shard_bytes + number_bytes) return std::nullopt;
  return number_at<std::uint64_t>(key, shard_bytes);
}

std::optional<LeadIndexKey> parse_lead_index(std::string_view key) {
  if (key.size() != lead_bytes + 2 * number_bytes) return std::nullopt;
  return LeadIndexKey{lead_at(key, 0), number_at<std::uint64_t>(key, lead_bytes),
                      number_at<std::uint64_t>(key, lead_bytes + number_bytes)};
}

}  // namespace leadlight::storage::keys
