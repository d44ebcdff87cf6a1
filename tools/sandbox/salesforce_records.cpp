#include "tools/sandbox/salesforce_records.hpp"

#include "net/http/http.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace leadlight::sandbox {

namespace json = boost::json;

const std::string_view integration_user_id = "005gL0000000001AAA";
const std::string_view assignment_queue_id = "00GgL0000000001AAA";
const std::string_view organisation_id = "00DgL0000000001AAA";

namespace {

constexpr double digits_18 = 1e18;

std::string instant_text(engine::Timestamp at) {
  // Salesforce keeps whole seconds.
  auto text = net::format_time(std::chrono::floor<std::chrono::seconds>(at));
  if (!text.empty() && text.back() == 'Z') text.replace(text.size() - 1, 1, "+0000");
  return text;
}

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) != 0x80U) count += byte >= 0xF0 ? 2 : 1;
  }
  return count;
}

std::optional<double> number_in(const json::value& value) {
  if (value.is_number()) return value.to_number<double>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.as_string();
  double number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_email(std::string_view text) {
  return net::normalise_email(text).ok();
}

bool readable_as(const Field& field, const json::value& value) {
  if (value.is_null()) return true;
  switch (field.kind) {
    case FieldKind::number: return number_in(value).has_value();
    case FieldKind::boolean: return value.is_bool();
    case FieldKind::datetime:
      return value.is_string() && (soql::parse_instant(value.as_string()) || soql::is_date(value.as_string()));
    case FieldKind::date:
      return value.is_string() && (soql::is_date(value.as_string()) || soql::parse_instant(value.as_string()));
    default: return value.is_string() || value.is_number() || value.is_bool();
  }
}

std::string plain_text(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

json::value rounded(double number, int scale) {
  const double factor = std::pow(10.0, scale);
  const double result = std::round(number * factor) / factor;
  if (scale == 0 && std::abs(result) < 9e15) return static_cast<std::int64_t>(result);
  return result;
}

/// The value as it is kept. Precondition: readable_as.
json::value kept(const Field& field, const json::value& value) {
  if (value.is_null()) return nullptr;
  switch (field.kind) {
    case FieldKind::number: return rounded(number_in(value).value_or(0), field.scale);
    case FieldKind::boolean: return value;
    case FieldKind::datetime: {
      const auto at = soql::parse_instant(value.as_string());
      return json::value(at ? instant_text(*at) : std::string(value.as_string()) + "T00:00:00.000+0000");
    }
    case FieldKind::date: return json::value(std::string_view(value.as_string()).substr(0, 10));
    case FieldKind::id:
    case FieldKind::reference: return json::value(long_id(plain_text(value)));
    default: break;
  }
  auto text = plain_text(value);
  if (text.empty()) return nullptr;  // Salesforce knows no empty text
  return json::value(text);
}

std::optional<Failure> refuse_value(const Field& field, const json::value& value) {
  if (value.is_null()) return std::nullopt;
  const auto text = plain_text(value);
  const bool textual = field.kind == FieldKind::text || field.kind == FieldKind::textarea ||
                       field.kind == FieldKind::email || field.kind == FieldKind::picklist;
  if (textual && field.length > 0 && characters(text) > field.length)
    return Failure{
        "STRING_TOO_LONG",
        field.label + ": data value too large: " + text + " (max length=" + std::to_string(field.length) + ")",
        {field.name}};
  if (field.kind == FieldKind::email && !text.empty() && !is_email(text))
    return Failure{"INVALID_EMAIL_ADDRESS", field.label + ": invalid email address: " + text, {field.name}};
  const bool listed = std::find(field.values.begin(), field.values.end(), text) != field.values.end();
  if (field.restricted && !text.empty() && !listed)
    return Failure{"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                   field.label + ": bad value for restricted picklist field: " + text,
                   {field.name}};
  if (field.kind == FieldKind::number) {
    const double most = std::min(digits_18, std::pow(10.0, field.precision - field.scale));
    if (std::abs(number_in(value).value_or(0)) >= most)
      return Failure{"NUMBER_OUTSIDE_VALID_RANGE",
                     field.label + ": value outside of valid range on numeric field: " + text,
                     {field.name}};
  }
  return std::nullopt;
}

bool is_meta(std::string_view name) {
  return equal_ignoring_case(name, "attributes") || equal_ignoring_case(name, "id");
}

std::string text_in(const json::object& record, std::string_view name) {
  const auto* value = record.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string{};
}

bool true_in(const json::object& record, std::string_view name) {
  const auto* value = record.if_contains(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

json::object shown(const json::object& record, const ObjectType& type, const std::string& base_path,
                   const std::vector<std::string>& fields) {
  json::object result;
  const auto id = text_in(record, "Id");
  result["attributes"] = {{"type", type.name}, {"url", base_path + "/sobjects/" + type.name + "/" + id}};
  const auto add = [&](const std::string& name, FieldKind kind) {
    const auto* value = record.if_contains(name);
    if (value != nullptr)
      result[name] = *value;
    else if (kind == FieldKind::boolean)
      result[name] = false;
    else
      result[name] = nullptr;
  };
  if (fields.empty())
    for (const auto& field : type.fields) add(field.name, field.kind);
  for (const auto& name : fields)
    if (const auto* field = type.find(name)) add(field->name, field->kind);
  return result;
}

}  // namespace

std::string long_id(std::string_view id) {
  if (id.size() != 15) return std::string(id);
  static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
  std::string result(id);
  for (std::size_t block = 0; block < 3; ++block) {
    std::size_t bits = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      const char c = id[block * 5 + i];
      if (c >= 'A' && c <= 'Z') bits |= std::size_t{1} << i;
    }
    result += alphabet[bits];
  }
  return result;
}

std::optional<Failure> SalesforceRecords::readable(const ObjectType& type, const json::object& fields) {
  for (const auto& [name, value] : fields) {
    const auto* field = type.find(name);
    if (field == nullptr || is_meta(name) || readable_as(*field, value)) continue;
    return Failure{"JSON_PARSER_ERROR",
                   "Cannot deserialize instance of " + std::string(field->type_name()) + " from " +
                       (value.is_string() ? "VALUE_STRING"
                        : value.is_bool() ? "VALUE_BOOLEAN"
                                          : "VALUE_NUMBER") +
                       " value " + plain_text(value) +
                       " or request may be missing a required field at [line:1, column:1]",
                   {}};
  }
  return std::nullopt;
}

std::optional<Failure> SalesforceRecords::validate(const ObjectType& type, const json::object& fields) {
  std::vector<std::string> locked;
  for (const auto& [name, value] : fields) {
    if (is_meta(name)) continue;
    const auto* field = type.find(name);
    if (field == nullptr)
      return Failure{"INVALID_FIELD", "No such column '" + std::string(name) + "' on sobject of type " + type.name, {}};
    if (!field->writable) locked.push_back(field->name);
  }
  if (!locked.empty()) {
    std::string names;
    for (const auto& name : locked) names += (names.empty() ? "" : ", ") + name;
    return Failure{
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "Unable to create/update fields: " + names +
            ". Please check the security settings of this field and verify that it is read/write for your profile "
            "or permission set.",
        locked};
  }
  for (const auto& [name, value] : fields) {
    if (is_meta(name)) continue;
    if (auto failure = refuse_value(*type.find(name), value)) return failure;
  }
  return std::nullopt;
}

void SalesforceRecords::assign_fields(const ObjectType& type, json::object& record, const json::object& fields,
                                      bool any) {
  for (const auto& [name, value] : fields) {
    const auto* field = type.find(name);
    if (field == nullptr || is_meta(name) || (!any && !field->writable) || !readable_as(*field, value)) continue;
    auto own = kept(*field, value);
    if (own.is_null())
      record.erase(field->name);
    else
      record[field->name] = std::move(own);
  }
}

void SalesforceRecords::complete(const ObjectType& type, json::object& record, bool created) {
  const auto now = instant_text(clock_->now());
  const auto set_if_absent = [&record](std::string_view name, json::value value) {
    if (!record.contains(name)) record[name] = std::move(value);
  };
  if (created) {
    set_if_absent("CreatedDate", json::value(now));
    set_if_absent("CreatedById", json::value(integration_user_id));
    if (type.find("OwnerId") != nullptr) set_if_absent("OwnerId", json::value(integration_user_id));
    if (type.name == "Lead") set_if_absent("Status", "Open - Not Contacted");
    if (type.name == "Task") set_if_absent("Status", "Not Started");
  }
  record["LastModifiedDate"] = now;
  record["LastModifiedById"] = integration_user_id;
  record["SystemModstamp"] = now;
  if (type.name == "Lead" || type.name == "Contact") {
    const auto first = text_in(record, "FirstName");
    record["Name"] = first.empty() ? text_in(record, "LastName") : first + " " + text_in(record, "LastName");
  }
  if (type.name == "Task") {
    const bool closed = text_in(record, "Status") == "Completed";
    record["IsClosed"] = closed;
    if (closed) set_if_absent("CompletedDateTime", json::value(now));
  }
}

std::string SalesforceRecords::next_id(const ObjectType& type) {
  static constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  auto number = ++table(type).last;
  std::string tail(9, '0');
  for (std::size_t at = tail.size(); at > 0 && number > 0; --at, number /= digits.size())
    tail[at - 1] = digits[number % digits.size()];
  return long_id(type.id_prefix + "gL0" + tail);
}

void SalesforceRecords::index_email(Table& table, std::size_t row, std::string_view before) {
  const auto now = lower_case(text_in(table.rows[row].record, "Email"));
  if (now == before) return;
  if (!before.empty()) std::erase(table.by_email[std::string(before)], row);
  if (!now.empty()) table.by_email[now].push_back(row);
}

std::variant<std::string, Failure> SalesforceRecords::create(const ObjectType& type, const json::object& fields,
                                                             bool assign) {
  if (auto failure = validate(type, fields)) return *failure;
  json::object record;
  assign_fields(type, record, fields, false);
  std::vector<std::string> missing;
  for (const auto& field : type.fields)
    if (field.required && !record.contains(field.name)) missing.push_back(field.name);
  if (!missing.empty()) {
    std::string names;
    for (const auto& name : missing) names += (names.empty() ? "" : ", ") + name;
    return Failure{"REQUIRED_FIELD_MISSING", "Required fields are missing: [" + names + "]", missing};
  }
  const auto id = next_id(type);
  record["Id"] = id;
  if (assign && type.name == "Lead") record["OwnerId"] = assignment_queue_id;
  complete(type, record, true);
  auto& own = table(type);
  own.by_id[id.substr(0, 15)] = own.rows.size();
  own.rows.push_back({std::move(record), false});
  index_email(own, own.rows.size() - 1, "");
  return id;
}

std::optional<Failure> SalesforceRecords::update(const ObjectType& type, std::string_view id,
                                                 const json::object& fields, bool assign) {
  auto& own = table(type);
  const auto found = own.by_id.find(std::string(id.substr(0, 15)));
  if (found == own.by_id.end()) return Failure{"INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", {}};
  auto& row = own.rows[found->second];
  if (row.deleted) return Failure{"ENTITY_IS_DELETED", "entity is deleted", {}};
  if (auto failure = validate(type, fields)) return failure;
  if (true_in(row.record, "IsConverted"))
    return Failure{"CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", {}};
  const auto email = lower_case(text_in(row.record, "Email"));
  assign_fields(type, row.record, fields, false);
  if (assign && type.name == "Lead") row.record["OwnerId"] = assignment_queue_id;
  complete(type, row.record, false);
  index_email(own, found->second, email);
  return std::nullopt;
}

std::optional<Failure> SalesforceRecords::erase(const ObjectType& type, std::string_view id) {
  auto& own = table(type);
  const auto found = own.by_id.find(std::string(id.substr(0, 15)));
  if (found == own.by_id.end()) return Failure{"INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", {}};
  auto& row = own.rows[found->second];
  if (row.deleted) return Failure{"ENTITY_IS_DELETED", "entity is deleted", {}};
  row.deleted = true;
  row.record["IsDeleted"] = true;
  complete(type, row.record, false);
  return std::nullopt;
}

std::string SalesforceRecords::put(const ObjectType& type, const json::object& fields) {
  auto& own = table(type);
  auto id = text_in(fields, "Id");
  if (id.empty()) id = text_in(fields, "id");
  id = long_id(id);
  if (id.size() != 18) id = next_id(type);
  const auto [place, fresh] = own.by_id.try_emplace(id.substr(0, 15), own.rows.size());
  if (fresh) own.rows.emplace_back();
  auto& row = own.rows[place->second];
  const auto email = lower_case(text_in(row.record, "Email"));
  row.deleted = false;
  row.record.clear();
  assign_fields(type, row.record, fields, true);
  row.record["Id"] = id;
  complete(type, row.record, true);
  index_email(own, place->second, email);
  return id;
}

void SalesforceRecords::clear(const ObjectType& type) {
  auto& own = table(type);
  const auto last = own.last;
  own = Table{};
  own.last = last;  // an id is never given twice
}

const SalesforceRecords::Row* SalesforceRecords::find(const ObjectType& type, std::string_view id) const {
  const auto own = tables_.find(type.name);
  if (own == tables_.end()) return nullptr;
  const auto found = own->second.by_id.find(std::string(id.substr(0, 15)));
  return found == own->second.by_id.end() ? nullptr : &own->second.rows[found->second];
}

std::optional<json::object> SalesforceRecords::get(const ObjectType& type, std::string_view id,
                                                   const std::string& base_path, const std::vector<std::string>& fields,
                                                   bool* deleted) const {
  const auto* row = find(type, id);
  *deleted = row != nullptr && row->deleted;
  if (row == nullptr || row->deleted) return std::nullopt;
  return shown(row->record, type, base_path, fields);
}

std::string SalesforceRecords::email_of(const ObjectType& type, std::string_view id) const {
  const auto* row = find(type, id);
  return row == nullptr ? std::string{} : text_in(row->record, "Email");
}

std::vector<const SalesforceRecords::Row*> SalesforceRecords::candidates(const soql::Query& query,
                                                                         const ObjectType& type) const {
  std::vector<const Row*> rows;
  const auto own = tables_.find(type.name);
  if (own == tables_.end()) return rows;
  std::vector<std::size_t> places;
  const auto ids = query.where ? soql::narrowed_to(*query.where, "Id") : std::nullopt;
  const auto emails = query.where && !ids ? soql::narrowed_to(*query.where, "Email") : std::nullopt;
  if (!ids && !emails) {
    for (const auto& row : own->second.rows) rows.push_back(&row);
    return rows;
  }
  for (const auto& id : ids.value_or(std::vector<std::string>{}))
    if (const auto found = own->second.by_id.find(id.substr(0, 15)); found != own->second.by_id.end())
      places.push_back(found->second);
  for (const auto& email : emails.value_or(std::vector<std::string>{}))
    if (const auto found = own->second.by_email.find(lower_case(email)); found != own->second.by_email.end())
      places.insert(places.end(), found->second.begin(), found->second.end());
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  for (const auto place : places) rows.push_back(&own->second.rows[place]);
  return rows;
}

std::vector<json::object> SalesforceRecords::select(const soql::Query& query, const ObjectType& type,
                                                    const std::string& base_path) const {
  std::vector<const Row*> found;
  for (const auto* row : candidates(query, type))
    if (!row->deleted && (!query.where || soql::matches(*query.where, row->record, type))) found.push_back(row);
  if (!query.order.empty())
    std::stable_sort(found.begin(), found.end(),
                     [&](const Row* a, const Row* b) { return soql::before(query.order, a->record, b->record); });
  std::vector<json::object> result;
  for (std::size_t at = query.offset; at < found.size() && result.size() < query.limit.value_or(found.size()); ++at)
    result.push_back(shown(found[at]->record, type, base_path, query.fields));
  return result;
}

std::vector<json::object> SalesforceRecords::all(const ObjectType& type) const {
  std::vector<json::object> result;
  const auto own = tables_.find(type.name);
  if (own == tables_.end()) return result;
  for (const auto& row : own->second.rows)
    if (!row.deleted) result.push_back(shown(row.record, type, "/services/data/v60.0", {}));
  return result;
}

}  // namespace leadlight::sandbox
