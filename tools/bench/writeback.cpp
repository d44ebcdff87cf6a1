// bench writeback: from an HG trigger to the CRM's PATCH, with the sandbox as the CRM.
//
// Method: the sandbox and the server are child processes; the sandbox knows every lead of the bench, without a score,
// and so does the server, with 20 events each. Triggers arrive at a fixed pace, each for another lead. A trigger's
// delay runs from just before its request is sent to the instant the sandbox notes the PATCH that holds its lead, both
// read from this machine's clock.
#include "actors/clock.hpp"
#include "net/http/http.hpp"
#include "tools/bench/child_process.hpp"
#include "tools/bench/fill.hpp"
#include "tools/bench/load_generator.hpp"
#include "tools/bench/population.hpp"
#include "tools/bench/server_under_test.hpp"
#include "tools/bench/verbs.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

namespace leadlight::bench {

namespace {

namespace json = boost::json;
using engine::Errc;
using engine::Error;
using engine::Result;
using engine::Timestamp;

constexpr double pace_default = 200;  // triggers a second
constexpr std::uint32_t seconds_default = 15;
constexpr std::size_t connections_default = 16;
constexpr std::uint64_t records_per_call = 500;
constexpr std::chrono::seconds written_within{20};
constexpr double goal_ms = 250;

class SandboxUnderTest {
 public:
  SandboxUnderTest(ChildProcess child, std::string address, net::HttpClient& client)
      : child_(std::move(child)), url_("http://" + std::move(address)), client_(client) {}

  static Result<SandboxUnderTest> start(const std::filesystem::path& below, net::HttpClient& client) {
    auto child = ChildProcess::start({"sandbox", "--listen", "127.0.0.1:0", "--empty"}, below / "sandbox.log");
    if (!child) return child.error();
    auto address = listening(*child, std::chrono::seconds{30});
    if (!address) return address.error();
    return SandboxUnderTest{*std::move(child), *std::move(address), client};
  }

  /// Makes leads 0 … `leads` − 1 known to the CRM.
  engine::Status put_leads(std::uint64_t leads) {
    for (std::uint64_t from = 0; from < leads; from += records_per_call) {
      const auto to = std::min(leads, from + records_per_call);
      json::array records;
      for (auto number = from; number < to; ++number)
        records.push_back(
            {{"Email", email_of(number)}, {"LastName", "Lead " + std::to_string(number)}, {"Company", "Bench"}});
      auto text = call(client_, "POST", url_ + "/_state/salesforce/Lead", {},
                       json::serialize(json::object{{"records", records}}));
      if (!text) return text.error();
      boost::system::error_code failed;
      const auto answer = json::parse(*text, failed);
      const auto* ids = failed || !answer.is_object() ? nullptr : answer.get_object().if_contains("ids");
      if (ids == nullptr || !ids->is_array() || ids->get_array().size() != to - from)
        return Error{Errc::unavailable, "the sandbox did not tell the ids of its leads", ""};
      for (const auto& id : ids->get_array()) lead_of_id_.emplace(std::string{id.as_string()}, lead_of_id_.size());
    }
    return engine::Ok{};
  }

