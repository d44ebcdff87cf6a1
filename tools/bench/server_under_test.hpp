// The server that is measured: a data directory, a child process that serves it, and what a bench asks it beside the
// load.
#pragma once

#include "engine/result.hpp"
#include "net/client/http_client.hpp"
#include "tools/bench/child_process.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::bench {

/// One call; the body of a 2xx. Errors: unavailable, with status and body.
engine::Result<std::string> call(net::HttpClient& client, std::string_view method, const std::string& url,
                                 std::string_view key, std::string body = {});

/// Waits for the first line of a server, {"listening":"ADDRESS:PORT"}. Errors: unavailable.
engine::Result<std::string> listening(ChildProcess& child, std::chrono::milliseconds at_most);

/// Counters of /metrics without labels, by name.
using Metrics = std::map<std::string, double>;

/// What a server has committed since its start.
struct Committed {
  double commits = 0;
  double records = 0;
  double bytes = 0;
  double seconds = 0;  // spent in commits

  [[nodiscard]] Committed operator-(const Committed& before) const;
  /// "31 records a commit, 927 bytes a record, 1.10 ms a commit"
  [[nodiscard]] std::string in_words() const;
};

class ServerUnderTest {
 public:
  /// Makes `below`/data with `leadlight init` and serves it once, so that the starter model (and with `demo` the
  /// target) is in force: a server that comes to a directory full of leads for the first time would look at every one
  /// of them. Errors: unavailable, io_error.
  static engine::Result<ServerUnderTest> make(const std::filesystem::path& below, bool demo);

  /// Errors: unavailable (it did not become ready; with the end of its log).
  engine::Status start(const std::vector<std::string>& more_arguments = {});
  void stop();
  void kill() { child_->kill(); }

  [[nodiscard]] const std::filesystem::path& data() const { return data_; }
  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] ChildProcess& child() { return *child_; }
  /// The key of a surface: "hg", "events", "admin".
  [[nodiscard]] const std::string& key(const std::string& surface) { return keys_[surface]; }
  [[nodiscard]] net::HttpClient& client() { return *client_; }

  /// GET with the administrator's key. Errors: unavailable.
  engine::Result<std::string> get(const std::string& path);
  engine::Result<Metrics> metrics();
  engine::Result<Committed> committed();

 private:
  ServerUnderTest() : client_(net::HttpClient::make()) {}
  engine::Status initialise(bool demo);
  engine::Status await_switches(std::size_t switches);

  std::filesystem::path data_;
  std::filesystem::path log_;
  std::string address_;
  std::map<std::string, std::string> keys_;
  std::optional<ChildProcess> child_;
  std::shared_ptr<net::HttpClient> client_;
};

}  // namespace leadlight::bench
