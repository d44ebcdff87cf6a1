#include "net/targets/webhook.hpp"

#include "engine/identity.hpp"
#include "net/targets/webhook_wire.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <random>
#include <utility>
#include <vector>

namespace leadlight::net {

namespace {

using actors::TargetOptions;
using actors::TargetReport;
using actors::TargetWrite;
using actors::TargetWriteResult;
using engine::Errc;
using engine::Error;
using engine::Milliseconds;
using engine::Result;
using engine::WriteOutcome;
using webhook::Verdict;

constexpr std::size_t events_per_batch_max = 100;
constexpr std::size_t signals_characters = 4'096;
constexpr std::size_t answer_bytes_max = 64U << 10U;

/// What the connector and its batches share. Immutable.
struct Shared {
  std::string name;
  std::string url;
  std::string place;  // tells this target from others in event ids
  std::vector<std::string> keys;
  Milliseconds deadline{15'000};
  std::size_t calls_in_parallel = 8;
  std::shared_ptr<HttpClient> client;
  actors::ClockPtr clock;
};

void post(const Shared& shared, const std::string& id, std::string body, std::function<void(Verdict)> done) {
  OutboundRequest request;
  request.method = "POST";
  request.url = shared.url;
  request.headers = webhook::signed_headers(shared.keys, id, shared.clock->now(), body);
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  request.deadline = shared.deadline;
  request.answer_bytes_max = answer_bytes_max;
  request.cut_answer = true;
  shared.client->send(std::move(request),
                      [clock = shared.clock, done = std::move(done)](const Result<OutboundAnswer>& answer) {
                        done(webhook::judge(answer, clock->now()));
                      });
}

/// One batch on its way: several calls at a time, none after one that holds the target. Thread: the client's.
class WebhookBatch : public std::enable_shared_from_this<WebhookBatch> {
 public:
  WebhookBatch(std::shared_ptr<const Shared> shared, std::vector<TargetWrite> writes, bool dry_run,
               std::function<void(TargetReport)> done)
      : shared_(std::move(shared)), writes_(std::move(writes)), dry_run_(dry_run), done_(std::move(done)) {
    for (const auto& write : writes_) {
      auto& result = report_.results.emplace_back();
      result.lead = write.lead;
      result.owed = write.owed;
      result.kind = TargetWriteResult::Kind::retry;  // until it is known
    }
  }

  void pump() {
    while (!report_.hold && under_way_ < shared_->calls_in_parallel && next_ < writes_.size()) bring(next_++);
    if (under_way_ == 0 && (report_.hold || next_ == writes_.size()) && done_) finish();
  }

 private:
  void bring(std::size_t index) {
    const auto& write = writes_[index];
    auto& result = report_.results[index];
    if (engine::kind_of(write.email) != engine::IdentityKind::email || dry_run_) {
      result.kind = TargetWriteResult::Kind::final;
      result.outcome = dry_run_ ? WriteOutcome::written : WriteOutcome::no_match;
      result.differed = dry_run_;  // nobody can ask a webhook what it holds
      return;
    }
    ++under_way_;
    ++report_.calls;
    post(*shared_, webhook::event_id(shared_->place, write), webhook::scored_event(write, shared_->clock->now()),
         [self = shared_from_this(), index](const Verdict& verdict) {
           --self->under_way_;
           self->take(index, verdict);
           self->pump();
         });
  }

  void take(std::size_t index, const Verdict& verdict) {
    auto& result = report_.results[index];
    result.code = verdict.code;
    result.detail = verdict.reason;
    switch (verdict.kind) {
      case Verdict::Kind::taken:
        result.kind = TargetWriteResult::Kind::final;
        result.outcome = WriteOutcome::written;
        result.differed = true;
        result.written_at = shared_->clock->now();
        answered_ = true;
        return;
      case Verdict::Kind::refused:
        result.kind = TargetWriteResult::Kind::final;
        result.outcome = WriteOutcome::dead_letter;
        answered_ = true;
        return;
      case Verdict::Kind::passing: fault_ = verdict.reason; return;
      case Verdict::Kind::later: return hold(verdict, false);
      case Verdict::Kind::gone:
      case Verdict::Kind::wrong: return hold(verdict, true);
    }
  }

  void hold(const Verdict& verdict, bool operator_needed) {
    if (!report_.hold) report_.hold = TargetReport::Hold{verdict.reason, verdict.retry_after, operator_needed};
  }

  void finish() {
    // Faults alone, and nothing taken: it is the target that is down, and no lead's doing.
    if (!report_.hold && !answered_ && !fault_.empty()) report_.hold = TargetReport::Hold{fault_, std::nullopt, false};
    const auto done = std::exchange(done_, nullptr);
    done(std::move(report_));
  }

