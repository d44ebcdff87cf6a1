#include "actors/source_supervisor.hpp"

#include "actors/fetch_jobs.hpp"
#include "actors/source_board.hpp"
#include "actors/source_settings.hpp"
#include "logging/log.hpp"
#include "storage/settings.hpp"

#include <spdlog/spdlog.h>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace leadlight::actors {

namespace {

using Self = SourceSupervisor::stateful_pointer<SourceSupervisorState>;
using Job = SourceSupervisorState::Job;
using engine::Errc;
using engine::FetchOutcome;

constexpr engine::Milliseconds retry_first{1'000};
constexpr engine::Milliseconds retry_max{300'000};
constexpr engine::Milliseconds resubmit_after{500};
constexpr engine::Milliseconds look_again_most{1'000};  // whatever the clock does in between
constexpr std::size_t resubmit_max = 100;               // a round

void pump(Self self);

// ---- workers
// -------------------------------------------------------------------------------------------------------------

void start_worker(Self self, const storage::SourceSettings& source) {
  auto& state = self->state;
  auto options = source_options(*state.services->store, state.settings.sealer.get(), source, state.settings.sandbox);
  auto made = options ? state.settings.make_source(*options) : Result<std::shared_ptr<ActivitySource>>{options.error()};
  auto worker = self->template spawn<caf::monitored>(source_worker, state.services, state.committer,
                                                     caf::actor_cast<SourceSupervisor>(self), source,
                                                     state.settings.timing, std::move(made));
  state.workers[source.id] = {std::move(worker), source.organisation, source.name};
}

// Brings the workers to what the settings say.
void align_workers(Self self) {
  auto& state = self->state;
  if (!state.settings.enabled) return;
  auto sources = storage::load_sources(*state.services->store);
  if (!sources) return spdlog::error("activity sources cannot be read: {}", sources.error().what);
  std::map<std::uint32_t, SourceSupervisorState::Child> gone;
  std::swap(gone, state.workers);
  for (const auto& source : *sources) {
    if (state.services->sources && !state.services->sources->in_force(source)) continue;
    if (auto kept = gone.extract(source.id); !kept.empty()) {
      state.workers.insert(std::move(kept));
    } else {
      start_worker(self, source);
    }
  }
  for (const auto& [id, child] : gone) self->send(child.worker, RetireSource{});
}

using Owners = std::map<std::uint32_t, OrganisationId>;  // by source id

Owners owners(const SourceSupervisorState& state) {
  Owners all;
  for (const auto& [id, child] : state.workers) all.emplace(id, child.organisation);
  return all;
}

std::vector<std::uint32_t> sources_of(const SourceSupervisorState& state, OrganisationId organisation) {
  std::vector<std::uint32_t> ids;
  for (const auto& [id, child] : state.workers)
    if (child.organisation == organisation) ids.push_back(id);
  return ids;
}

// ---- jobs
// ----------------------------------------------------------------------------------------------------------------

void schedule(Self self, Timestamp at) {
  auto& state = self->state;
  const Timestamp now = state.services->clock->now();
  if (state.round_at && *state.round_at <= at && *state.round_at > now) return;
  state.round_at = at;
  self->delayed_send(self, std::clamp(at - now, engine::Milliseconds{1}, look_again_most), FetchRound{});
}

// ---- batches
// -------------------------------------------------------------------------------------------------------------

void end_batch(Self self, std::uint64_t number);
void release(Self self, const std::vector<LeadId>& leads);

// Asks every source; without any, the batch is over at once.
void ask_sources(Self self, std::uint64_t number) {
  auto& state = self->state;
  auto& batch = state.batches.at(number);
  if (batch.leads.empty()) {
    state.busy.erase(batch.organisation);
    state.batches.erase(number);
    return schedule(self, state.services->clock->now());
  }
  batch.asked = sources_of(state, batch.organisation);
  batch.open = batch.asked.size();
  if (batch.asked.empty()) return end_batch(self, number);
  const FetchBatch question{number, batch.emails, state.services->clock->now() - engine::window_span};
  for (const auto id : batch.asked) self->send(state.workers.at(id).worker, question);
}

void take_items(Self self, std::uint64_t number, const std::vector<LeadId>& asked, const FetchesTaken& taken) {
  auto& state = self->state;
  auto& batch = state.batches.at(number);
  std::set<LeadId> owed;
  std::vector<LeadId> next_time;
  for (const auto& item : taken.items) {
    owed.insert(item.lead);
    auto& job = state.jobs.at(item.lead);
    job.item = item;
    job.through = item.owed;
    job.again = false;
    if (add_lead(state, batch, item)) continue;
    enqueue(state, item.lead, state.services->clock->now());
    next_time.push_back(item.lead);
  }
  for (const auto& lead : asked)
    if (!owed.contains(lead)) forget(state, lead);  // settled already
  release(self, next_time);
}

// Tells the shards that these fetches begin, and learns what they are for; then asks the sources.
void begin_batch(Self self, const std::vector<LeadId>& leads) {
  auto& state = self->state;
  const auto number = state.next_batch++;
  state.batches[number].organisation = leads.front().organisation();
  state.busy.insert(leads.front().organisation());
  std::vector<TakeFetches> questions(state.table.shards.size());
  for (const auto& lead : leads) questions[state.table.index_of(state.jobs.at(lead).item.shard)].leads.push_back(lead);
  auto open = std::make_shared<std::size_t>(1);
  const auto close = [self, open, number] {
    if (--*open == 0) ask_sources(self, number);
  };
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (questions[i].leads.empty()) continue;
    ++*open;
    const auto asked = questions[i].leads;
    self->request(state.table.shards[i], caf::infinite, std::move(questions[i]))
        .then(
            [self, close, number, asked](const FetchesTaken& taken) {
              take_items(self, number, asked, taken);
              close();
            },
            [self, close, asked](const caf::error&) {
              const auto due = self->state.services->clock->now() + resubmit_after;
              for (const auto& lead : asked) enqueue(self->state, lead, due);
              close();
            });
  }
  close();
}

// ---- ends
// ----------------------------------------------------------------------------------------------------------------

class FetchSink final : public ReplySink {
 public:
  FetchSink(SourceSupervisor supervisor, LeadId lead) : supervisor_(std::move(supervisor)), lead_(lead) {}
  FetchSink(const FetchSink&) = delete;
  FetchSink& operator=(const FetchSink&) = delete;
  ~FetchSink() override { tell(false); }
  void complete(Reply reply) override { tell(std::holds_alternative<Receipts>(reply)); }

 private:
  void tell(bool ok) {
    if (auto supervisor = std::exchange(supervisor_, nullptr)) caf::anon_send(supervisor, FetchDurable{lead_, ok});
  }
  SourceSupervisor supervisor_;
  LeadId lead_;
};

// A lead's activities and the record that ends its fetch go in together: one batch of its shard, one writeback.
void submit(Self self, const LeadId& lead) {
  auto& state = self->state;
  const auto& job = state.jobs.at(lead);
  auto port = std::make_shared<FetchSink>(caf::actor_cast<SourceSupervisor>(self), lead);
  auto gateway = state.services->switchboard->gateway();
  if (!gateway) return;  // the sink says so as it goes
  Submission submission;
  submission.organisation = lead.organisation();
  submission.records = job.records;
  self->send(gateway, std::move(submission), ReplyPort{port});
}

void complete(Self self, const LeadId& lead, const FetchSum& sum, FetchOutcome outcome) {
  auto& state = self->state;
  auto& job = state.jobs.at(lead);
  const Timestamp now = state.services->clock->now();
  job.records.clear();
  if (outcome != FetchOutcome::given_up) add_records(state, job, sum, now);
  Record record;
  record.lead = lead;
  record.email = job.item.email;
  record.received_at = now;
  engine::Fetched fetched = sum.fetched;
  fetched.lead = lead;
  fetched.through = job.through;
  fetched.outcome = outcome;
  fetched.fetched_at = now;
  fetched.detail = sum.failure;
  record.body = std::move(fetched);
  job.records.push_back(std::move(record));
  job.ends = outcome != FetchOutcome::partial;
  job.partial = !job.ends;
  submit(self, lead);
}

engine::Milliseconds back_off(SourceSupervisorState& state, const Job& job, const FetchSum& sum) {
  const auto ceiling = std::min(retry_max, retry_first * (1U << std::min(job.attempts, 9U)));
  // Full jitter between half and all of the ceiling.
  const auto pause = ceiling / 2 + engine::Milliseconds{static_cast<std::int64_t>(
                                       state.random() % static_cast<std::uint64_t>(ceiling.count() / 2 + 1))};
  // A source that names its pause decides: all its leads are asked about together when it is over.
  return sum.retry_after ? std::max(*sum.retry_after, engine::Milliseconds{1}) : pause;
}

void retry(SourceSupervisorState& state, const LeadId& lead, const FetchSum& sum) {
  auto& job = state.jobs.at(lead);
  const Timestamp now = state.services->clock->now();
  state.services->counters().fetches_retried.fetch_add(1, std::memory_order_relaxed);
  if (!job.late && now - job.item.owed_at > state.settings.timing.deadline) {
    job.late = true;
    state.services->counters().fetches_late.fetch_add(1, std::memory_order_relaxed);
    logging::warn("a trigger waits longer than it should for the activity sources",
                  {{"component", "source"},
                   {"organisation", static_cast<std::uint32_t>(lead.organisation())},
                   {"deadline_ms", state.settings.timing.deadline.count()},
                   {"reason", sum.failure}});
  }
  const auto pause = back_off(state, job, sum);
  ++job.attempts;
  enqueue(state, lead, now + pause);
}

// Fetches that ended without an answer wait again: a trigger joins them.
void release(Self self, const std::vector<LeadId>& leads) {
  auto& state = self->state;
  std::vector<TakeFetches> notes(state.table.shards.size());
  for (const auto& lead : leads) notes[state.table.index_of(state.jobs.at(lead).item.shard)].leads.push_back(lead);
  for (std::size_t i = 0; i < notes.size(); ++i) {
    if (notes[i].leads.empty()) continue;
    notes[i].begin = false;
    self->request(state.table.shards[i], caf::infinite, std::move(notes[i]))
        .then([](const FetchesTaken&) {}, [](const caf::error&) {});  // a shard started again has forgotten it anyway
  }
}

void end_batch(Self self, std::uint64_t number) {
  auto& state = self->state;
  const auto batch = std::move(state.batches.at(number));
  state.batches.erase(number);
  state.busy.erase(batch.organisation);
  std::vector<LeadId> open;
  for (std::size_t i = 0; i < batch.leads.size(); ++i) {
    const auto& lead = batch.leads[i];
    const auto sum = sum_up(state, batch, i);
    const auto& job = state.jobs.at(lead);
    const bool partly = state.settings.timing.allow_partial && sum.fetched.answered > 0 && !job.partial;
    if (sum.failure.empty()) {
      complete(self, lead, sum, FetchOutcome::complete);
    } else if (state.services->clock->now() - job.item.owed_at >= fetch_give_up_after) {
      complete(self, lead, sum, FetchOutcome::given_up);
    } else if (partly) {
      complete(self, lead, sum, FetchOutcome::partial);
    } else {
      retry(state, lead, sum);
      open.push_back(lead);
    }
  }
  release(self, open);
  pump(self);
}

void take_report(Self self, BatchFetched& fetched) {
  auto& state = self->state;
  const auto at = state.batches.find(fetched.batch);
  if (at == state.batches.end()) return;
  auto& batch = at->second;
  if (!batch.reports.emplace(fetched.source, std::move(fetched.report)).second) return;
  if (--batch.open == 0) end_batch(self, fetched.batch);
}

void count_end(SourceSupervisorState& state, const Job& job) {
  auto& counters = state.services->counters();
  const auto outcome = std::get<engine::Fetched>(job.records.back().body).outcome;
  auto& count = outcome == FetchOutcome::complete  ? counters.fetches_completed
                : outcome == FetchOutcome::partial ? counters.fetches_partial
                                                   : counters.fetches_given_up;
  count.fetch_add(1, std::memory_order_relaxed);
  const auto delay =
      static_cast<std::uint64_t>(std::max<std::int64_t>((state.services->clock->now() - job.item.owed_at).count(), 0));
  counters.fetch_delay_ms_sum.fetch_add(delay, std::memory_order_relaxed);
  auto most = counters.fetch_delay_ms_max.load();
  while (delay > most && !counters.fetch_delay_ms_max.compare_exchange_weak(most, delay)) {
  }
}

void take_durable(Self self, const FetchDurable& durable) {
  auto& state = self->state;
  const auto at = state.jobs.find(durable.lead);
  if (at == state.jobs.end() || at->second.records.empty()) return;
  auto& job = at->second;
  if (!durable.ok) {
    if (!std::exchange(job.refused, true)) ++state.refused[durable.lead.organisation()];
    state.unsent.push_back(durable.lead);
    return schedule(self, state.services->clock->now() + resubmit_after);
  }
  if (std::exchange(job.refused, false)) {
    const auto left = state.refused.find(durable.lead.organisation());
    if (--left->second == 0) state.refused.erase(left);
  }
  count_end(state, job);
  job.records.clear();
  const Timestamp now = state.services->clock->now();
  if (job.again) {  // exactly one more, however many came
    job.item.owed_at = now;
    job.attempts = 0;
    job.again = job.late = job.partial = false;
    enqueue(state, durable.lead, now + state.settings.timing.window);
  } else if (!job.ends) {
    retry(state, durable.lead, FetchSum{});
  } else {
    forget(state, durable.lead);
  }
  pump(self);
}

void pump(Self self) {
  auto& state = self->state;
  if (!state.settings.enabled || state.table.shards.empty()) return;
  if (state.queues.empty() && state.more_in_store) read_store(state);
  const Timestamp now = state.services->clock->now();
  std::vector<OrganisationId> due;
  std::optional<Timestamp> next;
  for (const auto& [organisation, queue] : state.queues) {
    if (state.busy.contains(organisation)) continue;     // it is looked at again when its batch is over
    if (state.refused.contains(organisation)) continue;  // and when what was fetched is durable
    if (queue.begin()->first <= now) {
      due.push_back(organisation);
    } else {
      next = std::min(next.value_or(queue.begin()->first), queue.begin()->first);
    }
  }
  if (next) schedule(self, *next);
  for (const auto organisation : due) begin_batch(self, take_due(state, organisation, now));
}

void run_round(Self self) {
  auto& state = self->state;
  state.round_at.reset();
  for (auto count = std::min(state.unsent.size(), resubmit_max); count > 0; --count) {
    const auto lead = state.unsent.front();
    state.unsent.pop_front();
    if (state.jobs.contains(lead)) submit(self, lead);
  }
  if (!state.unsent.empty()) schedule(self, state.services->clock->now() + resubmit_after);
  pump(self);
}

// ---- supervision
// ---------------------------------------------------------------------------------------------------------

// A batch that waits for a worker that has ended gets a failure in its name.
void give_up_on(Self self, std::uint32_t source) {
  std::vector<std::uint64_t> waiting;
  for (const auto& [number, batch] : self->state.batches)
    if (std::find(batch.asked.begin(), batch.asked.end(), source) != batch.asked.end() &&
        !batch.reports.contains(source))
      waiting.push_back(number);
  for (const auto number : waiting) {
    BatchFetched lost{source, number, {}};
    lost.report.fault = SourceFault{"its worker ended", std::nullopt, false};
    take_report(self, lost);
  }
}

// What a change of the settings ends or makes possible: batches wait no longer for a source that has gone, and what
// waited for one that was in the way is asked for again at once.
void follow_change(Self self, const Owners& before) {
  auto& state = self->state;
  const auto now_there = owners(state);
  std::set<OrganisationId> changed;
  for (const auto& [id, organisation] : now_there)
    if (!before.contains(id)) changed.insert(organisation);
  for (const auto& [id, organisation] : before) {
    if (now_there.contains(id)) continue;
    changed.insert(organisation);
    give_up_on(self, id);
  }
  const Timestamp now = state.services->clock->now();
  for (auto& [lead, job] : state.jobs) {
    if (!changed.contains(lead.organisation())) continue;
    job.attempts = 0;
    if (!job.under_way) enqueue(state, lead, now);
  }
  pump(self);
}

void worker_down(Self self, const caf::down_msg& down) {
  auto& state = self->state;
  const auto before = owners(state);
  for (auto at = state.workers.begin(); at != state.workers.end(); ++at) {
    if (down.source != at->second.worker->address()) continue;
    const auto id = at->first;
    spdlog::error("the worker of activity source {} ended ({}); it is started again", at->second.source,
                  self->system().render(down.reason));
    state.workers.erase(at);
    state.services->counters().actor_restarts.fetch_add(1, std::memory_order_relaxed);
    if (!state.restarts.allow(state.services->clock->now()))
      return state.fatal("workers of activity sources ended more than five times in ten minutes");
    align_workers(self);
    give_up_on(self, id);
    return follow_change(self, before);
  }
}

void change_sources(Self self) {
  const auto before = owners(self->state);
  align_workers(self);
  follow_change(self, before);
}

void administer(Self self, const AdminRequest& request, const ReplyPort& port) {
  auto& state = self->state;
  if (std::holds_alternative<ListSources>(request.act)) {
    const auto waiting = std::count_if(state.jobs.begin(), state.jobs.end(), [&](const auto& job) {
      return job.first.organisation() == request.organisation;
    });
    auto rows = source_rows_sink(port, static_cast<std::uint64_t>(waiting));
    for (const auto& [id, child] : state.workers)
      if (child.organisation == request.organisation) self->send(child.worker, request, rows);
    rows->complete(AdminAnswer{idle_sources(state, request.organisation)});
    return;
  }
  const auto* pull = std::get_if<PullSource>(&request.act);
  if (pull == nullptr) return port->complete(Error{Errc::internal, "not a question about sources", ""});
  for (const auto& [id, child] : state.workers)
    if (child.organisation == request.organisation && child.source == pull->name)
      return self->send(child.worker, request, port);
  port->complete(Error{Errc::not_found, "no source of this name is asked; `leadlight source list` says why", "name"});
}

}  // namespace

SourceSupervisorState::~SourceSupervisorState() {
  for (const auto& [id, child] : workers) caf::anon_send_exit(child.worker, caf::exit_reason::user_shutdown);
}

SourceSupervisor::behavior_type source_supervisor(Self self, ServicesPtr services, Committer committer,
                                                  SourceSettingsInForce settings,
                                                  std::function<void(std::string)> fatal) {
  auto& state = self->state;
  state.services = std::move(services);
  state.committer = std::move(committer);
  state.settings = std::move(settings);
  state.fatal = std::move(fatal);
  self->set_down_handler([self](const caf::down_msg& down) { worker_down(self, down); });
  // Before the store is read: what is committed after that is told to this actor.
  if (state.services->sources) state.services->sources->set_supervisor(caf::actor_cast<SourceSupervisor>(self));
  align_workers(self);
  read_store(state);
  self->send(self, FetchRound{});
  return {
      [self](const FetchItems& fetches) {
        auto& own = self->state;
        if (!own.settings.enabled) return;
        const Timestamp due = own.services->clock->now() + own.settings.timing.window;
        for (const auto& item : fetches.items) add_item(own, item, due);
        pump(self);
      },
      [self](const ShardTable& table) {
        self->state.table = table;
        pump(self);
      },
      [self](const SourcesChanged&) { change_sources(self); },
      [self](FetchRound) { run_round(self); },
      [self](BatchFetched& fetched) { take_report(self, fetched); },
      [self](const FetchDurable& durable) { take_durable(self, durable); },
      [self](const AdminRequest& request, const ReplyPort& port) { administer(self, request, port); },
  };
}

}  // namespace leadlight::actors
