// Aggregated signals: when "at least X matching events in N days" holds, since when and until when.
#pragma once

#include "engine/model.hpp"
#include "engine/types.hpp"
#include "engine/window.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace leadlight::engine {

/// What lies in a window, newest first: standing events and folded hours, merged by date.
///
/// Of one date, standing events come first. Stops at the first entry of age 90 days or more at `at`.
class NewestFirst {
 public:
  NewestFirst(const Window& window, Timestamp at)
      : events_(window.events()), folded_(window.folded()), gone_(at - window_span) {}

  /// Goes to the next entry; false when there is none.
  bool next() {
    const bool standing =
        !events_.empty() && (folded_.empty() || events_.back().occurred_at() >= folded_.back().hour_start);
    if (standing) {
      event_ = &events_.back();
      date_ = event_->occurred_at();
      type_ = event_->type();
      count_ = 1;
      events_ = events_.first(events_.size() - 1);
    } else if (!folded_.empty()) {
      event_ = nullptr;
      date_ = folded_.back().hour_start;
      type_ = folded_.back().type;
      count_ = folded_.back().count;
      folded_ = folded_.first(folded_.size() - 1);
    } else {
      return false;
    }
    return date_ > gone_;
  }

  [[nodiscard]] Timestamp date() const { return date_; }
  [[nodiscard]] EventType type() const { return type_; }
  [[nodiscard]] std::uint32_t count() const { return count_; }
  /// The standing event; null for a folded hour.
  [[nodiscard]] const WindowEvent* event() const { return event_; }

 private:
  std::span<const WindowEvent> events_;
  std::span<const FoldedHour> folded_;
  Timestamp gone_;
  Timestamp date_{};
  EventType type_;
  std::uint32_t count_ = 0;
  const WindowEvent* event_ = nullptr;
};

/// A group of enough events: its date, and the first instant at which one of them is 90 days old.
///
/// Once it has ended, no earlier group takes its place: an earlier one's oldest member is no younger, so it ended
/// first.
struct AggregateGroup {
  Timestamp date;
  Timestamp ends_at;

  friend bool operator==(const AggregateGroup&, const AggregateGroup&) = default;
};

/// The latest group of an aggregated signal among the events younger than 90 days at `at`; none when there is no group.
///
/// Cost: O(events × types of the signal). Precondition: `signal.aggregate` is set.
std::optional<AggregateGroup> latest_group(const Signal& signal, const Window& window, Timestamp at);

}  // namespace leadlight::engine
