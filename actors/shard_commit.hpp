// From verdicts to changes: what one round of a shard writes, all in one batch.
#pragma once

#include "actors/lead_host.hpp"
#include "actors/messages.hpp"
#include "storage/store.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace leadlight::actors {

/// Requests whose writeback is owed: `waiting` will be in the next send, `running` are in one now.
struct PendingRequests {
  std::vector<std::string> waiting;
  std::vector<std::string> running;
};
using PendingByLead = std::unordered_map<LeadId, PendingRequests>;
/// What waits for the activity sources, of one lead.
struct PendingFetch {
  storage::FetchEntry entry;
  engine::Position taken = 0;  // a fetch for triggers up to here is under way
};
using FetchesByLead = std::unordered_map<LeadId, PendingFetch>;
/// The lead's pending fetch, from memory or from the store; null: there is none. Errors: io_error, corrupt.
Result<PendingFetch*> fetch_of(const Services& services, FetchesByLead& fetches, const LeadId& lead);

/// Requests remembered a lead; further ones join the first.
inline constexpr std::size_t pending_requests_max = 16;

/// What a round made true, apart from the leads themselves.
struct RoundEffects {
  storage::Batch batch;
  std::vector<Receipt> receipts;             // one a record
  std::vector<OwedItem> owed;                // to tell the writeback supervisor once durable
  std::vector<FetchItem> fetches;            // to tell the source supervisor once durable
  std::vector<Timestamp> wakes;              // timers armed, with
  std::vector<engine::ShardId> wake_shards;  // their shards
  std::vector<Verdict> verdicts;             // one a record, for the feed
};

/// Builds the batch of a round. `records` have their positions; `result` their verdicts. `pending` and `fetches` are
/// brought up to date as if the batch were durable already (if it fails, the shard is started again). Errors: io_error,
/// corrupt (a request's status could not be read).
Result<RoundEffects> effects_of(const Services& services, const std::vector<Record>& records, RoundResult& result,
                                const std::unordered_map<OrganisationId, engine::Organisation>& organisations,
                                PendingByLead& pending, FetchesByLead& fetches);

/// The requests waiting at the entry of (target, lead), from memory or, after a restart, from the outbox.
PendingRequests& pending_of(const Services& services, PendingByLead& pending, std::uint32_t target, const LeadId& lead);

}  // namespace leadlight::actors
