#include "tools/verbs/rendering.hpp"
#include "tools/verbs/verbs.hpp"

namespace leadlight::tools::verbs {

std::string_view version() {
  return LEADLIGHT_VERSION;
}

void add_version(CLI::App& program, VerbContext& context) {
  auto& verb = add_verb(program, context, "version", "Print the version", [&context] {
    const std::string own(version());
    return show(context, {{{"version", own}}, "leadlight " + own + "\n"});
  });
  add_json_flag(verb, context);
  verb.footer("Example:\n  leadlight version --json");
}

}  // namespace leadlight::tools::verbs
