// SHARD: a CAF actor that runs the leads of some logical shards: their log, their mailboxes, their timers.
//
// One round at a time: records → lead actors → one batch → committer → installed, answered. The next message waits
// until the batch is durable (`await`), so nobody ever sees a state that could still be lost. If the commit fails, the
// shard stops; its supervisor starts it again from the last durable state.
#pragma once

#include "actors/messages.hpp"
#include "actors/shard_commit.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace leadlight::actors {

class LeadHost;

struct ShardState {
  static inline const char* name = "shard";

  ServicesPtr services;
  Committer committer;
  WritebackSupervisor writebacks;
  std::size_t index = 0;
  std::vector<engine::ShardId> shards;                        // the logical shards it runs
  std::array<engine::Position, engine::shard_count> heads{};  // of its shards' logs
  std::array<Timestamp, engine::shard_count> next_timer{};    // the earliest timer of each shard, or earlier
  std::unordered_map<OrganisationId, engine::Organisation> organisations;
  std::unique_ptr<LeadHost> host;
  PendingByLead pending;
  FetchesByLead fetches;
  std::function<void()> abandon;  // tells who waits for the round under way that the shard has ended

  ShardState();
  ~ShardState();
  ShardState(const ShardState&) = delete;
  ShardState& operator=(const ShardState&) = delete;
};

/// How often due timers are looked for.
inline constexpr engine::Milliseconds timer_interval{100};

/// `index`: which of `services->shard_actors` shard actors this is. Quits with `runtime_error` when its state cannot be
/// trusted.
Shard::behavior_type shard(Shard::stateful_pointer<ShardState> self, ServicesPtr services, Committer committer,
                           WritebackSupervisor writebacks, std::size_t index);

}  // namespace leadlight::actors
