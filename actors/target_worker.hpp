// TARGET WORKER: one target's outbox, drained by age, batched, retried, coalesced to one entry a lead.
//
// The value is computed when it goes out, so the newest always wins. Nothing is forgotten before the result is a
// durable record: after a crash the outbox says what is still owed, and sending an absolute value twice is harmless
// (F27, F31).
#pragma once

#include "actors/messages.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace leadlight::actors {

struct TargetWorkerState {
  static inline const char* name = "target";

  struct Item {
    OwedItem owed;
    std::uint32_t attempts = 0;  // that the target answered for this lead; a hold is none
    Timestamp first_at{};        // of the first attempt
  };
  using QueueKey = std::pair<Timestamp, LeadId>;
  /// A batch under way. A lead is in one at a time, so that an older value never overtakes a newer one.
  struct Flight {
    std::unordered_map<LeadId, Item> items;
    std::vector<TargetWrite> writes;  // their values, in order
    std::uint64_t hold = 0;           // number of the newest hold when it started
  };

  ServicesPtr services;
  OrganisationId organisation{};
  TargetOptions options;
  std::shared_ptr<TargetConnector> connector;  // none: it could not be made; see `held`
  ShardTable table;

  std::map<QueueKey, Item> queue;                // by when it may go out
  std::unordered_map<LeadId, Timestamp> places;  // of each lead in the queue
  bool more_in_outbox = false;                   // the queue is full; read on when it has drained
  std::map<std::uint64_t, Flight> flights;
  std::uint64_t next_flight = 1;
  bool busy = false;       // a check or a sync is under way: nothing else is
  bool gathering = false;  // the batching window is open
  bool gathered = false;   // it has just closed

  bool ready = false;  // checked, and not held
  bool operator_needed = false;
  std::string held;  // why nothing is sent; empty: it is
  Timestamp hold_until{};
  std::uint32_t holds = 0;        // in a row
  std::uint64_t newest_hold = 0;  // counts all of them
  std::optional<double> quota_used;
  std::optional<Timestamp> round_at;  // the next round that is scheduled

  struct Sync {
    SyncTarget step;
    ReplyPort port;
    SyncStep sum;
  };
  std::deque<Sync> syncs;
  std::vector<TargetWrite> sync_writes;  // of the first of them, when it is under way

  std::uint64_t next_submission = 0;
  std::unordered_map<std::uint64_t, std::vector<Record>> unconfirmed;  // results not durable yet
  std::map<std::uint64_t, std::function<void()>> when_durable;         // whom to tell, by submission
  std::unordered_set<std::uint64_t> resubmit;                          // those of them that were refused for now
  std::mt19937_64 random{std::random_device{}()};
};

/// Batches under way at once: while one hangs, others go on (contract salesforce.md, 7).
inline constexpr std::size_t flights_max = 2;
/// Leads held in memory for one target; above it the outbox is read on later.
inline constexpr std::size_t queue_max = 200'000;
/// How long an entry is tried before it becomes a dead letter.
inline constexpr engine::Milliseconds give_up_after = engine::day;
/// Tries of one lead that its target refuses for passing reasons (contract salesforce.md, 7).
inline constexpr std::uint32_t lead_attempts_max = 6;

/// `connector` may hold why there is none: the target is then held until its settings change.
TargetWorker::behavior_type target_worker(TargetWorker::stateful_pointer<TargetWorkerState> self, ServicesPtr services,
                                          OrganisationId organisation, TargetOptions options,
                                          Result<std::shared_ptr<TargetConnector>> connector);

}  // namespace leadlight::actors
