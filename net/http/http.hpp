// An HTTP exchange without sockets: what a surface is given and what it answers. Boost stays behind http_server.cpp.
#pragma once

#include "actors/protocol.hpp"
#include "engine/result.hpp"
#include "engine/types.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace leadlight::net {

class EventSource;
class TlsIdentity;
class Traffic;

using Headers = std::vector<std::pair<std::string, std::string>>;

/// What is left of the asking key's rate, for answers that tell it.
struct RateState {
  std::uint32_t limit = 0;  // requests a second
  std::uint32_t remaining = 0;
  std::uint32_t reset_seconds = 0;  // until the full rate is there again; when refused: seconds to wait
};

/// One request, read whole: the body is unpacked and within the route's limit. Valid until the handler returns: what
/// the answer needs later is copied.
struct HttpRequest {
  std::string method;                                      // upper case
  std::string path;                                        // percent-decoded, without query
  std::vector<std::pair<std::string, std::string>> query;  // percent-decoded
  Headers headers;                                         // names lower-cased
  std::string body;
  std::string request_id;              // "req_" + 26 characters (ULID); also sent as X-Request-Id
  engine::Timestamp received_at;       // the clock, read once
  std::optional<actors::KeyView> key;  // who asks; set for routes with a scope
  std::vector<std::string> captures;   // what the route's `{name}` parts matched, percent-decoded
  std::string remote;                  // peer address, for limits and logs
  std::optional<RateState> rate;       // of `key`; none: the key has no rate
  std::uint16_t refusal =
      0;  // set for envelopes when the door refuses with a status that no Errc stands for (405, 415)

  [[nodiscard]] std::optional<std::string_view> header(std::string_view lower_case_name) const;
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
};

struct HttpResponse {
  std::uint16_t status = 200;
  Headers headers;  // Content-Type included; Content-Length, Date and X-Request-Id are added
  std::string body;
  std::shared_ptr<EventSource> events = nullptr;  // a body that goes on (net/http/event_source.hpp) instead of `body`
  std::string_view standing_body = {};  // instead of `body`: text that outlives the server, sent without a copy

  static HttpResponse json(std::uint16_t status, std::string body);
  static HttpResponse text(std::uint16_t status, std::string body);
};

/// Sends the answer; call it once, from any thread. Dropping every copy unused answers 503.
using Respond = std::function<void(HttpResponse)>;
using Handle = std::function<void(const HttpRequest&, Respond)>;
/// How a surface words a refusal: its own error envelope. Own routes use RFC 9457 problem documents.
using Envelope = std::function<HttpResponse(const engine::Error&, const HttpRequest&)>;
/// Finds the key in a request that was read whole. Errors: unauthorized, when there is none; or why it cannot be read.
using KeyFinder = std::function<engine::Result<std::string>(const HttpRequest&)>;

/// RFC 9457: {"type":"about:blank","title","status","detail","field"?,"request_id"}.
HttpResponse problem(const engine::Error& error, const HttpRequest& request);
/// The one place where a cause becomes a status.
std::uint16_t status_of(engine::Errc code);
/// The same, where the door may have set `request.refusal`.
std::uint16_t status_of(const engine::Error& error, const HttpRequest& request);
/// "Not found", "Payload too large", …
std::string_view title_of(std::uint16_t status);
/// Adds Retry-After where the status asks for it (429, 503).
void add_retry_after(HttpResponse& response, const std::optional<RateState>& rate);

struct Route {
  std::string method;
  std::string pattern;             // "/v1/leads/{email}/receipt"; a `{name}` matches one segment
  std::string scope;               // empty: open to all; "leads hg": any of these
  std::size_t body_bytes_max = 0;  // unpacked; 0: a body is refused
  Handle handle;
  Envelope envelope = problem;
  bool refusable = false;  // brings records of senders that try again: under overload refused before the body is read
  std::vector<std::string> aliases = {};  // further paths, without `{name}` parts, that are served the same
  KeyFinder find_key = nullptr;           // where the key is not (only) in a bearer header
  bool key_in_head = false;               // `find_key` looks at no body: who has no key is refused before it is read
};

