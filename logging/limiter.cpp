#include "logging/limiter.hpp"

#include <utility>

namespace leadlight::logging {

Limiter::Verdict Limiter::ask(Clock::time_point now) {
  const std::lock_guard guard{mutex_};
  if (now - second_began_ >= std::chrono::seconds{1}) {
    second_began_ = now;
    written_ = 0;
  }
  if (written_ >= most_) {
    ++left_out_;
    return {};
  }
  ++written_;
  return {true, std::exchange(left_out_, 0)};
}

}  // namespace leadlight::logging
