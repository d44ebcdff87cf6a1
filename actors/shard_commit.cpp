#include "actors/shard_commit.hpp"

#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"

#include <algorithm>
#include <utility>

namespace leadlight::actors {

namespace {

constexpr std::size_t batch_bytes_expected = 800;  // of a record

using engine::EngagementEvent;
using engine::Outcome;
using engine::WritebackResult;
using engine::WriteOutcome;
using storage::Family;
namespace keys = storage::keys;

void count(Counters& counters, const Record& record, const Verdict& verdict) {
  auto& counter = [&]() -> Counters::Count& {
    switch (verdict.outcome) {
      case Outcome::counted: return counters.records_counted;
      case Outcome::duplicate: return counters.records_duplicate;
      case Outcome::too_late: return counters.records_too_late;
      case Outcome::no_change: return counters.records_no_change;
      case Outcome::quarantined: return counters.records_quarantined;
    }
    return counters.records_no_change;
  }();
  counter.fetch_add(1, std::memory_order_relaxed);
  if (verdict.conflict) counters.conflicts.fetch_add(1, std::memory_order_relaxed);
  if (!std::holds_alternative<engine::Tick>(record.body)) return;
  counters.timers_fired.fetch_add(1, std::memory_order_relaxed);
  if (!verdict.owed) return;
  const bool drift = verdict.owed->reason == engine::WritebackReason::drift;
  (drift ? counters.drift_writebacks : counters.crossings).fetch_add(1, std::memory_order_relaxed);
}

class Round {
 public:
  Round(const Services& services, const std::unordered_map<OrganisationId, engine::Organisation>& organisations,
        PendingByLead& pending, FetchesByLead& fetches)
      : services_(services), organisations_(organisations), pending_(pending), fetches_(fetches) {}

  Status add(const Record& record, const Verdict& verdict) {
    services_.log->append(effects.batch, record);
    count(services_.counters(), record, verdict);
    Receipt receipt{verdict.outcome, {}};
    if (const auto* event = std::get_if<EngagementEvent>(&record.body)) {
      add_event(record, *event, verdict);
    } else if (std::holds_alternative<engine::Trigger>(record.body)) {
      receipt.request_id = add_trigger(record, verdict);
    } else if (const auto* result = std::get_if<WritebackResult>(&record.body)) {
      if (auto added = add_result(record, *result, verdict); !added) return added;
    } else if (const auto* change = std::get_if<engine::AttributeChange>(&record.body)) {
      if (auto added = add_attributes(record, *change); !added) return added;
    } else if (std::holds_alternative<engine::MergedInto>(record.body)) {
      end_lead(record);
    } else if (std::holds_alternative<engine::FetchOwed>(record.body)) {
      auto id = add_fetch(record);
      if (!id) return id.error();
      receipt.request_id = *std::move(id);
    } else if (const auto* fetched = std::get_if<engine::Fetched>(&record.body)) {
      if (auto settled = settle_fetch(record, *fetched, verdict); !settled) return settled;
    }
    if (verdict.owed) add_owed(record, verdict);
    note_wake(record, verdict);
    effects.receipts.push_back(std::move(receipt));
    return engine::Ok{};
  }

  void finish(RoundResult& result) {
    for (const auto& [lead, wake] : wakes_) {
      if (wake.before == wake.after) continue;
      if (wake.before != Timestamp{}) effects.batch.remove(Family::timers, keys::timer(wake.shard, wake.before, lead));
      if (wake.after == Timestamp{}) continue;
      effects.batch.put(Family::timers, keys::timer(wake.shard, wake.after, lead), {});
      effects.wakes.push_back(wake.after);
      effects.wake_shards.push_back(wake.shard);
    }
    for (const auto& [lead, whole, bytes] : result.changed) {
      if (bytes.empty()) {
        effects.batch.remove(Family::leads, keys::lead(lead));
      } else if (whole) {
        effects.batch.put(Family::leads, keys::lead(lead), bytes);
      } else {
        effects.batch.amend_lead(keys::lead(lead), bytes);
      }
    }
  }

  RoundEffects effects;

 private:
  struct Wake {
    engine::ShardId shard{};
    Timestamp before;
    Timestamp after;
  };

