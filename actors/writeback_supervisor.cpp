#include "actors/writeback_supervisor.hpp"

#include "actors/target_worker.hpp"
#include "logging/log.hpp"
#include "storage/keys.hpp"
#include "storage/settings.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace leadlight::actors {

namespace {

using Self = WritebackSupervisor::stateful_pointer<WritebackSupervisorState>;
using engine::Errc;

// Gathers the rows of several workers into one answer.
class RowsSink final : public ReplySink {
 public:
  explicit RowsSink(ReplyPort port) : port_(std::move(port)) {}
  RowsSink(const RowsSink&) = delete;
  RowsSink& operator=(const RowsSink&) = delete;
  ~RowsSink() override { port_->complete(AdminAnswer{std::move(rows_)}); }
  // Workers answer one at a time through their own handle on this sink; the last handle to go sends the sum.
  void complete(Reply reply) override {
    const auto* answer = std::get_if<AdminAnswer>(&reply);
    const auto* rows = answer == nullptr ? nullptr : std::get_if<std::vector<TargetRow>>(answer);
    if (rows == nullptr) return;
    const std::lock_guard guard{mutex_};
    rows_.insert(rows_.end(), rows->begin(), rows->end());
  }

 private:
  ReplyPort port_;
  std::mutex mutex_;
  std::vector<TargetRow> rows_;
};

std::uint64_t count_rows(const storage::Store& store, storage::Family family, std::uint32_t target) {
  constexpr std::size_t page = 10'000;
  std::uint64_t count = 0;
  for (std::string from;;) {
    auto rows = store.scan(family, storage::keys::target_prefix(target), from, page);
    if (!rows) return count;
    count += rows->size();
    if (rows->size() < page) return count;
    from = rows->back().key + '\0';
  }
}

Result<TargetOptions> options_of(const WritebackSettings& settings, const storage::TargetSettings& target) {
  TargetOptions options{target.id, target.kind, target.name, target.options, {}};
  if (!target.sealed_secrets.empty()) {
    auto secrets = settings.sealer->unseal(target.sealed_secrets);
    if (!secrets) return secrets.error();
    options.secrets = *std::move(secrets);
  }
  if (target.demo && !settings.sandbox.empty()) {
    std::erase_if(options.options, [](const auto& option) { return option.first == "url"; });
    options.options.emplace_back("url", settings.sandbox);
  }
  return options;
}

void start_worker(Self self, const storage::TargetSettings& target) {
  auto& state = self->state;
  auto options = options_of(state.settings, target);
  Result<std::shared_ptr<TargetConnector>> connector =
      options ? state.settings.make_connector(*options) : Result<std::shared_ptr<TargetConnector>>{options.error()};
  TargetOptions shown = options ? *options : TargetOptions{target.id, target.kind, target.name, target.options, {}};
  auto worker = self->template spawn<caf::monitored>(target_worker, state.services, target.organisation,
                                                     std::move(shown), std::move(connector));
  if (!state.table.shards.empty()) self->send(worker, state.table);
  state.workers[target.id] = {std::move(worker), target.organisation, target.name, target};
}

// Brings the workers to what the settings say.
void align_workers(Self self) {
  auto& state = self->state;
  if (!state.settings.enabled) return;
  auto targets = storage::load_targets(*state.services->store);
  if (!targets)
    return logging::error("targets cannot be read", {{"component", "writeback"}, {"reason", targets.error().what}});
  std::map<std::uint32_t, WritebackSupervisorState::Child> gone;
  std::swap(gone, state.workers);
  for (const auto& target : *targets) {
    const auto known = gone.find(target.id);
    if (known != gone.end() && known->second.settings == target)
      state.workers.insert(gone.extract(known));
    else
      start_worker(self, target);  // in place of one with other settings, which retires below
  }
  for (const auto& [id, child] : gone) self->send(child.worker, RetireTarget{});
}

void worker_down(Self self, const caf::down_msg& down) {
  auto& state = self->state;
  for (auto at = state.workers.begin(); at != state.workers.end(); ++at) {
    if (down.source != at->second.worker->address()) continue;
    logging::error("a target's worker ended and is started again",
                   {{"component", "writeback"},
                    {"target", at->second.target},
                    {"organisation", static_cast<std::uint32_t>(at->second.organisation)},
                    {"reason", self->system().render(down.reason)}});
    state.workers.erase(at);
    state.services->counters().actor_restarts.fetch_add(1, std::memory_order_relaxed);
    if (!state.restarts.allow(state.services->clock->now()))
      return state.fatal("target workers ended more than five times in ten minutes");
    return align_workers(self);
  }
}

void hand_over(WritebackSupervisorState& state, Self self, const OwedItems& owed) {
  std::map<std::uint32_t, OwedItems> by_target;
  for (const auto& item : owed.items) by_target[item.target].items.push_back(item);
  for (auto& [target, items] : by_target)
    if (const auto at = state.workers.find(target); at != state.workers.end())
      self->send(at->second.worker, std::move(items));
}

// The targets of a data directory that nothing is written from.
std::vector<TargetRow> idle_targets(const WritebackSupervisorState& state, OrganisationId organisation) {
  std::vector<TargetRow> rows;
  auto targets = storage::load_targets(*state.services->store);
  if (!targets) return rows;
  for (const auto& target : *targets) {
    if (target.organisation != organisation) continue;
    TargetRow row;
    row.name = target.name;
    row.kind = target.kind;
    row.state = "idle";
    row.reason = "no server runs on this data directory";
    row.options = target.options;
    row.queued = count_rows(*state.services->store, storage::Family::outbox, target.id);
    row.dead_letters = count_rows(*state.services->store, storage::Family::dead_letters, target.id);
    rows.push_back(std::move(row));
  }
  return rows;
}

Error no_such_target() {
  return Error{Errc::not_found, "no target has this name; `leadlight target list` names them", "name"};
}

// With a connector of its own: a worker's batches go on undisturbed, and it works where no worker runs.
void examine(const WritebackSupervisorState& state, OrganisationId organisation, const ExamineTarget& act,
             const ReplyPort& port) {
  auto targets = storage::load_targets(*state.services->store);
  if (!targets) return port->complete(targets.error());
  const auto at = std::find_if(targets->begin(), targets->end(), [&](const storage::TargetSettings& target) {
    return target.organisation == organisation && target.name == act.name;
  });
  if (at == targets->end()) return port->complete(no_such_target());
  auto options = options_of(state.settings, *at);
  auto connector =
      options ? state.settings.make_connector(*options) : Result<std::shared_ptr<TargetConnector>>{options.error()};
  if (!connector)
    return port->complete(AdminAnswer{std::vector<TargetFinding>{
        {"settings", TargetFinding::Health::fail, connector.error().what,
         "add the target again with the setting mended: leadlight target remove, then leadlight target add"}}});
  auto keep = *connector;  // alive until it has answered
  keep->examine(act.write_to, [port, keep](std::vector<TargetFinding> findings) {
    port->complete(AdminAnswer{std::move(findings)});
  });
}

void administer(Self self, const AdminRequest& request, const ReplyPort& port) {
  auto& state = self->state;
  if (std::holds_alternative<ListTargets>(request.act)) {
    auto rows = std::make_shared<RowsSink>(port);
    for (const auto& [id, child] : state.workers)
      if (child.organisation == request.organisation)
        self->send(child.worker, WorkerQuestion{ListTargets{}}, ReplyPort{rows});
    if (!state.settings.enabled) rows->complete(AdminAnswer{idle_targets(state, request.organisation)});
    return;
  }
  if (const auto* act = std::get_if<ExamineTarget>(&request.act))
    return examine(state, request.organisation, *act, port);
  const auto* sync = std::get_if<SyncTarget>(&request.act);
  if (sync == nullptr) return port->complete(Error{Errc::internal, "not a question about targets", ""});
  for (const auto& [id, child] : state.workers)
    if (child.organisation == request.organisation && child.target == sync->name)
      return self->send(child.worker, WorkerQuestion{*sync}, port);
  port->complete(no_such_target());
}

}  // namespace

WritebackSupervisorState::~WritebackSupervisorState() {
  for (const auto& [id, child] : workers) caf::anon_send_exit(child.worker, caf::exit_reason::user_shutdown);
}

WritebackSupervisor::behavior_type writeback_supervisor(Self self, ServicesPtr services, WritebackSettings settings,
                                                        std::function<void(std::string)> fatal) {
  auto& state = self->state;
  state.services = std::move(services);
  state.settings = std::move(settings);
  state.fatal = std::move(fatal);
  self->set_down_handler([self](const caf::down_msg& down) { worker_down(self, down); });
  align_workers(self);
  return {
      [self](const OwedItems& owed) { hand_over(self->state, self, owed); },
      [self](const ShardTable& table) {
        self->state.table = table;
        for (const auto& [id, child] : self->state.workers) self->send(child.worker, table);
      },
      [self](const TargetsChanged&) { align_workers(self); },
      [self](const AdminRequest& request, const ReplyPort& port) { administer(self, request, port); },
  };
}

}  // namespace leadlight::actors
