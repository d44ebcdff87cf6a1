#include "tools/sandbox/sandbox.hpp"

#include "tools/verbs/verbs.hpp"

#include <memory>

namespace leadlight::tools::verbs {
namespace {

struct SandboxOptions {
  std::string listen = "127.0.0.1:8090";
  bool empty = false;
};

}  // namespace

void add_sandbox(CLI::App& program, VerbContext& context) {
  auto options = std::make_shared<SandboxOptions>();
  auto& verb = add_verb(program, context, "sandbox", "Run stand-ins for the outside, such as Salesforce, in memory",
                        [options] { return sandbox::run_sandbox(options->listen, options->empty); });
  verb.add_option("--listen", options->listen, "Address to listen on; port 0 picks one")
      ->type_name("ADDR:PORT")
      ->capture_default_str();
  verb.add_flag("--empty", options->empty, "Start without the demo's records");
  verb.footer(
      "The first line on standard output is {\"listening\":\"ADDR:PORT\"}.\n"
      "GET /_calls lists every call, GET /_state/salesforce/Lead the records, POST /_faults makes it misbehave.\n"
      "Examples:\n"
      "  leadlight sandbox --listen 127.0.0.1:8090\n"
      "  leadlight sandbox --listen 127.0.0.1:0 --empty");
}

}  // namespace leadlight::tools::verbs
