#include "tools/verbs/rendering.hpp"
#include "tools/verbs/verbs.hpp"

#include <CLI/Validators.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>
#include <cstdint>
#include <memory>
#include <vector>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;
using engine::Result;

constexpr std::uint32_t rate_max = 1'000'000;

struct CreateOptions {
  std::string name = "command line";
  std::vector<std::string> scopes;
  std::string rate = "none";
  std::string on_unavailable;  // empty: as the surface
};

/// A number of requests a second, or null.
json::value rate_of(const std::string& text) {
  std::uint32_t rate = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), rate);
  return parsed.ec == std::errc{} ? json::value(rate) : json::value(nullptr);
}

std::string check_rate(const std::string& text) {
  if (text == "none") return {};
  std::uint32_t rate = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, rate);
  const bool fits = parsed.ec == std::errc{} && parsed.ptr == end && rate >= 1 && rate <= rate_max;
  return fits ? std::string{} : "'" + text + "' is no rate; give 1 to 1000000 requests a second, or none";
}

Result<Shown> create(AdminClient& client, const CreateOptions& options) {
  json::object wanted{{"name", options.name}, {"rate", rate_of(options.rate)}};
  if (!options.on_unavailable.empty()) wanted["on_unavailable"] = options.on_unavailable;
  auto& scopes = wanted["scopes"].emplace_array();
  for (const auto& scope : options.scopes) scopes.emplace_back(scope);
  auto answer = client.call("POST", "/v1/admin/tokens", json::serialize(wanted));
  if (!answer) return answer.error();
  const auto& key = object_of(answer->value);
  return Shown{key, plain(key, "key") + "\n\nkey " + plain(key, "id") + " (" + plain(key, "name") + ") of scope " +
                        plain(key, "scopes") + "; it is shown once: keep it safe\n"};
}

Result<Shown> list(AdminClient& client) {
  auto answer = client.call("GET", "/v1/admin/tokens");
  if (!answer) return answer.error();
  Columns columns({"ID", "NAME", "SCOPES", ">REQUESTS/S", "CREATED", "REVOKED"});
  for (const auto& row : list_of(answer->value, "tokens")) {
    const auto& key = object_of(row);
    columns.row({plain(key, "id"), plain(key, "name"), plain(key, "scopes"), plain(key, "rate"),
                 plain(key, "created_at"), plain(key, "revoked_at")});
  }
  return Shown{object_of(answer->value), columns.text()};
}

Result<Shown> revoke(AdminClient& client, const std::string& id) {
  auto answer = client.call("DELETE", "/v1/admin/tokens/" + url_encoded(id));
  if (!answer) return answer.error();
  return Shown{object_of(answer->value), "key " + id + " is revoked\n"};
}

}  // namespace

void add_token(CLI::App& program, VerbContext& context) {
  auto& group = add_group(program, "token", "Make, list and revoke keys");
  group.footer("Example:\n  leadlight token create --data ./data --scope events --scope leads --name website");

  auto options = std::make_shared<CreateOptions>();
  auto& made = add_state_verb(group, context, "create", "Make a key and print it, once",
                              [options](AdminClient& client) { return create(client, *options); });
  made.add_option("--scope", options->scopes, "What the key may do; give it once for each scope")
      ->type_name("SCOPE")
      ->required()
      ->delimiter(',')
      ->check(CLI::IsMember({"hg", "sixsense", "events", "leads", "typeform", "hubspot", "admin"}));
  made.add_option("--name", options->name, "What the key is for, 1 to 100 bytes")
      ->type_name("NAME")
      ->capture_default_str();
  made.add_option("--rate", options->rate, "Requests a second, 1 to 1000000, or none for no limit")
      ->type_name("N|none")
      ->capture_default_str()
      ->check(CLI::Validator(check_rate, ""));
  made.add_option(
          "--on-unavailable", options->on_unavailable,
          "What becomes of a submission that cannot be taken now: spool for a sender that never retries, refuse "
          "for one that does (default: hg spools, the others refuse)")
      ->type_name("spool|refuse")
      ->check(CLI::IsMember({"spool", "refuse"}));
  made.footer(
      "Examples:\n"
      "  leadlight token create --data ./data --scope events --name website\n"
      "  leadlight token create --server URL --token KEY --scope leads --scope hg --name crm --rate 50");

  auto& listed = add_state_verb(group, context, "list", "List the keys, without the keys themselves", list);
  listed.footer("Example:\n  leadlight token list --data ./data");

  auto id = std::make_shared<std::string>();
  auto& revoked = add_state_verb(group, context, "revoke", "Revoke a key at once",
                                 [id](AdminClient& client) { return revoke(client, *id); });
  revoked.add_option("ID", *id, "The key's id, such as key_…, from `leadlight token list`")->required();
  revoked.footer("Example:\n  leadlight token revoke key_4mXa0Qe81LpZ --data ./data");
}

}  // namespace leadlight::tools::verbs
