// Answers about one lead, made from its state and the log. Pure but for reads of the store; any actor may use them.
#pragma once

#include "actors/messages.hpp"
#include "engine/lead.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::actors {

/// The score of `lead` at `at`. `with_detail` adds signals and the next change.
LeadView view_of(const engine::Lead& lead, const engine::CompiledModel* model, Timestamp at, bool with_detail);

/// The same from any window, as `as_of` needs it.
LeadView view_of(std::string_view email, const engine::Window& window, const engine::CompiledModel* model, Timestamp at,
                 bool with_detail);

/// The arithmetic behind a score, without the ids as sent (`resolve_event_ids` adds them).
ReceiptView receipt_of(std::string_view email, const engine::Window& window, const engine::CompiledModel* model,
                       Timestamp at);

/// Looks up, in the log, the id each line's event was sent with. Errors: io_error, corrupt.
Status resolve_event_ids(const Services& services, const LeadId& lead, ReceiptView& view);

ForecastView forecast_of(const engine::Window& window, const engine::CompiledModel* model, Timestamp at);

/// What the lead did, newest first. Errors: io_error, corrupt.
Result<TimelineView> timeline_of(const Services& services, const LeadId& lead, const TimelineQuestion& question);

/// The other identities of a lead, ascending. Errors: io_error, corrupt.
Result<std::vector<std::string>> identities_of(const storage::Store& store, const LeadId& lead);

/// Who the lead is. Errors: not_found (nothing is known of it), io_error, corrupt.
Result<ProfileView> profile_of(const Services& services, const LeadId& lead, const std::string& email);

/// A lead as it was.
struct PastLead {
  LeadId id;
  engine::Window window;                               // refolded from the log
  std::shared_ptr<const engine::CompiledModel> model;  // in force then; null: none was
};
/// Errors: gone (before the log begins), not_found (no such lead), io_error, corrupt.
Result<PastLead> as_of(const Services& services, OrganisationId organisation, const std::string& email, Timestamp at);

}  // namespace leadlight::actors
