// The rolling engagement window: what a lead did in the last 90 days, event by event.
//
// Invariants: events ascend by (`occurred_at`, `id_hash`); at most `events_per_lead_max` stand alone, above which the
// oldest event's type and hour fold into a count. Events past the window may still lie here; they take no part in any
// score. Cost: O(log events) to add in order of arrival; O(events) to read; 16 bytes an event.
#pragma once

#include "engine/compact.hpp"
#include "engine/event_type.hpp"
#include "engine/types.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace leadlight::engine {

/// One event, packed: 44 bits of milliseconds, 20 bits of type, 64 bits of id.
struct WindowEvent {
  std::uint64_t time_and_type = 0;
  std::uint64_t id_hash = 0;

  WindowEvent() = default;
  WindowEvent(Timestamp occurred_at, EventType type, std::uint64_t id)
      : time_and_type(static_cast<std::uint64_t>(to_ms(occurred_at)) << 20U | type.number()), id_hash(id) {}

  [[nodiscard]] Timestamp occurred_at() const { return from_ms(static_cast<std::int64_t>(time_and_type >> 20U)); }
  [[nodiscard]] EventType type() const {
    return EventType::from_number(static_cast<std::uint32_t>(time_and_type & 0xFFFFFU));
  }
  friend bool operator==(const WindowEvent&, const WindowEvent&) = default;
};
static_assert(sizeof(WindowEvent) == 16);

/// Events of one type in one UTC hour, counted; dated at the hour's start.
struct FoldedHour {
  Timestamp hour_start;
  EventType type;
  std::uint32_t count = 0;

  friend bool operator==(const FoldedHour&, const FoldedHour&) = default;
};

class Window {
 public:
  /// Adds an event; the caller has made sure that its id is new. Folds the oldest hour while more than `events_max`
  /// stand alone.
  ///
  /// Precondition: `occurred_at` is not before 1970 (so it fits 44 bits until the year 2527).
  void add(Timestamp occurred_at, EventType type, std::uint64_t id_hash, std::uint32_t events_max);

  /// Whether an event with this id stands in the window one by one (folded ones are not known here).
  [[nodiscard]] const WindowEvent* find(std::uint64_t id_hash) const;

  /// Removes what is older than the window at `now`, keeping `slack` more, so that a clock set back finds them again.
  void expire(Timestamp now, Milliseconds slack);

  [[nodiscard]] std::span<const WindowEvent> events() const { return events_; }
  /// Ascending by (`hour_start`, type name).
  [[nodiscard]] std::span<const FoldedHour> folded() const { return folded_.items(); }
  [[nodiscard]] bool empty() const { return events_.empty() && folded_.empty(); }
  /// Heap bytes held.
  [[nodiscard]] std::size_t heap_bytes() const;

  /// Rebuilds a window from stored parts. Precondition: both are in order.
  static Window from_parts(std::vector<WindowEvent> events, std::vector<FoldedHour> folded);

  /// Equal by occurred_at, type and id of each event, and by counts.
  friend bool operator==(const Window&, const Window&) = default;

 private:
  std::vector<WindowEvent> events_;
  RareList<FoldedHour> folded_;
};

}  // namespace leadlight::engine
