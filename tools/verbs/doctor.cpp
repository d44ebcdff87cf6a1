#include "tools/verbs/checkup.hpp"
#include "tools/verbs/doctor_salesforce.hpp"
#include "tools/verbs/rendering.hpp"
#include "tools/verbs/verbs.hpp"

#include <boost/json/array.hpp>

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;
using engine::Result;

/// Who else may read the file that opens the secrets.
void judge_secret_key(const fs::path& data, Findings& findings) {
  std::error_code failed;
  const auto file = data / "secret.key";
  const auto mode = fs::status(file, failed).permissions();
  if (failed || !fs::exists(file, failed)) return;  // it may be elsewhere: the environment names it
  const bool open = (mode & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none;
  findings.push_back({"secret.key", open ? Health::wrong : Health::ok,
                      open ? "others on this machine may read it" : "readable by its owner alone",
                      open ? "chmod 600 " + file.string() : ""});
}

Shown shown_of(const Findings& findings) {
  Columns columns({"CHECK", "", "FOUND"});
  json::array checks;
  std::string remedies;
  for (const auto& finding : findings) {
    columns.row({finding.check, std::string(label(finding.health)), finding.found});
    json::object check{{"check", finding.check}, {"health", label(finding.health)}, {"found", finding.found}};
    if (finding.remedy.empty()) {
      check["remedy"] = nullptr;
    } else {
      check["remedy"] = finding.remedy;
      remedies += finding.check + ": " + finding.remedy + '\n';
    }
    checks.push_back(std::move(check));
  }
  const bool passed = sound(findings);
  return Shown{{{"ok", passed}, {"checks", std::move(checks)}},
               columns.text() + (remedies.empty() ? "" : "\nWhat to do\n" + remedies),
               passed};
}

Result<Shown> examine(AdminClient& client, const VerbContext& context) {
  const bool running = context.data.empty();
  Findings findings;
  if (running) {
    auto ready = client.call("GET", "/readyz");
    findings.push_back({"server", ready ? Health::ok : Health::wrong,
                        ready ? client.place() + " is ready" : client.place() + " is not ready: " + ready.error().what,
                        ready ? "" : "see the server's log"});
  } else {
    findings.push_back({"data directory", Health::ok, client.place() + " opens", {}});
    judge_secret_key(context.data, findings);
  }
  for (const auto& [path, judge] :
       {std::pair{"/v1/admin/state", +[](const json::value&answer, bool, Findings&all) { judge_state(answer, all); }},
        std::pair{"/v1/admin/models", +[](const json::value&answer, bool, Findings&all) { judge_models(answer, all); }},
        std::pair{"/v1/admin/tokens", +[](const json::value&answer, bool, Findings&all) { judge_tokens(answer, all); }},
        std::pair{"/v1/admin/targets", +[](const json::value&answer, bool targets_run, Findings&all) {
                    judge_targets(answer, targets_run, all);
                  }}}) {
    auto answer = client.call("GET", path);
    if (!answer) return answer.error();
    judge(answer->value, running, findings);
  }
  auto sources = client.call("GET", "/v1/admin/sources");
  auto targets = client.call("GET", "/v1/admin/targets");
  if (!sources || !targets) return !sources ? sources.error() : targets.error();
  judge_sources(sources->value, targets->value, running, findings);
  return shown_of(findings);
}

}  // namespace

void add_doctor(CLI::App& program, VerbContext& context) {
  auto wanted = std::make_shared<SalesforceExamination>();
  auto salesforce = std::make_shared<CLI::App*>(nullptr);
  // The library calls the part's callback first and then the verb's own, so that one decides.
  const Work work = [&context, wanted, salesforce](AdminClient& client) {
    return (*salesforce)->parsed() ? examine_salesforce(client, *wanted) : examine(client, context);
  };
  auto& verb = add_state_verb(program, context, "doctor", "Look for what is wrong, and say what to do", work);
  verb.footer(
      "Exit status 1 when something is wrong; a warning alone does not change it.\n"
      "Examples:\n"
      "  leadlight doctor --data ./data\n"
      "  leadlight doctor --server http://127.0.0.1:8080 --token KEY --json\n"
      "  leadlight doctor salesforce --write-to ada@example.com --server http://127.0.0.1:8080");
  auto& part =
      add_state_verb(verb, context, "salesforce", "Look at Salesforce: login, API requests, each mapped field", work);
  *salesforce = &part;
  part.add_option("--target", wanted->target, "Only this target; by default every one of kind salesforce")
      ->type_name("NAME");
  part.add_option("--write-to", wanted->write_to,
                  "Also write test values to this Lead, read them back, and put back what was there")
      ->type_name("EMAIL_OR_LEAD_ID");
  part.footer(
      "Exit status 1 when something fails; a warning alone does not change it. Without --write-to nothing is changed.\n"
      "With it, automation of yours on the three fields runs twice: for the test values and for putting back.\n"
      "Examples:\n"
      "  leadlight doctor salesforce --data ./data\n"
      "  leadlight doctor salesforce --target crm --write-to 00Q5e00000AbCdE --server http://127.0.0.1:8080");
}

}  // namespace leadlight::tools::verbs
