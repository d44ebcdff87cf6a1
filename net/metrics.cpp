#include "net/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <sstream>
#include <utility>
#include <vector>

namespace leadlight::net {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class Families {
 public:
  void counter(std::string name, std::string help, std::uint64_t value, Labels labels = {}) {
    auto& metric = add(std::move(name), std::move(help), MetricType::Counter, std::move(labels));
    metric.counter.value = static_cast<double>(value);
  }
  void seconds(std::string name, std::string help, double value) {
    add(std::move(name), std::move(help), MetricType::Counter, {}).counter.value = value;
  }
  void gauge(std::string name, std::string help, double value) {
    add(std::move(name), std::move(help), MetricType::Gauge, {}).gauge.value = value;
  }
  /// A further metric of the family named, or the first of a new one.
  ClientMetric& add(std::string name, std::string help, MetricType type, Labels labels) {
    if (families_.empty() || families_.back().name != name) {
      auto& family = families_.emplace_back();
      family.name = std::move(name);
      family.help = std::move(help);
      family.type = type;
    }
    auto& metric = families_.back().metric.emplace_back();
    metric.label = std::move(labels);
    return metric;
  }
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return std::move(out).str();
  }

 private:
  std::vector<MetricFamily> families_;
};

void add_records(Families& families, const actors::Counters& counters) {
  const char* const name = "leadlight_records_total";
  const char* const help = "Records applied, by outcome.";
  families.counter(name, help, counters.records_counted, {{"outcome", "counted"}});
  families.counter(name, help, counters.records_duplicate, {{"outcome", "duplicate"}});
  families.counter(name, help, counters.records_too_late, {{"outcome", "too_late"}});
  families.counter(name, help, counters.records_no_change, {{"outcome", "no_change"}});
  families.counter(name, help, counters.records_quarantined, {{"outcome", "quarantined"}});
  families.counter("leadlight_conflicts_total", "Repeated event ids with other content.", counters.conflicts);
  families.counter("leadlight_triggers_total", "Triggers admitted.", counters.triggers);
  families.counter("leadlight_triggers_joined_total", "Triggers that joined a pending one.", counters.triggers_joined);
  const char* const refused = "leadlight_refused_total";
  families.counter(refused, "Requests refused by the gateway, by reason.", counters.refused_overload,
                   {{"reason", "overload"}});
  families.counter(refused, "", counters.refused_low_space, {{"reason", "low_space"}});
  families.gauge("leadlight_records_in_flight", "Records admitted and not yet answered.",
                 static_cast<double>(counters.records_in_flight));
}

void add_state(Families& families, const actors::Counters& counters) {
  families.counter("leadlight_commits_total", "Synced batches.", counters.commits);
  families.counter("leadlight_commit_bytes_total", "Bytes in synced batches.", counters.commit_bytes);
  families.counter("leadlight_commit_records_total", "Records in synced batches.", counters.commit_records);
  families.seconds("leadlight_commit_seconds_total", "Time spent in synced batches.",
                   static_cast<double>(counters.commit_microseconds) / 1e6);
  families.counter("leadlight_timers_fired_total", "Timers of leads that fired.", counters.timers_fired);
  families.counter("leadlight_crossings_total", "Segment changes by decay alone.", counters.crossings);
  families.counter("leadlight_drift_writebacks_total", "Writebacks owed by drift.", counters.drift_writebacks);
  families.gauge("leadlight_leads_resident", "Leads in memory.", static_cast<double>(counters.leads_resident));
  families.gauge("leadlight_leads_resident_bytes", "Memory of the leads in memory.",
                 static_cast<double>(counters.leads_resident_bytes));
  families.counter("leadlight_leads_activated_total", "Leads read from storage into memory.", counters.leads_activated);
  families.counter("leadlight_leads_passivated_total", "Leads dropped from memory.", counters.leads_passivated);
  families.counter("leadlight_actor_restarts_total", "Actors started again by their supervisor.",
                   counters.actor_restarts);
}

