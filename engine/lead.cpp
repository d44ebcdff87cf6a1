#include "engine/lead.hpp"

#include "engine/forecast.hpp"
#include "engine/identity.hpp"

#include <algorithm>
#include <cstdlib>

namespace leadlight::engine {

namespace {

// A clock set back by at most this finds the events it had already seen leave the window.
constexpr Milliseconds expiry_slack = 2 * day;
// A lead's timer fires at most once in this span.
constexpr Milliseconds wake_spacing{1'000};

TargetLedger& ledger_of(Lead& lead, std::uint32_t target) {
  auto at = std::lower_bound(lead.targets.begin(), lead.targets.end(), target,
                             [](const TargetLedger& ledger, std::uint32_t id) { return ledger.target < id; });
  if (at == lead.targets.end() || at->target != target) {
    at = lead.targets.insert(at, TargetLedger{});
    at->target = target;
  }
  return *at;
}

// Whether a writeback is on its way now; one that waits for the quiet interval is not.
bool under_way(const TargetLedger& ledger, Timestamp now) {
  return ledger.owed != 0 && ledger.due_at <= now;
}

bool drifted(const Lead& lead, const Model& model, const Score& score, Timestamp now) {
  return std::any_of(lead.targets.begin(), lead.targets.end(), [&](const TargetLedger& ledger) {
    return ledger.confirmed && !under_way(ledger, now) &&
           std::abs(score.score - static_cast<int>(ledger.score)) >= static_cast<int>(model.writeback.drift_points);
  });
}

// No target knows a person whose e-mail address nobody knows: nothing is owed for one.
void owe(Decision& decision, const Record& record, const Organisation& organisation, Timestamp due_at,
         WritebackReason reason) {
  if (organisation.targets.empty() || kind_of(decision.next.email) != IdentityKind::email) return;
  for (const auto target : organisation.targets) {
    auto& ledger = ledger_of(decision.next, target);
    ledger.due_at = ledger.owed == 0 ? due_at : std::min(ledger.due_at, due_at);
    ledger.owed = record.position;
    ledger.awaited = ledger.awaited || reason == WritebackReason::trigger;
  }
  decision.next.owed_at = std::max(decision.next.owed_at, due_at);
  decision.owed = Owed{due_at, reason};
}

// The raw range inside which nothing becomes owing: the segment, and around what each target holds, the drift.
RawRange resting_range(const Lead& lead, const Model& model, const Score& score, Timestamp now) {
  const auto& thresholds = model.thresholds;
  const RawRange whole = range_of(thresholds, score.segment);
  RawRange range = whole;
  const int drift = static_cast<int>(model.writeback.drift_points);
  for (const auto& ledger : lead.targets) {
    if (!ledger.confirmed || under_way(ledger, now)) continue;
    const int held = ledger.score;
    if (held - drift + 1 >= 1) range.at_least = std::max(range.at_least, raw_at_score(thresholds, held - drift + 1));
    if (held + drift <= 100) range.below = std::min(range.below, raw_at_score(thresholds, held + drift));
  }
  return score.raw >= range.at_least && score.raw < range.below ? range : whole;
}

bool rests_for_ever(const CompiledModel& model, const Lead& lead, const Score& score) {
  if (model.has_negative_signals() || score.segment != Segment::low) return false;
  return std::none_of(lead.targets.begin(), lead.targets.end(), [&](const TargetLedger& ledger) {
    return ledger.confirmed && ledger.score >= model.model().writeback.drift_points;
  });
}

// Arms the timer for the first instant at which something will be owing without a record. An event of a model without
// negative signals only raises the curve, so a timer that is armed already still comes early enough; it is computed
// anew when it fires.
void arm(Decision& decision, const CompiledModel& model, Timestamp now, bool keep_armed) {
  auto& lead = decision.next;
  if (keep_armed && lead.wake_at > now) return;
  lead.wake_at = Timestamp{};
  if (rests_for_ever(model, lead, *decision.score)) return;
  const auto exit = first_exit(model, lead.window, now, resting_range(lead, model.model(), *decision.score, now));
  if (exit) lead.wake_at = std::max(*exit, now + wake_spacing);
}

Decision apply_event(Lead lead, const Record& record, const EngagementEvent& event, const Organisation& organisation,
                     const std::optional<KnownId>& known, const Limits& limits) {
  Decision decision;
  const Timestamp now = record.received_at;
  const WindowEvent* held = lead.window.find(event.id_hash);
  const bool in_window = held != nullptr && now - held->occurred_at() < window_span;
  if (in_window || (known && known->until > now)) {
    decision.outcome = Outcome::duplicate;
    decision.conflict = known ? known->content_hash != event.content_hash
                              : held->occurred_at() != event.occurred_at || held->type() != event.type;
    if (decision.conflict) {
      ++lead.conflicts;
      lead.last_position = record.position;
    }
    decision.next = std::move(lead);
    return decision;
  }
  lead.last_position = record.position;
  const Timestamp arrived = arrived_at(record, event);
  decision.known_until = std::max(event.occurred_at + window_span, now + dedup_span_min);
  if (event.occurred_at + window_span < decision.known_until)
    lead.ids_beyond_window_until = std::max(lead.ids_beyond_window_until, decision.known_until);
  if (arrived - event.occurred_at >= window_span) {
    decision.outcome = Outcome::too_late;
    decision.next = std::move(lead);
    return decision;
  }
  lead.window.expire(now, expiry_slack);
  lead.window.add(event.occurred_at, event.type, event.id_hash, limits.events_per_lead_max);
  if (!lead.window.folded().empty()) {
    const Timestamp folded_until = lead.window.folded().back().hour_start + hour + window_span;
    lead.ids_beyond_window_until = std::max(lead.ids_beyond_window_until, folded_until);
  }
  decision.next = std::move(lead);
  if (!organisation.model || organisation.model->signals_of(event.type).empty()) return decision;  // no_change
  decision.outcome = Outcome::counted;
  const CompiledModel& model = *organisation.model;
  const Score score = score_at(model, decision.next.window, now);
  decision.score = score;
  const bool moved = score.segment != decision.next.segment;
  decision.next.segment = score.segment;
  const auto quiet = model.model().writeback.quiet_interval;
  const auto owed_before = decision.next.owed_at;
  if (model.immediate(event.type)) {
    owe(decision, record, organisation, now, WritebackReason::immediate);
  } else if (moved) {
    owe(decision, record, organisation, now, WritebackReason::segment);
  } else if (drifted(decision.next, model.model(), score, now)) {
    owe(decision, record, organisation, now, WritebackReason::drift);
  } else {
    owe(decision, record, organisation, owed_before == Timestamp{} ? now : std::max(now, owed_before + quiet),
        WritebackReason::activity);
  }
  arm(decision, model, now, !moved && !model.has_negative_signals());
  return decision;
}

Decision apply_trigger(Lead lead, const Record& record, const Organisation& organisation) {
  Decision decision;
  if (!lead.exists()) {  // a trigger alone creates no lead
    decision.next = std::move(lead);
    return decision;
  }
  lead.last_position = record.position;
  decision.next = std::move(lead);
  if (!organisation.model) return decision;
  const CompiledModel& model = *organisation.model;
  decision.outcome = Outcome::counted;
  decision.score = score_at(model, decision.next.window, record.received_at);
  const bool moved = decision.score->segment != decision.next.segment;
  decision.next.segment = decision.score->segment;
  owe(decision, record, organisation, record.received_at, WritebackReason::trigger);
  arm(decision, model, record.received_at, !moved);
  return decision;
}

// Scores the lead and owes the writeback that its triggers wait for.
Decision apply_fetched(Lead lead, const Record& record, const Fetched& fetched, const Organisation& organisation) {
  const bool scored = fetched.outcome != FetchOutcome::given_up && (fetched.answered > 0 || lead.exists());
  if (scored && !lead.exists()) lead.last_position = record.position;  // "none" is an answer: it is known now
  if (scored) return apply_trigger(std::move(lead), record, organisation);
  Decision decision;
  if (lead.exists()) lead.last_position = record.position;
  decision.next = std::move(lead);
  return decision;
}

// Owes a crossing when the score has left the segment that the lead was last seen in, whatever record notices it first.
bool cross(Decision& decision, const Record& record, const Organisation& organisation, const Model& model) {
  auto& next = decision.next;
  if (decision.score->segment == next.segment) return false;
  next.segment = decision.score->segment;
  const Timestamp now = record.received_at;
  const auto quiet = model.writeback.quiet_interval;
  const Timestamp due = next.crossed_at == Timestamp{} ? now : std::max(now, next.crossed_at + quiet);
  next.crossed_at = due;
  owe(decision, record, organisation, due, WritebackReason::crossing);
  return true;
}

Decision apply_tick(Lead lead, const Record& record, const Organisation& organisation) {
  Decision decision;
  if (!lead.exists() || !organisation.model) {
    lead.wake_at = Timestamp{};
    decision.next = std::move(lead);
    return decision;
  }
  const CompiledModel& model = *organisation.model;
  const Timestamp now = record.received_at;
  lead.last_position = record.position;
  decision.next = std::move(lead);
  auto& next = decision.next;
  decision.score = score_at(model, next.window, now);
  if (cross(decision, record, organisation, model.model())) {
    decision.outcome = Outcome::counted;
  } else if (drifted(next, model.model(), *decision.score, now)) {
    decision.outcome = Outcome::counted;
    owe(decision, record, organisation, now, WritebackReason::drift);
  }
  arm(decision, model, now, false);
  return decision;
}

// The lead's events have gone to another lead: what is left is as if there had never been one.
Decision apply_merged(Lead lead) {
  Decision decision;
  decision.outcome = lead.exists() ? Outcome::counted : Outcome::no_change;
  decision.next.id = lead.id;
  decision.next.email = std::move(lead.email);
  decision.next.shard = lead.shard;
  return decision;
}

void forget_inactive_targets(Lead& lead, const Organisation& organisation) {
  std::erase_if(lead.targets, [&](const TargetLedger& ledger) {
    return !std::binary_search(organisation.targets.begin(), organisation.targets.end(), ledger.target);
  });
}

Decision apply_result(Lead lead, const Record& record, const WritebackResult& result,
                      const Organisation& organisation) {
  Decision decision;
  if (!lead.exists()) {
    decision.next = std::move(lead);
    return decision;
  }
  lead.last_position = record.position;
  decision.outcome = Outcome::counted;
  decision.next = std::move(lead);
  auto& next = decision.next;
  forget_inactive_targets(next, organisation);
  const bool active = std::binary_search(organisation.targets.begin(), organisation.targets.end(), result.target);
  bool look_again = false;
  if (active) {
    auto& ledger = ledger_of(next, result.target);
    const bool settles = ledger.owed == result.owed;
    if (settles) ledger.owed = 0;
    if (result.outcome == WriteOutcome::written || result.outcome == WriteOutcome::unchanged) {
      if (!ledger.confirmed || result.scored_at >= ledger.scored_at) {
        ledger.confirmed = true;
        ledger.score = static_cast<std::uint8_t>(std::clamp(result.score, 0, 100));
        ledger.segment = result.segment;
        ledger.scored_at = result.scored_at;
      }
    } else {
      ledger.confirmed = false;
      look_again = settles && result.outcome == WriteOutcome::no_match_yet;
      if (look_again) {
        ledger.owed = record.position;
        ledger.due_at = record.received_at + recheck_delay;
        decision.owed = Owed{ledger.due_at, WritebackReason::recheck};
      }
    }
    ledger.awaited = ledger.awaited && ledger.owed != 0;
  }
  if (!organisation.model) return decision;
  const CompiledModel& model = *organisation.model;
  decision.score = score_at(model, next.window, record.received_at);
  // The crossing may fall between the sending and the answer: the timer armed below knows nothing of it any more.
  const bool crossed = cross(decision, record, organisation, model.model());
  if (!crossed && !look_again && drifted(next, model.model(), *decision.score, record.received_at))
    owe(decision, record, organisation, record.received_at, WritebackReason::drift);
  arm(decision, model, record.received_at, false);
  return decision;
}

}  // namespace

std::size_t Lead::heap_bytes() const {
  return email.heap_bytes() + window.heap_bytes() + targets.capacity() * sizeof(TargetLedger);
}

const TargetLedger* Lead::ledger(std::uint32_t target) const {
  const auto at =
      std::find_if(targets.begin(), targets.end(), [&](const TargetLedger& entry) { return entry.target == target; });
  return at == targets.end() ? nullptr : &*at;
}

std::string_view label(WritebackReason reason) {
  switch (reason) {
    case WritebackReason::trigger: return "trigger";
    case WritebackReason::segment: return "segment";
    case WritebackReason::crossing: return "crossing";
    case WritebackReason::drift: return "drift";
    case WritebackReason::immediate: return "immediate";
    case WritebackReason::activity: return "activity";
    case WritebackReason::recheck: return "recheck";
  }
  return "activity";
}

bool needs_known_id(const Lead& lead, const Record& record) {
  const auto* event = std::get_if<EngagementEvent>(&record.body);
  return event != nullptr &&
         (lead.ids_beyond_window_until > record.received_at || lead.window.find(event->id_hash) != nullptr);
}

Decision apply(Lead lead, const Record& record, const Organisation& organisation, const std::optional<KnownId>& known,
               const Limits& limits) {
  if (const auto* event = std::get_if<EngagementEvent>(&record.body))
    return apply_event(std::move(lead), record, *event, organisation, known, limits);
  if (std::holds_alternative<Trigger>(record.body)) return apply_trigger(std::move(lead), record, organisation);
  if (std::holds_alternative<Tick>(record.body)) return apply_tick(std::move(lead), record, organisation);
  if (const auto* result = std::get_if<WritebackResult>(&record.body))
    return apply_result(std::move(lead), record, *result, organisation);
  if (std::holds_alternative<MergedInto>(record.body)) return apply_merged(std::move(lead));
  if (const auto* fetched = std::get_if<Fetched>(&record.body))
    return apply_fetched(std::move(lead), record, *fetched, organisation);
  Decision decision;  // a switch concerns the organisation; attributes are stored beside the lead
  decision.next = std::move(lead);
  return decision;
}

Window refold(const std::vector<Record>& records, Timestamp as_of, const Limits& limits) {
  Window window;
  for (const auto& record : records) {
    const auto* event = std::get_if<EngagementEvent>(&record.body);
    if (event == nullptr || event->occurred_at > as_of) continue;
    if (arrived_at(record, *event) - event->occurred_at >= window_span) continue;
    window.add(event->occurred_at, event->type, event->id_hash, limits.events_per_lead_max);
  }
  return window;
}

}  // namespace leadlight::engine
