// What a benchmark found: figures with their floors and goals, as a table for people or as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::bench {

/// What a figure must reach; what is not set does not count. A row without any has no goal.
struct Goal {
  std::optional<double> at_least = std::nullopt;
  std::optional<double> at_most = std::nullopt;
  std::optional<double> below = std::nullopt;
  std::optional<double> ratio_at_least = std::nullopt;
  std::optional<double> ratio_at_most = std::nullopt;
};

struct Row {
  std::string name;
  double value = 0;
  std::string unit;
  std::optional<double> floor = std::nullopt;  // what this machine does without our work, in the same unit
  Goal goal = {};

  [[nodiscard]] std::optional<double> ratio() const;
  /// ">= 100000, ratio >= 0.7"; none without a goal.
  [[nodiscard]] std::optional<std::string> goal_text() const;
  [[nodiscard]] bool ok() const;
};

using Rows = std::vector<Row>;

/// {"results":[{"name","value","unit","floor","ratio","goal","ok"}…]}
std::string to_json(const Rows& rows);
/// Aligned columns.
std::string to_table(const Rows& rows);

/// A line on standard error: what is being done now.
void progress(std::string_view line);

/// The middle one of `values`; of an even number, the lower middle. 0 for none.
double median(std::vector<double> values);

}  // namespace leadlight::bench
