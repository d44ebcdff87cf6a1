// bench overload: more than the server takes, and whether it still does its work.
//
// Method: leads with 20 events each lie in the data directory; senders post arrays of events, every one new, as the
// libraries of event senders do. The peak is what comes through when each of a few connections sends its next request
// after its answer. Then requests fall due at once, twice and five times the peak's rate, answers or no answers, over
// many connections; goodput is what was made durable and answered 202, beside the peak. All four alternate, and of the
// rounds the one with the middle ratio counts: what the store has to compact grows meanwhile, for all alike. A
// refusal's latency counts from sending it; its floor is the bare server's answer to the same requests at the same
// rate. Recovery: the load ends, and windows of light load follow until one is refused nothing and has no answer slower
// than before.
//
// The server has one core to itself and the senders the others, where there are two at least: what they do more must
// not be taken from the server, or the peak would be theirs.
//
// One organisation beside another: a quiet one sends single events on a few connections while another sends batches
// with a key that has a rate. It keeps to that rate, or sends ten times as much, in turn, by windows of 2 s; the
// medians of the quiet one's p99 are compared, since a flush of the store falls into some windows of either kind. Last,
// the other one sends twice the peak with no rate to keep it: the quiet one must not be refused.
#include "actors/administrator.hpp"
#include "actors/clock.hpp"
#include "engine/models/model_toml.hpp"
#include "engine/models/starter.hpp"
#include "storage/rocksdb_store.hpp"
#include "storage/settings.hpp"
#include "tools/bench/bare_server.hpp"
#include "tools/bench/child_process.hpp"
#include "tools/bench/event_batch.hpp"
#include "tools/bench/fill.hpp"
#include "tools/bench/load_generator.hpp"
#include "tools/bench/population.hpp"
#include "tools/bench/server_under_test.hpp"
#include "tools/bench/verbs.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <sched.h>
#include <algorithm>
#include <array>
#include <numeric>
#include <thread>
#include <utility>

