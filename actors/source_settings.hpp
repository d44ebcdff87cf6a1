// The administrator's acts on activity sources: what changes in the store, and the row that answers.
#pragma once

#include "actors/activity_source.hpp"
#include "storage/sealing.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"

#include <string>
#include <utility>
#include <vector>

namespace leadlight::actors {

struct SourceChange {
  storage::Batch batch;
  SourceRow row;
};

/// What a source's wire side is made with: its own options and secrets over those of the target it shares, and the
/// sandbox's address where it is the demo's.
/// Errors: not_found (the target is gone), io_error, corrupt.
Result<TargetOptions> source_options(const storage::Store& store, const storage::Sealer* sealer,
                                     const storage::SourceSettings& source, const std::string& sandbox);

/// Errors: invalid (name, options, mapping), conflict (name in use), not_found (target), unprocessable (too many),
/// io_error, corrupt.
Result<SourceChange> add_source(const storage::Store& store, const storage::Sealer* sealer, const SourceFactory& make,
                                OrganisationId organisation, const AddSource& act, Timestamp now);

/// Errors: not_found, io_error, corrupt.
Result<SourceChange> remove_source(const storage::Store& store, OrganisationId organisation, const std::string& name);

/// What is shown of a source beside how it fares.
SourceRow source_row(const storage::SourceSettings& source);

}  // namespace leadlight::actors
