#include "actors/score_changes.hpp"

#include "engine/identity.hpp"

#include <optional>

namespace leadlight::actors {

namespace {

std::optional<ChangeReason> reason_of(const Record& record, const Verdict& verdict) {
  if (std::holds_alternative<engine::EngagementEvent>(record.body))
    return verdict.outcome == engine::Outcome::counted ? std::optional(ChangeReason::event) : std::nullopt;
  if (std::holds_alternative<engine::Tick>(record.body)) return ChangeReason::clock;
  // The others change no score; they may be the first to notice that one has faded into another segment.
  if (verdict.score->segment == verdict.segment_before.value_or(engine::Segment::low)) return std::nullopt;
  return std::holds_alternative<engine::Trigger>(record.body) ? ChangeReason::trigger : ChangeReason::writeback;
}

}  // namespace

std::vector<ScoreChange> changes_of(const std::vector<Record>& records, const std::vector<Verdict>& verdicts) {
  std::vector<ScoreChange> changes;
  for (std::size_t i = 0; i < records.size() && i < verdicts.size(); ++i) {
    const auto& record = records[i];
    const auto& verdict = verdicts[i];
    if (!verdict.score) continue;
    const std::string email{verdict.email.empty() ? std::string_view{record.email} : verdict.email.view()};
    if (engine::kind_of(email) != engine::IdentityKind::email) continue;
    const auto reason = reason_of(record, verdict);
    if (!reason) continue;
    ScoreChange change;
    change.organisation = record.lead.organisation();
    change.shard = record.shard;
    change.position = record.position;
    change.email = email;
    change.at = record.received_at;
    change.score = verdict.score->score;
    change.segment = verdict.score->segment;
    change.previous_score = verdict.score_before;
    change.previous_segment = verdict.segment_before;
    change.reason = *reason;
    if (const auto* event = std::get_if<engine::EngagementEvent>(&record.body)) change.type = event->type;
    changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace leadlight::actors
