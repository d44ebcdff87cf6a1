// Latencies, counted in fixed buckets: 128 a doubling, so that a percentile is within 0.8 % of the exact one.
//
// Range: 1 µs to about 70 minutes; what is longer counts as that.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace leadlight::bench {

class Latencies {
 public:
  void add(std::chrono::nanoseconds latency);
  void add(const Latencies& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// The latency that `share` of all do not exceed. Range of `share`: (0, 1]. 0 when there are none.
  [[nodiscard]] std::chrono::microseconds percentile(double share) const;
  [[nodiscard]] double percentile_ms(double share) const;

 private:
  static constexpr unsigned fine_bits = 7;
  static constexpr std::size_t buckets = (32 - fine_bits + 1) << fine_bits;

  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t count_ = 0;
};

}  // namespace leadlight::bench
