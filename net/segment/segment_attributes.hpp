// Traits as attributes: nested names flattened ("company.employee_count"), values as JSON text, within limits.
#pragma once

#include "engine/record.hpp"
#include "net/text/json_tree.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace leadlight::net {

inline constexpr std::size_t attributes_max = 100;  // of one event; the others are passed over
inline constexpr std::size_t attribute_name_bytes_max = 100;
inline constexpr std::size_t attribute_value_bytes_max = 1024;
inline constexpr std::size_t attribute_depth_max = 4;  // names deeper down are passed over

/// Adds what `traits` says as of `at`, each name in snake_case behind `prefix` ("company."). A name that is there
/// already stays as it is: what ranks higher is added first.
void add_attributes(const JsonNode& traits, std::string_view prefix, engine::Timestamp at,
                    std::vector<engine::Attribute>& attributes);

/// Adds one; `value` is JSON text.
void add_attribute(std::string name, std::string value, engine::Timestamp at,
                   std::vector<engine::Attribute>& attributes);

}  // namespace leadlight::net
