#include "actors/fetch_jobs.hpp"

#include "actors/lead_reads.hpp"
#include "actors/source_settings.hpp"
#include "engine/identity.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "storage/settings.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>
#include <unordered_set>
#include <utility>

namespace leadlight::actors {

namespace {

using Batch = SourceSupervisorState::Batch;
using storage::Family;
namespace keys = storage::keys;

constexpr std::size_t store_page = 10'000;

void dequeue(SourceSupervisorState& state, const LeadId& lead, Timestamp due_at) {
  const auto queue = state.queues.find(lead.organisation());
  if (queue == state.queues.end()) return;
  queue->second.erase({due_at, lead});
  if (queue->second.empty()) state.queues.erase(queue);
}

void count_waiting(SourceSupervisorState& state) {
  state.services->counters().fetches_waiting.store(state.jobs.size(), std::memory_order_relaxed);
}

class SourceRowsSink final : public ReplySink {
 public:
  SourceRowsSink(ReplyPort port, std::uint64_t waiting) : port_(std::move(port)), waiting_(waiting) {}
  SourceRowsSink(const SourceRowsSink&) = delete;
  SourceRowsSink& operator=(const SourceRowsSink&) = delete;
  ~SourceRowsSink() override {
    std::sort(rows_.begin(), rows_.end(), [](const SourceRow& a, const SourceRow& b) { return a.name < b.name; });
    port_->complete(AdminAnswer{std::move(rows_)});
  }
  void complete(Reply reply) override {
    const auto* answer = std::get_if<AdminAnswer>(&reply);
    const auto* rows = answer == nullptr ? nullptr : std::get_if<std::vector<SourceRow>>(answer);
    if (rows == nullptr) return;
    const std::lock_guard guard{mutex_};
    for (auto row : *rows) {
      row.waiting = waiting_;
      rows_.push_back(std::move(row));
    }
  }

