// The grammar that both readers of JSON keep (json_reader.hpp, json_tree.hpp), on simdjson's on-demand parser.
#pragma once

#include "net/text/json_reader.hpp"
#include "net/text/json_tree.hpp"

#include <simdjson.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::net {

inline constexpr const char* not_json = "The request body is not valid JSON";

std::string_view trim_end(std::string_view text);

/// The text with simdjson's padding behind it: `body` itself where it has room, else a copy.
std::string_view with_room(const std::string& body, std::string& copy, std::size_t& readable);

/// Private to the readers. Thread: one at a time.
struct JsonParser {
  explicit JsonParser(JsonLimits own) : limits(own) {}

  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  JsonLimits limits;
  std::vector<JsonMember> members;
  std::vector<std::string_view> names;  // of the objects being read, innermost last
  std::size_t member_count = 0;
  std::string copy;
  engine::Error fault;
  std::vector<JsonNode>* nodes = nullptr;  // where every member of every object goes; none: nowhere
  bool broken = false;                     // the fault is one of grammar: nothing behind it can be trusted

  bool syntax() {
    broken = true;
    fault = {engine::Errc::invalid, not_json, {}};
    return false;
  }
  bool rule(std::string what) {
    fault = {engine::Errc::invalid, std::move(what), {}};
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
  bool name_of(simdjson::ondemand::field& field, std::string_view& name);
  bool scalar(simdjson::ondemand::value& value, JsonMember& member);
  bool value(simdjson::ondemand::value& value, std::size_t depth, JsonMember& member);
  bool array(simdjson::ondemand::value& value, std::size_t depth);
  bool members_of(simdjson::ondemand::object& object, std::size_t depth, bool top);
  bool no_name_twice(std::size_t from);
  bool item(simdjson::ondemand::object& object);
};

}  // namespace leadlight::net
