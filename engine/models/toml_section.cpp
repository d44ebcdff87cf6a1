#include "engine/models/toml_section.hpp"

#include "engine/models/measures.hpp"
#include "engine/models/model_toml.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace leadlight::engine::models {
namespace {

std::string quoted(std::string_view text) {
  return '"' + std::string(text.substr(0, 60)) + (text.size() > 60 ? "…\"" : "\"");
}

/// What stands there, for a message: `the text "40"`, `the number 90`, `a list`.
std::string described(const toml::node& node, const Document& document) {
  switch (node.type()) {
    case toml::node_type::string: return "the text " + quoted(node.ref<std::string>());
    case toml::node_type::integer: return "the number " + std::to_string(node.ref<std::int64_t>());
    case toml::node_type::floating_point: return "the number " + std::string(document.number_at(node.source().begin));
    case toml::node_type::boolean: return node.ref<bool>() ? "true" : "false";
    case toml::node_type::array: return "a list";
    case toml::node_type::table: return "a table";
    default: return "a date or time";
  }
}

bool plain_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::size_t line_of_node(const toml::node& node) {
  return node.source().begin.line;
}

bool earlier(const toml::source_region& a, const toml::source_region& b) {
  return std::tie(a.begin.line, a.begin.column) < std::tie(b.begin.line, b.begin.column);
}

/// A TOML date-time as an instant; the message of the error is complete.
Result<Timestamp> instant_of(const toml::date_time& written) {
  if (!written.offset) {
    return Error{Errc::invalid, "it does not say in which time zone; write it in UTC, ending in Z", ""};
  }
  if (written.time.nanosecond % 1'000'000 != 0) {
    return Error{Errc::invalid, "it is finer than a millisecond; write at most three decimals", ""};
  }
  const std::chrono::year_month_day date{std::chrono::year{written.date.year}, std::chrono::month{written.date.month},
                                         std::chrono::day{written.date.day}};
  const std::int64_t minutes = written.time.hour * 60LL + written.time.minute - written.offset->minutes;
  return Timestamp{std::chrono::sys_days{date}} +
         Milliseconds{(minutes * 60 + written.time.second) * 1000 + written.time.nanosecond / 1'000'000};
}

}  // namespace

std::string joined_path(std::string_view base, std::string_view key) {
  std::string path(base);
  if (!path.empty()) path += '.';
  return path + (plain_key(key) ? std::string(key) : quoted(key));
}

Document::Document(std::string_view source, std::string_view file_name) : source_(source), file_name_(file_name) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < source_.size(); ++i) {
    if (source_[i] == '\n') line_starts_.push_back(i + 1);
  }
}

void Document::mistake(std::size_t line, std::string path, std::string what) {
  mistakes_.push_back(Mistake{line, std::move(path), std::move(what)});
}

Error Document::error() const {
  std::vector<Mistake> ordered = mistakes_;
  std::stable_sort(ordered.begin(), ordered.end(), [](const Mistake& a, const Mistake& b) { return a.line < b.line; });
  Error error{Errc::invalid, "", ordered.empty() ? "" : ordered.front().path};
  for (std::size_t i = 0; i < std::min(ordered.size(), mistakes_max); ++i) {
    const Mistake& mistake = ordered[i];
    if (i > 0) error.what += '\n';
    error.what += file_name_ + ':' + std::to_string(mistake.line) + ": ";
    if (!mistake.path.empty()) error.what += mistake.path + ": ";
    error.what += mistake.what;
  }
  if (ordered.size() > mistakes_max) {
    error.what += '\n' + file_name_ + ": and " + std::to_string(ordered.size() - mistakes_max) + " more mistakes";
  }
  return error;
}

std::string_view Document::number_at(const toml::source_position& place) const {
  if (place.line == 0 || place.line > line_starts_.size() || place.column == 0) return {};
  std::size_t at = line_starts_[place.line - 1];
  // Columns count characters, not bytes: bytes 10xxxxxx continue the character before.
  for (std::size_t column = 1; column < place.column && at < source_.size(); ++column) {
    ++at;
    while (at < source_.size() && (static_cast<unsigned char>(source_[at]) & 0xC0U) == 0x80U) ++at;
  }
  const std::size_t end = source_.find_first_not_of("0123456789+-_.eEinfa", at);
  return source_.substr(at, end == std::string_view::npos ? end : end - at);
}

const toml::node* Section::take(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  return table_.get(key);
}

std::size_t Section::line_of(std::string_view key) const {
  const toml::node* node = table_.get(key);
  return node != nullptr && line_of_node(*node) != 0 ? line_of_node(*node) : line_;
}

