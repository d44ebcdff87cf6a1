#include "net/text/base64.hpp"
#include "storage/sealing.hpp"
#include "tools/verbs/rendering.hpp"
#include "tools/verbs/verbs.hpp"

#include <fmt/format.h>
#include <CLI/Validators.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;
using engine::Errc;
using engine::Error;
using engine::Result;

constexpr std::size_t secret_bytes_max = 16 * 1024;
constexpr std::size_t webhook_key_bytes = 32;
constexpr std::string_view webhook = "webhook";

struct AddOptions {
  std::string kind;
  std::string name;
  std::string url;
  std::string client_id;
  std::string username;
  std::string flow;
  std::string client_secret_file;
  std::string private_key_file;
  std::string secret;
  std::string secret_file;
  std::string previous_secret_file;
  bool replace = false;
  std::vector<std::string> options;  // key=value
};

struct SyncOptions {
  std::string name;
  bool dry_run = false;
};

std::string check_option(const std::string& text) {
  const auto equals = text.find('=');
  const bool fits = equals != std::string::npos && equals > 0;
  return fits ? std::string{} : "'" + text + "' has no name or no =; write it as score_field=My_Score__c";
}

/// From its file, or else the environment; none when neither is given.
Result<std::optional<std::string>> secret_of(const std::string& file, const char* variable, const std::string& field) {
  std::string text;
  if (!file.empty()) {
    auto read = read_text(file, secret_bytes_max, field);
    if (!read) return read.error();
    text = *std::move(read);
  } else if (const char* value = std::getenv(variable); value != nullptr) {
    text = value;
  } else {
    return std::optional<std::string>{};
  }
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty()) return Error{Errc::invalid, "the secret is empty; check where it comes from", field};
  return std::optional<std::string>{std::move(text)};
}

Result<json::object> secrets_of(const AddOptions& options) {
  json::object secrets;
  using Source = std::array<std::string, 3>;
  const std::vector<Source> sources =
      options.kind == webhook
          ? std::vector<Source>{{"secret", options.secret_file, "LEADLIGHT_WEBHOOK_SECRET"},
                                {"previous_secret", options.previous_secret_file, "LEADLIGHT_WEBHOOK_PREVIOUS_SECRET"}}
          : std::vector<Source>{{"client_secret", options.client_secret_file, "LEADLIGHT_CLIENT_SECRET"},
                                {"private_key", options.private_key_file, "LEADLIGHT_PRIVATE_KEY"}};
  if (sources[0][1] == "-" && sources[1][1] == "-")
    return Error{Errc::invalid, "only one secret can come from standard input; give a file for the other",
                 sources[1][0]};
  for (const auto& [name, file, variable] : sources) {
    auto secret = secret_of(file, variable.c_str(), name);
    if (!secret) return secret.error();
    if (*secret) secrets[name] = **secret;
  }
  if (!options.secret.empty()) secrets["secret"] = options.secret;
  return secrets;
}

Result<Shown> add(AdminClient& client, const AddOptions& options) {
  auto secrets = secrets_of(options);
  if (!secrets) return secrets.error();
  std::string made;
  if (options.kind == webhook && !secrets->contains("secret")) {
    made = "whsec_" + net::encode_base64(storage::random_bytes(webhook_key_bytes));
    (*secrets)["secret"] = made;
  }
  json::object settings;
  for (const auto& [name, value] : {std::pair{"url", &options.url}, std::pair{"client_id", &options.client_id},
                                    std::pair{"flow", &options.flow}, std::pair{"username", &options.username}})
    if (!value->empty()) settings[name] = *value;
  for (const auto& option : options.options) {
    const auto equals = option.find('=');
    settings[option.substr(0, equals)] = option.substr(equals + 1);
  }
  const json::object wanted{{"kind", options.kind},
                            {"name", options.name},
                            {"replace", options.replace},
                            {"options", std::move(settings)},
                            {"secrets", *std::move(secrets)}};
  auto answer = client.call("POST", "/v1/admin/targets", json::serialize(wanted));
  if (!answer) return answer.error();
  auto shown = object_of(answer->value);
  if (!made.empty()) shown["secret"] = made;
  return Shown{std::move(shown), "target " + options.name + (options.replace ? " has its new settings" : " is added") +
                                     "; `leadlight target list` says when it has been checked\n" +
                                     (made.empty() ? "" : "its signing secret, shown this once: " + made + "\n")};
}

