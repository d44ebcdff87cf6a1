// The Salesforce target: looks Leads up by e-mail and writes score, segment and signals to them, 200 a call.
//
// Options: url, api_version, flow, client_id, username, audience, score_field, segment_field, signals_field,
// scored_at_field, label_very_high, label_high, label_medium, label_low, duplicates, write_contacts,
// contact_score_field, contact_segment_field, contact_signals_field, contact_scored_at_field, client_name, deadline_ms,
// allow_http. Secrets: client_secret, private_key.
//
// A resend is harmless: an update sets absolute values, and a record that holds them already is not written.
// Source: docs/guides/salesforce.md
#pragma once

#include "actors/clock.hpp"
#include "actors/protocol.hpp"
#include "engine/result.hpp"
#include "net/client/http_client.hpp"
#include "net/http/trace_context.hpp"

#include <memory>

namespace leadlight::net {

/// `traces`: which trace a lead's writeback belongs to; none: calls carry no `traceparent`.
/// Errors: invalid (an option is missing or wrong; `field` names it).
engine::Result<std::shared_ptr<actors::TargetConnector>> make_salesforce(const actors::TargetOptions& options,
                                                                         std::shared_ptr<HttpClient> client,
                                                                         actors::ClockPtr clock,
                                                                         TraceBookPtr traces = nullptr);

}  // namespace leadlight::net
