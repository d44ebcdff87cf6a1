// What is said about activity sources inside actors/: by shards, the supervisor and its workers.
#pragma once

#include "actors/activity_source.hpp"
#include "actors/messages.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace leadlight::actors {

/// Fetches that have become owing, durable already.
struct FetchItems {
  std::vector<FetchItem> items;
};
/// A source was added or removed.
struct SourcesChanged {};
/// Begins what is due.
struct FetchRound {};
/// A fetch's records are durable, or were refused for now.
struct FetchDurable {
  LeadId lead;
  bool ok = false;
};
/// What one source says of a batch.
struct BatchFetched {
  std::uint32_t source = 0;
  std::uint64_t batch = 0;
  FetchReport report;
};

using SourceSupervisor =
    caf::typed_actor<caf::reacts_to<FetchItems>, caf::reacts_to<ShardTable>, caf::reacts_to<SourcesChanged>,
                     caf::reacts_to<FetchRound>, caf::reacts_to<BatchFetched>, caf::reacts_to<FetchDurable>,
                     caf::reacts_to<AdminRequest, ReplyPort>>;

/// Addresses to ask a source about, none twice.
struct FetchBatch {
  std::uint64_t batch = 0;
  std::vector<std::string> emails;
  Timestamp since{};
};
struct FetchArrived {
  FetchReport report;
};
struct PollArrived {
  PollReport report;
};
/// The poll's records are durable, or were refused for now.
struct PollDurable {
  bool ok = false;
};
/// Polls when it is time, and tries again what was refused.
struct PollRound {};
struct RetireSource {};

using SourceWorker =
    caf::typed_actor<caf::reacts_to<FetchBatch>, caf::reacts_to<FetchArrived>, caf::reacts_to<PollArrived>,
                     caf::reacts_to<PollDurable>, caf::reacts_to<PollRound>, caf::reacts_to<RetireSource>,
                     caf::reacts_to<AdminRequest, ReplyPort>>;

}  // namespace leadlight::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::FetchItems)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::SourcesChanged)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::FetchRound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::FetchDurable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::BatchFetched)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::FetchBatch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::FetchArrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::PollArrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::PollDurable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::PollRound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::RetireSource)
