#include "actors/source_worker.hpp"

#include "actors/source_settings.hpp"
#include "engine/hash.hpp"
#include "logging/log.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "storage/settings.hpp"

#include <spdlog/spdlog.h>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace leadlight::actors {

namespace {

using Self = SourceWorker::stateful_pointer<SourceWorkerState>;
using engine::Errc;

constexpr engine::Milliseconds hold_first{1'000};
constexpr engine::Milliseconds hold_max{60'000};
constexpr engine::Milliseconds hold_operator{300'000};
constexpr engine::Milliseconds round_interval{500};
constexpr std::size_t records_per_submission_max = 500;
constexpr std::size_t same_id_rows_max = 1'000;
constexpr std::uint64_t content_key = 0x736F757263652D31;  // "source-1"; stored in records, so it never changes

void pump(Self self);

std::vector<logging::Field> about(const SourceWorkerState& state, logging::Field reason,
                                  logging::Field second = {"", ""}) {
  return {{"component", "source"},
          {"source", state.settings.name},
          {"organisation", static_cast<std::uint32_t>(state.settings.organisation)},
          std::move(reason),
          std::move(second)};
}

// ---- holding
// -------------------------------------------------------------------------------------------------------------

void hold(Self self, const SourceFault& why) {
  auto& state = self->state;
  ++state.holds;
  state.services->counters().source_failures.fetch_add(1, std::memory_order_relaxed);
  engine::Milliseconds pause = hold_operator;
  if (!why.operator_needed) {
    const auto ceiling = std::min(hold_max, hold_first * (1U << std::min(state.holds - 1, 6U)));
    pause = ceiling / 2 + engine::Milliseconds{static_cast<std::int64_t>(
                              state.random() % static_cast<std::uint64_t>(ceiling.count() / 2 + 1))};
  }
  if (why.retry_after) pause = std::max(pause, *why.retry_after);
  if (state.held.empty()) state.services->counters().sources_held.fetch_add(1, std::memory_order_relaxed);
  if (state.held != why.reason)
    logging::warn("an activity source is held", about(state, {"reason", why.reason}, {"for_ms", pause.count()}));
  state.held = why.reason;
  state.hold_until = state.services->clock->now() + pause;
}

void release(SourceWorkerState& state) {
  state.holds = 0;
  if (!std::exchange(state.answered, true) && state.held.empty())
    return spdlog::info("activity source {} ({}) is ready", state.settings.name, state.settings.kind);
  if (state.held.empty()) return;
  spdlog::info("activity source {} answers again", state.settings.name);
  state.services->counters().sources_held.fetch_sub(1, std::memory_order_relaxed);
  state.held.clear();
  state.hold_until = Timestamp{};
}

void count_call(SourceWorkerState& state, std::size_t calls) {
  auto& counters = state.services->counters();
  state.calls += calls;
  counters.source_calls.fetch_add(calls, std::memory_order_relaxed);
  const auto took = std::max<std::int64_t>((state.services->clock->now() - state.call_began).count(), 0);
  counters.source_call_ms_sum.fetch_add(static_cast<std::uint64_t>(took), std::memory_order_relaxed);
}

// ---- fetches
// -------------------------------------------------------------------------------------------------------------

void answer(Self self, const FetchBatch& batch, FetchReport report) {
  auto& state = self->state;
  self->send(state.supervisor, BatchFetched{state.settings.id, batch.batch, std::move(report)});
}

void refuse_held(Self self) {
  auto& state = self->state;
  const auto wait = state.source ? state.hold_until - state.services->clock->now() : hold_operator;
  FetchReport report;
  report.fault = SourceFault{state.held, wait, !state.source};
  while (!state.batches.empty()) {
    answer(self, state.batches.front(), report);
    state.batches.pop_front();
  }
}

void fetch(Self self) {
  auto& state = self->state;
  state.fetching = true;
  state.call_began = state.services->clock->now();
  auto handle = caf::actor_cast<SourceWorker>(self);
  const auto& batch = state.batches.front();
  state.source->fetch(batch.emails, batch.since,
                      [handle](FetchReport report) { caf::anon_send(handle, FetchArrived{std::move(report)}); });
}

void take_fetched(Self self, FetchReport report) {
  auto& state = self->state;
  state.fetching = false;
  count_call(state, report.calls);
  const auto batch = std::move(state.batches.front());
  state.batches.pop_front();
  if (!report.fault && report.answers.size() != batch.emails.size())
    report.fault = SourceFault{"the source answered for another number of addresses than it was asked for", {}, false};
  if (report.fault) {
    hold(self, *report.fault);
    report.fault->retry_after = state.hold_until - state.services->clock->now();
  } else {
    release(state);
  }
  answer(self, batch, std::move(report));
  pump(self);
}

// ---- polls
// ---------------------------------------------------------------------------------------------------------------

class DurableSink final : public ReplySink {
 public:
  explicit DurableSink(SourceWorker worker) : worker_(std::move(worker)) {}
  DurableSink(const DurableSink&) = delete;
  DurableSink& operator=(const DurableSink&) = delete;
  ~DurableSink() override { tell(false); }
  void complete(Reply reply) override { tell(std::holds_alternative<Receipts>(reply)); }

 private:
  void tell(bool ok) {
    if (auto worker = std::exchange(worker_, nullptr)) caf::anon_send(worker, PollDurable{ok});
  }
  SourceWorker worker_;
};

void answer_pullers(SourceWorkerState& state, const Reply& reply) {
  for (const auto& port : std::exchange(state.pullers, {})) port->complete(reply);
}

void poll_step(Self self) {
  auto& state = self->state;
  state.polling = true;
  state.call_began = state.services->clock->now();
  auto handle = caf::actor_cast<SourceWorker>(self);
  const auto cursor = state.cursor ? state.cursor->cursor : state.source->first_cursor(state.settings.created_at);
  state.source->poll(cursor, [handle](PollReport report) { caf::anon_send(handle, PollArrived{std::move(report)}); });
}

void submit_first(Self self) {
  auto& state = self->state;
  auto gateway = state.services->switchboard->gateway();
  auto port = std::make_shared<DurableSink>(caf::actor_cast<SourceWorker>(self));
  if (!gateway) return;  // the sink says so as it goes
  self->send(gateway, state.poll->unsent.front(), ReplyPort{port});
}

// Records of what is not known yet, in submissions of a bounded size.
Status prepare(SourceWorkerState& state) {
  auto& poll = *state.poll;
  auto& counters = state.services->counters();
  const Timestamp now = state.services->clock->now();
  for (const auto& activity : poll.step.activities) {
    ++poll.sum.activities;
    auto record = activity_record(state.settings.organisation, activity, now);
    if (!record) continue;  // such as an address that is none: it can be no lead's
    auto known = is_known(*state.services->store, *record);
    if (!known) return known.error();
    counters.source_activities.fetch_add(1, std::memory_order_relaxed);
    if (*known) {
      counters.source_activities_known.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    ++poll.sum.fresh;
    if (poll.unsent.empty() || poll.unsent.back().records.size() >= records_per_submission_max) {
      poll.unsent.emplace_back();
      poll.unsent.back().organisation = state.settings.organisation;
    }
    poll.unsent.back().records.push_back(*std::move(record));
  }
  return engine::Ok{};
}

void end_poll(Self self, Reply reply) {
  auto& state = self->state;
  state.poll.reset();
  state.poll_due = state.services->clock->now() + state.timing.poll_interval;
  answer_pullers(state, reply);
  pump(self);
}

// The step's records are durable: the cursor moves on.
void keep_cursor(Self self) {
  auto& state = self->state;
  auto& poll = *state.poll;
  poll.committing = true;
  storage::SourceCursor next = state.cursor.value_or(storage::SourceCursor{});
  next.cursor = poll.step.cursor;
  next.activities += poll.step.activities.size();
  if (!poll.step.more) next.polled_at = state.services->clock->now();
  Commit commit;
  storage::put(commit.batch, state.settings.id, next);
  self->request(state.committer, caf::infinite, std::move(commit))
      .then(
          [self, next](const engine::Status& committed) {
            if (!committed) return;  // storage failed: the process is stopping
            auto& own = self->state;
            own.cursor = next;
            own.poll->committing = false;
            if (own.poll->step.more) return pump(self);
            own.services->counters().source_polls.fetch_add(1, std::memory_order_relaxed);
            end_poll(self, AdminAnswer{own.poll->sum});
          },
          [self](const caf::error&) { self->quit(caf::sec::runtime_error); });  // started again with the committer
}

void take_polled(Self self, PollReport report) {
  auto& state = self->state;
  state.polling = false;
  count_call(state, report.calls);
  auto& poll = *state.poll;
  poll.sum.calls += report.calls;
  if (report.fault) {
    hold(self, *report.fault);
    const Error why{Errc::unavailable, report.fault->reason, "source"};
    end_poll(self, why);
    state.poll_due = std::min(state.poll_due, state.hold_until);
    return;
  }
  release(state);
  poll.step = std::move(report);
  if (auto prepared = prepare(state); !prepared) {
    spdlog::error("what source {} told cannot be compared with what is known: {}", state.settings.name,
                  prepared.error().what);
    return end_poll(self, prepared.error());
  }
  if (poll.unsent.empty()) return keep_cursor(self);
  submit_first(self);
}

void take_durable(Self self, bool ok) {
  auto& state = self->state;
  if (!state.poll || state.poll->unsent.empty()) return;
  if (!ok) {
    state.poll->refused = true;  // the next round submits it again
    return;
  }
  state.poll->unsent.pop_front();
  if (state.poll->unsent.empty()) return keep_cursor(self);
  submit_first(self);
}

// ---- what comes next
// -----------------------------------------------------------------------------------------------------

void pump(Self self) {
  auto& state = self->state;
  if (state.fetching || state.polling) return;
  const Timestamp now = state.services->clock->now();
  const bool holds = !state.held.empty() && (now < state.hold_until || !state.source);
  if (holds) refuse_held(self);
  if (!state.batches.empty()) return fetch(self);
  if (!state.source) return answer_pullers(state, Error{Errc::unavailable, state.held, "source"});
  if (state.poll) {  // a step is over when nothing of it is open; then comes the next
    if (state.poll->unsent.empty() && !state.poll->committing) poll_step(self);
    return;
  }
  if (state.pullers.empty() && (holds || now < state.poll_due)) return;
  state.poll.emplace();
  poll_step(self);
}

// How long ago the source was polled to its end; of several sources, the longest.
void note_lag(SourceWorkerState& state) {
  const bool polled = state.cursor && state.cursor->polled_at != Timestamp{};
  const auto since = polled ? state.cursor->polled_at : state.settings.created_at;
  const auto before = std::exchange(state.lag_ms, static_cast<std::uint64_t>(std::max<std::int64_t>(
                                                      (state.services->clock->now() - since).count(), 0)));
  auto& most = state.services->counters().source_poll_lag_ms_max;
  if (state.lag_ms > most.load() || most.load() == before) most.store(state.lag_ms);
}

SourceRow row_of(const SourceWorkerState& state) {
  auto row = source_row(state.settings);
  row.state = !state.held.empty() ? "held" : state.answered ? "ready" : "checking";
  row.reason = state.held;
  row.calls = state.calls;
  if (state.cursor) row.activities = state.cursor->activities;
  if (state.cursor && state.cursor->polled_at != Timestamp{}) row.polled_at = state.cursor->polled_at;
  return row;
}

void start(Self self, Result<std::shared_ptr<ActivitySource>> source) {
  auto& state = self->state;
  if (source) {
    state.source = *std::move(source);
  } else {
    state.held = source.error().what;
    state.services->counters().sources_held.fetch_add(1, std::memory_order_relaxed);
    logging::warn("an activity source is held", about(state, {"reason", state.held}));
  }
  auto cursor = storage::load_source_cursor(*state.services->store, state.settings.id);
  if (!cursor) {
    spdlog::error("the cursor of source {} cannot be read: {}", state.settings.name, cursor.error().what);
    return self->quit(caf::sec::runtime_error);
  }
  state.cursor = *std::move(cursor);
  if (state.cursor) state.poll_due = state.cursor->polled_at + state.timing.poll_interval;
  self->send(self, PollRound{});
}

}  // namespace

Result<Record> activity_record(OrganisationId organisation, const Activity& activity, Timestamp received_at) {
  auto type = engine::EventType::of(activity.type);
  if (!type) return type.error();
  if (activity.email.empty() || activity.event_id.empty())
    return Error{Errc::invalid, "an activity must have an address and an id", "event_id"};
  Record record;
  record.lead = engine::lead_id(organisation, activity.email);
  record.email = activity.email;
  record.received_at = received_at;
  record.surface = engine::Surface::source_poll;
  engine::EngagementEvent event;
  event.type = *type;
  event.occurred_at = std::min(activity.occurred_at, received_at);
  event.event_id = activity.event_id;
  event.properties = activity.properties;
  event.id_hash = engine::event_id_hash(activity.event_id);
  event.content_hash = engine::siphash(content_key, static_cast<std::uint64_t>(engine::to_ms(activity.occurred_at)),
                                       activity.type + '\n' + activity.properties);
  record.body = std::move(event);
  return record;
}

Result<bool> is_known(const storage::Store& store, const Record& record) {
  const auto id_hash = std::get<engine::EngagementEvent>(record.body).id_hash;
  auto rows = store.scan(storage::Family::lead_index, storage::keys::lead_index_prefix(record.lead, id_hash), {},
                         same_id_rows_max);
  if (!rows) return rows.error();
  for (const auto& row : *rows) {
    const auto entry = storage::decode_index(row.value);
    if (!entry) return entry.error();
    if (entry->known_until > record.received_at) return true;
  }
  return false;
}

SourceWorker::behavior_type source_worker(Self self, ServicesPtr services, Committer committer,
                                          SourceSupervisor supervisor, storage::SourceSettings settings,
                                          SourceTiming timing, Result<std::shared_ptr<ActivitySource>> source) {
  auto& state = self->state;
  state.services = std::move(services);
  state.committer = std::move(committer);
  state.supervisor = std::move(supervisor);
  state.settings = std::move(settings);
  state.settings.sealed_secrets.clear();
  state.timing = timing;
  start(self, std::move(source));
  return {
      [self](FetchBatch& batch) {
        self->state.batches.push_back(std::move(batch));
        pump(self);
      },
      [self](FetchArrived& arrived) { take_fetched(self, std::move(arrived.report)); },
      [self](PollArrived& arrived) { take_polled(self, std::move(arrived.report)); },
      [self](const PollDurable& durable) { take_durable(self, durable.ok); },
      [self](PollRound) {
        self->delayed_send(self, round_interval, PollRound{});
        note_lag(self->state);
        if (self->state.poll && std::exchange(self->state.poll->refused, false)) submit_first(self);
        pump(self);
      },
      [self](const RetireSource&) {
        if (!self->state.held.empty())
          self->state.services->counters().sources_held.fetch_sub(1, std::memory_order_relaxed);
        answer_pullers(self->state, Error{Errc::not_found, "the source is being removed", "name"});
        self->quit(caf::exit_reason::user_shutdown);
      },
      [self](const AdminRequest& request, const ReplyPort& port) {
        if (std::holds_alternative<ListSources>(request.act))
          return port->complete(AdminAnswer{std::vector<SourceRow>{row_of(self->state)}});
        self->state.pullers.push_back(port);
        pump(self);
      },
  };
}

}  // namespace leadlight::actors
