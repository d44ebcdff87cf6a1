#include "net/json_reader.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace leadlight::net {
namespace {

namespace ondemand = simdjson::ondemand;
using engine::Errc;
using engine::Error;
using engine::Ok;

constexpr std::size_t number_characters_max = 64;
constexpr const char* not_json = "The request body is not valid JSON";

std::string_view trim_end(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

std::size_t digits_at(std::string_view text, std::size_t from) {
  auto to = from;
  while (to < text.size() && text[to] >= '0' && text[to] <= '9') ++to;
  return to - from;
}

/// number = [ "-" ] int [ frac ] [ exp ], of any size: it is kept as sent.
bool is_number(std::string_view text) {
  std::size_t i = text.starts_with('-') ? 1 : 0;
  const auto whole = digits_at(text, i);
  if (whole == 0 || (whole > 1 && text[i] == '0')) return false;
  i += whole;
  if (i < text.size() && text[i] == '.') {
    const auto fraction = digits_at(text, i + 1);
    if (fraction == 0) return false;
    i += 1 + fraction;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    const auto exponent = digits_at(text, i);
    if (exponent == 0) return false;
    i += exponent;
  }
  return i == text.size();
}

/// The code unit of the four hex digits at `from`; none when they are not there.
std::optional<unsigned> unit_at(std::string_view text, std::size_t from) {
  if (from + 4 > text.size()) return std::nullopt;
  unsigned unit = 0;
  for (const char c : text.substr(from, 4)) {
    const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                           : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A') + 10
                                                  : 16;
    if (digit == 16) return std::nullopt;
    unit = unit * 16 + digit;
  }
  return unit;
}

/// What is wrong with the escapes of a text, between its quotes; empty: nothing.
enum class Escapes : std::uint8_t { fine, malformed, lone_surrogate, nul };

Escapes check_escapes(std::string_view raw) {
  for (std::size_t i = raw.find('\\'); i != std::string_view::npos; i = raw.find('\\', i)) {
    if (i + 1 >= raw.size()) return Escapes::malformed;
    const char kind = raw[i + 1];
    if (kind != 'u') {
      if (std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) return Escapes::malformed;
      i += 2;
      continue;
    }
    const auto unit = unit_at(raw, i + 2);
    if (!unit) return Escapes::malformed;
    if (*unit == 0) return Escapes::nul;
    i += 6;
    if (*unit < 0xD800 || *unit > 0xDFFF) continue;
    const auto second = raw.substr(i).starts_with("\\u") ? unit_at(raw, i + 2) : std::nullopt;
    if (*unit > 0xDBFF || !second || *second < 0xDC00 || *second > 0xDFFF) return Escapes::lone_surrogate;
    i += 6;
  }
  return Escapes::fine;
}

/// The bytes between the quotes, of a text that begins at `first` (behind its opening quote).
std::string_view between_quotes(const char* first) {
  const char* last = first;
  while (*last != '"') last += *last == '\\' ? 2 : 1;  // the parser has seen the closing quote
  return {first, static_cast<std::size_t>(last - first)};
}

}  // namespace

struct JsonReader::Parser {
  explicit Parser(JsonLimits own) : limits(own) {}

  ondemand::parser parser;
  ondemand::document document;
  JsonLimits limits;
  std::vector<JsonMember> members;
  std::vector<std::string_view> names;  // of the objects being read, innermost last
  std::size_t member_count = 0;
  std::string copy;
  Error fault;
  bool broken = false;  // the fault is one of grammar: nothing behind it can be trusted

  bool syntax() {
    broken = true;
    fault = {Errc::invalid, not_json, {}};
    return false;
  }
  bool rule(std::string what) {
    fault = {Errc::invalid, std::move(what), {}};
    return false;
  }

  bool begin(std::string_view text, std::size_t readable) {
    broken = false;
    // simdjson takes a mutable view; it reads only.
    const simdjson::padded_string_view padded(text.data(), text.size(), readable);
    return parser.iterate(padded).get(document) == simdjson::SUCCESS || syntax();
  }
  /// Nothing may follow.
  bool at_end() {
    const char* rest = nullptr;
    return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS || syntax();
  }

