#include "tools/app.hpp"

#include "actors/administrator.hpp"
#include "actors/root_supervisor.hpp"
#include "engine/models/model_toml.hpp"
#include "logging/log.hpp"
#include "logging/privacy.hpp"
#include "net/http_client.hpp"
#include "net/surfaces/surface.hpp"
#include "net/targets/salesforce.hpp"
#include "storage/log.hpp"
#include "storage/rocksdb_store.hpp"
#include "storage/sealing.hpp"

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

// SIGTERM and SIGINT are waited for, not delivered; threads made later inherit this.
sigset_t hold_back_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
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
        signals_(hold_back_signals()),
        clock_(std::make_shared<actors::SystemClock>()),
        switchboard_(std::make_shared<actors::Switchboard>()) {}

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
    sigwait(&signals_, &signal);
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
    logging::set_name_key(sealer_->derive("names of leads in the log"));
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
    auto router = std::make_shared<net::Router>();
    net::SurfaceContext context{switchboard_, clock_};
    context.traces = traces_;
    net::add_surfaces(*router, context);
    router_ = std::move(router);
    if (!config_.listen_at_all) return engine::Ok{};
    net::HttpLimits limits;
    limits.connections_per_address_max = config_.connections_per_address_max;
    auto server = net::HttpServer::bind(config_.listen, router_, switchboard_, clock_, limits, config_.io_threads);
    if (!server) return server.error();
    server_ = *std::move(server);
    return engine::Ok{};
  }

  actors::ConnectorFactory connector_factory() {
    return [client = client_, clock = clock_, traces = traces_](const actors::TargetOptions& options) -> Result<std::shared_ptr<actors::TargetConnector>> {
      if (options.kind == "salesforce") return net::make_salesforce(options, client, clock, traces);
      return Error{Errc::invalid, "'" + options.kind + "' is not a kind of target; use salesforce", "kind"};
    };
  }

  actors::ServicesPtr services() const {
    auto services = std::make_shared<actors::Services>();
    services->store = store_.get();
    services->log = log_.get();
    services->clock = clock_;
    services->switchboard = switchboard_;
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
    settings.read_model = [](const std::string& toml) -> Result<engine::Model> {
      auto file = engine::models::read_model(toml, "model.toml");
      if (!file) return file.error();
      return std::move(file->model);
    };
    settings.listeners = server_;
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
  std::shared_ptr<const net::Router> router_;
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
