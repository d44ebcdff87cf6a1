// SOURCE SUPERVISOR: parent of one worker an activity source; brings triggers that wait for the sources to an end.
//
// What waits lies in the store (family `fetches`) until the record that ends it is durable. A batch asks every source
// of the organisation; only when all have answered is anything of it logged, so that nothing is scored from half the
// data.
#pragma once

#include "actors/source_worker.hpp"
#include "storage/sealing.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace leadlight::actors {

struct SourceSettingsInForce {
  SourceFactory make_source;
  std::shared_ptr<const storage::Sealer> sealer;
  std::string sandbox;  // URL that every demo source is pointed at; empty: none
  bool enabled = true;  // off: nothing is asked (the CLI on a data directory)
  SourceTiming timing;
};

struct SourceSupervisorState {
  static inline const char* name = "sources";

  SourceSupervisorState() = default;
  SourceSupervisorState(const SourceSupervisorState&) = delete;
  SourceSupervisorState& operator=(const SourceSupervisorState&) = delete;
  ~SourceSupervisorState();  // the workers end with their parent

  struct Child {
    SourceWorker worker;
    OrganisationId organisation{};
    std::string source;
  };
  /// A lead whose triggers wait.
  struct Job {
    FetchItem item;
    Timestamp due_at{};
    std::uint32_t attempts = 0;
    bool under_way = false;        // in a batch, or its records are being made durable
    bool again = false;            // a trigger came meanwhile
    bool partial = false;          // scored from some of the sources already; goes on until all have answered
    bool late = false;             // told in the log
    bool refused = false;          // its records, and they are not durable yet
    std::vector<Record> records;   // on their way; kept until they are durable
    engine::Position through = 0;  // that they serve
    bool ends = false;             // whether they end it
  };
  /// One call to every source of an organisation.
  struct Batch {
    OrganisationId organisation{};
    std::vector<LeadId> leads;
    std::vector<std::string> emails;               // of the leads in order: of some several, joined by an alias
    std::vector<std::size_t> ends;                 // where each lead's addresses end among them
    std::vector<std::uint32_t> asked;              // sources
    std::map<std::uint32_t, FetchReport> reports;  // by source
    std::size_t open = 0;                          // sources that have not answered yet
  };

  ServicesPtr services;
  Committer committer;
  SourceSettingsInForce settings;
  std::function<void(std::string)> fatal;
  ShardTable table;
  std::map<std::uint32_t, Child> workers;  // by source id
  RestartLimit restarts;

  std::unordered_map<LeadId, Job> jobs;
  using Queue = std::set<std::pair<Timestamp, LeadId>>;
  std::map<OrganisationId, Queue> queues;  // of those not under way, by when they are due; none is empty
  bool more_in_store = false;              // there were too many
  std::map<std::uint64_t, Batch> batches;
  std::unordered_set<OrganisationId> busy;  // one batch an organisation at a time: meanwhile others gather
  std::uint64_t next_batch = 1;
  std::deque<LeadId> unsent;  // whose records were refused for now, in the order of their next attempt
  std::map<OrganisationId, std::size_t> refused;  // jobs that are: meanwhile nothing more is fetched; none is 0
  std::optional<Timestamp> round_at;              // the next round that is scheduled
  std::mt19937_64 random{std::random_device{}()};
};

/// Leads held in memory; above it the store is read on later.
inline constexpr std::size_t fetch_jobs_max = 200'000;
/// Addresses of one batch.
inline constexpr std::size_t fetch_emails_max = 200;
/// How long the sources are asked about a lead before it is given up (contract hg-live-scoring, C8).
inline constexpr engine::Milliseconds fetch_give_up_after = engine::day;

SourceSupervisor::behavior_type source_supervisor(SourceSupervisor::stateful_pointer<SourceSupervisorState> self,
                                                  ServicesPtr services, Committer committer,
                                                  SourceSettingsInForce settings,
                                                  std::function<void(std::string)> fatal);

}  // namespace leadlight::actors
