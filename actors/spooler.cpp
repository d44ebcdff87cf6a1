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
constexpr std::size_t forward_parts_max = 1'000;
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

void remove(SpoolerState& state, OrganisationId organisation, std::span<const std::uint64_t> sequences) {
  state.spool->remove(sequences);
  const auto lane = state.lanes.find(organisation);
  if (lane == state.lanes.end()) return;
  for (const auto sequence : sequences) lane->second.entries.erase(sequence);
  if (lane->second.entries.empty()) state.lanes.erase(lane);
}

// An entry that cannot be brought home: told, counted, removed.
void give_up(SpoolerState& state, OrganisationId organisation, std::uint64_t sequence, const std::string& why) {
  spdlog::error("spool: entry {} is lost: {}", sequence, why);
  state.services->counters().spool_damaged.fetch_add(1, std::memory_order_relaxed);
  remove(state, organisation, {&sequence, 1});
}

// Reads what is there into the lanes. Errors: io_error (an entry cannot be read now).
Status sort_entries(SpoolerState& state) {
  std::vector<std::pair<std::uint64_t, std::string>> lost;
  for (auto at = state.spool->next(0); at; at = state.spool->next(*at)) {
    const auto entry = entry_of(state, *at);
    if (!entry && entry.error().code != engine::Errc::corrupt) return entry.error();
    if (!entry) {
      lost.emplace_back(*at, entry.error().what);
      continue;
    }
    state.lanes[entry->organisation].entries.insert(*at);
    if (const auto* trigger = trigger_in(entry->records)) state.by_request.emplace(hash_of(trigger->request_id), *at);
  }
  for (const auto& [sequence, why] : lost) give_up(state, {}, sequence, why);
  return engine::Ok{};
}

bool fail_to_open(SpoolerState& state, const Error& error) {
  state.spool.reset();
  state.lanes.clear();
  state.open_at = steady_clock::now() + open_again;
  complain(state, error.what + "; until this is mended nothing is spooled, and senders are told 503");
  return false;
}

bool open_spool(SpoolerState& state) {
  if (state.spool) return true;
  if (steady_clock::now() < state.open_at) return false;
  auto opened = storage::Spool::open(state.settings.directory, state.settings.options);
  if (!opened) return fail_to_open(state, opened.error());
  state.spool = *std::move(opened);
  for (const auto& finding : state.spool->findings()) spdlog::warn("spool: {}", finding);
  state.services->counters().spool_damaged.fetch_add(state.spool->damaged(), std::memory_order_relaxed);
  if (const auto sorted = sort_entries(state); !sorted) return fail_to_open(state, sorted.error());
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
  state.lanes[entry.organisation].entries.insert(*sequence);
  if (waiting.guard != 0) {
    state.held[waiting.guard] = {*sequence, entry.organisation};
    state.held_sequences.insert(*sequence);
  }
  // The flush queues up behind what waits already, so all of that joins this sync.
  if (state.waiting.empty()) self->send(self, SpoolFlush{});
  state.waiting.push_back(std::move(waiting));
}

