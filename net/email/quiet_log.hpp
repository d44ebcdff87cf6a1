// Keeps a flood of one kind of call from becoming a flood of lines in the log: one line goes through, the others are
// counted, and the next line tells how many there were.
#pragma once

#include "engine/types.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

namespace leadlight::net {

/// Thread: any.
class QuietLog {
 public:
  static constexpr engine::Milliseconds span{10'000};

  /// Whether the line of a call received at `now` is written; if so, how many were held back since the last one. Calls
  /// may be told of a little out of their order; a clock that was set back by more than the span begins anew.
  std::optional<std::uint64_t> pass(engine::Timestamp now) {
    const std::lock_guard lock(mutex_);
    if (last_ && now < *last_ + span && *last_ < now + span) {
      ++held_;
      return std::nullopt;
    }
    last_ = now;
    return std::exchange(held_, 0);
  }

 private:
  std::mutex mutex_;
  std::optional<engine::Timestamp> last_;
  std::uint64_t held_ = 0;
};

}  // namespace leadlight::net
