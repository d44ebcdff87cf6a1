#include "net/sources/salesforce_fetch.hpp"

#include "net/targets/salesforce_wire.hpp"

#include <algorithm>
#include <utility>

namespace leadlight::net::salesforce {

using actors::FetchAnswer;
using actors::FetchReport;
using actors::SourceFault;

namespace {

constexpr std::size_t queries_in_parallel_max = 2;
constexpr std::size_t rows_max = 100'000;  // of one fetch or step

}  // namespace

// ---- queries

Queries::Queries(std::shared_ptr<const SourceShared> shared)
    : shared_(std::move(shared)), began_(shared_->clock->now()) {}

void Queries::add(std::string soql, OnRows on_rows, OnRefused on_refused) {
  queue_.push_back({shared_->api_path + "/query?q=" + percent_encode(soql), std::move(on_rows), std::move(on_refused)});
}

void Queries::run(std::function<void()> done) {
  done_ = std::move(done);
  pump();
}

void Queries::fail(SourceFault fault) {
  if (!fault_) fault_ = std::move(fault);
}

void Queries::pump() {
  while (!fault_ && under_way_ < queries_in_parallel_max && !queue_.empty()) {
    const auto query = std::move(queue_.front());
    queue_.pop_front();
    ++under_way_;
    send(query);
  }
  if (under_way_ > 0 || (!fault_ && !queue_.empty()) || !done_) return;
  queue_.clear();
  std::exchange(done_, nullptr)();
}

void Queries::send(const Query& query) {
  shared_->session->call({"GET", query.path, {}}, [self = shared_from_this(), query](const ApiOutcome& outcome) {
    self->calls_ += outcome.calls;
    --self->under_way_;
    self->take(query, outcome);
    self->pump();
  });
}

void Queries::take(const Query& query, const ApiOutcome& outcome) {
  if (outcome.hold) return fail(*outcome.hold);
  if (outcome.verdict.kind != CallClass::ok) {
    if (query.on_refused) return query.on_refused(outcome.verdict);
    return fail({"Salesforce refused a query: " + outcome.verdict.reason, std::nullopt, false});
  }
  auto rows = parse_rows(outcome.answer.body);
  if (!rows) return fail({rows.error().what, std::nullopt, false});
  rows_ += rows->records.size();
  if (rows_ > rows_max)
    return fail({"Salesforce holds more than 100,000 records for one question; ask for fewer objects in the mapping",
                 std::nullopt, true});
  query.on_rows(rows->records);
  if (rows->next_url.empty()) return;
  if (shared_->clock->now() - began_ > shared_->deadline)
    return fail({"Salesforce's pages take longer than the deadline of the source", std::nullopt, false});
  queue_.push_front({std::move(rows->next_url), query.on_rows, {}});
}

// ---- fetch

Fetch::Fetch(std::shared_ptr<const SourceShared> shared, std::vector<std::string> emails, engine::Timestamp since,
             std::function<void(FetchReport)> done)
    : shared_(std::move(shared)),
      queries_(std::make_shared<Queries>(shared_)),
      emails_(std::move(emails)),
      since_(since),
      done_(std::move(done)) {}

void Fetch::start() {
  std::vector<std::string> asked;
  for (const auto& email : emails_)
    if (queryable(email)) asked.push_back(email);  // Salesforce holds no other addresses
  for (const auto* object : {"Lead", "Contact"}) look_up(object, asked);
  queries_->run([self = shared_from_this()] { self->ask_activities(); });
}

void Fetch::look_up(const std::string& object, std::vector<std::string> emails) {
  for (auto& group : key_groups(people_query(object, "Email", {}), std::move(emails), addresses_per_query_max)) {
    auto soql = people_query(object, "Email", group);
    queries_->add(
        std::move(soql),
        [this](std::vector<boost::json::object>& rows) {
          for (const auto& row : rows) people_.add(row);
        },
        [this, object, group](const CallVerdict& verdict) { refused(object, group, verdict); });
  }
}

// The content of a query is refused: find out which address it is.
void Fetch::refused(const std::string& object, const std::vector<std::string>& emails, const CallVerdict& verdict) {
  if (emails.size() == 1) {
    failed_[emails.front()] = "Salesforce refused to look this address up: " + verdict.code;
    return;
  }
  const auto middle = emails.begin() + static_cast<std::ptrdiff_t>(emails.size() / 2);
  look_up(object, {emails.begin(), middle});
  look_up(object, {middle, emails.end()});
}

void Fetch::ask_activities() {
  if (queries_->fault()) return finish();
  const auto now = shared_->clock->now();
  for (const auto& object : shared_->mapping.objects()) {
    const auto frame = activities_query(object, shared_->mapping, {}, since_);
    for (const auto& ids : key_groups(frame, people_.ids(), ids_per_query_max))
      queries_->add(activities_query(object, shared_->mapping, ids, since_),
                    [this, object, now](std::vector<boost::json::object>& rows) {
                      for (const auto& row : rows)
                        add_activities(object, row, shared_->mapping, people_, since_, now, activities_);
                    });
  }
  queries_->run([self = shared_from_this()] { self->finish(); });
}

void Fetch::finish() {
  FetchReport report;
  report.calls = queries_->calls();
  report.fault = queries_->fault();
  if (report.fault) return done_(std::move(report));
  std::map<std::string, FetchAnswer> by_email;
  for (auto& activity : activities_) {
    auto& answer = by_email[activity.email];
    answer.kind = FetchAnswer::Kind::activities;
    answer.activities.push_back(std::move(activity));
  }
  for (const auto& email : emails_) {
    auto answer = std::move(by_email[email]);
    if (const auto failed = failed_.find(email); failed != failed_.end())
      answer = FetchAnswer{FetchAnswer::Kind::failed, {}, failed->second};
    report.answers.push_back(std::move(answer));
  }
  done_(std::move(report));
}

}  // namespace leadlight::net::salesforce
