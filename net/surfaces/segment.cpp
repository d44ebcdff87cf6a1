// Segment's tracking API and PostHog's, so that an unmodified client of theirs can be pointed here.
//
// A call is answered once it is durable. Calls that are wrong are counted and passed over, as those clients expect;
// `X-Strict-Mode: 1` asks for the faults instead. Never a redirect: analytics-node takes one for success.
#include "logging/log.hpp"
#include "net/http/traffic.hpp"
#include "net/segment/segment_call.hpp"
#include "net/segment/segment_key.hpp"
#include "net/segment/segment_record.hpp"
#include "net/surfaces/surface.hpp"
#include "net/text/json_writer.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <optional>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;

constexpr std::size_t body_bytes_max = 500 * 1024;
constexpr std::size_t call_bytes_max = 32 * 1024;
constexpr std::size_t calls_max = 10'000;
constexpr std::size_t faults_told_max = 100;
constexpr engine::Milliseconds rejection_log_interval{10'000};

/// Whose words a route speaks.
enum class Client : std::uint8_t { segment, posthog };

/// One line about rejected calls at most every `rejection_log_interval`. Tells fields and rules, never values.
/// Thread: any.
class RejectionLog {
 public:
  void add(Client client, const HttpRequest& request, const std::vector<CallIntake::Rejected>& rejected) {
    const std::lock_guard lock(mutex_);
    calls_ += rejected.size();
    if (request.received_at < next_at_) return;
    next_at_ = request.received_at + rejection_log_interval;
    const auto& last = rejected.back().error;
    logging::warn("tracking calls were rejected; X-Strict-Mode: 1 shows their faults to the sender",
                  {{"component", client == Client::segment ? "segment" : "posthog"},
                   {"calls", std::exchange(calls_, 0)},
                   {"organisation", request.key ? static_cast<std::uint32_t>(request.key->organisation) : 0U},
                   {"reason", last.field.empty() ? "it is no event" : last.what},
                   {"request_id", request.request_id}});
  }

 private:
  std::mutex mutex_;
  engine::Timestamp next_at_{};
  std::size_t calls_ = 0;
};

struct Tracking {
  SurfaceContext context;
  std::shared_ptr<TypeBudget> types;
  std::shared_ptr<Traffic> traffic;
  std::shared_ptr<RejectionLog> log = std::make_shared<RejectionLog>();
};

JsonTree& json_tree() {
  thread_local JsonTree tree;
  return tree;
}

void add_cors(HttpResponse& response, const HttpRequest& request, const std::string& origins) {
  const auto origin = request.header("origin");
  if (!origin || origins.empty() || !is_among(origins, *origin)) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", *origin);
  response.headers.emplace_back("Vary", "Origin");
}

std::uint16_t status_for(Client client, const Error& error, const HttpRequest& request) {
  const auto status = status_of(error, request);
  // Segment's clients drop what is answered 413; PostHog's send it in halves.
  return client == Client::segment && status == 413 ? std::uint16_t{400} : status;
}

HttpResponse refusal(Client client, const Error& error, const HttpRequest& request, const std::string& cors_origins) {
  const auto status = status_for(client, error, request);
  JsonWriter json;
  json.object().member("success", false).member("message", error.what);
  if (!error.field.empty()) json.member("field", error.field);
  json.end_object();
  auto response = HttpResponse::json(status, json.take());
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  add_retry_after(response, request.rate);
  add_cors(response, request, cors_origins);
  return response;
}

HttpResponse taken(Client client, const HttpRequest& request, const std::string& cors_origins) {
  auto response = HttpResponse::json(200, client == Client::segment ? R"({"success":true})" : R"({"status":1})");
  add_cors(response, request, cors_origins);
  return response;
}

/// 400 with every fault, for those who ask for it.
HttpResponse faults(const std::vector<CallIntake::Rejected>& rejected, const HttpRequest& request,
                    const std::string& cors_origins) {
  JsonWriter json;
  json.object().member("success", false);
  const auto count = rejected.size() == 1 ? "One call is" : std::to_string(rejected.size()) + " calls are";
  json.member("message", count + " wrong; nothing was kept, as X-Strict-Mode asks");
  json.key("errors").array();
  for (std::size_t i = 0; i < std::min(rejected.size(), faults_told_max); ++i) {
    const auto& [index, error] = rejected[i];
    json.object().member("index", index).member("field", error.field).member("message", error.what).end_object();
  }
  json.end_array().end_object();
  auto response = HttpResponse::json(400, json.take());
  add_cors(response, request, cors_origins);
  return response;
}

/// What a route reads of a body.
struct Dialect {
  Client client = Client::segment;
  std::optional<CallKind> implied;  // by the path of a single call
  bool batch = false;               // there must be an array of calls
};

engine::Result<TrackingCall> call_of(const Dialect& dialect, const JsonNode& item, const CallSurroundings& around) {
  return dialect.client == Client::segment ? segment_call(item, dialect.implied, around) : posthog_call(item, around);
}

void take_item(const Dialect& dialect, const JsonNode& item, std::size_t index, const CallSurroundings& around,
               const EventContext& context, CallIntake& intake) {
  std::optional<Error> fault;
  if (const auto broken = json_tree().fault_of(item); !broken.empty()) {
    fault = Error{Errc::invalid, std::string(broken), {}};
  } else if (item.member.raw.size() > call_bytes_max) {
    fault = Error{Errc::invalid,
                  "A call must be at most " + std::to_string(call_bytes_max) + " bytes of JSON; this one has " +
                      std::to_string(item.member.raw.size()),
                  "event"};
  } else {
    const auto call = call_of(dialect, item, around);
    fault = call ? take_call(*call, index, context, intake) : call.error();
  }
  if (fault) intake.rejected.push_back({index, *std::move(fault)});
}

engine::Result<CallIntake> take_in(const Dialect& dialect, const HttpRequest& request, const EventContext& context) {
  auto& tree = json_tree();
  const bool single = dialect.client == Client::segment && !dialect.batch;
  if (const auto read = tree.read(request.body, single ? "" : "batch", calls_max); !read) return read.error();
  CallIntake intake;
  const auto* const items = tree.items();
  if (items == nullptr && dialect.batch) return Error{Errc::invalid, "batch must be an array of calls", "batch"};
  if (items != nullptr && (single || (dialect.client == Client::segment && !tree.root().is(JsonKind::object))))
    return Error{Errc::invalid, "The request body must be a JSON object", {}};
  if (items == nullptr) {
    const auto& root = tree.root();
    if (request.body.size() > call_bytes_max)
      return Error{Errc::too_large, "A call must be at most " + std::to_string(call_bytes_max) + " bytes of JSON", {}};
    take_item(dialect, root, 0, surroundings_of(root), context, intake);
    return intake;
  }
  const auto around = tree.root().is(JsonKind::object) ? surroundings_of(tree.root()) : CallSurroundings{};
  intake.records.reserve(static_cast<std::size_t>(std::distance(items->begin(), items->end())));
  std::size_t index = 0;
  for (const auto& item : *items) take_item(dialect, item, index++, around, context, intake);
  return intake;
}

/// What the answer needs of the request.
HttpRequest about(const HttpRequest& request) {
  auto essential = essentials(request);
  if (const auto origin = request.header("origin")) essential.headers.emplace_back("origin", *origin);
  return essential;
}

void handle(const Tracking& tracking, const Dialect& dialect, const HttpRequest& request, Respond respond) {
  const auto& origins = tracking.context.door.cors_origins;
  const auto client = dialect.client;
  EventContext context;
  context.organisation = request.key->organisation;
  context.surface = client == Client::segment ? engine::Surface::segment : engine::Surface::posthog;
  context.received_at = request.received_at;
  context.request_id = request.request_id;
  context.types = tracking.types.get();
  auto intake = take_in(dialect, request, context);
  if (!intake) return respond(refusal(client, intake.error(), request, origins));
  if (!intake->rejected.empty()) {
    auto& count =
        client == Client::segment ? tracking.traffic->calls_rejected_segment : tracking.traffic->calls_rejected_posthog;
    count.fetch_add(intake->rejected.size(), std::memory_order_relaxed);
    tracking.log->add(client, request, intake->rejected);
    if (request.header("x-strict-mode") == "1") return respond(faults(intake->rejected, request, origins));
  }
  if (intake->records.empty() && intake->links.empty()) return respond(taken(client, request, origins));
  actors::Submission submission;
  submission.organisation = context.organisation;
  submission.spool = request.key->spools(false);  // these clients try again, unless the key says otherwise
  submission.records = std::move(intake->records);
  submission.links = std::move(intake->links);
  std::ranges::sort(submission.links);  // a batch is mostly about few people, who are told again and again
  submission.links.erase(std::ranges::unique(submission.links).begin(), submission.links.end());
  ask(tracking.context, std::move(submission),
      [client, origins, about = about(request), respond = std::move(respond)](actors::Reply reply) {
        if (std::holds_alternative<actors::Receipts>(reply)) return respond(taken(client, about, origins));
        const auto* error = std::get_if<Error>(&reply);
        respond(refusal(client, error != nullptr ? *error : Error{Errc::internal, "An unexpected reply", {}}, about,
                        origins));
      });
}

/// Every path without and with a slash behind it.
std::vector<std::string> with_slashes(std::vector<std::string> paths, bool without_first) {
  const auto count = paths.size();
  for (std::size_t i = 0; i < count; ++i) paths.push_back(paths[i] + '/');
  if (without_first) paths.erase(paths.begin());
  return paths;
}

void add_route(Router& router, const Tracking& tracking, const Dialect& dialect,
               const std::vector<std::string>& paths) {
  const auto& origins = tracking.context.door.cors_origins;
  Route route{"POST",
              paths.front(),
              "events",
              body_bytes_max,
              [tracking, dialect](const HttpRequest& request, Respond respond) {
                handle(tracking, dialect, request, std::move(respond));
              },
              [client = dialect.client, origins](const Error& error, const HttpRequest& request) {
                return refusal(client, error, request, origins);
              }};
  route.refusable = true;
  route.aliases = with_slashes(paths, true);
  route.find_key = dialect.client == Client::segment ? find_write_key : find_project_key;
  router.add(std::move(route));
  if (origins.empty()) return;
  Route preflight{"OPTIONS", paths.front(), "", 0, [origins](const HttpRequest& request, const Respond& respond) {
                    HttpResponse response{204, {}, {}};
                    add_cors(response, request, origins);
                    response.headers.emplace_back("Access-Control-Allow-Methods", "POST");
                    response.headers.emplace_back("Access-Control-Allow-Headers", "authorization, content-type");
                    response.headers.emplace_back("Access-Control-Max-Age", "7200");
                    respond(std::move(response));
                  }};
  preflight.aliases = with_slashes(paths, true);
  router.add(std::move(preflight));
}

}  // namespace

void add_segment(Router& router, const SurfaceContext& context) {
  const Tracking tracking{context, context.types ? context.types : std::make_shared<TypeBudget>(), router.traffic()};
  add_route(router, tracking, {Client::segment, std::nullopt, true}, {"/v1/batch", "/v1/import", "/v1/b"});
  for (const auto kind :
       {CallKind::identify, CallKind::track, CallKind::page, CallKind::screen, CallKind::group, CallKind::alias}) {
    const auto path = "/v1/" + std::string(label(kind));
    add_route(router, tracking, {Client::segment, kind, false}, {path, path.substr(0, 5)});
  }
  add_route(router, tracking, {Client::posthog, std::nullopt, false}, {"/batch", "/capture", "/i/v0/e"});
}

}  // namespace leadlight::net
