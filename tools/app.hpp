// The application: opens a data directory and wires store, actors and net together.
#pragma once

#include "actors/protocol.hpp"
#include "engine/result.hpp"
#include "net/http/http.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::tools {

struct ServerConfig {
  std::filesystem::path data;
  std::string listen = "127.0.0.1:8080";
  std::string sandbox;               // URL that every demo target is pointed at; empty: none
  std::string lead_host = "hosted";  // or "spawned"
  std::size_t io_threads = 1;
  std::size_t connections_per_address_max = net::HttpLimits{}.connections_per_address_max;
  std::size_t bodies_bytes_max = net::HttpLimits{}.bodies_bytes_max;
  bool core_dumps = false;                          // a core dump holds keys and personal data
  std::uint32_t requests_per_organisation_max = 0;  // a second; 0: no limit
  std::string tls_certificate;                      // PEM files; both empty: plain HTTP
  std::string tls_key;
  std::size_t shard_actors = 1;        // CAF actors that run the 64 logical shards
  std::size_t in_flight_max = 20'000;  // records admitted and not yet answered
  std::uint32_t events_per_lead_max = 10'000;
  std::uint64_t resident_bytes_max = 4ULL << 30U;  // leads kept in memory; above it the coldest are passivated
  std::uint64_t block_cache_bytes = 256ULL << 20U;
  std::uint64_t low_water_bytes = 2ULL << 30U;  // free disk space below which writes are refused …
  double low_water_share = 0.05;                // … or below this share of the disk, whichever is smaller
  engine::Milliseconds log_retention = 180 * engine::day;
  engine::Milliseconds source_poll_interval{900'000};  // of activity sources
  engine::Milliseconds source_deadline{600'000};       // a trigger that waits longer counts as late
  bool source_allow_partial = false;                   // score when some sources do not answer
  bool spool = true;                                   // keep what the engine cannot take, of senders that never retry
  std::uint64_t spool_bytes_max = 256U << 20U;
  std::uint32_t spool_wait_ms = 2'000;  // an answer that takes longer is given by the spool
  std::string cors_origins;             // of net::DoorOptions, as are the next two
  std::string webhook_origins;
  std::uint32_t webhook_rate = 0;
  std::string email_mappings_dir;      // further mappings of e-mail vendors; empty: those built in
  std::string outbound_allowed_bases;  // URLs that the operator vouches for, with commas between them
  std::vector<std::uint16_t> outbound_ports = {443, 8443};  // that targets' URLs may name
  std::size_t streams_per_organisation_max = 20;
  std::size_t streams_max = 1'000;
  std::string log_level = "info";
  std::string log_format = "text";  // or "json"
  bool listen_at_all = true;        // off for the CLI on a data directory
  bool writebacks = true;           // off for the CLI on a data directory
  std::string storage_faults;       // tests only; see RocksDbOptions::faults
};

/// Reads a TOML file and the environment (LEADLIGHT_ACTORS_LEAD_HOST, …) over the defaults.
/// Errors: invalid, naming file, line, key and remedy.
engine::Result<ServerConfig> read_config(const std::optional<std::filesystem::path>& file, ServerConfig defaults);

/// A running engine. Destroying it drains and closes.
class App {
 public:
  App() = default;
  App(const App&) = delete;
  App& operator=(const App&) = delete;
  virtual ~App() = default;

  /// Errors: not_found (no data directory), conflict (in use), io_error, corrupt, invalid.
  static engine::Result<std::unique_ptr<App>> start(const ServerConfig& config);

  /// Where it listens; empty when it does not.
  [[nodiscard]] virtual std::string address() const = 0;
  [[nodiscard]] virtual const net::Router& router() const = 0;
  [[nodiscard]] virtual actors::SwitchboardPtr switchboard() const = 0;
  /// Blocks until SIGTERM/SIGINT (0), or a fault that the process must not survive (1, logged).
  virtual int wait() = 0;
};

/// What the key of leads' names in the log is derived for.
inline constexpr std::string_view log_names_purpose = "names of leads in the log";

/// Makes a data directory: organisation, starter model, one key per surface. See `leadlight init`.
struct InitResult {
  std::string organisation;
  std::vector<std::pair<std::string, std::string>> tokens;  // surface, key
  std::string digest;
};
/// Errors: conflict (directory not empty), io_error.
engine::Result<InitResult> init_data_directory(const std::filesystem::path& data, bool demo);

}  // namespace leadlight::tools
