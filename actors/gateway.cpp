#include "actors/gateway.hpp"

#include "actors/request_status.hpp"
#include "actors/source_board.hpp"
#include "engine/hash.hpp"
#include "engine/identity.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"

#include <spdlog/spdlog.h>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace leadlight::actors {

namespace {

using Self = GatewayActor::stateful_pointer<GatewayState>;
using engine::Errc;
using storage::Family;

// How long an answer given under an Idempotency-Key is remembered.
constexpr engine::Milliseconds idempotency_span = engine::day;

void dispatch(Self self, std::size_t lane_index);

void count_admission(const GatewayState& state) {
  auto& counters = state.services->counters();
  counters.records_in_flight.store(state.admission->records(), std::memory_order_relaxed);
  counters.records_in_flight_max.store(state.admission->limit(), std::memory_order_relaxed);
}

void settle(GatewayState& state, const std::shared_ptr<GatewayState::Pending>& pending) {
  if (--pending->open != 0) return;
  state.admission->done(pending->ticket, std::chrono::steady_clock::now());
  count_admission(state);
  if (!pending->idempotency_key.empty() && pending->failed) state.idempotency_under_way.erase(pending->idempotency_key);
  if (pending->failed) {
    pending->port->complete(*pending->failed);
  } else {
    pending->port->complete(std::move(pending->receipts));
  }
}

// Calls whoever waits for submissions that are all durable by now.
void run_drains(GatewayState& state) {
  const auto oldest = state.with_open_records.empty() ? state.admitted + 1 : *state.with_open_records.begin();
  const auto waits = [oldest](const auto& drain) { return drain.first >= oldest; };
  const auto over = std::stable_partition(state.drains.begin(), state.drains.end(), waits);
  std::vector<std::pair<std::uint64_t, std::function<void()>>> due{std::make_move_iterator(over),
                                                                   std::make_move_iterator(state.drains.end())};
  state.drains.erase(over, state.drains.end());
  for (const auto& drain : due) drain.second();
}

void settle_record(GatewayState& state, const std::shared_ptr<GatewayState::Pending>& pending) {
  if (--pending->open_records == 0) {
    state.with_open_records.erase(pending->number);
    run_drains(state);
  }
  settle(state, pending);
}

void fail_parts(GatewayState& state, std::vector<GatewayState::Part>& parts, const Error& error) {
  for (auto& part : parts) {
    part.pending->failed = error;
    settle_record(state, part.pending);
  }
  parts.clear();
}

void take_reply(Self self, std::size_t lane_index, std::vector<GatewayState::Part>& parts, BatchReply& reply) {
  auto& state = self->state;
  if (reply.receipts) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      auto& pending = *parts[i].pending;
      pending.receipts.receipts[parts[i].index] = std::move((*reply.receipts)[i]);
      settle_record(state, parts[i].pending);
    }
  } else {
    fail_parts(state, parts, Error{Errc::unavailable, "the record could not be made durable; send it again", ""});
  }
  if (lane_index < state.lanes.size()) {
    state.lanes[lane_index].busy = false;
    dispatch(self, lane_index);
  }
}

void dispatch(Self self, std::size_t lane_index) {
  auto& state = self->state;
  auto& lane = state.lanes[lane_index];
  if (lane.busy || lane.queue.empty()) return;
  lane.busy = true;
  // A short batch keeps short what the next one waits for, whoever it is of, and costs a sync more often.
  const bool shared = lane.queue.organisations() > 1 || state.admission->refusing();
  auto next = lane.queue.take(shared ? state.limits.shared_batch_records_max : state.limits.batch_records_max);
  RecordBatch batch;
  auto parts = std::make_shared<std::vector<GatewayState::Part>>();
  batch.records.reserve(next.size());
  parts->reserve(next.size());
  for (auto& [record, part] : next) {
    batch.records.push_back(std::move(record));
    parts->push_back(std::move(part));
  }
  self->request(state.table.shards[lane_index], caf::infinite, std::move(batch))
      .then([self, lane_index, parts](BatchReply& reply) { take_reply(self, lane_index, *parts, reply); },
            [self, lane_index, parts](const caf::error&) {
              BatchReply down{Error{Errc::unavailable, "the shard is being started again", ""}};
              take_reply(self, lane_index, *parts, down);
            });
}

std::string idempotency_key_of(const Submission& submission) {
  return std::string{storage::keys::idempotency(submission.organisation, submission.idempotency->key_high,
                                                submission.idempotency->key_low)};
}

