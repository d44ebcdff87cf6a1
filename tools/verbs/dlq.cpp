#include "tools/verbs/paging.hpp"
#include "tools/verbs/rendering.hpp"
#include "tools/verbs/verbs.hpp"

#include <CLI/Validators.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cctype>
#include <memory>
#include <utility>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;
using engine::Errc;
using engine::Error;
using engine::Result;

constexpr std::size_t page_rows = 1'000;
constexpr std::size_t rows_max = 1'000'000;

struct Options {
  std::string target;
  std::string email;
  std::size_t limit = 100;
  bool dry_run = false;
};

Paged letters(const Options& options, std::size_t limit) {
  return {"/v1/admin/dead-letters", {{"target", options.target}}, "dead_letters", limit, page_rows};
}

Result<Shown> list(AdminClient& client, const Options& options) {
  auto found = collect(client, letters(options, options.limit));
  if (!found) return found.error();
  Columns columns({"TARGET", "EMAIL", "CODE", ">ATTEMPTS", "LAST", ">SCORE", "REASON"});
  for (const auto& row : found->rows) {
    const auto& letter = object_of(row);
    columns.row({plain(letter, "target"), plain(letter, "email"), plain(letter, "code"), plain(letter, "attempts"),
                 plain(letter, "last_at"), plain(letter, "score"), plain(letter, "reason")});
  }
  std::string text = columns.empty() ? "no dead letters\n" : columns.text();
  json::object object{{"dead_letters", std::move(found->rows)}};
  if (!found->next.empty()) {
    text += "there are more; raise --limit\n";
    object["next"] = found->next;
  } else {
    object["next"] = nullptr;
  }
  return Shown{std::move(object), std::move(text)};
}

/// As the engine keeps them: without blanks around, lower case.
std::string normalised(std::string_view email) {
  while (!email.empty() && email.front() == ' ') email.remove_prefix(1);
  while (!email.empty() && email.back() == ' ') email.remove_suffix(1);
  std::string text(email);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

Result<Shown> show_letter(AdminClient& client, const Options& options) {
  auto found = collect(client, letters(options, rows_max));
  if (!found) return found.error();
  const auto email = normalised(options.email);
  for (const auto& row : found->rows)
    if (text_member(row, "email") == email) return Shown{object_of(row), outline(object_of(row))};
  return Error{
      Errc::not_found,
      "target " + options.target + " has no dead letter of " + email + "; `leadlight dlq list` names those there are",
      "EMAIL"};
}

Result<json::object> act(AdminClient& client, const std::string& path, const Options& options, bool may_dry_run) {
  json::object wanted{{"target", options.target}};
  if (!options.email.empty()) wanted["email"] = options.email;
  if (may_dry_run) wanted["dry_run"] = options.dry_run;
  auto answer = client.call("POST", path, json::serialize(wanted));
  if (!answer) return answer.error();
  return object_of(answer->value);
}

Result<Shown> replay(AdminClient& client, const Options& options) {
  json::object sum;
  std::int64_t count = 0;
  std::int64_t skipped = 0;
  Progress progress;
  // A step replays at most so many letters; a dry run removes none, and would count the same ones again.
  while (true) {
    auto step = act(client, "/v1/admin/dead-letters/replay", options, true);
    if (!step) return step.error();
    const auto affected = whole_of(*step, "count").value_or(0) + whole_of(*step, "skipped").value_or(0);
    count += whole_of(*step, "count").value_or(0);
    skipped += whole_of(*step, "skipped").value_or(0);
    progress.say(grouped(count) + " replayed");
    if (options.dry_run || !options.email.empty() || affected < static_cast<std::int64_t>(page_rows)) break;
  }
  sum = {{"count", count}, {"skipped", skipped}, {"dry_run", options.dry_run}};
  const std::string verb = options.dry_run ? " would be asked for again, " : " asked for again, ";
  return Shown{std::move(sum), grouped(count) + verb + grouped(skipped) + " skipped: the target has a newer value\n"};
}

Result<Shown> drop(AdminClient& client, const Options& options) {
  auto done = act(client, "/v1/admin/dead-letters/drop", options, false);
  if (!done) return done.error();
  const auto count = whole_of(*done, "count").value_or(0);
  return Shown{*std::move(done), grouped(count) + " dropped\n"};
}

}  // namespace

void add_dlq(CLI::App& program, VerbContext& context) {
  auto& group = add_group(program, "dlq", "Dead letters: what a target refused for good");
  group.footer("Example:\n  leadlight dlq list --target crm --data ./data");
  auto options = std::make_shared<Options>();
  const auto target = [options](CLI::App& verb, bool required) {
    verb.add_option("--target", options->target, required ? "The target's name" : "The target's name; all by default")
        ->type_name("NAME")
        ->required(required);
  };
  const auto email = [options](CLI::App& verb) {
    verb.add_option("--email", options->email, "Only this lead; all of the target by default")->type_name("EMAIL");
  };

  auto& listed = add_state_verb(group, context, "list", "List dead letters",
                                [options](AdminClient& client) { return list(client, *options); });
  target(listed, false);
  listed.add_option("--limit", options->limit, "Most rows")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, rows_max));
  listed.footer("Example:\n  leadlight dlq list --limit 1000 --data ./data");

  auto& shown = add_state_verb(group, context, "show", "Show one dead letter",
                               [options](AdminClient& client) { return show_letter(client, *options); });
  shown.add_option("EMAIL", options->email, "The lead")->required();
  target(shown, true);
  shown.footer("Example:\n  leadlight dlq show ada@example.com --target crm --data ./data");

  auto& again = add_state_verb(group, context, "replay", "Send the leads' current values instead of the refused ones",
                               [options](AdminClient& client) { return replay(client, *options); });
  target(again, true);
  email(again);
  again.add_flag("--dry-run", options->dry_run, "Only count, the first 1,000 at most");
  again.footer("Example:\n  leadlight dlq replay --target crm --dry-run --server http://127.0.0.1:8080");

  auto& dropped = add_state_verb(group, context, "drop", "Forget dead letters without sending them",
                                 [options](AdminClient& client) { return drop(client, *options); });
  target(dropped, true);
  email(dropped);
  dropped.footer("Example:\n  leadlight dlq drop --target crm --email ada@example.com --data ./data");
}

}  // namespace leadlight::tools::verbs
