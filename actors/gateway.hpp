// GATEWAY: the network actor. Commands the listeners, admits each request, fixes domain and shard, gathers batches, one
// in flight a shard actor.
//
// Admission: at most `in_flight_max` records are under way; a record stays under way until the shards have answered,
// client or no client, which bounds every mailbox. A full disk refuses records and keeps answering questions.
#pragma once

#include "actors/domains.hpp"
#include "actors/messages.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace leadlight::actors {

struct GatewayLimits {
  std::size_t in_flight_max = 20'000;
  std::size_t in_flight_bytes_max = 64U << 20U;  // of the records' own texts
  std::size_t batch_records_max = 8'192;
};

struct GatewayState {
  static inline const char* name = "gateway";

  // A submission that is under way in one or several shard actors.
  struct Pending {
    ReplyPort port;
    Receipts receipts;
    std::size_t open = 0;  // parts not answered yet
    std::optional<Error> failed;
    std::size_t records = 0;
    std::size_t bytes = 0;
    std::string idempotency_key;  // empty: none
  };
  struct Part {
    std::shared_ptr<Pending> pending;
    std::uint32_t index = 0;  // of the record in its submission
  };
  // What waits for, or is in, one shard actor.
  struct Lane {
    std::vector<Record> records;
    std::vector<Part> parts;
    bool busy = false;
  };

  ServicesPtr services;
  GatewayLimits limits;
  Committer committer;
  std::shared_ptr<Listeners> listeners;  // none: nothing listens
  ShardTable table;
  Desks desks;
  std::vector<Lane> lanes;
  std::size_t in_flight = 0;
  std::size_t in_flight_bytes = 0;
  std::string refusal;  // why records are refused; empty: they are not
  std::unordered_set<std::string> idempotency_under_way;
  Domains domains;
};

GatewayActor::behavior_type gateway(GatewayActor::stateful_pointer<GatewayState> self, ServicesPtr services,
                                    GatewayLimits limits, Committer committer, std::shared_ptr<Listeners> listeners);

}  // namespace leadlight::actors
