// Administration, scope `admin`: keys, models, targets, dead letters, a lead's actor, digest and state. The CLI speaks
// this too.
#include "net/surfaces/admin_text.hpp"
#include "net/surfaces/surface.hpp"

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;

constexpr std::size_t model_bytes_max = 256 * 1024;
constexpr std::size_t body_bytes_max = 64 * 1024;
constexpr std::size_t dead_letters_limit = 100;
constexpr std::size_t dead_letters_limit_max = 1'000;
constexpr std::size_t sync_limit = 200;
constexpr std::size_t sync_limit_max = 2'000;

using Act = decltype(actors::AdminRequest::act);

/// Sends an act; an answer gets `status`.
struct Desk {
  SurfaceContext context;
  std::uint16_t status = 200;
  AdminShape shape = AdminShape::list;
  std::size_t limit = 0;

  void send(const HttpRequest& request, Respond respond, Act act) const {
    actors::AdminRequest message{request.key->organisation, std::move(act)};
    ask(context, std::move(message),
        [about = essentials(request), respond = std::move(respond), own = *this](actors::Reply reply) {
          if (const auto* error = std::get_if<Error>(&reply)) return respond(problem(*error, about));
          if (std::holds_alternative<engine::Ok>(reply))
            return respond(HttpResponse::json(own.status, R"({"status":"ok"})"));
          if (const auto* answer = std::get_if<actors::AdminAnswer>(&reply))
            return respond(HttpResponse::json(own.status, admin_text(*answer, own.shape, own.limit)));
          respond(problem({Errc::internal, "An unexpected reply", {}}, about));
        });
  }
};

/// A route whose act needs nothing but what is in the path.
Handle plain(const SurfaceContext& context, AdminShape shape, Act (*act)(const HttpRequest&)) {
  return [context, shape, act](const HttpRequest& request, Respond respond) {
    Desk{context, 200, shape}.send(request, std::move(respond), act(request));
  };
}

void publish_model(const SurfaceContext& context, const HttpRequest& request, Respond respond) {
  const auto dry_run = flag_parameter(request, "dry_run");
  if (!dry_run) return respond(problem(dry_run.error(), request));
  const std::uint16_t status = *dry_run ? 200 : 201;
  Desk{context, status, AdminShape::one}.send(request, std::move(respond),
                                              actors::PublishModel{request.body, *dry_run});
}

void sync_target(const SurfaceContext& context, const HttpRequest& request, Respond respond) {
  // A sync writes to a CRM: nothing that was meant to hold it back may be passed over.
  if (!request.body.empty())
    return respond(
        problem({Errc::invalid, "a sync takes no body; send dry_run, limit and after in the query", "body"}, request));
  const auto dry_run = flag_parameter(request, "dry_run");
  if (!dry_run) return respond(problem(dry_run.error(), request));
  const auto limit = limit_parameter(request, sync_limit, sync_limit_max);
  if (!limit) return respond(problem(limit.error(), request));
  auto after = from_hexadecimal(request.parameter("after").value_or(""));
  if (!after) return respond(problem({Errc::invalid, "after is not a cursor of an earlier answer", "after"}, request));
  actors::SyncTarget act{request.captures.front(), *dry_run, std::move(*after), *limit};
  Desk{context}.send(request, std::move(respond), std::move(act));
}

void examine_target(const SurfaceContext& context, const HttpRequest& request, Respond respond) {
  auto act = parse_examine_target(request.body);
  if (!act) return respond(problem(act.error(), request));
  act->name = request.captures.front();
  Desk{context}.send(request, std::move(respond), std::move(*act));
}

void list_dead_letters(const SurfaceContext& context, const HttpRequest& request, Respond respond) {
  const auto limit = limit_parameter(request, dead_letters_limit, dead_letters_limit_max);
  if (!limit) return respond(problem(limit.error(), request));
  actors::ListDeadLetters act{std::string(request.parameter("target").value_or("")),
                              std::string(request.parameter("after").value_or("")), *limit};
  Desk{context, 200, AdminShape::list, *limit}.send(request, std::move(respond), std::move(act));
}

/// A route whose body says what to do: `parse` reads it, `act` makes the message.
template <class Parsed, class ToAct>
Handle from_body(const SurfaceContext& context, std::uint16_t status,
                 engine::Result<Parsed> (*parse)(const std::string&), ToAct act) {
  return [context, status, parse, act](const HttpRequest& request, Respond respond) {
    auto parsed = parse(request.body);
    if (!parsed) return respond(problem(parsed.error(), request));
    Desk{context, status, AdminShape::one}.send(request, std::move(respond), act(std::move(*parsed)));
  };
}

void show_actor(const SurfaceContext& context, const HttpRequest& request, Respond respond) {
  auto email = normalise_email(request.captures.front());
  if (!email) return respond(problem(email.error(), request));
  actors::LeadQuery query{request.key->organisation, std::move(*email), std::nullopt, actors::ActorQuestion{}};
  ask_for<actors::ActorView>(context, request, std::move(respond), std::move(query),
                             [](const actors::ActorView& view) { return HttpResponse::json(200, actor_text(view)); });
}

