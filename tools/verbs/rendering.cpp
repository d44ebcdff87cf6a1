#include "tools/verbs/rendering.hpp"

#include "engine/models/measures.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;

/// Characters, not bytes: enough for columns of Latin text.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// What leads send us is shown on terminals, where a control character could do anything.
std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return text;
}

std::string number_text(double number) {
  if (std::isfinite(number) && std::abs(number) < 1e15) {
    auto text = fmt::format("{:.6f}", number);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
  }
  return fmt::format("{}", number);
}

const json::value* member_of(const json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(json::string_view(name.data(), name.size()));
}

bool holds_objects(const json::value& value) {
  const auto* array = value.if_array();
  return array != nullptr && !array->empty() &&
         std::all_of(array->begin(), array->end(), [](const json::value& entry) { return entry.is_object(); });
}

std::string table_of(const json::array& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows)
    for (const auto& member : row.get_object())
      if (std::find(names.begin(), names.end(), member.key()) == names.end()) names.emplace_back(member.key());
  std::vector<std::string> headers;
  for (const auto& name : names) {
    const bool numbers = std::all_of(rows.begin(), rows.end(), [&](const json::value& row) {
      const auto* cell = member_of(row, name);
      return cell == nullptr || cell->is_number() || cell->is_null();
    });
    headers.push_back((numbers ? ">" : "") + name);
  }
  Columns columns(std::move(headers));
  for (const auto& row : rows) {
    std::vector<std::string> cells;
    for (const auto& name : names) cells.push_back(plain(row.get_object(), name));
    columns.row(std::move(cells));
  }
  return columns.text();
}

std::string indented(std::string_view text, std::size_t by) {
  std::string result;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    result.append(by, ' ').append(text.substr(0, end)).push_back('\n');
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

}  // namespace

Columns::Columns(std::vector<std::string> headers) : headers_(std::move(headers)) {
  for (auto& header : headers_) {
    right_.push_back(header.starts_with('>'));
    if (right_.back()) header.erase(0, 1);
  }
}

void Columns::row(std::vector<std::string> cells) {
  for (auto& cell : cells) cell = one_line(std::move(cell));
  rows_.push_back(std::move(cells));
}

std::string Columns::text() const {
  std::vector<std::size_t> widths;
  const auto measure = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], width_of(cells[i]));
    }
  };
  measure(headers_);
  for (const auto& row : rows_) measure(row);
  std::string text;
  const auto write = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::size_t blanks = widths[i] - width_of(cells[i]);
      const bool right = i < right_.size() && right_[i];
      if (i > 0) line += "  ";
      if (right) line.append(blanks, ' ');
      line += cells[i];
      if (!right) line.append(blanks, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  if (!headers_.empty()) write(headers_);
  for (const auto& row : rows_) write(row);
  return text;
}

std::string plain(const json::value& value) {
  if (const auto* text = value.if_string()) return {text->data(), text->size()};
  if (const auto* number = value.if_double()) return number_text(*number);
  if (const auto* truth = value.if_bool()) return *truth ? "yes" : "no";
  if (value.is_null()) return "-";
  const auto* array = value.if_array();
  if (array == nullptr || holds_objects(value)) return json::serialize(value);
  std::string list;
  for (const auto& entry : *array) list += (list.empty() ? "" : ", ") + plain(entry);
  return list.empty() ? "-" : list;
}

std::string plain(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(json::string_view(name.data(), name.size()));
  return member == nullptr ? "-" : plain(*member);
}

const json::array& list_of(const json::value& value, std::string_view name) {
  static const json::array none;
  const auto* member = member_of(value, name);
  const auto* array = member == nullptr ? nullptr : member->if_array();
  return array == nullptr ? none : *array;
}

const json::object& object_of(const json::value& value) {
  static const json::object none;
  const auto* object = value.if_object();
  return object == nullptr ? none : *object;
}

std::optional<std::int64_t> whole_of(const json::value& value, std::string_view name) {
  const auto* member = member_of(value, name);
  if (member == nullptr) return std::nullopt;
  if (const auto* text = member->if_string()) {
    std::int64_t number = 0;
    const char* end = text->data() + text->size();
    const auto parsed = std::from_chars(text->data(), end, number);
    if (parsed.ec == std::errc{} && parsed.ptr == end) return number;
    return std::nullopt;
  }
  if (const auto* number = member->if_int64()) return *number;
  return std::nullopt;
}

std::string text_member(const json::value& value, std::string_view name) {
  const auto* member = member_of(value, name);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string{} : std::string(text->data(), text->size());
}

std::string points_of(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(json::string_view(name.data(), name.size()));
  const auto* number = member == nullptr ? nullptr : member->if_int64();
  return number == nullptr ? "-" : engine::models::points_text(*number);
}

std::string bytes_text(std::int64_t bytes) {
  constexpr std::array<std::string_view, 5> units = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (size >= 1024 && unit + 1 < units.size()) {
    size /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} {}", bytes, units[0]) : fmt::format("{:.1f} {}", size, units[unit]);
}

std::string age_text(std::int64_t milliseconds) {
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 4> units = {
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "min"}, {1'000, "s"}}};
  std::string text = milliseconds < 0 ? "-" : "";
  std::int64_t rest = std::abs(milliseconds);
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (rest < units[i].first && i + 1 < units.size()) continue;
    text += fmt::format("{} {}", rest / units[i].first, units[i].second);
    rest %= units[i].first;
    if (i + 1 < units.size() && rest >= units[i + 1].first)
      text += fmt::format(" {} {}", rest / units[i + 1].first, units[i + 1].second);
    return text;
  }
  return text;
}

std::string grouped(std::int64_t number) {
  auto text = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

std::string outline(const json::object& document, std::size_t indent) {
  constexpr std::size_t step = 2;
  Columns lines({});
  std::string below;
  for (const auto& member : document) {
    const std::string name(member.key());
    const auto& value = member.value();
    if (value.is_object() && !value.get_object().empty()) {
      below += name + '\n' + outline(value.get_object(), step);
    } else if (holds_objects(value)) {
      below += name + '\n' + indented(table_of(value.get_array()), step);
    } else {
      lines.row({name, plain(value)});
    }
  }
  return indented(lines.text() + below, indent);
}

}  // namespace leadlight::tools::verbs
