// For operators: /livez (the process runs), /readyz (it takes requests, or why not), /metrics.
#include "net/metrics.hpp"
#include "net/surfaces/surface.hpp"
#include "net/text/json_writer.hpp"

namespace leadlight::net {
namespace {

/// Why requests should go elsewhere now; empty: they need not.
std::string not_ready(const actors::Switchboard& switchboard) {
  auto reason = switchboard.not_ready();
  const auto bytes = switchboard.counters.spool_bytes.load(std::memory_order_relaxed);
  const auto bytes_max = switchboard.counters.spool_bytes_max.load(std::memory_order_relaxed);
  if (reason.empty() && bytes > bytes_max / 10 * 8)
    reason = "the spool is over 80 % full (" + std::to_string(bytes) + " of " + std::to_string(bytes_max) +
             " bytes): the engine has not taken submissions for long, the log says why";
  return reason;
}

HttpResponse ready(const actors::Switchboard& switchboard) {
  const auto reason = not_ready(switchboard);
  JsonWriter json;
  json.object().member("status", reason.empty() ? "ready" : "not ready");
  if (!reason.empty()) json.member("reason", reason);
  json.end_object();
  auto response = HttpResponse::json(reason.empty() ? 200 : 503, json.take());
  add_retry_after(response, std::nullopt);
  return response;
}

HttpResponse metrics(const actors::Switchboard& switchboard, const Traffic& traffic) {
  HttpResponse response{200, {}, metrics_text(switchboard.counters, traffic, not_ready(switchboard).empty())};
  response.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  return response;
}

}  // namespace

void add_operations(Router& router, const SurfaceContext& context) {
  router.add({"GET", "/livez", "", 0, [](const HttpRequest&, const Respond& respond) {
                respond(HttpResponse::json(200, R"({"status":"alive"})"));
              }});
  router.add({"GET", "/readyz", "", 0, [switchboard = context.switchboard](const HttpRequest&, const Respond& respond) {
                respond(ready(*switchboard));
              }});
  router.add({"GET", "/metrics", "", 0,
              [switchboard = context.switchboard, traffic = router.traffic()](
                  const HttpRequest&, const Respond& respond) { respond(metrics(*switchboard, *traffic)); }});
}

}  // namespace leadlight::net
