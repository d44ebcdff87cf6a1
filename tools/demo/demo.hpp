// `leadlight demo`: a stream of real events against a running server and sandbox, and what becomes of them, on the
// screen.
#pragma once

#include "engine/result.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace leadlight::tools {

struct DemoOptions {
  std::string server;      // "http://127.0.0.1:8080"
  std::string sandbox;     // likewise
  std::string events_key;  // scope events
  std::string hg_key;      // scope hg
  std::string leads_key;   // scope leads or admin
  double speed = 1;        // live events a second; Range: [0.01, 100]
  bool once = false;       // end with the first CRM update
  std::optional<std::chrono::seconds> ends_after;
};

/// Fills in the three keys from `file`, which holds what `leadlight init --json` printed.
/// Errors: io_error, invalid (names the key that is missing).
engine::Status read_keys(const std::filesystem::path& file, DemoOptions& options);

/// Makes the demo's leads known to the sandbox, sends their 90 days of history, then live events with an HG trigger
/// each, and shows score and CRM until `ends_after`, or for ever. Writes to standard output, and says on standard error
/// what failed.
///
/// Returns: the process's exit status: 0; 1 when a call failed or no CRM update was seen within 60 s; 2 for a bad
/// option.
int run_demo(const DemoOptions& options);

}  // namespace leadlight::tools
