#include "net/http/connection_counts.hpp"

#include <algorithm>

namespace leadlight::net {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t network_bytes = 8;  // of an IPv6 address

ip::address network_of(const ip::address& peer) {
  if (peer.is_v4()) return peer;
  const auto v6 = peer.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6);
  if (v6.is_loopback()) return peer;
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + network_bytes, bytes.end(), std::uint8_t{0});
  return ip::address_v6(bytes);
}

}  // namespace

bool ConnectionCounts::counts(const ip::address& network) const {
  return each_max_ > 0 && (with_loopback_ || !network.is_loopback());
}

bool ConnectionCounts::open(const ip::address& peer) {
  const auto network = network_of(peer);
  if (!counts(network)) return true;
  const std::lock_guard guard(mutex_);
  auto& open = open_[network];
  if (open >= each_max_) return false;
  ++open;
  return true;
}

void ConnectionCounts::close(const ip::address& peer) {
  const auto network = network_of(peer);
  if (!counts(network)) return;
  const std::lock_guard guard(mutex_);
  const auto at = open_.find(network);
  if (at != open_.end() && --at->second == 0) open_.erase(at);
}

}  // namespace leadlight::net
