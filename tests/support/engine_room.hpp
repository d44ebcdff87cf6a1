// The engine without a network: real actors over any store, a clock that the test moves, a target that the test plays.
//
// Questions block until they are answered (bounded), so tests need no sleeps.
#pragma once

#include "actors/administrator.hpp"
#include "actors/root_supervisor.hpp"
#include "actors/source_board.hpp"
#include "engine/hash.hpp"
#include "engine/models/model_toml.hpp"
#include "engine/models/starter.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "storage/log.hpp"
#include "storage/memory_store.hpp"
#include "storage/settings.hpp"

#include <gtest/gtest.h>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::tests {

using actors::Reply;
using engine::OrganisationId;
using engine::Timestamp;

inline constexpr OrganisationId organisation{1};
inline constexpr std::chrono::seconds patience{20};

/// A reply port that a test waits on.
class WaitingSink final : public actors::ReplySink {
 public:
  WaitingSink() = default;
  WaitingSink(const WaitingSink&) = delete;
  WaitingSink& operator=(const WaitingSink&) = delete;
  ~WaitingSink() override { complete(engine::Error{engine::Errc::unavailable, "the port died unused", ""}); }
  void complete(Reply reply) override {
    if (!done_.exchange(true)) promise_.set_value(std::move(reply));
  }
  std::future<Reply> future() { return promise_.get_future(); }

 private:
  std::atomic<bool> done_{false};
  std::promise<Reply> promise_;
};

/// A target played by the test: remembers what was written, answers as told.
class PlayedTarget final : public actors::TargetConnector {
 public:
  explicit PlayedTarget(actors::ClockPtr clock) : clock_(std::move(clock)) {}

  using Answer = std::function<actors::TargetReport(const std::vector<actors::TargetWrite>&)>;

  void check(std::function<void(engine::Status)> done) override { done(engine::Ok{}); }
  void write(std::vector<actors::TargetWrite> writes, bool dry_run,
             std::function<void(actors::TargetReport)> done) override {
    Answer answer;
    {
      const std::lock_guard guard{mutex_};
      if (!dry_run) batches_.push_back(writes);
      answer = answer_;
    }
    changed_.notify_all();
    if (hangs(writes, done)) return;
    auto report = answer ? answer(writes) : all_written(writes);
    done(std::move(report));
  }
  [[nodiscard]] std::size_t batch_max() const override { return 100; }
  [[nodiscard]] std::size_t signals_characters_max() const override { return 1'024; }

  /// From now on every batch is answered like this.
  void answer_with(Answer answer) {
    const std::lock_guard guard{mutex_};
    answer_ = std::move(answer);
  }
  [[nodiscard]] actors::TargetReport all_written(const std::vector<actors::TargetWrite>& writes) const {
    actors::TargetReport report;
    for (const auto& write : writes) {
      actors::TargetWriteResult result;
      result.lead = write.lead;
      result.owed = write.owed;
      result.differed = true;
      result.written_at = clock_->now();
      report.results.push_back(result);
    }
    report.calls = 2;
    return report;
  }
  /// The batch that has this address is answered when `let_go` is called.
  void hang_on(std::string email) {
    const std::lock_guard guard{mutex_};
    hang_on_ = std::move(email);
  }
  void let_go() {
    std::vector<std::function<void()>> hanging;
    {
      const std::lock_guard guard{mutex_};
      hang_on_.clear();
      hanging.swap(hanging_);
    }
    for (const auto& answer : hanging) answer();
  }
  /// Waits until at least `count` values have gone out; all of them so far.
  std::vector<actors::TargetWrite> wait_for(std::size_t count) {
    std::unique_lock guard{mutex_};
    changed_.wait_for(guard, patience, [&] { return flat().size() >= count; });
    return flat();
  }

 private:
  bool hangs(const std::vector<actors::TargetWrite>& writes, const std::function<void(actors::TargetReport)>& done) {
    const std::lock_guard guard{mutex_};
    const bool named = !hang_on_.empty() && std::any_of(writes.begin(), writes.end(),
                                                        [&](const auto& write) { return write.email == hang_on_; });
    if (named) hanging_.emplace_back([this, writes, done] { done(all_written(writes)); });
    return named;
  }
  [[nodiscard]] std::vector<actors::TargetWrite> flat() const {
    std::vector<actors::TargetWrite> all;
    for (const auto& batch : batches_) all.insert(all.end(), batch.begin(), batch.end());
    return all;
  }
  actors::ClockPtr clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::vector<actors::TargetWrite>> batches_;
  Answer answer_;
  std::string hang_on_;
  std::vector<std::function<void()>> hanging_;
};

struct RoomOptions {
  bool spawned = false;
  bool target = true;
  std::size_t shard_actors = 2;
  std::uint64_t resident_bytes_max = 1ULL << 30U;
  std::uint32_t events_per_lead_max = engine::events_per_lead_max_default;
  actors::Apply apply = engine::apply;
  actors::GatewayLimits gateway;
  actors::SpoolSettings spool;
  std::map<std::string, std::shared_ptr<actors::ActivitySource>> sources;  // by name
  actors::SourceTiming source_timing;
};

class EngineRoom {
 public:
  explicit EngineRoom(RoomOptions options = {}, storage::Store* store = nullptr)
      : options_(std::move(options)),
        own_store_(store == nullptr ? storage::make_memory_store() : nullptr),
        store_(store == nullptr ? own_store_.get() : store),
        log_(*store_) {
    found_organisation();
    start();
  }
  EngineRoom(const EngineRoom&) = delete;
  EngineRoom& operator=(const EngineRoom&) = delete;
  ~EngineRoom() { stop(); }

