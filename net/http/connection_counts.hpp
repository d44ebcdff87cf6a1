// How many connections each peer has open, so that one of them cannot take all there are. Private to net/.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <map>
#include <mutex>

namespace leadlight::net {

/// Counts by IPv4 address, and by /64 of IPv6, which is what one machine is given. Loopback counts only when asked to:
/// a proxy on this machine brings everybody's connections. Thread: any.
class ConnectionCounts {
 public:
  /// `each_max` 0: no limit.
  ConnectionCounts(std::size_t each_max, bool with_loopback) : each_max_(each_max), with_loopback_(with_loopback) {}

  /// Whether the peer may open one more; it is counted then, until `close`.
  bool open(const boost::asio::ip::address& peer);
  void close(const boost::asio::ip::address& peer);

 private:
  [[nodiscard]] bool counts(const boost::asio::ip::address& network) const;

  std::size_t each_max_;
  bool with_loopback_;
  std::mutex mutex_;
  std::map<boost::asio::ip::address, std::size_t>
      open_;  // by network; ordered, so that no choice of peers makes it slow
};

}  // namespace leadlight::net
