#include "net/targets/salesforce_describe.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace leadlight::net::salesforce {

namespace {

namespace json = boost::json;

bool same_name(std::string_view a, std::string_view b) {
  const auto folded = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return folded(x) == folded(y); });
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string{};
}

bool flag_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

double number_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0.0;
}

struct Described {
  std::string type;
  std::size_t length = 0;
  double precision = 0;
  double scale = 0;
  bool updateable = false;
  bool restricted = false;
  std::vector<std::string> active_values;
};

std::optional<Described> find_field(const json::array& fields, std::string_view name) {
  for (const auto& item : fields) {
    const auto* field = item.if_object();
    if (field == nullptr || !same_name(text_of(*field, "name"), name)) continue;
    Described found;
    found.type = text_of(*field, "type");
    found.length = static_cast<std::size_t>(std::max(0.0, number_of(*field, "length")));
    found.precision = number_of(*field, "precision");
    found.scale = number_of(*field, "scale");
    found.updateable = flag_of(*field, "updateable");
    found.restricted = flag_of(*field, "restrictedPicklist");
    const auto* values = field->if_contains("picklistValues");
    if (values != nullptr && values->is_array())
      for (const auto& value : values->as_array())
        if (const auto* row = value.if_object(); row != nullptr && flag_of(*row, "active"))
          found.active_values.push_back(text_of(*row, "value"));
    return found;
  }
  return std::nullopt;
}

std::string check_score(const Described& field, const std::string& where) {
  static const std::set<std::string, std::less<>> numeric = {"double", "int", "percent", "currency"};
  if (!numeric.contains(field.type)) return where + " is of type " + field.type + ", not Number";
  if (field.precision > 0 && field.precision - field.scale < 3)
    return where + " has room for fewer than 3 digits before the point: 100 does not fit";
  return {};
}

std::vector<std::string> check_segment(const Described& field, const std::string& where,
                                       std::span<const std::string> labels) {
  std::vector<std::string> faults;
  if (field.type == "picklist" || field.type == "combobox") {
    for (const auto& label : labels) {
      const bool known =
          std::find(field.active_values.begin(), field.active_values.end(), label) != field.active_values.end();
      if (field.restricted && !known)
        faults.push_back(where + " is a restricted picklist without the value \"" + label + "\"");
    }
  } else if (field.type == "string" || field.type == "textarea") {
    for (const auto& label : labels)
      if (cut_signals(label, field.length) != label) faults.push_back(where + " is too short for \"" + label + "\"");
  } else {
    faults.push_back(where + " is of type " + field.type + ", neither Picklist nor Text");
  }
  return faults;
}

std::string check_signals(const Described& field, const std::string& where) {
  static constexpr std::size_t characters_min = 40;  // below it not even one signal's line fits
  if (field.type != "textarea" && field.type != "string")
    return where + " is of type " + field.type + ", neither Text nor Text Area";
  if (field.length < characters_min)
    return where + " holds " + std::to_string(field.length) + " characters; make it " + std::to_string(characters_min) +
           " or more (1024 is usual)";
  return {};
}

}  // namespace

DescribeVerdict compare_describe(std::string_view body, std::string_view object, const Fields& fields,
                                 std::span<const std::string> labels) {
  DescribeVerdict verdict;
  boost::system::error_code failed;
  const auto parsed = json::parse(body, failed);
  const auto* answer = failed ? nullptr : parsed.if_object();
  const auto* list = answer != nullptr ? answer->if_contains("fields") : nullptr;
  if (list == nullptr || !list->is_array()) {
    verdict.faults.push_back("Salesforce's description of " + std::string(object) + " could not be read");
    return verdict;
  }
  if (answer->contains("updateable") && !flag_of(*answer, "updateable"))
    verdict.faults.push_back("the user may not edit " + std::string(object) + " records: grant Edit");
  const auto examine = [&](const std::string& name, auto check) {
    if (name.empty()) return;
    const auto where = std::string(object) + "." + name;
    const auto field = find_field(list->as_array(), name);
    if (!field) {
      verdict.faults.push_back(where + " does not exist, or the user may not see it (field-level security)");
      return;
    }
    if (!field->updateable) verdict.faults.push_back(where + " cannot be edited by the user (field-level security)");
    check(*field, where);
  };
  const auto add = [&verdict](std::string fault) {
    if (!fault.empty()) verdict.faults.push_back(std::move(fault));
  };
  if (object == "Lead")
    for (const auto* name : {"Email", "IsConverted", "ConvertedContactId"})
      if (!find_field(list->as_array(), name))
        verdict.faults.push_back("Lead." + std::string(name) + " cannot be read by the user (field-level security)");
  examine(fields.score, [&](const Described& field, const std::string& where) { add(check_score(field, where)); });
  examine(fields.segment, [&](const Described& field, const std::string& where) {
    for (auto& fault : check_segment(field, where, labels)) add(std::move(fault));
  });
  examine(fields.signals, [&](const Described& field, const std::string& where) {
    add(check_signals(field, where));
    verdict.signals_characters = field.length;
  });
  examine(fields.scored_at, [&](const Described& field, const std::string& where) {
    if (field.type != "datetime") add(where + " is of type " + field.type + ", not Date/Time");
  });
  return verdict;
}

}  // namespace leadlight::net::salesforce