namespace leadlight::bench {

namespace {

using engine::Errc;
using engine::Error;
using engine::Result;

constexpr std::uint64_t leads_default = 100'000;
constexpr std::size_t connections_default = 512;
constexpr std::size_t connections_of_peak = 16;
constexpr std::size_t events_default = 100;
constexpr std::uint32_t seconds_default = 5;
constexpr int rounds = 3;
constexpr std::array<double, 3> factors = {1, 2, 5};
constexpr double light_share = 0.2;  // of the peak: what recovery is looked at with
constexpr std::chrono::milliseconds window{500};
constexpr int windows_before = 6;
constexpr std::chrono::seconds recovery_within{30};
constexpr double quota_share = 0.1;  // of the peak: what the key of the flooding organisation may send
constexpr double flood_factor = 10;
constexpr int beside_windows = 15;  // of each kind, in turn: what the store compacts meanwhile falls on both alike
constexpr std::chrono::milliseconds beside_window{2'000};
constexpr std::chrono::milliseconds burst_over{1'200};
constexpr double quiet_per_second = 200;
constexpr std::size_t quiet_connections = 32;
constexpr engine::OrganisationId quiet_organisation{2};

constexpr double goal_share_2x = 0.95;
constexpr double goal_share_5x = 0.85;
constexpr double goal_refusal_ms = 20;
constexpr double goal_recovery_s = 5;
constexpr double goal_quiet_ratio = 1.2;

/// Which cores this thread runs on, and what it starts from then on.
class Cores {
 public:
  Cores() { ::sched_getaffinity(0, sizeof all_, &all_); }
  Cores(const Cores&) = delete;
  Cores& operator=(const Cores&) = delete;
  ~Cores() { ::sched_setaffinity(0, sizeof all_, &all_); }

  void first_alone() const { choose(true); }
  void all_but_first() const { choose(false); }

 private:
  void choose(bool first) const {
    if (CPU_COUNT(&all_) < 2) return;
    cpu_set_t chosen;
    CPU_ZERO(&chosen);
    bool seen = false;
    for (std::size_t core = 0; core < CPU_SETSIZE; ++core) {
      if (!CPU_ISSET(core, &all_)) continue;
      if (seen != first) CPU_SET(core, &chosen);
      seen = true;
    }
    ::sched_setaffinity(0, sizeof chosen, &chosen);
  }

  cpu_set_t all_{};
};

/// A second organisation with the starter model and a key, written while no server runs. Returns: the key.
Result<std::string> add_quiet_organisation(const std::filesystem::path& data) {
  auto store = storage::open_rocksdb(data / "db", {});
  if (!store) return store.error();
  auto model = engine::models::read_model(engine::models::starter_model_toml(), "starter.toml");
  if (!model) return model.error();
  const auto now = actors::SystemClock{}.now();
  auto key = actors::make_key(quiet_organisation, {"quiet", {"events"}, std::nullopt}, now);
  if (!key) return key.error();
  storage::Batch batch;
  storage::put(batch, storage::OrganisationSettings{quiet_organisation, "Quiet", true, now});
  model->model.version = 1;
  storage::put(batch, storage::PublishedModel{quiet_organisation, now, std::move(model->model)});
  storage::put(batch, key->second);
  if (auto committed = (*store)->commit(batch); !committed) return committed.error();
  return std::move(key->first);
}

class Overload {
 public:
  Overload(ServerUnderTest& server, const BenchOptions& options, std::uint64_t leads, std::string quiet_key)
      : server_(server),
        leads_(leads),
        events_(options.events != 0 ? options.events : events_default),
        connections_(options.connections != 0 ? options.connections : connections_default),
        span_(std::chrono::seconds{options.seconds != 0 ? options.seconds : seconds_default}),
        quiet_key_(std::move(quiet_key)) {}

  /// A load of batches; `key` empty: the organisation's key without a rate. `pace` 0: as fast as answers come.
  Load load_of(std::string_view key, double pace) {
    const EventBatch batch(key.empty() ? server_.key("events") : key, events_,
                           actors::SystemClock{}.now() - engine::hour);
    Load load;
    load.address = server_.address();
    load.request = batch.request();
    load.connections = pace > 0 ? connections_ : connections_of_peak;
    load.span = span_;
    load.pace = pace;
    load.change = [this, batch](std::size_t, std::string& request) {
      batch.number(request, next_, leads_);
      next_ += events_;
    };
    return load;
  }

  Load quiet_load(std::chrono::milliseconds span) {
    const EventBatch batch(quiet_key_, 1, actors::SystemClock{}.now() - engine::hour);
    Load load;
    load.address = server_.address();
    load.request = batch.request();
    load.connections = quiet_connections;
    load.span = span;
    load.pace = quiet_per_second;
    load.change = [this, batch](std::size_t, std::string& request) { batch.number(request, quiet_next_++, leads_); };
    return load;
  }

  /// The quiet organisation's load while the other one sends `noise`, after the second's worth of requests that a key
  /// with a rate may send at once.
  Result<LoadResult> quiet_beside(Load noise) {
    const auto span = noise.span;
    noise.span += burst_over;
    Result<LoadResult> loud = LoadResult{};
    std::thread other([&] { loud = run_load(noise); });
    auto quiet = run_load(quiet_load(burst_over));
    if (quiet) quiet = run_load(quiet_load(span));
    other.join();
    if (!loud) return loud.error();
    return quiet;
  }

  /// Creates a key of the first organisation that may send `rate` requests a second.
  Result<std::string> key_with_rate(std::uint32_t rate) {
    auto answer = call(server_.client(), "POST", "http://" + server_.address() + "/v1/admin/tokens",
                       server_.key("admin"), fmt::format(R"({{"name":"bench","scopes":["events"],"rate":{}}})", rate));
    if (!answer) return answer.error();
    boost::system::error_code failed;
    const auto made = boost::json::parse(*answer, failed);
    const auto* key = failed ? nullptr : made.as_object().if_contains("key");
    if (key == nullptr || !key->is_string()) return Error{Errc::internal, "no key was made: " + *answer, ""};
    return std::string{key->get_string()};
  }

  [[nodiscard]] double events() const { return static_cast<double>(events_); }
  ServerUnderTest& server() { return server_; }

 private:
  ServerUnderTest& server_;
  std::uint64_t leads_;
  std::size_t events_;
  std::size_t connections_;
  std::chrono::milliseconds span_;
  std::string quiet_key_;
  std::uint64_t next_ = 0;
  std::uint64_t quiet_next_ = 0;
};

Result<double> measure_peak(Overload& bench) {
  auto result = run_load(bench.load_of({}, 0));
  if (!result) return result.error();
  progress(fmt::format("peak: {:.0f} events/s in requests of {:.0f} (p99 {:.0f} ms)",
                       result->per_second() * bench.events(), bench.events(), result->latencies.percentile_ms(0.99)));
  return result->per_second();
}

struct Pushed {
  double goodput = 0;  // requests a second
  double refusal_ms = 0;
};

Result<Pushed> push(Overload& bench, double peak, double factor) {
  auto result = run_load(bench.load_of({}, factor * peak));
  if (!result) return result.error();
  const auto all = result->answered + result->refused;
  progress(
      fmt::format("{}x: {:.0f} events/s durable (p99 {:.0f} ms), {:.0f} % of {} requests refused (p99 {:.1f} ms) {}",
                  factor, result->per_second() * bench.events(), result->latencies.percentile_ms(0.99),
                  100.0 * static_cast<double>(result->refused) / static_cast<double>(std::max<std::uint64_t>(all, 1)),
                  all, result->refusals.percentile_ms(0.99), result->refusal));
  return Pushed{result->per_second(), result->refusals.percentile_ms(0.99)};
}

/// Of each round: the peak, and what came through at each factor.
struct Rounds {
  std::vector<double> peaks;
  std::array<std::vector<double>, factors.size()> goodputs;
  std::array<std::vector<double>, factors.size()> refusals_ms;
};

/// Goodput at a factor and the peak of the same round, of the round whose ratio is the middle one.
std::pair<double, double> middle(const Rounds& all, std::size_t factor) {
  std::vector<std::size_t> order(all.peaks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto ratio = [&](std::size_t round) { return all.goodputs[factor][round] / all.peaks[round]; };
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return ratio(a) < ratio(b); });
  const auto round = order[order.size() / 2];
  return {all.goodputs[factor][round], all.peaks[round]};
}

Result<Rounds> measure_rounds(Overload& bench) {
  if (auto warm = measure_peak(bench); !warm) return warm.error();
  Rounds all;
  for (int round = 0; round < rounds; ++round) {
    const auto peak = measure_peak(bench);
    if (!peak) return peak.error();
    all.peaks.push_back(*peak);
    for (std::size_t i = 0; i < factors.size(); ++i) {
      auto one = push(bench, *peak, factors[i]);
      if (!one) return one.error();
      all.goodputs[i].push_back(one->goodput);
      all.refusals_ms[i].push_back(one->refusal_ms);
    }
  }
  return all;
}

/// Light load for a window; its slowest answer, or none when something was refused.
Result<std::optional<double>> look(Overload& bench, double peak) {
  auto load = bench.load_of({}, light_share * peak);
  load.span = window;
  auto result = run_load(load);
  if (!result) return result.error();
  if (result->refused > 0) return std::optional<double>{};
  return std::optional<double>{result->latencies.percentile_ms(0.99)};
}

/// Seconds from the end of a load of twice the peak until all is as before.
Result<double> measure_recovery_after(Overload& bench, double peak) {
  double normal = 0;
  for (int i = 0; i < windows_before; ++i) {
    auto seen = look(bench, peak);
    if (!seen) return seen.error();
    normal = std::max(normal, seen->value_or(0));
  }
  if (auto pushed = push(bench, peak, 2); !pushed) return pushed.error();
  const auto ended = Steady::now();
  while (Steady::now() - ended < recovery_within) {
    auto seen = look(bench, peak);
    if (!seen) return seen.error();
    if (seen->has_value() && **seen <= normal) break;
  }
  const auto took = seconds_since(ended);
  progress(fmt::format("normal again (p99 {:.1f} ms of light load) {:.1f} s after the load", normal, took));
  return took;
}

struct Beside {
  double ordinary_ms = 0;
  double flood_ms = 0;
  double overload_ms = 0;
  double refused = 0;  // of the quiet organisation's requests, beside the overload
};

Result<Beside> measure_beside(Overload& bench, double peak) {
  const auto rate = std::max(1.0, quota_share * peak);
  auto key = bench.key_with_rate(static_cast<std::uint32_t>(rate));
  if (!key) return key.error();
  auto within = bench.load_of(*key, 0.9 * rate);
  auto flooding = bench.load_of(*key, flood_factor * rate);
  within.span = flooding.span = beside_window;
  std::vector<double> ordinary;  // p99 of each window
  std::vector<double> flood;
  for (int i = 0; i < beside_windows; ++i) {
    auto beside_ordinary = bench.quiet_beside(within);
    if (!beside_ordinary) return beside_ordinary.error();
    auto beside_flood = bench.quiet_beside(flooding);
    if (!beside_flood) return beside_flood.error();
    ordinary.push_back(beside_ordinary->latencies.percentile_ms(0.99));
    flood.push_back(beside_flood->latencies.percentile_ms(0.99));
  }
  progress(fmt::format("quiet organisation: p99 {:.2f} ms beside one within its rate, {:.2f} ms beside {}x that rate",
                       median(ordinary), median(flood), flood_factor));
  auto beside_overload = bench.quiet_beside(bench.load_of({}, 2 * peak));
  if (!beside_overload) return beside_overload.error();
  return Beside{median(ordinary), median(flood), beside_overload->latencies.percentile_ms(0.99),
                static_cast<double>(beside_overload->refused)};
}

/// The bare server's p99 for the same requests at the same rate.
Result<double> floor_of_refusals(Overload& bench, const Cores& cores, double rate) {
  cores.first_alone();
  auto bare = BareServer::start(R"({"title":"Service unavailable"})");
  cores.all_but_first();
  if (!bare) return bare.error();
  auto load = bench.load_of({}, rate);
  load.address = (*bare)->address();
  auto result = run_load(load);
  if (!result) return result.error();
  return result->latencies.percentile_ms(0.99);
}

}  // namespace

Result<Rows> measure_overload(const BenchOptions& options) {
  auto directory = TemporaryDirectory::make();
  if (!directory) return directory.error();
  auto server = ServerUnderTest::make(directory->path(), false);
  if (!server) return server.error();
  const auto leads = options.leads != 0 ? options.leads : leads_default;
  progress(fmt::format("writing {} leads with {} events each", leads, events_per_lead));
  if (auto filled = fill(server->data(), leads, actors::SystemClock{}.now()); !filled) return filled.error();
  auto quiet_key = add_quiet_organisation(server->data());
  if (!quiet_key) return quiet_key.error();
  const Cores cores;
  cores.first_alone();
  if (auto started = server->start(); !started) return started.error();
  cores.all_but_first();

  Overload bench{*server, options, leads, *std::move(quiet_key)};
  const auto all = measure_rounds(bench);
  if (!all) return all.error();
  const auto peak = median(all->peaks);
  const auto recovery = measure_recovery_after(bench, peak);
  if (!recovery) return recovery.error();
  const auto beside = measure_beside(bench, peak);
  if (!beside) return beside.error();
  const auto floor = floor_of_refusals(bench, cores, 2 * peak);
  if (!floor) return floor.error();

  const auto goodput = [&](std::string name, std::size_t factor, Goal goal) {
    const auto [came_through, beside_peak] = middle(*all, factor);
    return Row{std::move(name), came_through * bench.events(), "events/s", beside_peak * bench.events(), goal};
  };
  return Rows{
      {"overload_peak_events_per_s", peak * bench.events(), "events/s"},
      goodput("overload_goodput_1x", 0, {}),
      goodput("overload_goodput_2x", 1, {.ratio_at_least = goal_share_2x}),
      goodput("overload_goodput_5x", 2, {.ratio_at_least = goal_share_5x}),
      {"overload_refusal_p99_ms", median(all->refusals_ms[1]), "ms", *floor, {.at_most = goal_refusal_ms}},
      {"overload_refusal_5x_p99_ms", median(all->refusals_ms[2]), "ms"},
      {"overload_recovery_s", *recovery, "s", std::nullopt, {.at_most = goal_recovery_s}},
      {"quiet_p99_beside_flood_ms", beside->flood_ms, "ms", beside->ordinary_ms, {.ratio_at_most = goal_quiet_ratio}},
      {"quiet_p99_beside_overload_ms", beside->overload_ms, "ms", beside->ordinary_ms, {}},
      {"quiet_refused_beside_overload", beside->refused, "requests", std::nullopt, {.at_most = 0}}};
}

}  // namespace leadlight::bench
