#include "net/targets/salesforce.hpp"

#include "net/targets/salesforce_auth.hpp"
#include "net/targets/salesforce_batch.hpp"
#include "net/targets/salesforce_describe.hpp"
#include "net/targets/salesforce_examination.hpp"
#include "net/targets/salesforce_settings.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace leadlight::net {

namespace {

using actors::TargetOptions;
using actors::TargetReport;
using actors::TargetWrite;
using engine::Errc;
using engine::Error;
using engine::Milliseconds;
using engine::Result;
using salesforce::Shared;

/// Describes each mapped object and gathers what does not fit.
class Check : public std::enable_shared_from_this<Check> {
 public:
  Check(std::shared_ptr<Shared> shared, std::function<void(engine::Status)> done)
      : shared_(std::move(shared)), done_(std::move(done)) {}

  void describe(const std::string& object) {
    shared_->session->call({"GET", shared_->settings.api_path + "/sobjects/" + object + "/describe", {}},
                           [self = shared_from_this(), object](const salesforce::ApiOutcome& outcome) {
                             self->on_described(object, outcome);
                           });
  }

 private:
  void on_described(const std::string& object, const salesforce::ApiOutcome& outcome) {
    if (outcome.hold) {
      const auto code = outcome.hold->operator_needed ? Errc::invalid : Errc::unavailable;
      return done_(Error{code, outcome.hold->reason, {}});
    }
    const auto& settings = shared_->settings;
    if (outcome.verdict.kind != salesforce::CallClass::ok) {
      faults_.push_back(object + " cannot be described: " + outcome.verdict.reason);
    } else {
      const auto verdict = salesforce::compare_describe(
          outcome.answer.body, object, object == "Lead" ? settings.lead : settings.contact, settings.labels);
      faults_.insert(faults_.end(), verdict.faults.begin(), verdict.faults.end());
      if (verdict.signals_characters && *verdict.signals_characters > 0)
        lengths_.push_back(*verdict.signals_characters);
    }
    if (object == "Lead" && settings.write_contacts) return describe("Contact");
    if (!lengths_.empty()) shared_->signals_characters.store(*std::min_element(lengths_.begin(), lengths_.end()));
    if (faults_.empty()) return done_(engine::Ok{});
    std::string words;
    for (const auto& fault : faults_) words += (words.empty() ? "" : "; ") + fault;
    done_(Error{Errc::invalid, words, {}});
  }

  std::shared_ptr<Shared> shared_;
  std::function<void(engine::Status)> done_;
  std::vector<std::string> faults_;
  std::vector<std::size_t> lengths_;
};

class SalesforceConnector final : public actors::TargetConnector {
 public:
  SalesforceConnector(std::shared_ptr<Shared> shared, std::shared_ptr<HttpClient> client)
      : shared_(std::move(shared)), client_(std::move(client)) {}

  // Both move to the client's thread first: token, session and batch live there and need no lock.
  void check(std::function<void(engine::Status)> done) override {
    auto check = std::make_shared<Check>(shared_, std::move(done));
    client_->after(Milliseconds{0}, [check] { check->describe("Lead"); });
  }

  void write(std::vector<TargetWrite> writes, bool dry_run, std::function<void(TargetReport)> done) override {
    auto batch = std::make_shared<salesforce::Batch>(shared_, std::move(writes), dry_run, std::move(done));
    client_->after(Milliseconds{0}, [batch] { batch->start(); });
  }

  void examine(std::string write_to, std::function<void(std::vector<actors::TargetFinding>)> done) override {
    auto examination = std::make_shared<salesforce::Examination>(shared_, std::move(write_to), std::move(done));
    client_->after(Milliseconds{0}, [examination] { examination->start(); });
    client_->after(salesforce::examination_span, [examination] { examination->time_is_up(); });
  }

  [[nodiscard]] std::size_t batch_max() const override { return salesforce::records_per_call_max; }
  [[nodiscard]] std::size_t signals_characters_max() const override { return shared_->signals_characters.load(); }

 private:
  std::shared_ptr<Shared> shared_;
  std::shared_ptr<HttpClient> client_;
};

}  // namespace

Result<std::shared_ptr<actors::TargetConnector>> make_salesforce(const TargetOptions& options,
                                                                 std::shared_ptr<HttpClient> client,
                                                                 actors::ClockPtr clock, TraceBookPtr traces) {
  auto settings = salesforce::read_settings(options);
  if (!settings) return settings.error();
  auto shared = std::make_shared<Shared>();
  shared->settings = std::move(*settings);
  shared->clock = clock;
  shared->traces = std::move(traces);
  shared->target_name = options.name;
  auto tokens = std::make_shared<salesforce::TokenSource>(shared->settings.credentials, client, std::move(clock),
                                                          shared->settings.deadline, shared->settings.allow_http);
  shared->session = std::make_shared<salesforce::Session>(std::move(tokens), client, shared->settings.deadline,
                                                          shared->settings.client_name);
  return std::shared_ptr<actors::TargetConnector>(std::make_shared<SalesforceConnector>(shared, std::move(client)));
}

}  // namespace leadlight::net
