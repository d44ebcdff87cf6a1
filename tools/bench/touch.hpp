// Makes the leads of a bench resident in its server.
#pragma once

#include "engine/result.hpp"
#include "tools/bench/server_under_test.hpp"

#include <cstddef>
#include <cstdint>

namespace leadlight::bench {

inline constexpr std::size_t events_a_request = 1'000;

/// The answer to a request of `events_a_request` new events.
bool all_accepted(std::string_view body);

/// Posts one event for each lead, so that the server reads it from storage and keeps it in memory. Takes the event
/// numbers below `leads`, rounded up to whole requests. Errors: unavailable, internal (not every lead became resident).
engine::Status touch_all(ServerUnderTest& server, std::uint64_t leads);

}  // namespace leadlight::bench
