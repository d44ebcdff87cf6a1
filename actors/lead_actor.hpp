// LEAD: one person's actor. Private state, one behaviour, a first-in-first-out mailbox, a life cycle.
//
// Life: activated (read from the store, or new) → runs one record at a time → idle → passivated (dropped; the store has
// all). Two hosts run this same behaviour: lead_table.hpp inside a shard, spawned_leads.hpp as a CAF actor each.
// Nothing but its host touches it.
#pragma once

#include "actors/messages.hpp"
#include "engine/lead.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace leadlight::actors {

/// A record on its way to its lead. Both outlive the delivery.
struct Delivery {
  const Record* record = nullptr;
  const engine::Organisation* organisation = nullptr;
};

/// A decision without the lead itself, which stays with its actor.
struct Verdict {
  engine::Outcome outcome = engine::Outcome::no_change;
  std::optional<engine::Score> score;
  std::optional<int> score_before;                // at the same instant without the record; only for the feed
  std::optional<engine::Segment> segment_before;  // none: the lead was not there
  engine::ShortText email;                        // only where the record has none, or for the feed
  std::optional<engine::Owed> owed;
  bool conflict = false;
  Timestamp known_until{};
  Timestamp wake_before{};
  Timestamp wake_after{};
  bool exists = false;
  bool awaited_before = false;                // triggers waited already, so the outbox has an entry that names them
  std::vector<engine::TargetLedger> ledgers;  // after the record; only when something is owed or was settled
  std::optional<Error> unreadable;            // the store could not be asked: nothing of the round may count
};

/// What a lead's records of a round changed, as far as it matters for storing it.
struct Unstored {
  bool changed = false;
  bool whole = false;  // more than fields and new events
  bool ended = false;  // a merge took the lead away
  std::vector<engine::WindowEvent> added;
};

/// What a lead's records of a round leave to be stored.
struct StoredLead {
  LeadId lead;
  bool whole = true;  // the whole lead; else a change to the stored one
  std::string bytes;  // empty: the lead is there no more
};

class LeadActor {
 public:
  /// Activates the lead: its last durable state, or a new one.
  /// Errors: io_error, corrupt.
  static Result<LeadActor> activate(const Services& services, const LeadId& id, std::string_view email,
                                    engine::ShardId shard);

  /// The behaviour: applies one record. When applying it fails, the lead is quarantined from that record alone: it goes
  /// back to its last durable state, takes `earlier` again (this lead's deliveries of the round so far), and the record
  /// stays without effect.
  Verdict receive(const Delivery& delivery, const Services& services, std::span<const Delivery> earlier,
                  Unstored& unstored);

  /// What is to be stored of what the records changed, if anything: mostly a change, every `changes_max` times (and
  /// whenever the window changed otherwise than by new events) the whole lead. To be stored, then, in this order.
  std::optional<StoredLead> to_store(const Unstored& unstored);

  [[nodiscard]] const engine::Lead& state() const { return state_; }
  [[nodiscard]] std::uint64_t records_applied() const { return records_applied_; }
  [[nodiscard]] Timestamp activated_at() const { return activated_at_; }
  /// The state is durable and this is how many bytes it takes, object and heap.
  [[nodiscard]] std::size_t resident_bytes() const { return sizeof(LeadActor) + state_.heap_bytes(); }

 private:
  static constexpr std::uint8_t changes_max = 8;

  LeadActor(engine::Lead state, Timestamp now) : state_(std::move(state)), activated_at_(now) {}
  // What the store knows of the record's id, where the lead itself does not say. Errors: io_error, corrupt.
  Result<std::optional<engine::KnownId>> known_of(const Record& record, const Services& services) const;
  engine::Decision decide(const Delivery& delivery, const std::optional<engine::KnownId>& known,
                          const Services& services);
  Status apply_again(const Delivery& delivery, const Services& services);

  engine::Lead state_;
  Timestamp activated_at_;
  std::uint32_t records_applied_ = 0;
  std::uint8_t changes_ = changes_max;  // stored since the whole lead was
};

/// The lead as the store last had it; none when it never was. Errors: io_error, corrupt.
Result<std::optional<engine::Lead>> load_lead(const storage::Store& store, const LeadId& id);

}  // namespace leadlight::actors
