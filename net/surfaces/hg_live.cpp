// HG-style live engagement scoring: `POST /data-api/v2/scoring/behavioral/live`, answered 202 once the trigger is
// durable.
//
// Its own error envelope, and the rate headers on every answer. The answer is flat and holds texts only, so that
// Marketo's mappings and Salesforce Flow's structure inference both work.
#include "engine/hash.hpp"
#include "logging/log.hpp"
#include "logging/privacy.hpp"
#include "net/surfaces/surface.hpp"
#include "net/text/json_writer.hpp"
#include "net/text/url_text.hpp"

#include <boost/beast/core/string.hpp>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;

constexpr std::size_t body_bytes_max = 16 * 1024;
/// Shown as the limit of a key without one: no tariff applies, and one client cannot reach it.
constexpr std::uint32_t unlimited_shown = 1'000'000;

/// The contract's words for a key that may not ask, whatever the reason.
constexpr std::string_view not_enabled = "Real-time scoring is not enabled for this account";

void add_rate_headers(HttpResponse& response, const std::optional<RateState>& rate) {
  const auto shown = rate.value_or(RateState{unlimited_shown, unlimited_shown, 0});
  const auto limit = std::to_string(shown.limit);
  response.headers.emplace_back("x-ratelimit-limit", limit + ", " + limit + ";w=1");
  response.headers.emplace_back("x-ratelimit-remaining", std::to_string(shown.remaining));
  response.headers.emplace_back("x-ratelimit-reset", std::to_string(shown.reset_seconds));
}

HttpResponse envelope(const Error& error, const HttpRequest& request) {
  const auto status = status_of(error, request);
  JsonWriter json;
  json.object().key("errors").array().object();
  json.member("title", title_of(status)).member("detail", status == 403 ? not_enabled : error.what);
  if (!error.field.empty()) json.key("source").object().member("pointer", "/" + error.field).end_object();
  json.end_object().end_array().end_object();
  auto response = HttpResponse::json(status, json.take());
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  add_rate_headers(response, request.rate);
  add_retry_after(response, request.rate);
  return response;
}

struct LiveRequest {
  std::string email;   // normalised
  std::string source;  // "salesforce", "marketo" or empty
};