 private:
  ReplyPort port_;
  std::uint64_t waiting_;
  std::mutex mutex_;
  std::vector<SourceRow> rows_;
};

}  // namespace

void enqueue(SourceSupervisorState& state, const LeadId& lead, Timestamp due_at) {
  auto& job = state.jobs.at(lead);
  dequeue(state, lead, job.due_at);
  job.due_at = due_at;
  job.under_way = false;
  state.queues[lead.organisation()].emplace(due_at, lead);
}

void forget(SourceSupervisorState& state, const LeadId& lead) {
  const auto at = state.jobs.find(lead);
  if (at == state.jobs.end()) return;
  dequeue(state, lead, at->second.due_at);
  state.jobs.erase(at);
  count_waiting(state);
}

void add_item(SourceSupervisorState& state, const FetchItem& item, Timestamp due_at) {
  const auto at = state.jobs.find(item.lead);
  if (at != state.jobs.end()) {
    auto& job = at->second;
    if (item.owed <= job.item.owed) return;
    job.item.owed = item.owed;
    job.again = job.again || job.under_way;
    return;
  }
  if (state.jobs.size() >= fetch_jobs_max) {
    state.more_in_store = true;
    return;
  }
  auto& job = state.jobs[item.lead];
  job.item = item;
  enqueue(state, item.lead, due_at);
  count_waiting(state);
}

void read_store(SourceSupervisorState& state) {
  state.more_in_store = false;
  const Timestamp now = state.services->clock->now();
  std::string from;
  while (!state.more_in_store) {
    auto rows = state.services->store->scan(Family::fetches, {}, from, store_page);
    if (!rows) {
      state.more_in_store = true;  // read on later
      return spdlog::error("pending fetches cannot be read: {}", rows.error().what);
    }
    for (const auto& row : *rows) {
      const auto lead = keys::parse_lead(row.key);
      const auto entry = storage::decode_fetch(row.value);
      if (!lead || !entry) {
        spdlog::error("a pending fetch is corrupt and is left alone");
        continue;
      }
      add_item(state, {*lead, entry->shard, entry->owed, entry->owed_at, entry->email}, now);
    }
    if (rows->size() < store_page) return;
    from = rows->back().key + '\0';
  }
}

std::vector<LeadId> take_due(SourceSupervisorState& state, OrganisationId organisation, Timestamp now) {
  std::vector<LeadId> leads;
  const auto queue = state.queues.find(organisation);
  if (queue == state.queues.end()) return leads;
  auto& own = queue->second;
  const Timestamp until = now + state.settings.timing.window;
  while (!own.empty() && own.begin()->first <= until && leads.size() < fetch_emails_max) {
    leads.push_back(own.begin()->second);
    state.jobs.at(leads.back()).under_way = true;
    own.erase(own.begin());
  }
  if (own.empty()) state.queues.erase(queue);
  return leads;
}

bool add_lead(const SourceSupervisorState& state, Batch& batch, const FetchItem& item) {
  std::vector<std::string> emails{item.email};
  auto joined = identities_of(*state.services->store, item.lead);
  if (joined)  // else asked about by its own address alone: the pull finds the rest
    for (auto& identity : *joined)
      if (engine::kind_of(identity) == engine::IdentityKind::email && emails.size() < fetch_emails_max)
        emails.push_back(std::move(identity));
  const auto asked = [&](const std::string& email) {
    return std::find(batch.emails.begin(), batch.emails.end(), email) != batch.emails.end();
  };
  if (!batch.emails.empty() && batch.emails.size() + emails.size() > fetch_emails_max) return false;
  if (std::any_of(emails.begin(), emails.end(), asked)) return false;  // by a lead that has been joined meanwhile
  batch.leads.push_back(item.lead);
  batch.emails.insert(batch.emails.end(), std::make_move_iterator(emails.begin()),
                      std::make_move_iterator(emails.end()));
  batch.ends.push_back(batch.emails.size());
  return true;
}

namespace {

// What a source says of the addresses from `first` to `end`; why it has not answered, if so.
std::optional<std::string> add_answers(FetchSum& sum, const FetchReport& report, std::size_t first, std::size_t end) {
  if (report.fault) {
    if (report.fault->retry_after)
      sum.retry_after = std::max(sum.retry_after.value_or(engine::Milliseconds{0}), *report.fault->retry_after);
    return report.fault->reason;
  }
  bool none = true;
  for (std::size_t i = first; i < end; ++i) {
    const auto& answer = report.answers[i];
    if (answer.kind == FetchAnswer::Kind::failed) return answer.reason;
    none = none && answer.kind == FetchAnswer::Kind::none;
  }
  for (std::size_t i = first; i < end; ++i)
    for (const auto& activity : report.answers[i].activities) sum.activities.push_back(&activity);
  ++sum.fetched.answered;
  if (none) ++sum.fetched.none;
  return std::nullopt;
}

}  // namespace

FetchSum sum_up(const SourceSupervisorState& state, const Batch& batch, std::size_t index) {
  FetchSum sum;
  for (const auto& [source, report] : batch.reports) {
    ++sum.fetched.asked;
    const auto failure = add_answers(sum, report, index == 0 ? 0 : batch.ends[index - 1], batch.ends[index]);
    if (!failure) continue;
    const auto child = state.workers.find(source);
    sum.failure += (sum.failure.empty() ? "source " : "; source ") +
                   (child == state.workers.end() ? std::string{"removed"} : child->second.source) + ": " + *failure;
  }
  return sum;
}

void add_records(const SourceSupervisorState& state, SourceSupervisorState::Job& job, const FetchSum& sum,
                 Timestamp now) {
  auto& counters = state.services->counters();
  std::unordered_set<std::uint64_t> seen;
  for (const auto* activity : sum.activities) {
    Activity own = *activity;
    own.email = job.item.email;
    auto record = activity_record(job.item.lead.organisation(), own, now);
    if (!record || !seen.insert(std::get<engine::EngagementEvent>(record->body).id_hash).second) continue;
    counters.source_activities.fetch_add(1, std::memory_order_relaxed);
    const auto known = is_known(*state.services->store, *record);
    if (known && *known) {
      counters.source_activities_known.fetch_add(1, std::memory_order_relaxed);
    } else {  // what could not be looked up is sent: the fold knows a duplicate
      job.records.push_back(*std::move(record));
    }
  }
}

ReplyPort source_rows_sink(ReplyPort port, std::uint64_t waiting) {
  return std::make_shared<SourceRowsSink>(std::move(port), waiting);
}

std::vector<SourceRow> idle_sources(const SourceSupervisorState& state, OrganisationId organisation) {
  std::vector<SourceRow> rows;
  auto sources = storage::load_sources(*state.services->store);
  if (!sources) return rows;
  for (const auto& source : *sources) {
    if (source.organisation != organisation || state.workers.contains(source.id)) continue;
    auto row = source_row(source);
    row.state = "idle";
    row.reason = state.settings.enabled ? "it asks the sandbox: start the server with --sandbox URL"
                                        : "no server runs on this data directory";
    const auto cursor = storage::load_source_cursor(*state.services->store, source.id);
    if (cursor && *cursor && (*cursor)->polled_at != Timestamp{}) row.polled_at = (*cursor)->polled_at;
    if (cursor && *cursor) row.activities = (*cursor)->activities;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace leadlight::actors
