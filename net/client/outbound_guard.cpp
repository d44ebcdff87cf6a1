#include "net/client/outbound_guard.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace leadlight::net {
namespace {

namespace ip = boost::asio::ip;
using engine::Errc;
using engine::Error;
using engine::Status;

Error refused(std::string what) {
  return {Errc::invalid, std::move(what), "url"};
}

// ---- addresses

struct Block4 {
  std::uint32_t first;
  unsigned bits;
  std::string_view what;
};

constexpr std::uint32_t quad(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24U | b << 16U | c << 8U | d;
}

// Source: IANA IPv4 Special-Purpose Address Registry (RFC 6890).
constexpr std::array<Block4, 16> special_v4 = {{{quad(0, 0, 0, 0), 8, "this network"},
                                                {quad(10, 0, 0, 0), 8, "private"},
                                                {quad(100, 64, 0, 0), 10, "shared by carriers"},
                                                {quad(127, 0, 0, 0), 8, "loopback"},
                                                {quad(169, 254, 0, 0), 16, "link-local"},
                                                {quad(172, 16, 0, 0), 12, "private"},
                                                {quad(192, 0, 0, 0), 24, "reserved"},
                                                {quad(192, 0, 2, 0), 24, "for documentation"},
                                                {quad(192, 88, 99, 0), 24, "reserved"},
                                                {quad(192, 168, 0, 0), 16, "private"},
                                                {quad(198, 18, 0, 0), 15, "for benchmarks"},
                                                {quad(198, 51, 100, 0), 24, "for documentation"},
                                                {quad(203, 0, 113, 0), 24, "for documentation"},
                                                {quad(224, 0, 0, 0), 4, "multicast"},
                                                {quad(255, 255, 255, 255), 32, "broadcast"},
                                                {quad(240, 0, 0, 0), 4, "reserved"}}};

std::string_view special_block(std::uint32_t address) {
  for (const auto& block : special_v4)
    if (((address ^ block.first) >> (32U - block.bits)) == 0) return block.what;
  return {};
}

struct Block6 {
  std::string_view first;
  unsigned bits;
  std::string_view what;
};

// Source: IANA IPv6 Special-Purpose Address Registry (RFC 6890). Only 2000::/3 is given out at all.
constexpr std::array<Block6, 14> special_v6 = {{{"::", 128, "unspecified"},
                                                {"::1", 128, "loopback"},
                                                {"::ffff:0:0", 96, "an IPv4 address in disguise"},
                                                {"64:ff9b:1::", 48, "of a local translator"},
                                                {"100::", 64, "discarded"},
                                                {"2001::", 23, "reserved"},
                                                {"2001:db8::", 32, "for documentation"},
                                                {"2002::", 16, "an IPv4 address in disguise"},
                                                {"3fff::", 20, "for documentation"},
                                                {"5f00::", 16, "reserved"},
                                                {"fc00::", 7, "private"},
                                                {"fe80::", 10, "link-local"},
                                                {"fec0::", 10, "private"},
                                                {"ff00::", 8, "multicast"}}};

using Bytes6 = ip::address_v6::bytes_type;

bool within(const Bytes6& address, const Bytes6& first, unsigned bits) {
  for (unsigned i = 0; i < bits; ++i) {
    const auto mask = static_cast<unsigned char>(0x80U >> (i % 8));
    if (((address[i / 8] ^ first[i / 8]) & mask) != 0) return false;
  }
  return true;
}

std::string_view special_block(const ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  for (const auto& block : special_v6)
    if (within(bytes, ip::make_address_v6(std::string(block.first)).to_bytes(), block.bits)) return block.what;
  // NAT64 (RFC 6052): whoever connects there reaches the IPv4 address inside.
  if (within(bytes, ip::make_address_v6("64:ff9b::").to_bytes(), 96))
    return special_block(quad(bytes[12], bytes[13], bytes[14], bytes[15]));
  return (bytes[0] & 0xE0U) == 0x20U ? std::string_view{} : "reserved";
}

// ---- names

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Whether resolvers take the name for a number ("127.1", "0x7f000001", "0177.0.0.1"): its last part is one.
bool ends_in_number(std::string_view host) {
  const auto last = host.substr(host.rfind('.') + 1);  // npos + 1 is 0
  return is_digits(last) || last.starts_with("0x");
}

Status check_labels(std::string_view host) {
  const bool fits = std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
  if (!fits) return refused("the URL's host must be plain ASCII; write an international name in its xn-- form");
  if (host.ends_with('.')) return refused("the URL's host must not end with a dot");
  std::size_t begin = 0;
  for (std::size_t end = 0; end != std::string_view::npos; begin = end + 1) {
    end = host.find('.', begin);
    const auto size = (end == std::string_view::npos ? host.size() : end) - begin;
    if (size == 0 || size > 63 || host.size() > 253) return refused("the URL's host is not a domain name");
  }
  return engine::Ok{};
}

Status check_name(std::string_view host) {
  constexpr std::array<std::string_view, 6> local = {"localhost", "local", "internal", "intranet", "lan", "home.arpa"};
  if (const auto labels = check_labels(host); !labels) return labels;
  if (host.find('.') == std::string_view::npos) return refused("the URL's host must be a full domain name");
  for (const auto name : local)
    if (host == name || (host.ends_with(name) && host[host.size() - name.size() - 1] == '.'))
      return refused("the URL's host is a name of a local network; give a public one");
  return engine::Ok{};
}

Status check_literal(std::string_view address) {
  const auto why = why_not_public(address);
  if (why.empty()) return engine::Ok{};
  return refused("the URL's address is not a public one (" + std::string(why) + ")");
}

Status check_host(const OutboundUrl& url) {
  boost::system::error_code failed;
  if (url.bracketed) {
    const auto address = ip::make_address_v6(url.host, failed);
    if (failed || address.scope_id() != 0 || url.host.find('%') != std::string::npos)
      return refused("the URL's IPv6 address is not one");
    return check_literal(url.host);
  }
  if (!ends_in_number(url.host)) return check_name(url.host);
  (void)ip::make_address_v4(url.host, failed);
  if (failed) return refused("the URL's host looks like an address; write it as four decimal numbers");
  return check_literal(url.host);
}

bool climbs(std::string_view target) {
  return target.find("..") != std::string_view::npos || target.find("%2e") != std::string_view::npos ||
         target.find("%2E") != std::string_view::npos;
}

class GuardedClient final : public HttpClient {
 public:
  GuardedClient(std::shared_ptr<HttpClient> client, std::shared_ptr<const OutboundGuard> guard)
      : client_(std::move(client)), guard_(std::move(guard)) {}

