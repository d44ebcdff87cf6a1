// Rules that need the whole tree: links between files, sources and their build lists.
#include "tests/tidy/source_rules.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

namespace leadlight::tidy {
namespace {

namespace fs = std::filesystem;

/// A Markdown text without what stands in code, line breaks kept.
std::string prose(std::string_view text) {
  std::string result;
  bool fenced = false;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    const auto first = line.find_first_not_of(' ');
    const bool fence = first != std::string_view::npos && line.substr(first).starts_with("```");
    bool in_code = false;
    if (!fenced && !fence) {
      for (const char letter : line) {
        if (letter == '`')
          in_code = !in_code;
        else
          result.push_back(in_code ? ' ' : letter);
      }
    }
    if (fence) fenced = !fenced;
    result.push_back('\n');
  }
  return result;
}

bool leaves_the_tree(std::string_view link) {
  return link.empty() || link.front() == '#' || link.find("://") != std::string_view::npos ||
         link.starts_with("mailto:");
}

bool lists(std::string_view build_file, std::string_view name) {
  const auto is_part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; };
  for (auto at = build_file.find(name); at != std::string_view::npos; at = build_file.find(name, at + 1)) {
    const auto end = at + name.size();
    if ((at == 0 || !is_part(build_file[at - 1])) && (end == build_file.size() || !is_part(build_file[end])))
      return true;
  }
  return false;
}

std::string without_comments(std::string_view text) {
  std::string result;
  bool comment = false;
  for (const char letter : text) {
    if (letter == '#') comment = true;
    if (letter == '\n') comment = false;
    result.push_back(comment ? ' ' : letter);
  }
  return result;
}

}  // namespace

Findings dead_links(const SourceFile& file, const std::vector<std::string>& paths) {
  Findings findings;
  if (!file.path.ends_with(".md")) return findings;
  const auto text = prose(file.text);
  for (auto at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
    const auto close = text.find(')', at);
    if (close == std::string::npos) break;
    std::string link = text.substr(at + 2, close - at - 2);
    link = link.substr(0, link.find(' '));  // a title may follow
    if (leaves_the_tree(link)) continue;
    link = link.substr(0, link.find('#'));
    auto target = (fs::path{file.path}.parent_path() / link).lexically_normal().generic_string();
    if (target.ends_with('/')) target.pop_back();
    const bool root = target.empty() || target == ".";
    if (!root && std::find(paths.begin(), paths.end(), target) == paths.end()) {
      const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
      findings.push_back({file.path, static_cast<std::size_t>(line), "the link to " + link + " leads nowhere"});
    }
  }
  return findings;
}

Findings unlisted_sources(const std::vector<SourceFile>& files) {
  Findings findings;
  std::map<std::string, std::string> build_files;  // by folder
  for (const auto& file : files) {
    const fs::path path{file.path};
    if (path.filename() != "CMakeLists.txt") continue;
    auto text = without_comments(file.text);
    if (lists(text, "GLOB") || lists(text, "GLOB_RECURSE")) {
      findings.push_back({file.path, 0, "sources are listed by hand, not globbed"});
    }
    build_files.emplace(path.parent_path().generic_string(), std::move(text));
  }
  for (const auto& file : files) {
    const fs::path path{file.path};
    if (path.extension() != ".cpp") continue;
    auto folder = path.parent_path();
    while (!folder.empty() && !build_files.contains(folder.generic_string())) folder = folder.parent_path();
    const auto build_file = build_files.find(folder.generic_string());
    // A test is listed by its name alone: the function that adds it puts the .cpp behind it.
    const bool listed =
        build_file != build_files.end() && (lists(build_file->second, path.filename().generic_string()) ||
                                            lists(build_file->second, path.stem().generic_string()));
    if (!listed) findings.push_back({file.path, 0, "no CMakeLists.txt above it lists it"});
  }
  return findings;
}

}  // namespace leadlight::tidy
