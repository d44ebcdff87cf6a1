// Paths into JSON, as mapping files write them: `mail.destination[]`, `[].msys.*`, `"a name.with dots"[].x`.
//
// A step is a member's name (in quotes where it has other characters than letters, digits, `_`, `-` and `:`), `*` for
// every member, or `[]` for each element of an array; what is no array is taken as an array of itself.
#pragma once

#include "engine/result.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::net {

struct JsonPath {
  struct Step {
    enum class Kind : std::uint8_t { member, any_member, each };
    Kind kind = Kind::member;
    std::string name;

    friend bool operator==(const Step&, const Step&) = default;
  };
  std::vector<Step> steps;  // none: the value itself

  friend bool operator==(const JsonPath&, const JsonPath&) = default;
};

/// Errors: invalid, in words, without a field.
engine::Result<JsonPath> parse_json_path(std::string_view text);

/// Every value the path leads to, in the order of the text; nulls and what is not there are left out.
std::vector<const boost::json::value*> pick(const boost::json::value& from, const JsonPath& path);

}  // namespace leadlight::net