  /// Ends every actor; what was committed stays in the store.
  void stop() {
    if (!system_) return;
    caf::anon_send_exit(root_, caf::exit_reason::kill);
    root_ = nullptr;
    switchboard_->set_gateway({});
    switchboard_->set_spool(nullptr);
    system_.reset();
  }

  void start() {
    switchboard_ = std::make_shared<actors::Switchboard>();
    auto services = std::make_shared<actors::Services>();
    services->store = store_;
    services->log = &log_;
    services->clock = clock_;
    services->switchboard = switchboard_;
    services->apply = options_.apply;
    services->sources = std::make_shared<actors::SourceBoard>();
    services->late_after = options_.source_timing.deadline;
    services->spawned_leads = options_.spawned;
    services->shard_actors = options_.shard_actors;
    services->resident_bytes_max = options_.resident_bytes_max;
    services->limits.events_per_lead_max = options_.events_per_lead_max;
    config_.set("scheduler.policy", caf::atom("sharing"));
    config_.set("scheduler.max-threads", std::size_t{2});
    system_ = std::make_unique<caf::actor_system>(config_);
    auto ready = std::make_shared<std::promise<void>>();
    auto once = std::make_shared<std::once_flag>();
    actors::RootSettings settings;
    settings.gateway = options_.gateway;
    settings.spool = options_.spool;
    settings.writebacks.make_connector = [this](const actors::TargetOptions&) {
      return engine::Result<std::shared_ptr<actors::TargetConnector>>{target_};
    };
    settings.sources.timing = options_.source_timing;
    settings.sources.make_source = [this](const actors::TargetOptions& options) {
      return engine::Result<std::shared_ptr<actors::ActivitySource>>{options_.sources.at(options.name)};
    };
    settings.read_model = [](const std::string& toml) -> engine::Result<engine::Model> {
      auto file = engine::models::read_model(toml, "test.toml");
      if (!file) return file.error();
      return std::move(file->model);
    };
    settings.low_water_bytes = 0;
    settings.fatal = [this](const std::string& reason) {
      const std::lock_guard guard{fatal_mutex_};
      fatal_ = reason;
    };
    settings.ready = [ready, once] { std::call_once(*once, [&] { ready->set_value(); }); };
    root_ = system_->spawn(actors::root_supervisor, std::move(services), std::move(settings));
    ASSERT_EQ(ready->get_future().wait_for(patience), std::future_status::ready);
    // Settings are in force once the digest of a switch round trip is there: ask the administrator for models.
    ASSERT_TRUE(settle());
  }

