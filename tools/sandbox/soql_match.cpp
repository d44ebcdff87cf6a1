// What a SOQL condition means: names and types checked, records compared and ordered.
#include "tools/sandbox/soql.hpp"

#include <algorithm>
#include <utility>

namespace leadlight::sandbox::soql {

namespace {

namespace json = boost::json;

bool fits(const Field& field, const Literal& literal) {
  if (literal.kind == Literal::Kind::null) return true;
  switch (field.kind) {
    case FieldKind::number: return literal.kind == Literal::Kind::number;
    case FieldKind::boolean: return literal.kind == Literal::Kind::boolean;
    case FieldKind::datetime: return literal.kind == Literal::Kind::instant;
    case FieldKind::date: return literal.kind == Literal::Kind::date;
    default: return literal.kind == Literal::Kind::text;
  }
}

Refusal no_such_column(std::string_view field, const ObjectType& object) {
  return {"INVALID_FIELD",
          "No such column '" + std::string(field) + "' on entity '" + object.name +
              "'. If you are attempting to use a custom field, be sure to append the '__c' after the custom "
              "field name. Please reference your WSDL or the describe call for the appropriate names."};
}

std::optional<Refusal> resolve_condition(Condition& condition, const ObjectType& object) {
  for (auto& part : condition.parts)
    if (auto refusal = resolve_condition(part, object)) return refusal;
  if (!condition.parts.empty()) return std::nullopt;
  const auto* field = object.find(condition.field);
  if (field == nullptr) return no_such_column(condition.field, object);
  condition.field = field->name;
  if (!field->filterable())
    return Refusal{"INVALID_FIELD", "field '" + field->name + "' can not be filtered in a query call"};
  const bool textual = fits(*field, Literal{Literal::Kind::text, false, 0, {}, {}});
  const std::string type(field->type_name());
  if (condition.kind == Condition::Kind::like && !textual)
    return Refusal{"INVALID_FIELD", "invalid operator on " + type + " field"};
  for (const auto& value : condition.values) {
    if (fits(*field, value)) continue;
    return Refusal{"INVALID_FIELD",
                   "value of filter criterion for field '" + field->name + "' must be of type " + type +
                       (textual ? " and should be enclosed in quotes" : " and should not be enclosed in quotes")};
  }
  return std::nullopt;
}

// ---- evaluation
// ------------------------------------------------------------------------------------------------------

/// The first 15 characters say it all; the other three are a checksum.
std::string_view short_id(std::string_view id) {
  return id.substr(0, id.size() == 18 ? 15 : id.size());
}

/// Less than 0, 0 or more than 0; none where one side is null.
std::optional<int> compare(const Field& field, const json::value& held, const Literal& literal) {
  const auto sign = [](auto a, auto b) { return a < b ? -1 : (b < a ? 1 : 0); };
  if (held.is_null() || literal.kind == Literal::Kind::null) return std::nullopt;
  switch (field.kind) {
    case FieldKind::number: return sign(held.to_number<double>(), literal.number);
    case FieldKind::boolean: return sign(held.as_bool() ? 1 : 0, literal.truth ? 1 : 0);
    case FieldKind::datetime: {
      const auto instant = parse_instant(held.as_string());
      if (!instant) return std::nullopt;
      return sign(*instant, literal.instant);
    }
    case FieldKind::id:
    case FieldKind::reference: return sign(short_id(held.as_string()), short_id(literal.text));
    default: return sign(lower_case(held.as_string()), lower_case(literal.text));
  }
}

bool equals(const Field& field, const json::value& held, const Literal& literal) {
  const bool empty =
      literal.kind == Literal::Kind::null || (literal.kind == Literal::Kind::text && literal.text.empty());
  if (held.is_null() || empty) return held.is_null() && empty;
  return compare(field, held, literal) == 0;
}

std::size_t character_bytes(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
  return end - at;
}

bool is_like(std::string_view text, const std::vector<LikeStep>& pattern) {
  std::size_t at = 0;
  std::size_t step = 0;
  std::optional<std::size_t> run;  // the last "any run" and where it may take up again
  std::size_t resume = 0;
  while (at < text.size()) {
    if (step < pattern.size() && pattern[step].kind == LikeStep::Kind::any_run) {
      run = step++;
      resume = at;
    } else if (step < pattern.size() && pattern[step].kind == LikeStep::Kind::any_one) {
      at += character_bytes(text, at);
      ++step;
    } else if (step < pattern.size() &&
               equal_ignoring_case(text.substr(at, 1), std::string_view(&pattern[step].byte, 1))) {
      ++at;
      ++step;
    } else if (run) {
      resume += character_bytes(text, resume);
      at = resume;
      step = *run + 1;
    } else {
      return false;
    }
  }
  while (step < pattern.size() && pattern[step].kind == LikeStep::Kind::any_run) ++step;
  return step == pattern.size();
}

const json::value& value_of(const json::object& record, std::string_view field) {
  static const json::value nothing;
  const auto* value = record.if_contains(field);
  return value == nullptr ? nothing : *value;
}

bool compares(const Condition& condition, const json::value& held, const Field& field) {
  const auto order = condition.values.empty() ? std::nullopt : compare(field, held, condition.values.front());
  const bool known = order.has_value();
  const int sign = order.value_or(0);
  const auto among = [&] {
    return std::any_of(condition.values.begin(), condition.values.end(),
                       [&](const Literal& literal) { return equals(field, held, literal); });
  };
  switch (condition.kind) {
    case Condition::Kind::equal:
    case Condition::Kind::in: return among();
    case Condition::Kind::unequal:
    case Condition::Kind::not_in: return !among();
    case Condition::Kind::less: return known && sign < 0;
    case Condition::Kind::at_most: return known && sign <= 0;
    case Condition::Kind::greater: return known && sign > 0;
    case Condition::Kind::at_least: return known && sign >= 0;
    case Condition::Kind::like: return held.is_string() && is_like(held.as_string(), condition.pattern);
    default: return false;
  }
}

int order_of(const json::value& a, const json::value& b) {
  const auto sign = [](const auto& x, const auto& y) { return x < y ? -1 : (y < x ? 1 : 0); };
  if (a.is_number() && b.is_number()) return sign(a.to_number<double>(), b.to_number<double>());
  if (a.is_bool() && b.is_bool()) return sign(a.as_bool() ? 1 : 0, b.as_bool() ? 1 : 0);
  if (a.is_string() && b.is_string()) return sign(lower_case(a.as_string()), lower_case(b.as_string()));
  return 0;
}

}  // namespace

std::optional<Refusal> resolve(Query& query, const ObjectType& object) {
  for (auto& name : query.fields) {
    const auto* field = object.find(name);
    if (field == nullptr) return no_such_column(name, object);
    name = field->name;
  }
  if (query.where)
    if (auto refusal = resolve_condition(*query.where, object)) return refusal;
  for (auto& order : query.order) {
    const auto* field = object.find(order.field);
    if (field == nullptr) return no_such_column(order.field, object);
    if (!field->filterable())
      return Refusal{"MALFORMED_QUERY", "field '" + field->name + "' can not be sorted in a query call"};
    order.field = field->name;
  }
  if (query.offset > 2000) return Refusal{"NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"};
  return std::nullopt;
}

bool matches(const Condition& condition, const json::object& record, const ObjectType& object) {
  const auto fits_record = [&](const Condition& part) { return matches(part, record, object); };
  switch (condition.kind) {
    case Condition::Kind::all: return std::all_of(condition.parts.begin(), condition.parts.end(), fits_record);
    case Condition::Kind::any: return std::any_of(condition.parts.begin(), condition.parts.end(), fits_record);
    case Condition::Kind::negation: return !fits_record(condition.parts.front());
    default: break;
  }
  const auto* field = object.find(condition.field);
  if (field == nullptr) return false;
  static const json::value unchecked(false);  // a checkbox is never null
  const auto& held = value_of(record, condition.field);
  return compares(condition, field->kind == FieldKind::boolean && held.is_null() ? unchecked : held, *field);
}

bool before(const std::vector<Order>& order, const json::object& a, const json::object& b) {
  for (const auto& by : order) {
    const auto& left = value_of(a, by.field);
    const auto& right = value_of(b, by.field);
    if (left.is_null() != right.is_null()) return left.is_null() == by.nulls_first;
    // Ids differ by the case of their letters, in an order as in a comparison.
    const bool ids = by.field == "Id" && left.is_string() && right.is_string();
    const int sign = ids ? left.as_string().compare(right.as_string()) : order_of(left, right);
    if (sign != 0) return by.descending ? sign > 0 : sign < 0;
  }
  return false;
}

std::optional<std::vector<std::string>> narrowed_to(const Condition& condition, std::string_view field) {
  if (condition.kind == Condition::Kind::all) {
    for (const auto& part : condition.parts)
      if (auto values = narrowed_to(part, field)) return values;
    return std::nullopt;
  }
  const bool named = condition.kind == Condition::Kind::equal || condition.kind == Condition::Kind::in;
  if (!named || condition.field != field) return std::nullopt;
  std::vector<std::string> values;
  for (const auto& literal : condition.values) {
    if (literal.kind != Literal::Kind::text || literal.text.empty()) return std::nullopt;
    values.push_back(literal.text);
  }
  return values;
}

}  // namespace leadlight::sandbox::soql
