// The objects of the Salesforce stand-in: names, fields, types, lengths, and their descriptions.
#pragma once

#include <boost/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::sandbox {

enum class FieldKind { id, reference, text, textarea, email, number, boolean, datetime, date, picklist };

struct Field {
  std::string name;
  std::string label;
  FieldKind kind = FieldKind::text;
  std::size_t length = 0;           // characters; text kinds only
  int precision = 0;                // number: digits in all
  int scale = 0;                    // number: digits after the point
  std::vector<std::string> values;  // picklist
  bool restricted = false;          // picklist: other values are refused
  bool writable = true;
  bool required = false;  // on creation

  /// A long text area cannot stand in a WHERE clause.
  [[nodiscard]] bool filterable() const { return kind != FieldKind::textarea || length <= 255; }
  [[nodiscard]] std::string_view type_name() const;
};

struct ObjectType {
  std::string name;
  std::string label;
  std::string id_prefix;
  std::vector<Field> fields;

  /// Names are compared without case, as Salesforce does.
  [[nodiscard]] const Field* find(std::string_view field) const;
};

/// Lead, Contact, Campaign, CampaignMember, Task, Event.
const std::vector<ObjectType>& object_types();
const ObjectType* find_object(std::string_view name);

/// The row of /sobjects, and with `fields` the answer of /describe.
boost::json::object describe(const ObjectType& object, const std::string& base_path, bool fields);

bool equal_ignoring_case(std::string_view a, std::string_view b);
std::string lower_case(std::string_view text);

}  // namespace leadlight::sandbox
