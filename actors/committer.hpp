// COMMITTER: the only actor that waits for the disk. Everything waiting joins one synced batch.
//
// Spawned detached. After the first storage error it answers every further commit with that error and tells the
// application, which ends the process: never retry a failed sync (docs/decisions/0003-one-committer.md).
#pragma once

#include "actors/messages.hpp"

#include <caf/typed_response_promise.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::actors {

struct CommitterState {
  static inline const char* name = "committer";

  CommitterState() = default;
  CommitterState(const CommitterState&) = delete;
  CommitterState& operator=(const CommitterState&) = delete;
  ~CommitterState();  // tells whoever still waits: CAF 0.17 does not, and they await nothing else

  struct Waiting {
    caf::typed_response_promise<engine::Status> reply;
  };
  storage::Batch batch;  // of the round being gathered
  std::size_t records = 0;
  std::vector<Waiting> waiting;  // who is in it
  std::optional<Error> failed;
};

/// `fatal` is told the first storage error, once.
Committer::behavior_type committer(Committer::stateful_pointer<CommitterState> self, ServicesPtr services,
                                   std::function<void(std::string)> fatal);

}  // namespace leadlight::actors
