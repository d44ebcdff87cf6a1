// JOINS: brings what an identity has gathered to the lead that it turned out to be.
//
// An event of a joined identity is appended once more, for the lead it belongs to now, under its own id and with the
// instant of its first receipt; so a union without doubles needs no rule of its own. Then the identity's own lead ends.
// Joins go in waves. Whatever step a crash falls into, `resume` finds the joins under way and goes through them again,
// which changes nothing that was done already.
//
// A part of the gateway, on its thread.
#pragma once

#include "actors/aliases.hpp"
#include "actors/messages.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace leadlight::actors {

class Joins {
 public:
  using Done = std::function<void(const Status&)>;

  /// What the gateway does for the joins.
  struct Doors {
    /// Makes changes durable.
    std::function<void(storage::Batch, Done)> commit;
    /// Brings records, whose leads are settled, to their shards.
    std::function<void(std::vector<Record>, Done)> submit;
    /// Calls once everything that was submitted so far is durable.
    std::function<void(std::function<void()>)> when_drained;
  };

  Joins(ServicesPtr services, Aliases& aliases, Doors doors);

  /// Carries out a join that `Aliases` has made.
  void add(OrganisationId organisation, const Joined& joined);

  /// Calls `done` once every join of the organisation added so far is durable, moved events included; at once when
  /// there is none.
  void settle(OrganisationId organisation, Done done);

  /// Takes up the joins that an earlier run, or a shard that went down, left under way. Errors: io_error, corrupt.
  Status resume();

 private:
  struct Join {
    OrganisationId organisation{};
    std::string from;
    bool moves = false;
  };

  /// The joins of an organisation that wait for a wave.
  struct Lane {
    std::deque<Join> queue;
    std::vector<Done> waiters;  // for the last of them
  };

  void start_wave();
  void fill_wave();
  void put_back(const Status& status);
  void make_aliases();
  Status add_alias(storage::Batch& batch, Join& join);
  void move_next();
  Result<std::size_t> gather(const Join& join, std::vector<Record>& records);
  Status gather_triggers(const Join& join, const Record& base, std::vector<Record>& records);
  void end_leads();
  void finish(const Status& status);
  // An empty record of the lead that `join` leads to.
  Result<Record> record_into(const Join& join);

  ServicesPtr services_;
  Aliases& aliases_;
  Doors doors_;
  std::map<OrganisationId, Lane> lanes_;  // none is empty
  std::vector<Join> wave_;                // of every organisation its share
  std::vector<Done> wave_waiters_;
  bool under_way_ = false;
  std::size_t moving_ = 0;  // of the wave: the one whose events are being moved
  std::string from_key_;    // of its index: where to go on
};

}  // namespace leadlight::actors
