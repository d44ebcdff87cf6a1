// What the families beside log and leads hold: the values, before they are bytes. Codecs: codec/.
#pragma once

#include "engine/lead.hpp"
#include "engine/record.hpp"
#include "engine/types.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace leadlight::storage {

/// An entry of the lead index: what became of an event of this lead, and until when its id is known. Duplicates and
/// records of other kinds have none. It goes with its record, when the log is trimmed.
struct IndexEntry {
  engine::ShardId shard{};
  engine::Outcome outcome = engine::Outcome::counted;
  engine::Timestamp occurred_at;
  engine::Timestamp known_until;  // an event with this id is a duplicate until then
  std::uint64_t content_hash = 0;

  friend bool operator==(const IndexEntry&, const IndexEntry&) = default;
};

/// The answer once given under an Idempotency-Key.
struct IdempotencyEntry {
  engine::Timestamp until;
  std::uint64_t body_hash = 0;
  std::uint16_t status = 0;
  std::string answer;  // body of the answer, as sent

  friend bool operator==(const IdempotencyEntry&, const IdempotencyEntry&) = default;
};

/// How far a request has come.
struct RequestStatus {
  engine::Timestamp until;  // kept until then
  engine::LeadId lead;
  std::string email;
  std::string source;
  engine::Timestamp accepted_at;
  std::optional<engine::Timestamp> scored_at;
  std::optional<engine::Timestamp> written_at;
  std::string
      outcome;  // accepted, written, unchanged, no_match, converted_lead, no_data, no_target, dead_letter, late, …
  std::optional<int> score;
  std::string detail;

  friend bool operator==(const RequestStatus&, const RequestStatus&) = default;
};

/// A writeback owed to a target; the value to send is computed when it goes out.
struct OutboxEntry {
  engine::Position owed = 0;  // position of the owing record: the version of this entry
  engine::ShardId shard{};
  engine::Timestamp owed_at;
  engine::Timestamp due_at;
  engine::WritebackReason reason = engine::WritebackReason::trigger;
  std::string email;
  std::vector<std::string> request_ids;  // requests that wait for it

  friend bool operator==(const OutboxEntry&, const OutboxEntry&) = default;
};

struct DeadLetter {
  engine::Position owed = 0;
  std::string email;
  std::string code;    // the target's error code
  std::string reason;  // in words, without personal data
  std::uint32_t attempts = 0;
  engine::Timestamp first_at;
  engine::Timestamp last_at;
  int score = 0;
  engine::Timestamp scored_at;

  friend bool operator==(const DeadLetter&, const DeadLetter&) = default;
};

/// An access key; the key itself is never stored.
struct Key {
  std::string id;                         // "key_" + 12 characters; names it in lists and for revoking
  std::array<std::uint8_t, 32> sha256{};  // of the whole key
  engine::OrganisationId organisation{};
  std::string name;
  std::vector<std::string> scopes;    // hg, sixsense, events, leads, typeform, hubspot, admin
  std::optional<std::uint32_t> rate;  // requests a second; none: unlimited
  engine::Timestamp created_at;
  std::optional<engine::Timestamp> revoked_at;

  friend bool operator==(const Key&, const Key&) = default;
};

struct OrganisationSettings {
  engine::OrganisationId id{};
  std::string name;
  bool live_scoring = true;  // the HG surface is enabled
  engine::Timestamp created_at;

  friend bool operator==(const OrganisationSettings&, const OrganisationSettings&) = default;
};

/// A published model version and when it took over.
struct PublishedModel {
  engine::OrganisationId organisation{};
  engine::Timestamp received_at;
  engine::Model model;

  friend bool operator==(const PublishedModel&, const PublishedModel&) = default;
};

/// A target; secrets are sealed (sealing.hpp) before they come here.
struct TargetSettings {
  std::uint32_t id = 0;
  engine::OrganisationId organisation{};
  std::string kind;                                          // "salesforce"
  std::string name;                                          // unique in the organisation
  std::vector<std::pair<std::string, std::string>> options;  // url, flow, client_id, field names, …; ascending by name
  std::string sealed_secrets;                                // of (name, value) pairs; empty: none
  bool demo = false;                                         // `--sandbox URL` points it there
  engine::Timestamp created_at;

  friend bool operator==(const TargetSettings&, const TargetSettings&) = default;
};

}  // namespace leadlight::storage
