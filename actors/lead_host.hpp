// What runs lead actors: a shard's own table (hosted) or CAF (spawned). Road and commit are the same for both.
//
// Used by one shard actor alone, on its thread.
#pragma once

#include "actors/lead_actor.hpp"
#include "actors/messages.hpp"

#include <caf/event_based_actor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::actors {

/// What a round of deliveries came to.
struct RoundResult {
  std::vector<Verdict> verdicts;    // in the order of the deliveries
  std::vector<StoredLead> changed;  // what is to be stored
};

class LeadHost {
 public:
  LeadHost() = default;
  LeadHost(const LeadHost&) = delete;
  LeadHost& operator=(const LeadHost&) = delete;
  virtual ~LeadHost() = default;

  /// Puts each delivery into its lead's mailbox and runs the mailboxes empty; a lead's deliveries keep their order.
  /// `done` gets the result, or why the round cannot be trusted (io_error, corrupt): at once (hosted) or later, before
  /// the shard takes another message (spawned).
  virtual void run(std::vector<Delivery> deliveries, std::function<void(Result<RoundResult>)> done) = 0;

  /// The lead's state as installed; null in `with` when there is no such lead. Activates it if need be.
  struct Glimpse {
    const engine::Lead* lead = nullptr;
    std::size_t mailbox = 0;
    std::uint64_t records_applied = 0;
    std::optional<Timestamp> activated_at;  // none: it was passivated and was read for this glimpse alone
    std::size_t resident_bytes = 0;
  };
  virtual void look(const LeadId& id, std::function<void(Result<Glimpse>)> with) = 0;

  /// Drops idle leads, coldest first, until the budget is kept. Call only when everything is durable.
  virtual void passivate() = 0;

  /// "hosted" or "spawned".
  [[nodiscard]] virtual std::string_view name() const = 0;
};

}  // namespace leadlight::actors
