// The measures a person writes in a model file: points, spans of time, instants. Read exactly, or refused with the
// remedy.
#pragma once

#include "engine/result.hpp"
#include "engine/types.hpp"

#include <string>
#include <string_view>

namespace leadlight::engine::models {

/// Points in decimal notation, such as `40`, `-8.25` or `1_000.5`, as micro-points; no floating point takes part.
///
/// Errors: invalid for anything else: an exponent, more than six decimals, a value beyond ±10^9 points.
Result<MicroPoints> parse_points(std::string_view text);

/// A span such as `90 days`, `1.5 hours`, `500 ms`. Units: ms, seconds, minutes, hours, days, weeks, and their short
/// forms.
///
/// Errors: invalid when it has no unit, is negative, is no whole number of milliseconds, or is beyond 100 years.
Result<Milliseconds> parse_span(std::string_view text);

/// An instant in RFC 3339 with `Z` or an offset, such as `2026-05-01T09:30:00Z`; at most milliseconds.
///
/// Errors: invalid for anything else, also for a date that the calendar does not have.
Result<Timestamp> parse_instant(std::string_view text);

/// Points as a person writes them: `38`, `8.7`, `-0.000001`.
std::string points_text(MicroPoints micro_points);
/// A span in the largest unit that divides it: `90 days`, `36 hours`, `1 minute`.
std::string span_text(Milliseconds span);
/// `2026-05-01T09:30:00.000Z`.
std::string instant_text(Timestamp at);

/// The word of `known` that `word` was probably meant to be; empty when none is near.
template <class Words>
std::string_view nearest_word(std::string_view word, const Words& known);

/// How many letters must be added, dropped, changed or swapped with their neighbour to get from one word to the other.
std::size_t edits_between(std::string_view from, std::string_view to);

template <class Words>
std::string_view nearest_word(std::string_view word, const Words& known) {
  std::string_view nearest;
  // A third of the letters may be wrong: more is another word, not a slip.
  std::size_t fewest = word.size() / 3 + (word.size() < 3 ? 1 : 0) + 1;
  for (const auto& candidate : known) {
    const std::size_t edits = edits_between(word, candidate);
    if (edits < fewest) {
      fewest = edits;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace leadlight::engine::models