std::string Section::path_of(std::string_view key) const {
  return joined_path(path_, key);
}

void Section::mistake(std::string_view key, std::string what) {
  document_.mistake(line_of(key), path_of(key), std::move(what));
}

void Section::wrong_kind(std::string_view key, const toml::node& node, std::string_view expected,
                         std::string_view example) {
  mistake(key, "expected " + std::string(expected) + ", found " + described(node, document_) + "; write for example " +
                   std::string(key) + " = " + std::string(example));
}

void Section::require(std::string_view key, std::string_view example) {
  if (has(key)) return;
  document_.mistake(line_, path_of(key), "is missing; write for example " + std::string(example));
}

std::optional<std::string> Section::text(std::string_view key, std::size_t bytes_max) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_string()) {
    wrong_kind(key, *node, "a text", "\"" + std::string(key) + "\"");
    return std::nullopt;
  }
  const std::string& value = node->ref<std::string>();
  if (value.empty()) {
    mistake(key, "\"\" is empty; write at least one character");
  } else if (value.size() > bytes_max) {
    mistake(key, quoted(value) + " has " + std::to_string(value.size()) + " bytes; write at most " +
                     std::to_string(bytes_max));
  } else if (!one_line(value)) {
    mistake(key, quoted(value) + " has a line break or a control character; write it on one line");
  } else {
    return value;
  }
  return std::nullopt;
}

std::optional<MicroPoints> Section::points(std::string_view key, MicroPoints at_least, MicroPoints at_most) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  std::string written;
  if (node->is_integer()) {
    written = std::to_string(node->ref<std::int64_t>());
  } else if (node->is_floating_point()) {
    // The digits as they stand in the text: the library's binary number would round them.
    written = std::string(document_.number_at(node->source().begin));
  } else {
    wrong_kind(key, *node, "a number of points", "40");
    return std::nullopt;
  }
  const auto value = parse_points(written);
  if (!value) {
    mistake(key, written + ' ' + value.error().what);
    return std::nullopt;
  }
  if (node->is_floating_point() &&
      std::abs(static_cast<double>(*value) / 1e6 - node->ref<double>()) > 1e-6 + std::abs(node->ref<double>()) * 1e-9) {
    mistake(key, written + " could not be read exactly; write it plainly, for example 2.5");
    return std::nullopt;
  }
  if (*value < at_least || *value > at_most) {
    mistake(key, points_text(*value) + (*value < at_least ? " is below " : " is above ") + "the limit of " +
                     points_text(*value < at_least ? at_least : at_most) + "; write points from " +
                     points_text(at_least) + " to " + points_text(at_most));
    return std::nullopt;
  }
  return *value;
}

std::optional<Milliseconds> Section::span(std::string_view key, Milliseconds at_least, Milliseconds at_most) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_string()) {
    wrong_kind(key, *node, "a span of time", "\"30 days\"");
    return std::nullopt;
  }
  const auto value = parse_span(node->ref<std::string>());
  if (!value) {
    mistake(key, value.error().what);
    return std::nullopt;
  }
  const std::string name = std::string(key) == "lifespan" ? "a lifespan" : "a span";
  if (*value < at_least) {
    mistake(key, span_text(*value) + " is below the limit of " + span_text(at_least) + "; write " + name +
                     " of at least \"" + span_text(at_least) + '"');
    return std::nullopt;
  }
  if (*value > at_most) {
    mistake(key, span_text(*value) + " is above the limit of " + span_text(at_most) + "; write " + name +
                     " of at most \"" + span_text(at_most) + '"');
    return std::nullopt;
  }
  return *value;
}

std::optional<std::int64_t> Section::whole(std::string_view key, std::int64_t at_least, std::int64_t at_most) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_integer()) {
    wrong_kind(key, *node, "a whole number", std::to_string(std::max<std::int64_t>(at_least, 3)));
    return std::nullopt;
  }
  const std::int64_t value = node->ref<std::int64_t>();
  if (value < at_least || value > at_most) {
    mistake(key, std::to_string(value) + " is out of range; write a whole number from " + std::to_string(at_least) +
                     " to " + std::to_string(at_most));
    return std::nullopt;
  }
  return value;
}

std::optional<bool> Section::flag(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_boolean()) {
    wrong_kind(key, *node, "true or false", "true");
    return std::nullopt;
  }
  return node->ref<bool>();
}

