#include "actors/lead_actor.hpp"

#include "actors/score_feed.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace leadlight::actors {

// An id comes back at most every seven days, and the log forgets: far fewer entries than this have the same one.
constexpr std::size_t same_id_rows_max = 1'000;

Result<std::optional<engine::Lead>> load_lead(const storage::Store& store, const LeadId& id) {
  auto bytes = store.get(storage::Family::leads, storage::keys::lead(id));
  if (!bytes) return bytes.error();
  if (!bytes->has_value()) return std::optional<engine::Lead>{};
  auto lead = storage::decode_lead(id, **bytes);
  if (!lead) return lead.error();
  return std::optional<engine::Lead>{*std::move(lead)};
}

namespace {

// What the lead index says of an id: the entry that knows it longest.
Result<std::optional<engine::KnownId>> known_id(const storage::Store& store, const LeadId& lead,
                                                std::uint64_t id_hash) {
  std::optional<engine::KnownId> known;
  const auto rows =
      store.scan(storage::Family::lead_index, storage::keys::lead_index_prefix(lead, id_hash), {}, same_id_rows_max);
  if (!rows) return rows.error();  // not knowing is not the same as "not known": the event might count twice
  for (const auto& row : *rows) {
    const auto entry = storage::decode_index(row.value);
    if (!entry) return entry.error();
    if (!known || entry->known_until > known->until) known = engine::KnownId{entry->known_until, entry->content_hash};
  }
  return known;
}

}  // namespace

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

Result<std::optional<engine::KnownId>> LeadActor::known_of(const Record& record, const Services& services) const {
  if (!engine::needs_known_id(state_, record)) return std::optional<engine::KnownId>{};
  return known_id(*services.store, state_.id, std::get<engine::EngagementEvent>(record.body).id_hash);
}

engine::Decision LeadActor::decide(const Delivery& delivery, const std::optional<engine::KnownId>& known,
                                   const Services& services) {
  return services.apply(std::move(state_), *delivery.record, *delivery.organisation, known, services.limits);
}

Status LeadActor::apply_again(const Delivery& delivery, const Services& services) {
  engine::Lead safe = state_;  // an earlier record of the round may be a poisoned one itself
  try {
    const auto known = known_of(*delivery.record, services);
    if (!known) return known.error();
    state_ = decide(delivery, *known, services).next;
  } catch (const std::exception&) {
    state_ = std::move(safe);
  }
  return engine::Ok{};
}

namespace {

// What the lead was worth the instant before the record, for those who listen.
std::optional<int> score_before(const Delivery& delivery, const engine::Lead& lead) {
  const auto& model = delivery.organisation->model;
  if (!model || !lead.exists() || !std::holds_alternative<engine::EngagementEvent>(delivery.record->body)) return {};
  return engine::score_at(*model, lead.window, delivery.record->received_at).score;
}

// Notes how the record changed the window: by its own event alone, or in a way that only the whole lead tells. Nothing
// but a new event changes a window (engine::apply).
void note_window(Unstored& unstored, std::size_t events_before, const engine::Window& after, const Record& record) {
  const auto& event = std::get<engine::EngagementEvent>(record.body);
  if (after.events().size() != events_before + 1 || !after.folded().empty()) {
    unstored.whole = true;
  } else {
    unstored.added.emplace_back(event.occurred_at, event.type, event.id_hash);
  }
}

}  // namespace

std::optional<StoredLead> LeadActor::to_store(const Unstored& unstored) {
  if (!unstored.changed) return std::nullopt;
  if (!state_.exists()) return unstored.ended ? std::optional{StoredLead{state_.id, true, {}}} : std::nullopt;
  const bool whole = unstored.whole || changes_ >= changes_max;
  changes_ = static_cast<std::uint8_t>(whole ? 0 : changes_ + 1);
  return StoredLead{state_.id, whole, whole ? storage::encode(state_) : storage::encode_change(state_, unstored.added)};
}

Verdict LeadActor::receive(const Delivery& delivery, const Services& services, std::span<const Delivery> earlier,
                           Unstored& unstored) {
  Verdict verdict;
  verdict.wake_before = state_.wake_at;
  verdict.awaited_before = std::any_of(state_.targets.begin(), state_.targets.end(),
                                       [](const engine::TargetLedger& ledger) { return ledger.awaited; });
  const LeadId id = state_.id;
  const std::string_view sent = delivery.record->email;
  const bool heard = services.feed && services.feed->active();
  if (state_.exists()) verdict.segment_before = state_.segment;
  if (heard) verdict.score_before = score_before(delivery, state_);
  if (heard || sent.empty()) verdict.email = state_.email;
  const engine::ShortText email = sent.empty() ? state_.email : engine::ShortText{};
  const engine::ShardId shard = state_.shard;
  const auto conflicts_before = state_.conflicts;
  const auto events_before = state_.window.events().size();
  try {
    const auto known = known_of(*delivery.record, services);
    if (!known) {
      verdict.unreadable = known.error();
      return verdict;
    }
    engine::Decision decision = decide(delivery, *known, services);
    state_ = std::move(decision.next);
    verdict.outcome = decision.outcome;
    verdict.score = decision.score;
    verdict.owed = decision.owed;
    verdict.conflict = decision.conflict;
    verdict.known_until = decision.known_until;
    const bool settles = std::holds_alternative<engine::WritebackResult>(delivery.record->body);
    if (decision.owed || settles) verdict.ledgers = state_.targets;
    ++records_applied_;
    const bool added = decision.known_until != Timestamp{} && decision.outcome != engine::Outcome::too_late;
    if (std::holds_alternative<engine::MergedInto>(delivery.record->body)) unstored.ended = unstored.whole = true;
    if (added) note_window(unstored, events_before, state_.window, *delivery.record);
    unstored.changed =
        unstored.changed || decision.outcome != engine::Outcome::duplicate || state_.conflicts != conflicts_before;
  } catch (const std::exception&) {
    verdict.outcome = engine::Outcome::quarantined;
    auto stored = load_lead(*services.store, id);
    if (!stored) verdict.unreadable = stored.error();
    if (stored && stored->has_value()) {
      state_ = std::move(**stored);
    } else {
      state_ = engine::Lead{};
      state_.id = id;
      state_.email = sent.empty() ? email : engine::ShortText{sent};
      state_.shard = shard;
    }
    for (const auto& before : earlier)
      if (auto again = apply_again(before, services); !again) verdict.unreadable = again.error();
    unstored.whole = true;
  }
  verdict.wake_after = state_.wake_at;
  verdict.exists = state_.exists();
  return verdict;
}

}  // namespace leadlight::actors