/// Finds routes. Immutable once the server runs.
class Router {
 public:
  Router();
  void add(Route route);
  struct Match {
    const Route* route = nullptr;  // none: see `allowed`
    std::vector<std::string> captures;
    std::vector<std::string> allowed;    // methods this path knows, when the method does not fit; empty: no such path
    const Route* any_of_path = nullptr;  // a route of that path, else of its first segment, for its envelope
  };
  /// `path` is matched as it stands; HEAD finds the route of GET.
  [[nodiscard]] Match find(std::string_view method, std::string_view path) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }
  /// What the routes have answered, for /metrics; entries in the order of `routes()`.
  [[nodiscard]] const std::shared_ptr<Traffic>& traffic() const { return traffic_; }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  void fill(Match& match, std::size_t index, std::string_view method) const;

  std::vector<Route> routes_;
  std::unordered_map<std::string, std::vector<std::size_t>, TextHash, std::equal_to<>> literal_;  // no `{name}` part
  std::vector<std::pair<std::vector<std::string>, std::size_t>> patterns_;                        // segments, route
  std::shared_ptr<Traffic> traffic_;
};

struct HttpLimits {
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t fields_max = 100;
  std::size_t target_bytes_max = 4 * 1024;
  std::size_t connections_max = 10'000;
  std::size_t connections_per_address_max = 200;  // 0: no limit
  bool count_loopback = false;                    // for that limit
  std::size_t requests_per_connection_max = 1'000;
  std::uint32_t requests_per_organisation_max = 0;  // a second, with all its keys together; 0: no limit
  std::size_t unpack_ratio_max = 100;
  std::size_t bodies_bytes_max = 256U << 20U;      // of all requests under way together; small bodies are not counted
  engine::Milliseconds handshake_deadline{5'000};  // of TLS
  engine::Milliseconds header_deadline{5'000};
  engine::Milliseconds body_deadline{15'000};
  engine::Milliseconds body_rate_after{3'000};  // from then on a body comes at this rate at least, on average:
  std::size_t body_bytes_per_second_min = 1024;
  engine::Milliseconds reply_deadline{10'000};  // then 503
  engine::Milliseconds write_deadline{15'000};
  engine::Milliseconds stream_heartbeat{15'000};  // of a body that goes on, when there is nothing to say
  engine::Milliseconds idle_deadline{30'000};
};

/// An HTTP/1.1 server on Asio and Beast: keep-alive, pipelining, gzip bodies, limits, deadlines, request ids, TLS,
/// authentication, rate limits by key and organisation. Runs on its own io threads.
class HttpServer : public actors::Listeners {
 public:
  /// Binds `address` ("127.0.0.1:8080"; port 0 picks one) but accepts only after `open`. With `tls` every connection is
  /// under TLS (net/http/tls.hpp).
  /// Errors: invalid (not an address), unavailable (in use; names it).
  static engine::Result<std::shared_ptr<HttpServer>> bind(const std::string& address,
                                                          std::shared_ptr<const Router> router,
                                                          actors::SwitchboardPtr switchboard, actors::ClockPtr clock,
                                                          HttpLimits limits, std::size_t threads,
                                                          std::shared_ptr<const TlsIdentity> tls = nullptr);
  /// "127.0.0.1:43210".
  [[nodiscard]] virtual std::string address() const = 0;
  /// Waits until `close` has drained, at most `at_most`, then stops the threads.
  virtual void join(engine::Milliseconds at_most) = 0;

  struct Statistics {
    std::uint64_t connections = 0;
    std::uint64_t requests = 0;
  };
  [[nodiscard]] virtual Statistics statistics() const = 0;
};

/// Runs one request through a router without a socket: authentication is skipped, `key` is taken as given. For the CLI
/// on a data directory, and tests. Blocks until the answer is there (at most 60 s).
HttpResponse dispatch(const Router& router, HttpRequest request);

/// What a Content-Type names, without its parameters: "application/json" of "application/json; charset=utf-8".
std::string_view media_type_of(std::string_view content_type);

/// Lower-cases and trims an e-mail address and checks its shape: one @, no spaces or control characters, at most 254
/// bytes, a dot-separated domain. Errors: invalid, `field` "email".
engine::Result<std::string> normalise_email(std::string_view email);

/// "2026-05-01T12:00:00.000Z".
std::string format_time(engine::Timestamp at);
/// RFC 3339 with any offset and up to nine fraction digits (floored to ms), or integer milliseconds as text.
/// Errors: invalid.
engine::Result<engine::Timestamp> parse_time(std::string_view text);

/// "req_" and a ULID of `at` and 80 random bits. Thread: any.
std::string make_request_id(engine::Timestamp at);

}  // namespace leadlight::net
