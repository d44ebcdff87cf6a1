#include "tools/app.hpp"

#include "actors/administrator.hpp"
#include "actors/root_supervisor.hpp"
#include "actors/score_feed.hpp"
#include "actors/source_board.hpp"
#include "engine/models/model_toml.hpp"
#include "logging/log.hpp"
#include "logging/privacy.hpp"
#include "net/client/http_client.hpp"
#include "net/client/outbound_guard.hpp"
#include "net/email/email_vendors.hpp"
#include "net/http/tls.hpp"
#include "net/sources/salesforce_source.hpp"
#include "net/surfaces/surface.hpp"
#include "net/targets/salesforce.hpp"
#include "net/targets/webhook.hpp"
#include "storage/log.hpp"
#include "storage/rocksdb_store.hpp"
#include "storage/sealing.hpp"
#include "tools/descriptors.hpp"

#include <spdlog/spdlog.h>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

namespace leadlight::tools {

namespace {

using engine::Errc;
using engine::Error;
using engine::Result;

constexpr engine::Milliseconds ready_within{60'000};
constexpr engine::Milliseconds drain_within{5'000};

// Beside the connections: the store's files, targets, sources.
constexpr std::size_t other_descriptors = 2'000;

// SIGTERM and SIGINT are waited for, not delivered; threads made later inherit this. SIGHUP too where there is a
// certificate to read again; without one it ends the process, as whoever closes a terminal expects.
sigset_t hold_back_signals(bool hang_up) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  if (hang_up) sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

actors::FeedLimits feed_limits(const ServerConfig& config) {
  actors::FeedLimits limits;
  limits.listeners_max = config.streams_max;
  limits.listeners_per_organisation_max = config.streams_per_organisation_max;
  return limits;
}

/// The words of a list with commas or spaces between them.
std::vector<std::string> words_of(std::string_view list) {
  std::vector<std::string> words;
  while (!list.empty()) {
    const auto end = std::min(list.find_first_of(", "), list.size());
    if (end > 0) words.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return words;
}

struct CafConfig : caf::actor_system_config {
  explicit CafConfig(std::size_t workers) {
    // The default policy, stealing, collapses with many ready actors (docs/decisions/0001-lead-hosts.md).
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", workers);
  }
};

class RunningApp final : public App {
 public:
  explicit RunningApp(const ServerConfig& config)
      : config_(config),
        signals_(hold_back_signals(!config.tls_certificate.empty())),
        clock_(std::make_shared<actors::SystemClock>()),
        switchboard_(std::make_shared<actors::Switchboard>()),
        feed_(std::make_shared<actors::ScoreFeed>(feed_limits(config))) {}

  RunningApp(const RunningApp&) = delete;
  RunningApp& operator=(const RunningApp&) = delete;

  ~RunningApp() override {
    if (server_) {
      server_->close();
      server_->join(drain_within);
    }
    if (root_) caf::anon_send_exit(root_, caf::exit_reason::user_shutdown);
    root_ = nullptr;
    switchboard_->set_gateway({});
    sources_->set_supervisor({});
    switchboard_->set_spool(nullptr);
    if (client_) client_->stop();
    system_.reset();
    log_.reset();
    store_.reset();
  }

  engine::Status start() {
    if (auto opened = open_store(); !opened) return opened;
    if (auto bound = bind(); !bound) return bound;
    return start_actors();
  }

  [[nodiscard]] std::string address() const override { return server_ ? server_->address() : std::string{}; }
  [[nodiscard]] const net::Router& router() const override { return *router_; }
  [[nodiscard]] actors::SwitchboardPtr switchboard() const override { return switchboard_; }

  int wait() override {
    int signal = 0;
    while (sigwait(&signals_, &signal) == 0 && signal == SIGHUP) read_certificate_again();
    const std::lock_guard guard{fatal_mutex_};
    if (fatal_.empty()) {
      logging::info("stopping: no new requests, what is under way is answered", {{"component", "process"}});
      return 0;
    }
    logging::critical("the process stops", {{"component", "process"}, {"reason", fatal_}});
    spdlog::shutdown();
    // The disk may have failed below us: nothing more is written, not even at exit.
    std::_Exit(1);
  }

 private:
  engine::Status open_store() {
    std::error_code ignored;
    if (!std::filesystem::exists(config_.data / "db", ignored))
      return Error{Errc::not_found,
                   config_.data.string() + " is not a data directory; make one with `leadlight init --data DIR`",
                   "data"};
    auto sealer = storage::Sealer::open(config_.data, false);
    if (!sealer) return sealer.error();
    sealer_ = std::make_shared<const storage::Sealer>(*std::move(sealer));
    logging::set_name_key(sealer_->derive(log_names_purpose));
    storage::RocksDbOptions options;
    options.block_cache_bytes = config_.block_cache_bytes;
    options.faults = config_.storage_faults;
    auto store = storage::open_rocksdb(config_.data / "db", options);
    if (!store) return store.error();
    store_ = *std::move(store);
    log_ = std::make_unique<storage::LocalLog>(*store_);
    auto registry = actors::load_registry(*store_, sealer_.get());
    if (!registry) return registry.error();
    switchboard_->set_registry(*std::move(registry));
    return engine::Ok{};
  }

  engine::Status bind() {
    client_ = net::HttpClient::make();
    if (auto made = make_guard(); !made) return made;
    auto router = std::make_shared<net::Router>();
    net::SurfaceContext context{switchboard_, clock_};
    context.feed = feed_;
    auto vendors = net::EmailVendors::load(config_.email_mappings_dir);
    if (!vendors) return vendors.error();
    context.email_vendors = *std::move(vendors);
    context.client = client_;
    context.traces = traces_;
    context.door = {config_.cors_origins, config_.webhook_origins, config_.webhook_rate};
    net::add_surfaces(*router, context);
    router_ = std::move(router);
    if (!config_.listen_at_all) return engine::Ok{};
    if (auto loaded = load_certificate(); !loaded) return loaded;
    net::HttpLimits limits;
    limits.connections_per_address_max = config_.connections_per_address_max;
    limits.bodies_bytes_max = config_.bodies_bytes_max;
    limits.requests_per_organisation_max = config_.requests_per_organisation_max;
    raise_descriptor_limit(limits.connections_max + other_descriptors);
    auto server =
        net::HttpServer::bind(config_.listen, router_, switchboard_, clock_, limits, config_.io_threads, tls_);
    if (!server) return server.error();
    server_ = *std::move(server);
    return engine::Ok{};
  }

  engine::Status load_certificate() {
    if (config_.tls_certificate.empty() && config_.tls_key.empty()) return engine::Ok{};
    if (config_.tls_certificate.empty() || config_.tls_key.empty())
      return Error{Errc::invalid,
                   "server.tls.certificate and server.tls.key go together; set both, or neither for plain HTTP",
                   config_.tls_key.empty() ? "server.tls.key" : "server.tls.certificate"};
    auto identity = net::TlsIdentity::load(config_.tls_certificate, config_.tls_key);
    if (!identity) return identity.error();
    tls_ = *std::move(identity);
    tls_->log_end();
    return engine::Ok{};
  }

  void read_certificate_again() {
    if (!tls_) return;
    if (const auto read = tls_->reload(); !read)
      logging::error("the certificate stays as it was", {{"component", "tls"}, {"reason", read.error().what}});
    else
      logging::info("the certificate is read again; open connections keep the one they began with",
                    {{"component", "tls"}});
    tls_->log_end();
  }

  // Where targets may be: customers give their URLs. What stands in the server's own configuration is the operator's.
  engine::Status make_guard() {
    net::OutboundRules rules;
    rules.allowed_bases = words_of(config_.outbound_allowed_bases);
    if (!config_.sandbox.empty()) rules.allowed_bases.push_back(config_.sandbox);
    rules.ports = config_.outbound_ports;
    auto guard = net::OutboundGuard::make(std::move(rules));
    if (!guard) return guard.error();
    guard_ = *std::move(guard);
    return engine::Ok{};
  }

  actors::SourceFactory source_factory() {
    return [client = net::guarded(client_, guard_), guard = guard_,
            clock = clock_](const actors::TargetOptions& options) -> Result<std::shared_ptr<actors::ActivitySource>> {
      if (options.kind != "salesforce")
        return Error{Errc::invalid, "'" + options.kind + "' is not a kind of source; use salesforce", "kind"};
      if (const auto url = options.get("url"); !url.empty())
        if (const auto allowed = guard->check(url); !allowed) return allowed.error();
      return net::make_salesforce_source(options, client, clock);
    };
  }

  actors::SourceSettingsInForce source_settings() {
    actors::SourceTiming timing;
    timing.poll_interval = config_.source_poll_interval;
    timing.deadline = config_.source_deadline;
    timing.allow_partial = config_.source_allow_partial;
    return {source_factory(), sealer_, config_.sandbox, config_.writebacks, timing};
  }

  actors::ConnectorFactory connector_factory() {
    return [client = net::guarded(client_, guard_), guard = guard_, clock = clock_, traces = traces_](
               const actors::TargetOptions& options) -> Result<std::shared_ptr<actors::TargetConnector>> {
      if (options.kind != "salesforce" && options.kind != "webhook")
        return Error{Errc::invalid, "'" + options.kind + "' is not a kind of target; use salesforce or webhook",
                     "kind"};
      if (const auto url = options.get("url"); !url.empty())
        if (const auto allowed = guard->check(url); !allowed) return allowed.error();
      if (options.kind == "webhook") return net::make_webhook(options, client, clock);
      return net::make_salesforce(options, client, clock, traces);
    };
  }

  actors::ServicesPtr services() const {
    auto services = std::make_shared<actors::Services>();
    services->store = store_.get();
    services->log = log_.get();
    services->clock = clock_;
    services->switchboard = switchboard_;
    services->feed = feed_;
    services->sources = sources_;
    services->late_after = config_.source_deadline;
    services->limits.events_per_lead_max = config_.events_per_lead_max;
    services->spawned_leads = config_.lead_host == "spawned";
    services->shard_actors = config_.shard_actors;
    services->resident_bytes_max = config_.resident_bytes_max;
    services->log_retention = config_.log_retention;
    return services;
  }

  engine::Status start_actors() {
    const std::size_t cores = std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
    caf_ = std::make_unique<CafConfig>(cores > config_.io_threads ? cores - config_.io_threads : 1);
    system_ = std::make_unique<caf::actor_system>(*caf_);
    auto ready = std::make_shared<std::promise<void>>();
    auto once = std::make_shared<std::once_flag>();
    auto is_ready = ready->get_future();
    actors::RootSettings settings;
    settings.gateway.in_flight_max = config_.in_flight_max;
    settings.writebacks = {connector_factory(), sealer_, config_.sandbox, config_.writebacks};
    settings.sources = source_settings();
    settings.read_model = [](const std::string& toml) -> Result<engine::Model> {
      auto file = engine::models::read_model(toml, "model.toml");
      if (!file) return file.error();
      return std::move(file->model);
    };
    settings.listeners = server_;
    if (config_.spool && config_.listen_at_all) {
      settings.spool.directory = config_.data / "spool";
      settings.spool.options.bytes_max = config_.spool_bytes_max;
      settings.spool.wait = std::chrono::milliseconds{config_.spool_wait_ms};
    }
    settings.low_water_bytes = config_.low_water_bytes;
    settings.low_water_share = config_.low_water_share;
    settings.fatal = [this](const std::string& reason) { stop_for(reason); };
    settings.ready = [ready, once] { std::call_once(*once, [&] { ready->set_value(); }); };
    root_ = system_->spawn(actors::root_supervisor, services(), std::move(settings));
    if (is_ready.wait_for(ready_within) != std::future_status::ready)
      return Error{Errc::unavailable, "the engine was not ready within a minute; the log says why", ""};
    return engine::Ok{};
  }

  void stop_for(const std::string& reason) {
    {
      const std::lock_guard guard{fatal_mutex_};
      if (fatal_.empty()) fatal_ = reason;
    }
    switchboard_->set_not_ready(reason);
    kill(getpid(), SIGTERM);
  }

  ServerConfig config_;
  sigset_t signals_;
  std::shared_ptr<actors::SystemClock> clock_;
  actors::SwitchboardPtr switchboard_;
  net::TraceBookPtr traces_ = std::make_shared<net::TraceBook>();
  std::shared_ptr<const storage::Sealer> sealer_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<storage::LocalLog> log_;
  std::shared_ptr<net::HttpClient> client_;
  std::shared_ptr<const net::OutboundGuard> guard_;
  std::shared_ptr<actors::ScoreFeed> feed_;
  std::shared_ptr<actors::SourceBoard> sources_ = std::make_shared<actors::SourceBoard>(!config_.sandbox.empty());
  std::shared_ptr<const net::Router> router_;
  std::shared_ptr<net::TlsIdentity> tls_;  // none: plain HTTP
  std::shared_ptr<net::HttpServer> server_;
  std::unique_ptr<CafConfig> caf_;
  std::unique_ptr<caf::actor_system> system_;
  actors::RootSupervisor root_;
  std::mutex fatal_mutex_;
  std::string fatal_;
};

}  // namespace

Result<std::unique_ptr<App>> App::start(const ServerConfig& config) {
  logging::set_up(config.log_format == "json" ? logging::Format::json : logging::Format::text, config.log_level);
  auto app = std::make_unique<RunningApp>(config);
  if (auto started = app->start(); !started) return started.error();
  return std::unique_ptr<App>{std::move(app)};
}

}  // namespace leadlight::tools
