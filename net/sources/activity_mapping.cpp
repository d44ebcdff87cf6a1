#include "net/sources/activity_mapping.hpp"

#include "net/http/http.hpp"

#include <toml++/toml.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>

namespace leadlight::net {
namespace {

namespace json = boost::json;
using engine::Errc;
using engine::Error;
using engine::Timestamp;
using Row = ActivityMapping::Row;

constexpr std::size_t mistakes_max = 20;
constexpr std::size_t values_max = 50;
constexpr std::size_t property_bytes_max = 1'000;

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

bool is_field_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  return !name.empty() && name.size() <= 80 && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_type(std::string_view name) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  });
}

/// What a field of a record says, for comparing: truths and numbers as they are written, null as nothing.
std::string text_of(const json::object& record, std::string_view field) {
  const auto* value = record.if_contains(field);
  if (value == nullptr || value->is_null()) return {};
  if (const auto* text = value->if_string()) return std::string(*text);
  return json::serialize(*value);
}

/// Reads the rows and gathers every mistake with its line.
class MappingReader {
 public:
  MappingReader(std::string_view file_name, const std::vector<std::string>& objects)
      : file_name_(file_name), objects_(objects) {}

  std::vector<Row> rows;
  bool other_activity = false;

  void read(const toml::table& table) {
    for (const auto& [key, node] : table) {
      if (key.str() == "other_activity") {
        if (const auto* flag = node.as_boolean()) {
          other_activity = flag->get();
        } else {
          mistake(node, "other_activity", "must be true or false");
        }
      } else if (key.str() == "activity") {
        read_rows(node);
      } else {
        mistake(node, key.str(), "is not known; the file holds other_activity and [[activity]] rows");
      }
    }
    if (mistakes_.empty() && rows.empty())
      mistakes_.push_back(file_name_ + ": there is no [[activity]] row; write at least one");
  }

  [[nodiscard]] std::optional<Error> error() const {
    if (mistakes_.empty()) return std::nullopt;
    std::string words;
    for (std::size_t i = 0; i < std::min(mistakes_.size(), mistakes_max); ++i)
      words += (i == 0 ? "" : "\n") + mistakes_[i];
    return Error{Errc::invalid, words, "mapping"};
  }

 private:
  void mistake(const toml::node& node, std::string_view path, std::string_view rule) {
    mistakes_.push_back(file_name_ + ":" + std::to_string(node.source().begin.line) + ": " + std::string(path) + " " +
                        std::string(rule));
  }

  void read_rows(const toml::node& node) {
    const auto* list = node.as_array();
    if (list == nullptr) return mistake(node, "activity", "must be rows; begin each with [[activity]]");
    if (list->size() > mapping_rows_max) return mistake(node, "activity", "has more than 200 rows; join some of them");
    for (const auto& item : *list) {
      const auto path = "activity[" + std::to_string(rows.size() + 1) + "]";
      if (const auto* table = item.as_table()) {
        read_row(*table, path);
      } else {
        mistake(item, path, "must be a row; begin it with [[activity]]");
      }
    }
  }

  void read_row(const toml::table& table, const std::string& path) {
    Row row;
    for (const auto& [key, node] : table) read_key(row, std::string(key.str()), node, path);
    const auto require = [&](bool there, std::string_view key, std::string_view example) {
      if (!there && !table.contains(key))
        mistake(table, path, "has no " + std::string(key) + "; write " + std::string(example));
    };
    require(!row.object.empty(), "object", "object = \"" + objects_.front() + "\"");
    if (!row.ignored) {
      require(!row.type.empty(), "type", "type = \"call_completed\", or ignore = true");
      require(!row.occurred_at.empty(), "occurred_at", "occurred_at = [\"LastModifiedDate\"]");
    }
    rows.push_back(std::move(row));
  }

