// What every surface is given, and how it asks the actors: a message to the gateway, a reply that becomes the answer.
#pragma once

#include "actors/protocol.hpp"
#include "net/http/http.hpp"
#include "net/http/trace_context.hpp"
#include "net/text/json_reader.hpp"

#include <caf/send.hpp>

#include <atomic>
#include <memory>
#include <type_traits>
#include <utility>

namespace leadlight::actors {
class ScoreFeed;
}

namespace leadlight::net {

class EmailVendors;
class HttpClient;
class TypeBudget;

/// Who may call from elsewhere; both are off unless configured.
struct DoorOptions {
  std::string cors_origins;        // of web pages that may send tracking calls, with commas between; "*": all
  std::string webhook_origins;     // that may send CloudEvents as web hooks, with commas between; "*": all
  std::uint32_t webhook_rate = 0;  // requests a minute that they are told to keep to; 0: no limit
};

struct SurfaceContext {
  actors::SwitchboardPtr switchboard;
  actors::ClockPtr clock;
  std::shared_ptr<const EmailVendors> email_vendors = nullptr;  // null: those built in (net/email/email_vendors.hpp)
  std::shared_ptr<actors::ScoreFeed> feed = nullptr;            // none: nothing is streamed
  std::shared_ptr<HttpClient> client = nullptr;                 // for what a call must be checked with; null: none
  std::shared_ptr<TypeBudget> types = nullptr;                  // null: each surface has its own
  DoorOptions door = {};
  TraceBookPtr traces = nullptr;  // none: targets are told no trace
};

/// Each adds one surface's routes.
void add_hg_live(Router& router, const SurfaceContext& context);
void add_events(Router& router, const SurfaceContext& context);
void add_segment(Router& router, const SurfaceContext& context);
void add_webhook_check(Router& router, const SurfaceContext& context);
void add_leads(Router& router, const SurfaceContext& context);
void add_stream(Router& router, const SurfaceContext& context);
void add_requests(Router& router, const SurfaceContext& context);
void add_operations(Router& router, const SurfaceContext& context);
void add_admin(Router& router, const SurfaceContext& context);
void add_email_hooks(Router& router, const SurfaceContext& context);
void add_openapi(Router& router);
/// All of the above.
void add_surfaces(Router& router, const SurfaceContext& context);

/// A reply port that calls a function, once: with the reply, or with `unavailable` when its last copy dies unused.
template <class OnReply>
class ReplyFunction final : public actors::ReplySink {
 public:
  explicit ReplyFunction(OnReply on_reply) : on_reply_(std::move(on_reply)) {}
  ReplyFunction(const ReplyFunction&) = delete;
  ReplyFunction& operator=(const ReplyFunction&) = delete;
  ~ReplyFunction() override {
    if (!done_.load())
      on_reply_(actors::Reply(engine::Error{engine::Errc::unavailable, "Nothing answers now; try again", {}}));
  }
  void complete(actors::Reply reply) override {
    if (!done_.exchange(true)) on_reply_(std::move(reply));
  }

 private:
  OnReply on_reply_;
  std::atomic<bool> done_{false};
};

/// Sends `message` to the gateway; `on_reply(actors::Reply)` is called once, on whichever thread replies. A submission
/// marked for the spool is guarded by it.
template <class Message, class OnReply>
void ask(const SurfaceContext& context, Message message, OnReply on_reply) {
  actors::ReplyPort port = std::make_shared<ReplyFunction<OnReply>>(std::move(on_reply));
  if constexpr (std::is_same_v<Message, actors::Submission>) {
    if (message.spool)
      if (const auto spool = context.switchboard->spool()) port = spool->guard(message, std::move(port));
  }
  const auto gateway = context.switchboard->gateway();
  if (gateway) caf::anon_send(gateway, std::move(message), std::move(port));
  // else the port dies here, which answers `unavailable`
}

/// What an envelope needs of a request, to be kept until the reply is there.
HttpRequest essentials(const HttpRequest& request);

/// Asks, and answers a reply of type `Expected` with `render(const Expected&)`, an Error with a problem document.
template <class Expected, class Message, class Render>
void ask_for(const SurfaceContext& context, const HttpRequest& request, Respond respond, Message message,
             Render render) {
  ask(context, std::move(message),
      [about = essentials(request), respond = std::move(respond), render = std::move(render)](actors::Reply reply) {
        if (const auto* expected = std::get_if<Expected>(&reply)) return respond(render(*expected));
        if (const auto* error = std::get_if<engine::Error>(&reply)) return respond(problem(*error, about));
        respond(problem({engine::Errc::internal, "An unexpected reply", {}}, about));
      });
}

/// The calling thread's JSON reader.
JsonReader& json_reader();

/// Whether `name` is among `names`, with commas or spaces between them, or these are "*".
bool is_among(std::string_view names, std::string_view name);

/// Whether the Content-Type is `media_type`, whatever its parameters.
bool has_media_type(const HttpRequest& request, std::string_view media_type);

/// A whole number of a query parameter in [1, max]; above `max` it is lowered. Errors: invalid, `field` the parameter's
/// name.
engine::Result<std::size_t> limit_parameter(const HttpRequest& request, std::size_t otherwise, std::size_t max);

/// Of the query parameter `name`: "true", "1", "false", "0" or absent (false). Errors: invalid.
engine::Result<bool> flag_parameter(const HttpRequest& request, std::string_view name);

}  // namespace leadlight::net
