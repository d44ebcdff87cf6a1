// A lead and how one record changes it: the fold.
//
// `apply` is pure: the same lead, record and organisation give the same decision on every machine. The shard carries
// the decision out: it commits what the decision owes in one synced batch and then installs `next`.
#pragma once

#include "engine/compact.hpp"
#include "engine/model.hpp"
#include "engine/record.hpp"
#include "engine/score.hpp"
#include "engine/types.hpp"
#include "engine/window.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace leadlight::engine {

/// What is known of a lead at one target.
struct TargetLedger {
  std::uint32_t target = 0;
  Position owed = 0;       // the record that owes the writeback under way; 0: none is owed
  Timestamp due_at{};      // when the owed writeback may go out
  bool confirmed = false;  // the target once confirmed these values:
  std::uint8_t score = 0;
  Segment segment = Segment::low;
  bool awaited = false;  // a trigger waits for the writeback that is owed
  Timestamp scored_at{};

  friend bool operator==(const TargetLedger&, const TargetLedger&) = default;
};

struct Lead {
  LeadId id;
  ShortText email;
  std::uint32_t conflicts = 0;  // repeated ids with other content
  ShardId shard{};
  Segment segment = Segment::low;  // as of the last decision; a timer keeps it true between records
  Position last_position = 0;      // of the last record applied
  Window window;
  Timestamp ids_beyond_window_until{};  // until then ids are known that the window does not hold
  Timestamp wake_at{};                  // the timer armed for this lead; zero: none. An index, not part of the digest
  Timestamp owed_at{};                  // when a writeback was last owed, for the quiet interval
  Timestamp crossed_at{};               // when a crossing last owed one
  std::vector<TargetLedger> targets;

  friend bool operator==(const Lead&, const Lead&) = default;

  [[nodiscard]] bool exists() const { return last_position != 0; }
  /// Heap bytes held beside the object itself.
  [[nodiscard]] std::size_t heap_bytes() const;
  [[nodiscard]] const TargetLedger* ledger(std::uint32_t target) const;
};

/// What a shard's fold knows of an organisation: what switches have put in force.
struct Organisation {
  OrganisationId id{};
  std::shared_ptr<const CompiledModel> model;  // none before the first switch
  std::vector<std::uint32_t> targets;          // active, ascending
};

enum class WritebackReason : std::uint8_t {
  trigger = 1,
  segment = 2,
  crossing = 3,
  drift = 4,
  immediate = 5,
  activity = 6,
  recheck = 7
};

std::string_view label(WritebackReason reason);

/// A writeback that the record made owing, to every active target of the organisation.
struct Owed {
  Timestamp due_at;
  WritebackReason reason = WritebackReason::trigger;

  friend bool operator==(const Owed&, const Owed&) = default;
};

/// What must become true because of a record.
struct Decision {
  Outcome outcome = Outcome::no_change;
  Lead next;                   // with position, ledgers and timer brought up to date
  std::optional<Score> score;  // after the record, at its received_at; only for a record that was counted
  std::optional<Owed> owed;    // ledgers of `next` carry it already
  bool conflict = false;       // a duplicate with other content
  Timestamp known_until{};     // the lead index knows the event's id until then; zero: it knew it already
};

/// What the lead index knows about an id, when it was asked.
struct KnownId {
  Timestamp until;
  std::uint64_t content_hash = 0;
};

struct Limits {
  std::uint32_t events_per_lead_max = events_per_lead_max_default;
};

/// How long after a trigger found no lead at a target it is looked for once more.
inline constexpr Milliseconds recheck_delay{60'000};

/// Whether `apply` must be told what the lead index knows about this event's id: when the window holds it (to tell a
/// conflict), or ids of this lead live outside the window.
bool needs_known_id(const Lead& lead, const Record& record);

/// Applies one record to one lead. Pure; a logged record always applies.
///
/// `lead` is taken by value: move it in, and the decision moves it on. A lead that does not exist yet is a `Lead` with
/// id, e-mail and shard set; only an event brings it into being (`next.exists()`). `known` is what the lead index
/// holds for the id, when `needs_known_id` asked for it.
Decision apply(Lead lead, const Record& record, const Organisation& organisation, const std::optional<KnownId>& known,
               const Limits& limits);

/// The window as it was known through the records given, in order: the refold behind `as_of`. Events that are
/// duplicates, too late on receipt or later than `as_of` take no part.
///
/// Precondition: `records` are one lead's event records, in log order, without duplicates.
Window refold(const std::vector<Record>& records, Timestamp as_of, const Limits& limits);

}  // namespace leadlight::engine
