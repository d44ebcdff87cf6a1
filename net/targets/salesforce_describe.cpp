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

/// A count, between 0 and what no field of Salesforce reaches: an answer may say anything.
std::size_t count_of(const json::object& object, std::string_view key) {
  constexpr double count_max = 1e9;
  const auto* value = object.if_contains(key);
  const auto said = value != nullptr && value->is_number() ? value->to_number<double>() : 0.0;
  return static_cast<std::size_t>(std::clamp(said, 0.0, count_max));
}

struct Described {
  std::string type;
  std::size_t length = 0;
  std::size_t precision = 0;
  std::size_t scale = 0;
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
    found.length = count_of(*field, "length");
    found.precision = count_of(*field, "precision");
    found.scale = count_of(*field, "scale");
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

using Fault = FieldReport::Fault;
using Faults = std::vector<Fault>;

constexpr const char* other_type = "map another field with --option, or make one of the right type (guide, section 1)";
constexpr const char* grant_field =
    "give the integration's permission set Read and Edit on the field (guide, section 2)";

Faults check_score(const Described& field, const std::string& where) {
  static const std::set<std::string, std::less<>> numeric = {"double", "int", "percent", "currency"};
  if (!numeric.contains(field.type)) return {{where + " is of type " + field.type + ", not Number", other_type}};
  if (field.precision > 0 && field.precision < field.scale + 3)
    return {{where + " has room for fewer than 3 digits before the point: 100 does not fit",
             "give the field more digits before the point; 18,0 is usual"}};
  return {};
}

Faults check_segment(const Described& field, const std::string& where, std::span<const std::string> labels) {
  Faults faults;
  if (field.type == "picklist" || field.type == "combobox") {
    for (const auto& label : labels) {
      const bool known =
          std::find(field.active_values.begin(), field.active_values.end(), label) != field.active_values.end();
      if (field.restricted && !known)
        faults.push_back({where + " is a restricted picklist without the value \"" + label + "\"",
                          "add the value to the picklist, or name one that it has with --option label_…"});
    }
  } else if (field.type == "string" || field.type == "textarea") {
    for (const auto& label : labels)
      if (cut_signals(label, field.length) != label)
        faults.push_back({where + " is too short for \"" + label + "\"", "lengthen the field"});
  } else {
    faults.push_back({where + " is of type " + field.type + ", neither Picklist nor Text", other_type});
  }
  return faults;
}

Faults check_signals(const Described& field, const std::string& where) {
  static constexpr std::size_t characters_min = 40;  // below it not even one signal's line fits
  if (field.type != "textarea" && field.type != "string")
    return {{where + " is of type " + field.type + ", neither Text nor Text Area", other_type}};
  if (field.length < characters_min)
    return {{where + " holds " + std::to_string(field.length) + " characters; make it " +
                 std::to_string(characters_min) + " or more (1024 is usual)",
             "lengthen the field"}};
  return {};
}

Faults check_scored_at(const Described& field, const std::string& where) {
  if (field.type == "datetime") return {};
  return {{where + " is of type " + field.type + ", not Date/Time", other_type}};
}

/// "double(18,0), editable", "textarea(1024), read-only".
std::string words_of(const Described& field) {
  std::string words = field.type;
  if (field.precision > 0)
    words += "(" + std::to_string(field.precision) + "," + std::to_string(field.scale) + ")";
  else if (field.type == "string" || field.type == "textarea")
    words += "(" + std::to_string(field.length) + ")";
  if (!field.active_values.empty())
    words += " of " + std::to_string(field.active_values.size()) + " values" + (field.restricted ? ", restricted" : "");
  return words + (field.updateable ? ", editable" : ", read-only");
}

/// Reads the fields of one object's description, one report each.
class Examiner {
 public:
  Examiner(const json::array& fields, std::string_view object) : fields_(fields), object_(object) {}

  template <class Check>
  std::optional<Described> mapped(const std::string& name, Check check) {
    if (name.empty()) return std::nullopt;
    auto& report = reports.emplace_back();
    report.where = object_ + "." + name;
    auto field = find_field(fields_, name);
    if (!field) {
      report.faults.push_back({report.where + " does not exist, or the user may not see it (field-level security)",
                               "make the field (guide, section 1), or: " + std::string(grant_field)});
      return std::nullopt;
    }
    report.found = words_of(*field);
    if (!field->updateable)
      report.faults.push_back({report.where + " cannot be edited by the user (field-level security)", grant_field});
    for (auto& fault : check(*field, report.where)) report.faults.push_back(std::move(fault));
    return field;
  }

  void readable(const char* name) {
    if (find_field(fields_, name)) return;
    const auto where = object_ + "." + name;
    reports.push_back({where, {}, {{where + " cannot be read by the user (field-level security)", grant_field}}});
  }

  void editable(bool allowed) {
    reports.push_back({object_, allowed ? "its records may be edited" : "", {}});
    if (!allowed)
      reports.back().faults.push_back({"the user may not edit " + object_ + " records: grant Edit",
                                       "Object Settings of the permission set: Read and Edit (guide, section 2)"});
  }

  std::vector<FieldReport> reports;

 private:
  const json::array& fields_;
  std::string object_;
};

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
  Examiner examiner{list->as_array(), object};
  examiner.editable(!answer->contains("updateable") || flag_of(*answer, "updateable"));
  if (object == "Lead")
    for (const auto* name : {"Email", "IsConverted", "ConvertedContactId"}) examiner.readable(name);
  examiner.mapped(fields.score, check_score);
  examiner.mapped(fields.segment, [&](const Described& field, const std::string& where) {
    return check_segment(field, where, labels);
  });
  if (const auto signals = examiner.mapped(fields.signals, check_signals)) verdict.signals_characters = signals->length;
  examiner.mapped(fields.scored_at, check_scored_at);
  verdict.reports = std::move(examiner.reports);
  for (const auto& report : verdict.reports)
    for (const auto& fault : report.faults) verdict.faults.push_back(fault.what);
  return verdict;
}

}  // namespace leadlight::net::salesforce
