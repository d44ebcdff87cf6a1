// Which entries expire by themselves, and when they count as gone: the same rule for every store.
//
// Thread: any. The floor only rises, so that what was gone stays gone when a clock is set back.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string_view>

#include "engine/types.hpp"
#include "storage/codec/codec.hpp"
#include "storage/store.hpp"

namespace leadlight::storage {

constexpr bool expires(Family family) {
  return family == Family::idempotency || family == Family::requests;
}

class ExpiryFloor {
 public:
  void raise(engine::Timestamp now) {
    auto before = floor_.load(std::memory_order_relaxed);
    while (before < engine::to_ms(now) && !floor_.compare_exchange_weak(before, engine::to_ms(now))) {
    }
  }
  /// Whether an entry of an expiring family is gone: its `until` is not after the floor.
  [[nodiscard]] bool passed(std::string_view value) const {
    return expiry_of(value) <= floor_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::int64_t> floor_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace leadlight::storage
