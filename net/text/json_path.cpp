#include "net/text/json_path.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include <algorithm>
#include <utility>

namespace leadlight::net {
namespace {

namespace json = boost::json;
using engine::Errc;
using engine::Error;
using Kind = JsonPath::Step::Kind;

constexpr std::size_t steps_max = 16;

Error malformed(std::string_view text, const char* why) {
  return {
      Errc::invalid, "\"" + std::string(text) + "\" " + why + "; write it like mail.destination[] or \"a.b\".c", {}};
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == ':';
}

/// Takes a name off the front of `rest`; empty when there is none.
std::string take_name(std::string_view& rest) {
  if (rest.starts_with('"')) {
    const auto end = rest.find('"', 1);
    if (end == std::string_view::npos) return {};
    std::string name(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    return name;
  }
  std::size_t length = 0;
  while (length < rest.size() && is_plain(rest[length])) ++length;
  std::string name(rest.substr(0, length));
  rest.remove_prefix(length);
  return name;
}

void follow(const json::value& value, const JsonPath::Step& step, std::vector<const json::value*>& to) {
  if (step.kind == Kind::each) {
    const auto* array = value.if_array();
    if (array == nullptr) return to.push_back(&value);
    for (const auto& element : *array) to.push_back(&element);
    return;
  }
  const auto* object = value.if_object();
  if (object == nullptr) return;
  if (step.kind == Kind::any_member) {
    for (const auto& member : *object) to.push_back(&member.value());
  } else if (const auto* member = object->if_contains(step.name)) {
    to.push_back(member);
  }
}

}  // namespace

engine::Result<JsonPath> parse_json_path(std::string_view text) {
  JsonPath path;
  auto rest = text;
  bool first = true;
  while (!rest.empty()) {
    if (rest.starts_with("[]")) {
      rest.remove_prefix(2);
      path.steps.push_back({Kind::each, {}});
    } else {
      if (!first && !rest.starts_with('.')) return malformed(text, "has no dot before a name");
      if (!first) rest.remove_prefix(1);
      if (rest.starts_with('*')) {
        rest.remove_prefix(1);
        path.steps.push_back({Kind::any_member, {}});
      } else {
        auto name = take_name(rest);
        if (name.empty()) return malformed(text, "is no path");
        path.steps.push_back({Kind::member, std::move(name)});
      }
    }
    first = false;
    if (path.steps.size() > steps_max) return malformed(text, "has more than 16 steps");
  }
  return path;
}

std::vector<const json::value*> pick(const json::value& from, const JsonPath& path) {
  std::vector<const json::value*> found = {&from};
  for (const auto& step : path.steps) {
    std::vector<const json::value*> next;
    for (const auto* value : found) follow(*value, step, next);
    found = std::move(next);
  }
  std::erase_if(found, [](const json::value* value) { return value->is_null(); });
  return found;
}

}  // namespace leadlight::net
