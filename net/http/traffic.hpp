// What the server has answered, counted for /metrics: connections, requests, and durations by route.
//
// Thread: any; counts are relaxed atomics, routes are added before the server runs.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>

namespace leadlight::net {

/// Upper bounds of the duration histogram, in microseconds.
inline constexpr std::array<std::uint64_t, 12> duration_bounds_us = {
    100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 100'000, 500'000, 2'500'000, 10'000'000};

struct RouteTraffic {
  std::string method;
  std::string pattern;
  std::array<std::atomic<std::uint64_t>, 6> by_class{};  // [2]: answers with status 2xx, …
  std::array<std::atomic<std::uint64_t>, duration_bounds_us.size() + 1> by_duration{};  // the last: above every bound
  std::atomic<std::uint64_t> duration_us_sum{0};

  void count(std::uint16_t status, std::chrono::steady_clock::duration took);
};

class Traffic {
 public:
  void add_route(const std::string& method, const std::string& pattern);
  /// Range of `index`: that of the router's routes; above it, the entry of requests that no route took.
  RouteTraffic& route(std::size_t index) { return index < routes_.size() ? routes_[index] : unmatched_; }
  [[nodiscard]] const std::deque<RouteTraffic>& routes() const { return routes_; }
  [[nodiscard]] const RouteTraffic& unmatched() const { return unmatched_; }

  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<std::uint64_t> connections_accepted{0};
  std::atomic<std::uint64_t> connections_refused{0};  // the peer has as many as it may
  std::atomic<std::uint64_t> handshakes_failed{0};    // of TLS
  std::atomic<std::uint64_t> refused_rate{0};         // 429: a key's or an organisation's rate is used up
  std::atomic<std::uint64_t> bodies_bytes{0};         // memory of the bodies under way that are not small
  std::atomic<std::uint64_t> bodies_refused{0};       // 503: that memory was used up
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> calls_rejected_segment{0};  // of tracking clients, one by one
  std::atomic<std::uint64_t> calls_rejected_posthog{0};

 private:
  std::deque<RouteTraffic> routes_;
  RouteTraffic unmatched_;
};

}  // namespace leadlight::net
