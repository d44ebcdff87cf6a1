// `leadlight sandbox`: stand-ins for the outside, in memory, that record every call and misbehave on demand.
//
// GET/DELETE /_calls · GET/POST /_state/{target}/{object} · GET/POST/DELETE /_faults · GET /livez
#pragma once

#include "engine/result.hpp"

#include <memory>
#include <string>

namespace leadlight::sandbox {

/// A running sandbox. Destroying it stops it.
class Sandbox {
 public:
  Sandbox() = default;
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  virtual ~Sandbox() = default;

  /// Listens on "127.0.0.1:0" (any free port) or another address; `empty`: without the demo's records.
  /// Errors: invalid (not an address), unavailable (in use).
  static engine::Result<std::unique_ptr<Sandbox>> start(const std::string& listen, bool empty);

  /// "127.0.0.1:43210".
  [[nodiscard]] virtual std::string address() const = 0;
  /// Closes; answers held back are given up.
  virtual void stop() = 0;
};

/// Runs a sandbox until SIGTERM or SIGINT. Prints {"listening":"ADDR:PORT"} as the first line.
/// Returns: 0, or 1 when it could not start (the reason is on standard error).
int run_sandbox(const std::string& listen, bool empty);

}  // namespace leadlight::sandbox
