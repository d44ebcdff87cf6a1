// What the Salesforce target is told: address, credentials, field mapping, policies.
#pragma once

#include "actors/protocol.hpp"
#include "engine/result.hpp"
#include "engine/types.hpp"
#include "net/targets/salesforce_auth.hpp"
#include "net/targets/salesforce_wire.hpp"

#include <array>
#include <string>

namespace leadlight::net::salesforce {

struct Settings {
  Credentials credentials;
  std::string api_path;  // "/services/data/v60.0"
  Fields lead;
  Fields contact;
  std::array<std::string, 4> labels;  // by Segment
  bool newest_only = false;
  bool write_contacts = false;
  bool allow_http = false;
  std::string client_name;
  engine::Milliseconds deadline{30'000};
};

/// Errors: invalid (an option is missing or wrong; `field` names it).
engine::Result<Settings> read_settings(const actors::TargetOptions& options);

}  // namespace leadlight::net::salesforce