  bool text_of(std::string_view raw, const std::function<bool(std::string_view&)>& unescape, std::string_view& text);
  bool name_of(ondemand::field& field, std::string_view& name);
  bool scalar(ondemand::value& value, JsonMember& member);
  bool value(ondemand::value& value, std::size_t depth, JsonMember& member);
  bool array(ondemand::value& value, std::size_t depth);
  bool members_of(ondemand::object& object, std::size_t depth, bool top);
  bool no_name_twice(std::size_t from);
  bool item(ondemand::object& object);
  engine::Status lines(std::string_view text, std::size_t readable, std::size_t items_max, const Each& each);
  engine::Status elements(std::size_t items_max, const Each& each);
};

bool JsonReader::Parser::text_of(std::string_view raw, const std::function<bool(std::string_view&)>& unescape,
                                 std::string_view& text) {
  if (std::memchr(raw.data(), '\\', raw.size()) == nullptr) {
    text = raw;
  } else {
    switch (check_escapes(raw)) {
      case Escapes::malformed: return syntax();
      case Escapes::lone_surrogate: return rule("a text holds half of a surrogate pair");
      case Escapes::nul: return rule("a text holds the character U+0000");
      case Escapes::fine: break;
    }
    if (!unescape(text)) return syntax();
  }
  if (text.size() > limits.text_bytes_max)
    return rule("a text is longer than " + std::to_string(limits.text_bytes_max) + " bytes");
  return true;
}

bool JsonReader::Parser::name_of(ondemand::field& field, std::string_view& name) {
  return text_of(
      between_quotes(field.key().raw()),
      [&](std::string_view& text) { return field.unescaped_key().get(text) == simdjson::SUCCESS; }, name);
}

bool JsonReader::Parser::scalar(ondemand::value& value, JsonMember& member) {
  const auto raw = trim_end(value.raw_json_token());
  member.raw = raw;
  member.text = raw;
  switch (member.kind) {
    case JsonKind::text:
      if (raw.size() < 2 || raw.back() != '"') return syntax();
      return text_of(
          raw.substr(1, raw.size() - 2),
          [&](std::string_view& text) { return value.get_string().get(text) == simdjson::SUCCESS; }, member.text);
    case JsonKind::number:
      if (!is_number(raw)) return syntax();
      if (raw.size() > number_characters_max)
        return rule("a number is longer than " + std::to_string(number_characters_max) + " characters");
      return true;
    case JsonKind::boolean: return raw == "true" || raw == "false" || syntax();
    default: return raw == "null" || syntax();
  }
}

bool JsonReader::Parser::value(ondemand::value& value, std::size_t depth, JsonMember& member) {
  ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return syntax();
  switch (type) {
    case ondemand::json_type::array: member.kind = JsonKind::array; break;
    case ondemand::json_type::object: member.kind = JsonKind::object; break;
    case ondemand::json_type::number: member.kind = JsonKind::number; return scalar(value, member);
    case ondemand::json_type::string: member.kind = JsonKind::text; return scalar(value, member);
    case ondemand::json_type::boolean: member.kind = JsonKind::boolean; return scalar(value, member);
    case ondemand::json_type::null: member.kind = JsonKind::null; return scalar(value, member);
  }
  if (depth >= limits.depth_max) return rule("nested deeper than " + std::to_string(limits.depth_max) + " levels");
  const char* const first = value.raw_json_token().data();
  if (member.kind == JsonKind::array) {
    if (!array(value, depth + 1)) return false;
  } else {
    ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return syntax();
    if (!members_of(object, depth + 1, false)) return false;
  }
  const char* next = nullptr;
  if (document.current_location().get(next) != simdjson::SUCCESS) return syntax();
  member.raw = trim_end({first, static_cast<std::size_t>(next - first)});
  member.text = member.raw;
  return true;
}

bool JsonReader::Parser::array(ondemand::value& value, std::size_t depth) {
  ondemand::array elements;
  if (value.get_array().get(elements) != simdjson::SUCCESS) return syntax();
  for (auto result : elements) {
    ondemand::value element;
    if (std::move(result).get(element) != simdjson::SUCCESS) return syntax();
    JsonMember ignored;
    if (!this->value(element, depth, ignored)) return false;
  }
  return true;
}

bool JsonReader::Parser::members_of(ondemand::object& object, std::size_t depth, bool top) {
  const auto names_from = names.size();
  for (auto result : object) {
    ondemand::field field;
    if (std::move(result).get(field) != simdjson::SUCCESS) return syntax();
    if (++member_count > limits.members_max)
      return rule("more than " + std::to_string(limits.members_max) + " members");
    JsonMember member;
    if (!name_of(field, member.name)) return false;
    names.push_back(member.name);
    if (!value(field.value(), depth, member)) {
      if (top && !broken) fault.field = member.name;
      return false;
    }
    if (top) members.push_back(member);
  }
  return no_name_twice(names_from);
}

bool JsonReader::Parser::no_name_twice(std::size_t from) {
  // Sorted, not hashed: no sender can make this slow.
  const auto first = names.begin() + static_cast<std::ptrdiff_t>(from);
  std::sort(first, names.end());
  const auto twice = std::adjacent_find(first, names.end());
  if (twice != names.end()) {
    rule("\"" + std::string(*twice) + "\" appears twice in one object");
    fault.field = *twice;
    return false;
  }
  names.resize(from);
  return true;
}

bool JsonReader::Parser::item(ondemand::object& object) {
  members.clear();
  names.clear();
  member_count = 0;
  return members_of(object, 1, true);
}

JsonReader::JsonReader(JsonLimits limits) : parser_(std::make_unique<Parser>(limits)) {}
JsonReader::~JsonReader() = default;

namespace {

/// The text with simdjson's padding behind it: `body` itself where it has room, else a copy.
std::string_view with_room(const std::string& body, std::string& copy, std::size_t& readable) {
  if (body.capacity() >= body.size() + simdjson::SIMDJSON_PADDING) {
    readable = body.capacity();
    return body;
  }
  copy.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  copy.assign(body);
  readable = copy.capacity();
  return copy;
}

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

engine::Result<JsonMembers> JsonReader::object(const std::string& body) {
  auto& own = *parser_;
  std::size_t readable = 0;
  const auto text = with_room(body, own.copy, readable);
  ondemand::json_type type{};
  if (!own.begin(text, readable) || own.document.type().get(type) != simdjson::SUCCESS)
    return Error{Errc::invalid, not_json, {}};
  if (type != ondemand::json_type::object) return Error{Errc::invalid, "The request body must be a JSON object", {}};
  ondemand::object object;
  if (own.document.get_object().get(object) != simdjson::SUCCESS) return Error{Errc::invalid, not_json, {}};
  if (!own.item(object) || !own.at_end()) return own.fault;
  return JsonMembers(own.members);
}

namespace {

const Error& no_object() {
  static const Error error{Errc::invalid, "an event must be a JSON object", {}};
  return error;
}

Error too_many(std::size_t items_max) {
  return {Errc::too_large, "The request holds more than " + std::to_string(items_max) + " events", {}};
}

}  // namespace

engine::Status JsonReader::Parser::lines(std::string_view text, std::size_t readable, std::size_t items_max,
                                         const Each& each) {
  const Error not_json_line{Errc::invalid, "this line is not valid JSON", {}};
  std::size_t index = 0;
  for (std::size_t from = 0; from < text.size();) {
    const auto to = std::min(text.find('\n', from), text.size());
    const auto line = text.substr(from, to - from);
    const auto line_readable = readable - from;
    from = to + 1;
    if (blank(line)) continue;
    if (index >= items_max) return too_many(items_max);
    ondemand::json_type type{};
    ondemand::object object;
    if (!begin(line, line_readable) || document.type().get(type) != simdjson::SUCCESS)
      each(index, not_json_line);
    else if (type != ondemand::json_type::object)
      each(index, no_object());
    else if (document.get_object().get(object) != simdjson::SUCCESS)
      each(index, not_json_line);
    else if (item(object) && at_end())
      each(index, JsonMembers(members));
    else
      each(index, broken ? not_json_line : fault);
    ++index;
  }
  return Ok{};
}

engine::Status JsonReader::Parser::elements(std::size_t items_max, const Each& each) {
  const Error no_json{Errc::invalid, not_json, {}};
  ondemand::array all;
  if (document.get_array().get(all) != simdjson::SUCCESS) return no_json;
  std::size_t index = 0;
  for (auto result : all) {
    ondemand::value element;
    ondemand::json_type type{};
    if (std::move(result).get(element) != simdjson::SUCCESS || element.type().get(type) != simdjson::SUCCESS)
      return no_json;
    if (index >= items_max) return too_many(items_max);
    bool good = false;
    if (type == ondemand::json_type::object) {
      ondemand::object object;
      if (element.get_object().get(object) != simdjson::SUCCESS) return no_json;
      good = item(object);
    } else {
      names.clear();
      member_count = 0;
      JsonMember ignored;
      if (value(element, 1, ignored)) fault = no_object();
    }
    if (broken) return fault;
    if (good)
      each(index++, JsonMembers(members));
    else
      each(index++, fault);
  }
  if (!at_end()) return fault;
  return Ok{};
}

engine::Status JsonReader::items(const std::string& body, bool lines, std::size_t items_max, const Each& each) {
  auto& own = *parser_;
  std::size_t readable = 0;
  const auto text = with_room(body, own.copy, readable);
  if (lines) return own.lines(text, readable, items_max, each);
  ondemand::json_type type{};
  if (!own.begin(text, readable) || own.document.type().get(type) != simdjson::SUCCESS)
    return Error{Errc::invalid, not_json, {}};
  if (type == ondemand::json_type::array) return own.elements(items_max, each);
  if (type != ondemand::json_type::object)
    return Error{
        Errc::invalid, "The request body must be a JSON object, an array of objects, or one object a line", {}};
  ondemand::object object;
  if (own.document.get_object().get(object) != simdjson::SUCCESS) return Error{Errc::invalid, not_json, {}};
  const bool good = own.item(object);
  if (own.broken || (good && !own.at_end())) return own.fault;
  if (good)
    each(0, JsonMembers(own.members));
  else
    each(0, own.fault);
  return Ok{};
}

bool looks_like_lines(std::string_view body) {
  const auto first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || body[first] != '{') return false;
  const auto end = body.find('\n', first);
  if (end == std::string_view::npos || trim_end(body.substr(first, end - first)).back() != '}') return false;
  const auto next = body.find_first_not_of(" \t\r\n", end);
  return next != std::string_view::npos && body[next] == '{';
}

}  // namespace leadlight::net
