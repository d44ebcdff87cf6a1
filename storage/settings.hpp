// Settings: the family `organisations`, row by row. Organisations, keys, published models, targets, and which switches
// each shard has applied.
#pragma once

#include "engine/result.hpp"
#include "storage/codec/codec.hpp"
#include "storage/store.hpp"
#include "storage/values.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::storage {

/// What a shard's log has put in force for an organisation: a model version and targets. Written in the batch of the
/// switch.
struct AppliedSwitches {
  std::uint32_t model_version = 0;     // 0: none
  std::vector<std::uint32_t> targets;  // active, ascending

  friend bool operator==(const AppliedSwitches&, const AppliedSwitches&) = default;
};
std::string encode(const AppliedSwitches& applied);
engine::Result<AppliedSwitches> decode_applied(std::string_view bytes);

void put(Batch& batch, const OrganisationSettings& settings);
void put(Batch& batch, const Key& key);
void put(Batch& batch, const PublishedModel& model);
void put(Batch& batch, const TargetSettings& target);
void put(Batch& batch, engine::OrganisationId organisation, engine::ShardId shard, const AppliedSwitches& applied);
void remove_target(Batch& batch, engine::OrganisationId organisation, std::string_view name);
void put(Batch& batch, const SourceSettings& source);
/// Its cursor goes with it.
void remove_source(Batch& batch, const SourceSettings& source);
void put(Batch& batch, std::uint32_t source, const SourceCursor& cursor);

engine::Result<std::vector<OrganisationSettings>> load_organisations(const Store& store);
engine::Result<std::vector<Key>> load_keys(const Store& store);
/// Ascending by version.
engine::Result<std::vector<PublishedModel>> load_models(const Store& store, engine::OrganisationId organisation);
/// Of every organisation.
engine::Result<std::vector<TargetSettings>> load_targets(const Store& store);
/// Of every organisation.
engine::Result<std::vector<SourceSettings>> load_sources(const Store& store);
/// None: it has never been polled.
engine::Result<std::optional<SourceCursor>> load_source_cursor(const Store& store, std::uint32_t source);
engine::Result<AppliedSwitches> load_applied(const Store& store, engine::OrganisationId organisation,
                                             engine::ShardId shard);

}  // namespace leadlight::storage
