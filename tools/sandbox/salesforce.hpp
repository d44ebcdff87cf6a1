// A Salesforce organisation in memory, as its REST API shows it: tokens, SOQL, records, collections, describe, limits.
//
// Thread: any; one request at a time is carried out.
#pragma once

#include "actors/clock.hpp"
#include "net/http/http.hpp"
#include "tools/sandbox/faults.hpp"
#include "tools/sandbox/salesforce_records.hpp"
#include "tools/sandbox/salesforce_tokens.hpp"

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::sandbox {

class SalesforceFake {
 public:
  /// `empty`: without the demo's records.
  SalesforceFake(actors::ClockPtr clock, Faults& faults, bool empty);

  /// Everything under /services and /id.
  net::HttpResponse answer(const net::HttpRequest& request, const FaultPlan& plan);
  /// GET and POST /_state/salesforce/{object}; POST /_state/salesforce/public_key takes a PEM.
  net::HttpResponse state(const net::HttpRequest& request, const std::string& object);

  /// The paths to route to `answer`.
  static std::vector<std::string> paths();

 private:
  /// One call of the data API, whether it came by itself or inside a composite.
  struct Call {
    std::string method;
    std::string base_path;              // "/services/data/v60.0"
    std::vector<std::string> segments;  // after the version
    std::vector<std::pair<std::string, std::string>> query;
    std::string body;
    bool assign = true;  // Sforce-Auto-Assign
    std::size_t batch_size = 2000;

    [[nodiscard]] std::string parameter(std::string_view name) const;
  };
  struct Cursor {
    std::string locator;
    std::vector<boost::json::object> records;
  };

  net::HttpResponse oauth(const net::HttpRequest& request, const FaultPlan& plan, const std::string& base_url);
  net::HttpResponse identity(const std::string& base_url, bool openid) const;
  net::HttpResponse data_api(const net::HttpRequest& request, const FaultPlan& plan, const std::string& base_url);
  net::HttpResponse carry_out(const Call& call, const std::string& base_url);
  net::HttpResponse versions() const;
  net::HttpResponse resources(const Call& call, const std::string& base_url) const;
  net::HttpResponse limits() const;
  net::HttpResponse query(const Call& call);
  net::HttpResponse query_more(const Call& call);
  net::HttpResponse page(const Call& call, const Cursor& cursor, std::size_t from);
  net::HttpResponse sobjects(const Call& call);
  net::HttpResponse record(const Call& call, const ObjectType& type);
  net::HttpResponse create_record(const Call& call, const ObjectType& type);
  net::HttpResponse collections(const Call& call);
  net::HttpResponse write_collection(const Call& call, bool creating);
  net::HttpResponse delete_collection(const Call& call);
  net::HttpResponse composite(const Call& call, const std::string& base_url);
  boost::json::object write_one(const Call& call, boost::json::object record, bool creating,
                                std::vector<std::string>& seen);
  std::optional<Failure> injected(const ObjectType& type, std::string_view id, const boost::json::object* fields);
  net::HttpResponse put_state(const net::HttpRequest& request, const ObjectType& type);
  void add_demo_records();
  void add_demo_activities(const std::string& contact);

  std::mutex mutex_;
  actors::ClockPtr clock_;
  Faults& faults_;
  SalesforceRecords records_;
  SalesforceTokens tokens_;
  std::deque<Cursor> cursors_;  // oldest first
  std::uint64_t last_cursor_ = 0;
  std::uint64_t requests_ = 0;
};

/// [{"message","errorCode","fields"}]
net::HttpResponse salesforce_error(std::uint16_t status, const Failure& failure);

}  // namespace leadlight::sandbox
