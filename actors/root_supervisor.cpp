#include "actors/root_supervisor.hpp"

#include "actors/administrator.hpp"
#include "actors/committer.hpp"
#include "actors/reader.hpp"
#include "actors/source_board.hpp"
#include "logging/log.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <utility>

namespace leadlight::actors {

namespace {

using Self = RootSupervisor::stateful_pointer<RootState>;

constexpr engine::Milliseconds space_interval{1'000};

void start_committer(Self self) {
  self->state.committer =
      self->template spawn<caf::monitored + caf::detached>(committer, self->state.services, self->state.settings.fatal);
}

void start_writebacks(Self self) {
  auto& state = self->state;
  state.writebacks = self->template spawn<caf::monitored>(writeback_supervisor, state.services,
                                                          state.settings.writebacks, state.settings.fatal);
  if (!state.table.shards.empty()) self->send(state.writebacks, state.table);
  if (state.scoring) self->send(state.scoring, WritebackDesk{state.writebacks});
}

void start_sources(Self self) {
  auto& state = self->state;
  state.sources = self->template spawn<caf::monitored>(source_supervisor, state.services, state.committer,
                                                       state.settings.sources, state.settings.fatal);
  if (!state.table.shards.empty()) self->send(state.sources, state.table);
}

void start_scoring(Self self) {
  auto& state = self->state;
  auto handle = caf::actor_cast<RootSupervisor>(self);
  auto weak = caf::actor_cast<caf::weak_actor_ptr>(handle);
  const auto announce = [weak](ShardTable table) {
    if (auto strong = weak.lock()) caf::anon_send(caf::actor_cast<RootSupervisor>(strong), std::move(table));
  };
  state.scoring =
      self->template spawn<caf::monitored>(scoring_supervisor, state.services, state.committer, state.writebacks,
                                           state.settings.read_model, announce, state.settings.fatal);
}

void start_reader(Self self) {
  self->state.reader = self->template spawn<caf::monitored + caf::detached>(reader, self->state.services);
}

void start_spooler(Self self) {
  auto& state = self->state;
  if (!state.spool_door) return;
  state.spooler = self->template spawn<caf::monitored + caf::detached>(spooler, state.services, state.committer,
                                                                       state.settings.spool, state.spool_door);
  state.spool_door->set_spooler(state.spooler);
}

void start_administrator(Self self) {
  auto& state = self->state;
  AdministratorDesk desk{state.committer,
                         state.scoring,
                         state.writebacks,
                         state.reader,
                         state.settings.writebacks.sealer,
                         state.settings.writebacks.make_connector,
                         state.settings.sources.make_source};
  state.administrator = self->template spawn<caf::monitored>(administrator, state.services, std::move(desk));
  if (state.gateway) self->send(state.gateway, Desks{state.administrator, state.reader});
}

void start_gateway(Self self) {
  auto& state = self->state;
  state.gateway = self->template spawn<caf::monitored>(gateway, state.services, state.settings.gateway, state.committer,
                                                       state.settings.listeners);
  self->send(state.gateway, Desks{state.administrator, state.reader});
  if (!state.table.shards.empty()) self->send(state.gateway, state.table);
  state.services->switchboard->set_gateway(state.gateway);
}

template <class Handle>
bool is(const Handle& handle, const caf::actor_addr& address) {
  return handle && handle->address() == address;
}

bool is_child(const RootState& state, const caf::actor_addr& address) {
  return is(state.committer, address) || is(state.gateway, address) || is(state.scoring, address) ||
         is(state.writebacks, address) || is(state.administrator, address) || is(state.reader, address) ||
         is(state.spooler, address) || is(state.sources, address);
}

// Ends an actor whose handles to others are out of date; its own end brings its restart.
template <class Handle>
void renew(Self self, const Handle& handle) {
  if (handle) self->send_exit(handle, caf::exit_reason::kill);
}

void child_down(Self self, const caf::down_msg& down) {
  auto& state = self->state;
  if (!is_child(state, down.source)) return;
  state.services->counters().actor_restarts.fetch_add(1, std::memory_order_relaxed);
  const bool ended_by_us = down.reason == caf::exit_reason::kill && state.restarts_expected > 0;
  if (ended_by_us) {
    --state.restarts_expected;
  } else if (!state.restarts.allow(state.services->clock->now())) {
    return state.settings.fatal("actors ended more than five times in ten minutes; last: " +
                                self->system().render(down.reason));
  }
  if (is(state.committer, down.source)) {
    logging::error("the committer ended; it and everything that waits for it is started again",
                   {{"component", "supervision"}});
    start_committer(self);
    state.restarts_expected += state.spooler ? 5U : 4U;
    renew(self, state.spooler);
    renew(self, state.sources);
    renew(self, state.scoring);
    renew(self, state.administrator);
    renew(self, state.gateway);
  } else if (is(state.gateway, down.source)) {
    logging::error("the gateway ended; it is started again", {{"component", "supervision"}});
    start_gateway(self);
  } else if (is(state.scoring, down.source)) {
    logging::error("the scoring supervisor ended; it and its shards are started again", {{"component", "supervision"}});
    start_scoring(self);
    if (!ended_by_us) ++state.restarts_expected, renew(self, state.administrator);
  } else if (is(state.writebacks, down.source)) {
    logging::error("the writeback supervisor ended; it and its workers are started again",
                   {{"component", "supervision"}});
    start_writebacks(self);
    ++state.restarts_expected;
    renew(self, state.administrator);
  } else if (is(state.spooler, down.source)) {
    logging::error("the spooler ended; it is started again", {{"component", "supervision"}});
    start_spooler(self);
  } else if (is(state.sources, down.source)) {
    logging::error("the source supervisor ended; it and its workers are started again", {{"component", "supervision"}});
    start_sources(self);
  } else if (is(state.reader, down.source)) {
    start_reader(self);
    ++state.restarts_expected;
    renew(self, state.administrator);
  } else {
    start_administrator(self);
  }
}

std::string refusal_for(const RootState& state) {
  const auto space = state.services->store->space();
  if (!space) return {};
  const auto share =
      static_cast<std::uint64_t>(state.settings.low_water_share * static_cast<double>(space->total_bytes));
  const std::uint64_t low_water = std::min(state.settings.low_water_bytes, share);
  if (space->free_bytes >= low_water) return {};
  return "the disk is nearly full (" + std::to_string(space->free_bytes >> 20U) + " MiB free, " +
         std::to_string(low_water >> 20U) + " MiB are kept in reserve); free some space";
}

caf::actor_addr locate(const RootState& state, Part part) {
  switch (part) {
    case Part::committer: return state.committer->address();
    case Part::gateway: return state.gateway->address();
    case Part::scoring: return state.scoring->address();
    case Part::shard: return state.table.shards.empty() ? caf::actor_addr{} : state.table.shards.front()->address();
    case Part::writebacks: return state.writebacks->address();
    case Part::administrator: return state.administrator->address();
    case Part::reader: return state.reader->address();
    case Part::sources: return state.sources->address();
    case Part::spooler: return state.spooler ? state.spooler->address() : caf::actor_addr{};
  }
  return {};
}

template <class Handle>
void end(const Handle& handle) {
  if (handle) caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
}

}  // namespace

// Not links: a link would pass a child's kill on to its parent.
RootState::~RootState() {
  end(gateway);
  end(administrator);
  end(scoring);
  end(writebacks);
  end(reader);
  end(spooler);
  end(sources);
  end(committer);
}

RootSupervisor::behavior_type root_supervisor(Self self, ServicesPtr services, RootSettings settings) {
  auto& state = self->state;
  state.services = std::move(services);
  state.settings = std::move(settings);
  self->set_down_handler([self](const caf::down_msg& down) { child_down(self, down); });
  // Before a trigger can come in: it must know whether to wait.
  if (state.services->sources)
    if (auto known = refresh(*state.services->sources, *state.services->store); !known)
      state.settings.fatal("the activity sources cannot be read: " + known.error().what);
  start_committer(self);
  if (!state.settings.spool.directory.empty()) {
    state.spool_door = std::make_shared<SpoolDoor>(state.settings.spool.wait);
    state.services->switchboard->set_spool(state.spool_door);
  }
  start_spooler(self);
  start_reader(self);
  start_writebacks(self);
  start_sources(self);
  start_scoring(self);
  start_administrator(self);
  start_gateway(self);
  self->send(self, SpaceRound{});
  return {
      [self](const ShardTable& table) {
        self->state.table = table;
        self->send(self->state.gateway, table);
        self->send(self->state.writebacks, table);
        self->send(self->state.sources, table);
        self->state.services->switchboard->set_not_ready({});
        if (self->state.settings.ready) self->state.settings.ready();
      },
      [self](SpaceRound) {
        self->send(self->state.gateway, SpaceNotice{refusal_for(self->state)});
        self->state.services->store->set_expiry_floor(self->state.services->clock->now());
        self->delayed_send(self, space_interval, SpaceRound{});
      },
      [self](const Locate& wanted) { return locate(self->state, wanted.part); },
  };
}

}  // namespace leadlight::actors
