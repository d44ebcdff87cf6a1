// The clock: the one place where time enters. Sessions read it once a request, supervisors with their ticks.
#pragma once

#include "engine/types.hpp"

#include <atomic>
#include <memory>

namespace leadlight::actors {

class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  /// Thread: any.
  [[nodiscard]] virtual engine::Timestamp now() const = 0;
};

using ClockPtr = std::shared_ptr<const Clock>;

class SystemClock final : public Clock {
 public:
  [[nodiscard]] engine::Timestamp now() const override {
    return std::chrono::floor<engine::Milliseconds>(std::chrono::system_clock::now());
  }
};

/// A clock that a test moves.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(engine::Timestamp start) : ms_(engine::to_ms(start)) {}
  [[nodiscard]] engine::Timestamp now() const override { return engine::from_ms(ms_.load()); }
  void set(engine::Timestamp at) { ms_.store(engine::to_ms(at)); }
  void advance(engine::Milliseconds by) { ms_.fetch_add(by.count()); }

 private:
  std::atomic<std::int64_t> ms_;
};

}  // namespace leadlight::actors
