#include "net/http/traffic.hpp"

#include <algorithm>

namespace leadlight::net {

void RouteTraffic::count(std::uint16_t status, std::chrono::steady_clock::duration took) {
  const auto status_class = std::min<std::size_t>(status / 100U, by_class.size() - 1);
  by_class[status_class].fetch_add(1, std::memory_order_relaxed);
  const auto microseconds =
      std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  const auto us = static_cast<std::uint64_t>(microseconds);
  const auto* bound = std::lower_bound(duration_bounds_us.begin(), duration_bounds_us.end(), us);
  by_duration[static_cast<std::size_t>(bound - duration_bounds_us.begin())].fetch_add(1, std::memory_order_relaxed);
  duration_us_sum.fetch_add(us, std::memory_order_relaxed);
}

void Traffic::add_route(const std::string& method, const std::string& pattern) {
  auto& route = routes_.emplace_back();
  route.method = method;
  route.pattern = pattern;
}

}  // namespace leadlight::net
