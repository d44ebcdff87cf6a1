// An absolute http or https URL, taken apart for an outgoing call. Private to net/.
#pragma once

#include "engine/result.hpp"

#include <string>
#include <string_view>

namespace leadlight::net {

struct OutboundUrl {
  bool tls = false;
  std::string host;       // lower case; an IPv6 address without its brackets
  std::string port;       // "443"
  std::string authority;  // for the Host header
  std::string target;     // path and query, at least "/"
  bool bracketed = false;

  [[nodiscard]] std::string key() const { return (tls ? "https://" : "http://") + host + ":" + port; }
  [[nodiscard]] std::string peer() const { return host + ":" + port; }
};

/// Errors: invalid, `field` "url".
engine::Result<OutboundUrl> parse_outbound_url(std::string_view url);

/// No byte below `lowest`, and no DEL: what may stand in a URL (0x21) or in a header (0x20).
bool is_clean(std::string_view text, unsigned char lowest);

}  // namespace leadlight::net
