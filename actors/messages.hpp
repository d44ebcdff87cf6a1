// What the actors say to each other, inside actors/: messages and handles. None of it crosses to net/.
#pragma once

#include "actors/protocol.hpp"
#include "engine/lead.hpp"
#include "storage/log.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"

#include <caf/typed_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::actors {

class ScoreFeed;
class SourceBoard;

/// How one record is applied; replaced in tests that want it to fail.
using Apply = std::function<engine::Decision(engine::Lead, const Record&, const engine::Organisation&,
                                             const std::optional<engine::KnownId>&, const engine::Limits&)>;

/// What the actors share: opened by the application, outliving them. Immutable.
struct Services {
  storage::Store* store = nullptr;
  storage::Log* log = nullptr;
  ClockPtr clock;
  SwitchboardPtr switchboard;
  std::shared_ptr<ScoreFeed> feed;       // who wants to hear of scores; none: nobody ever
  std::shared_ptr<SourceBoard> sources;  // which organisations have activity sources; none: no organisation has
  engine::Limits limits;
  Apply apply = engine::apply;
  bool spawned_leads = false;
  std::size_t shard_actors = 1;
  std::uint64_t resident_bytes_max = 4ULL << 30U;
  engine::Milliseconds log_retention = 180 * engine::day;
  engine::Milliseconds request_retention = 7 * engine::day;
  engine::Milliseconds late_after{600'000};  // a trigger that waits longer for its writeback counts as late

  [[nodiscard]] Counters& counters() const { return switchboard->counters; }
};
using ServicesPtr = std::shared_ptr<const Services>;

// ---- committer
// ---------------------------------------------------------------------------------------------------------

/// Changes that must be durable together.
struct Commit {
  storage::Batch batch;
  std::size_t records = 0;
};
struct Flush {};

/// Writes what it is given in one synced batch per round; everything waiting joins the round.
using Committer = caf::typed_actor<caf::replies_to<Commit>::with<Status>, caf::reacts_to<Flush>>;

// ---- shards
// ------------------------------------------------------------------------------------------------------------

/// Records with domain and shard resolved, for the logical shards of one shard actor.
struct RecordBatch {
  std::vector<Record> records;
};
/// In the batch's order, all durable; or why none is acknowledged.
struct BatchReply {
  Result<std::vector<Receipt>> receipts = std::vector<Receipt>{};
};

/// A writeback that a target's worker wants to send now.
struct Take {
  std::uint32_t target = 0;
  std::size_t signals_characters_max = 1024;
  std::vector<LeadId> leads;
};
/// What to send, computed now; leads to which nothing is owed any more are left out.
struct Taken {
  std::vector<TargetWrite> writes;
};

/// Fetches that begin now: triggers that come from here on need another one. Or that ended without an answer, and wait
/// again.
struct TakeFetches {
  std::vector<LeadId> leads;
  bool begin = true;
};
/// A fetch that has become owing, or is taken.
struct FetchItem {
  LeadId lead;
  engine::ShardId shard{};
  engine::Position owed = 0;
  Timestamp owed_at;
  std::string email;
};
/// What is owed of the fetches taken; leads to which none is owed any more are left out.
struct FetchesTaken {
  std::vector<FetchItem> items;
};

/// The writeback supervisor in force.
struct WritebackDesk;

/// Score ticks for every lead of an organisation after a switch, in steps.
struct Sweep {
  OrganisationId organisation{};
  std::string after;  // key of the last lead looked at
};
/// Once each `timer_interval`: fire what is due.
struct TimerRound {};
/// Once an hour: trim the log, pass leads to disk.
struct UpkeepRound {};

using Shard = caf::typed_actor<
    // Appends the records, folds each into its lead; replies, in order, once all are durable.
    caf::replies_to<RecordBatch>::with<BatchReply>,
    // A question about one lead; activates it if need be. The port gets the answer.
    caf::reacts_to<LeadQuery, ReplyPort>,
    // The values to send to a target for these leads.
    caf::replies_to<Take>::with<Taken>,
    // Marks fetches as begun.
    caf::replies_to<TakeFetches>::with<FetchesTaken>,
    // Whom to tell what has become owing.
    caf::reacts_to<WritebackDesk>,
    // Own rounds.
    caf::reacts_to<Sweep>, caf::reacts_to<TimerRound>, caf::reacts_to<UpkeepRound>>;

/// The shard actors in order: logical shard s runs in actor s mod size.
struct ShardTable {
  std::vector<Shard> shards;

