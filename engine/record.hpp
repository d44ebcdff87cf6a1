// A record: what the log holds, and the only thing that changes a lead.
//
// Everything outside ends in one: an event, a trigger, a clock tick, a model switch, what a target answered. What the
// door resolved (instants, domain, shard, hashes) stands in the record, so that the fold never computes it again.
#pragma once

#include "engine/event_type.hpp"
#include "engine/model.hpp"
#include "engine/types.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace leadlight::engine {

/// The door a record came in by. Stored: numbers are never used again.
enum class Surface : std::uint8_t {
  internal = 0,  // timers, supervisors, administration
  events = 1,    // POST /v1/events
  hg_live = 2,   // POST /data-api/v2/scoring/behavioral/live
  segment = 3,
  posthog = 4,
  cloudevents = 5,
  email_vendor = 6,
  sixsense = 7,
  typeform = 8,
  hubspot = 9,
  source_poll = 10,
  import = 11,
};

/// The name of a surface in answers: "events", "hg_live", ….
std::string_view label(Surface surface);

/// Something the lead did.
struct EngagementEvent {
  EventType type;
  Timestamp occurred_at;           // resolved at the door: never after received_at
  std::string event_id;            // exactly as sent; empty when none was
  std::uint64_t id_hash = 0;       // of the id; without one, of (surface, lead, type, occurred_at as sent, properties)
  std::uint64_t content_hash = 0;  // of (type, occurred_at as sent, properties): tells a conflict from a repetition
  std::string properties;          // the JSON object as sent; empty when none
  Timestamp first_received_at{};   // of an event that came over from a joined id: when it was received; zero: now

  friend bool operator==(const EngagementEvent&, const EngagementEvent&) = default;
};

/// An outside call that asks for a score to be written back.
struct Trigger {
  std::string source;  // "salesforce", "marketo" or empty

  friend bool operator==(const Trigger&, const Trigger&) = default;
};

/// An instant that was computed ahead has come: the lead's segment may have changed, or its score drifted.
struct Tick {
  friend bool operator==(const Tick&, const Tick&) = default;
};

/// A model takes over for an organisation, at this position of each shard's log.
struct ModelSwitch {
  std::shared_ptr<const CompiledModel> model;

  friend bool operator==(const ModelSwitch& a, const ModelSwitch& b) {
    return (!a.model && !b.model) || (a.model && b.model && a.model->model() == b.model->model());
  }
};

/// A target joins or leaves an organisation, at this position of each shard's log.
struct TargetSwitch {
  std::uint32_t target = 0;
  bool active = false;

  friend bool operator==(const TargetSwitch&, const TargetSwitch&) = default;
};

/// How an attempt to write a lead to a target ended. Stored.
enum class WriteOutcome : std::uint8_t {
  written = 1,
  unchanged = 2,       // the target holds these values already
  no_match = 3,        // the target knows no such lead
  converted_lead = 4,  // only converted leads match, and they are not written
  dead_letter = 5,     // refused for good; kept for a person to look at
  dropped = 6,         // the target was removed, or a person dropped the entry
  no_match_yet = 7,    // no such lead so far; looked for once more after `recheck_delay`
};

std::string_view label(WriteOutcome outcome);

/// What a target answered; only final answers become records.
struct WritebackResult {
  std::uint32_t target = 0;
  WriteOutcome outcome = WriteOutcome::written;
  Position owed = 0;  // position of the record that owed the writeback; clears nothing newer
  int score = 0;      // what the target now holds, when written or unchanged
  Segment segment = Segment::low;
  Timestamp scored_at{};   // the instant the written score was computed for
  Timestamp written_at{};  // when the target confirmed
  std::string code;        // the target's error code; empty when there was none
  std::string detail;      // in words for people; no personal data
  std::uint32_t attempts = 1;
  Timestamp first_at{};  // of the first attempt

  friend bool operator==(const WritebackResult&, const WritebackResult&) = default;
};

/// One attribute of a person or of its company, as a source told it.
struct Attribute {
  std::string name;   // "first_name", "title", "company.name", …
  std::string value;  // JSON text
  Timestamp at;       // when it became so; of two values of a name the later one holds, at the same instant the greater

  friend bool operator==(const Attribute&, const Attribute&) = default;
};

/// What somebody told about the lead. Changes no score, and brings no lead into being.
struct AttributeChange {
  std::vector<Attribute> attributes;

  friend bool operator==(const AttributeChange&, const AttributeChange&) = default;
};

/// The lead turned out to be another one, to which its events have been brought. It ends here.
struct MergedInto {
  LeadId lead;
  std::string identity;

  friend bool operator==(const MergedInto&, const MergedInto&) = default;
};

/// An outside call that asks for a score, of an organisation whose activity sources are asked first. Owes no writeback:
/// the `Fetched` that follows does.
struct FetchOwed {
  std::string source;  // as of a Trigger

  friend bool operator==(const FetchOwed&, const FetchOwed&) = default;
};

/// How asking the activity sources about a lead ended. Stored.
enum class FetchOutcome : std::uint8_t {
  complete = 1,  // every source has answered
  partial = 2,   // some have, and the operator allows to score from that
  given_up = 3,  // tried for a day; nothing is scored
};

/// The activity sources have been asked about a lead, and what they told is in the log before this record. Scores the
/// lead and owes the writeback that its triggers wait for; when a source answered and nothing is known of the lead, it
/// comes into being with nothing in its window (unknown is not zero, but "none" is).
struct Fetched {
  LeadId lead;           // whose triggers it serves: the record's lead, unless that was joined to another one meanwhile
  Position through = 0;  // triggers up to this position
  FetchOutcome outcome = FetchOutcome::complete;
  std::uint32_t asked = 0;     // sources
  std::uint32_t answered = 0;  // of them
  std::uint32_t none = 0;      // of those, that know of no activity
  Timestamp fetched_at{};
  std::string detail;  // for people, without personal data

  friend bool operator==(const Fetched&, const Fetched&) = default;
};

struct Record {
  Position position = 0;  // in the log of `shard`; given by the shard
  ShardId shard{};
  LeadId lead;         // for a switch: the organisation alone, hash 0
  std::string email;   // whose it is (identity.hpp): mostly an e-mail address, trimmed, lower-cased; empty for a switch
  std::string domain;  // registrable domain; empty for free mail or none
  Timestamp received_at;  // our clock at the door
  Surface surface = Surface::internal;
  std::uint64_t key_id = 0;  // reserved: the key that personal data of this record is encrypted with; 0 = plain
  std::string request_id;    // what the acknowledgement carries
  std::variant<EngagementEvent, Trigger, Tick, ModelSwitch, TargetSwitch, WritebackResult, AttributeChange, MergedInto,
               FetchOwed, Fetched>
      body;

  friend bool operator==(const Record&, const Record&) = default;
};

/// When an event was received for the first time, by whichever lead.
inline Timestamp arrived_at(const Record& record, const EngagementEvent& event) {
  return event.first_received_at == Timestamp{} ? record.received_at : event.first_received_at;
}

}  // namespace leadlight::engine
