#include "net/segment/segment_call.hpp"

#include "net/event_record.hpp"

#include <array>
#include <utility>

namespace leadlight::net {
namespace {

constexpr std::array<std::pair<std::string_view, CallKind>, 6> kinds = {{{"track", CallKind::track},
                                                                         {"page", CallKind::page},
                                                                         {"screen", CallKind::screen},
                                                                         {"identify", CallKind::identify},
                                                                         {"group", CallKind::group},
                                                                         {"alias", CallKind::alias}}};

using Place = const JsonNode* TrackingCall::*;

constexpr std::array<std::pair<std::string_view, Place>, 10> segment_members = {{
    {"event", &TrackingCall::event},
    {"name", &TrackingCall::name},
    {"category", &TrackingCall::category},
    {"messageId", &TrackingCall::message_id},
    {"userId", &TrackingCall::user_id},
    {"anonymousId", &TrackingCall::anonymous_id},
    {"previousId", &TrackingCall::previous_id},
    {"groupId", &TrackingCall::group_id},
    {"traits", &TrackingCall::traits},
    {"properties", &TrackingCall::properties},
}};

/// The events that PostHog's clients make of Segment's other calls.
constexpr std::array<std::pair<std::string_view, CallKind>, 6> posthog_events = {{{"$identify", CallKind::identify},
                                                                                  {"$set", CallKind::identify},
                                                                                  {"$groupidentify", CallKind::group},
                                                                                  {"$create_alias", CallKind::alias},
                                                                                  {"$pageview", CallKind::page},
                                                                                  {"$screen", CallKind::screen}}};

const JsonNode* find_in(const JsonNode* object, std::string_view name) {
  return object != nullptr && object->is(JsonKind::object) ? object->find(name) : nullptr;
}

}  // namespace

std::string_view label(CallKind kind) {
  for (const auto& [name, own] : kinds)
    if (own == kind) return name;
  return {};
}

std::optional<CallKind> call_kind(std::string_view name) {
  for (const auto& [own, kind] : kinds)
    if (own == name) return kind;
  return std::nullopt;
}

std::string_view text_of(const JsonNode* node) {
  return node != nullptr && (node->is(JsonKind::text) || node->is(JsonKind::number)) ? node->member.text
                                                                                     : std::string_view{};
}

CallSurroundings surroundings_of(const JsonNode& root) {
  const auto* const sent = root.find("sentAt");
  return {root.find("context"), sent != nullptr ? sent : root.find("sent_at")};
}

engine::Result<TrackingCall> segment_call(const JsonNode& item, std::optional<CallKind> implied,
                                          const CallSurroundings& around) {
  TrackingCall call;
  const JsonNode* type = nullptr;
  const JsonNode* context = nullptr;
  const JsonNode* timestamp = nullptr;
  for (const auto& node : item) {
    if (node.is(JsonKind::null)) continue;
    const auto name = node.member.name;
    if (name == "type") type = &node;
    if (name == "context") context = &node;
    if (name == "timestamp") timestamp = &node;
    if (name == "originalTimestamp") call.original_time = &node;
    if (name == "sentAt") call.sent_time = &node;
    for (const auto& [own, place] : segment_members)
      if (own == name) call.*place = &node;
  }
  const auto kind = implied ? implied : call_kind(text_of(type));
  if (!kind) return refuse_member("type", "must be track, page, screen, identify, group or alias");
  call.kind = *kind;
  if (call.original_time == nullptr) call.original_time = timestamp;
  if (call.sent_time == nullptr) call.sent_time = around.sent_time;
  call.more_traits = find_in(context, "traits");
  if (around.context != context) call.default_traits = find_in(around.context, "traits");
  return call;
}

engine::Result<TrackingCall> posthog_call(const JsonNode& item, const CallSurroundings& around) {
  TrackingCall call;
  call.event = item.find("event");
  if (text_of(call.event).empty()) return refuse_member("event", "is required");
  for (const auto& [name, kind] : posthog_events)
    if (name == text_of(call.event)) call.kind = kind;
  call.message_id = item.find("uuid");
  call.original_time = item.find("timestamp");
  call.sent_time = around.sent_time;
  call.properties = item.find("properties");
  call.user_id = item.find("distinct_id");
  if (call.user_id == nullptr) call.user_id = find_in(call.properties, "distinct_id");
  // Older clients write what is said of the person beside the properties.
  call.traits = find_in(call.properties, "$set");
  if (call.traits == nullptr) call.traits = item.find("$set");
  call.traits_once = find_in(call.properties, "$set_once");
  if (call.traits_once == nullptr) call.traits_once = item.find("$set_once");
  if (call.kind == CallKind::identify) call.previous_id = find_in(call.properties, "$anon_distinct_id");
  if (call.kind == CallKind::alias) call.previous_id = find_in(call.properties, "alias");
  if (call.kind == CallKind::screen) call.name = find_in(call.properties, "$screen_name");
  if (call.kind == CallKind::group) {
    call.group_id = find_in(call.properties, "$group_key");
    call.group_type = find_in(call.properties, "$group_type");
    call.traits = find_in(call.properties, "$group_set");
  }
  return call;
}

}  // namespace leadlight::net
