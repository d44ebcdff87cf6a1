#include "tools/app.hpp"
#include "tools/verbs/rendering.hpp"
#include "tools/verbs/verbs.hpp"

#include <memory>
#include <utility>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;

struct InitOptions {
  std::string data;
  bool demo = false;
};

json::object json_of(const InitResult& made) {
  json::object tokens;
  for (const auto& [surface, key] : made.tokens) tokens[surface] = key;
  return {{"organisation", made.organisation}, {"tokens", std::move(tokens)}, {"digest", made.digest}};
}

std::string text_of(const InitResult& made, const std::string& data) {
  Columns keys({"SURFACE", "KEY"});
  for (const auto& [surface, key] : made.tokens) keys.row({surface, key});
  return "organisation " + made.organisation + ", in " + data + "\n\n" + keys.text() +
         "\nThese keys are shown once: keep them safe. Next: leadlight serve --data " + data + "\n";
}

int run(const VerbContext& context, const InitOptions& options) {
  const auto made = init_data_directory(options.data, options.demo);
  if (!made) return refuse(context, made.error());
  return show(context, {json_of(*made), text_of(*made, options.data)});
}

}  // namespace

void add_init(CLI::App& program, VerbContext& context) {
  auto options = std::make_shared<InitOptions>();
  auto& verb = add_verb(program, context, "init",
                        "Make a data directory: an organisation, the starter model and one key per surface",
                        [&context, options] { return run(context, *options); });
  verb.add_option("--data", options->data, "Directory to make; it must be empty or not there yet")
      ->type_name("DIR")
      ->required();
  verb.add_flag("--demo", options->demo, "Add the demo target, whose credentials only the sandbox accepts");
  add_json_flag(verb, context);
  verb.footer(
      "Examples:\n"
      "  leadlight init --data ./data\n"
      "  leadlight init --data ./data --demo --json > keys.json");
}

}  // namespace leadlight::tools::verbs