  void send(OutboundRequest request, std::function<void(engine::Result<OutboundAnswer>)> done) override {
    request.guard = guard_;
    client_->send(std::move(request), std::move(done));
  }
  void after(engine::Milliseconds delay, std::function<void()> task) override {
    client_->after(delay, std::move(task));
  }
  void stop() override { client_->stop(); }

 private:
  std::shared_ptr<HttpClient> client_;
  std::shared_ptr<const OutboundGuard> guard_;
};

}  // namespace

std::string_view why_not_public(std::string_view address) {
  boost::system::error_code failed;
  const auto parsed = ip::make_address(std::string(address), failed);
  if (failed) return "not an address";
  return parsed.is_v4() ? special_block(parsed.to_v4().to_uint()) : special_block(parsed.to_v6());
}

engine::Result<std::shared_ptr<const OutboundGuard>> OutboundGuard::make(OutboundRules rules) {
  std::vector<OutboundUrl> bases;
  for (const auto& text : rules.allowed_bases) {
    auto base = parse_outbound_url(text);
    if (!base)
      return Error{Errc::invalid, "'" + text + "' is not a URL such as http://127.0.0.1:9100: " + base.error().what,
                   "outbound.allowed_bases"};
    while (base->target.ends_with('/')) base->target.pop_back();
    bases.push_back(*std::move(base));
  }
  return std::shared_ptr<const OutboundGuard>(new OutboundGuard(std::move(rules.ports), std::move(bases)));
}

bool OutboundGuard::vouched_for(const OutboundUrl& url) const {
  return std::any_of(bases_.begin(), bases_.end(), [&](const OutboundUrl& base) {
    if (url.key() != base.key() || climbs(url.target) || !url.target.starts_with(base.target)) return false;
    const auto rest = std::string_view(url.target).substr(base.target.size());
    return rest.empty() || rest.front() == '/' || rest.front() == '?';
  });
}

Status OutboundGuard::check(std::string_view url) const {
  const auto parsed = parse_outbound_url(url);
  return parsed ? check(*parsed) : Status{parsed.error()};
}

Status OutboundGuard::check(const OutboundUrl& url) const {
  if (vouched_for(url)) return engine::Ok{};
  if (!url.tls) return refused("the URL must begin with https:// (the operator can exempt it: outbound.allowed_bases)");
  if (std::none_of(ports_.begin(), ports_.end(), [&](auto port) { return std::to_string(port) == url.port; })) {
    std::string ports;
    for (const auto port : ports_) ports += (ports.empty() ? "" : ", ") + std::to_string(port);
    return refused("the URL's port must be one of " + ports);
  }
  return check_host(url);
}

Status OutboundGuard::check_addresses(const OutboundUrl& url, const std::vector<std::string>& addresses) const {
  if (addresses.empty()) return refused(url.host + " has no address");
  if (vouched_for(url)) return engine::Ok{};
  // The address itself is not told: it may be a secret of the operator's network.
  for (const auto& address : addresses)
    if (const auto why = why_not_public(std::string_view(address)); !why.empty())
      return refused(url.host + " leads to an address that is not a public one (" + std::string(why) + ")");
  return engine::Ok{};
}

std::shared_ptr<HttpClient> guarded(std::shared_ptr<HttpClient> client, std::shared_ptr<const OutboundGuard> guard) {
  return std::make_shared<GuardedClient>(std::move(client), std::move(guard));
}

}  // namespace leadlight::net
