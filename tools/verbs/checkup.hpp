// What `leadlight doctor` looks at: an engine's own figures, judged, each with its remedy. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::tools::verbs {

enum class Health : std::uint8_t {
  ok,
  warn,   // will need care; the engine does its work
  wrong,  // something is not done that should be
};

constexpr std::string_view label(Health health) {
  switch (health) {
    case Health::ok: return "ok";
    case Health::warn: return "warn";
    case Health::wrong: return "wrong";
  }
  return "wrong";
}

struct Finding {
  std::string check;
  Health health = Health::ok;
  std::string found;
  std::string remedy;  // empty when it is ok
};

using Findings = std::vector<Finding>;

/// Disk, memory, queues, restarts and settings, from GET /v1/admin/state.
void judge_state(const boost::json::value& state, Findings& findings);
/// A finding a target, from GET /v1/admin/targets. `running`: whether targets run where this comes from.
void judge_targets(const boost::json::value& targets, bool running, Findings& findings);
/// A finding a source, from GET /v1/admin/sources; and one when there is a Salesforce target and no source.
void judge_sources(const boost::json::value& sources, const boost::json::value& targets, bool running,
                   Findings& findings);
/// From GET /v1/admin/models.
void judge_models(const boost::json::value& models, Findings& findings);
/// From GET /v1/admin/tokens.
void judge_tokens(const boost::json::value& tokens, Findings& findings);

/// Whether nothing is wrong.
bool sound(const Findings& findings);

}  // namespace leadlight::tools::verbs
