// bench trigger: single HG triggers over HTTP, one request each, fsynced before their 202.
//
// Method: every lead has 20 events and is resident, and the demo's target is in force, so that a trigger takes the
// whole road: log record, score, lead, outbox entry and request status in one synced batch. The target has no address,
// so nothing is sent (bench writeback measures that). Rounds alternate between the server and the floor, a Beast server
// with one io thread that reads the same bytes, does nothing and answers 202; same load generator, same connections. A
// second one shows what durability alone costs: the same bare server, whose answer waits for one synced entry.
// Addresses go through all leads in mixed order, since a second trigger of a lead would join the first. Medians of the
// rounds.
#include "actors/clock.hpp"
#include "storage/rocksdb_store.hpp"
#include "tools/bench/bare_server.hpp"
#include "tools/bench/child_process.hpp"
#include "tools/bench/fill.hpp"
#include "tools/bench/load_generator.hpp"
#include "tools/bench/population.hpp"
#include "tools/bench/server_under_test.hpp"
#include "tools/bench/touch.hpp"
#include "tools/bench/verbs.hpp"

#include <fmt/format.h>

#include <utility>

namespace leadlight::bench {

namespace {

constexpr std::uint64_t leads_default = 50'000;
constexpr std::size_t connections_default = 64;
constexpr std::uint32_t seconds_default = 3;
constexpr int rounds = 5;
constexpr double goal_ratio = 0.7;
constexpr std::size_t entry_bytes = 200;  // of a trigger's log record

constexpr std::string_view answer_shape =
    R"({"status":"accepted","request_id":"req_01ARZ3NDEKTSV4RRFFQ69G5FAV","email":"lead00000000@company0000000.com",)"
    R"("source":"salesforce","accepted_at":"2026-05-01T12:00:00.000Z"})";

Load make_load(ServerUnderTest& server, const BenchOptions& options, std::uint64_t leads, std::uint64_t& turn) {
  Load load;
  const std::string body = fmt::format(R"({{"email":"{}","source":"salesforce"}})", email_of(0));
  load.request = post_request("/data-api/v2/scoring/behavioral/live", server.key("hg"), body);
  load.connections = options.connections != 0 ? options.connections : connections_default;
  load.span = std::chrono::seconds{options.seconds != 0 ? options.seconds : seconds_default};
  const auto email_at = load.request.find(email_of(0));
  load.change = [email_at, leads, &turn](std::size_t, std::string& request) {
    write_email(request.data() + email_at, spread(turn++, leads));
  };
  return load;
}

engine::Result<LoadResult> run_round(Load load, const std::string& address) {
  load.address = address;
  auto result = run_load(load);
  if (!result) return result.error();
  if (result->refused == 0) return result;
  return engine::Error{engine::Errc::unavailable,
                       fmt::format("{} triggers were refused, first: {}", result->refused, result->refusal), ""};
}

}  // namespace

engine::Result<Rows> measure_trigger(const BenchOptions& options) {
  auto directory = TemporaryDirectory::make();
  if (!directory) return directory.error();
  auto server = ServerUnderTest::make(directory->path(), true);
  if (!server) return server.error();
  const auto leads = options.leads != 0 ? options.leads : leads_default;
  progress(fmt::format("writing {} leads with {} events each", leads, events_per_lead));
  if (auto filled = fill(server->data(), leads, actors::SystemClock{}.now()); !filled) return filled.error();
  if (auto started = server->start(); !started) return started.error();
  if (auto touched = touch_all(*server, leads); !touched) return touched.error();
  auto bare = BareServer::start(std::string{answer_shape});
  if (!bare) return bare.error();
  storage::RocksDbOptions fresh;
  fresh.create = true;
  auto store = storage::open_rocksdb(directory->path() / "bare_durable", fresh);
  if (!store) return store.error();
  auto durable = BareServer::start(std::string{answer_shape}, *std::move(store), entry_bytes);
  if (!durable) return durable.error();

  std::uint64_t turn = 0;
  std::uint64_t turn_of_floor = 0;
  const auto load = make_load(*server, options, leads, turn);
  const auto same_load = make_load(*server, options, leads, turn_of_floor);
  progress("warming up");
  if (auto warm = run_round(load, server->address()); !warm) return warm.error();
  std::vector<double> rates;
  std::vector<double> floors;
  std::vector<double> durable_floors;
  std::vector<double> tails;
  for (int round = 0; round < rounds; ++round) {
    const auto before = server->committed();
    if (!before) return before.error();
    auto own = run_round(load, server->address());
    if (!own) return own.error();
    const auto after = server->committed();
    if (!after) return after.error();
    auto floor = run_round(same_load, (*bare)->address());
    if (!floor) return floor.error();
    auto durable_floor = run_round(same_load, (*durable)->address());
    if (!durable_floor) return durable_floor.error();
    durable_floors.push_back(durable_floor->per_second());
    rates.push_back(own->per_second());
    floors.push_back(floor->per_second());
    tails.push_back(own->latencies.percentile_ms(0.99));
    progress(fmt::format("round {}: {:.0f} triggers/s (p50 {:.2f} ms, p99 {:.2f} ms; {}), floor {:.0f}, durable {:.0f}",
                         round + 1, rates.back(), own->latencies.percentile_ms(0.5), tails.back(),
                         (*after - *before).in_words(), floors.back(), durable_floors.back()));
  }
  if (turn > leads)
    progress("more triggers than leads: some of the last ones may have joined pending ones; use more --leads");
  return Rows{{"trigger_requests_per_s", median(rates), "requests/s", median(floors), {.ratio_at_least = goal_ratio}},
              {"trigger_p99_ms", median(tails), "ms"},
              {"bare_durable_requests_per_s", median(durable_floors), "requests/s", median(floors), {}}};
}

}  // namespace leadlight::bench
