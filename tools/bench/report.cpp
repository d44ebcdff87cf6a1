#include "tools/bench/report.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace leadlight::bench {

namespace {

/// As many digits as mean something: whole numbers from 1,000 on, else four significant ones.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double digits = std::max(0.0, 3 - std::floor(std::log10(std::abs(value))));
  const double scale = std::pow(10.0, digits);
  return std::round(value * scale) / scale;
}

/// Plain digits: Boost.JSON would write 250 as 2.5E2.
std::string number(double value) {
  return fmt::format("{}", rounded(value));
}
std::string number_or_null(std::optional<double> value) {
  return value ? number(*value) : "null";
}
std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string_view{text.data(), text.size()});
}

}  // namespace

std::optional<double> Row::ratio() const {
  if (!floor || *floor == 0) return std::nullopt;
  return value / *floor;
}

std::optional<std::string> Row::goal_text() const {
  std::string text;
  const auto add = [&text](std::string_view words, const std::optional<double>& bound) {
    if (bound) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", words, number(*bound));
  };
  add(">=", goal.at_least);
  add("<=", goal.at_most);
  add("<", goal.below);
  add("ratio >=", goal.ratio_at_least);
  add("ratio <=", goal.ratio_at_most);
  if (text.empty()) return std::nullopt;
  return text;
}

bool Row::ok() const {
  if (goal.at_least && value < *goal.at_least) return false;
  if (goal.at_most && value > *goal.at_most) return false;
  if (goal.below && value >= *goal.below) return false;
  if (goal.ratio_at_most && (!ratio() || *ratio() > *goal.ratio_at_most)) return false;
  return !goal.ratio_at_least || ratio().value_or(0) >= *goal.ratio_at_least;
}

std::string to_json(const Rows& rows) {
  std::string results;
  for (const auto& row : rows) {
    const auto goal = row.goal_text();
    results +=
        fmt::format(R"({}{{"name":{},"value":{},"unit":{},"floor":{},"ratio":{},"goal":{},"ok":{}}})",
                    results.empty() ? "" : ",", quoted(row.name), number(row.value), quoted(row.unit),
                    number_or_null(row.floor), number_or_null(row.ratio()), goal ? quoted(*goal) : "null", row.ok());
  }
  return R"({"results":[)" + results + "]}";
}

std::string to_table(const Rows& rows) {
  using Line = std::array<std::string, 7>;
  std::vector<Line> lines = {{"figure", "value", "unit", "floor", "ratio", "goal", ""}};
  for (const auto& row : rows) {
    const auto goal = row.goal_text();
    const auto ratio = row.ratio();
    lines.push_back({row.name, number(row.value), row.unit, row.floor ? number(*row.floor) : "-",
                     ratio ? fmt::format("{:.2f}", *ratio) : "-", goal.value_or("-"),
                     !goal      ? ""
                     : row.ok() ? "ok"
                                : "MISSED"});
  }
  std::array<std::size_t, 7> widths{};
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string text;
  for (const auto& line : lines) {
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const bool is_number = i == 1 || i == 3 || i == 4;
      out += is_number ? fmt::format("{:>{}}  ", line[i], widths[i]) : fmt::format("{:<{}}  ", line[i], widths[i]);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    text += out + '\n';
  }
  return text;
}

void progress(std::string_view line) {
  fmt::print(stderr, "bench: {}\n", line);
  std::fflush(stderr);
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace leadlight::bench
