// W3C Trace Context: the `traceparent` of a request, of its answer, and of the calls to targets that it causes.
//
// Source: W3C Recommendation "Trace Context", level 1. `tracestate` is neither kept nor passed on.
#pragma once

#include "engine/types.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace leadlight::net {

/// One step of a trace.
struct TraceContext {
  std::string trace_id;  // 32 hexadecimal digits, lower case
  std::string span_id;   // 16
  std::uint8_t flags = 0;

  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

/// The caller's step; none when the header is not valid, which starts a new trace. Of a later version's header the
/// parts that version 00 knows are read.
std::optional<TraceContext> parse_traceparent(std::string_view header);
/// "00-<trace id>-<span id>-<flags>".
std::string format_traceparent(const TraceContext& context);
/// Our own step: of the caller's trace, or of a new one, which is not sampled. Thread: any.
TraceContext next_step(const std::optional<TraceContext>& caller);

/// Which trace a lead's next writeback belongs to: that of the newest trigger for it. In memory alone, so a writeback
/// that is made after a restart belongs to none.
///
/// Thread: any.
class TraceBook {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t leads_max = 20'000;  // the oldest go first
  static constexpr std::chrono::minutes kept_for{60};

  struct Entry {
    TraceContext trace;
    std::uint64_t number = 0;  // ascends
  };

  void note(const engine::LeadId& lead, TraceContext trace, Clock::time_point now = Clock::now());
  /// The newest among those of `leads`: a call for many leads can belong to one trace only.
  [[nodiscard]] std::optional<Entry> newest_of(std::span<const engine::LeadId> leads,
                                               Clock::time_point now = Clock::now()) const;
  /// The writeback is done; what was noted after `number` stays.
  void forget(const engine::LeadId& lead, std::uint64_t number);
  [[nodiscard]] std::size_t size() const;

 private:
  struct Noted {
    Entry entry;
    Clock::time_point at;
  };
  mutable std::mutex mutex_;
  std::unordered_map<engine::LeadId, Noted> by_lead_;
  std::deque<std::pair<engine::LeadId, std::uint64_t>> order_;
  std::uint64_t numbers_ = 0;
};
using TraceBookPtr = std::shared_ptr<TraceBook>;

}  // namespace leadlight::net
