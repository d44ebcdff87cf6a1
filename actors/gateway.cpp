#include "actors/gateway.hpp"

#include "engine/hash.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"

#include <spdlog/spdlog.h>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <utility>

namespace leadlight::actors {

namespace {

using Self = GatewayActor::stateful_pointer<GatewayState>;
using engine::Errc;
using storage::Family;

// How long an answer given under an Idempotency-Key is remembered.
constexpr engine::Milliseconds idempotency_span = engine::day;
// How long after a trigger without a writeback its request counts as late (contract hg-live-scoring, C8).
constexpr engine::Milliseconds late_after{600'000};

void dispatch(Self self, std::size_t lane_index);

void settle(GatewayState& state, const std::shared_ptr<GatewayState::Pending>& pending) {
  if (--pending->open != 0) return;
  state.in_flight -= pending->records;
  state.in_flight_bytes -= pending->bytes;
  state.services->counters().records_in_flight.store(state.in_flight, std::memory_order_relaxed);
  if (!pending->idempotency_key.empty() && pending->failed) state.idempotency_under_way.erase(pending->idempotency_key);
  if (pending->failed) {
    pending->port->complete(*pending->failed);
  } else {
    pending->port->complete(std::move(pending->receipts));
  }
}

void fail_parts(GatewayState& state, std::vector<GatewayState::Part>& parts, const Error& error) {
  for (auto& part : parts) {
    part.pending->failed = error;
    settle(state, part.pending);
  }
  parts.clear();
}

void take_reply(Self self, std::size_t lane_index, std::vector<GatewayState::Part>& parts, BatchReply& reply) {
  auto& state = self->state;
  if (reply.receipts) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      auto& pending = *parts[i].pending;
      pending.receipts.receipts[parts[i].index] = std::move((*reply.receipts)[i]);
      settle(state, parts[i].pending);
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
  if (lane.busy || lane.records.empty()) return;
  lane.busy = true;
  RecordBatch batch;
  auto parts = std::make_shared<std::vector<GatewayState::Part>>();
  if (lane.records.size() <= state.limits.batch_records_max) {
    batch.records.swap(lane.records);
    parts->swap(lane.parts);
  } else {
    const auto count = static_cast<std::ptrdiff_t>(state.limits.batch_records_max);
    batch.records.assign(std::make_move_iterator(lane.records.begin()),
                         std::make_move_iterator(lane.records.begin() + count));
    lane.records.erase(lane.records.begin(), lane.records.begin() + count);
    parts->assign(std::make_move_iterator(lane.parts.begin()), std::make_move_iterator(lane.parts.begin() + count));
    lane.parts.erase(lane.parts.begin(), lane.parts.begin() + count);
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
  for (const auto& record : submission.records) {
    bytes += record.email.size() + record.request_id.size();
    if (const auto* event = std::get_if<engine::EngagementEvent>(&record.body))
      bytes += event->event_id.size() + event->properties.size();
  }
  return bytes;
}

std::optional<Reply> refusal_of(GatewayState& state, const Submission& submission, std::size_t bytes) {
  auto& counters = state.services->counters();
  if (!state.refusal.empty()) {
    counters.refused_low_space.fetch_add(1, std::memory_order_relaxed);
    return Error{Errc::unavailable, state.refusal, ""};
  }
  if (state.table.shards.empty()) return Error{Errc::unavailable, "the engine is starting", ""};
  const bool many = state.in_flight + submission.records.size() > state.limits.in_flight_max;
  const bool large = state.in_flight_bytes + bytes > state.limits.in_flight_bytes_max;
  if (state.in_flight != 0 && (many || large)) {
    counters.refused_overload.fetch_add(1, std::memory_order_relaxed);
    return Error{Errc::unavailable, "too many records are under way; send it again in a second", ""};
  }
  return std::nullopt;
}

void submit(Self self, Submission& submission, const ReplyPort& port) {
  auto& state = self->state;
  const auto bytes = bytes_of(submission);
  if (auto refusal = refusal_of(state, submission, bytes)) return port->complete(*std::move(refusal));
  if (submission.records.empty()) return port->complete(Receipts{});
  auto pending = std::make_shared<GatewayState::Pending>();
  if (submission.idempotency) {
    pending->idempotency_key = idempotency_key_of(submission);
    if (auto answer = idempotent_answer(state, submission, pending->idempotency_key))
      return port->complete(*std::move(answer));
    state.idempotency_under_way.insert(pending->idempotency_key);
  }
  pending->port = port;
  pending->records = submission.records.size();
  pending->open = pending->records;
  pending->bytes = bytes;
  pending->receipts.receipts.resize(pending->records);
  state.in_flight += pending->records;
  state.in_flight_bytes += bytes;
  state.services->counters().records_in_flight.store(state.in_flight, std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < submission.records.size(); ++i) {
    Record& record = submission.records[i];
    if (!record.email.empty()) {
      record.domain = state.domains.registrable(record.email);
      record.shard = engine::shard_of(record.lead, record.domain);
    }
    auto& lane = state.lanes[state.table.index_of(record.shard)];
    lane.records.push_back(std::move(record));
    lane.parts.push_back({pending, i});
  }
  for (std::size_t lane = 0; lane < state.lanes.size(); ++lane) dispatch(self, lane);
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

Reply request_view(const GatewayState& state, const RequestQuery& query) {
  auto bytes = state.services->store->get(Family::requests, query.request_id);
  if (!bytes) return bytes.error();
  const Error unknown{Errc::not_found, "no request with this id is known; requests are kept for seven days",
                      "request_id"};
  if (!bytes->has_value()) return unknown;
  auto status = storage::decode_request(**bytes);
  if (!status) return status.error();
  if (status->lead.organisation() != query.organisation) return unknown;
  RequestView view{query.request_id,   status->email,   status->source, status->accepted_at, status->scored_at,
                   status->written_at, status->outcome, status->score,  status->detail};
  const bool open = view.outcome == "accepted";
  if (open && state.services->clock->now() - view.accepted_at > late_after) view.outcome = "late";
  return view;
}

void set_table(Self self, const ShardTable& table) {
  auto& state = self->state;
  state.table = table;
  auto waiting = std::move(state.lanes);
  state.lanes.clear();
  state.lanes.resize(table.shards.size());
  for (auto& lane : waiting) {  // what had not been handed over yet goes to the new shards
    for (std::size_t i = 0; i < lane.records.size(); ++i) {
      auto& fresh = state.lanes[table.index_of(lane.records[i].shard)];
      fresh.records.push_back(std::move(lane.records[i]));
      fresh.parts.push_back(std::move(lane.parts[i]));
    }
  }
  for (std::size_t lane = 0; lane < state.lanes.size(); ++lane) dispatch(self, lane);
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

void ask_shard(Self self, const LeadQuery& query, const ReplyPort& port) {
  auto& state = self->state;
  if (state.table.shards.empty()) return port->complete(Error{Errc::unavailable, "the engine is starting", ""});
  const bool past = query.as_of.has_value() || std::holds_alternative<TimelineQuestion>(query.question);
  if (past) {
    if (state.desks.reader) self->send(state.desks.reader, query, port);
    return;
  }
  const LeadId id = engine::lead_id(query.organisation, query.email);
  const auto shard = engine::shard_of(id, state.domains.registrable(query.email));
  const bool receipt = std::holds_alternative<ReceiptQuestion>(query.question) && state.desks.reader;
  self->send(state.table.shards[state.table.index_of(shard)], query,
             receipt ? std::make_shared<ReceiptSink>(state.desks.reader, id, port) : port);
}

}  // namespace

GatewayActor::behavior_type gateway(Self self, ServicesPtr services, GatewayLimits limits, Committer committer,
                                    std::shared_ptr<Listeners> listeners) {
  self->state.services = std::move(services);
  self->state.limits = limits;
  self->state.committer = std::move(committer);
  self->state.listeners = std::move(listeners);
  return {
      [self](Submission& submission, const ReplyPort& port) { submit(self, submission, port); },
      [self](const RememberAnswer& answer, const ReplyPort& port) { remember(self, answer, port); },
      [self](const LeadQuery& query, const ReplyPort& port) { ask_shard(self, query, port); },
      [self](const LeadsQuery& query, const ReplyPort& port) {
        if (self->state.desks.reader) self->send(self->state.desks.reader, query, port);
      },
      [self](const RequestQuery& query, const ReplyPort& port) { port->complete(request_view(self->state, query)); },
      [self](const AdminRequest& request, const ReplyPort& port) {
        if (self->state.desks.administrator) self->send(self->state.desks.administrator, request, port);
      },
      [self](const ShardTable& table) { set_table(self, table); },
      [self](const SpaceNotice& notice) {
        if (notice.refusal != self->state.refusal) {
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
