#include "engine/aggregate.hpp"

#include <algorithm>
#include <cassert>

namespace leadlight::engine {
namespace {

/// The entries that a signal speaks of, newest first.
class Matching {
 public:
  Matching(const Signal& signal, const Window& window, Timestamp at) : signal_(&signal), entries_(window, at) {}

  bool next() {
    while (entries_.next()) {
      const auto& types = signal_->events;
      if (std::find(types.begin(), types.end(), entries_.type()) != types.end()) return true;
    }
    return false;
  }
  [[nodiscard]] Timestamp date() const { return entries_.date(); }
  [[nodiscard]] std::uint32_t count() const { return entries_.count(); }

 private:
  const Signal* signal_;
  NewestFirst entries_;
};

}  // namespace

std::optional<AggregateGroup> latest_group(const Signal& signal, const Window& window, Timestamp at) {
  assert(signal.aggregate);
  // Two readers: `newest` stands on the date that is tried, `oldest` runs ahead into the past as far as the span
  // reaches.
  Matching newest{signal, window, at};
  Matching oldest{signal, window, at};
  bool more = oldest.next();
  std::uint64_t members = 0;
  while (newest.next()) {
    const Timestamp date = newest.date();
    while (more && oldest.date() > date - signal.aggregate->within) {
      members += oldest.count();
      if (members >= signal.aggregate->at_least) return AggregateGroup{date, oldest.date() + window_span};
      more = oldest.next();
    }
    members -= newest.count();
  }
  return std::nullopt;
}

}  // namespace leadlight::engine
