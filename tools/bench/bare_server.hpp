// The floor of an HTTP figure: a Beast server that reads a request, does nothing, and answers 202. One io thread.
#pragma once

#include "engine/result.hpp"

#include <memory>
#include <string>

namespace leadlight::bench {

class BareServer {
 public:
  BareServer() = default;
  BareServer(const BareServer&) = delete;
  BareServer& operator=(const BareServer&) = delete;
  virtual ~BareServer() = default;  // stops it

  /// Answers every request with `body`. Errors: unavailable.
  static engine::Result<std::unique_ptr<BareServer>> start(std::string body);
  /// "127.0.0.1:43210".
  [[nodiscard]] virtual std::string address() const = 0;
};

}  // namespace leadlight::bench