Result<Shown> list(AdminClient& client) {
  auto answer = client.call("GET", "/v1/admin/targets");
  if (!answer) return answer.error();
  Columns columns({"NAME", "KIND", "STATE", "URL", ">QUEUED", ">DEAD", ">QUOTA USED", "REASON"});
  for (const auto& row : list_of(answer->value, "targets")) {
    const auto& target = object_of(row);
    const auto* quota = target.if_contains("quota_used");
    const auto* options = target.if_contains("options");
    const bool known = quota != nullptr && quota->is_number();
    columns.row({plain(target, "name"), plain(target, "kind"), plain(target, "state"),
                 options == nullptr ? "-" : plain(object_of(*options), "url"), plain(target, "queued"),
                 plain(target, "dead_letters"), known ? fmt::format("{:.0f} %", quota->to_number<double>() * 100) : "-",
                 plain(target, "reason")});
  }
  return Shown{object_of(answer->value), columns.empty() ? "no targets\n" : columns.text()};
}

Result<Shown> remove(AdminClient& client, const std::string& name) {
  auto answer = client.call("DELETE", "/v1/admin/targets/" + url_encoded(name));
  if (!answer) return answer.error();
  const auto dropped = whole_of(answer->value, "count").value_or(0);
  return Shown{object_of(answer->value),
               "target " + name + " is removed; " + grouped(dropped) + " values it was owed are dropped\n"};
}

struct SyncSum {
  std::string_view member;
  std::string_view words;
  std::int64_t count = 0;
};

Result<Shown> sync(AdminClient& client, const SyncOptions& options) {
  std::array<SyncSum, 6> sums = {{{"examined", "examined"},
                                  {"differing", "differing"},
                                  {"written", options.dry_run ? "would be written" : "written"},
                                  {"no_match", "no match"},
                                  {"failed", "failed"},
                                  {"calls", "API calls"}}};
  std::string next;
  Progress progress;
  do {
    auto answer = client.call("POST", with_query("/v1/admin/targets/" + url_encoded(options.name) + "/sync",
                                                 {{"dry_run", options.dry_run ? "true" : ""}, {"after", next}}));
    if (!answer) return answer.error();
    for (auto& sum : sums) sum.count += whole_of(answer->value, sum.member).value_or(0);
    const auto before = std::exchange(next, text_member(answer->value, "next"));
    if (!next.empty() && next == before)
      return Error{
          Errc::internal, "the sync of " + options.name + " does not advance; report this with the server's log", {}};
    progress.say(fmt::format("{}: {} examined, {} differing, {} failed", options.name, grouped(sums[0].count),
                             grouped(sums[1].count), grouped(sums[4].count)));
  } while (!next.empty());
  json::object object{{"target", options.name}, {"dry_run", options.dry_run}};
  Columns lines({"", ">"});
  for (const auto& sum : sums) {
    object[sum.member] = sum.count;
    lines.row({std::string(sum.words), grouped(sum.count)});
  }
  // The line of empty headers goes.
  return Shown{std::move(object), lines.text().substr(1), sums[4].count == 0};
}

