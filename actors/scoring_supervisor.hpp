// SCORING SUPERVISOR: parent of the shards. Spawns, monitors and restarts them; publishes models and target switches as
// records, so that each shard's log says from which position they are in force.
//
// A shard is started only after the committer has written all it was given before, so that the heads it loads are
// final.
#pragma once

#include "actors/messages.hpp"
#include "actors/restart_limit.hpp"

#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace leadlight::actors {

/// Reads a model's TOML text. Errors: invalid, with every mistake in words.
using ModelReader = std::function<Result<engine::Model>(const std::string& toml)>;

struct ScoringSupervisorState {
  static inline const char* name = "scoring";

  ScoringSupervisorState() = default;
  ScoringSupervisorState(const ScoringSupervisorState&) = delete;
  ScoringSupervisorState& operator=(const ScoringSupervisorState&) = delete;
  ~ScoringSupervisorState();  // the shards end with their parent

  ServicesPtr services;
  Committer committer;
  WritebackSupervisor writebacks;
  ModelReader read_model;
  std::function<void(ShardTable)> announce;
  std::function<void(std::string)> fatal;
  ShardTable table;
  RestartLimit restarts;
  std::deque<std::function<void()>> waiting;  // acts that wait for the shards, or for the act before
  bool acting = false;
};

/// `announce` is told the shard actors each time they change; `fatal` why the process must stop.
ScoringSupervisor::behavior_type scoring_supervisor(ScoringSupervisor::stateful_pointer<ScoringSupervisorState> self,
                                                    ServicesPtr services, Committer committer,
                                                    WritebackSupervisor writebacks, ModelReader read_model,
                                                    std::function<void(ShardTable)> announce,
                                                    std::function<void(std::string)> fatal);

}  // namespace leadlight::actors
