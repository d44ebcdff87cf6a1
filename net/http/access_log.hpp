// One log line for each answer that an operator may have to act on: refused (4xx, 5xx), or slow.
//
// A line names the route, never the path as it was asked for, and the peer's network, never its address: both may be
// personal data.
#pragma once

#include "engine/types.hpp"
#include "logging/limiter.hpp"
#include "net/http/http.hpp"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace leadlight::net {

/// "203.0.113.0/24", "2001:db8:1::/48"; a loopback address as it stands.
std::string network_of(const boost::asio::ip::address& peer);

/// The first parts of a path that no route has, as far as they are plain words: "/data-api/v2/…".
std::string shown_path(std::string_view path);

/// Thread: any.
class AccessLog {
 public:
  static constexpr std::chrono::milliseconds slow_from{1'000};
  static constexpr std::uint32_t lines_a_second = 20;  // of refused and of slow answers, each

  struct Answer {
    const HttpRequest& request;
    const Route* route;  // none: no route took it
    const boost::asio::ip::address& peer;
    std::uint16_t status = 0;
    std::string_view trace_id;
    std::chrono::steady_clock::duration took;
  };
  void note(const Answer& answer);

 private:
  static void write(const Answer& answer, std::string_view words, std::uint64_t left_out);

  logging::Limiter refused_{lines_a_second};
  logging::Limiter slow_{lines_a_second};
};

}  // namespace leadlight::net