  std::shared_ptr<const Shared> shared_;
  std::vector<TargetWrite> writes_;
  bool dry_run_;
  std::function<void(TargetReport)> done_;
  TargetReport report_;
  std::size_t next_ = 0;
  std::size_t under_way_ = 0;
  bool answered_ = false;
  std::string fault_;
};

class WebhookConnector final : public actors::TargetConnector {
 public:
  explicit WebhookConnector(std::shared_ptr<const Shared> shared) : shared_(std::move(shared)) {}

  void check(std::function<void(engine::Status)> done) override {
    TargetWrite ping;
    ping.lead.low = std::random_device{}();
    ping.scored_at = shared_->clock->now();
    post(*shared_, webhook::event_id(shared_->place, ping), webhook::ping_event(shared_->name, ping.scored_at),
         [done = std::move(done)](const Verdict& verdict) {
           using Kind = Verdict::Kind;
           if (verdict.kind == Kind::taken) return done(engine::Ok{});
           const bool passing = verdict.kind == Kind::passing || verdict.kind == Kind::later;
           done(Error{passing ? Errc::unavailable : Errc::invalid, verdict.reason, {}});
         });
  }

  // A batch lives on the client's thread and needs no lock.
  void write(std::vector<TargetWrite> writes, bool dry_run, std::function<void(TargetReport)> done) override {
    auto batch = std::make_shared<WebhookBatch>(shared_, std::move(writes), dry_run, std::move(done));
    shared_->client->after(Milliseconds{0}, [batch] { batch->pump(); });
  }

  [[nodiscard]] std::size_t batch_max() const override { return events_per_batch_max; }
  [[nodiscard]] std::size_t signals_characters_max() const override { return signals_characters; }

 private:
  std::shared_ptr<const Shared> shared_;
};

Error wrong(const std::string& field, const std::string& what) {
  return {Errc::invalid, field + " " + what, field};
}

/// A misspelt option would leave its default in force without a word.
engine::Status only_known(const std::vector<std::pair<std::string, std::string>>& given,
                          const std::vector<std::string_view>& known) {
  for (const auto& [name, value] : given) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string names;
    for (const auto each : known) names.append(names.empty() ? "" : ", ").append(each);
    return wrong(name, "is not an option of a webhook; the options are: " + names);
  }
  return engine::Ok{};
}

Result<std::int64_t> read_number(const TargetOptions& options, const std::string& name, const std::string& otherwise,
                                 std::int64_t least, std::int64_t most) {
  const auto text = options.get(name, otherwise);
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault == std::errc{} && end == text.data() + text.size() && number >= least && number <= most) return number;
  return wrong(name, "must be a number from " + std::to_string(least) + " to " + std::to_string(most));
}

Result<std::vector<std::string>> read_keys(const TargetOptions& options) {
  std::vector<std::string> keys;
  for (const std::string field : {"secret", "previous_secret"}) {
    const auto text = options.get(field);
    if (text.empty() && !keys.empty()) continue;
    auto key = webhook::parse_secret(text, field);
    if (!key) return key.error();
    keys.push_back(*std::move(key));
  }
  return keys;
}

}  // namespace

Result<std::shared_ptr<actors::TargetConnector>> make_webhook(const TargetOptions& options,
                                                              std::shared_ptr<HttpClient> client,
                                                              actors::ClockPtr clock) {
  auto shared = std::make_shared<Shared>();
  if (auto known = only_known(options.options, {"url", "deadline_ms", "calls_in_parallel"}); !known)
    return known.error();
  if (auto known = only_known(options.secrets, {"secret", "previous_secret"}); !known) return known.error();
  shared->name = options.name;
  shared->url = options.get("url");
  if (shared->url.empty()) return wrong("url", "is missing: where the events are to be posted, such as https://…");
  auto keys = read_keys(options);
  if (!keys) return keys.error();
  shared->keys = *std::move(keys);
  const auto deadline = read_number(options, "deadline_ms", "15000", 100, 60'000);
  if (!deadline) return deadline.error();
  const auto calls = read_number(options, "calls_in_parallel", "8", 1, 8);
  if (!calls) return calls.error();
  shared->deadline = Milliseconds{*deadline};
  shared->calls_in_parallel = static_cast<std::size_t>(*calls);
  shared->place = std::to_string(options.id) + " " + shared->url;
  shared->client = std::move(client);
  shared->clock = std::move(clock);
  return std::shared_ptr<actors::TargetConnector>(std::make_shared<WebhookConnector>(std::move(shared)));
}

}  // namespace leadlight::net
