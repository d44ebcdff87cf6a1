// URLs that a customer gives for outgoing calls, and addresses that names have: what may be called is https to a public
// address on a port that is allowed, and can be written in a request without changing it.
#include "net/client/outbound_guard.hpp"
#include "net/http/trace_context.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <boost/asio/ip/address.hpp>

namespace leadlight::fuzz {
namespace {

namespace ip = boost::asio::ip;

std::shared_ptr<const net::OutboundGuard> new_guard() {
  auto guard = net::OutboundGuard::make({{443, 8443}, {"http://127.0.0.1:9999/base"}});
  check(guard.ok(), "the guard's own rules are good");
  return *guard;
}

void check_url(const net::OutboundGuard& guard, const std::string& text) {
  const auto url = net::parse_outbound_url(text);
  if (!url) {
    check_refusal(url.error());
    return check(!guard.check(text), "what is no URL may not be called");
  }
  check(!url->host.empty() && !url->port.empty() && url->target.starts_with('/'), "a URL has its parts");
  for (const auto* part : {&url->host, &url->port, &url->authority, &url->target})
    check(net::is_clean(*part, 0x21), "no part can end a line");
  check(std::ranges::none_of(url->host, [](char c) { return c >= 'A' && c <= 'Z'; }), "the host is in lower case");
  check(url->host.find_first_of("@/?#\\") == std::string::npos, "the host is a host");
  if (!guard.check(text)) return;
  if (url->port == "9999") return;  // what the operator vouches for
  check(url->tls && (url->port == "443" || url->port == "8443"), "https on a port that is allowed");
  boost::system::error_code fault;
  (void)ip::make_address(url->host, fault);
  if (!fault) check(net::why_not_public(url->host).empty(), "an address in a URL is public");
  for (const auto* address :
       {"127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1", "0.0.0.0"})
    check(!guard.check_addresses(*url, {"93.184.216.34", address}), "a name that leads inside may not be called");
}

void check_address(const std::string& text) {
  const auto why = net::why_not_public(text);
  boost::system::error_code fault;
  const auto address = ip::make_address(text, fault);
  if (fault) return check(!why.empty(), "what is no address is not public");
  const bool inside = address.is_loopback() || address.is_unspecified() || address.is_multicast();
  check(!inside || !why.empty(), "what leads inside is not public");
  if (address.is_v4()) {
    const auto number = address.to_v4().to_uint();
    const bool private_net = number >> 24U == 10 || number >> 20U == 0xAC1 || number >> 16U == 0xC0A8 ||
                             number >> 16U == 0xA9FE || number >> 22U == 0x191 || number >> 24U == 0;
    check(!private_net || !why.empty(), "a private address is not public");
  } else {
    const auto v6 = address.to_v6();
    check(!(v6.is_link_local() || v6.is_site_local() || (v6.to_bytes()[0] & 0xFEU) == 0xFC) || !why.empty(),
          "a local address is not public");
    if (v6.is_v4_mapped())
      check(net::why_not_public(ip::make_address_v4(ip::v4_mapped, v6).to_string()).empty() || !why.empty(),
            "a mapped address is as what it maps");
  }
}

void check_trace(const std::string& text) {
  const auto trace = net::parse_traceparent(text);
  if (!trace) return;
  check(trace->trace_id.size() == 32 && trace->span_id.size() == 16, "a trace has its ids");
  check(trace->trace_id.find_first_not_of("0123456789abcdef") == std::string::npos, "ids are lower-case digits");
  check(trace->trace_id != std::string(32, '0') && trace->span_id != std::string(16, '0'), "ids are not zero");
  check(net::parse_traceparent(net::format_traceparent(*trace)) == trace, "what was written reads as what it was");
  const auto step = net::next_step(trace);
  check(step.trace_id == trace->trace_id && step.span_id != trace->span_id, "our step is of the same trace");
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  static const auto guard = new_guard();
  const auto text = exactly(Input(data, size).rest());
  check_url(*guard, text);
  check_url(*guard, "https://" + text);
  check_address(text);
  check_trace(text);
  return 0;
}
