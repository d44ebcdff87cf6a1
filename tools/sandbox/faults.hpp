// Misbehaviour on demand: what each target of the sandbox shall do wrong, where, and how often.
//
// Thread: any.
#pragma once

#include "actors/clock.hpp"
#include "engine/result.hpp"
#include "net/http/http.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::sandbox {

/// What shall happen to one request.
struct FaultPlan {
  std::optional<std::uint16_t> status;  // answered instead of being carried out
  std::string error_code;               // with `status`: the code in the answer, else the target's usual one
  std::string message;
  std::optional<std::string> body;  // with `status`: the answer's body, as HTML when it begins with <
  std::optional<std::string> retry_after;
  std::string rate_limit;  // "daily", "concurrent", "burst"; empty: none
  bool expire_tokens = false;
  bool hang_after_commit = false;
  bool cut_body = false;         // half of the answer is missing
  std::size_t page_records = 0;  // of a query's answer; 0: as asked for
  engine::Milliseconds delay{0};
  std::optional<std::pair<std::uint64_t, std::uint64_t>> api_usage;  // used, allowed
};

class Faults {
 public:
  explicit Faults(actors::ClockPtr clock) : clock_(std::move(clock)) {}

  /// Adds the fault that the JSON object describes and returns it with its id.
  /// Errors: invalid; `field` names the member.
  engine::Result<boost::json::object> add(const boost::json::object& fault);
  boost::json::array list() const;
  std::size_t clear();

  /// What shall happen to this request of `target`; counts it against each fault's `times`.
  FaultPlan take(std::string_view target, const net::HttpRequest& request);
  /// The code that a write to a record with one of these names (ids, e-mail) shall fail with.
  std::optional<std::string> record_fault(std::string_view target, const std::vector<std::string>& names);

 private:
  struct Fault {
    std::uint64_t id = 0;
    std::string target;
    std::string path;            // prefix
    std::string method;          // empty: any
    std::string body_contains;   // empty: any
    std::string query_contains;  // in the parameter q; empty: any
    FaultPlan plan;
    std::uint64_t per_second = 0;                                   // rate_limit as a number
    std::vector<std::pair<std::string, std::string>> fail_records;  // lower-cased name, code
    std::optional<std::uint64_t> times_left;
    std::uint64_t hits = 0;
    std::int64_t window = 0;  // the second counted in
    std::uint64_t in_window = 0;
    boost::json::object as_given;
  };

  static std::optional<engine::Error> read(const boost::json::object& from, Fault& fault);
  static std::optional<engine::Error> read_rate_limit(const boost::json::value& value, Fault& fault);
  bool concerns(const Fault& fault, std::string_view target, const net::HttpRequest& request);
  void use_up(std::list<Fault>::iterator& fault);
  static void merge(const FaultPlan& from, FaultPlan& into, const net::HttpRequest& request);

  actors::ClockPtr clock_;
  mutable std::mutex mutex_;
  std::list<Fault> faults_;
  std::uint64_t last_id_ = 0;
};

}  // namespace leadlight::sandbox
