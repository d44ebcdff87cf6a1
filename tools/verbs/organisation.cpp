#include "tools/organisations.hpp"

#include "net/http/http.hpp"
#include "tools/verbs/rendering.hpp"
#include "tools/verbs/verbs.hpp"

#include <boost/json/array.hpp>

#include <memory>
#include <string>
#include <utility>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;

struct Options {
  std::string name;
  std::string data;
};

int add(const VerbContext& context, const Options& options) {
  const auto made = tools::add_organisation(options.data, options.name);
  if (!made) return refuse(context, made.error());
  json::object tokens;
  Columns keys({"SURFACE", "KEY"});
  for (const auto& [surface, key] : made->keys) {
    tokens[surface] = key;
    keys.row({surface, key});
  }
  const auto id = static_cast<std::uint32_t>(made->id);
  return show(context,
              {{{"organisation", options.name}, {"id", id}, {"tokens", std::move(tokens)}},
               "organisation " + options.name + ", number " + std::to_string(id) + ", in " + options.data + "\n\n" +
                   keys.text() + "\nThese keys are shown once: keep them safe. Next: leadlight serve --data " +
                   options.data + "\n"});
}

int list(const VerbContext& context, const Options& options) {
  const auto rows = list_organisations(options.data);
  if (!rows) return refuse(context, rows.error());
  json::array all;
  Columns columns({">ID", "NAME", ">KEYS", "HG", "CREATED"});
  for (const auto& row : *rows) {
    const auto id = static_cast<std::uint32_t>(row.id);
    const auto created = net::format_time(row.created_at);
    all.push_back(json::object{{"id", id},
                               {"name", row.name},
                               {"live_scoring", row.live_scoring},
                               {"keys", row.keys},
                               {"created_at", created}});
    columns.row({std::to_string(id), row.name, std::to_string(row.keys), row.live_scoring ? "yes" : "no", created});
  }
  return show(context, {{{"organisations", std::move(all)}}, columns.text()});
}

void add_data_option(CLI::App& verb, Options& options) {
  verb.add_option("--data", options.data, "Data directory that no server has open")->type_name("DIR")->required();
}

constexpr const char* data_only =
    "This works on a stopped data directory alone: every key, one of scope admin too, acts within its own\n"
    "organisation, so that no running server can be asked for another one.\n";

}  // namespace

void add_organisation(CLI::App& program, VerbContext& context) {
  auto& group = add_group(program, "organisation", "Make and list the organisations of a data directory");
  group.footer(std::string(data_only) + "Example:\n  leadlight organisation add Acme --data ./data");
  auto options = std::make_shared<Options>();
  auto& added = add_verb(group, context, "add", "Make an organisation: the starter model and one key per surface",
                         [&context, options] { return add(context, *options); });
  added.add_option("NAME", options->name, "What it is called, 1 to 100 bytes, as no other")->required();
  add_data_option(added, *options);
  add_json_flag(added, context);
  added.footer(std::string(data_only) +
               "Examples:\n"
               "  leadlight organisation add Acme --data ./data\n"
               "  leadlight organisation add \"Acme Europe\" --data ./data --json > acme-keys.json");
  auto& listed = add_verb(group, context, "list", "List the organisations: number, name, keys in force",
                          [&context, options] { return list(context, *options); });
  add_data_option(listed, *options);
  add_json_flag(listed, context);
  listed.footer(std::string(data_only) + "Example:\n  leadlight organisation list --data ./data");
}

}  // namespace leadlight::tools::verbs
