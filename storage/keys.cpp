#include "storage/keys.hpp"

namespace leadlight::storage::keys {
namespace {

constexpr std::size_t shard_bytes = sizeof(std::uint16_t);
constexpr std::size_t target_bytes = sizeof(std::uint32_t);
constexpr std::size_t number_bytes = sizeof(std::uint64_t);
constexpr std::size_t lead_bytes = 2 * number_bytes;

template <class Unsigned>
void put(std::string& key, Unsigned value) {
  for (std::size_t i = sizeof(Unsigned); i-- > 0;) {
    key.push_back(static_cast<char>(static_cast<unsigned char>(static_cast<std::uint64_t>(value) >> (8U * i))));
  }
}

template <class Unsigned>
Unsigned number_at(std::string_view key, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) value = value << 8U | static_cast<unsigned char>(key[at + i]);
  return static_cast<Unsigned>(value);
}

void put(std::string& key, const engine::LeadId& lead) {
  put(key, lead.high);
  put(key, lead.low);
}

engine::LeadId lead_at(std::string_view key, std::size_t at) {
  return {number_at<std::uint64_t>(key, at), number_at<std::uint64_t>(key, at + number_bytes)};
}

std::string with_room(std::size_t bytes) {
  std::string key;
  key.reserve(bytes);
  return key;
}

}  // namespace

std::string log(engine::ShardId shard, engine::Position position) {
  auto key = with_room(shard_bytes + number_bytes);
  put(key, static_cast<std::uint16_t>(shard));
  put(key, position);
  return key;
}

std::string log_prefix(engine::ShardId shard) {
  std::string key;
  put(key, static_cast<std::uint16_t>(shard));
  return key;
}

std::string lead(const engine::LeadId& lead) {
  auto key = with_room(lead_bytes);
  put(key, lead);
  return key;
}

std::string leads_of(engine::OrganisationId organisation) {
  std::string key;
  put(key, static_cast<std::uint32_t>(organisation));
  return key;
}

std::string lead_index(const engine::LeadId& lead, engine::Position position) {
  auto key = with_room(lead_bytes + number_bytes);
  put(key, lead);
  put(key, position);
  return key;
}

std::string dedup(const engine::LeadId& lead, std::uint64_t id_hash) {
  return lead_index(lead, id_hash);
}

std::string idempotency(engine::OrganisationId organisation, std::uint64_t key_high, std::uint64_t key_low) {
  auto key = with_room(sizeof(std::uint32_t) + 2 * number_bytes);
  put(key, static_cast<std::uint32_t>(organisation));
  put(key, key_high);
  put(key, key_low);
  return key;
}

std::string outbox(std::uint32_t target, const engine::LeadId& lead) {
  auto key = with_room(target_bytes + lead_bytes);
  put(key, target);
  put(key, lead);
  return key;
}

std::string target_prefix(std::uint32_t target) {
  std::string key;
  put(key, target);
  return key;
}

std::string timer(engine::ShardId shard, engine::Timestamp at, const engine::LeadId& lead) {
  auto key = with_room(shard_bytes + number_bytes + lead_bytes);
  put(key, static_cast<std::uint16_t>(shard));
  put(key, static_cast<std::uint64_t>(engine::to_ms(at)));
  put(key, lead);
  return key;
}

std::string timer_prefix(engine::ShardId shard) {
  return log_prefix(shard);
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

std::optional<engine::Position> position_of_index(std::string_view key) {
  if (key.size() != shard_bytes + number_bytes && key.size() != lead_bytes + number_bytes) return std::nullopt;
  return number_at<std::uint64_t>(key, key.size() - number_bytes);
}

}  // namespace leadlight::storage::keys
