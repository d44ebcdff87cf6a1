// Scores out: `GET /v1/leads` and `/v1/leads/{email}` with its receipt, timeline and forecast.
#include "engine/identity.hpp"
#include "net/surfaces/surface.hpp"
#include "net/text/json_writer.hpp"

#include <charconv>

namespace leadlight::net {
namespace {

using actors::LeadQuery;
using engine::Errc;
using engine::Error;

constexpr std::size_t identity_bytes_max = 512;
constexpr std::size_t leads_limit = 100;
constexpr std::size_t leads_limit_max = 1'000;
constexpr std::size_t timeline_limit = 100;
constexpr std::size_t timeline_limit_max = 10'000;
constexpr const char* scopes = "leads";

/// score, segment, raw_micro_points and model; null without a model.
void write_score(JsonWriter& json, const actors::LeadView& lead) {
  if (lead.score) {
    json.member("score", lead.score->score).member("segment", label(lead.score->segment));
    json.member("raw_micro_points", lead.score->raw);
  } else {
    json.key("score").null().key("segment").null().key("raw_micro_points").null();
  }
  json.key("model");
  if (lead.model_id.empty())
    json.null();
  else
    json.object().member("id", lead.model_id).member("version", lead.model_version).end_object();
}

void write_products(JsonWriter& json, const actors::LeadView& lead) {
  json.key("products").array().object().member("product", "default");
  write_score(json, lead);
  json.end_object().end_array();
}

/// The members of one lead, inside an object that is open.
void write_lead(JsonWriter& json, const actors::LeadView& lead) {
  json.member("email", lead.email);
  write_score(json, lead);
  json.member("as_of", lead.as_of).member("next_change_at", lead.next_change_at).key("next_segment");
  if (lead.next_segment)
    json.value(label(*lead.next_segment));
  else
    json.null();
  json.key("signals").array();
  for (const auto& signal : lead.signals) json.value(signal);
  json.end_array();
  write_products(json, lead);
}

HttpResponse render_lead(const actors::LeadView& lead) {
  JsonWriter json;
  json.object();
  write_lead(json, lead);
  json.end_object();
  return HttpResponse::json(200, json.take());
}

void write_line(JsonWriter& json, const engine::ReceiptLine& line, const std::optional<std::string>& event_id) {
  json.object().member("kind", label(line.kind)).member("micro_points", line.micro_points).member("event_id", event_id);
  if (line.type)
    json.member("type", line.type->name());
  else
    json.key("type").null();
  json.member("occurred_at", line.occurred_at).key("age_ms");
  if (line.age)
    json.value(line.age->count());
  else
    json.null();
  json.member_or_null("signal", line.signal).member("rule", line.rule);
  if (line.kind == engine::LineKind::folded) json.member("count", line.count);
  json.end_object();
}

HttpResponse render_receipt(const actors::ReceiptView& receipt) {
  JsonWriter json;
  json.object();
  write_lead(json, receipt.lead);
  json.key("contributions").array();
  for (std::size_t i = 0; i < receipt.lines.size(); ++i)
    write_line(json, receipt.lines[i], i < receipt.event_ids.size() ? receipt.event_ids[i] : std::nullopt);
  json.end_array().end_object();
  return HttpResponse::json(200, json.take());
}

HttpResponse render_forecast(const actors::ForecastView& forecast) {
  JsonWriter json;
  json.object().key("points").array();
  for (const auto& point : forecast.points)
    json.object()
        .member("at", point.at)
        .member("score", point.score)
        .member("segment", label(point.segment))
        .end_object();
  json.end_array().member("next_change_at", forecast.next_change_at).end_object();
  return HttpResponse::json(200, json.take());
}

/// The cursor behind a row of the timeline: "1714564800000-42".
std::string cursor_of(const actors::TimelineRow& row) {
  return std::to_string(engine::to_ms(row.occurred_at)) + "-" + std::to_string(row.position);
}

std::optional<std::pair<engine::Timestamp, engine::Position>> parse_cursor(std::string_view text) {
  std::int64_t ms = 0;
  engine::Position position = 0;
  const char* const end = text.data() + text.size();
  const auto time = std::from_chars(text.data(), end, ms);
  if (time.ec != std::errc{} || time.ptr == end || *time.ptr != '-') return std::nullopt;
  const auto place = std::from_chars(time.ptr + 1, end, position);
  if (place.ec != std::errc{} || place.ptr != end) return std::nullopt;
  return std::pair{engine::from_ms(ms), position};
}

HttpResponse render_timeline(const actors::TimelineView& timeline) {
  JsonWriter json;
  json.object().key("events").array();
  for (const auto& row : timeline.rows)
    json.object()
        .member("event_id", row.event_id)
        .member("type", row.type)
        .member("occurred_at", row.occurred_at)
        .member("received_at", row.received_at)
        .member("surface", label(row.surface))
        .member("outcome", label(row.outcome))
        .end_object();
  json.end_array().member_or_null("next",
                                  timeline.more && !timeline.rows.empty() ? cursor_of(timeline.rows.back()) : "");
  json.end_object();
  return HttpResponse::json(200, json.take());
}

HttpResponse render_profile(const actors::ProfileView& profile) {
  JsonWriter json;
  json.object().member("email", profile.email).key("aliases").array();
  for (const auto& id : profile.ids) json.value(id);
  json.end_array().key("attributes").object();
  for (const auto& attribute : profile.attributes) {
    json.key(attribute.name).object().key("value").raw(attribute.value);
    json.member("at", attribute.at).end_object();
  }
  json.end_object().end_object();
  return HttpResponse::json(200, json.take());
}

HttpResponse render_leads(const actors::LeadsView& view) {
  JsonWriter json;
  json.object().key("leads").array();
  for (const auto& lead : view.leads) {
    json.object().member("email", lead.email);
    write_score(json, lead);
    json.member("as_of", lead.as_of);
    write_products(json, lead);
    json.end_object();
  }
  json.end_array().member_or_null("next", view.next).end_object();
  return HttpResponse::json(200, json.take());
}

engine::Result<std::optional<engine::Timestamp>> as_of_parameter(const HttpRequest& request) {
  const auto text = request.parameter("as_of");
  if (!text) return std::optional<engine::Timestamp>{};
  std::string restored(*text);
  // "+02:00" sent unescaped arrives as a space; no time has one at that place.
  if (const auto space = restored.rfind(' '); space != std::string::npos && space > 11) restored[space] = '+';
  const auto at = parse_time(restored);
  if (!at)
    return Error{Errc::invalid, "as_of must be an RFC 3339 time such as 2026-05-01T12:00:00Z, or integer milliseconds",
                 "as_of"};
  return std::optional(*at);
}

/// Whose lead is asked for: an e-mail address, "user:ID" or "anonymous:ID".
engine::Result<std::string> identity_of(const std::string& text) {
  if (engine::kind_of(text) == engine::IdentityKind::email) return normalise_email(text);
  if (text.size() > identity_bytes_max || text.find('\0') != std::string::npos)
    return Error{Errc::invalid, "an id has at most 512 bytes, none of them zero", "email"};
  return text;
}

engine::Result<LeadQuery> lead_query(const HttpRequest& request, decltype(LeadQuery::question) question) {
  auto email = identity_of(request.captures.front());
  if (!email) return email.error();
  auto as_of = as_of_parameter(request);
  if (!as_of) return as_of.error();
  return LeadQuery{request.key->organisation, std::move(*email), *as_of, std::move(question)};
}

template <class View>
Handle about_lead(const SurfaceContext& context, decltype(LeadQuery::question) question,
                  HttpResponse (*render)(const View&)) {
  return [context, question, render](const HttpRequest& request, Respond respond) {
    auto query = lead_query(request, question);
    if (!query) return respond(problem(query.error(), request));
    ask_for<View>(context, request, std::move(respond), std::move(*query), render);
  };
}

void handle_timeline(const SurfaceContext& context, const HttpRequest& request, Respond respond) {
  actors::TimelineQuestion question;
  const auto limit = limit_parameter(request, timeline_limit, timeline_limit_max);
  if (!limit) return respond(problem(limit.error(), request));
  question.limit = *limit;
  if (const auto after = request.parameter("after")) {
    question.before = parse_cursor(*after);
    if (!question.before)
      return respond(problem({Errc::invalid, "after is not a cursor of an earlier answer", "after"}, request));
  }
  auto query = lead_query(request, question);
  if (!query) return respond(problem(query.error(), request));
  ask_for<actors::TimelineView>(context, request, std::move(respond), std::move(*query), render_timeline);
}

engine::Result<std::optional<engine::Segment>> segment_parameter(const HttpRequest& request) {
  const auto text = request.parameter("segment");
  if (!text || text->empty()) return std::optional<engine::Segment>{};
  using engine::Segment;
  for (const auto segment : {Segment::low, Segment::medium, Segment::high, Segment::very_high})
    if (*text == label(segment)) return std::optional(segment);
  if (*text == "very_high") return std::optional(Segment::very_high);
  return Error{Errc::invalid, "segment must be very_high, high, medium or low", "segment"};
}

void handle_leads(const SurfaceContext& context, const HttpRequest& request, Respond respond) {
  const auto segment = segment_parameter(request);
  if (!segment) return respond(problem(segment.error(), request));
  const auto limit = limit_parameter(request, leads_limit, leads_limit_max);
  if (!limit) return respond(problem(limit.error(), request));
  const auto sort = request.parameter("sort").value_or("-score");
  if (sort != "-score" && sort != "score" && sort != "email")
    return respond(problem({Errc::invalid, "sort must be -score, score or email", "sort"}, request));
  actors::LeadsQuery query;
  query.organisation = request.key->organisation;
  query.segment = *segment;
  query.sort = sort;
  query.limit = *limit;
  query.after = request.parameter("after").value_or("");
  query.anonymous = request.parameter("anonymous").value_or("") == "true";
  ask_for<actors::LeadsView>(context, request, std::move(respond), std::move(query), render_leads);
}

}  // namespace

void add_leads(Router& router, const SurfaceContext& context) {
  router.add({"GET", "/v1/leads", scopes, 0, [context](const HttpRequest& request, Respond respond) {
                handle_leads(context, request, std::move(respond));
              }});
  router.add({"GET", "/v1/leads/{email}", scopes, 0, about_lead(context, actors::ScoreQuestion{}, render_lead)});
  router.add(
      {"GET", "/v1/leads/{email}/receipt", scopes, 0, about_lead(context, actors::ReceiptQuestion{}, render_receipt)});
  router.add({"GET", "/v1/leads/{email}/forecast", scopes, 0,
              about_lead(context, actors::ForecastQuestion{}, render_forecast)});
  router.add(
      {"GET", "/v1/leads/{email}/profile", scopes, 0, about_lead(context, actors::ProfileQuestion{}, render_profile)});
  router.add({"GET", "/v1/leads/{email}/timeline", scopes, 0, [context](const HttpRequest& request, Respond respond) {
                handle_timeline(context, request, std::move(respond));
              }});
}

}  // namespace leadlight::net
