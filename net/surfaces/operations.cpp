// For operators: /livez (the process runs), /readyz (it takes requests, or why not), /metrics.
#include "net/json_writer.hpp"
#include "net/metrics.hpp"
#include "net/surfaces/surface.hpp"

namespace leadlight::net {
namespace {

HttpResponse ready(const actors::Switchboard& switchboard) {
  const auto reason = switchboard.not_ready();
  JsonWriter json;
  json.object().member("status", reason.empty() ? "ready" : "not ready");
  if (!reason.empty()) json.member("reason", reason);
  json.end_object();
  auto response = HttpResponse::json(reason.empty() ? 200 : 503, json.take());
  add_retry_after(response, std::nullopt);
  return response;
}

HttpResponse metrics(const actors::Switchboard& switchboard, const Traffic& traffic) {
  HttpResponse response{200, {}, metrics_text(switchboard.counters, traffic, switchboard.not_ready().empty())};
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
