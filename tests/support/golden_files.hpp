// Golden files: what an answer is to be, laid out for people, compared byte for byte once the layout is taken off.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight {

inline std::filesystem::path golden_folder(const std::string& name) {
  return std::filesystem::path(LEADLIGHT_SOURCE_DIR) / "tests" / "golden" / name;
}

/// The file's bytes without the line break at its end.
inline std::string read_golden(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path << " is missing";
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

/// Every file of the folder with that ending, in the order of their names.
inline std::vector<std::filesystem::path> golden_files(const std::string& folder, const std::string& ending) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder(folder)))
    if (entry.path().extension() == ending) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

/// JSON without the blanks between its tokens; its order and spelling stay.
inline std::string without_layout(std::string_view json) {
  std::string compact;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (!in_text && (c == ' ' || c == '\n')) continue;
    compact += c;
    if (in_text && c == '\\' && i + 1 < json.size()) compact += json[++i];
    if (c == '"') in_text = !in_text;
  }
  return compact;
}

}  // namespace leadlight