/// Marketo sends a template's line breaks as they are typed.
std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  while (!text.empty() && blanks.find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  while (!text.empty() && blanks.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  return text;
}

engine::Result<LiveRequest> check(std::string_view email, std::string_view source) {
  auto normal = normalise_email(trim(email));
  if (!normal) return normal.error();
  source = trim(source);
  LiveRequest live{std::move(*normal), {}};
  for (const std::string_view known : {"salesforce", "marketo"})
    if (boost::beast::iequals(source, known)) live.source = known;
  if (live.source.empty() && !source.empty())
    return Error{Errc::invalid, "source must be salesforce or marketo", "source"};
  return live;
}

engine::Result<LiveRequest> parse_form_body(const std::string& body) {
  const auto form = parse_form(body);
  if (!form) return Error{Errc::invalid, "The request body is not a valid form", {}};
  std::string_view email;
  std::string_view source;
  for (const auto& [name, value] : *form) {
    if (trim(name) == "email") email = value;
    if (trim(name) == "source") source = value;
  }
  return check(email, source);
}

/// `"email": ""a@b.co""`: with JSON encoding Marketo brings the quotes, and the template has them too.
bool quoted_twice(std::string_view body) {
  for (auto at = body.find("\"\""); at != std::string_view::npos; at = body.find("\"\"", at + 1)) {
    const auto before = trim(body.substr(0, at));
    if (before.ends_with(':') && at + 2 < body.size() && body.substr(at + 2, 1).find_first_of(" ,}\r\n\t") != 0)
      return true;
  }
  return false;
}

Error twice_quoted() {
  return {Errc::invalid,
          "The request body is not valid JSON: a value stands in two pairs of quotes. With token encoding JSON Marketo "
          "brings them; take yours out of the template",
          {}};
}

/// What the body looks like counts more than what its Content-Type says: a webhook's header is typed by hand.
bool is_form(const HttpRequest& request) {
  if (trim(request.body).starts_with('{') || has_media_type(request, "application/json")) return false;
  return has_media_type(request, "application/x-www-form-urlencoded") || request.body.find('=') != std::string::npos;
}

engine::Result<LiveRequest> parse_json_body(const std::string& body) {
  const auto members = json_reader().object(body);
  if (!members) return quoted_twice(body) ? twice_quoted() : members.error();
  std::string_view email;
  std::string_view source;
  for (const auto& member : *members) {
    const bool is_email = member.name == "email";
    if (!is_email && member.name != "source") continue;  // other keys are passed over
    if (member.kind == JsonKind::null) continue;
    if (member.kind != JsonKind::text)
      return Error{Errc::invalid, std::string(member.name) + " must be a string", std::string(member.name)};
    (is_email ? email : source) = member.text;
  }
  return check(email, source);
}

HttpResponse accepted(const actors::Receipt& receipt, actors::Durability durability, const LiveRequest& live,
                      const HttpRequest& about) {
  JsonWriter json;
  json.object().member("status", "accepted").member("request_id", receipt.request_id).member("email", live.email);
  if (!live.source.empty()) json.member("source", live.source);
  json.member("accepted_at", about.received_at).member("durability", label(durability)).end_object();
  auto response = HttpResponse::json(202, json.take());
  add_rate_headers(response, about.rate);
  // A trigger that joined a pending one is known by that one's id, in the header too.
  if (receipt.request_id != about.request_id) response.headers.emplace_back("X-Request-Id", receipt.request_id);
  return response;
}

// The writeback that this trigger causes belongs to the request's trace.
void note_trace(const SurfaceContext& context, const HttpRequest& request, const engine::Record& record) {
  const auto trace = parse_traceparent(request.header("traceparent").value_or(""));
  if (trace && context.traces) context.traces->note(record.lead, *trace);
  if (!logging::debug_is_on()) return;
  logging::debug("a trigger came in", {{"component", "hg_live"},
                                       {"request_id", request.request_id},
                                       {"trace_id", trace ? trace->trace_id : std::string{}},
                                       {"organisation", static_cast<std::uint32_t>(request.key->organisation)},
                                       {"lead", logging::lead_name(record.email)}});
}

void handle(const SurfaceContext& context, const HttpRequest& request, Respond respond) {
  const auto& key = *request.key;
  if (!key.live_scoring) return respond(envelope({Errc::forbidden, std::string(not_enabled), {}}, request));
  auto live = is_form(request) ? parse_form_body(request.body) : parse_json_body(request.body);
  if (!live) return respond(envelope(live.error(), request));

  actors::Submission submission;
  submission.organisation = key.organisation;
  submission.spool = key.spools(true);  // neither Apex nor Marketo sends a trigger twice
  auto& record = submission.records.emplace_back();
  record.lead = engine::lead_id(key.organisation, live->email);
  record.email = live->email;
  record.received_at = request.received_at;
  record.surface = engine::Surface::hg_live;
  record.request_id = request.request_id;
  record.body = engine::Trigger{live->source};
  note_trace(context, request, record);
  ask(context, std::move(submission),
      [about = essentials(request), live = std::move(*live), respond = std::move(respond)](actors::Reply reply) {
        if (const auto* error = std::get_if<Error>(&reply)) return respond(envelope(*error, about));
        const auto* receipts = std::get_if<actors::Receipts>(&reply);
        if (receipts == nullptr || receipts->receipts.empty())
          return respond(envelope({Errc::internal, "Internal server error", {}}, about));
        respond(accepted(receipts->receipts.front(), receipts->durability, live, about));
      });
}

}  // namespace

void add_hg_live(Router& router, const SurfaceContext& context) {
  router.add({"POST", "/data-api/v2/scoring/behavioral/live", "hg", body_bytes_max,
              [context](const HttpRequest& request, Respond respond) { handle(context, request, std::move(respond)); },
              envelope});
}

}  // namespace leadlight::net
