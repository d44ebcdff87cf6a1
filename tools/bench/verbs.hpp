// What each `leadlight bench` verb measures.
#pragma once

#include "engine/result.hpp"
#include "tools/bench/bench.hpp"
#include "tools/bench/report.hpp"

namespace leadlight::bench {

/// Single triggers over HTTP, durable before their 202, against a bare Beast server: trigger_requests_per_s,
/// trigger_p99_ms.
engine::Result<Rows> measure_trigger(const BenchOptions& options);
/// Events over HTTP in batches, durable, against bare synced RocksDB batches of the same bytes: ingest_events_per_s.
engine::Result<Rows> measure_ingest(const BenchOptions& options);
/// The same as calls of Segment's server library: segment_events_per_s.
engine::Result<Rows> measure_segment(const BenchOptions& options);
/// Decode, dedup, window, score and batch on one thread: engine_events_per_s_per_core.
engine::Result<Rows> measure_engine(const BenchOptions& options);
/// A lead in memory under either host: resident_lead_bytes, resident_read_p99_us, spawned_lead_bytes,
/// hosted_events_per_s, spawned_events_per_s.
engine::Result<Rows> measure_memory(const BenchOptions& options);
/// Idle and killed with a million leads: idle_cpu_percent, first_read_after_kill_s, acknowledged_events_lost.
engine::Result<Rows> measure_recovery(const BenchOptions& options);
/// From trigger to the CRM's PATCH, with the sandbox: writeback_p50_ms, writeback_p99_ms.
engine::Result<Rows> measure_writeback(const BenchOptions& options);
/// More than the server takes: overload_peak_events_per_s, overload_goodput_1x, _2x and _5x, overload_refusal_p99_ms,
/// overload_recovery_s, quiet_p99_beside_flood_ms, quiet_refused_beside_overload.
engine::Result<Rows> measure_overload(const BenchOptions& options);
/// Connections that only wait: idle_connections_open, idle_connection_bytes, idle_connections_cpu_percent.
engine::Result<Rows> measure_idle_connections(const BenchOptions& options);

}  // namespace leadlight::bench
