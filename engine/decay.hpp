// How one contribution fades: the innermost arithmetic, inline because everything that scores spends its time here.
//
// Each form has a wide path in 128 bits and a narrow one in 64 bits; they give the same result, the narrow one where it
// cannot overflow. Source: the design's section "Arithmetic"; docs/decisions/0002-linear-decay.md.
#pragma once

#include "engine/half_life_table.hpp"
#include "engine/model.hpp"
#include "engine/types.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace leadlight::engine {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

/// The raw score stays below the largest 64-bit number, so that a range can lie above every score.
inline constexpr MicroPoints raw_max = std::numeric_limits<MicroPoints>::max() - 1;

/// Importances below this (about a thousand points) times a span of up to 90 days fit 64 bits.
inline constexpr MicroPoints narrow_importance_max = (MicroPoints{1} << 30U) - 1;

constexpr bool is_narrow(MicroPoints importance) {
  return importance <= narrow_importance_max && importance >= -narrow_importance_max;
}

/// `dividend / divisor` toward −∞. Precondition: `divisor` > 0.
template <class Integer>
constexpr Integer floor_divide(Integer dividend, Integer divisor) {
  const Integer quotient = dividend / divisor;
  return dividend % divisor < 0 ? quotient - 1 : quotient;
}

/// ⌊dividend / divisor⌋ by multiplication with ⌊(2^64 − 1) / divisor⌋: about a fifth of a division's time.
///
/// Precondition: `dividend` and `divisor` lie in [0, 2^63), the divisor above 0.
constexpr std::uint64_t divide_by_reciprocal(std::uint64_t dividend, std::uint64_t divisor, std::uint64_t reciprocal) {
  // The reciprocal is short of 2^64 / divisor by at most 1 + 1 / divisor, so the estimate is short by at most 1.
  const auto estimate = static_cast<std::uint64_t>((static_cast<Uint128>(dividend) * reciprocal) >> 64U);
  return estimate + (dividend - estimate * divisor >= divisor ? 1U : 0U);
}

/// `dividend / lifespan` toward −∞. Precondition: linear decay; `dividend` lies within ±2^63 less a lifespan.
inline std::int64_t divide_by_lifespan(std::int64_t dividend, const Fading& fading) {
  // −⌈y / L⌉ for a negative dividend, so that what is divided is never negative.
  const bool negative = dividend < 0;
  const auto size = static_cast<std::uint64_t>(negative ? fading.lifespan - 1 - dividend : dividend);
  const auto quotient = static_cast<std::int64_t>(
      divide_by_reciprocal(size, static_cast<std::uint64_t>(fading.lifespan), fading.reciprocal));
  return negative ? -quotient : quotient;
}

/// ⌊w·(L − a) / L⌋. Precondition: 0 ≤ `age` < lifespan.
inline MicroPoints faded_linearly(const Fading& fading, std::int64_t age) {
  if (is_narrow(fading.importance)) [[likely]] {
    return divide_by_lifespan(fading.importance * (fading.lifespan - age), fading);
  }
  return static_cast<MicroPoints>(
      floor_divide<Int128>(Int128{fading.importance} * (fading.lifespan - age), fading.lifespan));
}

/// ⌊w·E[i] / 2^(32+n)⌋ with n whole half-lives gone and i of 4096 steps of the next; 0 for n ≥ 63.
inline MicroPoints faded_by_half_life(const Fading& fading, std::int64_t age) {
  const auto half_life = static_cast<std::uint64_t>(fading.half_life);
  const auto whole = static_cast<std::uint64_t>(age);
  const std::uint64_t halvings = divide_by_reciprocal(whole, half_life, fading.reciprocal);
  if (halvings >= 63) return 0;
  const std::uint64_t rest = whole - halvings * half_life;
  const std::uint64_t step = divide_by_reciprocal(rest * half_life_steps, half_life, fading.reciprocal);
  const auto share = static_cast<std::int64_t>(half_life_table[step]);
  const auto shift = static_cast<unsigned>(32 + halvings);
  if (is_narrow(fading.importance)) [[likely]] {
    // The product has at most 62 bits, so shifting by 63 leaves what every longer shift would: 0 or −1.
    return (fading.importance * share) >> std::min(shift, 63U);
  }
  return static_cast<MicroPoints>((Int128{fading.importance} * share) >> shift);
}

/// What an event of this age still counts.
inline MicroPoints faded(const Fading& fading, std::int64_t age) {
  age = std::max<std::int64_t>(age, 0);
  if (age >= fading.lifespan || age >= window_span.count()) return 0;
  if (fading.half_life == 0) [[likely]]
    return faded_linearly(fading, age);
  return faded_by_half_life(fading, age);
}

/// A sum held within [−cap, +cap], where there is a cap.
template <class Integer>
constexpr Integer capped(Integer sum, const std::optional<MicroPoints>& cap) {
  return cap ? std::clamp<Integer>(sum, -Integer{*cap}, Integer{*cap}) : sum;
}

/// The raw score of a sum: not below 0, not above what 64 bits hold.
inline MicroPoints floored(Int128 sum) {
  return static_cast<MicroPoints>(std::clamp<Int128>(sum, 0, raw_max));
}

}  // namespace leadlight::engine
