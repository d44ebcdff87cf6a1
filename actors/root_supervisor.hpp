// ROOT: starts every other actor in order, tells them of each other, starts again what ends, watches the disk's free
// space.
//
// Five restarts in ten minutes, or a storage error, are fatal: the application is told why and ends the process.
#pragma once

#include "actors/gateway.hpp"
#include "actors/messages.hpp"
#include "actors/restart_limit.hpp"
#include "actors/scoring_supervisor.hpp"
#include "actors/source_supervisor.hpp"
#include "actors/spooler.hpp"
#include "actors/writeback_supervisor.hpp"

#include <functional>
#include <memory>
#include <string>

namespace leadlight::actors {

struct SpaceRound {};
/// Test access: which actor to hand out.
enum class Part : std::uint8_t {
  committer,
  gateway,
  scoring,
  shard,
  writebacks,
  administrator,
  reader,
  spooler,
  sources
};
struct Locate {
  Part part = Part::committer;
};

using RootSupervisor = caf::typed_actor<caf::reacts_to<ShardTable>, caf::reacts_to<SpaceRound>,
                                        caf::replies_to<Locate>::with<caf::actor_addr>>;

struct RootSettings {
  GatewayLimits gateway;
  WritebackSettings writebacks;
  SourceSettingsInForce sources;
  SpoolSettings spool;
  ModelReader read_model;
  std::shared_ptr<Listeners> listeners;
  std::uint64_t low_water_bytes = 2ULL << 30U;
  double low_water_share = 0.05;
  std::function<void(std::string)> fatal;  // the process must stop, and why
  std::function<void()> ready;             // the shards are there; called at each start of them
};

struct RootState {
  static inline const char* name = "root";

  RootState() = default;
  RootState(const RootState&) = delete;
  RootState& operator=(const RootState&) = delete;
  ~RootState();  // its children end with it

  ServicesPtr services;
  RootSettings settings;
  RestartLimit restarts;
  std::size_t restarts_expected = 0;  // ends that we brought about ourselves
  Committer committer;
  GatewayActor gateway;
  ScoringSupervisor scoring;
  WritebackSupervisor writebacks;
  SourceSupervisor sources;
  Administrator administrator;
  Reader reader;
  std::shared_ptr<SpoolDoor> spool_door;  // none: nothing is spooled
  Spooler spooler;
  ShardTable table;
};

RootSupervisor::behavior_type root_supervisor(RootSupervisor::stateful_pointer<RootState> self, ServicesPtr services,
                                              RootSettings settings);

}  // namespace leadlight::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::SpaceRound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::Locate)
