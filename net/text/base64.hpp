// Base64 (RFC 4648, 4), as headers and secrets carry it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace leadlight::net {

/// Of padded text without line breaks; none when it is not Base64.
std::optional<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

}  // namespace leadlight::net