  void note_wake(const Record& record, const Verdict& verdict) {
    if (verdict.wake_before == verdict.wake_after) return;
    auto [at, fresh] = wakes_.try_emplace(record.lead, Wake{record.shard, verdict.wake_before, verdict.wake_after});
    at->second.after = verdict.wake_after;
  }

  void add_event(const Record& record, const EngagementEvent& event, const Verdict& verdict) {
    if (verdict.outcome == Outcome::duplicate) return;
    effects.batch.put(Family::lead_index, keys::lead_index(record.lead, event.id_hash, record.position),
                      encode(storage::IndexEntry{record.shard, verdict.outcome, event.occurred_at, verdict.known_until,
                                                 event.content_hash}));
  }

  Status add_attributes(const Record& record, const engine::AttributeChange& change) {
    auto [at, fresh] = attributes_.try_emplace(record.lead);
    if (fresh) {
      auto bytes = services_.store->get(Family::attributes, keys::lead(record.lead));
      if (!bytes) return bytes.error();
      if (bytes->has_value()) {
        auto known = storage::decode_attributes(**bytes);
        if (!known) return known.error();
        at->second = *std::move(known);
      }
    }
    at->second.take(change);
    effects.batch.put(Family::attributes, keys::lead(record.lead), encode(at->second));
    return engine::Ok{};
  }

  // What hangs on a lead that has been merged into another one goes with it.
  void end_lead(const Record& record) {
    effects.batch.remove(Family::attributes, keys::lead(record.lead));
    effects.batch.remove(Family::aliases, keys::join_under_way(record.lead));
    pending_.erase(record.lead);
    const auto organisation = organisations_.find(record.lead.organisation());
    if (organisation == organisations_.end()) return;
    for (const auto target : organisation->second.targets)
      effects.batch.remove(Family::outbox, keys::outbox(target, record.lead));
  }

  [[nodiscard]] bool has_targets(const Record& record) const {
    const auto at = organisations_.find(record.lead.organisation());
    return at != organisations_.end() && !at->second.targets.empty();
  }

  PendingRequests& requests_of(const Record& record, const Verdict& verdict, std::uint32_t target) {
    return verdict.awaited_before ? pending_of(services_, pending_, target, record.lead) : pending_[record.lead];
  }

  // Gives the request id to acknowledge with: the waiting one's, when the trigger joins it.
  std::string add_trigger(const Record& record, const Verdict& verdict) {
    auto& counters = services_.counters();
    counters.triggers.fetch_add(1, std::memory_order_relaxed);
    storage::RequestStatus status;
    status.until = record.received_at + services_.request_retention;
    status.lead = record.lead;
    status.email = record.email;
    status.source = std::get<engine::Trigger>(record.body).source;
    status.accepted_at = record.received_at;
    status.outcome = "accepted";
    if (verdict.score) status.score = verdict.score->score;
    if (verdict.owed) {
      auto& pending = requests_of(record, verdict, verdict.ledgers.front().target);
      if (!pending.waiting.empty()) {
        counters.triggers_joined.fetch_add(1, std::memory_order_relaxed);
        return pending.waiting.front();
      }
      pending.waiting.push_back(record.request_id);
    } else {
      status.outcome = !verdict.exists ? "no_data" : has_targets(record) ? "no_model" : "no_target";
      if (verdict.score) status.scored_at = record.received_at;
    }
    effects.batch.put(Family::requests, record.request_id, encode(status));
    return record.request_id;
  }

  // Gives the request id to acknowledge with: the waiting one's, when the trigger joins it.
  Result<std::string> add_fetch(const Record& record) {
    auto& counters = services_.counters();
    counters.triggers.fetch_add(1, std::memory_order_relaxed);
    auto found = fetch_of(services_, fetches_, record.lead);
    if (!found) return found.error();
    const bool fresh = *found == nullptr;
    auto& pending = fresh ? fetches_[record.lead] : **found;
    auto& entry = pending.entry;
    if (fresh) entry.owed_at = record.received_at;
    entry.owed = record.position;
    entry.shard = record.shard;
    entry.email = record.email;
    const bool waits = !entry.requests.empty() && (entry.requests.back().position > pending.taken ||
                                                   entry.requests.size() >= pending_requests_max);
    if (waits) {
      counters.triggers_joined.fetch_add(1, std::memory_order_relaxed);
    } else {
      entry.requests.push_back({record.position, record.request_id});
      storage::RequestStatus status;
      status.until = record.received_at + services_.request_retention;
      status.lead = record.lead;
      status.email = record.email;
      status.source = std::get<engine::FetchOwed>(record.body).source;
      status.accepted_at = record.received_at;
      status.outcome = "accepted";
      effects.batch.put(Family::requests, record.request_id, encode(status));
    }
    effects.batch.put(Family::fetches, keys::lead(record.lead), encode(entry));
    effects.fetches.push_back({record.lead, entry.shard, entry.owed, entry.owed_at, entry.email});
    return entry.requests.back().request_id;
  }

