// One call to Salesforce's activities on its way: queries, their pages, and what they add up to.
//
// Thread: the client's, all of it.
#pragma once

#include "actors/activity_source.hpp"
#include "actors/clock.hpp"
#include "net/sources/activity_mapping.hpp"
#include "net/sources/salesforce_activities.hpp"
#include "net/targets/salesforce_auth.hpp"

#include <boost/json/object.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace leadlight::net::salesforce {

/// What the source and its calls share.
struct SourceShared {
  std::shared_ptr<Session> session;
  actors::ClockPtr clock;
  std::string api_path;  // "/services/data/v60.0"
  ActivityMapping mapping;
  engine::Milliseconds history{0};   // how far the first poll looks back
  engine::Milliseconds deadline{0};  // of a whole fetch or step
};

/// Runs queries, two at a time, following their pages; then calls `done`. A fault ends all of them.
class Queries : public std::enable_shared_from_this<Queries> {
 public:
  using OnRows = std::function<void(std::vector<boost::json::object>&)>;
  /// The content of a query was refused: whoever asked decides.
  using OnRefused = std::function<void(const CallVerdict&)>;

  explicit Queries(std::shared_ptr<const SourceShared> shared);

  /// `on_rows` may be called several times, once a page. Without `on_refused` a refusal is a fault.
  void add(std::string soql, OnRows on_rows, OnRefused on_refused = {});
  /// Calls `done` once everything that was added, and is added meanwhile, has ended.
  void run(std::function<void()> done);

  void fail(actors::SourceFault fault);
  [[nodiscard]] const std::optional<actors::SourceFault>& fault() const { return fault_; }
  [[nodiscard]] std::size_t calls() const { return calls_; }

 private:
  struct Query {
    std::string path;
    OnRows on_rows;
    OnRefused on_refused;
  };
  void pump();
  void send(const Query& query);
  void take(const Query& query, const ApiOutcome& outcome);

  std::shared_ptr<const SourceShared> shared_;
  engine::Timestamp began_;
  std::deque<Query> queue_;
  std::size_t under_way_ = 0;
  std::size_t calls_ = 0;
  std::size_t rows_ = 0;
  std::optional<actors::SourceFault> fault_;
  std::function<void()> done_;
};

/// What some people did: who they are in Salesforce, then what hangs on them.
class Fetch : public std::enable_shared_from_this<Fetch> {
 public:
  Fetch(std::shared_ptr<const SourceShared> shared, std::vector<std::string> emails, engine::Timestamp since,
        std::function<void(actors::FetchReport)> done);
  void start();

 private:
  void look_up(const std::string& object, std::vector<std::string> emails);
  void refused(const std::string& object, const std::vector<std::string>& emails, const CallVerdict& verdict);
  void ask_activities();
  void finish();

  std::shared_ptr<const SourceShared> shared_;
  std::shared_ptr<Queries> queries_;
  std::vector<std::string> emails_;
  engine::Timestamp since_;
  std::function<void(actors::FetchReport)> done_;
  People people_;
  std::vector<actors::Activity> activities_;
  std::map<std::string, std::string> failed_;  // e-mail, why
};

/// What anybody did since a cursor: the next rows of every stream, then who they belong to.
class Poll : public std::enable_shared_from_this<Poll> {
 public:
  Poll(std::shared_ptr<const SourceShared> shared, std::string cursor, std::function<void(actors::PollReport)> done);
  void start();

 private:
  struct Read {
    Stream stream;
    Place place;
    std::vector<boost::json::object> rows;
  };
  void ask_people();
  void finish();

  std::shared_ptr<const SourceShared> shared_;
  std::shared_ptr<Queries> queries_;
  Cursor cursor_;
  bool in_round_ = false;  // some stream is in the middle of one
  std::function<void(actors::PollReport)> done_;
  std::deque<Read> reads_;
  People people_;
};

}  // namespace leadlight::net::salesforce
