// Which folder may include what: the table of docs/STYLE.md.
#include "tests/tidy/source_rules.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>

namespace leadlight::tidy {
namespace {

using Names = std::initializer_list<std::string_view>;

/// A row of the table. An entry that ends in `/` is a folder with all below it, any other one is a file or a library.
struct Area {
  std::string_view where;
  std::vector<std::string_view> ours;        // what of ours it may include
  std::vector<std::string_view> in_headers;  // libraries
  std::vector<std::string_view> in_sources;  // libraries, in .cpp files
  bool any_library = false;                  // but for RocksDB, which stays below storage/
};

/// The first row that fits counts: the narrower places come first.
const std::vector<Area>& areas() {
  static const std::vector<Area> rows = {
      {"engine/models/", {"engine/"}, {"std", "toml++"}, {"std", "toml++"}},
      {"engine/", {"engine/"}, {"std"}, {"std"}},
      {"logging/", {"engine/", "logging/"}, {"std"}, {"std", "spdlog", "fmt", "openssl"}},
      {"storage/", {"engine/", "storage/"}, {"std"}, {"std", "system", "rocksdb", "openssl", "zstd"}},
      {"actors/protocol.hpp", {"actors/clock.hpp", "actors/protocol/"}, {}, {}},
      {"actors/protocol/", {"engine/", "actors/protocol/"}, {"std", "caf"}, {}},
      {"actors/clock.hpp", {"engine/"}, {"std", "caf"}, {}},
      {"actors/score_feed.hpp", {"engine/"}, {"std"}, {}},
      {"actors/activity_source.hpp", {"engine/", "actors/protocol.hpp", "actors/protocol/"}, {"std"}, {}},
      // Public suffixes are looked up where a record gets its domain, and nowhere else.
      {"actors/domains.cpp",
       {"engine/", "logging/", "storage/", "actors/"},
       {},
       {"std", "caf", "system", "spdlog", "libpsl"}},
      {"actors/gateway.cpp",
       {"engine/", "logging/", "storage/", "actors/"},
       {},
       {"std", "caf", "system", "spdlog", "libpsl"}},
      {"actors/", {"engine/", "logging/", "storage/", "actors/"}, {"std", "caf"}, {"std", "caf", "system", "spdlog"}},
      {"net/",
       {"engine/", "logging/", "net/", "actors/protocol.hpp", "actors/protocol/", "actors/clock.hpp",
        "actors/score_feed.hpp", "actors/activity_source.hpp"},
       {},
       {},
       true},
      {"tools/", {"engine/", "logging/", "storage/", "actors/", "net/", "tools/"}, {}, {}, true},
      {"tests/", {"engine/", "logging/", "storage/", "actors/", "net/", "tools/", "tests/"}, {}, {}, true},
  };
  return rows;
}

bool within(std::string_view path, std::string_view place) {
  return place.ends_with('/') ? path.starts_with(place) : path == place;
}

const Area* area_of(std::string_view path) {
  const auto found = std::find_if(areas().begin(), areas().end(), [&](const Area& a) { return within(path, a.where); });
  return found == areas().end() ? nullptr : &*found;
}

bool is_ours(std::string_view included) {
  const Names folders = {"engine/", "logging/", "storage/", "actors/", "net/", "tools/", "tests/"};
  return std::any_of(folders.begin(), folders.end(), [&](auto folder) { return included.starts_with(folder); });
}

/// "std", "caf", "boost", …; "system" for the C library and the kernel.
std::string_view library_of(std::string_view included) {
  const auto slash = included.find('/');
  if (slash != std::string_view::npos) return included.starts_with("sys/") ? "system" : included.substr(0, slash);
  if (included.find('.') == std::string_view::npos) return "std";
  const Names single_headers = {"zstd", "libpsl", "zlib", "simdjson"};
  for (const auto name : single_headers)
    if (included == std::string{name} + ".h") return name;
  return "system";
}

bool has(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Why `file` may not include it; nothing when it may.
std::optional<std::string> objection(const Area& area, std::string_view path, std::string_view included, bool quoted) {
  if (is_ours(included)) {
    const bool allowed = std::any_of(area.ours.begin(), area.ours.end(), [&](auto o) { return within(included, o); });
    // Parsing a model needs a TOML library: the supervisors do it, the core and the rest take models as values.
    const bool model_parser =
        included.starts_with("engine/models/") &&
        (within(path, "storage/") || within(path, "net/") || area.where == "engine/" ||
         within(path, "actors/protocol.hpp") || within(path, "actors/protocol/") || within(path, "actors/clock.hpp"));
    if (allowed && !model_parser) return std::nullopt;
    return std::string{area.where} + " may not use " + std::string{included};
  }
  const auto library = library_of(included);
  if (quoted && library == "system") return "\"" + std::string{included} + "\" does not start at the root";
  if (library == "rocksdb" && !(within(path, "storage/") && !is_header(path))) {
    return std::string{"RocksDB stays in storage/*.cpp"};
  }
  if (area.any_library || has(is_header(path) ? area.in_headers : area.in_sources, library)) return std::nullopt;
  return std::string{area.where} + (is_header(path) ? " headers" : "") + " may not use " + std::string{library} + " (" +
         std::string{included} + ")";
}

struct Include {
  std::string_view name;
  bool quoted = false;
};

std::optional<Include> include_of(std::string_view line) {
  const auto hash = line.find_first_not_of(" \t");
  if (hash == std::string_view::npos || line[hash] != '#') return std::nullopt;
  const auto word = line.find_first_not_of(" \t", hash + 1);
  if (word == std::string_view::npos || !line.substr(word).starts_with("include")) return std::nullopt;
  const auto open = line.find_first_of("<\"", word);
  if (open == std::string_view::npos) return std::nullopt;
  const auto close = line.find(line[open] == '<' ? '>' : '"', open + 1);
  if (close == std::string_view::npos) return std::nullopt;
  return Include{line.substr(open + 1, close - open - 1), line[open] == '"'};
}

}  // namespace

Findings forbidden_includes(const SourceFile& file) {
  Findings findings;
  const auto* area = area_of(file.path);
  if (area == nullptr || !is_cpp(file.path)) return findings;
  const auto code = layers(file.text).code;  // an include in a comment or in a raw string is none
  std::string_view rest = file.text;
  std::size_t line = 0;
  std::size_t begin = 0;
  while (begin <= file.text.size()) {
    ++line;
    const auto end = std::min(file.text.find('\n', begin), file.text.size());
    const auto include = include_of(rest.substr(begin, end - begin));
    const bool is_code = std::string_view{code}.substr(begin, end - begin).find('#') != std::string_view::npos;
    if (include && is_code) {
      if (auto why = objection(*area, file.path, include->name, include->quoted)) {
        findings.push_back({file.path, line, *std::move(why)});
      }
    }
    begin = end + 1;
  }
  return findings;
}

}  // namespace leadlight::tidy