// An answer that is already decided by the Idempotency-Key, if so.
std::optional<Reply> idempotent_answer(GatewayState& state, const Submission& submission, const std::string& key) {
  if (state.idempotency_under_way.contains(key))
    return Error{Errc::conflict, "a request with this Idempotency-Key is still in progress", "Idempotency-Key"};
  auto bytes = state.services->store->get(Family::idempotency, key);
  if (!bytes) return bytes.error();
  if (!bytes->has_value()) return std::nullopt;
  auto entry = storage::decode_idempotency(**bytes);
  if (!entry) return entry.error();
  if (entry->until <= state.services->clock->now()) return std::nullopt;
  if (entry->body_hash != submission.idempotency->body_hash)
    return Error{Errc::unprocessable, "this Idempotency-Key was used with another body; use a new key",
                 "Idempotency-Key"};
  return Replayed{entry->status, entry->answer};
}

// What a submission's records hold beside themselves.
std::size_t bytes_of(const Submission& submission) {
  std::size_t bytes = 0;
  for (const auto& [a, b] : submission.links) bytes += a.size() + b.size();
  for (const auto& record : submission.records) {
    bytes += record.email.size() + record.request_id.size();
    if (const auto* event = std::get_if<engine::EngagementEvent>(&record.body))
      bytes += event->event_id.size() + event->properties.size();
    if (const auto* change = std::get_if<engine::AttributeChange>(&record.body))
      for (const auto& attribute : change->attributes) bytes += attribute.name.size() + attribute.value.size();
  }
  return bytes;
}

std::optional<Reply> refusal_of(GatewayState& state) {
  auto& counters = state.services->counters();
  if (!state.refusal.empty()) {
    counters.refused_low_space.fetch_add(1, std::memory_order_relaxed);
    return Error{Errc::unavailable, state.refusal, ""};
  }
  if (state.table.shards.empty()) return Error{Errc::unavailable, "the engine is starting", ""};
  return std::nullopt;
}

// False: too many records are under way, and it says so.
bool admit(GatewayState& state, const Submission& submission, GatewayState::Pending& pending, const ReplyPort& port) {
  auto ticket = state.admission->admit(submission.organisation, submission.records.size() + submission.links.size(),
                                       bytes_of(submission), std::chrono::steady_clock::now());
  count_admission(state);
  if (!ticket) {
    state.services->counters().refused_overload.fetch_add(1, std::memory_order_relaxed);
    port->complete(Error{Errc::unavailable, "too many records are under way; send it again in a second", ""});
    return false;
  }
  pending.ticket = *ticket;
  return true;
}

// Whether the record is about a person that other ids may stand for. Results of targets belong to the lead they were
// sent for.
bool names_a_person(const Record& record) {
  return !record.email.empty() && !std::holds_alternative<engine::WritebackResult>(record.body);
}

// Joins what the submission links, and points every record to the lead that its identity belongs to.
Status resolve_identities(GatewayState& state, Submission& submission) {
  for (const auto& [a, b] : submission.links) {
    auto joined = state.aliases->join(submission.organisation, a, b);
    if (!joined) return joined.error();
    if (joined->has_value()) state.joins->add(submission.organisation, **joined);
  }
  state.services->counters().joins_left_out.store(state.aliases->left_out(), std::memory_order_relaxed);
  for (auto& record : submission.records) {
    if (!names_a_person(record)) continue;
    auto identity = state.aliases->canonical(submission.organisation, record.email);
    if (!identity) return identity.error();
    if (*identity == record.email) continue;
    record.lead = engine::lead_id(submission.organisation, *identity);
    record.email = *std::move(identity);
  }
  return engine::Ok{};
}

// Triggers of an organisation with activity sources wait for them: the record says so, and so the fold knows it. What
// the administration asks for again (a dead letter) does not.
void defer_triggers(const GatewayState& state, Submission& submission) {
  const auto& board = state.services->sources;
  if (!board || !board->has_sources(submission.organisation)) return;
  for (auto& record : submission.records) {
    if (record.surface != engine::Surface::hg_live) continue;
    if (auto* trigger = std::get_if<engine::Trigger>(&record.body))
      record.body = engine::FetchOwed{std::move(trigger->source)};
  }
}

// Hands records, whose leads are settled, to their shards as parts of `pending`.
void enter_lanes(Self self, std::vector<Record>& records, const std::shared_ptr<GatewayState::Pending>& pending) {
  auto& state = self->state;
  pending->number = ++state.admitted;
  pending->open_records = records.size();
  if (!records.empty()) state.with_open_records.insert(pending->number);
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    Record& record = records[i];
    if (!record.email.empty()) {
      const bool address = engine::kind_of(record.email) == engine::IdentityKind::email;
      record.domain = address ? state.domains.registrable(record.email) : std::string{};
      record.shard = engine::shard_of(record.lead, record.domain);
    }
    auto& lane = state.lanes[state.table.index_of(record.shard)];
    const auto organisation = record.lead.organisation();
    lane.queue.push(organisation, {std::move(record), {pending, i}});
  }
  for (std::size_t lane = 0; lane < state.lanes.size(); ++lane) dispatch(self, lane);
}