  Status settle_fetch(const Record& record, const engine::Fetched& fetched, const Verdict& verdict) {
    auto found = fetch_of(services_, fetches_, fetched.lead);
    if (!found) return found.error();
    if (*found == nullptr) return engine::Ok{};  // settled before: this record was sent twice
    auto& entry = (*found)->entry;
    for (const auto& waiting : entry.requests)
      if (waiting.position <= fetched.through)
        if (auto served = serve(record, fetched, verdict, waiting.request_id); !served) return served;
    std::erase_if(entry.requests, [&](const auto& waiting) { return waiting.position <= fetched.through; });
    if (fetched.outcome != engine::FetchOutcome::partial && entry.owed <= fetched.through) {
      effects.batch.remove(Family::fetches, keys::lead(fetched.lead));
      fetches_.erase(fetched.lead);
      return engine::Ok{};
    }
    if (entry.owed > fetched.through) entry.owed_at = record.received_at;
    effects.batch.put(Family::fetches, keys::lead(fetched.lead), encode(entry));
    return engine::Ok{};
  }

  // What a fetch that ended means for a request that waited for it: it waits for the writeback, or it is over.
  Status serve(const Record& record, const engine::Fetched& fetched, const Verdict& verdict, const std::string& id) {
    auto bytes = services_.store->get(Family::requests, id);
    if (!bytes) return bytes.error();
    if (!bytes->has_value()) return engine::Ok{};  // kept long enough already
    auto status = storage::decode_request(**bytes);
    if (!status) return status.error();
    status->fetched_at = fetched.fetched_at;
    status->detail = fetched.detail;
    if (verdict.score) status->score = verdict.score->score;
    if (verdict.owed) {
      requests_of(record, verdict, verdict.ledgers.front().target).waiting.push_back(id);
    } else if (fetched.outcome == engine::FetchOutcome::given_up && verdict.exists) {
      status->outcome = "source_failed";
    } else {
      status->outcome = !verdict.exists ? "no_data" : has_targets(record) ? "no_model" : "no_target";
      if (verdict.score) status->scored_at = record.received_at;
    }
    effects.batch.put(Family::requests, id, encode(*status));
    return engine::Ok{};
  }

  Status add_result(const Record& record, const WritebackResult& result, const Verdict& verdict) {
    const auto ledger = std::find_if(verdict.ledgers.begin(), verdict.ledgers.end(),
                                     [&](const auto& entry) { return entry.target == result.target; });
    const bool owed_still = ledger != verdict.ledgers.end() && ledger->owed != 0;
    const auto outbox_key = keys::outbox(result.target, record.lead);
    auto& pending = requests_of(record, verdict, result.target);
    for (const auto* ids : {&pending.running, owed_still ? nullptr : &pending.waiting}) {
      if (ids == nullptr) continue;
      for (const auto& id : *ids)
        if (auto updated = update_request(id, record, result); !updated) return updated;
    }
    pending.running.clear();
    if (!owed_still) {
      effects.batch.remove(Family::outbox, outbox_key);
      pending_.erase(record.lead);
    }
    if (result.outcome == WriteOutcome::dead_letter) add_dead_letter(record, result);
    return engine::Ok{};
  }

  Status update_request(const std::string& id, const Record& record, const WritebackResult& result) {
    auto bytes = services_.store->get(Family::requests, id);
    if (!bytes) return bytes.error();
    if (!bytes->has_value()) return engine::Ok{};  // kept long enough already
    auto status = storage::decode_request(**bytes);
    if (!status) return status.error();
    status->outcome = std::string{label(result.outcome)};
    status->scored_at = result.scored_at;
    status->score = result.score;
    if (result.outcome == WriteOutcome::written) status->written_at = result.written_at;
    status->detail = result.code.empty() ? result.detail : result.code + ": " + result.detail;
    if (result.outcome == WriteOutcome::no_match_yet) {
      status->detail = "no lead with this e-mail address so far; looked for once more within a minute";
      auto& pending = pending_[record.lead];
      if (pending.waiting.size() < pending_requests_max) recheck_.push_back(id);
    }
    effects.batch.put(Family::requests, id, encode(*status));
    return engine::Ok{};
  }

