#include "tools/demo/demo.hpp"

#include "tools/verbs/verbs.hpp"

#include <CLI/Validators.hpp>

#include <cstdint>
#include <memory>

namespace leadlight::tools::verbs {
namespace {

struct Options {
  DemoOptions demo;
  std::string keys;
  std::int64_t seconds = 0;  // 0: for ever
};

int run(const VerbContext& context, Options options) {
  if (const auto read = read_keys(options.keys, options.demo); !read) return refuse(context, read.error());
  if (options.seconds > 0) options.demo.ends_after = std::chrono::seconds{options.seconds};
  return run_demo(options.demo);
}

}  // namespace

void add_demo(CLI::App& program, VerbContext& context) {
  auto options = std::make_shared<Options>();
  options->demo.server = "http://127.0.0.1:8080";
  options->demo.sandbox = "http://127.0.0.1:8090";
  auto& verb = add_verb(program, context, "demo", "Send real events to a running server and show scores and CRM live",
                        [&context, options] { return run(context, *options); });
  verb.add_option("--server", options->demo.server, "Running server")->type_name("URL")->capture_default_str();
  verb.add_option("--sandbox", options->demo.sandbox, "Running sandbox")->type_name("URL")->capture_default_str();
  verb.add_option("--keys", options->keys, "What `leadlight init --json` printed")
      ->type_name("FILE")
      ->required()
      ->check(CLI::ExistingFile);
  verb.add_option("--speed", options->demo.speed, "Live events a second, 0.01 to 100")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 100.0));
  verb.add_flag("--once", options->demo.once, "End with the first CRM update");
  verb.add_option("--seconds", options->seconds, "End after so many seconds; 0: run on until Ctrl-C")
      ->type_name("S")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000}));
  verb.footer(
      "Examples:\n"
      "  leadlight demo --keys keys.json\n"
      "  leadlight demo --server http://127.0.0.1:8080 --sandbox http://127.0.0.1:8090 --keys keys.json --once");
}

}  // namespace leadlight::tools::verbs
