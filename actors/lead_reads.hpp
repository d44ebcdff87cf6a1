// Answers about one lead, made from its state and the log. Pure but for reads of the store; any actor may use them.
#pragma once

#include "actors/messages.hpp"
#include "engine/lead.hpp"

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

ForecastView forecast_of(const engine::Lead& lead, const engine::CompiledModel* model, Timestamp at);

/// What the lead did, newest first. Errors: io_error, corrupt.
Result<TimelineView> timeline_of(const Services& services, const LeadId& lead, const TimelineQuestion& question);

/// The answer to a question about a past instant: refolded from the log, under the model in force then.
/// Errors: gone (before the log begins), not_found (no such lead), io_error, corrupt.
Result<ReceiptView> as_of(const Services& services, OrganisationId organisation, const std::string& email,
                          Timestamp at);

}  // namespace leadlight::actors
