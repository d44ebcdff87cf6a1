// One call of a tracking client, whichever client's words it came in: Segment's or PostHog's.
//
// Views into the request's JSON: valid until its tree reads again.
#pragma once

#include "engine/result.hpp"
#include "net/text/json_tree.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace leadlight::net {

enum class CallKind : std::uint8_t { track, page, screen, identify, group, alias };

std::string_view label(CallKind kind);
/// Of "track", "page", …. None: there is no such call.
std::optional<CallKind> call_kind(std::string_view name);

struct TrackingCall {
  CallKind kind = CallKind::track;
  // All of these are null when the client did not say, or said null.
  const JsonNode* event = nullptr;     // track: what happened
  const JsonNode* name = nullptr;      // page, screen
  const JsonNode* category = nullptr;  // page
  const JsonNode* message_id = nullptr;
  const JsonNode* user_id = nullptr;
  const JsonNode* anonymous_id = nullptr;
  const JsonNode* previous_id = nullptr;  // alias: who the user was until now; PostHog: also of an identify
  const JsonNode* group_id = nullptr;
  const JsonNode* group_type = nullptr;  // PostHog; Segment's groups are companies
  const JsonNode* original_time = nullptr;
  const JsonNode* sent_time = nullptr;
  const JsonNode* traits = nullptr;
  const JsonNode* more_traits = nullptr;     // of the context; below `traits`
  const JsonNode* default_traits = nullptr;  // of the batch's context; below both
  const JsonNode* traits_once = nullptr;     // hold where nothing else is known
  const JsonNode* properties = nullptr;
};

/// What stands beside the items of a batch, or around a single call.
struct CallSurroundings {
  const JsonNode* context = nullptr;
  const JsonNode* sent_time = nullptr;
};

/// The surroundings in the root of a request: `context`, `sentAt` (PostHog: `sent_at`).
CallSurroundings surroundings_of(const JsonNode& root);

/// A call in Segment's words; `implied` by the path: its own `type` does not count. Errors: invalid.
engine::Result<TrackingCall> segment_call(const JsonNode& item, std::optional<CallKind> implied,
                                          const CallSurroundings& around);

/// A call in PostHog's words. Errors: invalid.
engine::Result<TrackingCall> posthog_call(const JsonNode& item, const CallSurroundings& around);

/// What is said by a text, a number (as it stands) or not at all (empty).
std::string_view text_of(const JsonNode* node);

}  // namespace leadlight::net
