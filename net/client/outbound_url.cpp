#include "net/client/outbound_url.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace leadlight::net {
namespace {

using engine::Result;

engine::Error invalid(std::string what) {
  return {engine::Errc::invalid, std::move(what), "url"};
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (auto& c : lowered)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lowered;
}

/// Nothing that another reader of the URL could take for its end: a backslash, a semicolon, bytes beyond ASCII (an
/// international name is written in its xn-- form).
bool is_host(std::string_view host, bool bracketed) {
  const std::string_view others = bracketed ? "abcdef:." : "abcdefghijklmnopqrstuvwxyz.-_";
  return !host.empty() && std::all_of(host.begin(), host.end(), [others](char c) {
    return (c >= '0' && c <= '9') || others.find(c) != std::string_view::npos;
  });
}

Result<OutboundUrl> parse_authority(std::string_view authority, OutboundUrl address) {
  if (authority.empty() || authority.find('@') != std::string_view::npos)
    return invalid("the URL needs a host and must not carry a user name");
  address.authority = std::string(authority);
  std::string_view port;
  if (authority.front() == '[') {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return invalid("the URL's IPv6 address has no closing bracket");
    address.host = lower(authority.substr(1, end - 1));
    address.bracketed = true;
    const auto rest = authority.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return invalid("the URL's host is not valid");
    if (!rest.empty()) port = rest.substr(1);
  } else {
    const auto colon = authority.find(':');
    address.host = lower(authority.substr(0, colon));
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
  }
  if (address.host.empty()) return invalid("the URL has no host");
  if (!is_host(address.host, address.bracketed))
    return invalid("the URL's host is not valid; write an international name in its xn-- form");
  std::uint16_t number = address.tls ? 443 : 80;
  if (!port.empty()) {
    const auto [end, fault] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (fault != std::errc{} || end != port.data() + port.size() || number == 0)
      return invalid("the URL's port is not a number from 1 to 65535");
  }
  address.port = std::to_string(number);
  return address;
}

}  // namespace

bool is_clean(std::string_view text, unsigned char lowest) {
  return std::all_of(text.begin(), text.end(), [lowest](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= lowest && byte != 0x7F;
  });
}

Result<OutboundUrl> parse_outbound_url(std::string_view url) {
  OutboundUrl address;
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return invalid("the URL must begin with https:// or http://");
  const auto scheme = lower(url.substr(0, scheme_end));
  if (scheme != "https" && scheme != "http") return invalid("the URL must begin with https:// or http://");
  address.tls = scheme == "https";
  if (!is_clean(url, 0x21)) return invalid("the URL holds a space or a control character: percent-encode it");
  url.remove_prefix(scheme_end + 3);
  url = url.substr(0, url.find('#'));
  const auto path = url.find_first_of("/?");
  address.target = path == std::string_view::npos ? "/" : std::string(url.substr(path));
  if (address.target.front() == '?') address.target.insert(0, "/");
  return parse_authority(url.substr(0, path), std::move(address));
}

}  // namespace leadlight::net
