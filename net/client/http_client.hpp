// The outbound HTTP/1.1 client that targets and providers share: pooled keep-alive connections, TLS verified,
// deadlines, sizes bounded, redirects not followed. Boost stays behind http_client.cpp.
#pragma once

#include "engine/result.hpp"
#include "engine/types.hpp"
#include "net/http/http.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::net {

class OutboundGuard;

/// The addresses of a host, as text.
using LookUp = std::function<engine::Result<std::vector<std::string>>(const std::string& host)>;

struct OutboundRequest {
  std::string method;
  std::string url;  // http or https, absolute
  Headers headers;
  std::string body;
  engine::Milliseconds deadline{30'000};
  std::size_t answer_bytes_max = 4U << 20U;
  bool cut_answer = false;  // a longer answer is cut off there, its status taken; else it is an error
  /// Set when somebody else than the operator gave the URL: where it may lead.
  std::shared_ptr<const OutboundGuard> guard = nullptr;
};

struct OutboundAnswer {
  std::uint16_t status = 0;
  Headers headers;  // names lower-cased
  std::string body;

  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;  // empty: absent
};

/// Thread: any. One io thread of its own; callbacks run there and must not block.
class HttpClient {
 public:
  HttpClient() = default;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  virtual ~HttpClient() = default;

  /// `look_up`: instead of the system's resolver, in tests; it must not block.
  static std::shared_ptr<HttpClient> make(std::size_t connections_per_host_max = 8, LookUp look_up = {});

  /// Errors (in `done`): unavailable (connect, reset, deadline: the words say which), invalid (bad URL, or one that the
  /// guard refuses), too_large.
  /// A request on a reused connection that the peer had closed before any answer byte is sent once more on a new one,
  /// when the method is GET, PUT, PATCH or DELETE or nothing had been written yet.
  virtual void send(OutboundRequest request, std::function<void(engine::Result<OutboundAnswer>)> done) = 0;

  /// Runs `task` on the client's thread after `delay`.
  virtual void after(engine::Milliseconds delay, std::function<void()> task) = 0;

  /// Ends everything under way with `unavailable` and joins the thread.
  virtual void stop() = 0;

  /// Sends and waits. Not from a callback.
  engine::Result<OutboundAnswer> send_and_wait(OutboundRequest request);
};

}  // namespace leadlight::net
