// The organisations of a data directory: made with the starter model and a key per surface, and listed.
//
// They share a server and nothing else: what belongs to one is not there for the keys of another.
#pragma once

#include "engine/result.hpp"
#include "engine/types.hpp"
#include "storage/store.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::tools {

inline constexpr std::size_t organisations_max = 1'000;
inline constexpr std::size_t organisation_name_bytes_max = 100;

using SurfaceKeys = std::vector<std::pair<std::string, std::string>>;  // surface, key; shown once

/// Puts the organisation, its starter model and its keys in `batch`. Errors: internal.
engine::Result<SurfaceKeys> found_organisation(storage::Batch& batch, engine::OrganisationId id, std::string_view name,
                                               engine::Timestamp now);

struct NewOrganisation {
  engine::OrganisationId id{};
  SurfaceKeys keys;
};
/// Adds one to a data directory that no server has open.
/// Errors: invalid (`field` "NAME"), conflict (the name is taken, or the directory in use), unprocessable (too many),
/// not_found, io_error, corrupt.
engine::Result<NewOrganisation> add_organisation(const std::filesystem::path& data, std::string_view name);

struct OrganisationRow {
  engine::OrganisationId id{};
  std::string name;
  bool live_scoring = true;
  std::size_t keys = 0;  // in force
  engine::Timestamp created_at;
};
/// Ascending by id. Errors: conflict (in use), not_found, io_error, corrupt.
engine::Result<std::vector<OrganisationRow>> list_organisations(const std::filesystem::path& data);

}  // namespace leadlight::tools
