#include "tools/verbs/checkup.hpp"

#include "tools/verbs/rendering.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include <algorithm>
#include <optional>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;

// The engine refuses writes below the smaller of these two (ServerConfig::low_water_…): the doctor warns at twice that.
constexpr std::int64_t low_water_bytes = std::int64_t{2} << 30U;
constexpr std::int64_t low_water_parts = 20;  // a twentieth of the disk
constexpr std::int64_t queue_long = 10'000;
constexpr std::int64_t in_flight_many = 10'000;
constexpr double quota_high = 0.8;  // from there on batches wait longer

void judge_disk(const json::value& state, Findings& findings) {
  const auto free = whole_of(state, "disk_free_bytes");
  const auto total = whole_of(state, "disk_total_bytes");
  if (!free || !total) {
    findings.push_back({"disk", Health::warn, "its free space is not known",
                        "see whether the data directory's file system is mounted and readable"});
    return;
  }
  const auto low_water = std::min(low_water_bytes, *total / low_water_parts);
  const auto health = *free < low_water ? Health::wrong : *free < 2 * low_water ? Health::warn : Health::ok;
  findings.push_back({"disk", health, bytes_text(*free) + " free of " + bytes_text(*total),
                      health == Health::ok
                          ? ""
                          : "free space or move the data directory to a larger disk; writes are refused below " +
                                bytes_text(low_water)});
}

void judge_memory(const json::value& state, Findings& findings) {
  const auto used = whole_of(state, "resident_bytes").value_or(0);
  const auto most = whole_of(state, "resident_bytes_max").value_or(0);
  const bool full = most > 0 && used >= most - most / 20;
  findings.push_back({"memory", full ? Health::warn : Health::ok,
                      grouped(whole_of(state, "resident_leads").value_or(0)) + " leads in " + bytes_text(used) +
                          " of " + bytes_text(most),
                      full ? "raise actors.resident_bytes_max; leads beyond it are read from disk each time" : ""});
}

void judge_spool(const json::value& state, Findings& findings) {
  const auto pending = whole_of(state, "spool_pending").value_or(0);
  const auto bytes = whole_of(state, "spool_bytes").value_or(0);
  const auto most = whole_of(state, "spool_bytes_max").value_or(0);
  if (most == 0) return;
  const auto refused = whole_of(state, "spool_refused").value_or(0);
  const auto damaged = whole_of(state, "spool_damaged").value_or(0);
  Finding finding{"spool",
                  Health::ok,
                  grouped(pending) + " submissions wait in " + bytes_text(bytes) + " of " + bytes_text(most),
                  {}};
  if (pending > 0) {
    finding.health = Health::warn;
    finding.remedy = "the engine is slow or refuses; the log says why, and what waits is forwarded by itself";
  }
  if (bytes > most / 10 * 8 || refused + damaged > 0) {
    finding.health = Health::wrong;
    finding.found += ", " + grouped(refused) + " refused, " + grouped(damaged) + " parts damaged";
    finding.remedy = "see the log for the cause; raise spool.bytes_max or free space on its disk";
  }
  findings.push_back(std::move(finding));
}

void judge_count(Findings& findings, std::string check, std::int64_t count, std::int64_t many, std::string words,
                 std::string remedy) {
  const bool ok = count < many;
  findings.push_back({std::move(check), ok ? Health::ok : Health::warn, grouped(count) + std::move(words),
                      ok ? "" : std::move(remedy)});
}

Finding judge_target(const json::object& target, bool running) {
  const auto name = plain(target, "name");
  const auto state = plain(target, "state");
  const auto queued = whole_of(target, "queued").value_or(0);
  const auto dead = whole_of(target, "dead_letters").value_or(0);
  Finding finding{
      "target " + name, Health::ok, state + ", " + grouped(queued) + " queued, " + grouped(dead) + " dead letters", {}};
  const auto worse = [&finding](Health health, const std::string& remedy) {
    finding.health = std::max(finding.health, health);
    finding.remedy += (finding.remedy.empty() ? "" : "; ") + remedy;
  };
  if (running && state == "held") {
    finding.found += ": " + plain(target, "reason");
    worse(Health::wrong, "mend what the reason names; until then nothing is written to it");
  }
  if (dead > 0) worse(Health::warn, "see `leadlight dlq list --target " + name + "`, then replay or drop them");
  if (queued >= queue_long) worse(Health::warn, "see whether the target is slow or its quota used up");
  const auto* quota = target.if_contains("quota_used");
  if (quota != nullptr && quota->is_number() && quota->to_number<double>() >= quota_high) {
    finding.found += fmt::format(", {:.0f} % of its quota used", quota->to_number<double>() * 100);
    worse(Health::warn, "raise the target's quota, or the model's quiet interval");
  }
  return finding;
}

}  // namespace

