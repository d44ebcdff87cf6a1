// A data directory full of leads in seconds: state written as the engine leaves it, without sending 20 events a lead by
// HTTP.
//
// Each lead gets `events_per_lead - 1` events straight into its window; the last one goes through `engine::apply`, so
// that segment, timer and position are the engine's own, and into log and lead index as a shard would put it.
// The log therefore holds one event a lead: questions about the past are not what these directories are for.
#pragma once

#include "engine/result.hpp"
#include "engine/types.hpp"

#include <cstdint>
#include <filesystem>

namespace leadlight::bench {

/// Adds leads 0 … `leads` − 1 of the population. No server may run on `data`, and one must have run once, so that the
/// starter model is in force.
///
/// Errors: those of the store.
engine::Status fill(const std::filesystem::path& data, std::uint64_t leads, engine::Timestamp now);

}  // namespace leadlight::bench
