// The text of /metrics (Prometheus exposition format 0.0.4).
#pragma once

#include "actors/protocol.hpp"
#include "net/http/traffic.hpp"

#include <string>

namespace leadlight::net {

std::string metrics_text(const actors::Counters& counters, const Traffic& traffic, bool ready);

}  // namespace leadlight::net
