// bench memory: what a lead with 20 events takes in memory, hosted by its shard or spawned as a CAF actor of its own,
// how many events a second go through either, and how long a read takes among so many leads and among few.
//
// Method: a real shard actor on one worker thread, with a committer that agrees at once, so that no disk takes part.
// Every lead gets its 20 events one after the other, as in life: windows grow as they would. Bytes are the growth of
// this process's resident memory from before the first event to after the last, freed memory given back first, over the
// number of leads. A read asks the shard actor for the score of a lead picked anew each time, one after the other; its
// floor is the same read among 10,000 leads. Each host is measured in a forked process of its own, so that neither
// finds the other's memory.
#include "actors/shard.hpp"
#include "tools/bench/child_process.hpp"
#include "tools/bench/interruption.hpp"
#include "tools/bench/latencies.hpp"
#include "tools/bench/population.hpp"
#include "tools/bench/stage.hpp"
#include "tools/bench/verbs.hpp"

#include <fmt/format.h>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace leadlight::bench {

namespace {

using engine::Errc;
using engine::Error;
using engine::Result;

constexpr std::uint64_t hosted_default = 1'000'000;
constexpr std::uint64_t spawned_default = 200'000;
constexpr std::size_t batch_records = 4'096;
/// Passes over all leads whose rate counts: the last ones, when every lead is active.
constexpr std::size_t timed_passes = 10;
constexpr double goal_bytes = 600;
constexpr std::uint64_t few_leads = 10'000;
constexpr std::uint64_t reads = 200'000;
constexpr double goal_read_ratio = 2;

struct Figures {
  double lead_bytes = 0;
  double events_per_s = 0;
  double read_p99_us = 0;
};

/// Waits for one reply after the other. Thread: `wait` that of the bench, `complete` the shard actor's.
class ReplyBox final : public actors::ReplySink {
 public:
  void complete(actors::Reply reply) override {
    {
      const std::lock_guard guard{mutex_};
      reply_ = std::move(reply);
    }
    there_.notify_one();
  }
  actors::Reply wait() {
    std::unique_lock guard{mutex_};
    there_.wait(guard, [this] { return reply_.has_value(); });
    return *std::exchange(reply_, std::nullopt);
  }

 private:
  std::mutex mutex_;
  std::condition_variable there_;
  std::optional<actors::Reply> reply_;
};

struct SharingConfig : caf::actor_system_config {
  SharingConfig() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 1U);
  }
};

actors::Committer::behavior_type agreeing_committer(actors::Committer::pointer) {
  return {[](const actors::Commit&) { return engine::Status{engine::Ok{}}; }, [](actors::Flush) {}};
}

