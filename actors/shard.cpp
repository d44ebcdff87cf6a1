#include "actors/shard.hpp"

#include "actors/lead_reads.hpp"
#include "actors/lead_table.hpp"
#include "actors/score_changes.hpp"
#include "actors/source_board.hpp"
#include "actors/spawned_leads.hpp"
#include "engine/hash.hpp"
#include "engine/identity.hpp"
#include "logging/log.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "storage/settings.hpp"

#include <spdlog/spdlog.h>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <utility>

namespace leadlight::actors {

namespace {

using Self = Shard::stateful_pointer<ShardState>;
using storage::Family;
namespace keys = storage::keys;

constexpr std::size_t ticks_per_round_max = 512;
constexpr std::size_t sweep_step = 500;
constexpr std::size_t trim_step = 2'000;
constexpr engine::Milliseconds upkeep_interval = engine::hour;
// One round: what goes in, and whom to tell. Kept alive by the callbacks that carry it.
struct Round {
  std::vector<Record> records;
  storage::Batch extra;  // changes that belong to the round beside the records, such as stale timers removed
  std::function<void(BatchReply)> reply = [](BatchReply) {};
};
using RoundPtr = std::shared_ptr<Round>;

void stop_untrusted(Self self, const Error& error) {
  logging::error("a shard actor stops, its state may not be durable",
                 {{"component", "shard"}, {"shard_actor", self->state.index}, {"reason", error.what}});
  self->quit(caf::sec::runtime_error);
}

Timestamp& next_timer(ShardState& state, engine::ShardId shard) {
  return state.next_timer[static_cast<std::size_t>(shard)];
}

// Puts switches in force and stages what says so. They come in rounds of their own.
void apply_switch(ShardState& state, const Record& record, storage::Batch& batch) {
  const OrganisationId id = record.lead.organisation();
  auto& organisation = state.organisations[id];
  organisation.id = id;
  if (const auto* model = std::get_if<engine::ModelSwitch>(&record.body)) {
    organisation.model = model->model;
  } else if (const auto* target = std::get_if<engine::TargetSwitch>(&record.body)) {
    auto& targets = organisation.targets;
    std::erase(targets, target->target);
    if (target->active)
      targets.insert(std::upper_bound(targets.begin(), targets.end(), target->target), target->target);
  }
  storage::AppliedSwitches applied;
  if (organisation.model) applied.model_version = organisation.model->model().version;
  applied.targets = organisation.targets;
  storage::put(batch, id, record.shard, applied);
}

bool is_switch(const Record& record) {
  return std::holds_alternative<engine::ModelSwitch>(record.body) ||
         std::holds_alternative<engine::TargetSwitch>(record.body);
}

void install(Self self, const RoundPtr& round, RoundEffects effects, const engine::Status& committed) {
  auto& state = self->state;
  state.abandon = nullptr;
  if (!committed) {
    round->reply(BatchReply{committed.error()});
    return stop_untrusted(self, committed.error());
  }
  for (std::size_t i = 0; i < effects.wakes.size(); ++i) {
    auto& next = next_timer(state, effects.wake_shards[i]);
    next = std::min(next, effects.wakes[i]);
  }
  if (!effects.owed.empty() && state.writebacks) self->send(state.writebacks, OwedItems{std::move(effects.owed)});
  if (!effects.fetches.empty() && state.services->sources)
    if (const auto sources = state.services->sources->supervisor())
      self->send(sources, FetchItems{std::move(effects.fetches)});
  round->reply(BatchReply{std::move(effects.receipts)});
  if (auto* feed = state.services->feed.get(); feed != nullptr && feed->advance(state.shards, state.heads))
    feed->publish(state.shards, state.heads, changes_of(round->records, effects.verdicts));
  state.host->passivate();
}

void commit(Self self, const RoundPtr& round, RoundEffects effects) {
  effects.batch.append(round->extra);
  Commit message{std::move(effects.batch), round->records.size()};
  effects.batch.clear();
  auto kept = std::make_shared<RoundEffects>(std::move(effects));
  // await: the next message stays in the mailbox until this batch is durable. With `then`, updates get lost.
  self->request(self->state.committer, caf::infinite, std::move(message))
      .await(
          [self, round, kept](const engine::Status& committed) { install(self, round, std::move(*kept), committed); },
          [self, round](const caf::error&) {
            const Error down{engine::Errc::unavailable, "the committer is down", ""};
            self->state.abandon = nullptr;
            round->reply(BatchReply{down});
            stop_untrusted(self, down);
          });
}

void finish_round(Self self, const RoundPtr& round, Result<RoundResult> result) {
  if (!result) {
    round->reply(BatchReply{result.error()});
    return stop_untrusted(self, result.error());
  }
  auto& state = self->state;
  auto effects =
      effects_of(*state.services, round->records, *result, state.organisations, state.pending, state.fetches);
  if (!effects) {
    round->reply(BatchReply{effects.error()});
    return stop_untrusted(self, effects.error());
  }
  for (const auto& record : round->records) {
    if (!is_switch(record)) break;
    apply_switch(state, record, effects->batch);
  }
  effects->verdicts = std::move(result->verdicts);
  commit(self, round, *std::move(effects));
}

void run_round(Self self, const RoundPtr& round) {
  auto& state = self->state;
  state.abandon = [round] {
    round->reply(BatchReply{Error{engine::Errc::unavailable, "the shard is being started again", ""}});
  };
  std::vector<Delivery> deliveries;
  deliveries.reserve(round->records.size());
  std::vector<std::uint32_t> places;  // where each delivery's verdict belongs
  for (std::uint32_t i = 0; i < round->records.size(); ++i) {
    Record& record = round->records[i];
    record.position = ++state.heads[static_cast<std::size_t>(record.shard)];
    if (is_switch(record)) continue;
    auto& organisation = state.organisations[record.lead.organisation()];
    organisation.id = record.lead.organisation();
    deliveries.push_back({&record, &organisation});
    places.push_back(i);
  }
  state.host->run(std::move(deliveries), [self, round, places = std::move(places)](Result<RoundResult> result) {
    if (result && places.size() != round->records.size()) {
      std::vector<Verdict> spread(round->records.size());
      for (std::size_t i = 0; i < places.size(); ++i) spread[places[i]] = std::move(result->verdicts[i]);
      result->verdicts = std::move(spread);
    }
    finish_round(self, round, std::move(result));
  });
}

// ---- timers
// ------------------------------------------------------------------------------------------------------------

// Gathers what is due in one shard into `round`; says whether there may be more.
Result<bool> gather_due(ShardState& state, engine::ShardId shard, Timestamp now, Round& round) {
  auto rows = state.services->store->scan(Family::timers, keys::timer_prefix(shard), {}, ticks_per_round_max);
  if (!rows) return rows.error();
  for (const auto& row : *rows) {
    const auto timer = keys::parse_timer(row.key);
    if (!timer) return Error{engine::Errc::corrupt, "a timer's key is malformed", ""};
    if (timer->at > now) {
      next_timer(state, shard) = timer->at;
      return false;
    }
    bool stale = true;
    state.host->look(timer->lead, [&](const Result<LeadHost::Glimpse>& glimpse) {
      stale = glimpse && (glimpse->lead == nullptr || glimpse->lead->wake_at != timer->at);
    });
    if (stale) {
      round.extra.remove(Family::timers, row.key);
      continue;
    }
    Record record;
    record.shard = shard;
    record.lead = timer->lead;
    record.received_at = now;
    record.body = engine::Tick{};
    round.records.push_back(std::move(record));
  }
  if (rows->size() == ticks_per_round_max) return true;
  next_timer(state, shard) = Timestamp::max();
  return false;
}

void timer_round(Self self) {
  auto& state = self->state;
  const Timestamp now = state.services->clock->now();
  auto round = std::make_shared<Round>();
  bool more = false;
  for (const auto shard : state.shards) {
    if (next_timer(state, shard) > now || round->records.size() >= ticks_per_round_max) continue;
    auto gathered = gather_due(state, shard, now, *round);
    if (!gathered) return stop_untrusted(self, gathered.error());
    more = more || *gathered;
  }
  if (more) {
    self->send(self, TimerRound{});
  } else {
    self->delayed_send(self, timer_interval, TimerRound{});
  }
  if (!round->records.empty() || !round->extra.empty()) run_round(self, round);
}

// ---- sweeps and upkeep
// -----------------------------------------------------------------------------------------------------

void sweep(Self self, const Sweep& step) {
  auto& state = self->state;
  auto rows = state.services->store->scan(Family::leads, keys::leads_of(step.organisation), step.after, sweep_step);
  if (!rows) return stop_untrusted(self, rows.error());
  auto round = std::make_shared<Round>();
  const Timestamp now = state.services->clock->now();
  for (const auto& row : *rows) {
    const auto id = keys::parse_lead(row.key);
    if (!id) continue;
    auto lead = storage::decode_lead(*id, row.value);
    if (!lead) return stop_untrusted(self, lead.error());
    if (static_cast<std::size_t>(lead->shard) % state.services->shard_actors != state.index) continue;
    Record record;
    record.shard = lead->shard;
    record.lead = *id;
    record.received_at = now;
    record.body = engine::Tick{};
    round->records.push_back(std::move(record));
  }
  if (rows->size() == sweep_step) self->send(self, Sweep{step.organisation, rows->back().key + '\0'});
  if (!round->records.empty()) run_round(self, round);
}

void upkeep(Self self) {
  auto& state = self->state;
  const Timestamp now = state.services->clock->now();
  state.services->store->set_expiry_floor(now);
  auto round = std::make_shared<Round>();
  bool more = false;
  for (const auto shard : state.shards) {
    auto trimmed = state.services->log->trim(round->extra, shard, now - state.services->log_retention, trim_step);
    if (!trimmed) return stop_untrusted(self, trimmed.error());
    more = more || *trimmed == trim_step;
  }
  if (more) {
    self->send(self, UpkeepRound{});
  } else {
    self->delayed_send(self, upkeep_interval, UpkeepRound{});
  }
  if (!round->extra.empty()) run_round(self, round);
}

// ---- questions
// -----------------------------------------------------------------------------------------------------------

Reply actor_view(const ShardState& state, const LeadHost::Glimpse& glimpse) {
  ActorView view;
  view.email = glimpse.lead->email;
  view.host = state.host->name();
  view.shard = static_cast<std::uint16_t>(glimpse.lead->shard);
  view.life = glimpse.activated_at ? (glimpse.mailbox > 0 ? "active" : "idle") : "passivated";
  view.mailbox = glimpse.mailbox;
  view.records_applied = glimpse.records_applied;
  view.activated_at = glimpse.activated_at;
  view.state = *glimpse.lead;
  view.digest = storage::to_text(storage::digest(*glimpse.lead));
  view.resident_bytes = glimpse.resident_bytes;
  return view;
}

Reply answer(ShardState& state, const LeadQuery& query, const LeadHost::Glimpse& glimpse) {
  if (glimpse.lead == nullptr)
    return Error{engine::Errc::not_found, "no lead with this e-mail address is known", "email"};
  const engine::CompiledModel* model = state.organisations[query.organisation].model.get();
  const Timestamp now = state.services->clock->now();
  if (std::holds_alternative<ScoreQuestion>(query.question)) return view_of(*glimpse.lead, model, now, true);
  if (std::holds_alternative<ForecastQuestion>(query.question)) return forecast_of(glimpse.lead->window, model, now);
  if (std::holds_alternative<ActorQuestion>(query.question)) return actor_view(state, glimpse);
  return receipt_of(glimpse.lead->email, glimpse.lead->window, model, now);  // the reader adds the events' ids
}

// The further e-mail addresses of the person, so that none of its records in the target keeps an old score.
std::vector<std::string> other_emails_of(const ShardState& state, const LeadId& lead) {
  auto identities = identities_of(*state.services->store, lead);
  if (!identities) return {};  // written with the next one
  std::erase_if(*identities, [](const auto& id) { return engine::kind_of(id) != engine::IdentityKind::email; });
  return *std::move(identities);
}

Taken take(ShardState& state, const Take& wanted) {
  Taken taken;
  const Timestamp now = state.services->clock->now();
  for (const auto& id : wanted.leads) {
    state.host->look(id, [&](const Result<LeadHost::Glimpse>& glimpse) {
      if (!glimpse || glimpse->lead == nullptr) return;
      const auto* ledger = glimpse->lead->ledger(wanted.target);
      const auto& organisation = state.organisations[id.organisation()];
      if (ledger == nullptr || ledger->owed == 0 || !organisation.model) return;
      TargetWrite write;
      write.lead = id;
      write.email = glimpse->lead->email;
      write.other_emails = other_emails_of(state, id);
      const auto score = engine::score_at(*organisation.model, glimpse->lead->window, now);
      write.score = score.score;
      write.segment = score.segment;
      write.signals =
          engine::signals_text(*organisation.model, glimpse->lead->window, now, wanted.signals_characters_max);
      write.scored_at = now;
      write.owed = ledger->owed;
      write.model_id = organisation.model->model().id;
      write.model_version = organisation.model->model().version;
      if (ledger->confirmed) {
        write.previous_score = ledger->score;
        write.previous_segment = ledger->segment;
      }
      auto& pending = pending_of(*state.services, state.pending, wanted.target, id);
      pending.running.insert(pending.running.end(), pending.waiting.begin(), pending.waiting.end());
      pending.waiting.clear();
      if (pending.running.empty()) state.pending.erase(id);
      taken.writes.push_back(std::move(write));
    });
  }
  return taken;
}

FetchesTaken take_fetches(ShardState& state, const TakeFetches& wanted) {
  FetchesTaken taken;
  for (const auto& id : wanted.leads) {
    auto found = fetch_of(*state.services, state.fetches, id);
    if (!found) {
      spdlog::error("a pending fetch cannot be read: {}", found.error().what);
      continue;
    }
    if (*found == nullptr) continue;
    auto& pending = **found;
    pending.taken = wanted.begin ? pending.entry.owed : 0;
    taken.items.push_back({id, pending.entry.shard, pending.entry.owed, pending.entry.owed_at, pending.entry.email});
  }
  return taken;
}

// ---- start
// -----------------------------------------------------------------------------------------------------------------

Status load(ShardState& state) {
  const auto& store = *state.services->store;
  for (std::uint16_t s = 0; s < engine::shard_count; ++s) {
    if (s % state.services->shard_actors != state.index) continue;
    const auto shard = static_cast<engine::ShardId>(s);
    auto head = state.services->log->head(shard);
    if (!head) return head.error();
    state.heads[s] = *head;
    if (state.services->feed) state.services->feed->begin(shard, *head);
    state.next_timer[s] = Timestamp{};  // looked at in the first round
    state.shards.push_back(shard);
  }
  auto organisations = storage::load_organisations(store);
  if (!organisations) return organisations.error();
  for (const auto& settings : *organisations) {
    auto applied = storage::load_applied(store, settings.id, state.shards.front());
    if (!applied) return applied.error();
    auto models = storage::load_models(store, settings.id);
    if (!models) return models.error();
    auto& organisation = state.organisations[settings.id];
    organisation.id = settings.id;
    organisation.targets = applied->targets;
    for (auto& published : *models)
      if (published.model.version == applied->model_version)
        organisation.model = std::make_shared<engine::CompiledModel>(std::move(published.model));
  }
  return engine::Ok{};
}

void make_host(Self self) {
  auto& state = self->state;
  const auto budget = state.services->resident_bytes_max / state.services->shard_actors;
  if (!state.services->spawned_leads) {
    state.host = std::make_unique<LeadTable>(state.services, budget);
    return;
  }
  auto gathering = self->template spawn<caf::linked>(gatherer);
  auto gather = [self, gathering](GatherRound round, std::function<void(Gathered)> answered,
                                  std::function<void(std::string)> failed) {
    self->request(gathering, caf::infinite, std::move(round))
        .await([answered](Gathered& gathered) { answered(std::move(gathered)); },
               [failed](const caf::error&) { failed("the gatherer of spawned leads is down"); });
  };
  state.host = std::make_unique<SpawnedLeads>(self->system(), gather, state.services, budget);
}

}  // namespace

ShardState::ShardState() = default;
ShardState::~ShardState() {
  if (abandon) abandon();
}

Shard::behavior_type shard(Self self, ServicesPtr services, Committer committer, WritebackSupervisor writebacks,
                           std::size_t index) {
  auto& state = self->state;
  state.services = std::move(services);
  state.committer = std::move(committer);
  state.writebacks = std::move(writebacks);
  state.index = index;
  make_host(self);
  if (auto loaded = load(state); !loaded) stop_untrusted(self, loaded.error());
  self->delayed_send(self, timer_interval, TimerRound{});
  self->delayed_send(self, upkeep_interval, UpkeepRound{});
  return {
      [self](RecordBatch& batch) {
        auto promise = self->template make_response_promise<BatchReply>();
        auto round = std::make_shared<Round>();
        round->records = std::move(batch.records);
        round->reply = [promise](BatchReply reply) mutable { promise.deliver(std::move(reply)); };
        run_round(self, round);
        return promise;
      },
      [self](const LeadQuery& query, const ReplyPort& port) {
        const LeadId id = engine::lead_id(query.organisation, query.email);
        self->state.host->look(id, [&](const Result<LeadHost::Glimpse>& glimpse) {
          port->complete(glimpse ? answer(self->state, query, *glimpse) : Reply{glimpse.error()});
        });
      },
      [self](const Take& wanted) { return take(self->state, wanted); },
      [self](const TakeFetches& wanted) { return take_fetches(self->state, wanted); },
      [self](const WritebackDesk& desk) { self->state.writebacks = desk.supervisor; },
      [self](const Sweep& step) { sweep(self, step); },
      [self](TimerRound) { timer_round(self); },
      [self](UpkeepRound) { upkeep(self); },
  };
}

}  // namespace leadlight::actors
