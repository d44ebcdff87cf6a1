// bench recovery: a server with a million leads, idle, then killed with SIGKILL under load and started again.
//
// Method: leads with 20 events each are written into the data directory, then each gets one more event over HTTP, which
// makes it resident. When compaction has come to rest, the server's processor time over 10 s without a request is the
// idle figure; timers of decaying leads fire meanwhile. Then, three times: batches of events under way, SIGKILL, start,
// and GET the lead whose event was acknowledged last until it answers 200. The figure is the worst time from starting
// the process to that answer. Afterwards the last acknowledged events before each kill are looked up one by one.
#include "actors/clock.hpp"
#include "tools/bench/child_process.hpp"
#include "tools/bench/event_batch.hpp"
#include "tools/bench/fill.hpp"
#include "tools/bench/load_generator.hpp"
#include "tools/bench/population.hpp"
#include "tools/bench/server_under_test.hpp"
#include "tools/bench/touch.hpp"
#include "tools/bench/verbs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

namespace leadlight::bench {

namespace {

using engine::Errc;
using engine::Error;
using engine::Result;

constexpr std::uint64_t leads_default = 1'000'000;
constexpr std::size_t connections_default = 4;
constexpr std::uint32_t idle_seconds_default = 10;
constexpr int kills = 3;
constexpr std::chrono::milliseconds load_before_kill{2'000};
constexpr std::chrono::seconds calm_within{60};
constexpr std::size_t looked_up_events = 100;  // of the last acknowledged ones before each kill
constexpr double goal_idle_percent = 1;
constexpr double goal_first_read_s = 1;

class Recovery {
 public:
  Recovery(ServerUnderTest& server, const BenchOptions& options, std::uint64_t leads)
      : server_(server),
        leads_(leads),
        batch_(server.key("events"), events_a_request, actors::SystemClock{}.now() - engine::hour),
        next_((leads + events_a_request - 1) / events_a_request * events_a_request),
        sent_(options.connections != 0 ? options.connections : connections_default) {}
  Recovery(const Recovery&) = delete;
  Recovery& operator=(const Recovery&) = delete;

  /// Percent of one core over `seconds`, after whatever the load left behind has been done.
  double idle_percent(std::uint32_t seconds) {
    const auto until = Steady::now() + calm_within;
    while (Steady::now() < until && busy_percent(std::chrono::seconds{2}) > 2) continue;
    return busy_percent(std::chrono::seconds{seconds});
  }

  /// Loads, kills, starts; seconds from the start of the process to the first answered GET.
  Result<double> kill_and_read() {
    auto load = make_load();
    load.until_broken = true;
    load.span = std::chrono::minutes{1};
    std::optional<Result<LoadResult>> loaded;
    std::thread loading{[&] { loaded = run_load(load); }};
    rest(load_before_kill);
    server_.kill();
    loading.join();
    if (!*loaded) return loaded->error();
    const auto last = acknowledged_;
    acknowledged_ends_.push_back(last);
    progress(fmt::format("killed after {} more acknowledged events", (*loaded)->answered * events_a_request));
    const auto start = Steady::now();
    if (auto started = server_.start(); !started) return started.error();
    const double ready = seconds_since(start);
    if (auto lead = server_.get("/v1/leads/" + email_of(spread(last, leads_))); !lead) return lead.error();
    const double read = seconds_since(start);
    progress(fmt::format("ready after {:.2f} s, first read after {:.2f} s", ready, read));
    return read;
  }

  /// How many of the events acknowledged last before each kill cannot be found.
  Result<std::size_t> lost() {
    std::size_t missing = 0;
    for (const auto last : acknowledged_ends_) {
      for (std::uint64_t number = last; number + looked_up_events > last && number > 0; --number) {
        auto timeline = server_.get("/v1/leads/" + email_of(spread(number, leads_)) + "/timeline?limit=100");
        if (!timeline) return timeline.error();
        if (timeline->find(EventBatch::event_id(number)) == std::string::npos) ++missing;
      }
    }
    return missing;
  }

 private:
  Load make_load() {
    Load load;
    load.address = server_.address();
    load.request = batch_.request();
    load.connections = sent_.size();
    load.change = [this](std::size_t connection, std::string& request) {
      sent_[connection] = next_;
      batch_.number(request, next_, leads_);
      next_ += batch_.events();
    };
    load.look = [this](std::size_t connection, std::string_view body) {
      if (!all_accepted(body)) return false;
      acknowledged_ = sent_[connection] + events_a_request - 1;
      return true;
    };
    return load;
  }

  double busy_percent(std::chrono::seconds span) {
    const auto start = Steady::now();
    const double before = server_.child().cpu_seconds();
    rest(span);
    return 100 * (server_.child().cpu_seconds() - before) / seconds_since(start);
  }

  ServerUnderTest& server_;
  std::uint64_t leads_;
  EventBatch batch_;
  std::uint64_t next_;               // event
  std::uint64_t acknowledged_ = 0;   // the last event of the newest acknowledged request
  std::vector<std::uint64_t> sent_;  // by connection: the first event of its request under way
  std::vector<std::uint64_t> acknowledged_ends_;
};

}  // namespace

Result<Rows> measure_recovery(const BenchOptions& options) {
  auto directory = TemporaryDirectory::make();
  if (!directory) return directory.error();
  auto server = ServerUnderTest::make(directory->path(), false);
  if (!server) return server.error();
  const auto leads = options.leads != 0 ? options.leads : leads_default;
  progress(fmt::format("writing {} leads with {} events each", leads, events_per_lead));
  if (auto filled = fill(server->data(), leads, actors::SystemClock{}.now()); !filled) return filled.error();
  if (auto started = server->start(); !started) return started.error();

  if (auto touched = touch_all(*server, leads); !touched) return touched.error();
  Recovery recovery{*server, options, leads};
  const auto idle_seconds = options.seconds != 0 ? options.seconds : idle_seconds_default;
  progress(fmt::format("waiting for calm, then idle for {} s", idle_seconds));
  const double idle = recovery.idle_percent(idle_seconds);
  double first_read = 0;
  for (int i = 0; i < kills; ++i) {
    auto seconds = recovery.kill_and_read();
    if (!seconds) return seconds.error();
    first_read = std::max(first_read, *seconds);
  }
  auto lost = recovery.lost();
  if (!lost) return lost.error();
  return Rows{{"idle_cpu_percent", idle, "% of a core", std::nullopt, {.below = goal_idle_percent}},
              {"first_read_after_kill_s", first_read, "s", std::nullopt, {.at_most = goal_first_read_s}},
              {"acknowledged_events_lost", static_cast<double>(*lost), "events", std::nullopt, {.at_most = 0}}};
}

}  // namespace leadlight::bench
