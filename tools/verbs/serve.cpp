#include "tools/app.hpp"
#include "tools/core_dumps.hpp"
#include "tools/verbs/verbs.hpp"

#include <CLI/Validators.hpp>
#include <boost/json/serialize.hpp>

#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

namespace leadlight::tools::verbs {
namespace {

namespace json = boost::json;

struct ServeOptions {
  std::string data;
  std::string config;
  std::string listen;
  std::string tls_certificate;
  std::string tls_key;
  std::string sandbox;
  std::string lead_host;
  std::string log_format;
};

/// The configuration file, over it the environment, over both the command line.
engine::Result<ServerConfig> config_of(const ServeOptions& options) {
  std::optional<std::filesystem::path> file;
  if (!options.config.empty()) file = options.config;
  ServerConfig defaults;
  defaults.data = options.data;
  auto config = read_config(file, std::move(defaults));
  if (!config) return config;
  if (!options.listen.empty()) config->listen = options.listen;
  if (!options.tls_certificate.empty()) config->tls_certificate = options.tls_certificate;
  if (!options.tls_key.empty()) config->tls_key = options.tls_key;
  if (!options.sandbox.empty()) config->sandbox = options.sandbox;
  if (!options.lead_host.empty()) config->lead_host = options.lead_host;
  if (!options.log_format.empty()) config->log_format = options.log_format;
  return config;
}

int run(const VerbContext& context, const ServeOptions& options) {
  auto config = config_of(options);
  if (!config) return refuse(context, config.error(), status_usage);
  if (!config->core_dumps)  // a debugger needs them, and to be let in
    if (auto forbidden = forbid_core_dumps(); !forbidden) return refuse(context, forbidden.error());
  auto app = App::start(*config);
  if (!app) return refuse(context, app.error());
  const json::object ready{
      {"listening", (*app)->address()}, {"data", config->data.string()}, {"version", std::string(version())}};
  std::puts(json::serialize(ready).c_str());
  std::fflush(stdout);
  return (*app)->wait();
}

}  // namespace

void add_serve(CLI::App& program, VerbContext& context) {
  auto options = std::make_shared<ServeOptions>();
  auto& verb = add_verb(program, context, "serve", "Run the server until SIGTERM or Ctrl-C, which drain it",
                        [&context, options] { return run(context, *options); });
  verb.add_option("--data", options->data, "Data directory, made by `leadlight init`")->type_name("DIR")->required();
  verb.add_option("--config", options->config, "Configuration file (TOML); none by default")
      ->type_name("FILE")
      ->check(CLI::ExistingFile);
  verb.add_option("--listen", options->listen,
                  "Address to listen on (default 127.0.0.1:8080); port 0 picks one [env LEADLIGHT_SERVER_LISTEN]")
      ->type_name("ADDR:PORT");
  verb.add_option("--tls-certificate", options->tls_certificate,
                  "Certificate with its chain (PEM): HTTPS instead of HTTP [env LEADLIGHT_SERVER_TLS_CERTIFICATE]")
      ->type_name("FILE");
  verb.add_option("--tls-key", options->tls_key, "Its key (PEM, unencrypted) [env LEADLIGHT_SERVER_TLS_KEY]")
      ->type_name("FILE");
  verb.add_option("--sandbox", options->sandbox, "Sandbox that every demo target is pointed at; none by default")
      ->type_name("URL");
  verb.add_option("--lead-host", options->lead_host,
                  "What runs the leads: hosted (their shard, the default) or spawned (an actor each)")
      ->type_name("HOST")
      ->check(CLI::IsMember({"hosted", "spawned"}));
  verb.add_option("--log-format", options->log_format,
                  "How the log looks: text (the default) or json, a line an object")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}));
  verb.footer(
      "The first line on standard output is a JSON object, printed when the server is ready:\n"
      "  {\"listening\":\"127.0.0.1:8080\",\"data\":\"./data\",\"version\":\"0.1.0\"}\n"
      "The log goes to standard error.\n"
      "Examples:\n"
      "  leadlight serve --data ./data\n"
      "  leadlight serve --data ./data --config leadlight.toml --listen 0.0.0.0:8080\n"
      "  leadlight serve --data ./data --sandbox http://127.0.0.1:8090");
}

}  // namespace leadlight::tools::verbs
