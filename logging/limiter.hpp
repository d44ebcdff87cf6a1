// Bounds how many lines of one kind are written a second: a flood of refusals must not become a flood of lines.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

namespace leadlight::logging {

/// Thread: any.
class Limiter {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Limiter(std::uint32_t lines_a_second) : most_(lines_a_second) {}

  struct Verdict {
    bool write = false;
    std::uint64_t left_out = 0;  // lines not written before this one, to be told by it
  };
  /// Whether the line of `now` is written. The first of a new second tells how many were not.
  Verdict ask(Clock::time_point now);

 private:
  std::mutex mutex_;
  std::uint32_t most_;
  std::uint32_t written_ = 0;
  std::uint64_t left_out_ = 0;
  Clock::time_point second_began_{};
};

}  // namespace leadlight::logging
