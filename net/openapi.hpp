// What the server can be asked, in OpenAPI 3.1: the text of net/openapi.json, which stands in the program.
#pragma once

#include <string_view>

namespace leadlight::net {

/// Lives as long as the program.
std::string_view openapi_document();

}  // namespace leadlight::net
