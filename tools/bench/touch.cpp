#include "tools/bench/touch.hpp"

#include "actors/clock.hpp"
#include "tools/bench/event_batch.hpp"
#include "tools/bench/load_generator.hpp"
#include "tools/bench/report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace leadlight::bench {

namespace {

using engine::Errc;
using engine::Error;

constexpr std::size_t connections = 4;

}  // namespace

bool all_accepted(std::string_view body) {
  static const auto all = fmt::format(R"("accepted":{},)", events_a_request);
  return body.find(all) != std::string_view::npos;
}

engine::Status touch_all(ServerUnderTest& server, std::uint64_t leads) {
  progress("one event for every lead, so that all are resident");
  const EventBatch batch{server.key("events"), events_a_request, actors::SystemClock{}.now() - engine::hour};
  std::uint64_t next = 0;
  Load load;
  load.address = server.address();
  load.request = batch.request();
  load.requests_max = (leads + events_a_request - 1) / events_a_request;
  load.connections = std::min<std::size_t>(connections, load.requests_max);
  load.span = std::chrono::minutes{30};
  load.change = [&](std::size_t, std::string& request) {
    batch.number(request, next, leads);
    next += batch.events();
  };
  load.look = [](std::size_t, std::string_view body) { return all_accepted(body); };
  auto result = run_load(load);
  if (!result) return result.error();
  if (result->refused > 0) return Error{Errc::unavailable, "events were refused: " + result->refusal, ""};
  auto metrics = server.metrics();
  if (!metrics) return metrics.error();
  const auto resident = (*metrics)["leadlight_leads_resident"];
  progress(fmt::format("{:.0f} leads resident, {:.0f} bytes each by the server's own count; {:.0f} events/s", resident,
                       (*metrics)["leadlight_leads_resident_bytes"] / std::max(resident, 1.0),
                       result->per_second() * events_a_request));
  if (resident < static_cast<double>(leads)) return Error{Errc::internal, "not every lead became resident", ""};
  return engine::Ok{};
}

}  // namespace leadlight::bench
