// SPOOLER: keeps what the engine cannot take now, and forwards it in order once it can.
//
// Spawned detached, so that it waits for the disk alone. Everything waiting joins one sync; then the ports are told
// `local`. Forwarding: one submission to the gateway at a time, of entries of one organisation, half as many after a
// refusal, twice as many after a success. An entry is removed when its records are in the log, and not before. Whatever
// is forwarded twice counts once: events by their id, a trigger by the request that the store knows
// (docs/decisions/0011-the-spool.md).
#pragma once

#include "actors/messages.hpp"
#include "actors/spool_door.hpp"
#include "storage/spool.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace leadlight::actors {

struct SpoolSettings {
  std::filesystem::path directory;  // empty: nothing is spooled
  storage::SpoolOptions options;
  std::chrono::milliseconds wait{2'000};  // how long the road may take before an answer is given by the spool
};

struct SpoolerState {
  static inline const char* name = "spooler";

  struct Waiting {
    std::uint64_t sequence = 0;
    ReplyPort port;
    Receipts receipts;
    std::uint64_t guard = 0;
    std::uint64_t request = 0;  // hash of the id of a trigger; 0: none
  };
  // The entries under way to the gateway, in the order of their records.
  struct Share {
    std::uint64_t sequence = 0;
    std::size_t records = 0;
  };
  // An entry that the road may still answer.
  struct Held {
    std::uint64_t sequence = 0;
    OrganisationId organisation{};
  };
  // What is kept of an organisation: a refusal of one holds up no other.
  struct Lane {
    std::set<std::uint64_t> entries;  // sequences; never empty
    std::size_t forward_max = 1'000;  // records and links in the next submission
    std::chrono::milliseconds pause{0};
    std::chrono::steady_clock::time_point forward_at{};
  };

  ServicesPtr services;
  Committer committer;
  SpoolSettings settings;
  std::shared_ptr<SpoolDoor> door;
  std::unique_ptr<storage::Spool> spool;  // none: it could not be opened, which is tried again
  std::vector<Waiting> waiting;           // for the sync
  std::map<OrganisationId, Lane> lanes;
  std::unordered_map<std::uint64_t, Held> held;  // by guard
  std::unordered_set<std::uint64_t> held_sequences;
  std::unordered_map<std::uint64_t, std::uint64_t> by_request;  // hash of a trigger's request id → sequence
  std::vector<Share> under_way;
  OrganisationId forwarding{};  // whose they are
  std::chrono::steady_clock::time_point open_at{};
  std::string complaint;  // the last one told to the operator …
  std::chrono::steady_clock::time_point complained_at{};
  bool told_in_use = false;
  std::chrono::steady_clock::time_point told_at{};
};

Spooler::behavior_type spooler(Spooler::stateful_pointer<SpoolerState> self, ServicesPtr services, Committer committer,
                               SpoolSettings settings, std::shared_ptr<SpoolDoor> door);

}  // namespace leadlight::actors
