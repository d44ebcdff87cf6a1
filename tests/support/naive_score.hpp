// The score as the design's section "Arithmetic" says it, word by word and as slowly: what the engine is compared with.
//
// Shares no code with the engine beside its value types and the half-life table.
#pragma once

#include "engine/half_life_table.hpp"
#include "engine/model.hpp"
#include "engine/types.hpp"
#include "engine/window.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace leadlight::test {

__extension__ using Wide = __int128;

struct Entry {
  std::int64_t date = 0;
  engine::EventType type;
  std::int64_t count = 1;
};

/// Everything in the window younger than 90 days.
inline std::vector<Entry> live_entries(const engine::Window& window, std::int64_t at) {
  std::vector<Entry> entries;
  for (const auto& event : window.events()) entries.push_back({engine::to_ms(event.occurred_at()), event.type(), 1});
  for (const auto& hour : window.folded()) entries.push_back({engine::to_ms(hour.hour_start), hour.type, hour.count});
  std::erase_if(entries, [at](const Entry& entry) { return at - entry.date >= 90 * 86'400'000LL; });
  return entries;
}

inline bool matches(const engine::Signal& signal, const Entry& entry) {
  return std::find(signal.events.begin(), signal.events.end(), entry.type) != signal.events.end();
}

inline Wide naive_contribution(const engine::Signal& signal, std::int64_t date, std::int64_t at) {
  const std::int64_t age = at > date ? at - date : 0;
  const std::int64_t lifespan = signal.lifespan.count();
  if (age >= lifespan || age >= 90 * 86'400'000LL) return 0;
  Wide dividend = Wide{signal.importance} * (lifespan - age);
  Wide divisor = lifespan;
  if (signal.decay == engine::Decay::half_life) {
    const std::int64_t half_life = signal.half_life.count();
    const std::int64_t halvings = age / half_life;
    if (halvings >= 63) return 0;
    const auto step = static_cast<std::size_t>(age % half_life * 4096 / half_life);
    dividend = Wide{signal.importance} * static_cast<std::int64_t>(engine::half_life_table.at(step));
    divisor = Wide{1} << (32 + halvings);
  }
  Wide quotient = dividend / divisor;
  if (quotient * divisor > dividend) --quotient;
  return quotient;
}

inline std::optional<std::int64_t> naive_aggregate_date(const engine::Signal& signal, const engine::Window& window,
                                                        std::int64_t at) {
  const auto entries = live_entries(window, at);
  std::optional<std::int64_t> latest;
  for (const Entry& last : entries) {
    if (!matches(signal, last)) continue;
    std::int64_t members = 0;
    for (const Entry& entry : entries) {
      const bool within = entry.date <= last.date && entry.date > last.date - signal.aggregate->within.count();
      if (matches(signal, entry) && within) members += entry.count;
    }
    if (members >= signal.aggregate->at_least && (!latest || last.date > *latest)) latest = last.date;
  }
  return latest;
}

inline Wide naive_cap(Wide sum, const std::optional<engine::MicroPoints>& cap) {
  if (cap && sum > *cap) return *cap;
  if (cap && sum < -Wide{*cap}) return -Wide{*cap};
  return sum;
}

inline engine::MicroPoints naive_raw(const engine::Model& model, const engine::Window& window, std::int64_t at) {
  Wide total = 0;
  std::vector<Wide> groups(model.groups.size());
  const auto entries = live_entries(window, at);
  for (const engine::Signal& signal : model.signals) {
    Wide sum = 0;
    if (signal.aggregate) {
      if (const auto date = naive_aggregate_date(signal, window, at)) sum = naive_contribution(signal, *date, at);
    } else {
      for (const Entry& entry : entries) {
        if (matches(signal, entry)) sum += naive_contribution(signal, entry.date, at) * entry.count;
      }
    }
    (signal.group ? groups[*signal.group] : total) += naive_cap(sum, signal.cap);
  }
  for (std::size_t i = 0; i < groups.size(); ++i) total += naive_cap(groups[i], model.groups[i].cap);
  return total < 0 ? 0 : static_cast<engine::MicroPoints>(total);
}

