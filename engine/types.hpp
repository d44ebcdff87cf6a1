// The words every other file is written in: instants, points, identifiers, segments, outcomes.
//
// All of them are plain values; nothing here reads a clock.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace leadlight::engine {

/// An instant: UTC milliseconds since 1970.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;
using Milliseconds = std::chrono::milliseconds;

/// Points times 1,000,000. All scoring is done in these; no floating point takes part.
using MicroPoints = std::int64_t;
inline constexpr MicroPoints micro_points_per_point = 1'000'000;

/// A day is 86,400,000 ms, whatever a calendar says.
inline constexpr Milliseconds day{86'400'000};
inline constexpr Milliseconds hour{3'600'000};
/// How long an engagement event counts at most.
inline constexpr Milliseconds window_span = 90 * day;
/// An event dated ahead of the receiving clock by at most this is taken as happening on receipt; further ahead is
/// refused.
inline constexpr Milliseconds future_tolerance{300'000};
/// An event id stays known at least this long after receipt, whatever the event's age.
inline constexpr Milliseconds dedup_span_min = 7 * day;
/// Events of one lead kept one by one; above this the oldest fold into counted hours.
inline constexpr std::uint32_t events_per_lead_max_default = 10'000;

constexpr Timestamp from_ms(std::int64_t ms) {
  return Timestamp{Milliseconds{ms}};
}
constexpr std::int64_t to_ms(Timestamp at) {
  return at.time_since_epoch().count();
}

/// Which customer of this installation. Fixed by the key of a request.
enum class OrganisationId : std::uint32_t {};

/// Who a lead is: its organisation and 96 bits of a fixed hash of its e-mail address. Made by `lead_id()` in hash.hpp.
struct LeadId {
  std::uint64_t high = 0;  // organisation in the upper 32 bits, 32 bits of hash below
  std::uint64_t low = 0;   // 64 bits of hash

  [[nodiscard]] constexpr OrganisationId organisation() const {
    return static_cast<OrganisationId>(static_cast<std::uint32_t>(high >> 32U));
  }
  friend constexpr auto operator<=>(const LeadId&, const LeadId&) = default;
};

/// A logical shard: the unit of order, of the log and, later, of ownership. Range: [0, shard_count).
enum class ShardId : std::uint16_t {};
inline constexpr std::uint16_t shard_count = 64;

/// The place of a record in its shard's log; the first is 1, dense. 0: not in a log yet.
using Position = std::uint64_t;

/// The band of an engagement score. Ascending, so that comparison says which is hotter.
enum class Segment : std::uint8_t { low = 0, medium = 1, high = 2, very_high = 3 };

/// The label a CRM sees: "low", "medium", "high", "very high".
constexpr std::string_view label(Segment segment) {
  switch (segment) {
    case Segment::low: return "low";
    case Segment::medium: return "medium";
    case Segment::high: return "high";
    case Segment::very_high: return "very high";
  }
  return "low";
}

/// What became of a record.
enum class Outcome : std::uint8_t {
  counted = 1,      // it took part, or will when its model asks for it
  duplicate = 2,    // its id is known; nothing changed
  too_late = 3,     // older than the window on receipt; kept in the log, not scored
  no_change = 4,    // kept, but no signal of the models in force speaks of it
  quarantined = 5,  // applying it failed; the lead is as it was before
};

constexpr std::string_view label(Outcome outcome) {
  switch (outcome) {
    case Outcome::counted: return "counted";
    case Outcome::duplicate: return "duplicate";
    case Outcome::too_late: return "too_late";
    case Outcome::no_change: return "no_change";
    case Outcome::quarantined: return "quarantined";
  }
  return "quarantined";
}

}  // namespace leadlight::engine

template <>
struct std::hash<leadlight::engine::LeadId> {
  std::size_t operator()(const leadlight::engine::LeadId& id) const noexcept {
    return static_cast<std::size_t>(id.low ^ (id.high * 0x9E3779B97F4A7C15ULL));
  }
};
