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
  std::optional<engine::Timestamp> fetched_at{};  // when the activity sources had answered

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

/// An identity, as a value of the family `aliases` (keys.hpp says whose).
struct AliasEntry {
  std::string identity;  // engine/identity.hpp

  friend bool operator==(const AliasEntry&, const AliasEntry&) = default;
};

/// What is known of a person beside what they did. Ascending by name, at most `attributes_max`.
struct LeadAttributes {
  static constexpr std::size_t attributes_max = 500;

  std::vector<engine::Attribute> attributes;

  /// Takes the change in: of each name the later value stays, at the same instant the greater one; above the limit
  /// the first names stay. The result does not depend on the order of the changes.
  void take(const engine::AttributeChange& change);

  friend bool operator==(const LeadAttributes&, const LeadAttributes&) = default;
};

/// The triggers of a lead that wait for the activity sources.
struct FetchEntry {
  struct Waiting {
    engine::Position position = 0;  // of the trigger
    std::string request_id;

    friend bool operator==(const Waiting&, const Waiting&) = default;
  };
  engine::Position owed = 0;  // position of the newest of them
  engine::ShardId shard{};
  engine::Timestamp owed_at;  // when the oldest of them came
  std::string email;
  std::vector<Waiting> requests;  // ascending

  friend bool operator==(const FetchEntry&, const FetchEntry&) = default;
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
  std::optional<bool> spools = std::nullopt;  // what cannot be taken is spooled (or refused); none: as its surface

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

/// An activity source; secrets are sealed before they come here.
struct SourceSettings {
  std::uint32_t id = 0;
  engine::OrganisationId organisation{};
  std::string kind;                                          // "salesforce"
  std::string name;                                          // unique in the organisation
  std::string target;                                        // whose credentials it shares; empty: its own
  std::vector<std::pair<std::string, std::string>> options;  // ascending by name
  std::string sealed_secrets;                                // of (name, value) pairs; empty: none
  bool demo = false;                                         // `--sandbox URL` points it there
  engine::Timestamp created_at;

  friend bool operator==(const SourceSettings&, const SourceSettings&) = default;
};

/// How far a source has been polled.
struct SourceCursor {
  std::string cursor;            // the source's own words
  engine::Timestamp polled_at;   // when it last had no more
  std::uint64_t activities = 0;  // brought by polls so far

  friend bool operator==(const SourceCursor&, const SourceCursor&) = default;
};

}  // namespace leadlight::storage