void add_writebacks(Families& families, const actors::Counters& counters) {
  const char* const name = "leadlight_writebacks_total";
  const char* const help = "Writebacks ended, by outcome.";
  families.counter(name, help, counters.writebacks_written, {{"outcome", "written"}});
  families.counter(name, help, counters.writebacks_unchanged, {{"outcome", "unchanged"}});
  families.counter(name, help, counters.writebacks_no_match, {{"outcome", "no_match"}});
  families.counter(name, help, counters.writebacks_converted, {{"outcome", "converted_lead"}});
  families.counter(name, help, counters.writebacks_dead, {{"outcome", "dead_letter"}});
  families.counter("leadlight_writebacks_retried_total", "Writebacks tried again.", counters.writebacks_retried);
  families.counter("leadlight_writeback_calls_total", "API calls to targets.", counters.writeback_calls);
  families.gauge("leadlight_writebacks_queued", "Writebacks owed and not yet ended.",
                 static_cast<double>(counters.writebacks_queued));
  families.gauge("leadlight_targets_held", "Targets that are held.", static_cast<double>(counters.targets_held));
  families.seconds("leadlight_writeback_delay_seconds_total", "Time from owing to writing, summed over writebacks.",
                   static_cast<double>(counters.writeback_delay_ms_sum) / 1e3);
  families.gauge("leadlight_writeback_delay_seconds_max", "Longest time from owing to writing.",
                 static_cast<double>(counters.writeback_delay_ms_max) / 1e3);
}

void add_route(Families& families, const RouteTraffic& route) {
  const std::array<const char*, 6> classes = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
  for (std::size_t i = 0; i < route.by_class.size(); ++i)
    if (const auto count = route.by_class[i].load(std::memory_order_relaxed); count > 0)
      families.counter("leadlight_http_requests_total", "Requests answered, by route and class of status.", count,
                       {{"method", route.method}, {"route", route.pattern}, {"status", classes[i]}});
}

void add_durations(Families& families, const RouteTraffic& route) {
  ClientMetric::Histogram histogram;
  for (std::size_t i = 0; i < duration_bounds_us.size(); ++i) {
    histogram.sample_count += route.by_duration[i].load(std::memory_order_relaxed);
    histogram.bucket.push_back({histogram.sample_count, static_cast<double>(duration_bounds_us[i]) / 1e6});
  }
  histogram.sample_count += route.by_duration.back().load(std::memory_order_relaxed);
  if (histogram.sample_count == 0) return;
  histogram.sample_sum = static_cast<double>(route.duration_us_sum.load(std::memory_order_relaxed)) / 1e6;
  families
      .add("leadlight_http_request_duration_seconds", "From the head of a request until its answer is sent, by route.",
           MetricType::Histogram, {{"method", route.method}, {"route", route.pattern}})
      .histogram = std::move(histogram);
}

}  // namespace

std::string metrics_text(const actors::Counters& counters, const Traffic& traffic, bool ready) {
  Families families;
  families.gauge("leadlight_ready", "1 when the server takes requests.", ready ? 1 : 0);
  add_records(families, counters);
  add_state(families, counters);
  add_writebacks(families, counters);
  families.gauge("leadlight_http_connections_open", "Open connections.", static_cast<double>(traffic.connections_open));
  families.counter("leadlight_http_connections_total", "Connections accepted.", traffic.connections_accepted);
  families.counter("leadlight_http_connections_refused_total",
                   "Connections closed at once: their address has as many open as it may.",
                   traffic.connections_refused);
  for (const auto& route : traffic.routes()) add_route(families, route);
  add_route(families, traffic.unmatched());
  for (const auto& route : traffic.routes()) add_durations(families, route);
  add_durations(families, traffic.unmatched());
  return families.text();
}

}  // namespace leadlight::net
