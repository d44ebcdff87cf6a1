// Where a URL that a customer gave may lead: to public hosts over https, never into the network that the server is in.
//
// A URL is checked when it is configured (its text) and at each call (its text, and every address its name has at that
// moment; the call then goes to one of those addresses, and follows no redirect). What the operator has put in the
// server's configuration is exempt.
#pragma once

#include "engine/result.hpp"
#include "net/client/http_client.hpp"
#include "net/client/outbound_url.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::net {

struct OutboundRules {
  std::vector<std::uint16_t> ports = {443, 8443};
  std::vector<std::string> allowed_bases;  // URLs that the operator vouches for, with everything below them
};

/// Immutable. Thread: any.
class OutboundGuard {
 public:
  /// Errors: invalid (a base is not a URL; `field` "outbound.allowed_bases").
  static engine::Result<std::shared_ptr<const OutboundGuard>> make(OutboundRules rules);

  /// The text alone: scheme, port, host. Errors: invalid, `field` "url".
  [[nodiscard]] engine::Status check(std::string_view url) const;
  [[nodiscard]] engine::Status check(const OutboundUrl& url) const;
  /// Every address that the host of `url` has. Errors: invalid (one of them is not public, or there is none).
  [[nodiscard]] engine::Status check_addresses(const OutboundUrl& url, const std::vector<std::string>& addresses) const;
  /// Whether the operator exempts it.
  [[nodiscard]] bool vouched_for(const OutboundUrl& url) const;

 private:
  OutboundGuard(std::vector<std::uint16_t> ports, std::vector<OutboundUrl> bases)
      : ports_(std::move(ports)), bases_(std::move(bases)) {}

  std::vector<std::uint16_t> ports_;
  std::vector<OutboundUrl> bases_;
};

/// What kind of address it is when it is not a public one ("loopback", "private", …); empty: it is public.
std::string_view why_not_public(std::string_view address);

/// `client`, each of whose calls is guarded.
std::shared_ptr<HttpClient> guarded(std::shared_ptr<HttpClient> client, std::shared_ptr<const OutboundGuard> guard);

}  // namespace leadlight::net
