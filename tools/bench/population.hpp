// The made-up people of the benchmarks and what they do. Everything follows from a number, so that nothing need be
// kept.
//
// Sixteen leads share a company. Addresses have a fixed width, so that a request is changed in place.
#pragma once

#include "engine/event_type.hpp"
#include "engine/types.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace leadlight::bench {

inline constexpr std::uint64_t leads_per_company = 16;
inline constexpr std::uint64_t people_max = 100'000'000;
/// What a lead has done before a benchmark begins.
inline constexpr std::size_t events_per_lead = 20;

/// The types of the starter model, ordinary ones more often.
inline constexpr std::array<std::string_view, 16> event_names = {
    "page_viewed",  "email_opened",   "page_viewed",    "email_clicked",   "page_viewed", "email_opened",
    "page_viewed",  "pricing_viewed", "page_viewed",    "email_opened",    "page_viewed", "email_clicked",
    "email_opened", "form_submitted", "demo_requested", "webinar_attended"};

/// "lead00000123@company000007.com". Precondition: `number` < `people_max`.
std::string email_of(std::uint64_t number);
/// Writes the address of `number` over the one at `at`.
void write_email(char* at, std::uint64_t number);
/// Writes `number` with `width` digits.
void write_digits(char* at, std::size_t width, std::uint64_t number);

/// The type of the `place`-th event of a lead.
engine::EventType event_type(std::uint64_t lead, std::size_t place);
/// When a lead did the `place`-th of its first `events_per_lead` things: ascending, over the 60 days before `now`, with
/// the hour differing from lead to lead.
engine::Timestamp event_time(std::uint64_t lead, std::size_t place, engine::Timestamp now);

/// An odd multiplier visits every number of [0, size) once when `size` is not a multiple of it: neighbours in time are
/// strangers in the data.
std::uint64_t spread(std::uint64_t turn, std::uint64_t size);

}  // namespace leadlight::bench