  [[nodiscard]] std::size_t index_of(engine::ShardId shard) const {
    return static_cast<std::size_t>(shard) % shards.size();
  }
};

// ---- writebacks
// ----------------------------------------------------------------------------------------------------------

/// A writeback that has become owing, durable already.
struct OwedItem {
  std::uint32_t target = 0;
  LeadId lead;
  engine::ShardId shard{};
  engine::Position owed = 0;
  Timestamp owed_at;
  Timestamp due_at;
  engine::WritebackReason reason = engine::WritebackReason::trigger;
};
struct OwedItems {
  std::vector<OwedItem> items;
};
struct ReportArrived {
  std::uint64_t flight = 0;  // 0: of a sync
  TargetReport report;
};
struct WorkerRound {};
/// The batching window has closed.
struct GatherOver {};
struct CheckDone {
  Status status;
};
/// What the administrator asks of a worker; answered through the port.
struct WorkerQuestion {
  std::variant<ListTargets, SyncTarget> question;
};
struct ResultsDurable {
  std::uint64_t number = 0;
  bool ok = false;
};
struct RetireTarget {};

using TargetWorker =
    caf::typed_actor<caf::reacts_to<OwedItems>, caf::reacts_to<ShardTable>, caf::reacts_to<ReportArrived>,
                     caf::reacts_to<CheckDone>, caf::reacts_to<WorkerRound>, caf::reacts_to<GatherOver>,
                     caf::reacts_to<ResultsDurable>, caf::reacts_to<WorkerQuestion, ReplyPort>,
                     caf::reacts_to<RetireTarget>>;

/// A target was added or removed.
struct TargetsChanged {};

using WritebackSupervisor = caf::typed_actor<caf::reacts_to<OwedItems>, caf::reacts_to<ShardTable>,
                                             caf::reacts_to<TargetsChanged>, caf::reacts_to<AdminRequest, ReplyPort>>;

struct WritebackDesk {
  WritebackSupervisor supervisor;
};

// ---- supervision
// -----------------------------------------------------------------------------------------------------------

/// Publishes models and target switches as records, parent of the shards.
using ScoringSupervisor = caf::typed_actor<caf::reacts_to<AdminRequest, ReplyPort>, caf::reacts_to<TargetsChanged>,
                                           caf::reacts_to<WritebackDesk>>;

using Administrator = caf::typed_actor<caf::reacts_to<AdminRequest, ReplyPort>>;

/// Long reads over many leads, on a thread of its own.
/// A receipt that lacks the ids of its events: they lie in the log, thousands of them for some leads.
struct ReceiptInWork {
  LeadId lead;
  ReceiptView view;
};
using Reader = caf::typed_actor<caf::reacts_to<LeadsQuery, ReplyPort>, caf::reacts_to<LeadQuery, ReplyPort>,
                                caf::reacts_to<ChangedLeadsQuery, ReplyPort>, caf::reacts_to<ReceiptInWork, ReplyPort>,
                                caf::reacts_to<AdminRequest, ReplyPort>>;

/// Whether the disk has room for more; empty: it has.
struct SpaceNotice {
  std::string refusal;
};
/// The administrator and reader in force.
struct Desks {
  Administrator administrator;
  Reader reader;
};
using GatewayActor = Gateway::extend<caf::reacts_to<ShardTable>, caf::reacts_to<SpaceNotice>, caf::reacts_to<Desks>>;

}  // namespace leadlight::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::engine::Status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::Commit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::Flush)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::RecordBatch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::BatchReply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::Take)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::Taken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::TakeFetches)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::FetchesTaken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::WritebackDesk)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::Sweep)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::TimerRound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::UpkeepRound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::ShardTable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::OwedItems)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::ReportArrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::WorkerRound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::GatherOver)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::CheckDone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::WorkerQuestion)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::ResultsDurable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::RetireTarget)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::TargetsChanged)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::SpaceNotice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::Desks)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::ReceiptInWork)
