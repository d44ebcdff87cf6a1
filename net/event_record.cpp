#include "net/event_record.hpp"

#include "engine/hash.hpp"
#include "net/http/http.hpp"
#include "net/text/parts_hash.hpp"
#include "net/text/utf8.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;

// Keys of the hashes below. Stored in records, so they never change. They say what the hash is of.
constexpr std::uint64_t identity_key = 0x6964656E74697479;  // "identity"
constexpr std::uint64_t content_key = 0x636F6E74656E7431;   // "content1"
constexpr std::uint64_t place_key = 0x706C616365317265;     // "place1re"
constexpr std::uint64_t scoped_key = 0x73636F7065644964;    // "scopedId"

struct Fields {
  const JsonMember* email = nullptr;
  const JsonMember* type = nullptr;
  const JsonMember* occurred_at = nullptr;
  const JsonMember* event_id = nullptr;
  const JsonMember* properties = nullptr;
};

/// Members that are null count as absent; unknown ones are passed over.
Fields fields_of(JsonMembers members) {
  Fields fields;
  for (const auto& member : members) {
    if (member.kind == JsonKind::null) continue;
    if (member.name == "email") fields.email = &member;
    if (member.name == "type") fields.type = &member;
    if (member.name == "occurred_at") fields.occurred_at = &member;
    if (member.name == "event_id") fields.event_id = &member;
    if (member.name == "properties") fields.properties = &member;
  }
  return fields;
}

engine::Result<std::string> read_email(const JsonMember* member) {
  if (member == nullptr) return refuse_member("email", "is required");
  if (member->kind != JsonKind::text) return refuse_member("email", "must be a string");
  return normalise_email(member->text);
}

std::optional<Error> check_type(const JsonMember* member) {
  if (member == nullptr) return refuse_member("type", "is required");
  if (member->kind != JsonKind::text) return refuse_member("type", "must be a string");
  std::size_t characters = 0;
  bool blank = true;
  for (auto rest = member->text; !rest.empty(); ++characters) {
    if (is_plain(rest.front())) {
      rest.remove_prefix(1);
      blank = false;
      continue;
    }
    const auto point = take_code_point(rest);
    if (!point || !is_printable(*point)) return refuse_member("type", "must consist of printable characters");
    blank = blank && *point == ' ';
  }
  if (blank) return refuse_member("type", "must not be empty");
  if (characters > type_characters_max)
    return refuse_member("type", "must be at most " + std::to_string(type_characters_max) +
                                     " characters long; this one has " + std::to_string(characters));
  return std::nullopt;
}

engine::Result<engine::EventType> type_of(std::string_view name, const EventContext& context) {
  auto type = context.types != nullptr ? context.types->take(context.organisation, name) : engine::EventType::of(name);
  if (!type) return Error{Errc::invalid, type.error().what, "type"};
  return *type;
}

/// "12 minutes", rounded up, in the largest unit that is still telling.
std::string span_in_words(engine::Milliseconds span) {
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(span).count();
  if (minutes < 120) return std::to_string(minutes) + " minutes";
  if (minutes < 48 * 60) return std::to_string((minutes + 59) / 60) + " hours";
  return std::to_string((minutes + 24 * 60 - 1) / (24 * 60)) + " days";
}

engine::Result<engine::Timestamp> read_occurred_at(const JsonMember* member, engine::Timestamp received_at) {
  if (member == nullptr) return received_at;
  const auto parsed = member->kind == JsonKind::text || member->kind == JsonKind::number
                          ? parse_time(member->text)
                          : engine::Result<engine::Timestamp>(Error{});
  if (!parsed)
    return refuse_member("occurred_at",
                         "must be an RFC 3339 time such as 2026-05-01T12:00:00Z, or integer milliseconds since 1970");
  const auto at = *parsed;
  if (engine::to_ms(at) < 0)
    return refuse_member("occurred_at", "is before 1970; send RFC 3339 or integer milliseconds since 1970");
  if (at > received_at + engine::future_tolerance)
    return refuse_member("occurred_at",
                         "is " + span_in_words(at - received_at) +
                             " ahead of the server's clock; at most 5 minutes are taken: check the sender's clock "
                             "and time zone");
  return std::min(at, received_at);
}

