// The floor of an HTTP figure: a Beast server that reads a request, does nothing, and answers 202. One io thread.
//
// With a store it does one thing more: the answer waits until an entry of the request is synced, all that wait together
// in one batch. That is the least any server does that answers what is durable.
#pragma once

#include "engine/result.hpp"
#include "storage/store.hpp"

#include <memory>
#include <string>

namespace leadlight::bench {

class BareServer {
 public:
  BareServer() = default;
  BareServer(const BareServer&) = delete;
  BareServer& operator=(const BareServer&) = delete;
  virtual ~BareServer() = default;  // stops it

  /// Answers every request with `body`. With a store, once an entry of `entry_bytes` is durable. Errors: unavailable.
  static engine::Result<std::unique_ptr<BareServer>> start(std::string body, std::unique_ptr<storage::Store> store = {},
                                                           std::size_t entry_bytes = 0);
  /// "127.0.0.1:43210".
  [[nodiscard]] virtual std::string address() const = 0;
};

}  // namespace leadlight::bench
