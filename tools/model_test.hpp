// `leadlight model test FILE`: whether a model file reads, its golden leads score as expected, and the laws hold.
#pragma once

#include "engine/models/laws.hpp"
#include "engine/models/model_toml.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::tools {

enum class ModelTestOutcome : std::uint8_t {
  ok,       // it reads, every golden lead passes, every law holds
  failed,   // it reads, but a golden lead or a law fails
  invalid,  // it cannot be read
};

constexpr std::string_view label(ModelTestOutcome outcome) {
  switch (outcome) {
    case ModelTestOutcome::ok: return "ok";
    case ModelTestOutcome::failed: return "failed";
    case ModelTestOutcome::invalid: return "invalid";
  }
  return "invalid";
}

struct ModelTestReport {
  ModelTestOutcome outcome = ModelTestOutcome::invalid;
  std::string file;
  std::vector<std::string> mistakes;  // of a file that cannot be read, a line each
  std::string model_id;
  std::size_t signals = 0;
  std::vector<engine::models::GoldenResult> golden;
  std::vector<engine::models::LawResult> laws;

  /// 0 ok, 1 failed or invalid.
  [[nodiscard]] int exit_status() const { return outcome == ModelTestOutcome::ok ? 0 : 1; }
};

/// Tests the model in `toml`; `file_name` is for the messages.
ModelTestReport test_model(std::string_view toml, std::string_view file_name);

/// Reads `file` and tests it; a file that cannot be opened is `invalid`, with the reason.
ModelTestReport test_model_file(const std::filesystem::path& file);

/// The report as a table for a terminal, ending in a line break.
std::string table_of(const ModelTestReport& report);

/// `{"file","outcome","mistakes":[…],"model","signals","golden":[…],"laws":[{"law","passed","violations"}]}`; a golden
/// lead is `{"name","line","passed","found","expected","differences"}`. Points stand as decimal text, so that no reader
/// rounds them.
boost::json::object json_of(const ModelTestReport& report);

}  // namespace leadlight::tools
