// `leadlight lead log-name`: under which name a person stands in the log. Reads the key alone, so a server may run.
#include "logging/privacy.hpp"
#include "net/http/http.hpp"
#include "storage/sealing.hpp"
#include "tools/app.hpp"
#include "tools/verbs/verbs.hpp"

#include <memory>
#include <string>

namespace leadlight::tools::verbs {
namespace {

struct LogNameOptions {
  std::string data;
  std::string email;
};

int run(const VerbContext& context, const LogNameOptions& options) {
  const auto email = net::normalise_email(options.email);
  if (!email) return refuse(context, email.error(), status_usage);
  const auto sealer = storage::Sealer::open(options.data, false);
  if (!sealer) return refuse(context, sealer.error());
  logging::set_name_key(sealer->derive(log_names_purpose));
  const auto name = logging::lead_name(*email);
  return show(context, Shown{{{"log_name", name}}, name + "\n"});
}

}  // namespace

void add_log_name(CLI::App& group, VerbContext& context) {
  auto options = std::make_shared<LogNameOptions>();
  auto& verb = add_verb(group, context, "log-name", "Tell under which name a lead stands in the log",
                        [&context, options] { return run(context, *options); });
  verb.add_option("EMAIL", options->email, "The lead")->required();
  verb.add_option("--data", options->data, "Data directory; a server may have it open")->type_name("DIR")->required();
  add_json_flag(verb, context);
  verb.footer("Example:\n  journalctl -u leadlight | grep $(leadlight lead log-name ada@example.com --data ./data)");
}

}  // namespace leadlight::tools::verbs
