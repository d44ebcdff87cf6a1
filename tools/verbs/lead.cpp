#include "tools/verbs/paging.hpp"
#include "tools/verbs/rendering.hpp"
#include "tools/verbs/verbs.hpp"

#include <CLI/Validators.hpp>

#include <memory>
#include <utility>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;
using engine::Result;

constexpr std::size_t leads_page_rows = 1'000;
constexpr std::size_t timeline_page_rows = 10'000;
constexpr std::size_t rows_max = 1'000'000;

struct Options {
  std::string email;
  std::string as_of;
  std::string segment;
  std::string sort = "-score";
  std::size_t limit = 100;
};

std::string path_of(const Options& options, std::string_view part) {
  return "/v1/leads/" + url_encoded(options.email) + std::string(part);
}

/// `82 (high), 62.5 points`, or that there is no score.
std::string score_text(const json::object& lead) {
  if (plain(lead, "score") == "-") return "none: no model is in force";
  return plain(lead, "score") + " (" + plain(lead, "segment") + "), " + points_of(lead, "raw_micro_points") + " points";
}

std::string head_of(const json::value& answer) {
  const auto& lead = object_of(answer);
  Columns lines({});
  lines.row({"lead", plain(lead, "email")});
  lines.row({"score", score_text(lead)});
  if (const auto* model = lead.if_contains("model"); model != nullptr && model->is_object())
    lines.row({"model", plain(model->get_object(), "id") + ", version " + plain(model->get_object(), "version")});
  lines.row({"as of", plain(lead, "as_of")});
  const auto next = plain(lead, "next_change_at");
  lines.row({"next", next == "-" ? "no change ahead" : plain(lead, "next_segment") + " at " + next});
  return lines.text();
}

Result<Shown> show_lead(AdminClient& client, const Options& options) {
  auto answer = client.call("GET", with_query(path_of(options, ""), {{"as_of", options.as_of}}));
  if (!answer) return answer.error();
  std::string text = head_of(answer->value);
  Columns signals({});
  for (const auto& signal : list_of(answer->value, "signals")) signals.row({"  " + plain(signal)});
  if (!signals.empty()) text += "signals\n" + signals.text();
  return Shown{object_of(answer->value), std::move(text)};
}

Result<Shown> receipt(AdminClient& client, const Options& options) {
  auto answer = client.call("GET", with_query(path_of(options, "/receipt"), {{"as_of", options.as_of}}));
  if (!answer) return answer.error();
  Columns lines({">POINTS", "KIND", "SIGNAL", "EVENT", "OCCURRED", "AGE", "ID", "RULE"});
  for (const auto& row : list_of(answer->value, "contributions")) {
    const auto& line = object_of(row);
    const auto age = whole_of(row, "age_ms");
    auto kind = plain(line, "kind");
    if (const auto count = whole_of(row, "count")) kind += " x" + grouped(*count);
    lines.row({points_of(line, "micro_points"), kind, plain(line, "signal"), plain(line, "type"),
               plain(line, "occurred_at"), age ? age_text(*age) : "-", plain(line, "event_id"), plain(line, "rule")});
  }
  std::string text = head_of(answer->value) + '\n' + lines.text();
  text += "sum: " + points_of(object_of(answer->value), "raw_micro_points") + " points\n";
  return Shown{object_of(answer->value), std::move(text)};
}

Result<Shown> timeline(AdminClient& client, const Options& options) {
  auto found = collect(client, {path_of(options, "/timeline"), {}, "events", options.limit, timeline_page_rows});
  if (!found) return found.error();
  Columns columns({"OCCURRED", "EVENT", "OUTCOME", "SURFACE", "RECEIVED", "ID"});
  for (const auto& row : found->rows) {
    const auto& event = object_of(row);
    columns.row({plain(event, "occurred_at"), plain(event, "type"), plain(event, "outcome"), plain(event, "surface"),
                 plain(event, "received_at"), plain(event, "event_id")});
  }
  std::string text = columns.text();
  if (!found->next.empty()) text += "there are more; raise --limit\n";
  json::object object{{"events", std::move(found->rows)}, {"next", nullptr}};
  if (!found->next.empty()) object["next"] = found->next;
  return Shown{std::move(object), std::move(text)};
}

