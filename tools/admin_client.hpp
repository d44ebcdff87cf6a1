// How the command line asks an engine: a running server over HTTP, or a data directory that no server has open.
//
// Both answer through the same routes, so that a verb cannot tell which one it works on.
#pragma once

#include "engine/result.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace leadlight::tools {

/// A 2xx answer. An empty body is null.
struct AdminAnswer {
  std::uint16_t status = 0;
  boost::json::value value;
};

/// Thread: one at a time.
class AdminClient {
 public:
  AdminClient() = default;
  AdminClient(const AdminClient&) = delete;
  AdminClient& operator=(const AdminClient&) = delete;
  virtual ~AdminClient() = default;

  /// Talks to the server at `url`, such as `http://127.0.0.1:8080`, with `key`. Sends nothing yet.
  /// Errors: invalid, `field` "server" or "token".
  static engine::Result<std::unique_ptr<AdminClient>> at_server(std::string_view url, std::string_view key);

  struct DataDirectory {
    std::filesystem::path data;
    std::optional<std::filesystem::path> config;  // the server's configuration; the environment counts in any case
    bool writebacks = false;                      // targets run, as in a server: what they are owed goes out
  };
  /// Opens it within this process, as an administrator of its first organisation; closed by the destructor.
  ///
  /// Errors: not_found (no data directory), conflict (it is in use), invalid (configuration), io_error, corrupt.
  static engine::Result<std::unique_ptr<AdminClient>> on_data(const DataDirectory& directory);

  /// Asks and waits. A problem document (RFC 9457) becomes the error: its detail and field, the code of its status.
  ///
  /// Errors: unavailable (nobody answered), internal (the answer is no JSON), and what the route refuses with.
  engine::Result<AdminAnswer> call(std::string_view method, std::string_view path_with_query, std::string body = {},
                                   std::string_view content_type = "application/json");

  /// What the answers come from: a URL, or a directory.
  [[nodiscard]] virtual std::string place() const = 0;

 protected:
  struct Exchange {
    std::uint16_t status = 0;
    std::string body;
  };

 private:
  virtual engine::Result<Exchange> exchange(std::string_view method, std::string_view path_with_query, std::string body,
                                            std::string_view content_type) = 0;
};

/// `text` as one segment of a path or one value of a query.
std::string url_encoded(std::string_view text);

/// The error that an answer with a status of 400 or above stands for.
engine::Error refusal_of(std::uint16_t status, std::string_view body);

}  // namespace leadlight::tools
