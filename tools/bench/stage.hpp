// The engine without door and disk: what the benches in one process run the real leads, shards and batches on.
//
// The store holds the organisation and its starter model in memory; nothing that a bench decides is committed.
#pragma once

#include "actors/messages.hpp"
#include "engine/lead.hpp"
#include "engine/record.hpp"
#include "engine/result.hpp"
#include "storage/log.hpp"
#include "storage/store.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace leadlight::bench {

class Stage {
 public:
  /// Errors: those of the starter model and the store.
  static engine::Result<std::unique_ptr<Stage>> make(bool spawned_leads);

  [[nodiscard]] const actors::ServicesPtr& services() const { return services_; }
  [[nodiscard]] const engine::Organisation& organisation() const { return organisation_; }
  [[nodiscard]] storage::Store& store() { return *store_; }

  /// An event of the population as the door and the gateway would hand it on, but for its position.
  [[nodiscard]] engine::Record event(std::uint64_t lead, engine::EventType type, engine::Timestamp occurred_at,
                                     std::uint64_t number) const;
  /// The instant that counts as now.
  [[nodiscard]] engine::Timestamp now() const { return now_; }

 private:
  Stage() = default;

  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<storage::LocalLog> log_;
  actors::ServicesPtr services_;
  engine::Organisation organisation_;
  engine::Timestamp now_;
};

}  // namespace leadlight::bench
