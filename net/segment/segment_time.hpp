// When a tracked event happened, by our clock: what the client said, corrected by how far its clock is off.
#pragma once

#include "engine/types.hpp"

#include <optional>
#include <string_view>

namespace leadlight::net {

/// ISO 8601 as clients write it (no offset: UTC; a date alone: its midnight), or a number of seconds or milliseconds
/// since 1970; below 100,000,000,000 it is seconds. None when it is neither.
std::optional<engine::Timestamp> parse_client_time(std::string_view text);

/// What the client's clock said, as far as the event tells.
struct ClientTimes {
  std::optional<engine::Timestamp> original;  // when it happened
  std::optional<engine::Timestamp> sent;      // when it was sent
};

/// `received − (sent − original)`, so that a clock that is wrong does not matter; but `original` as it stands when the
/// clock is right (within two seconds) or `sent` is missing, so that history sent again keeps its instants. Without
/// `original`, or when it lies more than a second behind its own sending: `received`.
///
/// Range: [1970, received].
engine::Timestamp occurred_at(const ClientTimes& times, engine::Timestamp received);

}  // namespace leadlight::net
