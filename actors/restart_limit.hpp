// When to stop starting things again: five restarts in ten minutes mean a fault that restarting does not mend.
#pragma once

#include "engine/types.hpp"

#include <deque>

namespace leadlight::actors {

class RestartLimit {
 public:
  static constexpr std::size_t restarts_max = 5;
  static constexpr engine::Milliseconds span{600'000};

  /// Notes a restart at `now`; false when it is one too many.
  bool allow(engine::Timestamp now) {
    restarts_.push_back(now);
    while (!restarts_.empty() && now - restarts_.front() > span) restarts_.pop_front();
    return restarts_.size() <= restarts_max;
  }

 private:
  std::deque<engine::Timestamp> restarts_;
};

}  // namespace leadlight::actors