  void add_dead_letter(const Record& record, const WritebackResult& result) {
    storage::DeadLetter letter;
    letter.owed = result.owed;
    letter.email = record.email;
    letter.code = result.code;
    letter.reason = result.detail;
    letter.attempts = result.attempts;
    letter.first_at = result.first_at;
    letter.last_at = record.received_at;
    letter.score = result.score;
    letter.scored_at = result.scored_at;
    effects.batch.put(Family::dead_letters, keys::outbox(result.target, record.lead), encode(letter));
  }

  void add_owed(const Record& record, const Verdict& verdict) {
    for (const auto& ledger : verdict.ledgers) {
      if (ledger.owed != record.position) continue;
      auto& pending = requests_of(record, verdict, ledger.target);
      for (auto& id : recheck_) pending.waiting.push_back(std::move(id));
      recheck_.clear();
      storage::OutboxEntry entry;
      entry.owed = record.position;
      entry.shard = record.shard;
      entry.owed_at = record.received_at;
      entry.due_at = ledger.due_at;
      entry.reason = verdict.owed->reason;
      entry.email = record.email;
      entry.request_ids = pending.running;
      entry.request_ids.insert(entry.request_ids.end(), pending.waiting.begin(), pending.waiting.end());
      effects.batch.put(Family::outbox, keys::outbox(ledger.target, record.lead), encode(entry));
      effects.owed.push_back({ledger.target, record.lead, record.shard, record.position, record.received_at,
                              ledger.due_at, verdict.owed->reason});
      if (pending.running.empty() && pending.waiting.empty()) pending_.erase(record.lead);
    }
  }

  const Services& services_;
  const std::unordered_map<OrganisationId, engine::Organisation>& organisations_;
  PendingByLead& pending_;
  FetchesByLead& fetches_;
  std::unordered_map<LeadId, Wake> wakes_;
  std::unordered_map<LeadId, storage::LeadAttributes> attributes_;  // as the round's records have left them
  std::vector<std::string> recheck_;  // requests of the record under way that wait for the second look
};

}  // namespace

PendingRequests& pending_of(const Services& services, PendingByLead& pending, std::uint32_t target,
                            const LeadId& lead) {
  const auto [at, fresh] = pending.try_emplace(lead);
  if (!fresh) return at->second;
  const auto bytes = services.store->get(Family::outbox, keys::outbox(target, lead));
  if (!bytes || !bytes->has_value()) return at->second;
  auto entry = storage::decode_outbox(**bytes);
  if (entry) at->second.waiting = std::move(entry->request_ids);
  return at->second;
}

Result<PendingFetch*> fetch_of(const Services& services, FetchesByLead& fetches, const LeadId& lead) {
  if (const auto at = fetches.find(lead); at != fetches.end()) return &at->second;
  auto bytes = services.store->get(Family::fetches, keys::lead(lead));
  if (!bytes) return bytes.error();
  if (!bytes->has_value()) return static_cast<PendingFetch*>(nullptr);
  auto entry = storage::decode_fetch(**bytes);
  if (!entry) return entry.error();
  return &(fetches[lead] = PendingFetch{*std::move(entry), 0});
}

Result<RoundEffects> effects_of(const Services& services, const std::vector<Record>& records, RoundResult& result,
                                const std::unordered_map<OrganisationId, engine::Organisation>& organisations,
                                PendingByLead& pending, FetchesByLead& fetches) {
  Round round{services, organisations, pending, fetches};
  round.effects.receipts.reserve(records.size());
  round.effects.batch.reserve(records.size() * batch_bytes_expected);
  for (std::size_t i = 0; i < records.size(); ++i)
    if (auto added = round.add(records[i], result.verdicts[i]); !added) return added.error();
  round.finish(result);
  return std::move(round.effects);
}

}  // namespace leadlight::actors