  void read_key(Row& row, const std::string& key, const toml::node& node, const std::string& path) {
    const auto where = path + "." + key;
    if (key == "object") {
      row.object = text(node);
      if (std::find(objects_.begin(), objects_.end(), row.object) == objects_.end())
        mistake(node, where, "must be one of " + joined(objects_));
    } else if (key == "type") {
      row.type = text(node);
      if (!is_type(row.type)) mistake(node, where, "must be 1 to 100 of a-z, 0-9, _ . -, such as \"call_completed\"");
    } else if (key == "ignore") {
      const auto* flag = node.as_boolean();
      row.ignored = flag != nullptr && flag->get();
      if (flag == nullptr) mistake(node, where, "must be true or false");
    } else if (key == "occurred_at") {
      row.occurred_at = field_names(node, where);
    } else if (key == "id") {
      row.id = field_names(node, where);
    } else if (key == "properties") {
      row.properties = field_names(node, where);
    } else if (key == "when") {
      read_conditions(row, node, where);
    } else {
      mistake(node, where, "is not known; a row holds object, when, type, ignore, occurred_at, id and properties");
    }
  }

  void read_conditions(Row& row, const toml::node& node, const std::string& where) {
    const auto* table = node.as_table();
    if (table == nullptr) return mistake(node, where, "must compare fields, as in when = { Status = \"Completed\" }");
    for (const auto& [field, value] : *table) {
      const std::string path = where + "." + std::string(field.str());
      ActivityMapping::Condition condition{std::string(field.str()), {}};
      if (!is_field_name(condition.field)) mistake(value, path, "must be a field's API name, such as Status");
      if (const auto* list = value.as_array()) {
        for (const auto& item : *list) add_value(condition, item, path);
        if (list->empty() || list->size() > values_max) mistake(value, path, "must list 1 to 50 values");
      } else {
        add_value(condition, value, path);
      }
      row.conditions.push_back(std::move(condition));
    }
  }

  void add_value(ActivityMapping::Condition& condition, const toml::node& node, const std::string& path) {
    if (const auto* value = node.as_string()) {
      condition.values.push_back(lower(value->get()));
    } else if (const auto* flag = node.as_boolean()) {
      condition.values.emplace_back(flag->get() ? "true" : "false");
    } else if (const auto* whole = node.as_integer()) {
      condition.values.push_back(std::to_string(whole->get()));
    } else {
      mistake(node, path, "must be a text, a whole number, true or false, or a list of them");
    }
  }

  std::vector<std::string> field_names(const toml::node& node, const std::string& where) {
    std::vector<std::string> names;
    if (const auto* list = node.as_array()) {
      for (const auto& item : *list) names.push_back(text(item));
    } else {
      names.push_back(text(node));
    }
    const bool fit = names.size() <= values_max && std::all_of(names.begin(), names.end(), is_field_name);
    if (!fit || names.empty()) mistake(node, where, "must be 1 to 50 API names of fields, such as \"Status\"");
    return names;
  }

  static std::string text(const toml::node& node) {
    const auto* value = node.as_string();
    return value == nullptr ? std::string{} : value->get();
  }

  static std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const auto& word : words) all += (all.empty() ? "" : ", ") + word;
    return all;
  }

  std::string file_name_;
  const std::vector<std::string>& objects_;
  std::vector<std::string> mistakes_;
};

bool fits(const Row& row, std::string_view object, const json::object& record) {
  return row.object == object &&
         std::all_of(row.conditions.begin(), row.conditions.end(), [&](const ActivityMapping::Condition& condition) {
           const auto held = lower(text_of(record, condition.field));
           return std::find(condition.values.begin(), condition.values.end(), held) != condition.values.end();
         });
}

std::optional<Timestamp> first_instant(const std::vector<std::string>& fields, const json::object& record,
                                       Timestamp now) {
  for (const auto& field : fields)
    if (const auto at = parse_source_time(text_of(record, field)); at && *at <= now) return at;
  return std::nullopt;
}

/// At most `bytes`, ending with a whole character.
std::string_view cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

