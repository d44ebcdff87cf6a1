// A score model: the signals that turn events into points, their groups, and the thresholds of the segments.
//
// A parsed model comes in as this value (engine/models/ reads the text). `check` holds for every model in a log.
#pragma once

#include "engine/event_type.hpp"
#include "engine/result.hpp"
#include "engine/types.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::engine {

/// How a contribution fades.
enum class Decay : std::uint8_t { linear = 1, half_life = 2 };

/// An aggregated signal counts once when at least this many matching events lie within a span.
struct Aggregate {
  std::uint32_t at_least = 0;  // Range: [1, 1,000,000]
  Milliseconds within{0};      // Range: (0, 90 days]

  friend bool operator==(const Aggregate&, const Aggregate&) = default;
};

/// A rule that turns events of one or more types into points.
struct Signal {
  std::string key;                // unique in its model: letters, digits, `_`, `-`, `.`
  std::string text;               // what a salesperson reads; by default the key
  std::vector<EventType> events;  // at least one; no type twice
  MicroPoints importance = 0;     // points on the day it happens; negative takes away. Range: ±10^15
  Milliseconds lifespan{0};       // Range: (0, 90 days]
  Decay decay = Decay::linear;
  Milliseconds half_life{0};  // > 0 when decay is half_life
  std::optional<Aggregate> aggregate;
  std::optional<MicroPoints> cap;      // ≥ 0; clamps this signal's sum to [−cap, +cap]
  std::optional<std::uint32_t> group;  // index into Model::groups
  bool immediate = false;              // an event of it is written to the CRM at once
  bool listed = true;                  // it may appear in the signals text

  friend bool operator==(const Signal&, const Signal&) = default;
};

/// Signals that share a cap.
struct Group {
  std::string key;
  std::optional<MicroPoints> cap;  // ≥ 0; clamps the group's sum to [−cap, +cap]

  friend bool operator==(const Group&, const Group&) = default;
};

/// Where segments begin, in raw micro-points: 0 < medium < high < very_high < cap.
struct Thresholds {
  MicroPoints medium = 0;
  MicroPoints high = 0;
  MicroPoints very_high = 0;
  MicroPoints cap = 0;  // from here on the score is 100; by default 2 × very_high

  friend bool operator==(const Thresholds&, const Thresholds&) = default;
};

/// When a changed score is owed to a target (design: "The road of one trigger").
struct WritebackRules {
  Milliseconds quiet_interval{15 * 60'000};  // Range: [0, 1 day]
  std::uint32_t drift_points = 5;            // Range: [1, 100]

  friend bool operator==(const WritebackRules&, const WritebackRules&) = default;
};

struct Model {
  std::string id;
  std::uint32_t version = 0;  // given when published; the first is 1
  std::vector<Signal> signals;
  std::vector<Group> groups;
  Thresholds thresholds;
  WritebackRules writeback;
  std::string source;  // the TOML text it was read from, as given

  friend bool operator==(const Model&, const Model&) = default;

  /// What may never be broken by a model in the log. Errors: invalid, `field` naming signal and key.
  [[nodiscard]] Status check() const;
  [[nodiscard]] bool has_negative_signals() const;
};

inline constexpr std::size_t signals_per_model_max = 1'000;
inline constexpr std::size_t groups_per_model_max = 100;

/// What scoring reads of a signal for each event, packed into half a cache line.
struct Fading {
  MicroPoints importance = 0;
  std::int64_t lifespan = 1;   // milliseconds
  std::int64_t half_life = 0;  // milliseconds; 0: linear
  std::uint64_t reciprocal = 0;  // ⌊(2^64 − 1) / (half-life, or lifespan when linear)⌋: spares divisions (decay.hpp)

  friend bool operator==(const Fading&, const Fading&) = default;
};

Fading fading_of(const Signal& signal);

/// A model made ready for scoring: which signals speak of which type.
///
/// Immutable after construction; shared between threads. Cost: O(1) a look-up.
class CompiledModel {
 public:
  explicit CompiledModel(Model model);

  [[nodiscard]] const Model& model() const { return model_; }
  /// Indexes into `model().signals` of the signals that speak of `type`, ascending; empty when none does.
  [[nodiscard]] std::span<const std::uint16_t> signals_of(EventType type) const {
    for (std::uint32_t place = type.number() & places_mask_;; place = (place + 1) & places_mask_) {
      const Place& found = places_[place];
      if (found.type == type.number()) return {signals_.data() + found.first, found.count};
      if (found.count == 0) return {};
    }
  }
  /// How the signal of this index fades.
  [[nodiscard]] const Fading& fading(std::size_t index) const { return fadings_[index]; }
  /// Indexes of the aggregated signals, ascending.
  [[nodiscard]] std::span<const std::uint16_t> aggregated() const { return aggregated_; }
  [[nodiscard]] bool has_negative_signals() const { return negative_; }
  /// Whether an event of this type is written to the targets at once.
  [[nodiscard]] bool immediate(EventType type) const;

 private:
  struct Place {
    std::uint32_t type = 0;
    std::uint32_t first = 0;  // offset into signals_
    std::uint32_t count = 0;  // 0: a free place
  };

  Model model_;
  // By type number, open-addressed and at most half full. Type numbers are dense, so a look-up mostly hits at once.
  std::vector<Place> places_;
  std::uint32_t places_mask_ = 0;
  std::vector<std::uint16_t> signals_;
  std::vector<Fading> fadings_;
  std::vector<std::uint16_t> aggregated_;
  bool negative_ = false;
};

}  // namespace leadlight::engine