  /// Waits until the model of the settings is in force in every shard.
  bool settle() {
    for (int i = 0; i < 2'000; ++i) {
      bool open = false;
      for (std::uint16_t s = 0; s < engine::shard_count && !open; ++s) {
        auto applied = storage::load_applied(*store_, organisation, static_cast<engine::ShardId>(s));
        open = !applied || applied->model_version == 0 || (options_.target && applied->targets.empty());
      }
      if (!open) return true;
      std::this_thread::yield();
      (void)ask(actors::RequestQuery{organisation, "none"});
    }
    return false;
  }

  /// Sends to the gateway in force, if there is one; the sink hears of it.
  template <class Message>
  void send(Message message, actors::ReplyPort sink) {
    if (auto gateway = switchboard_->gateway()) caf::anon_send(gateway, std::move(message), std::move(sink));
  }

  template <class Message>
  Reply ask(Message message) {
    auto future = send(std::move(message));
    if (future.wait_for(patience) == std::future_status::ready) return future.get();
    return engine::Error{engine::Errc::unavailable, "no answer", ""};
  }

  /// As a surface sends: a submission for the spool is guarded by it.
  template <class Message>
  std::future<Reply> send(Message message) {
    auto sink = std::make_shared<WaitingSink>();
    auto future = sink->future();
    actors::ReplyPort port = std::move(sink);
    if constexpr (std::is_same_v<Message, actors::Submission>) {
      if (const auto spool = message.spool ? switchboard_->spool() : nullptr)
        port = spool->guard(message, std::move(port));
    }
    if (auto gateway = switchboard_->gateway()) caf::anon_send(gateway, std::move(message), std::move(port));
    return future;
  }

  /// Records of a sender that never retries.
  std::future<Reply> send_once(std::vector<actors::Record> records) {
    actors::Submission submission;
    submission.organisation = organisation;
    submission.records = std::move(records);
    submission.spool = true;
    return send(std::move(submission));
  }

  actors::Record event(const std::string& email, const std::string& type, const std::string& id,
                       Timestamp occurred_at) {
    actors::Record record;
    record.lead = engine::lead_id(organisation, email);
    record.email = email;
    record.received_at = clock_->now();
    record.surface = engine::Surface::events;
    record.request_id = "req_" + id;
    engine::EngagementEvent body;
    body.type = *engine::EventType::of(type);
    body.occurred_at = occurred_at;
    body.event_id = id;
    body.id_hash = engine::event_id_hash(id);
    body.content_hash = engine::event_id_hash(type + std::to_string(engine::to_ms(occurred_at)));
    record.body = std::move(body);
    return record;
  }

  actors::Record trigger(const std::string& email, const std::string& request_id) {
    actors::Record record;
    record.lead = engine::lead_id(organisation, email);
    record.email = email;
    record.received_at = clock_->now();
    record.surface = engine::Surface::hg_live;
    record.request_id = request_id;
    record.body = engine::Trigger{"salesforce"};
    return record;
  }

  Reply submit(std::vector<actors::Record> records) {
    return ask(actors::Submission{organisation, std::move(records), std::nullopt});
  }

  template <class Question>
  Reply question(const std::string& email, Question about, std::optional<Timestamp> as_of = std::nullopt) {
    return ask(actors::LeadQuery{organisation, email, as_of, about});
  }

  /// The digest of the organisation's leads.
  std::string digest() {
    auto reply = ask(actors::AdminRequest{organisation, actors::StateDigest{}});
    const auto* answer = std::get_if<actors::AdminAnswer>(&reply);
    const auto* row = answer == nullptr ? nullptr : std::get_if<actors::DigestRow>(answer);
    return row == nullptr ? "none" : row->digest;
  }

