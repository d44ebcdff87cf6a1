#include "tools/verbs/rendering.hpp"
#include "tools/verbs/verbs.hpp"

#include <CLI/Validators.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;
using engine::Errc;
using engine::Error;
using engine::Result;

constexpr std::size_t secret_bytes_max = 16 * 1024;
constexpr std::size_t mapping_bytes_max = 48 * 1024;

struct AddOptions {
  std::string kind;
  std::string name;
  std::string target;
  std::string mapping_file;
  std::string client_secret_file;
  std::string private_key_file;
  std::vector<std::string> options;  // key=value
};

std::string check_option(const std::string& text) {
  const auto equals = text.find('=');
  const bool fits = equals != std::string::npos && equals > 0;
  return fits ? std::string{} : "'" + text + "' has no name or no =; write it as history_days=30";
}

/// From its file, or else the environment, where the source has credentials of its own.
engine::Status add_secret(json::object& secrets, const std::string& name, const std::string& file, const char* variable,
                          bool shared) {
  std::string text;
  if (!file.empty()) {
    auto read = read_text(file, secret_bytes_max, name);
    if (!read) return read.error();
    text = *std::move(read);
  } else if (const char* value = shared ? nullptr : std::getenv(variable); value != nullptr) {
    text = value;
  } else {
    return engine::Ok{};
  }
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty()) return Error{Errc::invalid, "the secret is empty; check where it comes from", name};
  secrets[name] = text;
  return engine::Ok{};
}

Result<Shown> add(AdminClient& client, const AddOptions& options) {
  json::object settings;
  for (const auto& option : options.options) {
    const auto equals = option.find('=');
    settings[option.substr(0, equals)] = option.substr(equals + 1);
  }
  if (!options.mapping_file.empty()) {
    auto mapping = read_text(options.mapping_file, mapping_bytes_max, "--mapping");
    if (!mapping) return mapping.error();
    settings["mapping"] = *mapping;
    settings["mapping_name"] = std::filesystem::path(options.mapping_file).filename().string();
  }
  json::object secrets;
  const bool shared = !options.target.empty();
  for (const auto& [name, file, variable] :
       {std::tuple{"client_secret", &options.client_secret_file, "LEADLIGHT_CLIENT_SECRET"},
        std::tuple{"private_key", &options.private_key_file, "LEADLIGHT_PRIVATE_KEY"}})
    if (auto added = add_secret(secrets, name, *file, variable, shared); !added) return added.error();
  json::object wanted{{"kind", options.kind}, {"name", options.name}};
  if (shared) wanted["target"] = options.target;
  wanted["options"] = std::move(settings);
  wanted["secrets"] = std::move(secrets);
  auto answer = client.call("POST", "/v1/admin/sources", json::serialize(wanted));
  if (!answer) return answer.error();
  return Shown{object_of(answer->value),
               "source " + options.name + " is added: triggers of the organisation wait for it from now on\n"};
}

Result<Shown> list(AdminClient& client) {
  auto answer = client.call("GET", "/v1/admin/sources");
  if (!answer) return answer.error();
  Columns columns(
      {"NAME", "KIND", "TARGET", "STATE", "MAPPING", ">WAITING", ">CALLS", ">PULLED", "LAST PULL", "REASON"});
  for (const auto& row : list_of(answer->value, "sources")) {
    const auto& source = object_of(row);
    columns.row({plain(source, "name"), plain(source, "kind"), plain(source, "target"), plain(source, "state"),
                 plain(source, "mapping"), plain(source, "waiting"), plain(source, "calls"),
                 plain(source, "activities"), plain(source, "polled_at"), plain(source, "reason")});
  }
  return Shown{object_of(answer->value), columns.empty() ? "no sources\n" : columns.text()};
}

Result<Shown> remove(AdminClient& client, const std::string& name) {
  auto answer = client.call("DELETE", "/v1/admin/sources/" + url_encoded(name));
  if (!answer) return answer.error();
  return Shown{object_of(answer->value), "source " + name + " is removed; what it told stays\n"};
}

Result<Shown> pull(AdminClient& client, const std::string& name) {
  auto answer = client.call("POST", "/v1/admin/sources/" + url_encoded(name) + "/pull");
  if (!answer) return answer.error();
  return Shown{object_of(answer->value), grouped(whole_of(answer->value, "activities").value_or(0)) +
                                             " activities, of them " +
                                             grouped(whole_of(answer->value, "fresh").value_or(0)) + " new, in " +
                                             grouped(whole_of(answer->value, "calls").value_or(0)) + " API calls\n"};
}

void add_add(CLI::App& group, VerbContext& context) {
  auto options = std::make_shared<AddOptions>();
  auto& verb = add_state_verb(group, context, "add", "Add a source: triggers wait for it from then on",
                              [options](AdminClient& client) { return add(client, *options); });
  verb.add_option("KIND", options->kind, "What it is: salesforce")->required();
  verb.add_option("NAME", options->name, "Its name: 1 to 64 letters, digits, - _ .")->required();
  verb.add_option("--target", options->target, "Share the address and credentials of this target")->type_name("NAME");
  verb.add_option("--mapping", options->mapping_file,
                  "What its records mean: a TOML file, or - for standard input; without it the built-in mapping")
      ->type_name("FILE|-");
  verb.add_option("--client-secret-file", options->client_secret_file,
                  "Consumer secret: a file, or - for standard input [env LEADLIGHT_CLIENT_SECRET]")
      ->type_name("FILE|-");
  verb.add_option("--private-key-file", options->private_key_file,
                  "jwt_bearer: private key (PEM): a file, or - for standard input [env LEADLIGHT_PRIVATE_KEY]")
      ->type_name("FILE|-");
  verb.add_option("--option", options->options,
                  "Any other option, such as url=https://acme.my.salesforce.com or history_days=30; may be repeated")
      ->type_name("NAME=VALUE")
      ->check(CLI::Validator(check_option, ""));
  verb.footer(
      "Examples:\n"
      "  leadlight source add salesforce crm --target crm --data ./data\n"
      "  leadlight source add salesforce crm --target crm --mapping mapping.toml --server http://127.0.0.1:8080");
}

}  // namespace

void add_source(CLI::App& program, VerbContext& context) {
  auto& group = add_group(program, "source", "Activity sources: where the engine asks what leads did");
  group.footer("Example:\n  leadlight source list --server http://127.0.0.1:8080");
  add_add(group, context);

  auto& listed = add_state_verb(group, context, "list", "List sources: state, who waits, last pull", list);
  listed.footer("Example:\n  leadlight source list --data ./data");

  auto name = std::make_shared<std::string>();
  auto& removed = add_state_verb(group, context, "remove", "Remove a source; what it told stays",
                                 [name](AdminClient& client) { return remove(client, *name); });
  removed.add_option("NAME", *name, "The source's name")->required();
  removed.footer("Example:\n  leadlight source remove crm --data ./data");

  auto& pulled = add_target_verb(group, context, "pull", "Ask a source now for what happened since the last pull",
                                 [name](AdminClient& client) { return pull(client, *name); });
  pulled.add_option("NAME", *name, "The source's name")->required();
  pulled.footer("Example:\n  leadlight source pull crm --server http://127.0.0.1:8080");
}

}  // namespace leadlight::tools::verbs
