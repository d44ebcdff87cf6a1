// WRITEBACK SUPERVISOR: parent of one worker a target. Starts and restarts them, hands them what has become owing.
#pragma once

#include "actors/messages.hpp"
#include "actors/restart_limit.hpp"
#include "storage/sealing.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace leadlight::actors {

struct WritebackSettings {
  ConnectorFactory make_connector;
  std::shared_ptr<const storage::Sealer> sealer;
  std::string sandbox;  // URL that every demo target is pointed at; empty: none
  bool enabled = true;  // off: nothing is sent (the CLI on a data directory)
};

struct WritebackSupervisorState {
  static inline const char* name = "writebacks";

  WritebackSupervisorState() = default;
  WritebackSupervisorState(const WritebackSupervisorState&) = delete;
  WritebackSupervisorState& operator=(const WritebackSupervisorState&) = delete;
  ~WritebackSupervisorState();  // the workers end with their parent

  struct Child {
    TargetWorker worker;
    OrganisationId organisation{};
    std::string target;
    storage::TargetSettings settings;  // what the worker was made of
  };

  ServicesPtr services;
  WritebackSettings settings;
  std::function<void(std::string)> fatal;
  ShardTable table;
  std::map<std::uint32_t, Child> workers;  // by target id
  RestartLimit restarts;
};

WritebackSupervisor::behavior_type writeback_supervisor(
    WritebackSupervisor::stateful_pointer<WritebackSupervisorState> self, ServicesPtr services,
    WritebackSettings settings, std::function<void(std::string)> fatal);

}  // namespace leadlight::actors