// A submission with links is answered once every join of its organisation is durable: an earlier one may be its own.
void await_joins(Self self, const std::shared_ptr<GatewayState::Pending>& pending) {
  if (pending->open == pending->open_records) return;
  self->state.joins->settle(pending->ticket.organisation, [self, pending](const Status& durable) {
    if (!durable) pending->failed = durable.error();
    settle(self->state, pending);
  });
}

// Where the end of the joins' own records is told.
class JoinSink final : public ReplySink {
 public:
  explicit JoinSink(Joins::Done done) : done_(std::move(done)) {}
  void complete(Reply reply) override {
    const auto* error = std::get_if<Error>(&reply);
    done_(error == nullptr ? Status{engine::Ok{}} : Status{*error});
  }

 private:
  Joins::Done done_;
};

Joins::Doors doors_of(Self self) {
  Joins::Doors doors;
  doors.commit = [self](storage::Batch batch, Joins::Done done) {
    self->request(self->state.committer, caf::infinite, Commit{std::move(batch), 0})
        .then([done](const engine::Status& committed) { done(committed); },
              [done](const caf::error&) {
                done(Error{Errc::unavailable, "the committer is down", ""});
              });
  };
  doors.submit = [self](std::vector<Record> records, Joins::Done done) {
    auto pending = std::make_shared<GatewayState::Pending>();
    pending->port = std::make_shared<JoinSink>(std::move(done));
    pending->open = records.size();
    pending->receipts.receipts.resize(records.size());
    const auto organisation = records.empty() ? OrganisationId{} : records.front().lead.organisation();
    pending->ticket = self->state.admission->enter(organisation, records.size(), 0, std::chrono::steady_clock::now());
    enter_lanes(self, records, pending);
  };
  doors.when_drained = [self](std::function<void()> drained) {
    self->state.drains.emplace_back(self->state.admitted, std::move(drained));
    run_drains(self->state);
  };
  return doors;
}

void submit(Self self, Submission& submission, const ReplyPort& port) {
  auto& state = self->state;
  if (auto refusal = refusal_of(state)) return port->complete(*std::move(refusal));
  if (submission.records.empty() && submission.links.empty()) return port->complete(Receipts{});
  auto pending = std::make_shared<GatewayState::Pending>();
  if (submission.idempotency) {
    pending->idempotency_key = idempotency_key_of(submission);
    if (auto answer = idempotent_answer(state, submission, pending->idempotency_key))
      return port->complete(*std::move(answer));
  }
  if (!admit(state, submission, *pending, port)) return;
  if (submission.idempotency) state.idempotency_under_way.insert(pending->idempotency_key);
  if (auto resolved = resolve_identities(state, submission); !resolved) {
    if (submission.idempotency) state.idempotency_under_way.erase(pending->idempotency_key);
    state.admission->done(pending->ticket, std::chrono::steady_clock::now());
    return port->complete(resolved.error());
  }
  defer_triggers(state, submission);
  pending->port = port;
  pending->open = submission.records.size() + (submission.links.empty() ? 0 : 1);
  pending->receipts.receipts.resize(submission.records.size());
  enter_lanes(self, submission.records, pending);
  await_joins(self, pending);
}

void remember(Self self, const RememberAnswer& answer, const ReplyPort& port) {
  auto& state = self->state;
  const std::string key{
      storage::keys::idempotency(answer.organisation, answer.idempotency.key_high, answer.idempotency.key_low)};
  Commit commit;
  commit.batch.put(Family::idempotency, key,
                   encode(storage::IdempotencyEntry{state.services->clock->now() + idempotency_span,
                                                    answer.idempotency.body_hash, answer.status, answer.answer}));
  const auto done = [self, key, port](const engine::Status& committed) {
    self->state.idempotency_under_way.erase(key);
    port->complete(committed ? Reply{engine::Ok{}} : Reply{committed.error()});
  };
  self->request(state.committer, caf::infinite, std::move(commit)).then(done, [done](const caf::error&) {
    done(Error{Errc::unavailable, "the committer is down", ""});
  });
}

void find_request(const GatewayState& state, const RequestQuery& query, const ReplyPort& port) {
  auto view = request_view(*state.services, query);
  const auto* error = std::get_if<Error>(&view);
  const bool unknown = error != nullptr && error->code == Errc::not_found;
  if (const auto spool = unknown ? state.services->switchboard->spool() : nullptr) return spool->find(query, port);
  port->complete(std::move(view));
}

