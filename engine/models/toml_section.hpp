// Reading one table of a TOML document for a person: typed keys, unknown keys, every mistake with its line and remedy.
//
// Private to engine/models: the TOML library's types stop here.
#pragma once

#include "engine/result.hpp"
#include "engine/types.hpp"

#include <toml++/toml.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::engine::models {

/// What is wrong at one place.
struct Mistake {
  std::size_t line = 0;
  std::string path;
  std::string what;
};

/// The text being read and the mistakes found in it so far.
class Document {
 public:
  Document(std::string_view source, std::string_view file_name);

  void mistake(std::size_t line, std::string path, std::string what);
  [[nodiscard]] bool clean() const { return mistakes_.empty(); }
  /// All mistakes by line, at most `mistakes_max`, one a line of the text. Precondition: not clean().
  [[nodiscard]] Error error() const;
  /// The characters of a number that begins at this place, as they stand in the text.
  [[nodiscard]] std::string_view number_at(const toml::source_position& place) const;

 private:
  std::string_view source_;
  std::string file_name_;
  std::vector<std::size_t> line_starts_;
  std::vector<Mistake> mistakes_;
};

/// One table: each key is asked for once; `close` reports what nobody asked for.
class Section {
 public:
  Section(const toml::table& table, std::string path, std::size_t line, Document& document)
      : table_(table), path_(std::move(path)), line_(line), document_(document) {}

  /// The value under `key`, marked as known; null when there is none.
  const toml::node* take(std::string_view key);
  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
  [[nodiscard]] std::size_t line() const { return line_; }
  [[nodiscard]] std::size_t line_of(std::string_view key) const;
  [[nodiscard]] std::string path_of(std::string_view key) const;

  /// The value under `key` when there is one and it fits; a value that does not fit is a mistake and reads as none.
  std::optional<std::string> text(std::string_view key, std::size_t bytes_max);
  std::optional<MicroPoints> points(std::string_view key, MicroPoints at_least, MicroPoints at_most);
  std::optional<Milliseconds> span(std::string_view key, Milliseconds at_least, Milliseconds at_most);
  std::optional<std::int64_t> whole(std::string_view key, std::int64_t at_least, std::int64_t at_most);
  std::optional<bool> flag(std::string_view key);
  std::optional<Timestamp> instant(std::string_view key);
  std::optional<std::vector<std::string>> texts(std::string_view key, std::size_t bytes_max);
  /// The tables under `key`, each with its name, in the order of the text.
  std::vector<std::pair<std::string, Section>> sections(std::string_view key, std::string_view example);
  /// The tables of the list under `key`, in order.
  std::vector<Section> list(std::string_view key, std::string_view example);
  /// The table under `key`.
  std::optional<Section> section(std::string_view key, std::string_view example);

  void mistake(std::string_view key, std::string what);
  /// `key` must be there: a mistake at the table's line when it is not.
  void require(std::string_view key, std::string_view example);
  void close();

 private:
  void wrong_kind(std::string_view key, const toml::node& node, std::string_view expected, std::string_view example);

  const toml::table& table_;
  std::string path_;
  std::size_t line_;
  Document& document_;
  std::vector<std::string> known_;
};

/// `base.key`, the key in quotes when it has other characters than letters, digits, `_` and `-`.
std::string joined_path(std::string_view base, std::string_view key);

}  // namespace leadlight::engine::models
