// A small SOQL: SELECT fields | COUNT() FROM object [WHERE …] [ORDER BY …] [LIMIT n] [OFFSET n].
//
// WHERE takes = != <> < <= > >= IN, NOT IN, LIKE, AND, OR, NOT and parentheses over strings, numbers, true, false,
// null, dates and instants. Not spoken: relationships, sub-queries, aggregates, date words such as TODAY.
#pragma once

#include "engine/types.hpp"
#include "tools/sandbox/salesforce_schema.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace leadlight::sandbox::soql {

/// Why Salesforce would refuse: MALFORMED_QUERY, INVALID_FIELD or INVALID_TYPE.
struct Refusal {
  std::string code;
  std::string message;
};

struct Literal {
  enum class Kind { null, boolean, number, text, instant, date };
  Kind kind = Kind::null;
  bool truth = false;
  double number = 0;
  std::string text;  // text: unescaped; date: as written
  engine::Timestamp instant{};
};

/// One step of a LIKE pattern.
struct LikeStep {
  enum class Kind { exactly, any_one, any_run };
  Kind kind = Kind::exactly;
  char byte = 0;
};

struct Condition {
  enum class Kind { all, any, negation, equal, unequal, less, at_most, greater, at_least, in, not_in, like };
  Kind kind = Kind::all;
  std::vector<Condition> parts;  // all, any, negation
  std::string field;             // after `resolve`: the name as described
  std::vector<Literal> values;
  std::vector<LikeStep> pattern;
};

struct Order {
  std::string field;
  bool descending = false;
  bool nulls_first = true;
};

struct Query {
  std::vector<std::string> fields;
  bool count = false;
  std::string object;
  std::optional<Condition> where;
  std::vector<Order> order;
  std::optional<std::size_t> limit;
  std::size_t offset = 0;
};

std::variant<Query, Refusal> parse(std::string_view text);
/// Checks names and types against the object and spells names as described.
std::optional<Refusal> resolve(Query& query, const ObjectType& object);

/// Precondition: the query was resolved.
bool matches(const Condition& condition, const boost::json::object& record, const ObjectType& object);
/// Whether `a` comes before `b`.
bool before(const std::vector<Order>& order, const boost::json::object& a, const boost::json::object& b);
/// The values that the field must have one of, where the condition says so; for looking up by an index.
std::optional<std::vector<std::string>> narrowed_to(const Condition& condition, std::string_view field);

/// "2026-01-31T12:00:00.000+0000" and RFC 3339.
std::optional<engine::Timestamp> parse_instant(std::string_view text);
bool is_date(std::string_view text);

/// Undoes the escapes of a literal. None: there is one that SOQL does not know. `in_like` also knows \_ and \%.
std::optional<std::string> unescape(std::string_view raw);
std::optional<std::vector<LikeStep>> unescape_like(std::string_view raw);

}  // namespace leadlight::sandbox::soql