  /// When each lead was first written, by number. Errors: unavailable.
  Result<std::unordered_map<std::uint64_t, Timestamp>> written() {
    auto text = call(client_, "GET", url_ + "/_calls?method=PATCH", {});
    if (!text) return text.error();
    std::unordered_map<std::uint64_t, Timestamp> written;
    boost::system::error_code failed;
    const auto answer = json::parse(*text, failed);
    if (failed || !answer.is_object()) return Error{Errc::unavailable, "the sandbox's calls are no JSON", ""};
    for (const auto& row : answer.at("calls").as_array()) {
      const auto at = net::parse_time(std::string_view{row.at("at").as_string()});
      const auto body = json::parse(row.at("body").as_string(), failed);
      if (!at || failed) continue;
      for (const auto& record : body.at("records").as_array())
        if (const auto lead = lead_of_id_.find(std::string{record.at("id").as_string()}); lead != lead_of_id_.end())
          written.try_emplace(lead->second, *at);
    }
    return written;
  }

  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  ChildProcess child_;
  std::string url_;
  net::HttpClient& client_;
  std::unordered_map<std::string, std::uint64_t> lead_of_id_;
};

/// Sends one trigger for every lead; when each was sent.
Result<std::vector<Timestamp>> trigger_all(ServerUnderTest& server, std::uint64_t leads, double pace,
                                           std::size_t connections) {
  std::vector<Timestamp> sent;
  sent.reserve(leads);
  const actors::SystemClock clock;
  Load load;
  load.address = server.address();
  load.request = post_request("/data-api/v2/scoring/behavioral/live", server.key("hg"),
                              fmt::format(R"({{"email":"{}","source":"salesforce"}})", email_of(0)));
  load.connections = connections;
  load.pace = pace;
  load.span = std::chrono::minutes{10};
  load.requests_max = leads;
  const auto email_at = load.request.find(email_of(0));
  load.change = [&](std::size_t, std::string& request) {
    write_email(request.data() + email_at, sent.size());
    sent.push_back(clock.now());
  };
  auto result = run_load(load);
  if (!result) return result.error();
  if (result->answered != leads)
    return Error{
        Errc::unavailable,
        fmt::format("{} of {} triggers were accepted; first refusal: {}", result->answered, leads, result->refusal),
        ""};
  progress(fmt::format("triggers answered: p50 {:.2f} ms, p99 {:.2f} ms", result->latencies.percentile_ms(0.5),
                       result->latencies.percentile_ms(0.99)));
  return sent;
}

// The target is checked when the server starts; a trigger before that would wait for the check.
engine::Status await_target(ServerUnderTest& server) {
  const auto until = Steady::now() + written_within;
  std::string targets;
  while (Steady::now() < until) {
    auto text = server.get("/v1/admin/targets");
    if (!text) return text.error();
    targets = *text;
    if (targets.find("\"ready\"") != std::string::npos) return engine::Ok{};
    rest(std::chrono::milliseconds{50});
  }
  return Error{Errc::unavailable, "the demo target did not become ready: " + targets, ""};
}

}  // namespace

Result<Rows> measure_writeback(const BenchOptions& options) {
  const auto seconds = options.seconds != 0 ? options.seconds : seconds_default;
  const auto leads = options.leads != 0 ? options.leads : static_cast<std::uint64_t>(pace_default * seconds);
  const double pace = static_cast<double>(leads) / seconds;
  auto directory = TemporaryDirectory::make();
  if (!directory) return directory.error();
  auto server = ServerUnderTest::make(directory->path(), true);
  if (!server) return server.error();
  if (auto filled = fill(server->data(), leads, actors::SystemClock{}.now()); !filled) return filled.error();
  auto sandbox = SandboxUnderTest::start(directory->path(), server->client());
  if (!sandbox) return sandbox.error();
  if (auto put = sandbox->put_leads(leads); !put) return put.error();
  if (auto started = server->start({"--sandbox", sandbox->url()}); !started) return started.error();
  if (auto ready = await_target(*server); !ready) return ready.error();

  progress(fmt::format("{} triggers, {:.0f} a second", leads, pace));
  auto sent = trigger_all(*server, leads, pace, options.connections != 0 ? options.connections : connections_default);
  if (!sent) return sent.error();
  auto written = sandbox->written();
  const auto until = Steady::now() + written_within;
  while (written && written->size() < leads && Steady::now() < until) {
    rest(std::chrono::milliseconds{200});
    written = sandbox->written();
  }
  if (!written) return written.error();
  if (written->size() < leads)
    return Error{Errc::unavailable, fmt::format("{} of {} leads were written", written->size(), leads), ""};
  Latencies delays;
  for (const auto& [lead, at] : *written) delays.add(at - (*sent)[lead]);
  progress(fmt::format("written: p50 {:.0f} ms, p99 {:.0f} ms, longest {:.0f} ms", delays.percentile_ms(0.5),
                       delays.percentile_ms(0.99), delays.percentile_ms(1)));
  return Rows{{"writeback_p50_ms", delays.percentile_ms(0.5), "ms"},
              {"writeback_p99_ms", delays.percentile_ms(0.99), "ms", std::nullopt, {.at_most = goal_ms}}};
}

}  // namespace leadlight::bench