std::string properties_of(const std::vector<std::string>& fields, const json::object& record) {
  json::object kept;
  for (const auto& field : fields) {
    const auto* value = record.if_contains(field);
    if (value == nullptr || value->is_null() || value->is_object() || value->is_array()) continue;
    if (const auto* text = value->if_string()) {
      kept[field] = cut(*text, property_bytes_max);
    } else {
      kept[field] = *value;
    }
  }
  return kept.empty() ? std::string{} : json::serialize(kept);
}

}  // namespace

std::optional<Timestamp> parse_source_time(std::string_view text) {
  constexpr std::size_t date_characters = 10;
  if (text.empty()) return std::nullopt;
  std::string full(text);
  if (full.size() == date_characters) full += "T00:00:00Z";
  const auto sign = full.size() >= 5 ? full[full.size() - 5] : '\0';
  if (sign == '+' || sign == '-') full.insert(full.size() - 2, ":");  // +0000 is not RFC 3339
  if (full.size() <= date_characters || full[date_characters] != 'T') return std::nullopt;
  const auto at = parse_time(full);
  if (!at || engine::to_ms(*at) < 0) return std::nullopt;
  return *at;
}

engine::Result<ActivityMapping> ActivityMapping::read(std::string_view toml, std::string_view file_name,
                                                      const std::vector<std::string>& objects) {
  const std::string file(file_name);
  if (toml.size() > mapping_bytes_max)
    return Error{Errc::invalid, file + ": a mapping has at most 48 KiB; join rows or drop comments", "mapping"};
  MappingReader reader(file, objects);
  try {
    reader.read(toml::parse(toml, file));
  } catch (const toml::parse_error& fault) {
    return Error{Errc::invalid,
                 file + ":" + std::to_string(fault.source().begin.line) + ": " + std::string(fault.description()) +
                     "; the line is not TOML",
                 "mapping"};
  }
  if (auto error = reader.error()) return *error;
  ActivityMapping mapping;
  mapping.rows_ = std::move(reader.rows);
  mapping.other_activity_ = reader.other_activity;
  return mapping;
}

std::vector<std::string> ActivityMapping::objects() const {
  std::vector<std::string> all;
  for (const auto& row : rows_)
    if (std::find(all.begin(), all.end(), row.object) == all.end()) all.push_back(row.object);
  return all;
}

std::vector<std::string> ActivityMapping::types() const {
  std::vector<std::string> all;
  for (const auto& row : rows_)
    if (!row.ignored) all.push_back(row.type);
  if (other_activity_) all.emplace_back(other_activity_type);
  return all;
}

std::vector<std::string> ActivityMapping::fields(std::string_view object) const {
  std::vector<std::string> all;
  const auto add = [&all](const std::string& field) {
    const auto same = [&field](const std::string& own) { return lower(own) == lower(field); };
    if (std::none_of(all.begin(), all.end(), same)) all.push_back(field);
  };
  for (const auto& row : rows_) {
    if (row.object != object) continue;
    for (const auto& condition : row.conditions) add(condition.field);
    for (const auto* fields : {&row.occurred_at, &row.id, &row.properties})
      for (const auto& field : *fields) add(field);
  }
  if (other_activity_) add("LastModifiedDate");
  return all;
}

std::optional<ActivityMapping::Meaning> ActivityMapping::meaning(std::string_view object, const json::object& record,
                                                                 Timestamp now) const {
  static const Row other{{}, {}, false, std::string(other_activity_type), {"LastModifiedDate"}, {}, {}};
  auto row = std::find_if(rows_.begin(), rows_.end(), [&](const Row& own) { return fits(own, object, record); });
  const Row* found = row != rows_.end() ? &*row : other_activity_ ? &other : nullptr;
  if (found == nullptr || found->ignored) return std::nullopt;
  const auto at = first_instant(found->occurred_at, record, now);
  Meaning meaning{found->type, at.value_or(Timestamp{}), text_of(record, "Id"),
                  properties_of(found->properties, record)};
  if (!at || meaning.event_id.empty()) return std::nullopt;
  for (const auto& field : found->id)
    if (const auto part = text_of(record, field); !part.empty()) meaning.event_id += ":" + part;
  return meaning;
}

}  // namespace leadlight::net
