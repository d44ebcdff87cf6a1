#include "tools/verbs/rendering.hpp"
#include "tools/verbs/verbs.hpp"

namespace leadlight::tools::verbs {
namespace {

engine::Result<Shown> digest(AdminClient& client) {
  auto answer = client.call("GET", "/v1/admin/digest");
  if (!answer) return answer.error();
  const auto& object = object_of(answer->value);
  return Shown{object, plain(object, "digest") + "  " + plain(object, "leads") + " leads\n"};
}

}  // namespace

void add_digest(CLI::App& program, VerbContext& context) {
  auto& verb = add_state_verb(program, context, "digest", "Print the state's digest and the number of leads", digest);
  verb.footer(
      "Equal state has an equal digest, on any machine.\n"
      "Examples:\n"
      "  leadlight digest --data ./data\n"
      "  leadlight digest --server http://127.0.0.1:8080 --token KEY --json");
}

}  // namespace leadlight::tools::verbs
