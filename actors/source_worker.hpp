// SOURCE WORKER: one activity source. Asks it about leads when told to, and polls it at intervals for what nobody told.
//
// A poll's activities are durable records before its cursor moves, so that a crash asks again and loses nothing; what
// is known already is not logged again.
#pragma once

#include "actors/restart_limit.hpp"
#include "actors/source_messages.hpp"
#include "storage/values.hpp"

#include <deque>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace leadlight::actors {

struct SourceTiming {
  engine::Milliseconds poll_interval{900'000};
  engine::Milliseconds deadline{600'000};  // of a trigger; later it counts as late
  engine::Milliseconds window{50};         // in which fetches are gathered
  bool allow_partial = false;              // score when some sources do not answer
};

struct SourceWorkerState {
  static inline const char* name = "source";

  ServicesPtr services;
  Committer committer;
  SourceSupervisor supervisor;
  storage::SourceSettings settings;
  SourceTiming timing;
  std::shared_ptr<ActivitySource> source;  // none: it could not be made; see `held`

  std::deque<FetchBatch> batches;  // the first is under way when `busy` with it
  bool fetching = false;
  bool polling = false;  // a call of a poll is under way
  Timestamp call_began{};

  std::string held;  // why it is not asked; empty: it is
  Timestamp hold_until{};
  std::uint32_t holds = 0;  // in a row
  bool answered = false;    // at least once

  std::optional<storage::SourceCursor> cursor;
  Timestamp poll_due{};
  struct Poll {
    PollReport step;                // whose activities are being made durable
    std::deque<Submission> unsent;  // of the step, in order; the first is under way
    PullReport sum;                 // so far
    bool refused = false;           // to be submitted again
    bool committing = false;        // the cursor is on its way
  };
  std::optional<Poll> poll;        // a round under way
  std::vector<ReplyPort> pullers;  // who waits for the end of the next round, or of this one
  std::uint64_t calls = 0;
  std::uint64_t lag_ms = 0;  // since the last poll
  std::mt19937_64 random{std::random_device{}()};
};

/// `source` may hold why there is none: it is then held until its settings change.
SourceWorker::behavior_type source_worker(SourceWorker::stateful_pointer<SourceWorkerState> self, ServicesPtr services,
                                          Committer committer, SourceSupervisor supervisor,
                                          storage::SourceSettings settings, SourceTiming timing,
                                          Result<std::shared_ptr<ActivitySource>> source);

/// The record of what a source told; shard, domain and position stay open.
/// Errors: invalid (the type or the address does not fit).
Result<Record> activity_record(OrganisationId organisation, const Activity& activity, Timestamp received_at);

/// Whether the lead's index already knows the event's id. Errors: io_error, corrupt.
Result<bool> is_known(const storage::Store& store, const Record& record);

}  // namespace leadlight::actors
