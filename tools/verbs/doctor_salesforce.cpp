#include "tools/verbs/doctor_salesforce.hpp"

#include "tools/verbs/rendering.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <utility>
#include <vector>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;
using engine::Errc;
using engine::Error;
using engine::Result;

/// Those of kind salesforce; only the one asked for, where one is.
Result<std::vector<std::string>> targets_of(AdminClient& client, const std::string& wanted) {
  auto answer = client.call("GET", "/v1/admin/targets");
  if (!answer) return answer.error();
  std::vector<std::string> names;
  for (const auto& row : list_of(answer->value, "targets")) {
    const auto& target = object_of(row);
    const auto name = plain(target, "name");
    if (!wanted.empty() && name != wanted) continue;
    if (plain(target, "kind") == "salesforce") {
      names.push_back(name);
    } else if (!wanted.empty()) {
      return Error{Errc::invalid, "target " + wanted + " is not of kind salesforce", "--target"};
    }
  }
  if (!names.empty()) return names;
  return Error{Errc::not_found,
               wanted.empty() ? "there is no target of kind salesforce; add one with `leadlight target add salesforce`"
                              : "no target is named " + wanted + "; `leadlight target list` names them",
               "--target"};
}

void show_findings(const json::value& answer, Columns& columns, std::string& remedies, bool& passed) {
  for (const auto& row : list_of(answer, "findings")) {
    const auto& finding = object_of(row);
    const auto check = plain(finding, "check");
    const auto health = plain(finding, "health");
    columns.row({check, health, plain(finding, "found")});
    if (health == "fail") passed = false;
    if (const auto remedy = text_member(row, "remedy"); !remedy.empty()) remedies += check + ": " + remedy + '\n';
  }
}

}  // namespace

Result<Shown> examine_salesforce(AdminClient& client, const SalesforceExamination& wanted) {
  auto names = targets_of(client, wanted.target);
  if (!names) return names.error();
  if (!wanted.write_to.empty() && names->size() > 1)
    return Error{Errc::invalid, "there are several targets of kind salesforce; say with --target which one to write to",
                 "--target"};
  Shown shown;
  json::array targets;
  for (const auto& name : *names) {
    json::object question;
    if (!wanted.write_to.empty()) question["write_to"] = wanted.write_to;
    auto answer = client.call("POST", "/v1/admin/targets/" + url_encoded(name) + "/examine", json::serialize(question));
    if (!answer) return answer.error();
    Columns columns({"CHECK", "", "FOUND"});
    std::string remedies;
    show_findings(answer->value, columns, remedies, shown.passed);
    shown.text += (shown.text.empty() ? "" : "\n") + ("Target " + name + "\n") + columns.text();
    if (!remedies.empty()) shown.text += "\nWhat to do\n" + remedies;
    targets.push_back(json::object{{"target", name}, {"findings", list_of(answer->value, "findings")}});
  }
  shown.object = {{"ok", shown.passed}, {"targets", std::move(targets)}};
  return shown;
}

}  // namespace leadlight::tools::verbs
