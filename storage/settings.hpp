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

engine::Result<std::vector<OrganisationSettings>> load_organisations(const Store& store);
engine::Result<std::vector<Key>> load_keys(const Store& store);
/// Ascending by version.
engine::Result<std::vector<PublishedModel>> load_models(const Store& store, engine::OrganisationId organisation);
/// Of every organisation.
engine::Result<std::vector<TargetSettings>> load_targets(const Store& store);
engine::Result<AppliedSwitches> load_applied(const Store& store, engine::OrganisationId organisation,
                                             engine::ShardId shard);

}  // namespace leadlight::storage
