#include "net/text/json_tree.hpp"

#include "net/text/json_parser.hpp"

#include <algorithm>
#include <utility>

namespace leadlight::net {
namespace {

namespace ondemand = simdjson::ondemand;
using engine::Errc;
using engine::Error;
using engine::Ok;

/// What is kept between readings, at most.
constexpr std::size_t kept_nodes_max = 64 * 1024;

}  // namespace

struct JsonTree::Parser : JsonParser {
  using JsonParser::JsonParser;

  std::vector<JsonNode> all;
  std::vector<std::pair<std::size_t, std::string>> faults;  // of items, by their place in `all`, ascending
  std::size_t items_at = 0;                                 // 0: there is no array of items
  std::size_t items_max = 0;
  bool too_many = false;

  bool document_object(ondemand::object& object, std::string_view items_name);
  bool items(ondemand::array& array, std::size_t place);
  bool item(ondemand::value& element);
  bool end_of(const char* first, JsonMember& member);
  void close(std::size_t place, JsonMember member) {
    all[place] = {member, static_cast<std::uint32_t>(all.size() - place)};
  }
};

bool JsonTree::Parser::end_of(const char* first, JsonMember& member) {
  const char* next = nullptr;
  if (document.current_location().get(next) != simdjson::SUCCESS) return syntax();
  member.raw = trim_end({first, static_cast<std::size_t>(next - first)});
  member.text = member.raw;
  return true;
}

/// False only when nothing behind it can be read.
bool JsonTree::Parser::item(ondemand::value& element) {
  const auto place = all.size();
  const auto names_before = names.size();
  all.emplace_back();
  member_count = 0;
  JsonMember member;
  member.kind = JsonKind::object;
  ondemand::json_type type{};
  if (element.type().get(type) != simdjson::SUCCESS) return syntax();
  bool good = type == ondemand::json_type::object;
  if (good) {
    const char* const first = element.raw_json_token().data();
    ondemand::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS) return syntax();
    good = members_of(object, 1, false) && end_of(first, member);
  } else {
    JsonMember ignored;
    nodes = nullptr;
    if (value(element, 1, ignored)) fault = {Errc::invalid, "an event must be a JSON object", {}};
  }
  nodes = &all;  // a fault inside an array leaves it unset
  if (broken) return false;
  if (!good) {
    all.resize(place + 1);
    names.resize(names_before);
    faults.emplace_back(place, std::exchange(fault, {}).what);
    member = {};
  }
  close(place, member);
  return true;
}

bool JsonTree::Parser::items(ondemand::array& array, std::size_t place) {
  items_at = place;
  std::size_t count = 0;
  for (auto result : array) {
    ondemand::value element;
    if (std::move(result).get(element) != simdjson::SUCCESS) return syntax();
    if (++count > items_max) {
      too_many = true;
      return rule("The request holds more than " + std::to_string(items_max) + " events");
    }
    if (!item(element)) return false;
  }
  return true;
}

bool JsonTree::Parser::document_object(ondemand::object& object, std::string_view items_name) {
  std::size_t count = 0;
  for (auto result : object) {
    ondemand::field field;
    if (std::move(result).get(field) != simdjson::SUCCESS) return syntax();
    if (++count > limits.members_max) return rule("more than " + std::to_string(limits.members_max) + " members");
    JsonMember member;
    if (!name_of(field, member.name)) return false;
    names.push_back(member.name);
    const auto place = all.size();
    all.emplace_back();
    auto value = field.value();
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return syntax();
    if (!items_name.empty() && member.name == items_name && type == ondemand::json_type::array) {
      if (items_at != 0) return rule("\"" + std::string(items_name) + "\" appears twice in one object");
      ondemand::array array;
      member.kind = JsonKind::array;
      if (value.get_array().get(array) != simdjson::SUCCESS) return syntax();
      if (!items(array, place)) return false;
    } else {
      member_count = 0;
      if (!this->value(value, 1, member)) return false;
    }
    close(place, member);
  }
  return no_name_twice(0);
}

JsonTree::JsonTree(JsonLimits limits) : parser_(std::make_unique<Parser>(limits)) {}
JsonTree::~JsonTree() = default;

engine::Status JsonTree::read(const std::string& body, std::string_view items_name, std::size_t items_max) {
  auto& own = *parser_;
  if (own.all.capacity() > kept_nodes_max) std::vector<JsonNode>().swap(own.all);
  own.all.assign(1, {});
  own.nodes = &own.all;
  own.names.clear();
  own.faults.clear();
  own.fault = {};
  own.items_at = 0;
  own.items_max = items_max;
  own.too_many = false;
  std::size_t readable = 0;
  const auto text = with_room(body, own.copy, readable);
  ondemand::json_type type{};
  if (!own.begin(text, readable) || own.document.type().get(type) != simdjson::SUCCESS)
    return Error{Errc::invalid, not_json, {}};
  JsonMember root;
  bool good = false;
  if (type == ondemand::json_type::object) {
    root.kind = JsonKind::object;
    ondemand::object object;
    good = own.document.get_object().get(object) == simdjson::SUCCESS ? own.document_object(object, items_name)
                                                                      : own.syntax();
  } else if (type == ondemand::json_type::array) {
    root.kind = JsonKind::array;
    own.all.emplace_back();
    ondemand::array array;
    good = own.document.get_array().get(array) == simdjson::SUCCESS ? own.items(array, 1) : own.syntax();
    if (good) own.close(1, root);
  } else {
    return Error{Errc::invalid, "The request body must be a JSON object", {}};
  }
  if (own.too_many) own.fault.code = Errc::too_large;
  if (!good || !own.at_end()) return own.fault;
  own.close(0, root);
  return Ok{};
}

const JsonNode& JsonTree::root() const {
  return parser_->all.front();
}

const JsonNode* JsonTree::items() const {
  return parser_->items_at == 0 ? nullptr : &parser_->all[parser_->items_at];
}

std::string_view JsonTree::fault_of(const JsonNode& item) const {
  const auto place = static_cast<std::size_t>(&item - parser_->all.data());
  const auto found =
      std::ranges::lower_bound(parser_->faults, place, {}, [](const auto& entry) { return entry.first; });
  return found != parser_->faults.end() && found->first == place ? std::string_view(found->second) : std::string_view{};
}

}  // namespace leadlight::net
