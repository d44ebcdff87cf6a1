// A TOML file that a person wrote, such as a mapping: typed keys, and every mistake with its line, key and remedy.
#pragma once

#include "engine/result.hpp"

#include <toml++/toml.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::net {

class TomlTable;

/// The file and the mistakes found in it so far. Outlives its tables. Thread: one at a time.
class TomlFile {
 public:
  /// Reads `text`; a mistake of grammar is kept as any other, and the root is empty then.
  TomlFile(std::string_view text, std::string name);
  TomlFile(const TomlFile&) = delete;
  TomlFile& operator=(const TomlFile&) = delete;

  [[nodiscard]] TomlTable root();
  void mistake(std::size_t line, std::string path, std::string what);
  [[nodiscard]] bool clean() const { return mistakes_.empty(); }
  /// All mistakes, one a line: "FILE:LINE: KEY: what, and what to do"; `field` is the first key. Precondition: not
  /// clean().
  [[nodiscard]] engine::Error error() const;

 private:
  struct Mistake {
    std::size_t line = 0;
    std::string path;
    std::string what;
  };
  std::string name_;
  toml::table table_;
  std::vector<Mistake> mistakes_;
};

/// One table, or none: then every key is absent. Each key that is asked for is known; `close` reports the others.
class TomlTable {
 public:
  TomlTable(TomlFile& file, const toml::table* table, std::string path, std::size_t line)
      : file_(&file), table_(table), path_(std::move(path)), line_(line) {}

  [[nodiscard]] bool present() const { return table_ != nullptr; }

  /// Absent, or not of its kind (then a mistake is kept): none.
  std::optional<std::string> text(std::string_view key);
  std::optional<bool> flag(std::string_view key);
  /// A text, or a list of texts; empty when absent.
  std::vector<std::string> texts(std::string_view key);
  /// The table under `key`; one that is not present when it is absent.
  TomlTable table(std::string_view key);
  /// The whole table: names of the file's own with a text or a list of texts each, ascending by name.
  std::vector<std::pair<std::string, std::vector<std::string>>> entries();

  /// A mistake when `key` is absent.
  void require(std::string_view key, std::string_view example);
  void mistake(std::string_view key, std::string what);
  /// Every key that was not asked for is a mistake.
  void close();

 private:
  const toml::node* take(std::string_view key);
  std::vector<std::string> texts_of(std::string_view key, const toml::node& node);
  [[nodiscard]] std::string path_of(std::string_view key) const;

  TomlFile* file_;
  const toml::table* table_;
  std::string path_;
  std::size_t line_;
  std::vector<std::string> known_;
};

}  // namespace leadlight::net