/// Small models and windows with short lifespans, so that every millisecond ahead can be looked at.
class RandomScoring {
 public:
  explicit RandomScoring(std::uint64_t seed) : random_(seed) {}

  std::int64_t number(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(most - least + 1));
  }
  bool chance(int percent) { return number(1, 100) <= percent; }

  engine::EventType type() { return *engine::EventType::of("type_" + std::to_string(number(0, 4))); }

  /// Lifespans up to `span` ms; negative signals in `negative` of 100.
  engine::Model model(std::int64_t span, int negative) {
    engine::Model model;
    model.id = "random";
    for (std::int64_t i = number(0, 2); i > 0; --i) {
      model.groups.push_back({"group_" + std::to_string(i), std::nullopt});
      if (chance(70)) model.groups.back().cap = number(0, 80'000'000);
    }
    for (std::int64_t i = number(1, 6); i > 0; --i)
      model.signals.push_back(signal(i, span, negative, model.groups.size()));
    auto& thresholds = model.thresholds;
    thresholds.medium = chance(20) ? number(1, 5'000) : number(1, 60'000'000);
    thresholds.high = thresholds.medium + number(1, 40'000'000);
    thresholds.very_high = thresholds.high + number(1, 40'000'000);
    thresholds.cap = thresholds.very_high + number(1, 100'000'000);
    return model;
  }

  /// Up to `most` events, mostly within `span` ms before `now`, some just about to leave the 90 days, few dated ahead.
  engine::Window window(std::int64_t now, std::int64_t span, std::int64_t most) {
    engine::Window window;
    const auto events_max = static_cast<std::uint32_t>(chance(30) ? number(1, 6) : 10'000);
    for (std::int64_t i = number(0, most); i > 0; --i) {
      std::int64_t date = now - number(0, span);
      if (chance(20)) date = now - 90 * 86'400'000LL + number(-span / 4, span);
      if (chance(3)) date = now + number(1, span / 2);
      window.add(engine::from_ms(date), type(), random_(), events_max);
    }
    return window;
  }

 private:
  engine::Signal signal(std::int64_t index, std::int64_t span, int negative, std::size_t groups) {
    engine::Signal signal;
    signal.key = "signal_" + std::to_string(index);
    signal.text = "Signal " + std::to_string(index);
    for (std::int64_t i = number(1, 3); i > 0; --i) {
      const auto one = type();
      if (std::find(signal.events.begin(), signal.events.end(), one) == signal.events.end())
        signal.events.push_back(one);
    }
    signal.importance = chance(15) ? number(1, 2'000) : number(1, 50'000'000);
    if (chance(5)) signal.importance = number(1, 3'000'000'000'000);  // beyond what fits 64 bits when multiplied
    if (chance(negative)) signal.importance = -signal.importance;
    signal.lifespan = engine::Milliseconds{chance(10) ? 90 * 86'400'000LL : number(1, span)};
    if (chance(30)) {
      signal.decay = engine::Decay::half_life;
      signal.half_life = engine::Milliseconds{number(1, span)};
    }
    if (chance(30)) {
      const auto within = engine::Milliseconds{chance(30) ? number(1, 90 * 86'400'000LL) : number(1, span)};
      signal.aggregate = engine::Aggregate{static_cast<std::uint32_t>(number(1, 4)), within};
    }
    if (chance(25)) signal.cap = number(0, 60'000'000);
    if (groups > 0 && chance(50))
      signal.group = static_cast<std::uint32_t>(number(0, static_cast<std::int64_t>(groups) - 1));
    return signal;
  }

  std::mt19937_64 random_;
};

}  // namespace leadlight::test
