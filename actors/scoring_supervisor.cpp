#include "actors/scoring_supervisor.hpp"

#include "actors/shard.hpp"
#include "storage/settings.hpp"

#include <spdlog/spdlog.h>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace leadlight::actors {

namespace {

using Self = ScoringSupervisor::stateful_pointer<ScoringSupervisorState>;
using engine::Errc;

// ---- acts, one after the other --------------------------------------------------------------------------------------

void next_act(Self self) {
  auto& state = self->state;
  if (state.acting || state.waiting.empty() || state.table.shards.empty()) return;
  state.acting = true;
  auto act = std::move(state.waiting.front());
  state.waiting.pop_front();
  act();
}

void end_act(Self self) {
  self->state.acting = false;
  next_act(self);
}

void enqueue(Self self, std::function<void()> act) {
  self->state.waiting.push_back(std::move(act));
  next_act(self);
}

// ---- switches
// ----------------------------------------------------------------------------------------------------------

// Gives one switch record to every logical shard; `done` once all are durable.
void switch_everywhere(Self self, OrganisationId organisation, const decltype(Record::body)& body,
                       std::function<void(Status)> done) {
  auto& state = self->state;
  std::vector<RecordBatch> batches(state.table.shards.size());
  const Timestamp now = state.services->clock->now();
  for (std::uint16_t s = 0; s < engine::shard_count; ++s) {
    Record record;
    record.shard = static_cast<engine::ShardId>(s);
    record.lead.high = static_cast<std::uint64_t>(organisation) << 32U;
    record.received_at = now;
    record.body = body;
    batches[state.table.index_of(record.shard)].records.push_back(std::move(record));
  }
  auto open = std::make_shared<std::size_t>(batches.size());
  auto failed = std::make_shared<std::optional<Error>>();
  const auto close = [open, failed, done] {
    if (--*open == 0) done(*failed ? Status{**failed} : Status{engine::Ok{}});
  };
  for (std::size_t i = 0; i < batches.size(); ++i) {
    self->request(state.table.shards[i], caf::infinite, std::move(batches[i]))
        .then(
            [failed, close](const BatchReply& reply) {
              if (!reply.receipts) *failed = reply.receipts.error();
              close();
            },
            [failed, close](const caf::error&) {
              *failed = Error{Errc::unavailable, "a shard is being started again", ""};
              close();
            });
  }
}

void sweep_all(Self self, OrganisationId organisation) {
  for (const auto& shard : self->state.table.shards) self->send(shard, Sweep{organisation, {}});
}

void put_model_in_force(Self self, storage::PublishedModel published, std::function<void(Status)> done) {
  const auto organisation = published.organisation;
  engine::ModelSwitch body{std::make_shared<engine::CompiledModel>(std::move(published.model))};
  switch_everywhere(self, organisation, body, [self, organisation, done](Status status) {
    if (status) sweep_all(self, organisation);
    done(status);
  });
}

void publish(Self self, OrganisationId organisation, const PublishModel& request, const ReplyPort& port) {
  auto& state = self->state;
  auto model = state.read_model(request.toml);
  auto published = storage::load_models(*state.services->store, organisation);
  if (!model || !published) {
    port->complete(!model ? model.error() : published.error());
    return end_act(self);
  }
  storage::PublishedModel row{organisation, state.services->clock->now(), *std::move(model)};
  row.model.version = published->empty() ? 1 : published->back().model.version + 1;
  const ModelRow answer{row.model.id, row.model.version, row.received_at, row.model.source};
  if (request.dry_run) {
    port->complete(AdminAnswer{std::vector<ModelRow>{answer}});
    return end_act(self);
  }
  Commit commit;
  storage::put(commit.batch, row);
  const auto fail = [self, port](const Error& error) {
    port->complete(error);
    end_act(self);
  };
  self->request(state.committer, caf::infinite, std::move(commit))
      .then(
          [self, row, answer, port, fail](const engine::Status& committed) {
            if (!committed) return fail(committed.error());
            put_model_in_force(self, row, [self, answer, port](Status status) {
              port->complete(status ? Reply{AdminAnswer{std::vector<ModelRow>{answer}}} : Reply{status.error()});
              end_act(self);
            });
          },
          [fail](const caf::error&) {
            fail(Error{Errc::unavailable, "the committer is down", ""});
          });
}

// What some shard has not applied yet of an organisation's settings; the first such thing.
struct Gap {
  std::optional<storage::PublishedModel> model;
  std::optional<engine::TargetSwitch> target;
};

Result<Gap> gap_of(const storage::Store& store, OrganisationId organisation,
                   const std::vector<storage::TargetSettings>& targets) {
  std::set<std::uint32_t> wanted;
  for (const auto& target : targets)
    if (target.organisation == organisation) wanted.insert(target.id);
  auto models = storage::load_models(store, organisation);
  if (!models) return models.error();
  for (std::uint16_t s = 0; s < engine::shard_count; ++s) {
    auto applied = storage::load_applied(store, organisation, static_cast<engine::ShardId>(s));
    if (!applied) return applied.error();
    if (!models->empty() && models->back().model.version != applied->model_version) return Gap{models->back(), {}};
    for (const auto id : wanted)
      if (!std::binary_search(applied->targets.begin(), applied->targets.end(), id))
        return Gap{{}, engine::TargetSwitch{id, true}};
    for (const auto id : applied->targets)
      if (!wanted.contains(id)) return Gap{{}, engine::TargetSwitch{id, false}};
  }
  return Gap{};
}

// Brings every shard up to the settings, switch by switch: what a crash between settings and switches left open, or a
// target that came or went. `done` once nothing is open.
void close_gaps(Self self, std::function<void(Status)> done) {
  const auto& store = *self->state.services->store;
  auto organisations = storage::load_organisations(store);
  auto targets = storage::load_targets(store);
  if (!organisations || !targets) return done(!organisations ? organisations.error() : targets.error());
  for (const auto& organisation : *organisations) {
    auto gap = gap_of(store, organisation.id, *targets);
    if (!gap) return done(gap.error());
    const auto again = [self, done](Status status) { status ? close_gaps(self, done) : done(status); };
    if (gap->model) return put_model_in_force(self, *std::move(gap->model), again);
    if (gap->target) return switch_everywhere(self, organisation.id, *gap->target, again);
  }
  done(engine::Ok{});
}

// ---- shards
// ------------------------------------------------------------------------------------------------------------

void spawn_shards(Self self, bool all) {
  auto& state = self->state;
  const std::size_t count = state.services->shard_actors;
  state.table.shards.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!all && state.table.shards[i]) continue;
    state.table.shards[i] =
        self->template spawn<caf::monitored>(shard, state.services, state.committer, state.writebacks, i);
  }
}

