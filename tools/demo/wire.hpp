// HTTP and JSON as the demo needs them: one call, one parsed answer, and patience while the other side says "later".
#pragma once

#include "engine/result.hpp"
#include "net/client/http_client.hpp"

#include <boost/json/value.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace leadlight::tools {

using Steady = std::chrono::steady_clock;

/// Lets the calling thread rest. The demo is a client beside the server, and has nothing else to wait for.
void rest(std::chrono::milliseconds at_most);

class Wire {
 public:
  Wire();
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// Sends and waits; no answer, 429 and 503 are tried again until `until`. An empty `key` sends none.
  ///
  /// Returns: the parsed answer of a 2xx; null where its body is empty.
  /// Errors: unavailable (nobody answered), not_found (404), invalid (any other status, or no JSON), in words with the
  /// URL.
  engine::Result<boost::json::value> call(std::string_view method, const std::string& url, std::string_view key,
                                          const boost::json::value* body, Steady::time_point until);

 private:
  std::shared_ptr<net::HttpClient> client_;
};

/// The member's text; empty when it is missing or no text.
std::string text_of(const boost::json::value& object, std::string_view name);
/// The member's number, rounded down; `otherwise` when it is missing or no number.
std::int64_t number_of(const boost::json::value& object, std::string_view name, std::int64_t otherwise);

}  // namespace leadlight::tools
