#include "tools/bench/latencies.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace leadlight::bench {

void Latencies::add(std::chrono::nanoseconds latency) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(latency).count();
  const auto value = static_cast<std::uint32_t>(std::clamp<std::int64_t>(micros, 1, UINT32_MAX));
  // Below 128 µs each microsecond has its bucket; above, the leading eight bits choose.
  const auto width = static_cast<unsigned>(std::bit_width(value));
  const unsigned shift = width > fine_bits + 1 ? width - (fine_bits + 1) : 0;
  const std::size_t bucket = (static_cast<std::size_t>(shift) << fine_bits) + (value >> shift);
  ++counts_[std::min(bucket, buckets - 1)];
  ++count_;
}

void Latencies::add(const Latencies& other) {
  for (std::size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
}

std::chrono::microseconds Latencies::percentile(double share) const {
  if (count_ == 0) return std::chrono::microseconds{0};
  const auto rank =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    seen += counts_[bucket];
    if (seen < rank) continue;
    const std::size_t shift = bucket < (2U << fine_bits) ? 0 : (bucket >> fine_bits) - 1;
    const std::size_t lead = bucket - (shift << fine_bits);
    return std::chrono::microseconds{static_cast<std::int64_t>(((lead + 1) << shift) - 1)};
  }
  return std::chrono::microseconds{0};
}

double Latencies::percentile_ms(double share) const {
  return static_cast<double>(percentile(share).count()) / 1'000;
}

}  // namespace leadlight::bench
