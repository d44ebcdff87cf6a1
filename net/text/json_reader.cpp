#include "net/text/json_reader.hpp"

#include "net/text/json_parser.hpp"

#include <algorithm>

namespace leadlight::net {
namespace {

namespace ondemand = simdjson::ondemand;
using engine::Errc;
using engine::Error;
using engine::Ok;

}  // namespace

struct JsonReader::Parser : JsonParser {
  using JsonParser::JsonParser;
  engine::Status lines(std::string_view text, std::size_t readable, std::size_t items_max, const Each& each);
  engine::Status elements(std::size_t items_max, const Each& each);
};

JsonReader::JsonReader(JsonLimits limits) : parser_(std::make_unique<Parser>(limits)) {}
JsonReader::~JsonReader() = default;

namespace {

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Error no_json(std::string_view body) {
  return {Errc::invalid, blank(body) ? "The request body is empty" : not_json, {}};
}

}  // namespace

engine::Result<JsonMembers> JsonReader::object(const std::string& body) {
  auto& own = *parser_;
  std::size_t readable = 0;
  const auto text = with_room(body, own.copy, readable);
  ondemand::json_type type{};
  if (!own.begin(text, readable) || own.document.type().get(type) != simdjson::SUCCESS) return no_json(body);
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
  if (!own.begin(text, readable) || own.document.type().get(type) != simdjson::SUCCESS) return no_json(body);
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