void judge_state(const json::value& state, Findings& findings) {
  const auto& settings = object_of(state);
  findings.push_back({"settings",
                      Health::ok,
                      "leads are " + plain(settings, "lead_host") + ", " + plain(settings, "shard_actors") +
                          " shard actors for " + plain(settings, "logical_shards") + " shards",
                      {}});
  // The store counts overwritten rows, changes and deletions until it compacts: nothing is concluded from it.
  findings.push_back({"store",
                      Health::ok,
                      "roughly " + grouped(whole_of(state, "leads_stored_estimate").value_or(0)) + " leads and " +
                          grouped(whole_of(state, "outbox_estimate").value_or(0)) +
                          " values owed to targets; the store's estimate, compaction corrects it",
                      {}});
  judge_disk(state, findings);
  judge_memory(state, findings);
  judge_count(findings, "records in flight", whole_of(state, "records_in_flight").value_or(0), in_flight_many, "",
              "the engine is near its limit; slow the senders down or give it more cores");
  judge_spool(state, findings);
  judge_count(findings, "restarts", whole_of(state, "actor_restarts").value_or(0), 1, " actors started again",
              "the log says which ended and why; report it");
}

void judge_targets(const json::value& targets, bool running, Findings& findings) {
  for (const auto& row : list_of(targets, "targets")) findings.push_back(judge_target(object_of(row), running));
}

void judge_sources(const json::value& sources, const json::value& targets, bool running, Findings& findings) {
  const auto& rows = list_of(sources, "sources");
  for (const auto& row : rows) {
    const auto& source = object_of(row);
    const auto state = plain(source, "state");
    Finding finding{"source " + plain(source, "name"),
                    Health::ok,
                    state + ", " + grouped(whole_of(row, "waiting").value_or(0)) + " leads wait, last pulled " +
                        plain(source, "polled_at"),
                    {}};
    if (running && state == "held") {
      finding.health = Health::wrong;
      finding.found += ": " + plain(source, "reason");
      finding.remedy = "mend what the reason names; until then triggers wait";
    }
    findings.push_back(std::move(finding));
  }
  if (!rows.empty()) return;
  for (const auto& row : list_of(targets, "targets")) {
    const auto name = plain(object_of(row), "name");
    if (plain(object_of(row), "kind") != "salesforce") continue;
    findings.push_back({"sources", Health::warn, "target " + name + " is written to, but its activities are not read",
                        "`leadlight source add salesforce " + name + " --target " + name +
                            "`, or push every event; see docs/guides/sources.md"});
    return;
  }
}

void judge_models(const json::value& models, Findings& findings) {
  const json::value* newest = nullptr;
  for (const auto& row : list_of(models, "models"))
    if (newest == nullptr || whole_of(row, "version") > whole_of(*newest, "version")) newest = &row;
  if (newest == nullptr) {
    findings.push_back({"model", Health::wrong, "none is published, so no lead has a score",
                        "publish one: leadlight model starter > model.toml, then leadlight model publish model.toml"});
  } else {
    findings.push_back({"model",
                        Health::ok,
                        plain(object_of(*newest), "id") + ", version " + plain(object_of(*newest), "version"),
                        {}});
  }
}

void judge_tokens(const json::value& tokens, Findings& findings) {
  std::int64_t in_force = 0;
  for (const auto& row : list_of(tokens, "tokens"))
    if (plain(object_of(row), "revoked_at") == "-") ++in_force;
  findings.push_back({"keys", in_force > 0 ? Health::ok : Health::wrong, grouped(in_force) + " in force",
                      in_force > 0 ? "" : "nobody can send anything: make one with `leadlight token create`"});
}

bool sound(const Findings& findings) {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& finding) { return finding.health == Health::wrong; });
}

}  // namespace leadlight::tools::verbs
