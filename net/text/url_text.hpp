// Percent-encoding (RFC 3986) and forms (application/x-www-form-urlencoded).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::net {

/// None when an escape is malformed or stands for NUL, or the result is not UTF-8.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

/// Pairs of a query or a form, decoded, in order; none as above.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text);

}  // namespace leadlight::net