class Host {
 public:
  Host(caf::actor_system& system, const Stage& stage) : stage_(stage), self_(system) {
    committer_ = system.spawn(agreeing_committer);
    shard_ = system.spawn(actors::shard, stage.services(), committer_, actors::WritebackSupervisor{}, std::size_t{0});
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host() {
    self_->send_exit(shard_, caf::exit_reason::user_shutdown);
    self_->send_exit(committer_, caf::exit_reason::user_shutdown);
  }

  /// One event for each lead; at most two batches are under way, so that making records and applying them overlap.
  engine::Status pass(std::uint64_t leads, std::size_t place) {
    std::uint64_t next = 0;
    std::size_t under_way = 0;
    while (next < leads || under_way > 0) {
      if (next < leads && under_way < 2) {
        send(leads, place, next);
        next = std::min(leads, next + batch_records);
        ++under_way;
        continue;
      }
      if (auto answered = receive(); !answered) return answered;
      --under_way;
    }
    return engine::Ok{};
  }

  /// The score of `reads` leads, all of them different where there are as many.
  Result<Latencies> read(std::uint64_t leads) {
    Latencies latencies;
    const auto box = std::make_shared<ReplyBox>();
    for (std::uint64_t turn = 0; turn < reads; ++turn) {
      actors::LeadQuery query;
      query.organisation = stage_.organisation().id;
      query.email = email_of(spread(turn * (leads / few_leads) % leads, leads));
      const auto asked = Steady::now();
      self_->send(shard_, std::move(query), actors::ReplyPort{box});
      const auto reply = box->wait();
      latencies.add(Steady::now() - asked);
      if (const auto* error = std::get_if<Error>(&reply)) return *error;
    }
    return latencies;
  }

 private:
  void send(std::uint64_t leads, std::size_t place, std::uint64_t from) {
    actors::RecordBatch batch;
    const auto to = std::min(leads, from + batch_records);
    batch.records.reserve(to - from);
    for (auto turn = from; turn < to; ++turn) {
      const auto lead = spread(turn, leads);
      batch.records.push_back(stage_.event(lead, event_type(lead, place), event_time(lead, place, stage_.now()),
                                           lead * events_per_lead + place));
    }
    pending_.push_back(self_->request(shard_, caf::infinite, std::move(batch)));
  }

  engine::Status receive() {
    engine::Status status = engine::Ok{};
    pending_.front().receive(
        [&](const actors::BatchReply& reply) {
          if (!reply.receipts) status = reply.receipts.error();
        },
        [&](const caf::error&) {
          status = Error{Errc::unavailable, "the shard actor ended", ""};
        });
    pending_.erase(pending_.begin());
    return status;
  }

  using Pending = decltype(std::declval<caf::scoped_actor&>()->request(std::declval<actors::Shard>(), caf::infinite,
                                                                       std::declval<actors::RecordBatch>()));

  const Stage& stage_;
  caf::scoped_actor self_;
  actors::Committer committer_;
  actors::Shard shard_;
  std::vector<Pending> pending_;
};

// `tell` does not return: the process ends without taking a million leads apart first.
Error measure_here(bool spawned, std::uint64_t leads, const std::function<void(const Figures&)>& tell) {
  auto stage = Stage::make(spawned);
  if (!stage) return stage.error();
  SharingConfig config;
  caf::actor_system system{config};
  Host host{system, **stage};
  ::malloc_trim(0);
  const auto before = resident_bytes();
  auto timed_from = Steady::now();
  for (std::size_t place = 0; place < events_per_lead; ++place) {
    if (place == events_per_lead - timed_passes) timed_from = Steady::now();
    if (auto passed = host.pass(leads, place); !passed) return passed.error();
  }
  const double seconds = seconds_since(timed_from);
  ::malloc_trim(0);
  const auto after = resident_bytes();
  const auto resident = (*stage)->services()->counters().leads_resident.load();
  if (resident != leads)
    return Error{Errc::internal, fmt::format("{} leads are resident instead of {}", resident, leads), ""};
  Figures figures;
  figures.lead_bytes = static_cast<double>(after - before) / static_cast<double>(leads);
  figures.events_per_s = static_cast<double>(leads * timed_passes) / seconds;
  if (!spawned) {  // a spawned lead is read from the store, which holds nothing here
    const auto latencies = host.read(leads);
    if (!latencies) return latencies.error();
    figures.read_p99_us = static_cast<double>(latencies->percentile(0.99).count());
  }
  tell(figures);
  return Error{Errc::internal, "still here", ""};
}

// In the forked process: measures, tells, ends.
[[noreturn]] void measure_and_exit(int pipe, bool spawned, std::uint64_t leads) {
  const auto leave = [pipe](const std::string& text) {
    const auto written = ::write(pipe, text.data(), text.size());
    ::_exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
  };
  const auto failed = measure_here(spawned, leads, [&](const Figures& figures) {
    leave(fmt::format("{} {} {}", figures.lead_bytes, figures.events_per_s, figures.read_p99_us));
  });
  leave("failed: " + failed.what);
  ::_exit(1);
}

Result<Figures> measure_apart(bool spawned, std::uint64_t leads) {
  int ends[2] = {-1, -1};
  if (::pipe(ends) != 0) return Error{Errc::io_error, "cannot make a pipe", ""};
  const auto child = ::fork();
  if (child < 0) return Error{Errc::io_error, "cannot fork", ""};
  if (child == 0) {
    ::close(ends[0]);
    measure_and_exit(ends[1], spawned, leads);
  }
  note_child(child);
  ::close(ends[1]);
  std::string text;
  char bytes[512];
  for (ssize_t got = 0; (got = ::read(ends[0], bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  forget_child(child);
  Figures figures;
  char* rest = nullptr;
  figures.lead_bytes = std::strtod(text.c_str(), &rest);
  if (rest == text.c_str()) return Error{Errc::internal, "measuring memory " + (text.empty() ? "died" : text), ""};
  figures.events_per_s = std::strtod(rest, &rest);
  figures.read_p99_us = std::strtod(rest, nullptr);
  return figures;
}

}  // namespace

Result<Rows> measure_memory(const BenchOptions& options) {
  const auto hosted_leads = options.leads != 0 ? options.leads : hosted_default;
  const auto spawned_leads = std::min(hosted_leads, spawned_default);
  progress(fmt::format("{} hosted leads, {} events each", hosted_leads, events_per_lead));
  const auto hosted = measure_apart(false, hosted_leads);
  if (!hosted) return hosted.error();
  progress(fmt::format("{} hosted leads, for the reads", few_leads));
  const auto few = measure_apart(false, few_leads);
  if (!few) return few.error();
  progress(fmt::format("{} spawned leads, {} events each", spawned_leads, events_per_lead));
  const auto spawned = measure_apart(true, spawned_leads);
  if (!spawned) return spawned.error();
  return Rows{{"resident_lead_bytes", hosted->lead_bytes, "bytes", std::nullopt, {.at_most = goal_bytes}},
              {"resident_read_p99_us", hosted->read_p99_us, "us", few->read_p99_us, {.ratio_at_most = goal_read_ratio}},
              {"spawned_lead_bytes", spawned->lead_bytes, "bytes"},
              {"hosted_events_per_s", hosted->events_per_s, "events/s"},
              {"spawned_events_per_s", spawned->events_per_s, "events/s"}};
}

}  // namespace leadlight::bench