  /// Waits until the request's outcome is no longer "accepted"; the last view.
  actors::RequestView outcome_of(const std::string& request_id) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end) {
      auto reply = ask(actors::RequestQuery{organisation, request_id});
      if (auto* view = std::get_if<actors::RequestView>(&reply); view != nullptr && view->outcome != "accepted")
        return *view;
      std::this_thread::yield();
    }
    return {};
  }

  /// Moves the clock on and waits until whatever is due by then has fired.
  void advance(engine::Milliseconds span) {
    clock_->advance(span);
    const auto end = std::chrono::steady_clock::now() + patience;
    while (timers_due()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "timers that are due do not fire";
      std::this_thread::yield();
    }
  }

  /// Kills an actor of the root, or a shard, as a crash of it would.
  void kill(actors::Part part) {
    caf::scoped_actor self{*system_};
    self->request(root_, caf::infinite, actors::Locate{part})
        .receive([&](const caf::actor_addr& address) { self->send_exit(address, caf::exit_reason::kill); },
                 [](const caf::error&) { ADD_FAILURE() << "the root does not answer"; });
  }

  [[nodiscard]] std::string fatal() {
    const std::lock_guard guard{fatal_mutex_};
    return fatal_;
  }

  actors::ManualClock& clock() { return *clock_; }
  PlayedTarget& target() { return *target_; }
  actors::Counters& counters() { return switchboard_->counters; }
  actors::Crowd& crowd() { return switchboard_->crowd; }
  storage::Store& store() { return *store_; }
  caf::actor_system& system() { return *system_; }

 private:
  [[nodiscard]] bool timers_due() const {
    for (std::uint16_t shard = 0; shard < engine::shard_count; ++shard) {
      const auto prefix = storage::keys::timer_prefix(static_cast<engine::ShardId>(shard));
      const auto first = store_->scan(storage::Family::timers, prefix, {}, 1);
      if (!first || first->empty()) continue;
      const auto timer = storage::keys::parse_timer(first->front().key);
      if (timer && timer->at <= clock_->now()) return true;
    }
    return false;
  }

  void found_organisation() {
    auto known = storage::load_organisations(*store_);
    ASSERT_TRUE(known);
    if (!known->empty()) return;
    storage::Batch batch;
    storage::put(batch, storage::OrganisationSettings{organisation, "Test", true, clock_->now()});
    auto file = engine::models::read_model(engine::models::starter_model_toml(), "starter.toml");
    ASSERT_TRUE(file) << file.error().what;
    file->model.version = 1;
    storage::put(batch, storage::PublishedModel{organisation, clock_->now(), file->model});
    if (options_.target) {
      storage::TargetSettings target;
      target.id = 1;
      target.organisation = organisation;
      target.kind = "played";
      target.name = "crm";
      storage::put(batch, target);
    }
    std::uint32_t source = 0;
    for (const auto& [name, played] : options_.sources)
      storage::put(batch,
                   storage::SourceSettings{++source, organisation, "played", name, {}, {}, {}, false, clock_->now()});
    ASSERT_TRUE(store_->commit(batch));
  }

  RoomOptions options_;
  std::unique_ptr<storage::Store> own_store_;
  storage::Store* store_;
  storage::LocalLog log_;
  std::shared_ptr<actors::ManualClock> clock_ =
      std::make_shared<actors::ManualClock>(engine::from_ms(1'780'000'000'000));
  std::shared_ptr<PlayedTarget> target_ = std::make_shared<PlayedTarget>(clock_);
  actors::SwitchboardPtr switchboard_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  actors::RootSupervisor root_;
  std::mutex fatal_mutex_;
  std::string fatal_;
};

/// The receipts in a reply; fails the test when it is something else.
inline std::vector<actors::Receipt> receipts_in(const Reply& reply) {
  if (const auto* receipts = std::get_if<actors::Receipts>(&reply)) return receipts->receipts;
  const auto* error = std::get_if<engine::Error>(&reply);
  ADD_FAILURE() << "not receipts: " << (error == nullptr ? "another answer" : error->what);
  return {};
}

}  // namespace leadlight::tests
