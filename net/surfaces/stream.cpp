// `GET /v1/stream`: score and segment changes as server-sent events, resumable by the id of the last one.
#include "net/score_stream.hpp"
#include "net/surfaces/surface.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;
using engine::Segment;

engine::Result<std::optional<Segment>> segment_of(const HttpRequest& request) {
  const auto text = request.parameter("segment");
  if (!text || text->empty()) return std::optional<Segment>{};
  for (const auto segment : {Segment::low, Segment::medium, Segment::high, Segment::very_high})
    if (*text == label(segment)) return std::optional(segment);
  if (*text == "very_high") return std::optional(Segment::very_high);
  return Error{Errc::invalid, "segment must be very_high, high, medium or low", "segment"};
}

engine::Status read_types(const HttpRequest& request, StreamFilter& filter) {
  const auto text = request.parameter("types");
  if (!text || text->empty()) return engine::Ok{};
  filter.scores = filter.segments = false;
  for (std::string_view rest = *text; !rest.empty();) {
    const auto type = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(type.size() + 1, rest.size()));
    if (type != "score" && type != "segment")
      return Error{Errc::invalid, "types must be score, segment or both with a comma between them", "types"};
    (type == "score" ? filter.scores : filter.segments) = true;
  }
  return engine::Ok{};
}

engine::Result<StreamFilter> filter_of(const HttpRequest& request) {
  StreamFilter filter;
  const auto segment = segment_of(request);
  if (!segment) return segment.error();
  filter.segment = *segment;
  if (const auto email = request.parameter("email"); email && !email->empty()) {
    auto normal = normalise_email(*email);
    if (!normal) return normal.error();
    filter.email = *std::move(normal);
  }
  if (auto types = read_types(request, filter); !types) return types.error();
  const auto once = flag_parameter(request, "once");
  if (!once) return once.error();
  filter.once = *once;
  return filter;
}

engine::Result<std::optional<actors::FeedPosition>> last_event(const HttpRequest& request) {
  auto text = request.header("last-event-id");
  const char* field = "Last-Event-ID";
  if (!text || text->empty()) {
    text = request.parameter("last_event_id");
    field = "last_event_id";
  }
  if (!text || text->empty()) return std::optional<actors::FeedPosition>{};
  auto position = actors::parse_feed_position(*text);
  if (!position)
    return Error{Errc::invalid,
                 std::string(field) + " is not the id of an event of this stream; leave it out to begin now", field};
  return std::optional(*position);
}

void handle(const SurfaceContext& context, const HttpRequest& request, const Respond& respond) {
  auto filter = filter_of(request);
  if (!filter) return respond(problem(filter.error(), request));
  const auto from = last_event(request);
  if (!from) return respond(problem(from.error(), request));
  HttpResponse answer;
  answer.headers = {{"Content-Type", "text/event-stream"},
                    {"Cache-Control", "no-store"},
                    {"X-Accel-Buffering", "no"}};  // a proxy that gathers would hold the events back
  if (request.method == "HEAD") return respond(std::move(answer));
  if (!context.feed)
    return respond(problem({Errc::unavailable, "Nothing is streamed here; ask a running server", {}}, request));
  auto stream = std::make_shared<ScoreStream>(context, request.key->organisation, request.key->id, *std::move(filter));
  if (auto listening = stream->listen(*from); !listening) {
    context.switchboard->counters.streams_refused.fetch_add(1, std::memory_order_relaxed);
    return respond(problem(listening.error(), request));
  }
  answer.events = std::move(stream);
  respond(std::move(answer));
}

}  // namespace

void add_stream(Router& router, const SurfaceContext& context) {
  router.add({"GET", "/v1/stream", stream_scopes, 0,
              [context](const HttpRequest& request, const Respond& respond) { handle(context, request, respond); }});
}

}  // namespace leadlight::net
