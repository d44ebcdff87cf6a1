#include "net/segment/segment_record.hpp"

#include "engine/hash.hpp"
#include "engine/identity.hpp"
#include "net/http/http.hpp"
#include "net/segment/segment_attributes.hpp"
#include "net/segment/segment_identity.hpp"
#include "net/segment/segment_names.hpp"
#include "net/segment/segment_time.hpp"
#include "net/text/json_writer.hpp"
#include "net/text/parts_hash.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace leadlight::net {
namespace {

using engine::Error;

// Keys of hashes that are stored in records: they never change.
constexpr std::uint64_t derived_key = 0x6465726976656431;  // "derived1"
constexpr std::uint64_t content_key = 0x636F6E74656E7431;  // "content1"
/// Calls without id and time that say the same are one call sent again, when they come within this span of our clock.
constexpr engine::Milliseconds resend_span{600'000};

std::string address_in(const JsonNode* object) {
  if (object == nullptr || !object->is(JsonKind::object)) return {};
  const auto* const email = object->find("email");
  if (email == nullptr || !email->is(JsonKind::text)) return {};
  auto normal = normalise_email(email->member.text);
  return normal ? *std::move(normal) : std::string{};
}

std::string own_address(const TrackingCall& call) {
  if (call.kind != CallKind::group)  // there the traits are the company's, and so is an address among them
    for (const auto* traits : {call.traits, call.traits_once})
      if (auto address = address_in(traits); !address.empty()) return address;
  auto address = address_in(call.more_traits);
  return address.empty() ? address_in(call.default_traits) : address;
}

/// The id's identity; of an alias' former id, which may have been of either kind, both.
std::vector<std::string> former_identities(const JsonNode* previous) {
  const auto id = text_of(previous);
  auto as_user = user_identity(id);
  if (as_user.empty()) return {};
  if (engine::kind_of(as_user) == engine::IdentityKind::email) return {std::move(as_user)};
  return {std::move(as_user), anonymous_identity(id)};
}

/// PostHog's server libraries send what they know of a group under an id of their own making.
bool is_group_itself(const TrackingCall& call) {
  if (call.group_type == nullptr) return false;
  const auto user = text_of(call.user_id);
  const auto type = text_of(call.group_type);
  return user.size() == type.size() + text_of(call.group_id).size() + 2 && user.starts_with('$') &&
         user.substr(1).starts_with(type) && user.ends_with(text_of(call.group_id));
}

/// The properties, with the name and category of a page put in where they are missing.
std::string properties_of(const TrackingCall& call) {
  const bool own = call.properties != nullptr && call.properties->is(JsonKind::object);
  std::string_view sent = own ? call.properties->member.raw : std::string_view{};
  JsonWriter added;
  added.object();
  bool any = false;
  if (call.kind != CallKind::track) {
    for (const auto& [name, node] : {std::pair{"name", call.name}, std::pair{"category", call.category}}) {
      if (text_of(node).empty() || (own && call.properties->find(name) != nullptr)) continue;
      added.member(name, text_of(node));
      any = true;
    }
  }
  if (!any) return std::string(sent);
  added.end_object();
  auto json = added.take();
  if (!own || call.properties->size == 1) return json;
  json.back() = ',';
  sent.remove_prefix(1);
  return json.append(sent);
}

engine::Result<std::string> type_name(const TrackingCall& call) {
  if (call.kind == CallKind::page) return std::string("page_viewed");
  if (call.kind == CallKind::screen) return std::string("screen_viewed");
  if (text_of(call.event).empty()) return refuse_member("event", "is required, as a text");
  auto name = snake_case(text_of(call.event));
  if (name.empty()) return refuse_member("event", "must have a letter or a digit");
  if (name.size() > engine::EventType::name_bytes_max)
    return refuse_member("event", "must be at most " + std::to_string(engine::EventType::name_bytes_max) +
                                      " bytes long; this one has " + std::to_string(name.size()));
  return name;
}

ClientTimes times_of(const TrackingCall& call) {
  return {parse_client_time(text_of(call.original_time)), parse_client_time(text_of(call.sent_time))};
}

/// By which a call without an id is known again when the same bytes come once more.
std::uint64_t derived_id(const TrackingCall& call, std::size_t index, engine::Timestamp received) {
  const auto properties = call.properties != nullptr ? call.properties->member.raw : std::string_view{};
  const auto hash = [&](std::string_view time, std::string_view place) {
    return hash_of(derived_key,
                   {label(call.kind), text_of(call.user_id), text_of(call.anonymous_id),
                    text_of(call.kind == CallKind::track ? call.event : call.name), time, place, properties});
  };
  if (call.original_time != nullptr) return hash(call.original_time->member.raw, "");
  const auto place = std::to_string(index);
  if (call.sent_time != nullptr) return hash(call.sent_time->member.raw, place);
  return hash(std::to_string(engine::to_ms(received) / resend_span.count()), place);
}

engine::Record record_about(std::string identity, const EventContext& context) {
  engine::Record record;
  record.lead = engine::lead_id(context.organisation, identity);
  record.email = std::move(identity);
  record.received_at = context.received_at;
  record.surface = context.surface;
  record.request_id = context.request_id;
  return record;
}

std::optional<Error> take_event(const TrackingCall& call, std::size_t index, std::string identity,
                                const EventContext& context, CallIntake& intake) {
  const auto name = type_name(call);
  if (!name) return name.error();
  auto type =
      context.types != nullptr ? context.types->take(context.organisation, *name) : engine::EventType::of(*name);
  if (!type) return Error{engine::Errc::invalid, type.error().what, "event"};
  engine::EngagementEvent event;
  event.type = *type;
  event.occurred_at = occurred_at(times_of(call), context.received_at);
  event.properties = properties_of(call);
  const auto id = text_of(call.message_id);
  if (!id.empty()) event.event_id = bounded_id(id);
  event.id_hash = id.empty() ? derived_id(call, index, context.received_at) : engine::event_id_hash(event.event_id);
  event.content_hash = hash_of(
      content_key,
      {*name, call.original_time != nullptr ? call.original_time->member.raw : std::string_view{}, event.properties});
  auto& record = intake.records.emplace_back(record_about(std::move(identity), context));
  record.body = std::move(event);
  return std::nullopt;
}

/// "company.", or what PostHog calls the group, when that is no company.
std::string group_prefix(const TrackingCall& call) {
  const auto type = snake_case(text_of(call.group_type));
  constexpr std::array<std::string_view, 6> companies = {"",         "company",      "account",
                                                         "customer", "organization", "organisation"};
  return std::ranges::find(companies, type) == companies.end() ? type + '.' : "company.";
}

void take_attributes(const TrackingCall& call, std::string identity, const EventContext& context, CallIntake& intake) {
  const auto at = occurred_at(times_of(call), context.received_at);
  engine::AttributeChange change;
  const auto add = [&](const JsonNode* traits, std::string_view prefix, engine::Timestamp as_of) {
    if (traits != nullptr && traits->is(JsonKind::object)) add_attributes(*traits, prefix, as_of, change.attributes);
  };
  if (call.kind == CallKind::group) {
    const auto prefix = group_prefix(call);
    add_attribute(prefix + "id", JsonWriter().value(bounded_id(text_of(call.group_id))).take(), at, change.attributes);
    add(call.traits, prefix, at);
  } else {
    add(call.traits, "", at);
    add(call.more_traits, "", at);
    add(call.default_traits, "", at);
    add(call.traits_once, "", engine::Timestamp{});  // whatever else is known is newer
  }
  if (change.attributes.empty()) return;
  auto& record = intake.records.emplace_back(record_about(std::move(identity), context));
  record.body = std::move(change);
}

std::optional<Error> check_alias(const TrackingCall& call) {
  if (user_identity(text_of(call.user_id)).empty()) return refuse_member("userId", "is required, and must be somebody");
  if (former_identities(call.previous_id).empty())
    return refuse_member("previousId", "is required, and must be somebody");
  return std::nullopt;
}

}  // namespace

CallPeople people_of(const TrackingCall& call) {
  CallPeople people;
  const auto address = own_address(call);
  const auto mentioned = address_in(call.properties);
  const auto user = user_identity(text_of(call.user_id));
  const auto anonymous = anonymous_identity(text_of(call.anonymous_id));
  for (const auto* identity : {&anonymous, &user, &mentioned, &address})
    if (!identity->empty()) people.identity = *identity;

  std::vector<std::string> same = {address, user, anonymous};
  if (address.empty() && user.empty()) same.front() = mentioned;
  if (call.previous_id != nullptr) std::ranges::move(former_identities(call.previous_id), std::back_inserter(same));
  std::erase(same, std::string{});
  for (const auto& other : same)
    if (other != same.front()) people.links.emplace_back(same.front(), other);
  return people;
}

std::optional<Error> take_call(const TrackingCall& call, std::size_t index, const EventContext& context,
                               CallIntake& intake) {
  if (call.kind == CallKind::alias)
    if (auto fault = check_alias(call)) return fault;
  if (call.kind == CallKind::group) {
    if (stands_for_nobody(text_of(call.group_id))) return refuse_member("groupId", "is required, and must be a group");
    if (is_group_itself(call)) return std::nullopt;  // nobody's attributes
  }
  auto people = people_of(call);
  if (people.identity.empty())
    return refuse_member("userId", "or anonymousId is required, and must be somebody: not null, 0, undefined or so");
  if (call.kind == CallKind::identify || call.kind == CallKind::group) {
    take_attributes(call, std::move(people.identity), context, intake);
  } else if (call.kind != CallKind::alias) {
    if (auto fault = take_event(call, index, std::move(people.identity), context, intake)) return fault;
  }
  std::ranges::move(people.links, std::back_inserter(intake.links));
  return std::nullopt;
}

}  // namespace leadlight::net
