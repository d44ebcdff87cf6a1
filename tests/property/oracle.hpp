// A second scorer, written from the design's arithmetic alone and as plainly as possible: the measure for the fast one.
//
// It keeps a list of events, forgets nothing, shares no code with engine/ and computes everything from scratch.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace leadlight::oracle {

__extension__ typedef __int128 Wide;

/// A rule of a model. Times in milliseconds, points in micro-points.
struct Rule {
  std::string key;
  std::vector<std::string> types;
  std::int64_t points = 0;
  std::int64_t lifespan = 0;
  std::int64_t half_life = 0;  // 0: linear
  std::int64_t at_least = 0;   // 0: every event counts on its own
  std::int64_t within = 0;
  std::optional<std::int64_t> cap;
  std::optional<std::size_t> group;
};

struct Model {
  std::vector<Rule> rules;
  std::vector<std::optional<std::int64_t>> group_caps;
  std::int64_t medium = 0;
  std::int64_t high = 0;
  std::int64_t very_high = 0;
  std::int64_t cap = 0;
};

struct Event {
  std::string id;  // what makes it the same event; empty: never a duplicate
  std::string type;
  std::string content;
  std::int64_t occurred_at = 0;
  std::int64_t received_at = 0;
  std::uint64_t rank = 0;  // which of two events of one millisecond is the older one
};

enum class Fate : std::uint8_t { counted, duplicate, too_late, no_change };

struct Value {
  std::int64_t raw = 0;
  int score = 0;
  int segment = 0;                      // 0 low … 3 very high
  std::vector<std::int64_t> rule_sums;  // before any cap, in the model's order
};

/// ⌊2^32 · 2^(−i/4096)⌋, from square roots by long multiplication in 256 binary places.
const std::vector<std::uint64_t>& half_life_numbers();

/// What an event of this rule dated `occurred_at` counts at `at`.
std::int64_t worth(const Rule& rule, std::int64_t occurred_at, std::int64_t at);

class Lead {
 public:
  explicit Lead(std::size_t events_max) : events_max_(events_max) {}

  Fate tell(const Event& event, const Model* model);
  [[nodiscard]] Value value(const Model& model, std::int64_t at) const;
  /// The raw points alone: the same sum, for stepping.
  [[nodiscard]] std::int64_t raw(const Model& model, std::int64_t at) const;
  /// The value at `at` from the events known now that had happened by then.
  [[nodiscard]] Value value_as_of(const Model& model, std::int64_t at) const;
  [[nodiscard]] std::size_t standing() const { return standing_.size(); }
  [[nodiscard]] std::size_t folded_hours() const { return folded_.size(); }
  [[nodiscard]] int conflicts() const { return conflicts_; }

 private:
  struct Known {
    std::int64_t until = 0;
    std::string content;
  };

  void keep(const Event& event);
  [[nodiscard]] std::vector<std::pair<std::int64_t, std::int64_t>> members(const Rule& rule, std::int64_t at) const;
  [[nodiscard]] std::int64_t rule_sum(const Rule& rule, std::int64_t at) const;

  std::size_t events_max_;
  std::vector<Event> standing_;
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> folded_;  // (type, hour's start) → how many
  std::vector<Event> taken_;                                             // everything that took part, as it came
  std::unordered_map<std::string, Known> known_;
  int conflicts_ = 0;
};

/// Raw points to 0–100, and the segment.
int score_of(const Model& model, std::int64_t raw);
int segment_of(const Model& model, std::int64_t raw);

}  // namespace leadlight::oracle
