#include "tools/verbs/verb.hpp"

#include <fmt/format.h>
#include <CLI/Validators.hpp>
#include <boost/json/serialize.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;
using engine::Errc;
using engine::Error;
using engine::Result;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

void print(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

/// Where the engine is: what the command line says, else the environment.
struct Place {
  std::string data;
  std::string server;
  std::string token;
};

Result<Place> place_of(const VerbContext& context) {
  if (!context.data.empty() && !context.server.empty())
    return Error{Errc::invalid,
                 "--data " + context.data + " and --server " + context.server + " exclude each other; give one",
                 "data"};
  if (!context.data.empty()) return Place{context.data, {}, {}};
  Place place{{}, context.server, context.token};
  if (place.server.empty()) place.server = environment("LEADLIGHT_SERVER");
  if (place.token.empty()) place.token = environment("LEADLIGHT_TOKEN");
  if (place.server.empty())
    return Error{
        Errc::invalid,
        "there is no engine to ask; give --data DIR, or --server URL with --token KEY (or LEADLIGHT_SERVER and "
        "LEADLIGHT_TOKEN)",
        "data"};
  return place;
}

json::value digest_of(AdminClient& client) {
  auto answer = client.call("GET", "/v1/admin/digest");
  // A key that may read leads may not see the whole state's digest: the member is there, and null.
  if (!answer || !answer->value.is_object()) return nullptr;
  const auto* digest = answer->value.get_object().if_contains("digest");
  return digest == nullptr ? json::value{nullptr} : *digest;
}

int run_work(const VerbContext& context, const Work& work, bool targets) {
  auto place = place_of(context);
  if (!place) return refuse(context, place.error(), status_usage);
  const bool local = !place->data.empty();
  std::optional<std::filesystem::path> config;
  if (!context.config.empty()) config = context.config;
  auto client = local ? AdminClient::on_data({place->data, config, targets})
                      : AdminClient::at_server(place->server, place->token);
  if (!client) return refuse(context, client.error(), local ? status_failed : status_usage);
  auto shown = work(**client);
  if (!shown) return refuse(context, shown.error());
  if (context.json && !shown->object.contains("digest")) shown->object["digest"] = digest_of(**client);
  return show(context, *shown);
}

CLI::App& add_engine_verb(CLI::App& parent, VerbContext& context, const std::string& name,
                          const std::string& description, Work work, bool targets) {
  auto& verb = add_verb(parent, context, name, description,
                        [&context, work = std::move(work), targets] { return run_work(context, work, targets); });
  constexpr const char* group = "Where the engine is";
  verb.add_option("--data", context.data, "Data directory that no server has open")->type_name("DIR")->group(group);
  verb.add_option("--config", context.config,
                  "With --data: the configuration file that its server uses; none by default")
      ->type_name("FILE")
      ->check(CLI::ExistingFile)
      ->group(group);
  verb.add_option("--server", context.server, "Running server, such as http://127.0.0.1:8080 [env LEADLIGHT_SERVER]")
      ->type_name("URL")
      ->group(group);
  verb.add_option("--token", context.token, "Key for --server, of scope admin [env LEADLIGHT_TOKEN]")
      ->type_name("KEY")
      ->group(group);
  add_json_flag(verb, context);
  return verb;
}

}  // namespace

CLI::App& add_verb(CLI::App& parent, VerbContext& context, const std::string& name, const std::string& description,
                   std::function<int()> run) {
  auto* verb = parent.add_subcommand(name, description);
  verb->callback([&context, run = std::move(run)] { context.chosen = run; });
  return *verb;
}

CLI::App& add_state_verb(CLI::App& parent, VerbContext& context, const std::string& name,
                         const std::string& description, Work work) {
  return add_engine_verb(parent, context, name, description, std::move(work), false);
}

CLI::App& add_target_verb(CLI::App& parent, VerbContext& context, const std::string& name,
                          const std::string& description, Work work) {
  return add_engine_verb(parent, context, name, description, std::move(work), true);
}

CLI::App& add_group(CLI::App& parent, const std::string& name, const std::string& description) {
  auto* group = parent.add_subcommand(name, description);
  group->require_subcommand(1);
  return *group;
}

void add_json_flag(CLI::App& verb, VerbContext& context) {
  verb.add_flag("--json", context.json, "Print one JSON object instead of text for people");
}

int show(const VerbContext& context, const Shown& shown) {
  print(stdout, context.json ? json::serialize(shown.object) + '\n' : shown.text);
  return shown.passed ? status_ok : status_failed;
}

int refuse(const VerbContext& context, const Error& error, int status) {
  print(stderr, "leadlight: " + sentence(error) + '\n');
  if (context.json) {
    json::object problem{{"detail", error.what}};
    if (!error.field.empty()) problem["field"] = error.field;
    print(stdout, json::serialize(json::object{{"error", std::move(problem)}}) + '\n');
  }
  return status;
}

std::string sentence(const Error& error) {
  if (error.field.empty() || error.what.find(error.field) != std::string::npos) return error.what;
  return error.field + ": " + error.what;
}

Progress::Progress() : terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (said_) print(stderr, "\r\x1b[K");
}

void Progress::say(std::string_view line) {
  if (!terminal_) return;
  said_ = true;
  print(stderr, fmt::format("\r\x1b[K{}", line));
}

Result<std::string> read_text(const std::string& file, std::size_t bytes_max, const std::string& field) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) return Error{Errc::io_error, file + " cannot be opened; check the path", field};
  }
  std::istream& stream = file == "-" ? std::cin : opened;
  // One byte more than the limit is enough to see that it is too large.
  std::string text(bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return Error{Errc::io_error, file + " cannot be read; is it a file?", field};
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > bytes_max)
    return Error{Errc::too_large, fmt::format("{} has more than {} bytes; is it the right file?", file, bytes_max),
                 field};
  return text;
}

std::string with_query(std::string path, std::initializer_list<std::pair<std::string_view, std::string>> pairs) {
  char separator = '?';
  for (const auto& [name, value] : pairs) {
    if (value.empty()) continue;
    path += separator;
    path += std::string(name) + '=' + url_encoded(value);
    separator = '&';
  }
  return path;
}

}  // namespace leadlight::tools::verbs
