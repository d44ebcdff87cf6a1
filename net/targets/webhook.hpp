// The webhook target: one signed POST a lead, to whichever URL a customer gave. The outbound guard says where it may
// be.
//
// Options: url, deadline_ms, calls_in_parallel. Secrets: secret, previous_secret (signs as well, while it is replaced).
// Source: docs/guides/webhooks.md
#pragma once

#include "actors/clock.hpp"
#include "actors/protocol.hpp"
#include "engine/result.hpp"
#include "net/client/http_client.hpp"

#include <memory>

namespace leadlight::net {

/// `client` is a guarded one. Errors: invalid (an option is missing or wrong; `field` names it).
engine::Result<std::shared_ptr<actors::TargetConnector>> make_webhook(const actors::TargetOptions& options,
                                                                      std::shared_ptr<HttpClient> client,
                                                                      actors::ClockPtr clock);

}  // namespace leadlight::net
