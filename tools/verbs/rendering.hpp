// Answers as text for people: aligned columns, and JSON values in plain words.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::tools::verbs {

/// A table that aligns itself: two blanks between columns, numbers to the right, no blanks at the end of a line.
class Columns {
 public:
  /// A header that begins with `>` stands for a column of numbers, without the sign. No headers: no line of them.
  explicit Columns(std::vector<std::string> headers);
  /// Missing cells are empty. What would break a line or move the cursor becomes a blank.
  void row(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// Every line ends in a line break; a table without rows is just its headers.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::string> headers_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

/// A value in plain words: texts as they are, `-` for null, `yes` and `no`, decimals trimmed, lists with commas.
std::string plain(const boost::json::value& value);
/// The member in plain words; `-` when it is missing.
std::string plain(const boost::json::object& object, std::string_view name);

/// The list under `name`; an empty one when it is missing.
const boost::json::array& list_of(const boost::json::value& value, std::string_view name);
/// The object itself; an empty one for any other value.
const boost::json::object& object_of(const boost::json::value& value);
/// The member's whole number, also from text; none when it is missing or no number.
std::optional<std::int64_t> whole_of(const boost::json::value& value, std::string_view name);
/// The member's text; empty when it is missing or no text.
std::string text_member(const boost::json::value& value, std::string_view name);

/// Micro-points as points, decimals trimmed: `8.7`.
std::string points_of(const boost::json::object& object, std::string_view name);
/// `1.5 GiB`.
std::string bytes_text(std::int64_t bytes);
/// A span in its two largest units: `3 d 4 h`, `12 s`, `0 s`.
std::string age_text(std::int64_t milliseconds);
/// `1,234,567`.
std::string grouped(std::int64_t number);

/// A whole document: members as lines, objects indented below their name, lists of objects as tables.
std::string outline(const boost::json::object& document, std::size_t indent = 0);

}  // namespace leadlight::tools::verbs
