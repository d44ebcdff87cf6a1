// Whether CloudEvents may be sent here as web hooks: `OPTIONS /v1/events`, the abuse protection of the CloudEvents web
// hook binding 1.0.2. Only there when origins are configured.
#include "net/surfaces/surface.hpp"

#include <algorithm>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;

void answer(const DoorOptions& door, const HttpRequest& request, const Respond& respond) {
  const auto origin = request.header("webhook-request-origin");
  if (!origin || origin->empty())
    return respond(problem({Errc::invalid, "WebHook-Request-Origin is required", "WebHook-Request-Origin"}, request));
  if (!is_among(door.webhook_origins, *origin))
    return respond(
        problem({Errc::forbidden, "This origin is not among cloudevents.webhook_origins; an operator can add it",
                 "WebHook-Request-Origin"},
                request));
  HttpResponse response{200, {}, {}};
  response.headers.emplace_back("Allow", "POST");
  response.headers.emplace_back("WebHook-Allowed-Origin", *origin);
  if (request.header("webhook-request-rate"))
    response.headers.emplace_back("WebHook-Allowed-Rate",
                                  door.webhook_rate == 0 ? "*" : std::to_string(door.webhook_rate));
  respond(std::move(response));
}

}  // namespace

void add_webhook_check(Router& router, const SurfaceContext& context) {
  if (context.door.webhook_origins.empty()) return;
  router.add(
      {"OPTIONS", "/v1/events", "", 0,
       [door = context.door](const HttpRequest& request, const Respond& respond) { answer(door, request, respond); }});
}

}  // namespace leadlight::net
