// One engagement event as the door takes it in: JSON members in, a Record or the reason why not out. Pure.
#pragma once

#include "engine/record.hpp"
#include "engine/result.hpp"
#include "net/text/json_reader.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace leadlight::net {

inline constexpr std::size_t type_characters_max = 100;
inline constexpr std::size_t event_id_bytes_max = 256;
inline constexpr std::size_t properties_bytes_max = 32 * 1024;

/// How many distinct types of event an organisation may bring into this process. Types are numbered once for all
/// organisations and never forgotten, so that one of them must not use up the numbers of the others, nor those that
/// stored leads need. Thread: any.
class TypeBudget {
 public:
  static constexpr std::uint32_t types_max = 10'000;  // of one organisation, since the start
  static constexpr std::size_t in_all_max = engine::EventType::types_max / 4 * 3;

  /// The type of this name. Errors: invalid, when it is new and the organisation has brought too many.
  engine::Result<engine::EventType> take(engine::OrganisationId organisation, std::string_view name);

 private:
  struct Brought {
    std::uint32_t types = 0;
    bool told = false;  // in the log, that it may bring no more
  };
  std::mutex mutex_;
  std::unordered_map<engine::OrganisationId, Brought> brought_;
};

/// What an event's record takes over from its request.
struct EventContext {
  engine::OrganisationId organisation{};
  engine::Surface surface = engine::Surface::events;
  engine::Timestamp received_at;
  std::string request_id;
  std::string idempotency_key;  // empty: none
  std::string id_scope;         // whose event ids these are (a CloudEvent's source); empty: the organisation's own
  TypeBudget* types = nullptr;  // null: no limit
};

/// "FIELD RULE", as an error of that field.
engine::Error refuse_member(std::string_view field, std::string_view rule);

/// The record of the event at `index` of its request; shard, domain and position stay open.
///
/// Errors: invalid; `field` names the member and `what` says the rule.
engine::Result<engine::Record> event_record(JsonMembers members, std::size_t index, const EventContext& context);

}  // namespace leadlight::net