std::optional<Timestamp> Section::instant(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (node->is_date_time() || node->is_string()) {
    const auto value =
        node->is_string() ? parse_instant(node->ref<std::string>()) : instant_of(node->ref<toml::date_time>());
    // Before 1970 or after 2500 is a slip of the pen, and would not fit an event's packed form.
    if (value && (to_ms(*value) < 0 || *value >= Timestamp{std::chrono::sys_days{std::chrono::year{2500} / 1 / 1}})) {
      mistake(key, instant_text(*value) + " lies outside the years 1970 to 2499; correct the year");
      return std::nullopt;
    }
    if (value) return *value;
    mistake(key, value.error().what);
    return std::nullopt;
  }
  wrong_kind(key, *node, "an instant", "\"2026-05-01T09:30:00Z\"");
  return std::nullopt;
}

std::optional<std::vector<std::string>> Section::texts(std::string_view key, std::size_t bytes_max) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  const toml::array* list = node->as_array();
  if (list == nullptr) {
    wrong_kind(key, *node, "a list of texts", "[\"page_viewed\"]");
    return std::nullopt;
  }
  std::vector<std::string> values;
  for (const toml::node& item : *list) {
    const auto* value = item.as_string();
    if (value == nullptr) {
      document_.mistake(line_of_node(item), path_of(key),
                        "expected a text in the list, found " + described(item, document_) + "; put it in quotes");
    } else if (value->get().empty() || value->get().size() > bytes_max || !one_line(value->get())) {
      document_.mistake(
          line_of_node(item), path_of(key),
          quoted(value->get()) + " is no name; write 1 to " + std::to_string(bytes_max) + " bytes on one line");
    } else if (std::find(values.begin(), values.end(), value->get()) != values.end()) {
      document_.mistake(line_of_node(item), path_of(key), quoted(value->get()) + " stands twice; name it once");
    } else {
      values.push_back(value->get());
    }
  }
  if (list->empty()) mistake(key, "[] is empty; name at least one, or leave the key out");
  return values;
}

std::vector<std::pair<std::string, Section>> Section::sections(std::string_view key, std::string_view example) {
  std::vector<std::pair<std::string, Section>> found;
  const toml::node* node = take(key);
  if (node == nullptr) return found;
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    document_.mistake(
        line_of(key), path_of(key),
        "expected tables, found " + described(*node, document_) + "; write for example " + std::string(example));
    return found;
  }
  std::vector<std::pair<const toml::key*, const toml::node*>> ordered;
  for (auto&& [name, value] : *table) ordered.emplace_back(&name, &value);
  // The library sorts by name; the order of the text is the order of the receipt.
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return earlier(a.first->source(), b.first->source()); });
  for (const auto& [name, value] : ordered) {
    const std::string path = joined_path(path_of(key), name->str());
    if (const toml::table* inner = value->as_table()) {
      found.emplace_back(std::string(name->str()), Section(*inner, path, name->source().begin.line, document_));
    } else {
      document_.mistake(
          name->source().begin.line, path,
          "expected a table, found " + described(*value, document_) + "; write for example " + std::string(example));
    }
  }
  return found;
}

std::vector<Section> Section::list(std::string_view key, std::string_view example) {
  std::vector<Section> found;
  const toml::node* node = take(key);
  if (node == nullptr) return found;
  const toml::array* items = node->as_array();
  if (items == nullptr) {
    document_.mistake(line_of(key), path_of(key),
                      "expected a list of tables, found " + described(*node, document_) + "; write for example " +
                          std::string(example));
    return found;
  }
  std::size_t number = 0;
  for (const toml::node& item : *items) {
    const std::string path = path_of(key) + '[' + std::to_string(++number) + ']';
    if (const toml::table* table = item.as_table()) {
      found.emplace_back(*table, path, line_of_node(item), document_);
    } else {
      document_.mistake(
          line_of_node(item), path,
          "expected a table, found " + described(item, document_) + "; write for example " + std::string(example));
    }
  }
  return found;
}

std::optional<Section> Section::section(std::string_view key, std::string_view example) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    document_.mistake(
        line_of(key), path_of(key),
        "expected a table, found " + described(*node, document_) + "; write for example " + std::string(example));
    return std::nullopt;
  }
  return Section(*table, path_of(key), line_of(key), document_);
}

void Section::close() {
  for (auto&& [key, value] : table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
    const std::string_view meant = nearest_word(key.str(), known_);
    std::string what = "there is no key " + quoted(key.str()) + " here; ";
    if (!meant.empty()) {
      what += "did you mean \"" + std::string(meant) + "\"?";
    } else {
      what += "the keys are ";
      for (std::size_t i = 0; i < known_.size(); ++i) what += (i > 0 ? ", " : "") + known_[i];
    }
    document_.mistake(key.source().begin.line, path_of(key.str()), std::move(what));
  }
}

}  // namespace leadlight::engine::models
