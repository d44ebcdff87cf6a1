// The source supervisor's rules, without messages: who waits and is due, what the sources' answers add up to.
#pragma once

#include "actors/source_supervisor.hpp"

#include <optional>
#include <string>
#include <vector>

namespace leadlight::actors {

// ---- who waits

/// Puts a job, which must be there, back into the queue of its organisation.
void enqueue(SourceSupervisorState& state, const LeadId& lead, Timestamp due_at);
void forget(SourceSupervisorState& state, const LeadId& lead);
/// A fetch that is owed: a new one waits until `due_at`, so that others join its call.
void add_item(SourceSupervisorState& state, const FetchItem& item, Timestamp due_at);
/// Reads what the store still owes; after a start, and when a queue that was full has drained.
void read_store(SourceSupervisorState& state);
/// The leads of the organisation that are due, up to a batch; with them those that still gather, for the call is made
/// anyway.
std::vector<LeadId> take_due(SourceSupervisorState& state, OrganisationId organisation, Timestamp now);

// ---- what the sources say

/// Of one lead of a batch, whatever the number of its addresses.
struct FetchSum {
  std::vector<const Activity*> activities;
  engine::Fetched fetched;
  std::string failure;  // why one has not answered; empty: all have
  std::optional<engine::Milliseconds> retry_after;
};
FetchSum sum_up(const SourceSupervisorState& state, const SourceSupervisorState::Batch& batch, std::size_t index);
/// Adds a lead and its addresses to the batch; false: not in this batch, which is full or asks about one of them
/// already.
bool add_lead(const SourceSupervisorState& state, SourceSupervisorState::Batch& batch, const FetchItem& item);
/// Adds the activities that are not known yet to the job's records.
void add_records(const SourceSupervisorState& state, SourceSupervisorState::Job& job, const FetchSum& sum,
                 Timestamp now);

// ---- what is shown

/// Gathers the rows of several workers into one answer, sent when its last handle goes.
ReplyPort source_rows_sink(ReplyPort port, std::uint64_t waiting);
/// The sources that nothing asks: all those of a data directory without a server, and the demo's without a sandbox.
std::vector<SourceRow> idle_sources(const SourceSupervisorState& state, OrganisationId organisation);

}  // namespace leadlight::actors
