// What goes over the wire to a webhook, and what its answer means. Signed as Standard Webhooks 1.0 wants it.
// Source: docs/guides/webhooks.md
#pragma once

#include "actors/protocol.hpp"
#include "engine/result.hpp"
#include "net/client/http_client.hpp"
#include "net/http/http.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::net::webhook {

/// The bytes of "whsec_" and 24 to 64 bytes in Base64. Errors: invalid, `field` as given.
engine::Result<std::string> parse_secret(std::string_view text, const std::string& field);

/// {"type":"lead.scored","timestamp","data":{…}}
std::string scored_event(const actors::TargetWrite& write, engine::Timestamp now);
/// {"type":"ping","timestamp","data":{"target"}}
std::string ping_event(std::string_view target, engine::Timestamp now);

/// The same for each attempt to bring what is owed, so that the receiver knows a repetition. `place` tells this target
/// from every other.
std::string event_id(std::string_view place, const actors::TargetWrite& write);

/// webhook-id, webhook-timestamp and webhook-signature, with one signature a key.
Headers signed_headers(const std::vector<std::string>& keys, const std::string& id, engine::Timestamp now,
                       std::string_view body);

/// What an answer means for the event, and for the target.
struct Verdict {
  enum class Kind {
    taken,
    refused,  // this event, for good
    passing,  // a fault that may pass: try again
    later,    // the target asks for a pause
    gone,     // 410: it wants no more events
    wrong,    // the target's address or certificate is not right: a person has to mend it
  };
  Kind kind = Kind::taken;
  std::string code;    // "HTTP_422"
  std::string reason;  // in words
  std::optional<engine::Milliseconds> retry_after;
};
Verdict judge(const engine::Result<OutboundAnswer>& answer, engine::Timestamp now);

}  // namespace leadlight::net::webhook
