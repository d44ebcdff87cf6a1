// Administration: keys, models, targets, sources, vendors' secrets and dead letters, and the answers about them.
#pragma once

#include "actors/protocol/access.hpp"
#include "actors/protocol/questions.hpp"
#include "engine/types.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace leadlight::actors {

using engine::Result;

struct CreateKey {
  std::string name;
  std::vector<std::string> scopes;
  std::optional<std::uint32_t> rate;
  OnUnavailable on_unavailable = OnUnavailable::by_surface;
};
struct ListKeys {};
struct RevokeKey {
  std::string id;
};
struct PublishModel {
  std::string toml;
  bool dry_run = false;
};
struct ListModels {};
struct AddTarget {
  std::string kind;
  std::string name;
  bool replace = false;  // a target of this name and kind keeps its queue, and gets these options and secrets
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::pair<std::string, std::string>> secrets;
};
struct ListTargets {};
struct RemoveTarget {
  std::string name;
};
/// One step over the organisation's leads: compares each with the target, and writes what differs unless `dry_run`.
struct SyncTarget {
  std::string name;
  bool dry_run = false;
  std::string after;  // cursor of the last step
  std::size_t limit = 200;
};
/// Looks at everything a target needs: login, each mapped field, quota. With `write_to` (an address, or the target's id
/// of a record) it also writes test values there, reads them back, and puts back what was there.
struct ExamineTarget {
  std::string name;
  std::string write_to;  // empty: nothing is written
};
struct ListDeadLetters {
  std::string target;  // empty: every target
  std::string after;
  std::size_t limit = 100;
};
struct ReplayDeadLetters {
  std::string target;
  std::string email;  // empty: all of the target
  bool dry_run = false;
};
struct DropDeadLetters {
  std::string target;
  std::string email;
};
/// A secret of an e-mail vendor, checked at the door. The newest one of before stays in force beside it on request.
struct SetVendorSecret {
  std::string vendor;
  std::string secret;
  bool keep_previous = false;
};
struct ListVendorSecrets {};
struct RemoveVendorSecrets {
  std::string vendor;
};
/// An activity source: where the engine asks for what leads did.
struct AddSource {
  std::string kind;
  std::string name;
  std::string target;  // whose address and credentials it shares; empty: its own, in options and secrets
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::pair<std::string, std::string>> secrets;
};
struct ListSources {};
struct RemoveSource {
  std::string name;
};
/// Polls it now, to the end.
struct PullSource {
  std::string name;
};
struct StateDigest {};  // digest and count of the organisation's leads
struct ServerState {};  // counters and settings for `leadlight doctor`

/// An administrative act within one organisation.
struct AdminRequest {
  OrganisationId organisation{};
  std::variant<CreateKey, ListKeys, RevokeKey, PublishModel, ListModels, AddTarget, ListTargets, RemoveTarget,
               SyncTarget, ExamineTarget, ListDeadLetters, ReplayDeadLetters, DropDeadLetters, StateDigest, ServerState,
               SetVendorSecret, ListVendorSecrets, RemoveVendorSecrets, AddSource, ListSources, RemoveSource,
               PullSource>
      act;
};

struct KeyRow {
  std::string id;
  std::string name;
  std::vector<std::string> scopes;
  std::optional<std::uint32_t> rate;
  Timestamp created_at;
  std::optional<Timestamp> revoked_at;
  std::string key;  // only in the answer to CreateKey: shown once
  OnUnavailable on_unavailable = OnUnavailable::by_surface;
};
struct ModelRow {
  std::string id;
  std::uint32_t version = 0;
  Timestamp published_at;
  std::string source;
};
struct TargetRow {
  std::string name;
  std::string kind;
  std::string state;                                         // "ready", "held", "checking"; "idle": no server
  std::string reason;                                        // why it is held, in words
  std::vector<std::pair<std::string, std::string>> options;  // no secrets
  std::uint64_t queued = 0;
  std::uint64_t dead_letters = 0;
  std::optional<double> quota_used;  // share of the target's daily quota, 0…1
};
struct SourceRow {
  std::string name;
  std::string kind;
  std::string target;                                        // whose credentials it shares; empty: its own
  std::string state;                                         // "ready", "held", "checking"; "idle": no server
  std::string reason;                                        // why it is held, in words
  std::vector<std::pair<std::string, std::string>> options;  // no secrets
  std::string mapping;                                       // name of the mapping file; "built-in"
  std::uint64_t waiting = 0;                                 // leads whose triggers wait for the sources
  std::uint64_t calls = 0;                                   // since the start
  std::uint64_t activities = 0;                              // that polls have brought
  std::optional<Timestamp> polled_at;
};
struct PullReport {
  std::uint64_t activities = 0;  // that the source told
  std::uint64_t fresh = 0;       // of them, that were not known
  std::uint64_t calls = 0;
};
struct SyncStep {
  std::size_t examined = 0;
  std::size_t differing = 0;
  std::size_t written = 0;
  std::size_t no_match = 0;
  std::size_t failed = 0;
  std::size_t calls = 0;  // API calls made, or in a dry run: that writing would take
  std::string next;       // empty: done
};
/// One line of what an examination found.
struct TargetFinding {
  enum class Health : std::uint8_t {
    ok,
    warn,  // works, and needs care
    fail,  // does not work
  };
  std::string check;  // what was looked at
  Health health = Health::ok;
  std::string found;
  std::string remedy;  // empty when it is ok
};
struct DeadLetterRow {
  std::string target;
  std::string email;
  std::string code;
  std::string reason;
  std::uint32_t attempts = 0;
  Timestamp first_at;
  Timestamp last_at;
  int score = 0;
  Timestamp scored_at;
  std::string after;  // cursor
};
/// Of one e-mail vendor: how many secrets are in force, never which.
struct VendorRow {
  std::string vendor;
  std::size_t secrets = 0;
  std::optional<Timestamp> changed_at;  // none: there are no secrets
};
struct Affected {
  std::size_t count = 0;
  std::size_t skipped = 0;  // superseded
};
struct DigestRow {
  std::string digest;
  std::uint64_t leads = 0;
};
using TextTable = std::vector<std::pair<std::string, std::string>>;

using AdminAnswer = std::variant<std::vector<KeyRow>, std::vector<ModelRow>, std::vector<TargetRow>, SyncStep,
                                 std::vector<DeadLetterRow>, Affected, DigestRow, TextTable, std::vector<VendorRow>,
                                 std::vector<TargetFinding>, std::vector<SourceRow>, PullReport>;

}  // namespace leadlight::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::AdminRequest)
