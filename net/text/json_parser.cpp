#include "net/text/json_parser.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace leadlight::net {
namespace {

namespace ondemand = simdjson::ondemand;
using engine::Errc;
using engine::Error;

constexpr std::size_t number_characters_max = 64;

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

std::string_view trim_end(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

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

bool JsonParser::text_of(std::string_view raw, const std::function<bool(std::string_view&)>& unescape,
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

bool JsonParser::name_of(ondemand::field& field, std::string_view& name) {
  return text_of(
      between_quotes(field.key().raw()),
      [&](std::string_view& text) { return field.unescaped_key().get(text) == simdjson::SUCCESS; }, name);
}

bool JsonParser::scalar(ondemand::value& value, JsonMember& member) {
  const auto raw = trim_end(value.raw_json_token());
  member.raw = raw;
  member.text = raw;
  switch (member.kind) {
    case JsonKind::text: {
      if (raw.size() < 2 || raw.back() != '"') return syntax();
      const auto quoted = raw.substr(1, raw.size() - 2);
      // Taken off the parser in any case: a text that is not, it takes for a name when a colon follows.
      ondemand::raw_json_string taken;
      if (quoted.find('\\') == std::string_view::npos && value.get_raw_json_string().get(taken) != simdjson::SUCCESS)
        return syntax();
      return text_of(
          quoted, [&](std::string_view& text) { return value.get_string().get(text) == simdjson::SUCCESS; },
          member.text);
    }
    case JsonKind::number:
      if (!is_number(raw)) return syntax();
      if (raw.size() > number_characters_max)
        return rule("a number is longer than " + std::to_string(number_characters_max) + " characters");
      return true;
    case JsonKind::boolean: return raw == "true" || raw == "false" || syntax();
    default: return raw == "null" || syntax();
  }
}

bool JsonParser::value(ondemand::value& value, std::size_t depth, JsonMember& member) {
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

bool JsonParser::array(ondemand::value& value, std::size_t depth) {
  ondemand::array elements;
  if (value.get_array().get(elements) != simdjson::SUCCESS) return syntax();
  auto* const kept = std::exchange(nodes, nullptr);  // what lies in an array is no member of the object around it
  for (auto result : elements) {
    ondemand::value element;
    if (std::move(result).get(element) != simdjson::SUCCESS) return syntax();
    JsonMember ignored;
    if (!this->value(element, depth, ignored)) return false;
  }
  nodes = kept;
  return true;
}

bool JsonParser::members_of(ondemand::object& object, std::size_t depth, bool top) {
  const auto names_from = names.size();
  for (auto result : object) {
    ondemand::field field;
    if (std::move(result).get(field) != simdjson::SUCCESS) return syntax();
    if (++member_count > limits.members_max)
      return rule("more than " + std::to_string(limits.members_max) + " members");
    JsonMember member;
    if (!name_of(field, member.name)) return false;
    names.push_back(member.name);
    const auto place = nodes != nullptr ? nodes->size() : 0;
    if (nodes != nullptr) nodes->emplace_back();
    if (!value(field.value(), depth, member)) {
      if (top && !broken) fault.field = member.name;
      return false;
    }
    if (nodes != nullptr) (*nodes)[place] = {member, static_cast<std::uint32_t>(nodes->size() - place)};
    if (top) members.push_back(member);
  }
  return no_name_twice(names_from);
}

bool JsonParser::no_name_twice(std::size_t from) {
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

bool JsonParser::item(ondemand::object& object) {
  members.clear();
  names.clear();
  member_count = 0;
  return members_of(object, 1, true);
}

}  // namespace leadlight::net
