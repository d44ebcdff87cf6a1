// bench engine: the road of an event on one thread, from the bytes of its record to the batch that would be committed.
//
// Method: leads with 15 events each are activated in a real lead table. A round takes encoded records of 10 more events
// a lead (so that windows hold 20 on average), leads in mixed order, in batches of 1,024 as a shard gets them: decode,
// activate, ask for the id, apply (window, score, next crossing), encode what changed, stage everything. Counted in
// this thread's processor time: a figure per core, whatever else the machine does. Median of the rounds.
#include "actors/lead_table.hpp"
#include "actors/shard_commit.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "tools/bench/child_process.hpp"
#include "tools/bench/population.hpp"
#include "tools/bench/stage.hpp"
#include "tools/bench/verbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <unordered_map>
#include <utility>

namespace leadlight::bench {

namespace {

constexpr std::uint64_t leads_default = 20'000;
constexpr std::size_t events_before = 15;
constexpr std::size_t events_in_round = 10;
constexpr std::size_t batch_records = 1'024;
constexpr int rounds = 7;
constexpr double goal_events_per_s = 500'000;

double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// An encoded record and what its log key would say.
struct Stored {
  std::string bytes;
  engine::ShardId shard{};
};

class EngineRound {
 public:
  explicit EngineRound(Stage& stage) : stage_(stage), table_(stage.services(), stage.services()->resident_bytes_max) {
    organisations_[stage.organisation().id] = stage.organisation();
  }

  /// Seconds of processor time, or why it failed.
  engine::Result<double> run(const std::vector<Stored>& records) {
    const double start = processor_seconds();
    for (std::size_t at = 0; at < records.size(); at += batch_records) {
      const auto count = std::min(batch_records, records.size() - at);
      if (auto done = batch({records.data() + at, count}); !done) return done.error();
    }
    return processor_seconds() - start;
  }

  [[nodiscard]] std::uint64_t counted() const { return stage_.services()->counters().records_counted.load(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  engine::Status batch(std::span<const Stored> stored) {
    std::vector<engine::Record> records;
    records.reserve(stored.size());
    std::vector<actors::Delivery> deliveries;
    deliveries.reserve(stored.size());
    for (const auto& one : stored) {
      auto record = storage::decode_record(one.bytes);
      if (!record) return record.error();
      record->shard = one.shard;
      record->position = ++heads_[static_cast<std::size_t>(one.shard)];
      records.push_back(*std::move(record));
      deliveries.push_back({&records.back(), &organisations_.begin()->second});
    }
    std::optional<engine::Result<actors::RoundResult>> result;
    table_.run(std::move(deliveries), [&](engine::Result<actors::RoundResult> done) { result = std::move(done); });
    if (!*result) return result->error();
    auto effects = actors::effects_of(*stage_.services(), records, **result, organisations_, pending_, fetches_);
    if (!effects) return effects.error();
    bytes_ += effects->batch.bytes();
    return engine::Ok{};
  }

  Stage& stage_;
  actors::LeadTable table_;
  std::unordered_map<engine::OrganisationId, engine::Organisation> organisations_;
  actors::PendingByLead pending_;
  actors::FetchesByLead fetches_;
  std::array<engine::Position, engine::shard_count> heads_{};
  std::size_t bytes_ = 0;
};

std::vector<Stored> events_of(const Stage& stage, std::uint64_t leads, std::size_t from, std::size_t count,
                              std::uint64_t first_number) {
  std::vector<Stored> stored;
  stored.reserve(leads * count);
  for (std::size_t place = from; place < from + count; ++place) {
    for (std::uint64_t turn = 0; turn < leads; ++turn) {
      const auto lead = spread(turn, leads);
      // The later places lie within the last three days; the earlier ones come as in the population.
      const auto at = place < events_before ? event_time(lead, place, stage.now())
                                            : stage.now() - engine::hour * static_cast<std::int64_t>(70 - place);
      const auto record = stage.event(lead, event_type(lead, place), at, first_number + stored.size());
      stored.push_back({storage::encode(record), record.shard});
    }
  }
  return stored;
}

}  // namespace

engine::Result<Rows> measure_engine(const BenchOptions& options) {
  const auto in_round = options.leads == 0 && options.events != 0
                            ? std::max<std::uint64_t>(options.events / events_in_round, 1)
                            : leads_default;
  const std::uint64_t leads = options.leads != 0 ? options.leads : in_round;
  progress(fmt::format("{} leads, {} events a round, {} rounds", leads, leads * events_in_round, rounds));
  auto stage = Stage::make(false);
  if (!stage) return stage.error();
  const auto before = events_of(**stage, leads, 0, events_before, 0);
  const auto timed = events_of(**stage, leads, events_before, events_in_round, before.size());
  std::vector<double> rates;
  for (int round = 0; round < rounds; ++round) {
    EngineRound run{**stage};
    if (auto prepared = run.run(before); !prepared) return prepared.error();
    const auto counted_before = run.counted();
    auto seconds = run.run(timed);
    if (!seconds) return seconds.error();
    if (run.counted() - counted_before != timed.size())
      return engine::Error{engine::Errc::internal, "events of the bench were not counted", ""};
    rates.push_back(static_cast<double>(timed.size()) / *seconds);
    progress(fmt::format("round {}: {:.0f} events/s", round + 1, rates.back()));
  }
  return Rows{
      {"engine_events_per_s_per_core", median(rates), "events/s", std::nullopt, {.at_least = goal_events_per_s}}};
}

}  // namespace leadlight::bench
