// A load generator: keep-alive connections on one thread, requests made once and changed in place, answers read no
// further than needed.
//
// Without a pace each connection sends its next request when its answer is there (closed loop). With a pace requests
// fall due at fixed instants and wait for a free connection; their latency counts from the instant they fell due.
#pragma once

#include "engine/result.hpp"
#include "tools/bench/latencies.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace leadlight::bench {

struct Load {
  std::string address;  // "127.0.0.1:8080"
  std::string request;  // head and body, as sent; each connection has a copy
  std::size_t connections = 64;
  std::chrono::milliseconds span{3'000};
  std::uint64_t requests_max = UINT64_MAX;  // ends earlier when as many are answered
  double pace = 0;                          // requests a second; 0: as fast as answers come
  std::uint16_t status = 202;               // any other counts as refused
  /// Called just before each request is sent, to change it in place; its size must stay.
  std::function<void(std::size_t connection, std::string& request)> change;
  /// Called with the body of each answer that has `status`; false counts it as refused.
  std::function<bool(std::size_t connection, std::string_view body)> look;
  /// The server is expected to die: then the load ends instead of failing.
  bool until_broken = false;
};

struct LoadResult {
  std::uint64_t answered = 0;  // with the wanted status, within the span
  std::uint64_t refused = 0;
  Latencies refusals;   // from sending the request to its answer
  std::string refusal;  // the first one's answer, shortened
  double seconds = 0;
  Latencies latencies;

  [[nodiscard]] double per_second() const { return seconds > 0 ? static_cast<double>(answered) / seconds : 0; }
};

/// Blocks for `load.span` and a little.
/// Errors: unavailable (no connection, or a connection broke in the middle of an answer).
engine::Result<LoadResult> run_load(const Load& load);

/// "POST <path> HTTP/1.1", Host, Authorization, JSON body and its length.
std::string post_request(std::string_view path, std::string_view key, std::string_view body,
                         std::string_view media_type = "application/json");

}  // namespace leadlight::bench
