#include "net/segment/segment_attributes.hpp"

#include "net/segment/segment_names.hpp"
#include "net/text/json_writer.hpp"

#include <algorithm>
#include <utility>

namespace leadlight::net {
namespace {

void add_members(const JsonNode& object, const std::string& prefix, std::size_t depth, engine::Timestamp at,
                 std::vector<engine::Attribute>& attributes) {
  for (const auto& node : object) {
    auto name = snake_case(node.member.name);
    if (name.empty()) continue;
    name.insert(0, prefix);
    if (node.is(JsonKind::object)) {
      if (depth < attribute_depth_max) add_members(node, name + '.', depth + 1, at, attributes);
      continue;
    }
    // A text is written anew, so that two spellings of it are one value.
    auto value = node.is(JsonKind::text) ? JsonWriter().value(node.member.text).take() : std::string(node.member.raw);
    add_attribute(std::move(name), std::move(value), at, attributes);
  }
}

}  // namespace

void add_attribute(std::string name, std::string value, engine::Timestamp at,
                   std::vector<engine::Attribute>& attributes) {
  if (attributes.size() >= attributes_max || name.size() > attribute_name_bytes_max ||
      value.size() > attribute_value_bytes_max)
    return;
  if (std::ranges::any_of(attributes, [&](const auto& known) { return known.name == name; })) return;
  attributes.push_back({std::move(name), std::move(value), at});
}

void add_attributes(const JsonNode& traits, std::string_view prefix, engine::Timestamp at,
                    std::vector<engine::Attribute>& attributes) {
  add_members(traits, std::string(prefix), 1, at, attributes);
}

}  // namespace leadlight::net
