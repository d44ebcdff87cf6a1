// Which organisations have activity sources, and who asks them: looked at by gateway and shards on every trigger.
#pragma once

#include "actors/source_messages.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace leadlight::actors {

/// Thread: any.
class SourceBoard {
 public:
  /// `demo`: there is a sandbox that the demo's sources can ask; without one they are out of force.
  explicit SourceBoard(bool demo = true) : demo_(demo) {}
  [[nodiscard]] bool in_force(const storage::SourceSettings& source) const { return demo_ || !source.demo; }

  /// Whether triggers of the organisation wait for its sources.
  [[nodiscard]] bool has_sources(OrganisationId organisation) const;
  void set_organisations(std::vector<OrganisationId> organisations);

  /// Whom to tell of fetches; invalid while it is started again, which then reads the store.
  [[nodiscard]] SourceSupervisor supervisor() const;
  void set_supervisor(SourceSupervisor supervisor);

 private:
  bool demo_;
  std::atomic<bool> any_{false};  // most installations have none: they take no lock
  mutable std::mutex mutex_;
  std::vector<OrganisationId> organisations_;  // ascending
  SourceSupervisor supervisor_;
};

/// Brings the board up to the settings. Errors: io_error, corrupt.
Status refresh(SourceBoard& board, const storage::Store& store);

}  // namespace leadlight::actors
