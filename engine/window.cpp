#include "engine/window.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <tuple>
#include <utility>

namespace leadlight::engine {
namespace {

bool before(const WindowEvent& a, const WindowEvent& b) {
  // Not by `time_and_type`: the type's number is this process's own and must not decide an order.
  return std::tuple{a.occurred_at(), a.id_hash} < std::tuple{b.occurred_at(), b.id_hash};
}

bool earlier_hour(const FoldedHour& a, const FoldedHour& b) {
  if (a.hour_start != b.hour_start) return a.hour_start < b.hour_start;
  return a.type != b.type && a.type.name() < b.type.name();
}

Timestamp hour_of(Timestamp at) {
  return std::chrono::floor<std::chrono::hours>(at);
}

/// Makes room for few more: doubling would leave a third of a resident lead's memory unused.
template <class T>
void make_room(std::vector<T>& items) {
  if (items.size() == items.capacity()) items.reserve(items.size() + items.size() / 16 + 1);
}

/// Gives memory back when much of it lies idle.
template <class T>
void give_back(std::vector<T>& items) {
  if (items.capacity() > items.size() + items.size() / 4 + 4) items.shrink_to_fit();
}

void join(FoldedHour& folded, std::uint32_t more) {
  folded.count += std::min(more, std::numeric_limits<std::uint32_t>::max() - folded.count);
}

std::vector<FoldedHour>::iterator place_of(std::vector<FoldedHour>& folded, const FoldedHour& wanted) {
  return std::lower_bound(folded.begin(), folded.end(), wanted, earlier_hour);
}

bool holds(const std::vector<FoldedHour>& folded, std::vector<FoldedHour>::iterator place, const FoldedHour& wanted) {
  return place != folded.end() && place->hour_start == wanted.hour_start && place->type == wanted.type;
}

/// Folds all standing events of the oldest event's type and hour into one count.
void fold_oldest(std::vector<WindowEvent>& events, std::vector<FoldedHour>& folded) {
  FoldedHour group{hour_of(events.front().occurred_at()), events.front().type(), 0};
  const Timestamp next_hour = group.hour_start + hour;
  const auto hour_end = std::partition_point(
      events.begin(), events.end(), [next_hour](const WindowEvent& event) { return event.occurred_at() < next_hour; });
  const auto kept_end = std::remove_if(events.begin(), hour_end,
                                       [&group](const WindowEvent& event) { return event.type() == group.type; });
  group.count = static_cast<std::uint32_t>(hour_end - kept_end);
  events.erase(kept_end, hour_end);
  const auto place = place_of(folded, group);
  if (holds(folded, place, group)) return join(*place, group.count);
  const auto offset = place - folded.begin();
  make_room(folded);
  folded.insert(folded.begin() + offset, group);
}

}  // namespace

void Window::add(Timestamp occurred_at, EventType type, std::uint64_t id_hash, std::uint32_t events_max) {
  assert(to_ms(occurred_at) >= 0);
  if (!folded_.empty()) {
    const FoldedHour group{hour_of(occurred_at), type, 1};
    auto& folded = folded_.edit();
    const auto place = place_of(folded, group);
    if (holds(folded, place, group)) return join(*place, 1);
  }
  const WindowEvent event{occurred_at, type, id_hash};
  make_room(events_);
  if (events_.empty() || before(events_.back(), event)) {
    events_.push_back(event);
  } else {
    events_.insert(std::upper_bound(events_.begin(), events_.end(), event, before), event);
  }
  while (events_.size() > events_max) fold_oldest(events_, folded_.edit());
}

const WindowEvent* Window::find(std::uint64_t id_hash) const {
  // Newest first: what is sent twice is mostly sent twice in a row.
  const auto found = std::find_if(events_.rbegin(), events_.rend(),
                                  [id_hash](const WindowEvent& event) { return event.id_hash == id_hash; });
  return found == events_.rend() ? nullptr : &*found;
}

void Window::expire(Timestamp now, Milliseconds slack) {
  const Timestamp oldest_gone = now - window_span - slack;
  const auto event_kept = std::partition_point(events_.begin(), events_.end(), [oldest_gone](const WindowEvent& event) {
    return event.occurred_at() <= oldest_gone;
  });
  if (event_kept != events_.begin()) {
    events_.erase(events_.begin(), event_kept);
    give_back(events_);
  }
  if (folded_.empty()) return;
  auto& hours = folded_.edit();
  const auto hour_kept = std::partition_point(
      hours.begin(), hours.end(), [oldest_gone](const FoldedHour& folded) { return folded.hour_start <= oldest_gone; });
  if (hour_kept == hours.begin()) return;
  hours.erase(hours.begin(), hour_kept);
  give_back(hours);
}

std::size_t Window::heap_bytes() const {
  return events_.capacity() * sizeof(WindowEvent) + folded_.heap_bytes();
}

Window Window::from_parts(std::vector<WindowEvent> events, std::vector<FoldedHour> folded) {
  assert(std::is_sorted(events.begin(), events.end(), before));
  assert(std::is_sorted(folded.begin(), folded.end(), earlier_hour));
  Window window;
  window.events_ = std::move(events);
  folded.shrink_to_fit();
  window.folded_ = std::move(folded);
  window.events_.shrink_to_fit();
  return window;
}

}  // namespace leadlight::engine
