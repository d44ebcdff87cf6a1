// What became of a trigger: `GET /v1/requests/{request_id}`.
#include "net/surfaces/surface.hpp"
#include "net/text/json_writer.hpp"

namespace leadlight::net {
namespace {

HttpResponse render(const actors::RequestView& view) {
  JsonWriter json;
  json.object()
      .member("request_id", view.request_id)
      .member("email", view.email)
      .member_or_null("source", view.source)
      .member("accepted_at", view.accepted_at)
      .member("fetched_at", view.fetched_at)
      .member("scored_at", view.scored_at)
      .member("written_at", view.written_at)
      .member("outcome", view.outcome)
      .member("score", view.score)
      .member("detail", view.detail)
      .member("durability", label(view.durability))
      .end_object();
  return HttpResponse::json(200, json.take());
}

}  // namespace

void add_requests(Router& router, const SurfaceContext& context) {
  router.add(
      {"GET", "/v1/requests/{request_id}", "leads hg", 0, [context](const HttpRequest& request, Respond respond) {
         actors::RequestQuery query{request.key->organisation, request.captures.front()};
         ask_for<actors::RequestView>(context, request, std::move(respond), std::move(query), render);
       }});
}

}  // namespace leadlight::net
