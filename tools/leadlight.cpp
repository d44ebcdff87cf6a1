// The one binary: reads the command line and runs the verb it names.
#include "tools/verbs/verbs.hpp"

#include <cstdio>
#include <exception>
#include <string>

namespace {

namespace verbs = leadlight::tools::verbs;

void add_verbs(CLI::App& program, verbs::VerbContext& context) {
  verbs::add_init(program, context);
  verbs::add_serve(program, context);
  verbs::add_sandbox(program, context);
  verbs::add_demo(program, context);
  verbs::add_organisation(program, context);
  verbs::add_token(program, context);
  verbs::add_model(program, context);
  verbs::add_target(program, context);
  verbs::add_source(program, context);
  verbs::add_lead(program, context);
  verbs::add_dlq(program, context);
  verbs::add_vendor(program, context);
  verbs::add_bench(program, context);
  verbs::add_doctor(program, context);
  verbs::add_digest(program, context);
  verbs::add_version(program, context);
}

/// `leadlight lead show`: the verb whose help explains what went wrong.
std::string named(const CLI::App& program) {
  std::string name = program.get_name();
  const auto* at = &program;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    name += ' ' + at->get_name();
  }
  return name;
}

/// One sentence. An unknown verb is reported by name: the library only says that one is missing.
std::string sentence(const CLI::App& program, const CLI::ParseError& error) {
  const auto* required = dynamic_cast<const CLI::RequiredError*>(&error);
  const auto left = program.remaining(true);
  const auto help = "; see `" + named(program) + " --help`";
  if (required != nullptr && !left.empty())
    return "'" + left.front() + (left.front().starts_with('-') ? "' is not an option of `" : "' is not a verb of `") +
           named(program) + "`" + help;
  return error.what() + help;
}

int run(int argc, char** argv) {
  verbs::VerbContext context;
  CLI::App program{"Real-time lead scoring: every score with its receipt, in the CRM within milliseconds", "leadlight"};
  program.require_subcommand(1);
  program.set_version_flag("--version", "leadlight " + std::string(verbs::version()), "Print the version and exit");
  program.footer(
      "Exit status: 0 ok, 1 failed, 2 wrong usage. Every verb has --help; most have --json.\n"
      "Examples:\n"
      "  leadlight init --data ./data && leadlight serve --data ./data\n"
      "  leadlight lead receipt ada@example.com --server http://127.0.0.1:8080 --token KEY");
  add_verbs(program, context);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);
    std::fprintf(stderr, "leadlight: %s\n", sentence(program, error).c_str());
    return verbs::status_usage;
  }
  return context.chosen();
}

}  // namespace

int main(int argc, char** argv) {
  // What the libraries raise ends here, as a sentence: memory ran out, or a fault of ours.
  try {
    return run(argc, argv);
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "leadlight: %s\n", fault.what());
    return verbs::status_failed;
  }
}