Handle bound(const SurfaceContext& context, void (*handle)(const SurfaceContext&, const HttpRequest&, Respond)) {
  return
      [context, handle](const HttpRequest& request, Respond respond) { handle(context, request, std::move(respond)); };
}

void add_keys_and_models(Router& router, const SurfaceContext& context) {
  router.add({"GET", "/v1/admin/tokens", "admin", 0,
              plain(context, AdminShape::list, [](const HttpRequest&) -> Act { return actors::ListKeys{}; })});
  router.add({"POST", "/v1/admin/tokens", "admin", body_bytes_max,
              from_body(context, 201, parse_create_key, [](actors::CreateKey act) -> Act { return act; })});
  router.add({"DELETE", "/v1/admin/tokens/{id}", "admin", 0,
              plain(context, AdminShape::one,
                    [](const HttpRequest& request) -> Act { return actors::RevokeKey{request.captures.front()}; })});
  router.add({"GET", "/v1/admin/models", "admin", 0,
              plain(context, AdminShape::list, [](const HttpRequest&) -> Act { return actors::ListModels{}; })});
  router.add({"POST", "/v1/admin/models", "admin", model_bytes_max, bound(context, publish_model)});
}

void add_targets(Router& router, const SurfaceContext& context) {
  router.add({"GET", "/v1/admin/targets", "admin", 0,
              plain(context, AdminShape::list, [](const HttpRequest&) -> Act { return actors::ListTargets{}; })});
  router.add({"POST", "/v1/admin/targets", "admin", body_bytes_max,
              from_body(context, 201, parse_add_target, [](actors::AddTarget act) -> Act { return act; })});
  router.add({"DELETE", "/v1/admin/targets/{name}", "admin", 0,
              plain(context, AdminShape::one,
                    [](const HttpRequest& request) -> Act { return actors::RemoveTarget{request.captures.front()}; })});
  router.add({"POST", "/v1/admin/targets/{name}/sync", "admin", body_bytes_max, bound(context, sync_target)});
  router.add({"POST", "/v1/admin/targets/{name}/examine", "admin", body_bytes_max, bound(context, examine_target)});
}

void add_sources(Router& router, const SurfaceContext& context) {
  router.add({"GET", "/v1/admin/sources", "admin", 0,
              plain(context, AdminShape::list, [](const HttpRequest&) -> Act { return actors::ListSources{}; })});
  router.add({"POST", "/v1/admin/sources", "admin", body_bytes_max,
              from_body(context, 201, parse_add_source, [](actors::AddSource act) -> Act { return act; })});
  router.add({"DELETE", "/v1/admin/sources/{name}", "admin", 0,
              plain(context, AdminShape::one,
                    [](const HttpRequest& request) -> Act { return actors::RemoveSource{request.captures.front()}; })});
  router.add({"POST", "/v1/admin/sources/{name}/pull", "admin", 0,
              plain(context, AdminShape::one,
                    [](const HttpRequest& request) -> Act { return actors::PullSource{request.captures.front()}; })});
}

engine::Result<DeadLetterAct> parse_replay(const std::string& body) {
  return parse_dead_letter_act(body, true);
}
engine::Result<DeadLetterAct> parse_drop(const std::string& body) {
  return parse_dead_letter_act(body, false);
}

void add_dead_letters(Router& router, const SurfaceContext& context) {
  router.add({"GET", "/v1/admin/dead-letters", "admin", 0, bound(context, list_dead_letters)});
  router.add({"POST", "/v1/admin/dead-letters/replay", "admin", body_bytes_max,
              from_body(context, 200, parse_replay, [](DeadLetterAct act) -> Act {
                return actors::ReplayDeadLetters{std::move(act.target), std::move(act.email), act.dry_run};
              })});
  router.add({"POST", "/v1/admin/dead-letters/drop", "admin", body_bytes_max,
              from_body(context, 200, parse_drop, [](DeadLetterAct act) -> Act {
                return actors::DropDeadLetters{std::move(act.target), std::move(act.email)};
              })});
}

}  // namespace

void add_admin(Router& router, const SurfaceContext& context) {
  add_keys_and_models(router, context);
  add_targets(router, context);
  add_sources(router, context);
  add_dead_letters(router, context);
  router.add({"GET", "/v1/admin/leads/{email}/actor", "admin", 0, bound(context, show_actor)});
  router.add({"GET", "/v1/admin/digest", "admin", 0,
              plain(context, AdminShape::one, [](const HttpRequest&) -> Act { return actors::StateDigest{}; })});
  router.add({"GET", "/v1/admin/state", "admin", 0,
              plain(context, AdminShape::one, [](const HttpRequest&) -> Act { return actors::ServerState{}; })});
}

}  // namespace leadlight::net
