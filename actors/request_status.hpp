// What became of a request, as the store tells it.
#pragma once

#include "actors/messages.hpp"

#include <string_view>

namespace leadlight::actors {

/// The stored outcome of a request that joined another one after it had been acknowledged on its own, from the spool:
/// `detail` is the other's id, whose progress it shares. Never shown.
inline constexpr std::string_view joined_outcome = "joined";

/// A RequestView, or why there is none: not_found (unknown, no longer kept, or another organisation's), io_error,
/// corrupt. Thread: any.
Reply request_view(const Services& services, const RequestQuery& query);

}  // namespace leadlight::actors
