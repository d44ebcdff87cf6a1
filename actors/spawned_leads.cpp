#include "actors/spawned_leads.hpp"

#include "storage/codec/codec.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <utility>

namespace leadlight::actors {

namespace {

// What one spawned lead costs beside its state: a CAF actor with its mailbox and handles
// (docs/decisions/0001-lead-hosts.md).
constexpr std::size_t actor_bytes = 1'650;
// A lead whose actor died is started once more from its last durable state; the second time its records are
// quarantined.
constexpr int attempts_max = 2;

struct SpawnedLeadState {
  std::optional<LeadActor> lead;
};

LeadRoundResult run_round(SpawnedLeadState& state, const Services& services, LeadRound& round) {
  LeadRoundResult result;
  const Record& first = *round.deliveries.front().record;
  result.lead = first.lead;
  result.indexes = std::move(round.indexes);
  if (!state.lead) {
    auto activated = LeadActor::activate(services, first.lead, first.email, first.shard);
    if (activated) state.lead.emplace(*std::move(activated));
  }
  if (!state.lead) return result;  // no verdicts: the store could not be read
  Unstored unstored;
  for (std::size_t i = 0; i < round.deliveries.size(); ++i)
    result.verdicts.push_back(
        state.lead->receive(round.deliveries[i], services, {round.deliveries.data(), i}, unstored));
  const auto unreadable = [](const Verdict& verdict) { return verdict.unreadable.has_value(); };
  if (std::any_of(result.verdicts.begin(), result.verdicts.end(), unreadable)) {
    result.verdicts.clear();
    state.lead.reset();
    return result;
  }
  result.exists = state.lead->state().exists();
  result.stored = state.lead->to_store(unstored);
  result.resident_bytes = state.lead->resident_bytes();
  result.records_applied = state.lead->records_applied();
  return result;
}

SpawnedLead::behavior_type spawned_lead(SpawnedLead::stateful_pointer<SpawnedLeadState> self, ServicesPtr services) {
  return {[self, services](LeadRound& round) { return run_round(self->state, *services, round); }};
}

}  // namespace

Gatherer::behavior_type gatherer(Gatherer::pointer self) {
  return {[self](GatherRound& round) {
    struct Gathering {
      Gathered gathered;
      std::size_t open = 0;
    };
    auto reply = self->make_response_promise<Gathered>();
    auto gathering = std::make_shared<Gathering>();
    gathering->open = round.leads.size();
    auto close = [gathering, reply]() mutable {
      if (--gathering->open == 0) reply.deliver(std::move(gathering->gathered));
    };
    for (auto& [lead, work] : round.leads) {
      const LeadId id = work.deliveries.front().record->lead;
      self->request(lead, caf::infinite, std::move(work))
          .then(
              [gathering, close](LeadRoundResult& result) mutable {
                gathering->gathered.results.push_back(std::move(result));
                close();
              },
              [gathering, close, id](const caf::error&) mutable {
                gathering->gathered.lost.push_back(id);
                close();
              });
    }
    return reply;
  }};
}

struct SpawnedLeads::Round {
  std::vector<Delivery> deliveries;
  std::unordered_map<LeadId, std::vector<std::uint32_t>> by_lead;
  RoundResult result;
  std::function<void(Result<RoundResult>)> done;
  int attempts = 0;
};

SpawnedLeads::SpawnedLeads(caf::actor_system& system, Gather gather, ServicesPtr services,
                           std::uint64_t resident_bytes_max)
    : system_(system),
      gather_(std::move(gather)),
      services_(std::move(services)),
      resident_bytes_max_(resident_bytes_max) {}

SpawnedLeads::~SpawnedLeads() {
  while (!live_.empty()) forget(live_.begin()->first);
}

SpawnedLeads::Live& SpawnedLeads::live(const Record& record) {
  if (auto at = live_.find(record.lead); at != live_.end()) {
    recency_.splice(recency_.end(), recency_, at->second.recency);
    return at->second;
  }
  recency_.push_back(record.lead);
  Live fresh{system_.spawn<caf::lazy_init>(spawned_lead, services_), std::prev(recency_.end()), 0, 0,
             services_->clock->now()};
  auto& counters = services_->counters();
  counters.leads_activated.fetch_add(1, std::memory_order_relaxed);
  counters.leads_resident.fetch_add(1, std::memory_order_relaxed);
  return live_.emplace(record.lead, std::move(fresh)).first->second;
}

void SpawnedLeads::forget(const LeadId& id) {
  const auto at = live_.find(id);
  if (at == live_.end()) return;
  caf::anon_send_exit(at->second.actor, caf::exit_reason::user_shutdown);
  auto& counters = services_->counters();
  counters.leads_resident.fetch_sub(1, std::memory_order_relaxed);
  counters.leads_resident_bytes.fetch_sub(at->second.bytes, std::memory_order_relaxed);
  bytes_ -= static_cast<std::int64_t>(at->second.bytes);
  recency_.erase(at->second.recency);
  live_.erase(at);
}

void SpawnedLeads::run(std::vector<Delivery> deliveries, std::function<void(Result<RoundResult>)> done) {
  auto round = std::make_shared<Round>();
  round->deliveries = std::move(deliveries);
  round->result.verdicts.resize(round->deliveries.size());
  round->done = std::move(done);
  std::vector<LeadId> leads;
  for (std::uint32_t i = 0; i < round->deliveries.size(); ++i) {
    auto& indexes = round->by_lead[round->deliveries[i].record->lead];
    if (indexes.empty()) leads.push_back(round->deliveries[i].record->lead);
    indexes.push_back(i);
  }
  if (leads.empty()) return round->done(std::move(round->result));
  ask(std::move(round), leads);
}

void SpawnedLeads::ask(std::shared_ptr<Round> round, const std::vector<LeadId>& leads) {
  ++round->attempts;
  GatherRound question;
  question.leads.reserve(leads.size());
  for (const auto& id : leads) {
    LeadRound work;
    work.indexes = round->by_lead[id];
    for (const auto index : work.indexes) work.deliveries.push_back(round->deliveries[index]);
    auto actor = live(*work.deliveries.front().record).actor;
    question.leads.emplace_back(std::move(actor), std::move(work));
  }
  gather_(
      std::move(question), [this, round](Gathered gathered) { take(round, std::move(gathered)); },
      [round](std::string why) {
        round->done(Error{engine::Errc::unavailable, std::move(why), ""});
      });
}

void SpawnedLeads::take(const std::shared_ptr<Round>& round, Gathered gathered) {
  for (auto& answer : gathered.results) {
    if (answer.verdicts.empty())
      return round->done(Error{engine::Errc::io_error, "a lead could not be read from the store", ""});
    for (std::size_t i = 0; i < answer.indexes.size(); ++i)
      round->result.verdicts[answer.indexes[i]] = std::move(answer.verdicts[i]);
    if (answer.stored) round->result.changed.push_back(*std::move(answer.stored));
    if (!answer.exists) {
      forget(answer.lead);
      continue;
    }
    auto& entry = live_.at(answer.lead);
    const std::size_t bytes = answer.resident_bytes + actor_bytes;
    services_->counters().leads_resident_bytes.fetch_add(bytes - entry.bytes, std::memory_order_relaxed);
    bytes_ += static_cast<std::int64_t>(bytes) - static_cast<std::int64_t>(entry.bytes);
    entry.bytes = bytes;
    entry.records_applied = answer.records_applied;
  }
  for (const auto& id : gathered.lost) forget(id);
  if (gathered.lost.empty()) return round->done(std::move(round->result));
  services_->counters().actor_restarts.fetch_add(gathered.lost.size(), std::memory_order_relaxed);
  if (round->attempts < attempts_max) return ask(round, gathered.lost);
  for (const auto& id : gathered.lost)
    for (const auto index : round->by_lead[id]) round->result.verdicts[index].outcome = engine::Outcome::quarantined;
  round->done(std::move(round->result));
}

void SpawnedLeads::look(const LeadId& id, std::function<void(Result<Glimpse>)> with) {
  // Between rounds the store holds exactly what the actor holds, so nobody needs to be asked.
  auto stored = load_lead(*services_->store, id);
  if (!stored) return with(stored.error());
  if (!stored->has_value()) return with(Glimpse{});
  Glimpse glimpse{&**stored, 0, 0, std::nullopt, 0};
  if (const auto at = live_.find(id); at != live_.end()) {
    glimpse.records_applied = at->second.records_applied;
    glimpse.activated_at = at->second.activated_at;
    glimpse.resident_bytes = at->second.bytes;
  }
  with(glimpse);
}

void SpawnedLeads::passivate() {
  if (bytes_ <= static_cast<std::int64_t>(resident_bytes_max_)) return;
  const auto goal = static_cast<std::int64_t>(resident_bytes_max_ - resident_bytes_max_ / 20);
  while (bytes_ > goal && !recency_.empty()) {
    services_->counters().leads_passivated.fetch_add(1, std::memory_order_relaxed);
    forget(LeadId{recency_.front()});
  }
}

}  // namespace leadlight::actors