void add_add(CLI::App& group, VerbContext& context) {
  auto options = std::make_shared<AddOptions>();
  auto& verb = add_state_verb(group, context, "add", "Add a target",
                              [options](AdminClient& client) { return add(client, *options); });
  verb.add_option("KIND", options->kind, "What it is: salesforce or webhook")->required();
  verb.add_option("--name,NAME", options->name, "Its name: 1 to 64 letters, digits, - _ .")
      ->type_name("NAME")
      ->required();
  verb.add_option("--url", options->url, "Its login or My Domain URL, or where events are to be posted")
      ->type_name("URL");
  verb.add_flag("--replace", options->replace, "A target of this name keeps its queue and gets these settings");
  verb.add_option("--client-id", options->client_id, "Consumer key of the connected app")->type_name("ID");
  verb.add_option("--flow", options->flow, "How it logs in: client_credentials (the default) or jwt_bearer")
      ->type_name("FLOW");
  verb.add_option("--client-secret-file", options->client_secret_file,
                  "Consumer secret: a file, or - for standard input [env LEADLIGHT_CLIENT_SECRET]")
      ->type_name("FILE|-");
  verb.add_option("--username", options->username, "jwt_bearer: the user to act as")->type_name("NAME");
  verb.add_option("--private-key-file", options->private_key_file,
                  "jwt_bearer: private key (PEM): a file, or - for standard input [env LEADLIGHT_PRIVATE_KEY]")
      ->type_name("FILE|-");
  verb.add_option("--secret", options->secret,
                  "webhook: whsec_ and Base64; seen by every user of the machine, so rather the next one")
      ->type_name("SECRET");
  verb.add_option("--secret-file", options->secret_file,
                  "webhook: a file, or - for standard input; made and shown once when there is none "
                  "[env LEADLIGHT_WEBHOOK_SECRET]")
      ->type_name("FILE|-");
  verb.add_option("--previous-secret-file", options->previous_secret_file,
                  "webhook: signs as well, while the secret is replaced [env LEADLIGHT_WEBHOOK_PREVIOUS_SECRET]")
      ->type_name("FILE|-");
  verb.add_option("--option", options->options, "Any other option, such as score_field=My_Score__c; may be repeated")
      ->type_name("NAME=VALUE")
      ->check(CLI::Validator(check_option, ""));
  verb.footer(
      "Secrets are better kept off the command line, where every user of the machine can read them.\n"
      "Examples:\n"
      "  leadlight target add salesforce --name crm --url https://acme.my.salesforce.com --client-id 3MVG9… \\\n"
      "    --client-secret-file secret.txt --data ./data\n"
      "  leadlight target add webhook NAME --url https://hooks.example.com/leads --data ./data\n"
      "  pass salesforce | leadlight target add salesforce --name crm --url https://acme.my.salesforce.com \\\n"
      "    --client-id 3MVG9… --client-secret-file - --option label_very_high=Hot --data ./data");
}

}  // namespace

void add_target(CLI::App& program, VerbContext& context) {
  auto& group = add_group(program, "target", "Targets: the CRMs and webhooks that scores are written to");
  group.footer("Example:\n  leadlight target sync crm --dry-run --server http://127.0.0.1:8080");
  add_add(group, context);

  auto& listed = add_state_verb(group, context, "list", "List targets: state, queue, dead letters, quota", list);
  listed.footer("Example:\n  leadlight target list --server http://127.0.0.1:8080");

  auto name = std::make_shared<std::string>();
  auto& removed = add_state_verb(group, context, "remove", "Remove a target and what it is still owed",
                                 [name](AdminClient& client) { return remove(client, *name); });
  removed.add_option("NAME", *name, "The target's name")->required();
  removed.footer("Example:\n  leadlight target remove crm --data ./data");

  auto options = std::make_shared<SyncOptions>();
  auto& synced = add_target_verb(group, context, "sync", "Compare every lead with a target, and write what differs",
                                 [options](AdminClient& client) { return sync(client, *options); });
  synced.add_option("NAME", options->name, "The target's name")->required();
  synced.add_flag("--dry-run", options->dry_run, "Only compare");
  synced.footer(
      "Exit status 1 when a lead failed. On a data directory the target also gets what it is owed meanwhile.\n"
      "Examples:\n"
      "  leadlight target sync crm --dry-run --server http://127.0.0.1:8080\n"
      "  leadlight target sync crm --data ./data --json");
}

}  // namespace leadlight::tools::verbs
