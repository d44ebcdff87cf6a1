// Random models in two forms at once: as the engine reads them, and as the oracle does.
#pragma once

#include "engine/model.hpp"
#include "tests/property/oracle.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::property {

/// Seeded numbers that are the same with every standard library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : numbers_(seed) {}

  std::int64_t below(std::int64_t end) {
    return static_cast<std::int64_t>(numbers_() % static_cast<std::uint64_t>(end));
  }
  std::int64_t between(std::int64_t first, std::int64_t last) { return first + below(last - first + 1); }
  bool chance(std::int64_t percent) { return below(100) < percent; }
  std::size_t index(std::size_t size) { return static_cast<std::size_t>(numbers_() % size); }
  /// From 1 to `last`, every order of magnitude alike.
  std::int64_t magnitude(std::int64_t last) {
    std::int64_t top = 1;
    while (top <= last / 10) top *= 10;
    std::int64_t end = 1;
    for (std::int64_t steps = top; steps > 1 && chance(80); steps /= 10) end *= 10;
    return std::min(last, between(std::max<std::int64_t>(1, end / 10), end * 10));
  }

 private:
  std::mt19937_64 numbers_;
};

/// A number from the environment, or `otherwise`.
inline std::uint64_t environment_number(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

inline const std::array<std::string, 6> type_names{"page_viewed",   "email_opened",   "pricing_viewed",
                                                   "trial_started", "demo_requested", "unmapped_thing"};

/// What a random model may look like.
struct ModelBounds {
  std::int64_t points_max = 100'000'000;  // micro-points of one signal
  std::int64_t lifespan_max = 90 * 86'400'000LL;
  std::int64_t within_max = 90 * 86'400'000LL;
  std::size_t signals_max = 6;
};

struct TwinModel {
  oracle::Model plain;
  std::shared_ptr<const engine::CompiledModel> compiled;
};

inline oracle::Rule random_rule(Random& random, const ModelBounds& bounds, std::size_t number, std::size_t groups) {
  oracle::Rule rule;
  rule.key = "signal" + std::to_string(number);
  for (std::size_t i = 0; i + 1 < type_names.size(); ++i) {  // nothing speaks of the last one
    if (random.chance(30)) rule.types.push_back(type_names[i]);
  }
  if (rule.types.empty()) rule.types.push_back(type_names[random.index(type_names.size() - 1)]);
  rule.points = random.chance(50) ? random.between(1, bounds.points_max) : random.magnitude(bounds.points_max);
  if (random.chance(30)) rule.points = -rule.points;
  if (random.chance(2)) rule.points = 0;
  rule.lifespan = random.chance(50) ? random.between(1, bounds.lifespan_max) : random.magnitude(bounds.lifespan_max);
  if (random.chance(20)) rule.lifespan = bounds.lifespan_max;
  if (random.chance(40)) rule.half_life = random.magnitude(random.chance(80) ? rule.lifespan : 4 * bounds.lifespan_max);
  if (random.chance(25)) {
    rule.at_least = random.between(1, 5);
    rule.within = random.chance(50) ? random.between(1, bounds.within_max) : random.magnitude(bounds.within_max);
  }
  const std::int64_t size = std::abs(rule.points);
  if (random.chance(30)) rule.cap = random.chance(5) ? 0 : random.between(size / 4, 3 * size + 1);
  if (groups > 0 && random.chance(50)) rule.group = random.index(groups);
  return rule;
}

inline engine::Signal signal_of(const oracle::Rule& rule) {
  engine::Signal signal;
  signal.key = rule.key;
  signal.text = rule.key;
  for (const std::string& type : rule.types) signal.events.push_back(engine::EventType::of(type).value());
  signal.importance = rule.points;
  signal.lifespan = engine::Milliseconds{rule.lifespan};
  signal.decay = rule.half_life > 0 ? engine::Decay::half_life : engine::Decay::linear;
  signal.half_life = engine::Milliseconds{rule.half_life};
  if (rule.at_least > 0) {
    signal.aggregate = engine::Aggregate{static_cast<std::uint32_t>(rule.at_least), engine::Milliseconds{rule.within}};
  }
  signal.cap = rule.cap;
  if (rule.group) signal.group = static_cast<std::uint32_t>(*rule.group);
  return signal;
}

inline TwinModel random_model(Random& random, const ModelBounds& bounds) {
  TwinModel twin;
  oracle::Model& plain = twin.plain;
  const std::size_t groups = random.chance(50) ? 0 : random.index(3);
  for (std::size_t i = 0; i < groups; ++i) {
    plain.group_caps.emplace_back();
    if (random.chance(80)) plain.group_caps.back() = random.between(0, 2 * bounds.points_max);
  }
  std::int64_t largest = 1;
  const std::size_t rules = 1 + random.index(bounds.signals_max);
  for (std::size_t i = 0; i < rules; ++i) {
    plain.rules.push_back(random_rule(random, bounds, i, groups));
    largest = std::max(largest, std::abs(plain.rules.back().points));
  }
  // Thresholds where this model's scores lie, sometimes only a micro-point apart.
  plain.medium = random.between(1, largest + 1);
  plain.high = plain.medium + random.between(1, random.chance(10) ? 3 : largest + 1);
  plain.very_high = plain.high + random.between(1, largest + 1);
  plain.cap = random.chance(50) ? 2 * plain.very_high : plain.very_high + random.between(1, 2 * largest + 1);

  engine::Model model;
  model.id = "random";
  model.version = 1;
  for (const oracle::Rule& rule : plain.rules) model.signals.push_back(signal_of(rule));
  for (std::size_t i = 0; i < groups; ++i) {
    model.groups.push_back(engine::Group{"group" + std::to_string(i), plain.group_caps[i]});
  }
  model.thresholds = engine::Thresholds{plain.medium, plain.high, plain.very_high, plain.cap};
  const engine::Status sound = model.check();
  EXPECT_TRUE(sound.ok()) << sound.error().field << ": " << sound.error().what;
  twin.compiled = std::make_shared<const engine::CompiledModel>(std::move(model));
  return twin;
}

}  // namespace leadlight::property
