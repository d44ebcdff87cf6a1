// The Salesforce source: Tasks, Events and CampaignMembers of Leads and Contacts, by SOQL.
//
// Options: those of the Salesforce target that say where it is and who asks (url, api_version, flow, client_id,
// username, audience, client_name, deadline_ms, allow_http; its other options are passed over), and mapping (TOML),
// mapping_name, history_days. Secrets: client_secret, private_key.
// Source: docs/guides/sources.md
#pragma once

#include "actors/activity_source.hpp"
#include "actors/clock.hpp"
#include "engine/result.hpp"
#include "net/client/http_client.hpp"

#include <memory>

namespace leadlight::net {

/// Errors: invalid (an option is missing or wrong, or the mapping's mistakes; `field` names it).
engine::Result<std::shared_ptr<actors::ActivitySource>> make_salesforce_source(const actors::TargetOptions& options,
                                                                               std::shared_ptr<HttpClient> client,
                                                                               actors::ClockPtr clock);

}  // namespace leadlight::net
