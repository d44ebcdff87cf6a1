#include "actors/lead_actor.hpp"

#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace leadlight::actors {

Result<std::optional<engine::Lead>> load_lead(const storage::Store& store, const LeadId& id) {
  auto bytes = store.get(storage::Family::leads, storage::keys::lead(id));
  if (!bytes) return bytes.error();
  if (!bytes->has_value()) return std::optional<engine::Lead>{};
  auto lead = storage::decode_lead(id, **bytes);
  if (!lead) return lead.error();
  return std::optional<engine::Lead>{*std::move(lead)};
}

Result<LeadActor> LeadActor::activate(const Services& services, const LeadId& id, std::string_view email,
                                      engine::ShardId shard) {
  auto stored = load_lead(*services.store, id);
  if (!stored) return stored.error();
  engine::Lead lead;
  if (stored->has_value()) {
    lead = std::move(**stored);
  } else {
    lead.id = id;
    lead.email = email;
    lead.shard = shard;
  }
  return LeadActor{std::move(lead), services.clock->now()};
}

engine::Decision LeadActor::decide(const Delivery& delivery, const Services& services) {
  const Record& record = *delivery.record;
  std::optional<engine::KnownId> known;
  if (engine::needs_known_id(state_, record)) {
    const auto& event = std::get<engine::EngagementEvent>(record.body);
    auto bytes = services.store->get(storage::Family::dedup, storage::keys::dedup(state_.id, event.id_hash));
    if (bytes && bytes->has_value()) {
      const auto entry = storage::decode_dedup(**bytes);
      if (entry) known = engine::KnownId{entry->until, entry->content_hash};
    }
  }
  return services.apply(std::move(state_), record, *delivery.organisation, known, services.limits);
}

void LeadActor::apply_again(const Delivery& delivery, const Services& services) {
  engine::Lead safe = state_;  // an earlier record of the round may be a poisoned one itself
  try {
    state_ = decide(delivery, services).next;
  } catch (const std::exception&) {
    state_ = std::move(safe);
  }
}

Verdict LeadActor::receive(const Delivery& delivery, const Services& services, std::span<const Delivery> earlier) {
  Verdict verdict;
  verdict.wake_before = state_.wake_at;
  verdict.owed_before = std::any_of(state_.targets.begin(), state_.targets.end(),
                                    [](const engine::TargetLedger& ledger) { return ledger.owed != 0; });
  const LeadId id = state_.id;
  const std::string email{delivery.record->email.empty() ? state_.email.view() : delivery.record->email};
  const engine::ShardId shard = state_.shard;
  const auto conflicts_before = state_.conflicts;
  try {
    engine::Decision decision = decide(delivery, services);
    state_ = std::move(decision.next);
    verdict.outcome = decision.outcome;
    verdict.score = decision.score;
    verdict.owed = decision.owed;
    verdict.conflict = decision.conflict;
    verdict.remember_id = decision.remember_id;
    verdict.remember_until = decision.remember_until;
    const bool settles = std::holds_alternative<engine::WritebackResult>(delivery.record->body);
    if (decision.owed || settles) verdict.ledgers = state_.targets;
    ++records_applied_;
    changed_ = changed_ || decision.outcome != engine::Outcome::duplicate || state_.conflicts != conflicts_before;
  } catch (const std::exception&) {
    verdict.outcome = engine::Outcome::quarantined;
    if (auto stored = load_lead(*services.store, id); stored && stored->has_value()) {
      state_ = std::move(**stored);
    } else {
      state_ = engine::Lead{};
      state_.id = id;
      state_.email = email;
      state_.shard = shard;
    }
    for (const auto& before : earlier) apply_again(before, services);
  }
  verdict.wake_after = state_.wake_at;
  verdict.exists = state_.exists();
  return verdict;
}

}  // namespace leadlight::actors