void let_go(SpoolerState& state, std::uint64_t guard) {
  const auto held = state.held.find(guard);
  if (held == state.held.end()) return;
  state.held_sequences.erase(held->second.sequence);
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

void finish(SpoolerState& state, OrganisationId organisation, std::span<const std::uint64_t> sequences) {
  remove(state, organisation, sequences);
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
void settle(Self self, OrganisationId organisation, std::vector<std::uint64_t> sequences, Commit commit,
            const std::function<void(bool)>& then) {
  if (commit.batch.empty()) {
    finish(self->state, organisation, sequences);
    return then(true);
  }
  self->request(self->state.committer, caf::infinite, std::move(commit))
      .then(
          [self, organisation, sequences = std::move(sequences), then](const Status& committed) {
            if (committed) finish(self->state, organisation, sequences);
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

// The first entry of the lane that is not held; its end: all are.
std::set<std::uint64_t>::const_iterator first_free(const SpoolerState& state, const SpoolerState::Lane& lane) {
  return std::find_if(lane.entries.begin(), lane.entries.end(),
                      [&](std::uint64_t sequence) { return !state.held_sequences.contains(sequence); });
}

// Whose oldest entry is the oldest of those that may be forwarded now.
std::optional<OrganisationId> next_lane(const SpoolerState& state) {
  const auto now = steady_clock::now();
  std::optional<OrganisationId> next;
  std::uint64_t oldest = 0;
  for (const auto& [organisation, lane] : state.lanes) {
    if (now < lane.forward_at) continue;
    const auto first = first_free(state, lane);
    if (first == lane.entries.end() || (next && oldest < *first)) continue;
    next = organisation;
    oldest = *first;
  }
  return next;
}

void pause(SpoolerState::Lane& lane) {
  lane.pause = std::clamp(2 * lane.pause, pause_min, pause_max);
  lane.forward_at = steady_clock::now() + lane.pause;
}

// The next entries, in order, of the organisation. What needs no forwarding is removed here.
Submission gather(SpoolerState& state, OrganisationId organisation) {
  auto& lane = state.lanes.at(organisation);
  Submission submission;
  submission.organisation = organisation;
  std::size_t parts = 0;
  std::vector<std::uint64_t> known;
  std::vector<std::pair<std::uint64_t, std::string>> lost;
  for (const auto sequence : lane.entries) {
    if (state.held_sequences.contains(sequence)) continue;
    auto entry = entry_of(state, sequence);
    if (!entry && entry.error().code != engine::Errc::corrupt) {
      complain(state, entry.error().what + "; it is tried again");
      pause(lane);
      break;
    }
    if (!entry) {
      lost.emplace_back(sequence, entry.error().what);
      continue;
    }
    if (is_known(state, *entry)) {
      known.push_back(sequence);
      continue;
    }
    const auto own = entry->records.size() + entry->links.size();
    if (!state.under_way.empty() && parts + own > lane.forward_max) break;
    parts += own;
    state.under_way.push_back({sequence, entry->records.size()});
    std::move(entry->records.begin(), entry->records.end(), std::back_inserter(submission.records));
    std::move(entry->links.begin(), entry->links.end(), std::back_inserter(submission.links));
  }
  for (const auto& [sequence, why] : lost) give_up(state, organisation, sequence, why);
  if (!known.empty()) finish(state, organisation, known);
  return submission;
}

void forward(Self self) {
  auto& state = self->state;
  if (!state.spool || !state.under_way.empty()) return;
  const auto gateway = state.services->switchboard->gateway();
  if (!gateway) return;
  Submission submission;
  while (state.under_way.empty()) {
    const auto next = next_lane(state);
    if (!next) return;
    state.forwarding = *next;
    submission = gather(state, *next);
  }
  caf::anon_send(gateway, std::move(submission),
                 ReplyPort{std::make_shared<ForwardSink>(caf::actor_cast<Spooler>(self))});
}

// The organisation's entries wait; those of others go on.
void try_later(Self self) {
  auto& state = self->state;
  state.under_way.clear();
  if (const auto lane = state.lanes.find(state.forwarding); lane != state.lanes.end()) {
    lane->second.forward_max = std::max<std::size_t>(lane->second.forward_max / 2, 1);
    pause(lane->second);
  }
  forward(self);
}

// An answer that no repetition changes: alone, the entry is given up; among others it is looked for, one by one.
void take_refusal(SpoolerState& state, const Error& error) {
  const auto refused = std::exchange(state.under_way, {});
  if (const auto lane = state.lanes.find(state.forwarding); lane != state.lanes.end()) lane->second.forward_max = 1;
  if (refused.size() == 1) give_up(state, state.forwarding, refused.front().sequence, error.what);
  show(state);
}

void go_on(Self self) {
  auto& state = self->state;
  state.under_way.clear();
  if (const auto lane = state.lanes.find(state.forwarding); lane != state.lanes.end()) {
    lane->second.pause = milliseconds{0};
    lane->second.forward_max = std::min(2 * lane->second.forward_max, forward_parts_max);
  }
  forward(self);
}

void take_answer(Self self, const Reply& reply) {
  auto& state = self->state;
  if (refuses_for_now(reply)) return try_later(self);
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
  settle(self, state.forwarding, std::move(sequences), std::move(commit),
         [self](bool gone) { return gone ? go_on(self) : try_later(self); });
}

// What had been too slow has ended: in the log it needs no forwarding; refused it does.
void road_answered(Self self, const RoadAnswered& answered) {
  auto& state = self->state;
  flush(state);  // what is held may still wait for its sync
  const auto held = state.held.find(answered.guard);
  if (held == state.held.end() || !state.spool) return;
  const auto [sequence, organisation] = held->second;
  if (std::holds_alternative<Error>(answered.reply)) return let_go(state, answered.guard);
  Commit commit;
  if (const auto* receipts = std::get_if<Receipts>(&answered.reply))
    stage_joined(state, sequence, receipts->receipts, commit);
  settle(self, organisation, {sequence}, std::move(commit),
         [self, guard = answered.guard](bool) { let_go(self->state, guard); });
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
