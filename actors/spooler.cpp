#include "actors/spooler.hpp"

#include "actors/request_status.hpp"
#include "engine/hash.hpp"
#include "storage/codec/codec.hpp"

#include <spdlog/spdlog.h>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <span>

namespace leadlight::actors {

namespace {

using Self = Spooler::stateful_pointer<SpoolerState>;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using storage::SpooledSubmission;

constexpr milliseconds round_max{100};
constexpr milliseconds pause_min{100};
constexpr milliseconds pause_max{2'000};
constexpr milliseconds open_again{1'000};
constexpr milliseconds complain_again{10'000};
constexpr std::size_t forward_records_max = 1'000;
constexpr std::size_t stale_requests_max = 1'024;
constexpr std::uint64_t request_hash_key = 0x73706F6F6C303031;  // "spool001"

// Tells the operator; the same words at most every ten seconds.
void complain(SpoolerState& state, const std::string& what) {
  const auto now = steady_clock::now();
  if (what == state.complaint && now - state.complained_at < complain_again) return;
  state.complaint = what;
  state.complained_at = now;
  spdlog::error("spool: {}", what);
}

// Tells that the spool is in use, or empty again: each at most every ten seconds, for an engine on the edge of its
// load.
void announce(SpoolerState& state, bool in_use) {
  const auto now = steady_clock::now();
  if (state.told_in_use == in_use || now - state.told_at < complain_again) return;
  state.told_in_use = in_use;
  state.told_at = now;
  if (in_use)
    spdlog::warn(
        "spool: the engine is slow or refuses; submissions of senders that never retry are kept, and forwarded");
  else
    spdlog::info("spool: everything that was kept is forwarded");
}

void show(SpoolerState& state) {
  auto& counters = state.services->counters();
  counters.spool_pending.store(state.spool ? state.spool->pending() : 0, std::memory_order_relaxed);
  counters.spool_bytes.store(state.spool ? state.spool->bytes() : 0, std::memory_order_relaxed);
  counters.spool_bytes_max.store(state.settings.options.bytes_max, std::memory_order_relaxed);
}

std::uint64_t hash_of(std::string_view request_id) {
  return engine::siphash(request_hash_key, 0, request_id) | 1U;  // never 0
}

const Record* trigger_in(const std::vector<Record>& records) {
  const auto at = std::find_if(records.begin(), records.end(), [](const Record& record) {
    return std::holds_alternative<engine::Trigger>(record.body);
  });
  return at == records.end() ? nullptr : &*at;
}

Result<SpooledSubmission> entry_of(const SpoolerState& state, std::uint64_t sequence) {
  auto bytes = state.spool->read(sequence);
  if (!bytes) return bytes.error();
  return storage::decode_spooled(*bytes);
}

// An entry that cannot be brought home: told, counted, removed.
void give_up(SpoolerState& state, std::uint64_t sequence, const std::string& why) {
  spdlog::error("spool: entry {} is lost: {}", sequence, why);
  state.services->counters().spool_damaged.fetch_add(1, std::memory_order_relaxed);
  state.spool->remove({&sequence, 1});
}

bool open_spool(SpoolerState& state) {
  if (state.spool) return true;
  if (steady_clock::now() < state.open_at) return false;
  auto opened = storage::Spool::open(state.settings.directory, state.settings.options);
  if (!opened) {
    state.open_at = steady_clock::now() + open_again;
    complain(state, opened.error().what + "; until this is mended nothing is spooled, and senders are told 503");
    return false;
  }
  state.spool = *std::move(opened);
  for (const auto& finding : state.spool->findings()) spdlog::warn("spool: {}", finding);
  state.services->counters().spool_damaged.fetch_add(state.spool->damaged(), std::memory_order_relaxed);
  std::vector<std::pair<std::uint64_t, std::string>> lost;
  for (auto at = state.spool->next(0); at; at = state.spool->next(*at)) {
    const auto entry = entry_of(state, *at);
    if (!entry && entry.error().code == engine::Errc::corrupt) {
      lost.emplace_back(*at, entry.error().what);
    } else if (const auto* trigger = entry ? trigger_in(entry->records) : nullptr) {
      state.by_request.emplace(hash_of(trigger->request_id), *at);
    }
  }
  for (const auto& [sequence, why] : lost) give_up(state, sequence, why);
  if (state.spool->pending() > 0) spdlog::info("spool: {} submissions are to be forwarded", state.spool->pending());
  return true;
}

// ---- in
// ----------------------------------------------------------------------------------------------------------------

void refuse(SpoolerState& state, const ReplyPort& port, const std::string& why) {
  state.services->counters().spool_refused.fetch_add(1, std::memory_order_relaxed);
  complain(state, "a submission is refused: " + why);
  port->complete(Error{engine::Errc::unavailable,
                       "the request can neither be taken now nor kept until it can; send it again later", ""});
}

void spool_it(Self self, SpoolIt& it) {
  auto& state = self->state;
  if (!open_spool(state)) return refuse(state, it.port, "the spool cannot be opened");
  SpoolerState::Waiting waiting;
  waiting.port = std::move(it.port);
  waiting.guard = it.guard;
  waiting.receipts.durability = Durability::local;
  for (const auto& record : it.submission.records)
    waiting.receipts.receipts.push_back({engine::Outcome::counted, record.request_id});
  if (const auto* trigger = trigger_in(it.submission.records)) waiting.request = hash_of(trigger->request_id);
  const SpooledSubmission entry{it.submission.organisation, std::move(it.submission.records),
                                std::move(it.submission.links)};
  const auto sequence = state.spool->append(encode(entry));
  if (!sequence) return refuse(state, waiting.port, sequence.error().what);
  waiting.sequence = *sequence;
  if (waiting.guard != 0) {
    state.held[waiting.guard] = *sequence;
    state.held_sequences.insert(*sequence);
  }
  // The flush queues up behind what waits already, so all of that joins this sync.
  if (state.waiting.empty()) self->send(self, SpoolFlush{});
  state.waiting.push_back(std::move(waiting));
}

void let_go(SpoolerState& state, std::uint64_t guard) {
  const auto held = state.held.find(guard);
  if (held == state.held.end()) return;
  state.held_sequences.erase(held->second);
  state.held.erase(held);
}

void flush(SpoolerState& state) {
  if (state.waiting.empty()) return;
  auto waiting = std::exchange(state.waiting, {});
  if (state.spool->pending() == 0) announce(state, true);
  const auto synced = state.spool->sync();
  for (auto& one : waiting) {
    if (!synced) {
      let_go(state, one.guard);
      refuse(state, one.port, synced.error().what);
      continue;
    }
    if (one.request != 0) state.by_request[one.request] = one.sequence;
    state.services->counters().spooled.fetch_add(1, std::memory_order_relaxed);
    one.port->complete(std::move(one.receipts));
  }
  show(state);
}

// ---- out
// ---------------------------------------------------------------------------------------------------------------

void forget_requests(SpoolerState& state) {
  if (state.by_request.size() <= 2 * state.spool->pending() + stale_requests_max) return;
  std::erase_if(state.by_request,
                [&](const auto& known) { return state.spool->next(known.second - 1) != known.second; });
}

void finish(SpoolerState& state, std::span<const std::uint64_t> sequences) {
  state.spool->remove(sequences);
  state.services->counters().spool_forwarded.fetch_add(sequences.size(), std::memory_order_relaxed);
  forget_requests(state);
  show(state);
  if (state.spool->pending() == 0) announce(state, false);
}

// A trigger that was acknowledged under its own id and joined another: what became of it is asked by its own id.
void stage_joined(SpoolerState& state, std::uint64_t sequence, std::span<const Receipt> receipts, Commit& commit) {
  const bool any =
      std::any_of(receipts.begin(), receipts.end(), [](const auto& one) { return !one.request_id.empty(); });
  if (!any) return;
  const auto entry = entry_of(state, sequence);
  if (!entry) return;
  for (std::size_t i = 0; i < std::min(receipts.size(), entry->records.size()); ++i) {
    const auto& record = entry->records[i];
    const auto* trigger = std::get_if<engine::Trigger>(&record.body);
    if (trigger == nullptr || receipts[i].request_id.empty() || receipts[i].request_id == record.request_id) continue;
    storage::RequestStatus status;
    status.until = record.received_at + state.services->request_retention;
    status.lead = record.lead;
    status.email = record.email;
    status.source = trigger->source;
    status.accepted_at = record.received_at;
    status.outcome = std::string{joined_outcome};
    status.detail = receipts[i].request_id;
    commit.batch.put(storage::Family::requests, record.request_id, encode(status));
  }
}

// Removes the entries once what the store must know of them is durable; `then` is told whether they are gone.
void settle(Self self, std::vector<std::uint64_t> sequences, Commit commit, const std::function<void(bool)>& then) {
  if (commit.batch.empty()) {
    finish(self->state, sequences);
    return then(true);
  }
  self->request(self->state.committer, caf::infinite, std::move(commit))
      .then(
          [self, sequences = std::move(sequences), then](const Status& committed) {
            if (committed) finish(self->state, sequences);
            then(committed.ok());
          },
          [then](const caf::error&) { then(false); });
}

class ForwardSink final : public ReplySink {
 public:
  explicit ForwardSink(Spooler spooler) : spooler_(std::move(spooler)) {}
  ForwardSink(const ForwardSink&) = delete;
  ForwardSink& operator=(const ForwardSink&) = delete;
  ~ForwardSink() override { complete(Error{engine::Errc::unavailable, "nothing answered", ""}); }
  void complete(Reply reply) override {
    if (!done_.exchange(true)) caf::anon_send(spooler_, Forwarded{std::move(reply)});
  }

 private:
  Spooler spooler_;
  std::atomic<bool> done_{false};
};

// Forwarded before, in a life that ended before the entry was removed.
bool is_known(const SpoolerState& state, const SpooledSubmission& entry) {
  if (entry.records.size() != 1 || trigger_in(entry.records) == nullptr) return false;
  const auto row = state.services->store->get(storage::Family::requests, entry.records.front().request_id);
  return row && row->has_value();
}

// The next entries, in order, of one organisation. What needs no forwarding is removed here.
Submission gather(SpoolerState& state) {
  Submission submission;
  std::vector<std::uint64_t> known;
  for (auto at = state.spool->next(0); at; at = state.spool->next(*at)) {
    if (state.held_sequences.contains(*at)) continue;
    auto entry = entry_of(state, *at);
    if (!entry && entry.error().code != engine::Errc::corrupt) {
      complain(state, entry.error().what + "; it is tried again");
      break;
    }
    if (!entry) {
      give_up(state, *at, entry.error().what);
      continue;
    }
    if (is_known(state, *entry)) {
      known.push_back(*at);
      continue;
    }
    const bool first = state.under_way.empty();
    const bool fits = submission.records.size() + entry->records.size() <= state.forward_max;
    if (!first && (!fits || entry->organisation != submission.organisation)) break;
    submission.organisation = entry->organisation;
    state.under_way.push_back({*at, entry->records.size()});
    std::move(entry->records.begin(), entry->records.end(), std::back_inserter(submission.records));
    std::move(entry->links.begin(), entry->links.end(), std::back_inserter(submission.links));
  }
  if (!known.empty()) finish(state, known);
  return submission;
}

void forward(Self self) {
  auto& state = self->state;
  if (!state.spool || !state.under_way.empty() || steady_clock::now() < state.forward_at) return;
  const auto gateway = state.services->switchboard->gateway();
  if (!gateway || state.spool->pending() == 0) return;
  auto submission = gather(state);
  if (state.under_way.empty()) return;
  caf::anon_send(gateway, std::move(submission),
                 ReplyPort{std::make_shared<ForwardSink>(caf::actor_cast<Spooler>(self))});
}

void try_later(SpoolerState& state) {
  state.under_way.clear();
  state.forward_max = std::max<std::size_t>(state.forward_max / 2, 1);
  state.pause = std::clamp(2 * state.pause, pause_min, pause_max);
  state.forward_at = steady_clock::now() + state.pause;
}

// An answer that no repetition changes: alone, the entry is given up; among others it is looked for, one by one.
void take_refusal(SpoolerState& state, const Error& error) {
  if (state.under_way.size() == 1) give_up(state, state.under_way.front().sequence, error.what);
  state.under_way.clear();
  state.forward_max = 1;
  show(state);
}

void take_answer(Self self, const Reply& reply) {
  auto& state = self->state;
  if (refuses_for_now(reply)) return try_later(state);
  if (const auto* error = std::get_if<Error>(&reply)) return take_refusal(state, *error);
  std::vector<std::uint64_t> sequences;
  Commit commit;
  const auto* receipts = std::get_if<Receipts>(&reply);
  std::span<const Receipt> left;
  if (receipts != nullptr) left = receipts->receipts;
  for (const auto& [sequence, records] : state.under_way) {
    sequences.push_back(sequence);
    const auto own = left.first(std::min(records, left.size()));
    left = left.subspan(own.size());
    stage_joined(state, sequence, own, commit);
  }
  settle(self, std::move(sequences), std::move(commit), [self](bool gone) {
    if (!gone) return try_later(self->state);
    self->state.under_way.clear();
    self->state.pause = milliseconds{0};
    self->state.forward_max = std::min(2 * self->state.forward_max, forward_records_max);
    forward(self);
  });
}

// What had been too slow has ended: in the log it needs no forwarding; refused it does.
void road_answered(Self self, const RoadAnswered& answered) {
  auto& state = self->state;
  flush(state);  // what is held may still wait for its sync
  const auto held = state.held.find(answered.guard);
  if (held == state.held.end() || !state.spool) return;
  const auto sequence = held->second;
  if (std::holds_alternative<Error>(answered.reply)) return let_go(state, answered.guard);
  Commit commit;
  if (const auto* receipts = std::get_if<Receipts>(&answered.reply))
    stage_joined(state, sequence, receipts->receipts, commit);
  settle(self, {sequence}, std::move(commit), [self, guard = answered.guard](bool) { let_go(self->state, guard); });
}

void round(Self self) {
  auto& state = self->state;
  (void)open_spool(state);
  for (auto& late : state.door->overdue(steady_clock::now())) spool_it(self, late);
  forward(self);
  show(state);
  self->delayed_send(self, std::clamp(state.door->wait() / 4, milliseconds{5}, round_max), SpoolRound{});
}

Reply find(const SpoolerState& state, const RequestQuery& query) {
  const auto known = state.by_request.find(hash_of(query.request_id));
  if (known != state.by_request.end() && state.spool) {
    const auto entry = entry_of(state, known->second);
    const auto* trigger = entry ? trigger_in(entry->records) : nullptr;
    if (trigger != nullptr && trigger->request_id == query.request_id && entry->organisation == query.organisation) {
      RequestView view;
      view.request_id = query.request_id;
      view.email = trigger->email;
      view.source = std::get<engine::Trigger>(trigger->body).source;
      view.accepted_at = trigger->received_at;
      view.outcome = "accepted";
      view.durability = Durability::local;
      return view;
    }
  }
  return request_view(*state.services, query);  // it may have gone to the log since the gateway looked
}

}  // namespace

Spooler::behavior_type spooler(Self self, ServicesPtr services, Committer committer, SpoolSettings settings,
                               std::shared_ptr<SpoolDoor> door) {
  auto& state = self->state;
  state.services = std::move(services);
  state.committer = std::move(committer);
  state.settings = std::move(settings);
  state.door = std::move(door);
  self->send(self, SpoolRound{});
  return {
      [self](SpoolIt& it) { spool_it(self, it); },
      [self](const RoadAnswered& answered) { road_answered(self, answered); },
      [self](SpoolFlush) { flush(self->state); },
      [self](SpoolRound) { round(self); },
      [self](const Forwarded& forwarded) { take_answer(self, forwarded.reply); },
      [self](const RequestQuery& query, const ReplyPort& port) { port->complete(find(self->state, query)); },
  };
}

}  // namespace leadlight::actors
