// A request body of many events, changed in place from request to request: `POST /v1/events` as a sender's batch job
// makes it, or `POST /v1/batch` as Segment's server library does.
#pragma once

#include "engine/types.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::bench {

enum class BatchShape : std::uint8_t { events, segment };

class EventBatch {
 public:
  /// A request with `events` events dated at `at`, for the key given.
  EventBatch(std::string_view key, std::size_t events, engine::Timestamp at, BatchShape shape = BatchShape::events);

  [[nodiscard]] const std::string& request() const { return request_; }
  [[nodiscard]] std::size_t events() const { return places_.size(); }
  /// Gives the events the numbers from `first` on, and leads in mixed order by these numbers. The request may be a copy
  /// of ours.
  void number(std::string& request, std::uint64_t first, std::uint64_t leads) const;

  /// Of the event with this number.
  static std::string event_id(std::uint64_t number);

 private:
  struct Places {
    std::size_t email = 0;
    std::size_t id = 0;
  };
  std::string request_;
  std::vector<Places> places_;
};

}  // namespace leadlight::bench
