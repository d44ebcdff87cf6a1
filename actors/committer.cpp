#include "actors/committer.hpp"

#include "logging/log.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>

namespace leadlight::actors {

namespace {

using Self = Committer::stateful_pointer<CommitterState>;

constexpr std::size_t batch_bytes_kept = 8U << 20U;  // between rounds

void flush(Self self, const Services& services, const std::function<void(std::string)>& fatal) {
  auto& state = self->state;
  if (state.waiting.empty()) return;
  Status committed = engine::Ok{};
  if (!state.batch.empty()) {
    const auto started = std::chrono::steady_clock::now();
    committed = services.store->commit(state.batch);
    const auto took = std::chrono::steady_clock::now() - started;
    auto& counters = services.counters();
    counters.commits.fetch_add(1, std::memory_order_relaxed);
    counters.commit_records.fetch_add(state.records, std::memory_order_relaxed);
    counters.commit_bytes.fetch_add(state.batch.bytes(), std::memory_order_relaxed);
    counters.commit_microseconds.fetch_add(
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()),
        std::memory_order_relaxed);
  }
  if (!committed && !state.failed) {
    state.failed = committed.error();
    logging::critical("storage failed, nothing more is acknowledged and the process stops",
                      {{"component", "storage"}, {"reason", committed.error().what}});
    fatal("storage failed: " + committed.error().what);
  }
  for (auto& waiting : state.waiting) waiting.reply.deliver(committed);
  state.waiting.clear();
  if (state.batch.bytes() > batch_bytes_kept) state.batch = storage::Batch{};
  state.batch.clear();
  state.records = 0;
}

}  // namespace

CommitterState::~CommitterState() {
  const Error ended{engine::Errc::unavailable, "the committer ended before the batch was written", ""};
  for (auto& one : waiting) one.reply.deliver(engine::Status{ended});
}

Committer::behavior_type committer(Self self, ServicesPtr services, std::function<void(std::string)> fatal) {
  return {
      [self](Commit& commit) {
        auto reply = self->make_response_promise<engine::Status>();
        if (self->state.failed) {
          reply.deliver(engine::Status{*self->state.failed});
          return reply;
        }
        // The flush queues up behind the commits that wait already, so they join this round.
        if (self->state.waiting.empty()) self->send(self, Flush{});
        self->state.batch.append(std::move(commit.batch));
        self->state.records += commit.records;
        self->state.waiting.push_back({reply});
        return reply;
      },
      [self, services, fatal](Flush) { flush(self, *services, fatal); },
  };
}

}  // namespace leadlight::actors
