// The spawned leads: one CAF actor a lead, started when it is first needed, the live set bounded; the coldest are
// passivated.
//
// Cost: about 1.6 KB and a message each way a record (docs/decisions/0001-lead-hosts.md).
#pragma once

#include "actors/lead_host.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <list>
#include <unordered_map>

namespace leadlight::actors {

/// Deliveries for one lead; `index` says where each verdict belongs.
struct LeadRound {
  std::vector<Delivery> deliveries;
  std::vector<std::uint32_t> indexes;
};
struct LeadRoundResult {
  std::vector<Verdict> verdicts;
  std::vector<std::uint32_t> indexes;
  LeadId lead;
  std::optional<StoredLead> stored;
  bool exists = false;
  std::size_t resident_bytes = 0;
  std::uint64_t records_applied = 0;
};
/// The address of a spawned lead.
using SpawnedLead = caf::typed_actor<caf::replies_to<LeadRound>::with<LeadRoundResult>>;

/// One round over many spawned leads, gathered into one answer, so that the shard awaits once.
struct GatherRound {
  std::vector<std::pair<SpawnedLead, LeadRound>> leads;
};
struct Gathered {
  std::vector<LeadRoundResult> results;
  std::vector<LeadId> lost;  // actors that died instead of answering
};
using Gatherer = caf::typed_actor<caf::replies_to<GatherRound>::with<Gathered>>;

/// Asks for a round; calls one of the two, once, before the owning shard takes another message.
using Gather =
    std::function<void(GatherRound, std::function<void(Gathered)> answered, std::function<void(std::string)> failed)>;

Gatherer::behavior_type gatherer(Gatherer::pointer self);

class SpawnedLeads final : public LeadHost {
 public:
  SpawnedLeads(caf::actor_system& system, Gather gather, ServicesPtr services, std::uint64_t resident_bytes_max);
  ~SpawnedLeads() override;
  SpawnedLeads(const SpawnedLeads&) = delete;
  SpawnedLeads& operator=(const SpawnedLeads&) = delete;

  void run(std::vector<Delivery> deliveries, std::function<void(Result<RoundResult>)> done) override;
  void look(const LeadId& id, std::function<void(Result<Glimpse>)> with) override;
  void passivate() override;
  [[nodiscard]] std::string_view name() const override { return "spawned"; }

 private:
  struct Live {
    SpawnedLead actor;
    std::list<LeadId>::iterator recency;
    std::size_t bytes = 0;
    std::uint64_t records_applied = 0;
    Timestamp activated_at{};
  };
  struct Round;  // one `run` under way

  Live& live(const Record& record);
  void forget(const LeadId& id);
  void ask(std::shared_ptr<Round> round, const std::vector<LeadId>& leads);
  void take(const std::shared_ptr<Round>& round, Gathered gathered);

  caf::actor_system& system_;
  Gather gather_;
  ServicesPtr services_;
  std::uint64_t resident_bytes_max_;
  std::unordered_map<LeadId, Live> live_;
  std::list<LeadId> recency_;  // coldest first
  std::int64_t bytes_ = 0;
};

}  // namespace leadlight::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::LeadRound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::LeadRoundResult)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::GatherRound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::Gathered)