std::optional<Error> check_event_id(const JsonMember* member) {
  if (member == nullptr) return std::nullopt;
  if (member->kind != JsonKind::text) return refuse_member("event_id", "must be a string");
  if (member->text.empty()) return refuse_member("event_id", "must not be empty; leave it out when there is none");
  if (member->text.size() > event_id_bytes_max)
    return refuse_member("event_id", "must be at most " + std::to_string(event_id_bytes_max) +
                                         " bytes long; this one has " + std::to_string(member->text.size()));
  return std::nullopt;
}

std::optional<Error> check_properties(const JsonMember* member) {
  if (member == nullptr) return std::nullopt;
  if (member->kind != JsonKind::object) return refuse_member("properties", "must be an object");
  if (member->raw.size() > properties_bytes_max)
    return refuse_member("properties", "must be at most " + std::to_string(properties_bytes_max) +
                                           " bytes of JSON; these have " + std::to_string(member->raw.size()));
  return std::nullopt;
}

std::uint64_t id_hash(const Fields& fields, const std::string& email, std::size_t index, const EventContext& context) {
  if (fields.event_id != nullptr)
    return context.id_scope.empty() ? engine::event_id_hash(fields.event_id->text)
                                    : hash_of(scoped_key, {context.id_scope, fields.event_id->text});
  if (fields.occurred_at != nullptr)
    return hash_of(identity_key, {label(context.surface), email, fields.type->text, fields.occurred_at->raw,
                                  fields.properties != nullptr ? fields.properties->raw : std::string_view{}});
  const auto place = std::to_string(index);
  if (!context.idempotency_key.empty())  // so that a retry finds its first attempt
    return hash_of(place_key,
                   {std::to_string(static_cast<std::uint32_t>(context.organisation)), context.idempotency_key, place});
  return hash_of(place_key, {context.request_id, place});
}

}  // namespace

Error refuse_member(std::string_view field, std::string_view rule) {
  return {Errc::invalid, std::string(field).append(" ").append(rule), std::string(field)};
}

engine::Result<engine::EventType> TypeBudget::take(engine::OrganisationId organisation, std::string_view name) {
  if (const auto known = engine::EventType::known(name)) return *known;
  {
    const std::lock_guard guard{mutex_};
    auto& brought = brought_[organisation];
    if (brought.types >= types_max || engine::EventType::count() >= in_all_max) {
      if (!std::exchange(brought.told, true))
        spdlog::warn(
            "organisation {} has brought {} distinct types of event since the start: no more new ones are taken of it "
            "until the server is started again; its senders must put what varies into properties",
            static_cast<std::uint32_t>(organisation), brought.types);
      return Error{Errc::invalid,
                   "type is new, and " + std::to_string(brought.types) +
                       " distinct types have come since the start, more than are taken; send what varies in properties",
                   "type"};
    }
    ++brought.types;
  }
  return engine::EventType::of(name);
}

engine::Result<engine::Record> event_record(JsonMembers members, std::size_t index, const EventContext& context) {
  const auto fields = fields_of(members);
  auto email = read_email(fields.email);
  if (!email) return email.error();
  if (auto fault = check_type(fields.type)) return *fault;
  const auto occurred_at = read_occurred_at(fields.occurred_at, context.received_at);
  if (!occurred_at) return occurred_at.error();
  if (auto fault = check_event_id(fields.event_id)) return *fault;
  if (auto fault = check_properties(fields.properties)) return *fault;
  const auto type = type_of(fields.type->text, context);  // last: what is refused leaves no name behind
  if (!type) return type.error();

  engine::EngagementEvent event;
  event.type = *type;
  event.occurred_at = *occurred_at;
  if (fields.event_id != nullptr) event.event_id = fields.event_id->text;
  if (fields.properties != nullptr) event.properties = fields.properties->raw;
  event.id_hash = id_hash(fields, *email, index, context);
  event.content_hash = hash_of(
      content_key, {fields.type->text, fields.occurred_at != nullptr ? fields.occurred_at->raw : std::string_view{},
                    event.properties});
  engine::Record record;
  record.lead = engine::lead_id(context.organisation, *email);
  record.email = std::move(*email);
  record.received_at = context.received_at;
  record.surface = context.surface;
  record.request_id = context.request_id;
  record.body = std::move(event);
  return record;
}

}  // namespace leadlight::net