Result<Shown> forecast(AdminClient& client, const Options& options) {
  auto answer = client.call("GET", with_query(path_of(options, "/forecast"), {{"as_of", options.as_of}}));
  if (!answer) return answer.error();
  Columns columns({"AT", ">SCORE", "SEGMENT"});
  for (const auto& row : list_of(answer->value, "points")) {
    const auto& point = object_of(row);
    columns.row({plain(point, "at"), plain(point, "score"), plain(point, "segment")});
  }
  return Shown{object_of(answer->value),
               columns.text() + "next change of segment: " + plain(object_of(answer->value), "next_change_at") + '\n'};
}

Result<Shown> actor(AdminClient& client, const Options& options) {
  auto answer = client.call("GET", "/v1/admin/leads/" + url_encoded(options.email) + "/actor");
  if (!answer) return answer.error();
  // The actor has a digest of its own: the state's stands beside it.
  return Shown{{{"actor", answer->value}, {"email", options.email}}, outline(object_of(answer->value))};
}

Result<Shown> list(AdminClient& client, const Options& options) {
  auto found = collect(
      client,
      {"/v1/leads", {{"segment", options.segment}, {"sort", options.sort}}, "leads", options.limit, leads_page_rows});
  if (!found) return found.error();
  Columns columns({"EMAIL", ">SCORE", "SEGMENT", ">POINTS"});
  for (const auto& row : found->rows) {
    const auto& lead = object_of(row);
    columns.row(
        {plain(lead, "email"), plain(lead, "score"), plain(lead, "segment"), points_of(lead, "raw_micro_points")});
  }
  std::string text = columns.text();
  if (!found->next.empty()) text += "there are more; raise --limit\n";
  json::object object{{"leads", std::move(found->rows)}, {"next", nullptr}};
  if (!found->next.empty()) object["next"] = found->next;
  return Shown{std::move(object), std::move(text)};
}

void add_limit(CLI::App& verb, Options& options) {
  verb.add_option("--limit", options.limit, "Most rows, 1 to 1000000")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, rows_max));
}

void add_as_of(CLI::App& verb, Options& options) {
  verb.add_option("--as-of", options.as_of, "At that instant instead of now, such as 2026-05-01T12:00:00Z")
      ->type_name("TIME");
}

}  // namespace

void add_lead(CLI::App& program, VerbContext& context) {
  auto& group = add_group(program, "lead", "Show leads: score, receipt, timeline, forecast, actor");
  group.footer("Example:\n  leadlight lead receipt ada@example.com --data ./data");
  auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* description, Result<Shown> (*work)(AdminClient&, const Options&),
                       const std::string& example) -> CLI::App& {
    auto& verb = add_state_verb(group, context, name, description,
                                [options, work](AdminClient& client) { return work(client, *options); });
    verb.footer("Example:\n  leadlight lead " + example);
    return verb;
  };
  const auto about_one = [&](CLI::App& verb) -> CLI::App& {
    verb.add_option("EMAIL", options->email, "The lead")->required();
    return verb;
  };

  add_as_of(about_one(add("show", "Show a lead's score and signals", show_lead,
                          "show ada@example.com --as-of 2026-05-01T12:00:00Z --data ./data")),
            *options);
  add_as_of(about_one(add("receipt", "Show the full arithmetic behind a score", receipt,
                          "receipt ada@example.com --data ./data")),
            *options);
  add_limit(about_one(add("timeline", "Show what a lead did, newest first", timeline,
                          "timeline ada@example.com --limit 20 --data ./data")),
            *options);
  add_as_of(
      about_one(add("forecast", "Show how the score will decay", forecast, "forecast ada@example.com --data ./data")),
      *options);
  about_one(add("actor", "Show the state, mailbox and life cycle of a lead's actor", actor,
                "actor ada@example.com --server http://127.0.0.1:8080"));

  auto& listed = add("list", "List leads by score", list, "list --segment \"very high\" --limit 20 --data ./data");
  listed.add_option("--segment", options->segment, "Only this segment: very high, high, medium or low")
      ->type_name("SEGMENT")
      ->check(CLI::IsMember({"very high", "very_high", "high", "medium", "low"}));
  listed.add_option("--sort", options->sort, "Order: -score (highest first), score or email")
      ->type_name("ORDER")
      ->capture_default_str()
      ->check(CLI::IsMember({"-score", "score", "email"}));
  add_limit(listed, *options);
  add_log_name(group, context);
}

}  // namespace leadlight::tools::verbs
