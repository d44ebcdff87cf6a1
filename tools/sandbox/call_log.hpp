// What the sandbox was asked: the newest calls, each with its body and the status it got.
//
// Limits: 100,000 calls and 256 MiB of bodies; above either the oldest go. Thread: any.
#pragma once

#include "engine/types.hpp"
#include "net/http/http.hpp"

#include <boost/json.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace leadlight::sandbox {

class CallLog {
 public:
  static constexpr std::size_t calls_max = 100'000;
  static constexpr std::size_t body_bytes_max = 256U << 20U;

  void add(std::string target, const net::HttpRequest& request, std::uint16_t status, engine::Timestamp at);
  std::size_t clear();

  struct Filter {
    std::size_t limit = calls_max;
    std::uint64_t after = 0;  // only calls with a higher `seq`
    std::string path;         // prefix
    std::string target;
    std::string method;
  };
  /// {"calls":[{"seq","target","method","path","query","body","status","at"}…]}, oldest first.
  boost::json::object list(const Filter& filter) const;

 private:
  struct Call {
    std::uint64_t seq = 0;
    std::string target;
    std::string method;
    std::string path;
    std::vector<std::pair<std::string, std::string>> query;
    std::string body;
    std::uint16_t status = 0;
    engine::Timestamp at;
    std::string traceparent;  // the caller's trace, with the sandbox's own step
  };

  mutable std::mutex mutex_;
  std::deque<Call> calls_;
  std::size_t body_bytes_ = 0;
  std::uint64_t last_seq_ = 0;
};

/// A form's secrets (client_secret, assertion, password, refresh_token) replaced by "***".
std::string without_secrets(const std::string& form);

}  // namespace leadlight::sandbox
