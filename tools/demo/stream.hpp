// The demo's events, as they lie in data/events.csv: what 60 real customers did, told as engagement events.
#pragma once

#include "engine/result.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace leadlight::tools {

struct DemoEvent {
  std::uint32_t lead = 0;    // 1, 2, …
  std::int64_t seconds = 0;  // from the moment the demo calls now; negative: history
  std::string_view type;     // lies in the text that was parsed
};

struct DemoStream {
  std::vector<DemoEvent> history;  // ascending, within the 90 days before now
  std::vector<DemoEvent> live;     // ascending, from now on
  std::uint32_t leads = 0;         // highest lead number
};

/// Reads `lead,seconds,type` with a header line. Errors: invalid, naming the line.
engine::Result<DemoStream> parse_stream(std::string_view csv);

/// The file's text, which CMake puts into the binary.
std::string_view events_csv();

}  // namespace leadlight::tools
