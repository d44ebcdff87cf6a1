#include "engine/models/model_toml.hpp"
#include "engine/models/starter.hpp"
#include "tools/model_test.hpp"
#include "tools/verbs/rendering.hpp"
#include "tools/verbs/verbs.hpp"

#include <CLI/Validators.hpp>
#include <boost/json/array.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;
using engine::Errc;
using engine::Error;
using engine::Result;

struct PublishOptions {
  std::string file;
  bool dry_run = false;
};

struct ShowOptions {
  std::int64_t version = 0;  // 0: the newest
};

int test(const VerbContext& context, const std::string& file) {
  const auto report = test_model_file(file);
  return show(context, {json_of(report), table_of(report), report.exit_status() == 0});
}

int starter(const VerbContext& context) {
  const std::string text(engine::models::starter_model_toml());
  return show(context, {{{"source", text}}, text});
}

Result<Shown> list(AdminClient& client) {
  auto answer = client.call("GET", "/v1/admin/models");
  if (!answer) return answer.error();
  Columns columns({">VERSION", "MODEL", "PUBLISHED"});
  json::array models;
  for (const auto& row : list_of(answer->value, "models")) {
    json::object model = object_of(row);
    model.erase("source");  // `model show` is for the text
    columns.row({plain(model, "version"), plain(model, "id"), plain(model, "published_at")});
    models.push_back(std::move(model));
  }
  return Shown{{{"models", std::move(models)}}, columns.text()};
}

Result<Shown> show_model(AdminClient& client, const ShowOptions& options) {
  auto answer = client.call("GET", "/v1/admin/models");
  if (!answer) return answer.error();
  const json::value* chosen = nullptr;
  std::int64_t newest = 0;
  for (const auto& row : list_of(answer->value, "models")) {
    const auto version = whole_of(row, "version").value_or(0);
    if (options.version != 0 ? version != options.version : version < newest) continue;
    newest = version;
    chosen = &row;
  }
  if (chosen == nullptr) {
    if (options.version == 0)
      return Error{Errc::not_found, "no model is published; publish one with `leadlight model publish FILE`", {}};
    return Error{
        Errc::not_found,
        "there is no version " + std::to_string(options.version) + "; `leadlight model list` names those there are",
        "version"};
  }
  auto text = text_member(*chosen, "source");
  if (!text.ends_with('\n')) text += '\n';
  return Shown{object_of(*chosen), std::move(text)};
}

Result<Shown> publish(AdminClient& client, const PublishOptions& options) {
  auto toml = read_text(options.file, engine::models::model_file_bytes_max, "FILE");
  if (!toml) return toml.error();
  const std::string path = options.dry_run ? "/v1/admin/models?dry_run=true" : "/v1/admin/models";
  auto answer = client.call("POST", path, *std::move(toml), "application/toml");
  if (!answer) return answer.error();
  json::object model = object_of(answer->value);
  model.erase("source");
  model["dry_run"] = options.dry_run;
  const auto name = plain(model, "id") + " version " + plain(model, "version");
  return Shown{std::move(model), options.dry_run ? name + " would be published; nothing was changed\n"
                                                 : name + " is published and in force\n"};
}

}  // namespace

void add_model(CLI::App& program, VerbContext& context) {
  auto& group = add_group(program, "model", "Test, publish and show score models");
  group.footer(
      "Example:\n  leadlight model starter > model.toml && leadlight model test model.toml && \\\n"
      "    leadlight model publish model.toml --data ./data");

  auto file = std::make_shared<std::string>();
  auto& tested = add_verb(group, context, "test", "Test a model file: it reads, its golden leads pass, the laws hold",
                          [&context, file] { return test(context, *file); });
  tested.add_option("FILE", *file, "Model file (TOML)")->required();
  add_json_flag(tested, context);
  tested.footer("Example:\n  leadlight model test model.toml");

  auto& listed = add_state_verb(group, context, "list", "List the published models", list);
  listed.footer("Example:\n  leadlight model list --data ./data");

  auto shown = std::make_shared<ShowOptions>();
  auto& one = add_state_verb(group, context, "show", "Print the text of a published model",
                             [shown](AdminClient& client) { return show_model(client, *shown); });
  one.add_option("--version", shown->version, "Its version; the newest by default")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{UINT32_MAX}));
  one.footer("Example:\n  leadlight model show --version 3 --data ./data");

  auto published = std::make_shared<PublishOptions>();
  auto& sent = add_state_verb(group, context, "publish", "Put a model file in force",
                              [published](AdminClient& client) { return publish(client, *published); });
  sent.add_option("FILE", published->file, "Model file (TOML), or - for standard input")->required();
  sent.add_flag("--dry-run", published->dry_run, "Only check it");
  sent.footer("Example:\n  leadlight model publish model.toml --data ./data --dry-run");

  auto& printed = add_verb(group, context, "starter", "Print the starter model, to begin one's own with",
                           [&context] { return starter(context); });
  add_json_flag(printed, context);
  printed.footer("Example:\n  leadlight model starter > model.toml");
}

}  // namespace leadlight::tools::verbs
