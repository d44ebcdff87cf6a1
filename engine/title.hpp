// What a job title says: how high somebody stands, and what they work on.
//
// Whole words of English titles, upper or lower case, common abbreviations. A title is read for its own holder:
// "Assistant to the CEO" is an assistant, "Engineer at President Ltd" an engineer, "ex-CEO" nobody's chief any more.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace leadlight::engine {

/// How high a job stands. `other`: a title that says nothing of it; `unknown`: no title.
enum class TitleLevel : std::uint8_t {
  unknown = 0,
  c_level = 1,
  vp = 2,
  director = 3,
  manager = 4,
  individual_contributor = 5,
  other = 6,
};

/// What a job is about. `other`: a title that says nothing of it; `unknown`: no title.
enum class TitleFunction : std::uint8_t {
  unknown = 0,
  marketing = 1,
  sales = 2,
  it = 3,
  engineering = 4,
  finance = 5,
  hr = 6,
  operations = 7,
  product = 8,
  legal = 9,
  support = 10,
  other = 11,
};

/// By number, from 1.
inline constexpr std::array<std::string_view, 6> title_level_labels = {
    "C-Level", "VP", "Director", "Manager", "Individual Contributor", "Other"};
inline constexpr std::array<std::string_view, 11> title_function_labels = {
    "Marketing", "Sales", "IT", "Engineering", "Finance", "HR", "Operations", "Product", "Legal", "Support", "Other"};

/// "C-Level", …; empty for unknown.
constexpr std::string_view label(TitleLevel level) {
  return level == TitleLevel::unknown ? "" : title_level_labels[static_cast<std::size_t>(level) - 1];
}
/// "Marketing", …; empty for unknown.
constexpr std::string_view label(TitleFunction function) {
  return function == TitleFunction::unknown ? "" : title_function_labels[static_cast<std::size_t>(function) - 1];
}

struct TitleFacts {
  TitleLevel level = TitleLevel::unknown;
  TitleFunction function = TitleFunction::unknown;

  friend bool operator==(const TitleFacts&, const TitleFacts&) = default;
};

/// Both of a job title; unknown when the text says nothing ("", "n/a").
TitleFacts title_facts(std::string_view title);

}  // namespace leadlight::engine