// Waits until the committer has written everything it was given, then starts what is missing.
void start_shards(Self self, bool all) {
  self->request(self->state.committer, caf::infinite, Commit{})
      .then(
          [self, all](const engine::Status& fenced) {
            if (!fenced) return;  // storage failed: the process is stopping
            spawn_shards(self, all);
            enqueue(self, [self] {
              close_gaps(self, [self](const Status& status) {
                if (!status) spdlog::error("settings could not be brought to every shard: {}", status.error().what);
                // Only now: a record that came before its model or target would be scored, or owed, by neither.
                self->state.announce(self->state.table);
                end_act(self);
              });
            });
          },
          [](const caf::error&) {});  // the committer's supervisor starts all of us again
}

void shard_down(Self self, const caf::down_msg& down) {
  auto& state = self->state;
  for (auto& shard : state.table.shards) {
    if (!shard || down.source != shard->address()) continue;
    shard = nullptr;
  }
  state.services->counters().actor_restarts.fetch_add(1, std::memory_order_relaxed);
  spdlog::error("a shard actor ended ({}); it is started again from the last durable state",
                self->system().render(down.reason));
  if (!state.restarts.allow(state.services->clock->now()))
    return state.fatal("shard actors ended more than five times in ten minutes");
  state.acting = false;
  start_shards(self, false);
}

}  // namespace

// Not links: a link would pass a child's kill on to its parent.
ScoringSupervisorState::~ScoringSupervisorState() {
  for (const auto& shard : table.shards)
    if (shard) caf::anon_send_exit(shard, caf::exit_reason::user_shutdown);
}

ScoringSupervisor::behavior_type scoring_supervisor(Self self, ServicesPtr services, Committer committer,
                                                    WritebackSupervisor writebacks, ModelReader read_model,
                                                    std::function<void(ShardTable)> announce,
                                                    std::function<void(std::string)> fatal) {
  auto& state = self->state;
  state.services = std::move(services);
  state.committer = std::move(committer);
  state.writebacks = std::move(writebacks);
  state.read_model = std::move(read_model);
  state.announce = std::move(announce);
  state.fatal = std::move(fatal);
  self->set_down_handler([self](const caf::down_msg& down) { shard_down(self, down); });
  start_shards(self, true);
  return {
      [self](const AdminRequest& request, const ReplyPort& port) {
        enqueue(self, [self, request, port] {
          if (const auto* model = std::get_if<PublishModel>(&request.act))
            return publish(self, request.organisation, *model, port);
          close_gaps(self, [self, port](const Status& status) {
            port->complete(status ? Reply{engine::Ok{}} : Reply{status.error()});
            end_act(self);
          });
        });
      },
      [self](const TargetsChanged&) {
        enqueue(self, [self] { close_gaps(self, [self](const Status&) { end_act(self); }); });
      },
      [self](const WritebackDesk& desk) {
        self->state.writebacks = desk.supervisor;
        for (const auto& shard : self->state.table.shards)
          if (shard) self->send(shard, desk);
      },
  };
}

}  // namespace leadlight::actors
