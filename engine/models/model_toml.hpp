// Score models as TOML files that a person writes: the reader, and the golden leads that stand beside the rules.
//
// The form is described for its writers in docs/guides/models.md.
// Cost: linear in the text; at most `model_file_bytes_max` are read.
#pragma once

#include "engine/model.hpp"
#include "engine/result.hpp"
#include "engine/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::engine::models {

inline constexpr std::size_t model_file_bytes_max = 256 * 1024;
/// Mistakes listed one by one; above this the rest is a count.
inline constexpr std::size_t mistakes_max = 20;
inline constexpr std::size_t golden_leads_max = 1'000;
/// Events of one golden lead, counts included.
inline constexpr std::uint32_t golden_events_max = events_per_lead_max_default;

/// Something a golden lead did, `count` times at one instant.
struct GoldenEvent {
  EventType type;
  Timestamp occurred_at{};
  std::uint32_t count = 1;

  friend bool operator==(const GoldenEvent&, const GoldenEvent&) = default;
};

/// What the model's author expects; at least one of them is there.
struct GoldenExpectation {
  std::optional<int> score;
  std::optional<Segment> segment;
  std::optional<MicroPoints> raw;

  friend bool operator==(const GoldenExpectation&, const GoldenExpectation&) = default;
};

/// A made-up lead with the score that its author expects: an example that the model must keep.
struct GoldenLead {
  std::string name;
  std::size_t line = 0;  // where it stands in the file
  Timestamp at{};        // the instant of scoring
  std::vector<GoldenEvent> events;
  GoldenExpectation expect;

  friend bool operator==(const GoldenLead&, const GoldenLead&) = default;
};

struct ModelFile {
  Model model;  // `version` is 0 until it is published; `source` is the text as given
  std::vector<GoldenLead> golden;
};

/// Reads a model file. `file_name` is for the messages only.
///
/// Signals and groups stand in the order of the text. What is read fulfils `Model::check`.
/// Errors: invalid, with every mistake (at most `mistakes_max`) on a line of its own,
/// `file:line: key path: value and what is wrong; remedy`, and `field` the first one's key path; too_large above the
/// limit.
Result<ModelFile> read_model(std::string_view toml, std::string_view file_name);

}  // namespace leadlight::engine::models
