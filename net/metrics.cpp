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
  families.counter("leadlight_leads_joined_total", "Ids that turned out to be a lead known by another one.",
                   counters.leads_joined);
  families.counter("leadlight_joins_left_out_total", "Ids not joined, for the person would have had too many.",
                   counters.joins_left_out);
  families.counter("leadlight_events_moved_total", "Records brought to another lead by a join.", counters.events_moved);
  const char* const refused = "leadlight_refused_total";
  families.counter(refused, "Requests refused by the gateway, by reason.", counters.refused_overload,
                   {{"reason", "overload"}});
  families.counter(refused, "", counters.refused_low_space, {{"reason", "low_space"}});
  families.gauge("leadlight_records_in_flight", "Records admitted and not yet answered.",
                 static_cast<double>(counters.records_in_flight));
  families.gauge("leadlight_records_in_flight_max", "Records that may be under way now, by their measured latency.",
                 static_cast<double>(counters.records_in_flight_max));
}

void add_email_vendors(Families& families, const actors::Counters& counters) {
  families.counter("leadlight_email_calls_forged_total", "Calls of e-mail vendors refused for their signature.",
                   counters.email_calls_forged);
  families.counter("leadlight_email_events_by_machine_total", "Openings and clicks by mail proxies and scanners.",
                   counters.email_events_by_machine);
  families.counter("leadlight_email_events_ignored_total", "Events of e-mail vendors that no mapping lists.",
                   counters.email_events_ignored);
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

void add_sources(Families& families, const actors::Counters& counters) {
  const char* const name = "leadlight_fetches_total";
  const char* const help = "Triggers' questions to the activity sources that ended, by outcome.";
  families.counter(name, help, counters.fetches_completed, {{"outcome", "complete"}});
  families.counter(name, help, counters.fetches_partial, {{"outcome", "partial"}});
  families.counter(name, help, counters.fetches_given_up, {{"outcome", "given_up"}});
  families.counter("leadlight_fetches_retried_total", "Questions to be asked again: a source did not answer.",
                   counters.fetches_retried);
  families.counter("leadlight_fetches_late_total", "Questions that outlasted the deadline.", counters.fetches_late);
  families.gauge("leadlight_fetches_waiting", "Leads whose triggers wait for activity sources.",
                 static_cast<double>(counters.fetches_waiting));
  families.seconds("leadlight_fetch_delay_seconds_total", "Time from trigger to the sources' answer, summed.",
                   static_cast<double>(counters.fetch_delay_ms_sum) / 1e3);
  families.gauge("leadlight_fetch_delay_seconds_max", "Longest time from trigger to the sources' answer.",
                 static_cast<double>(counters.fetch_delay_ms_max) / 1e3);
  families.counter("leadlight_source_calls_total", "API calls to activity sources.", counters.source_calls);
  families.seconds("leadlight_source_call_seconds_total", "Time that questions to activity sources took.",
                   static_cast<double>(counters.source_call_ms_sum) / 1e3);
  families.counter("leadlight_source_failures_total", "Questions that an activity source did not answer.",
                   counters.source_failures);
  families.gauge("leadlight_sources_held", "Activity sources that are held.",
                 static_cast<double>(counters.sources_held));
  families.counter("leadlight_source_polls_total", "Reconciliation pulls that came to their end.",
                   counters.source_polls);
  families.counter("leadlight_source_activities_total", "Activities that sources told.", counters.source_activities);
  families.counter("leadlight_source_activities_known_total", "Of them, that were known already.",
                   counters.source_activities_known);
  families.gauge("leadlight_source_poll_lag_seconds_max", "Longest time since a source was pulled to its end.",
                 static_cast<double>(counters.source_poll_lag_ms_max) / 1e3);
}

void add_spool(Families& families, const actors::Counters& counters) {
  families.counter("leadlight_spooled_total", "Submissions acknowledged from the spool.", counters.spooled);
  families.counter("leadlight_spool_forwarded_total", "Spooled submissions that are in the log now.",
                   counters.spool_forwarded);
  families.counter("leadlight_spool_refused_total", "Submissions that not even the spool could keep.",
                   counters.spool_refused);
  families.counter("leadlight_spool_damaged_total", "Parts of the spool that could not be read again.",
                   counters.spool_damaged);
  families.gauge("leadlight_spool_pending", "Submissions in the spool.", static_cast<double>(counters.spool_pending));
  families.gauge("leadlight_spool_bytes", "Size of the spool.", static_cast<double>(counters.spool_bytes));
  families.gauge("leadlight_spool_bytes_max", "Size above which the spool refuses; 0: there is no spool.",
                 static_cast<double>(counters.spool_bytes_max));
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

void add_streams(Families& families, const actors::Counters& counters) {
  families.gauge("leadlight_streams_open", "Open streams of scores.", static_cast<double>(counters.streams_open));
  families.counter("leadlight_stream_events_total", "Events sent on streams.", counters.stream_events);
  families.counter("leadlight_streams_cut_total", "Streams ended because they could not go on without a gap.",
                   counters.streams_cut);
  families.counter("leadlight_streams_refused_total", "Streams refused: as many are open as may be.",
                   counters.streams_refused);
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
  add_email_vendors(families, counters);
  add_sources(families, counters);
  add_state(families, counters);
  add_writebacks(families, counters);
  add_spool(families, counters);
  add_streams(families, counters);
  families.gauge("leadlight_http_connections_open", "Open connections.", static_cast<double>(traffic.connections_open));
  families.counter("leadlight_http_connections_total", "Connections accepted.", traffic.connections_accepted);
  families.counter("leadlight_http_connections_refused_total",
                   "Connections closed at once: their address has as many open as it may.",
                   traffic.connections_refused);
  families.counter("leadlight_tls_handshakes_failed_total", "Connections closed before TLS was agreed on.",
                   traffic.handshakes_failed);
  families.counter("leadlight_http_rate_limited_total", "Requests over the rate of their key or organisation.",
                   traffic.refused_rate);
  families.gauge("leadlight_http_bodies_bytes", "Memory of the request bodies under way, small ones not counted.",
                 static_cast<double>(traffic.bodies_bytes));
  families.counter("leadlight_http_bodies_refused_total",
                   "Requests refused: the bodies under way take all the memory they may.", traffic.bodies_refused);
  const char* const rejected = "leadlight_tracking_calls_rejected_total";
  families.counter(rejected, "Calls of tracking clients that were answered and not kept.",
                   traffic.calls_rejected_segment, {{"client", "segment"}});
  families.counter(rejected, "", traffic.calls_rejected_posthog, {{"client", "posthog"}});
  for (const auto& route : traffic.routes()) add_route(families, route);
  add_route(families, traffic.unmatched());
  for (const auto& route : traffic.routes()) add_durations(families, route);
  add_durations(families, traffic.unmatched());
  return families.text();
}

}  // namespace leadlight::net
