// bench ingest: events over HTTP in batches, durable before their 202; and bench segment: the same as calls of
// Segment's server library.
//
// Method: leads with 20 events each lie in the data directory; senders post arrays of events, every one new, leads in
// mixed order. Rounds alternate between the server and the floor: bare synced RocksDB batches, as many, with as many
// records of as many bytes as the server itself committed in the round before (from its own counters). The floor writes
// one entry a record, where the server writes a log entry, an index entry, an id and a lead. Medians of the rounds.
#include "actors/clock.hpp"
#include "storage/rocksdb_store.hpp"
#include "tools/bench/child_process.hpp"
#include "tools/bench/event_batch.hpp"
#include "tools/bench/fill.hpp"
#include "tools/bench/load_generator.hpp"
#include "tools/bench/population.hpp"
#include "tools/bench/server_under_test.hpp"
#include "tools/bench/verbs.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace leadlight::bench {

namespace {

using engine::Errc;
using engine::Error;
using engine::Result;

constexpr std::uint64_t leads_default = 200'000;
constexpr std::size_t connections_default = 8;
constexpr std::size_t events_default = 1'000;
constexpr std::uint32_t seconds_default = 5;
constexpr int rounds = 5;
constexpr std::size_t key_bytes = 16;
constexpr double goal_events_per_s = 100'000;
constexpr double goal_segment_events_per_s = 50'000;
constexpr double goal_ratio = 0.7;

struct Round {
  double events_per_s = 0;
  Committed committed;
  Latencies latencies;
};

class Ingest {
 public:
  Ingest(ServerUnderTest& server, const BenchOptions& options, std::uint64_t leads, BatchShape shape)
      : server_(server),
        batch_(server.key("events"), options.events != 0 ? options.events : events_default,
               actors::SystemClock{}.now() - engine::hour, shape) {
    load_.address = server.address();
    load_.request = batch_.request();
    load_.connections = options.connections != 0 ? options.connections : connections_default;
    load_.span = std::chrono::seconds{options.seconds != 0 ? options.seconds : seconds_default};
    load_.change = [this, leads](std::size_t, std::string& request) {
      batch_.number(request, next_, leads);
      next_ += batch_.events();
    };
    const bool segment = shape == BatchShape::segment;
    load_.status = segment ? 200 : 202;
    const auto all = segment ? R"("success":true)" : fmt::format(R"("accepted":{})", batch_.events());
    load_.look = [all](std::size_t, std::string_view body) { return body.find(all) != std::string_view::npos; };
  }
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;

  Result<Round> run() {
    const auto before = server_.committed();
    if (!before) return before.error();
    auto result = run_load(load_);
    if (!result) return result.error();
    if (result->refused > 0)
      return Error{Errc::unavailable,
                   fmt::format("{} requests were refused, first: {}", result->refused, result->refusal), ""};
    const auto after = server_.committed();
    if (!after) return after.error();
    return Round{result->per_second() * static_cast<double>(batch_.events()), *after - *before, result->latencies};
  }

  [[nodiscard]] const Load& load() const { return load_; }
  [[nodiscard]] std::size_t events() const { return batch_.events(); }

 private:
  ServerUnderTest& server_;
  EventBatch batch_;
  Load load_;
  std::uint64_t next_ = 0;
};

Result<double> floor_of(const std::filesystem::path& directory, const Committed& committed) {
  const auto batches = static_cast<std::size_t>(committed.commits);
  const auto entries = static_cast<std::size_t>(std::llround(committed.records / committed.commits));
  const auto bytes = static_cast<std::size_t>(std::llround(committed.bytes / committed.records));
  auto seconds =
      storage::bare_synced_writes(directory, batches, entries, key_bytes, bytes > key_bytes ? bytes - key_bytes : 1);
  if (!seconds) return seconds.error();
  return static_cast<double>(batches * entries) / *seconds;
}

struct Medians {
  double events_per_s = 0;
  double floor = 0;
};

Result<Medians> measure_batches(const BenchOptions& options, BatchShape shape) {
  auto directory = TemporaryDirectory::make();
  if (!directory) return directory.error();
  auto server = ServerUnderTest::make(directory->path(), false);
  if (!server) return server.error();
  const auto leads = options.leads != 0 ? options.leads : leads_default;
  progress(fmt::format("writing {} leads with {} events each", leads, events_per_lead));
  if (auto filled = fill(server->data(), leads, actors::SystemClock{}.now()); !filled) return filled.error();
  if (auto started = server->start(); !started) return started.error();

  Ingest ingest{*server, options, leads, shape};
  progress(fmt::format("{} connections, {} events a request; warming up", ingest.load().connections, ingest.events()));
  if (auto warm = ingest.run(); !warm) return warm.error();
  std::vector<double> rates;
  std::vector<double> floors;
  for (int number = 0; number < rounds; ++number) {
    auto round = ingest.run();
    if (!round) return round.error();
    const auto& own = round->committed;
    if (own.commits < 1 || own.records < 1)
      return Error{Errc::internal, "the server's counters do not count commits", ""};
    auto floor = floor_of(directory->path(), own);
    if (!floor) return floor.error();
    rates.push_back(round->events_per_s);
    floors.push_back(*floor);
    progress(fmt::format("round {}: {:.0f} events/s (p99 {:.0f} ms a request; {}), floor {:.0f}", number + 1,
                         rates.back(), round->latencies.percentile_ms(0.99), own.in_words(), floors.back()));
  }
  return Medians{median(rates), median(floors)};
}

}  // namespace

Result<Rows> measure_ingest(const BenchOptions& options) {
  const auto measured = measure_batches(options, BatchShape::events);
  if (!measured) return measured.error();
  return Rows{{"ingest_events_per_s",
               measured->events_per_s,
               "events/s",
               measured->floor,
               {.at_least = goal_events_per_s, .ratio_at_least = goal_ratio}}};
}

Result<Rows> measure_segment(const BenchOptions& options) {
  const auto measured = measure_batches(options, BatchShape::segment);
  if (!measured) return measured.error();
  return Rows{{"segment_events_per_s",
               measured->events_per_s,
               "events/s",
               measured->floor,
               {.at_least = goal_segment_events_per_s}}};
}

}  // namespace leadlight::bench
