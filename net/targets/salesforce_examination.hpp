// `leadlight doctor salesforce`: a target looked at from end to end, one finding a line: login, API requests left, each
// mapped field, and, for a Lead that a person names, one write, read back and taken back.
//
// Thread: the client's, all of it.
#pragma once

#include "actors/protocol.hpp"
#include "net/targets/salesforce_batch.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace leadlight::net::salesforce {

/// Longest wait for an examination's answer: below the server's own deadline for a reply.
inline constexpr engine::Milliseconds examination_span{8'000};

class Examination : public std::enable_shared_from_this<Examination> {
 public:
  using Finding = actors::TargetFinding;
  using Done = std::function<void(std::vector<Finding>)>;

  /// `write_to`: an e-mail address or the id of a Lead; empty: nothing is written.
  Examination(std::shared_ptr<Shared> shared, std::string write_to, Done done)
      : shared_(std::move(shared)), write_to_(std::move(write_to)), done_(std::move(done)) {}

  void start();
  /// Answers with what was found so far; a write that was begun is still taken back, and what fails then is logged.
  void time_is_up();

 private:
  using Health = Finding::Health;

  void on_limits(const ApiOutcome& outcome);
  void judge_budget(const ApiOutcome& outcome);
  void describe(const std::string& object);
  void on_described(const std::string& object, const ApiOutcome& outcome);
  void find_lead();
  void on_found(const ApiOutcome& outcome);
  void write_test_values();
  void on_written(const ApiOutcome& outcome);
  void read_back(std::function<void(const Held*)> then);
  void on_read_back(const Held* held);
  void put_back();
  void on_put_back(const ApiOutcome& outcome);
  void on_read_again(const Held* held);
  [[nodiscard]] std::string look_at_it() const;

  void call(ApiCall api_call, void (Examination::*then)(const ApiOutcome&));
  [[nodiscard]] std::string query(LookUp kind, const std::string& key) const;
  void add(std::string check, Health health, std::string found, std::string remedy = {});
  void finish();

  std::shared_ptr<Shared> shared_;
  std::string write_to_;
  Done done_;
  std::vector<Finding> findings_;
  bool fields_fit_ = true;
  bool writing_ = false;             // test values are under way to the Lead, or may stand there
  bool written_ = false;             // … and Salesforce said that it took them
  Held before_;                      // the Lead as it was found
  boost::json::object as_it_stood_;  // its mapped fields, exactly as Salesforce wrote them
  Values test_;
};

}  // namespace leadlight::net::salesforce