void set_table(Self self, const ShardTable& table) {
  auto& state = self->state;
  state.table = table;
  auto waiting = std::move(state.lanes);
  state.lanes.clear();
  state.lanes.resize(table.shards.size());
  for (auto& lane : waiting) {  // what had not been handed over yet goes to the new shards
    for (auto& [record, part] : lane.queue.take(lane.queue.size())) {
      auto& fresh = state.lanes[table.index_of(record.shard)];
      const auto organisation = record.lead.organisation();
      fresh.queue.push(organisation, {std::move(record), std::move(part)});
    }
  }
  for (std::size_t lane = 0; lane < state.lanes.size(); ++lane) dispatch(self, lane);
  if (auto resumed = state.joins->resume(); !resumed)
    spdlog::error("joins of ids that were under way cannot be read: {}", resumed.error().what);
  if (state.listeners) state.listeners->open();
}

// Sends a shard's receipt on to the reader, which adds the events' ids: a shard does not read the log for one answer.
class ReceiptSink final : public ReplySink {
 public:
  ReceiptSink(Reader reader, LeadId lead, ReplyPort port)
      : reader_(std::move(reader)), lead_(lead), port_(std::move(port)) {}
  void complete(Reply reply) override {
    auto* view = std::get_if<ReceiptView>(&reply);
    if (view == nullptr) return port_->complete(std::move(reply));
    caf::anon_send(reader_, ReceiptInWork{lead_, std::move(*view)}, port_);
  }

 private:
  Reader reader_;
  LeadId lead_;
  ReplyPort port_;
};

void ask_shard(Self self, LeadQuery query, const ReplyPort& port) {
  auto& state = self->state;
  if (state.table.shards.empty()) return port->complete(Error{Errc::unavailable, "the engine is starting", ""});
  auto identity = state.aliases->canonical(query.organisation, query.email);
  if (!identity) return port->complete(identity.error());
  query.email = *std::move(identity);
  const bool past = query.as_of.has_value() || std::holds_alternative<TimelineQuestion>(query.question) ||
                    std::holds_alternative<ProfileQuestion>(query.question);
  if (past) {
    if (state.desks.reader) self->send(state.desks.reader, query, port);
    return;
  }
  const LeadId id = engine::lead_id(query.organisation, query.email);
  const bool address = engine::kind_of(query.email) == engine::IdentityKind::email;
  const auto shard = engine::shard_of(id, address ? state.domains.registrable(query.email) : std::string{});
  const bool receipt = std::holds_alternative<ReceiptQuestion>(query.question) && state.desks.reader;
  self->send(state.table.shards[state.table.index_of(shard)], query,
             receipt ? std::make_shared<ReceiptSink>(state.desks.reader, id, port) : port);
}

}  // namespace

GatewayActor::behavior_type gateway(Self self, ServicesPtr services, GatewayLimits limits, Committer committer,
                                    std::shared_ptr<Listeners> listeners) {
  self->state.services = std::move(services);
  self->state.limits = limits;
  self->state.admission.emplace(
      AdmissionLimits{.records_max = limits.in_flight_max, .bytes_max = limits.in_flight_bytes_max},
      self->state.services->switchboard->crowd);
  self->state.committer = std::move(committer);
  self->state.listeners = std::move(listeners);
  self->state.aliases = std::make_unique<Aliases>(*self->state.services->store);
  self->state.joins = std::make_unique<Joins>(self->state.services, *self->state.aliases, doors_of(self));
  return {
      [self](Submission& submission, const ReplyPort& port) { submit(self, submission, port); },
      [self](const RememberAnswer& answer, const ReplyPort& port) { remember(self, answer, port); },
      [self](const LeadQuery& query, const ReplyPort& port) { ask_shard(self, query, port); },
      [self](const LeadsQuery& query, const ReplyPort& port) {
        if (self->state.desks.reader) self->send(self->state.desks.reader, query, port);
      },
      [self](const ChangedLeadsQuery& query, const ReplyPort& port) {
        if (self->state.desks.reader) self->send(self->state.desks.reader, query, port);
      },
      [self](const RequestQuery& query, const ReplyPort& port) { find_request(self->state, query, port); },
      [self](const AdminRequest& request, const ReplyPort& port) {
        if (self->state.desks.administrator) self->send(self->state.desks.administrator, request, port);
      },
      [self](const ShardTable& table) { set_table(self, table); },
      [self](const SpaceNotice& notice) {
        if (notice.refusal.empty() != self->state.refusal.empty()) {  // its words change with every MiB
          if (notice.refusal.empty()) {
            spdlog::info("disk space is back above the low-water mark; records are admitted again");
          } else {
            spdlog::error("records are refused: {}", notice.refusal);
          }
        }
        self->state.refusal = notice.refusal;
      },
      [self](const Desks& desks) { self->state.desks = desks; },
  };
}

}  // namespace leadlight::actors
