// GATEWAY: the network actor. Commands the listeners, admits each request, fixes domain and shard, gathers batches, one
// in flight a shard actor.
//
// Admission (admission.hpp) bounds the records under way; a record stays under way until the shards have answered,
// client or no client, which bounds every mailbox. A full disk refuses records and keeps answering questions.
#pragma once

#include "actors/admission.hpp"
#include "actors/aliases.hpp"
#include "actors/domains.hpp"
#include "actors/fair_queue.hpp"
#include "actors/joins.hpp"
#include "actors/messages.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace leadlight::actors {

struct GatewayLimits {
  std::size_t in_flight_max = AdmissionLimits{}.records_max;
  std::size_t in_flight_bytes_max = AdmissionLimits{}.bytes_max;
  std::size_t batch_records_max = 8'192;
  std::size_t shared_batch_records_max = 1'024;  // while somebody waits beside others, or is refused
};

struct GatewayState {
  static inline const char* name = "gateway";

  // A submission that is under way in one or several shard actors.
  struct Pending {
    ReplyPort port;
    Receipts receipts;
    std::uint64_t number = 0;      // ascending as they are admitted
    std::size_t open_records = 0;  // not durable yet
    std::size_t open = 0;          // open records, and one for the joins that it waits for
    std::optional<Error> failed;
    Admission::Ticket ticket;
    std::string idempotency_key;  // empty: none
  };
  struct Part {
    std::shared_ptr<Pending> pending;
    std::uint32_t index = 0;  // of the record in its submission
  };
  // What waits for, or is in, one shard actor.
  struct Waiting {
    Record record;
    Part part;
  };
  struct Lane {
    FairQueue<Waiting> queue;
    bool busy = false;
  };

  ServicesPtr services;
  GatewayLimits limits;
  Committer committer;
  std::shared_ptr<Listeners> listeners;  // none: nothing listens
  ShardTable table;
  Desks desks;
  std::vector<Lane> lanes;
  std::optional<Admission> admission;  // set as it starts
  std::string refusal;                 // why records are refused; empty: they are not
  std::unordered_set<std::string> idempotency_under_way;
  std::uint64_t admitted = 0;                                           // number of the last submission
  std::set<std::uint64_t> with_open_records;                            // numbers of submissions
  std::vector<std::pair<std::uint64_t, std::function<void()>>> drains;  // to call once all up to a number are durable
  std::unique_ptr<Aliases> aliases;
  std::unique_ptr<Joins> joins;
  Domains domains;
};

GatewayActor::behavior_type gateway(GatewayActor::stateful_pointer<GatewayState> self, ServicesPtr services,
                                    GatewayLimits limits, Committer committer, std::shared_ptr<Listeners> listeners);

}  // namespace leadlight::actors
