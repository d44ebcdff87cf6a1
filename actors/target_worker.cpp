#include "actors/target_worker.hpp"

#include "logging/limiter.hpp"
#include "logging/log.hpp"
#include "logging/privacy.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "storage/settings.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace leadlight::actors {

namespace {

using Self = TargetWorker::stateful_pointer<TargetWorkerState>;
using Item = TargetWorkerState::Item;
using engine::WriteOutcome;
using storage::Family;
namespace keys = storage::keys;

constexpr engine::Milliseconds window{50};            // gathers a batch while the quota is far from used up
constexpr engine::Milliseconds window_scarce{2'000};  // above `scarce`
constexpr double scarce = 0.8;
constexpr engine::Milliseconds hold_first{1'000};
constexpr engine::Milliseconds hold_max{60'000};
constexpr engine::Milliseconds hold_operator{300'000};
constexpr engine::Milliseconds resubmit_after{500};
constexpr std::size_t outbox_page = 10'000;
constexpr std::uint32_t dead_letter_lines_a_second = 10;

void pump(Self self);

std::vector<logging::Field> about(const TargetWorkerState& state, logging::Field first = {"", ""},
                                  logging::Field second = {"", ""}) {
  return {{"component", "target"},
          {"target", state.options.name},
          {"organisation", static_cast<std::uint32_t>(state.organisation)},
          std::move(first),
          std::move(second)};
}

// ---- queue
// -------------------------------------------------------------------------------------------------------------

void enqueue(TargetWorkerState& state, Item item) {
  const LeadId lead = item.owed.lead;
  if (const auto place = state.places.find(lead); place != state.places.end()) {
    const auto at = state.queue.find({place->second, lead});
    item.owed.due_at = std::min(item.owed.due_at, at->second.owed.due_at);
    item.owed.owed_at = std::min(item.owed.owed_at, at->second.owed.owed_at);
    if (at->second.owed.reason == engine::WritebackReason::trigger) item.owed.reason = at->second.owed.reason;
    if (item.owed.due_at == place->second) {
      at->second = item;
      return;
    }
    state.queue.erase(at);
    state.places.erase(place);
  } else if (state.queue.size() >= queue_max) {
    state.more_in_outbox = true;
    return;
  } else {
    state.services->counters().writebacks_queued.fetch_add(1, std::memory_order_relaxed);
  }
  const Timestamp due = item.owed.due_at;
  state.places[lead] = due;
  state.queue.emplace(TargetWorkerState::QueueKey{due, lead}, item);
}

bool flies(const TargetWorkerState& state, const LeadId& lead) {
  return std::any_of(state.flights.begin(), state.flights.end(),
                     [&](const auto& flight) { return flight.second.items.contains(lead); });
}

// Takes what is due, up to a batch. A lead that is under way stays in the queue until its flight is over.
TargetWorkerState::Flight dequeue_due(TargetWorkerState& state, Timestamp now, std::size_t batch) {
  TargetWorkerState::Flight flight;
  for (auto at = state.queue.begin();
       at != state.queue.end() && at->first.first <= now && flight.items.size() < batch;) {
    const LeadId lead = at->first.second;
    if (flies(state, lead)) {
      ++at;
      continue;
    }
    flight.items.emplace(lead, at->second);
    state.places.erase(lead);
    at = state.queue.erase(at);
    state.services->counters().writebacks_queued.fetch_sub(1, std::memory_order_relaxed);
  }
  return flight;
}

// Reads what the outbox still owes; after a start, and when a queue that was full has drained.
void read_outbox(TargetWorkerState& state) {
  state.more_in_outbox = false;
  std::string from;
  while (!state.more_in_outbox) {
    auto rows = state.services->store->scan(Family::outbox, keys::target_prefix(state.options.id), from, outbox_page);
    if (!rows) {
      state.more_in_outbox = true;  // read on later
      return logging::error("the outbox of a target cannot be read", about(state, {"reason", rows.error().what}));
    }
    for (const auto& row : *rows) {
      const auto key = keys::parse_outbox(row.key);
      const auto entry = storage::decode_outbox(row.value);
      if (!key || !entry) {
        logging::error("an outbox entry is corrupt and is left alone", about(state));
        continue;
      }
      if (flies(state, key->lead)) continue;
      enqueue(state,
              Item{{key->target, key->lead, entry->shard, entry->owed, entry->owed_at, entry->due_at, entry->reason},
                   0,
                   {}});
    }
    if (rows->size() < outbox_page) return;
    from = rows->back().key + '\0';
  }
}

void schedule(Self self, Timestamp at) {
  auto& state = self->state;
  const Timestamp now = state.services->clock->now();
  if (state.round_at && *state.round_at <= at && *state.round_at > now) return;
  state.round_at = at;
  // Looked at again at least once a second, whatever the clock does in between.
  self->delayed_send(self, std::clamp(at - now, engine::Milliseconds{1}, engine::Milliseconds{1'000}), WorkerRound{});
}

// ---- holding
// -------------------------------------------------------------------------------------------------------------

// `seen`: the newest hold when the call that says so began; calls that were under way together say the same thing.
void hold(Self self, const TargetReport::Hold& why, std::uint64_t seen) {
  auto& state = self->state;
  if (seen == state.newest_hold || state.held.empty()) {
    ++state.newest_hold;
    ++state.holds;
  }
  const Timestamp now = state.services->clock->now();
  engine::Milliseconds pause = hold_operator;
  if (!why.operator_needed) {
    const auto ceiling = std::min(hold_max, hold_first * (1U << std::min(state.holds - 1, 6U)));
    // Full jitter between half and all of the ceiling, so that many targets do not return together.
    pause = ceiling / 2 + engine::Milliseconds{static_cast<std::int64_t>(
                              state.random() % static_cast<std::uint64_t>(ceiling.count() / 2 + 1))};
  }
  if (why.retry_after) pause = std::max(pause, *why.retry_after);
  if (state.held.empty()) state.services->counters().targets_held.fetch_add(1, std::memory_order_relaxed);
  if (state.held != why.reason)
    logging::warn("a target is held", about(state, {"reason", why.reason}, {"for_ms", pause.count()}));
  state.held = why.reason;
  state.operator_needed = why.operator_needed;
  state.hold_until = std::max(state.hold_until, now + pause);
  schedule(self, state.hold_until);
}

void release(TargetWorkerState& state) {
  if (state.held.empty()) return;
  logging::info("a target answers again", about(state));
  state.services->counters().targets_held.fetch_sub(1, std::memory_order_relaxed);
  state.held.clear();
  state.operator_needed = false;
  state.holds = 0;
  state.hold_until = Timestamp{};
}

void check(Self self) {
  auto connector = self->state.connector;
  if (!connector) return;
  auto handle = caf::actor_cast<TargetWorker>(self);
  self->state.busy = true;
  connector->check([handle](Status status) { caf::anon_send(handle, CheckDone{std::move(status)}); });
}

// ---- results
// ---------------------------------------------------------------------------------------------------------------

class ResultsSink final : public ReplySink {
 public:
  explicit ResultsSink(std::function<void(bool)> done) : done_(std::move(done)) {}
  ResultsSink(const ResultsSink&) = delete;
  ResultsSink& operator=(const ResultsSink&) = delete;
  ~ResultsSink() override {
    if (done_) done_(false);
  }
  void complete(Reply reply) override {
    if (auto done = std::exchange(done_, nullptr)) done(std::holds_alternative<Receipts>(reply));
  }

 private:
  std::function<void(bool)> done_;
};

void submit(Self self, std::uint64_t number) {
  auto& state = self->state;
  auto gateway = state.services->switchboard->gateway();
  auto handle = caf::actor_cast<TargetWorker>(self);
  auto port = std::make_shared<ResultsSink>([handle, number](bool ok) {
    caf::anon_send(handle, ResultsDurable{number, ok});
  });
  if (!gateway) return;  // the sink says so as it goes
  self->send(gateway, Submission{state.organisation, state.unconfirmed.at(number), std::nullopt}, ReplyPort{port});
}

Record result_record(const TargetWorkerState& state, const Item& item, const std::string& email,
                     engine::WritebackResult result) {
  Record record;
  record.lead = item.owed.lead;
  record.email = email;
  record.received_at = state.services->clock->now();
  result.target = state.options.id;
  result.attempts = item.attempts;
  result.first_at = item.first_at;
  record.body = std::move(result);
  return record;
}

void count(Counters& counters, const engine::WritebackResult& result, Timestamp owed_at) {
  switch (result.outcome) {
    case WriteOutcome::written: counters.writebacks_written.fetch_add(1); break;
    case WriteOutcome::unchanged: counters.writebacks_unchanged.fetch_add(1); break;
    case WriteOutcome::no_match:
    case WriteOutcome::no_match_yet: counters.writebacks_no_match.fetch_add(1); break;
    case WriteOutcome::converted_lead: counters.writebacks_converted.fetch_add(1); break;
    case WriteOutcome::dead_letter: counters.writebacks_dead.fetch_add(1); break;
    case WriteOutcome::dropped: break;
  }
  if (result.outcome != WriteOutcome::written) return;
  const auto delay = static_cast<std::uint64_t>(std::max<std::int64_t>((result.written_at - owed_at).count(), 0));
  counters.writeback_delay_ms_sum.fetch_add(delay);
  auto most = counters.writeback_delay_ms_max.load();
  while (delay > most && !counters.writeback_delay_ms_max.compare_exchange_weak(most, delay)) {
  }
}

engine::WritebackResult final_result(const TargetWrite& write, const TargetWriteResult& answer, const Item& item) {
  engine::WritebackResult result;
  result.outcome = answer.outcome;
  if (answer.outcome == WriteOutcome::no_match && item.owed.reason == engine::WritebackReason::trigger)
    result.outcome = WriteOutcome::no_match_yet;
  result.owed = write.owed;
  result.score = write.score;
  result.segment = write.segment;
  result.scored_at = write.scored_at;
  result.written_at = answer.written_at;
  result.code = answer.code;
  result.detail = answer.detail;
  return result;
}

void tell_of_dead_letter(const TargetWorkerState& state, const TargetWrite& write,
                         const engine::WritebackResult& result) {
  static logging::Limiter limiter{dead_letter_lines_a_second};
  if (result.outcome != WriteOutcome::dead_letter) return;
  const auto verdict = limiter.ask(std::chrono::steady_clock::now());
  if (!verdict.write) return;
  auto fields = about(state, {"lead", logging::lead_name(write.email)}, {"code", result.code});
  fields.emplace_back("reason", result.detail);
  if (verdict.left_out > 0) fields.emplace_back("left_out", verdict.left_out);
  logging::warn("a writeback became a dead letter", fields);
}

// What one lead's answer comes to: a record when it is final, else back into the queue.
std::optional<Record> settle(TargetWorkerState& state, const TargetWrite& write, const TargetWriteResult& answer,
                             Item item) {
  const Timestamp now = state.services->clock->now();
  ++item.attempts;
  if (item.first_at == Timestamp{}) item.first_at = now;
  auto result = final_result(write, answer, item);
  if (answer.kind == TargetWriteResult::Kind::retry) {
    if (item.attempts < lead_attempts_max && now - item.owed.owed_at < give_up_after) {
      state.services->counters().writebacks_retried.fetch_add(1);
      const engine::Milliseconds ceiling{1'000 * (1LL << item.attempts)};
      item.owed.due_at = now + ceiling / 2 +
                         engine::Milliseconds{static_cast<std::int64_t>(
                             state.random() % static_cast<std::uint64_t>(ceiling.count() / 2))};
      enqueue(state, item);
      return std::nullopt;
    }
    result.outcome = WriteOutcome::dead_letter;
  }
  count(state.services->counters(), result, item.owed.owed_at);
  tell_of_dead_letter(state, write, result);
  return result_record(state, item, write.email, std::move(result));
}

// A write that says nothing about its lead, since the target is held: back into the queue, until it has waited too
// long.
std::optional<Record> give_back(TargetWorkerState& state, const TargetWrite& write, const std::string& reason,
                                Item item) {
  const Timestamp now = state.services->clock->now();
  if (item.first_at == Timestamp{}) item.first_at = now;
  if (now - item.owed.owed_at < give_up_after) {
    enqueue(state, item);
    return std::nullopt;
  }
  TargetWriteResult late;
  late.outcome = WriteOutcome::dead_letter;
  late.code = "GIVEN_UP";
  late.detail = "tried for 24 hours; last: " + reason;
  auto result = final_result(write, late, item);
  count(state.services->counters(), result, item.owed.owed_at);
  tell_of_dead_letter(state, write, result);
  return result_record(state, item, write.email, std::move(result));
}

// `durable` is called once the records are; at once when there are none.
void send_records(Self self, std::vector<Record> records, std::function<void()> durable = {}) {
  if (records.empty()) {
    if (durable) durable();
    return;
  }
  auto& state = self->state;
  const auto number = state.next_submission++;
  if (durable) state.when_durable.emplace(number, std::move(durable));
  state.unconfirmed.emplace(number, std::move(records));
  submit(self, number);
}

void finish_sync(Self self, const TargetReport& report) {
  auto& state = self->state;
  auto sync = std::move(state.syncs.front());
  state.syncs.pop_front();
  const auto writes = std::exchange(state.sync_writes, {});
  std::vector<Record> records;
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    const auto& answer = report.results[i];
    sync.sum.differing += answer.differed ? 1 : 0;
    sync.sum.no_match += answer.outcome == WriteOutcome::no_match ? 1 : 0;
    const bool failed = answer.kind == TargetWriteResult::Kind::retry || answer.outcome == WriteOutcome::dead_letter;
    sync.sum.failed += failed ? 1 : 0;
    if (sync.step.dry_run || failed) continue;
    const bool written = answer.outcome == WriteOutcome::written;
    sync.sum.written += written ? 1 : 0;
    if (!written && answer.outcome != WriteOutcome::unchanged) continue;
    Item item;
    item.owed.lead = writes[i].lead;
    records.push_back(result_record(state, item, writes[i].email, final_result(writes[i], answer, item)));
  }
  sync.sum.calls = report.calls + (sync.step.dry_run ? (sync.sum.differing + 199) / 200 : 0);
  // Answered once the confirmations are durable: whoever then asks for a digest, or ends the process, finds them there.
  Reply answer = AdminAnswer{sync.sum};
  if (report.hold) answer = Error{engine::Errc::unavailable, report.hold->reason, "target"};
  send_records(self, std::move(records), [port = sync.port, answer] { port->complete(answer); });
}

// What a flight's report comes to.
std::vector<Record> land(TargetWorkerState& state, const TargetWorkerState::Flight& flight,
                         const TargetReport& report) {
  std::vector<Record> records;
  const std::string reason = report.hold ? report.hold->reason : std::string{};
  for (std::size_t i = 0; i < flight.writes.size(); ++i) {
    const auto& write = flight.writes[i];
    const auto* answer = i < report.results.size() ? &report.results[i] : nullptr;
    const bool open = answer == nullptr || (report.hold && answer->kind == TargetWriteResult::Kind::retry);
    const auto& item = flight.items.at(write.lead);
    auto record = open ? give_back(state, write, reason, item) : settle(state, write, *answer, item);
    if (record) records.push_back(*std::move(record));
  }
  return records;
}

void take_report(Self self, std::uint64_t number, TargetReport report) {
  auto& state = self->state;
  state.services->counters().writeback_calls.fetch_add(report.calls);
  if (report.quota_used) state.quota_used = report.quota_used;
  auto seen = state.newest_hold;  // a sync goes alone, so nothing was held since it began
  if (number == 0) {
    state.busy = false;
    finish_sync(self, report);
  } else if (auto landed = state.flights.extract(number); !landed.empty()) {
    const auto& flight = landed.mapped();
    seen = flight.hold;
    if (!report.hold && report.results.size() < flight.writes.size())
      report.hold = TargetReport::Hold{"the target answered for fewer records than it was given", std::nullopt, false};
    send_records(self, land(state, flight, report));
  }
  if (report.hold) {
    hold(self, *report.hold, seen);
  } else if (seen == state.newest_hold) {
    release(state);  // else it began before the target asked for a pause, and knows nothing of it
  }
  pump(self);
}

// ---- sending
// ---------------------------------------------------------------------------------------------------------------

void write(Self self, std::uint64_t flight, const std::vector<TargetWrite>& writes, bool dry_run) {
  auto handle = caf::actor_cast<TargetWorker>(self);
  self->state.connector->write(writes, dry_run, [handle, flight](TargetReport report) {
    caf::anon_send(handle, ReportArrived{flight, std::move(report)});
  });
}

// Asks the shards for the values of a flight, then writes them.
void take_values(Self self, std::uint64_t number) {
  auto& state = self->state;
  std::vector<Take> questions(state.table.shards.size());
  for (const auto& [lead, item] : state.flights.at(number).items)
    questions[state.table.index_of(item.owed.shard)].leads.push_back(lead);
  auto open = std::make_shared<std::size_t>(1);
  const auto close = [self, open, number] {
    if (--*open != 0) return;
    auto& own = self->state;
    const auto& writes = own.flights.at(number).writes;
    if (!writes.empty()) return write(self, number, writes, false);
    own.flights.erase(number);  // nothing is owed any more
    pump(self);
  };
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (questions[i].leads.empty()) continue;
    ++*open;
    questions[i].target = state.options.id;
    questions[i].signals_characters_max = state.connector->signals_characters_max();
    const auto leads = questions[i].leads;
    self->request(state.table.shards[i], caf::infinite, std::move(questions[i]))
        .then(
            [self, close, number](Taken& taken) {
              auto& writes = self->state.flights.at(number).writes;
              for (auto& value : taken.writes) writes.push_back(std::move(value));
              close();
            },
            [self, close, number, leads](const caf::error&) {
              for (const auto& lead : leads) enqueue(self->state, self->state.flights.at(number).items.at(lead));
              close();
            });
  }
  close();
}

bool start_sync(Self self) {
  auto& state = self->state;
  if (state.syncs.empty()) return false;
  auto& sync = state.syncs.front();
  const auto limit = std::clamp<std::size_t>(sync.step.limit, 1, state.connector->batch_max());
  auto rows = state.services->store->scan(Family::leads, keys::leads_of(state.organisation), sync.step.after, limit);
  auto models = storage::load_models(*state.services->store, state.organisation);
  if (!rows || !models || models->empty()) {
    const Error none{engine::Errc::unprocessable, "no model is in force, so there is nothing to compare", "model"};
    sync.port->complete(!rows ? rows.error() : !models ? models.error() : none);
    state.syncs.pop_front();
    return start_sync(self);
  }
  const engine::CompiledModel model{std::move(models->back().model)};
  const Timestamp now = state.services->clock->now();
  for (const auto& row : *rows) {
    const auto id = keys::parse_lead(row.key);
    auto lead =
        id ? storage::decode_lead(*id, row.value) : Error{engine::Errc::corrupt, "a lead's key is malformed", ""};
    if (!lead) continue;
    const auto score = engine::score_at(model, lead->window, now);
    TargetWrite write;
    write.lead = *id;
    write.email = lead->email;
    write.score = score.score;
    write.segment = score.segment;
    write.signals = engine::signals_text(model, lead->window, now, state.connector->signals_characters_max());
    write.scored_at = now;
    write.model_id = model.model().id;
    write.model_version = model.model().version;
    state.sync_writes.push_back(std::move(write));
  }
  sync.sum.examined = rows->size();
  if (rows->size() == limit) sync.sum.next = rows->back().key + '\0';
  state.busy = true;
  if (state.sync_writes.empty()) {
    take_report(self, 0, TargetReport{});
  } else {
    write(self, 0, state.sync_writes, sync.step.dry_run);
  }
  return true;
}

void pump(Self self) {
  auto& state = self->state;
  if (state.busy || !state.connector || state.table.shards.empty()) return;
  const Timestamp now = state.services->clock->now();
  if (!state.held.empty() && now < state.hold_until) return schedule(self, state.hold_until);
  if (!state.ready) return check(self);
  if (!state.syncs.empty() && !state.flights.empty()) return;  // a sync goes alone, and first
  if (start_sync(self)) return;
  if (state.flights.size() >= flights_max) return;
  if (state.queue.empty() && state.more_in_outbox) read_outbox(state);
  if (state.queue.empty()) return;
  const Timestamp oldest = state.queue.begin()->first.first;
  const auto gathers = state.quota_used && *state.quota_used >= scarce ? window_scarce : window;
  if (oldest > now) return schedule(self, oldest);
  const std::size_t batch = state.connector->batch_max();
  if (state.queue.size() < batch && !std::exchange(state.gathered, false)) {
    if (!std::exchange(state.gathering, true)) self->delayed_send(self, gathers, GatherOver{});
    return;
  }
  auto flight = dequeue_due(state, now, batch);
  if (flight.items.empty()) {  // all that is due is under way already
    const auto next = std::find_if(state.queue.begin(), state.queue.end(),
                                   [&](const auto& entry) { return !flies(state, entry.first.second); });
    if (next != state.queue.end()) schedule(self, next->first.first);
    return;
  }
  flight.hold = state.newest_hold;
  const auto number = state.next_flight++;
  state.flights.emplace(number, std::move(flight));
  take_values(self, number);
  pump(self);  // there may be enough for another
}

TargetRow row_of(const TargetWorkerState& state) {
  TargetRow row;
  row.name = state.options.name;
  row.kind = state.options.kind;
  row.state = !state.held.empty() ? "held" : state.ready ? "ready" : "checking";
  row.reason = state.held;
  row.options = state.options.options;
  row.queued = state.queue.size();
  for (const auto& [number, flight] : state.flights) row.queued += flight.items.size();
  row.quota_used = state.quota_used;
  std::string from;
  for (;;) {
    auto letters =
        state.services->store->scan(Family::dead_letters, keys::target_prefix(state.options.id), from, outbox_page);
    if (!letters) break;
    row.dead_letters += letters->size();
    if (letters->size() < outbox_page) break;
    from = letters->back().key + '\0';
  }
  return row;
}

void take_check(Self self, const Status& status) {
  auto& state = self->state;
  state.busy = false;
  if (status) {
    state.ready = true;
    release(state);
    logging::info("a target is ready", about(state, {"kind", state.options.kind}));
  } else {
    // The target may simply not be up yet, so look again soon at first, slowly later.
    const bool passing = status.error().code == engine::Errc::unavailable;
    hold(self, {status.error().what, std::nullopt, !passing}, state.newest_hold);
  }
  pump(self);
}

}  // namespace

TargetWorker::behavior_type target_worker(Self self, ServicesPtr services, OrganisationId organisation,
                                          TargetOptions options, Result<std::shared_ptr<TargetConnector>> connector) {
  auto& state = self->state;
  state.services = std::move(services);
  state.organisation = organisation;
  state.options = std::move(options);
  state.options.secrets.clear();
  if (connector) {
    state.connector = *std::move(connector);
  } else {
    state.held = connector.error().what;
    state.operator_needed = true;
    state.services->counters().targets_held.fetch_add(1, std::memory_order_relaxed);
    logging::warn("a target is held", about(state, {"reason", state.held}));
  }
  read_outbox(state);
  return {
      [self](const OwedItems& owed) {
        for (const auto& item : owed.items) enqueue(self->state, Item{item, 0, {}});
        pump(self);
      },
      [self](const ShardTable& table) {
        self->state.table = table;
        pump(self);
      },
      [self](ReportArrived& arrived) { take_report(self, arrived.flight, std::move(arrived.report)); },
      [self](const CheckDone& done) { take_check(self, done.status); },
      [self](WorkerRound) {
        self->state.round_at.reset();
        for (const auto& [number, records] : self->state.unconfirmed)
          if (self->state.resubmit.contains(number)) submit(self, number);
        self->state.resubmit.clear();
        pump(self);
      },
      [self](GatherOver) {
        self->state.gathering = false;
        self->state.gathered = true;
        pump(self);
        self->state.gathered = false;
      },
      [self](const ResultsDurable& durable) {
        if (durable.ok) {
          self->state.unconfirmed.erase(durable.number);
          if (auto told = self->state.when_durable.extract(durable.number); !told.empty()) told.mapped()();
          return;
        }
        self->state.resubmit.insert(durable.number);
        schedule(self, self->state.services->clock->now() + resubmit_after);
      },
      [self](const WorkerQuestion& question, const ReplyPort& port) {
        if (std::holds_alternative<ListTargets>(question.question))
          return port->complete(AdminAnswer{std::vector<TargetRow>{row_of(self->state)}});
        if (!self->state.connector) return port->complete(Error{engine::Errc::unavailable, self->state.held, "target"});
        self->state.syncs.push_back({std::get<SyncTarget>(question.question), port, {}});
        pump(self);
      },
      [self](const RetireTarget&) { self->quit(caf::exit_reason::user_shutdown); },
  };
}

}  // namespace leadlight::actors
