// One engagement event as the door takes it in: JSON members in, a Record or the reason why not out. Pure.
#pragma once

#include "engine/record.hpp"
#include "engine/result.hpp"
#include "net/json_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace leadlight::net {

inline constexpr std::size_t type_characters_max = 100;
inline constexpr std::size_t event_id_bytes_max = 256;
inline constexpr std::size_t properties_bytes_max = 32 * 1024;

/// What an event's record takes over from its request.
struct EventContext {
  engine::OrganisationId organisation{};
  engine::Surface surface = engine::Surface::events;
  engine::Timestamp received_at;
  std::string request_id;
  std::string idempotency_key;  // empty: none
};

/// The record of the event at `index` of its request; shard, domain and position stay open.
///
/// Errors: invalid; `field` names the member and `what` says the rule.
engine::Result<engine::Record> event_record(JsonMembers members, std::size_t index, const EventContext& context);

}  // namespace leadlight::net
