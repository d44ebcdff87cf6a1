#include "tools/model_test.hpp"

#include "engine/models/measures.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <fstream>
#include <utility>

namespace leadlight::tools {
namespace {

namespace json = boost::json;
namespace models = engine::models;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

ModelTestReport invalid_report(std::string file, std::vector<std::string> mistakes) {
  ModelTestReport report;
  report.file = std::move(file);
  report.mistakes = std::move(mistakes);
  return report;
}

/// Characters, not bytes: enough for columns of Latin text.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(std::string_view text, std::size_t width) {
  std::string cell(text);
  const std::size_t length = characters(text);
  if (length < width) cell.append(width - length, ' ');
  return cell;
}

std::string verdict(bool passed) {
  return passed ? "  ok    " : "  FAILED";
}

std::string score_text(const engine::Score& score) {
  return std::to_string(score.score) + ' ' + std::string(label(score.segment)) + " (" + models::points_text(score.raw) +
         " points)";
}

json::array texts(const std::vector<std::string>& lines) {
  json::array array;
  for (const std::string& line : lines) array.emplace_back(line);
  return array;
}

json::object expectation(const models::GoldenExpectation& expect) {
  json::object object;
  if (expect.score) object["score"] = *expect.score;
  if (expect.segment) object["segment"] = label(*expect.segment);
  if (expect.raw) object["raw_points"] = models::points_text(*expect.raw);
  return object;
}

std::string summary(const ModelTestReport& report) {
  const auto golden_failed =
      std::count_if(report.golden.begin(), report.golden.end(), [](const auto& g) { return !g.passed(); });
  const auto laws_failed =
      std::count_if(report.laws.begin(), report.laws.end(), [](const auto& l) { return !l.passed(); });
  return std::string(label(report.outcome)) + ": " + std::to_string(report.golden.size()) + " golden leads, " +
         std::to_string(golden_failed) + " failed; " + std::to_string(report.laws.size()) + " laws, " +
         std::to_string(laws_failed) + " failed\n";
}

}  // namespace

ModelTestReport test_model(std::string_view toml, std::string_view file_name) {
  const auto file = models::read_model(toml, file_name);
  if (!file) return invalid_report(std::string(file_name), lines_of(file.error().what));
  ModelTestReport report;
  report.file = std::string(file_name);
  report.model_id = file->model.id;
  report.signals = file->model.signals.size();
  report.golden = models::run_golden(*file);
  report.laws = models::check_laws(file->model);
  const bool passed =
      std::all_of(report.golden.begin(), report.golden.end(), [](const auto& g) { return g.passed(); }) &&
      std::all_of(report.laws.begin(), report.laws.end(), [](const auto& l) { return l.passed(); });
  report.outcome = passed ? ModelTestOutcome::ok : ModelTestOutcome::failed;
  return report;
}

ModelTestReport test_model_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return invalid_report(file.string(), {file.string() + ": cannot be opened; check the path"});
  // One byte more than the limit is enough to see that the file is too large.
  std::string text(models::model_file_bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return invalid_report(file.string(), {file.string() + ": cannot be read; is it a file?"});
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return test_model(text, file.string());
}

std::string table_of(const ModelTestReport& report) {
  if (report.outcome == ModelTestOutcome::invalid) {
    std::string table;
    for (const std::string& mistake : report.mistakes) table += mistake + '\n';
    return table + "invalid: " + report.file + " cannot be read as a model\n";
  }
  std::string table = "model " + report.model_id + " (" + std::to_string(report.signals) + " signals)\n";
  std::size_t width = 0;
  for (const auto& lead : report.golden) width = std::max(width, characters(lead.name));
  if (!report.golden.empty()) table += "golden leads\n";
  for (const auto& lead : report.golden) {
    table += verdict(lead.passed()) + "  " + padded(lead.name, width) + "  " + score_text(lead.found) + '\n';
    for (const std::string& difference : lead.differences) {
      table += "          " + report.file + ':' + std::to_string(lead.line) + ": " + difference + '\n';
    }
  }
  table += "laws\n";
  for (const auto& law : report.laws) {
    table += verdict(law.passed()) + "  " + std::string(label(law.law)) + '\n';
    for (const std::string& violation : law.violations) table += "          " + violation + '\n';
  }
  return table + summary(report);
}

json::object json_of(const ModelTestReport& report) {
  json::object object;
  object["file"] = report.file;
  object["outcome"] = label(report.outcome);
  object["mistakes"] = texts(report.mistakes);
  if (report.outcome == ModelTestOutcome::invalid) return object;
  object["model"] = report.model_id;
  object["signals"] = report.signals;
  json::array golden;
  for (const auto& lead : report.golden) {
    golden.push_back(json::object{{"name", lead.name},
                                  {"line", lead.line},
                                  {"passed", lead.passed()},
                                  {"found",
                                   {{"score", lead.found.score},
                                    {"segment", label(lead.found.segment)},
                                    {"raw_points", models::points_text(lead.found.raw)}}},
                                  {"expected", expectation(lead.expected)},
                                  {"differences", texts(lead.differences)}});
  }
  object["golden"] = std::move(golden);
  json::array laws;
  for (const auto& law : report.laws) {
    laws.push_back(
        json::object{{"law", label(law.law)}, {"passed", law.passed()}, {"violations", texts(law.violations)}});
  }
  object["laws"] = std::move(laws);
  return object;
}

}  // namespace leadlight::tools
