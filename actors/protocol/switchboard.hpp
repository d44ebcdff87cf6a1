// What everybody may look at: counters, the crowd at the door, and what is in force right now.
#pragma once

#include "actors/protocol/access.hpp"
#include "actors/protocol/replies.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace leadlight::actors {

/// Counts since the start; exported by /metrics. Thread: any.
struct Counters {
  using Count = std::atomic<std::uint64_t>;
  Count records_counted{0}, records_duplicate{0}, records_too_late{0}, records_no_change{0}, records_quarantined{0};
  Count conflicts{0}, triggers{0}, triggers_joined{0};
  Count leads_joined{0}, events_moved{0}, joins_left_out{0};
  Count refused_overload{0}, refused_low_space{0};
  Count commits{0}, commit_bytes{0}, commit_records{0}, commit_microseconds{0};
  Count timers_fired{0}, crossings{0}, drift_writebacks{0};
  Count leads_resident{0}, leads_resident_bytes{0}, leads_activated{0}, leads_passivated{0};
  Count records_in_flight{0}, records_in_flight_max{0};  // now; the second is the limit in force (actors/admission.hpp)
  Count writebacks_written{0}, writebacks_unchanged{0}, writebacks_no_match{0}, writebacks_converted{0};
  Count writebacks_dead{0}, writebacks_retried{0}, writeback_calls{0}, writebacks_queued{0}, targets_held{0};
  Count writeback_delay_ms_sum{0}, writeback_delay_ms_max{0};
  Count actor_restarts{0};
  Count fetches_completed{0}, fetches_partial{0}, fetches_given_up{0}, fetches_retried{0}, fetches_late{0};
  Count fetches_waiting{0}, fetch_delay_ms_sum{0}, fetch_delay_ms_max{0};
  Count source_calls{0}, source_failures{0}, source_call_ms_sum{0}, sources_held{0};
  Count source_polls{0}, source_activities{0}, source_activities_known{0}, source_poll_lag_ms_max{0};
  Count streams_open{0}, streams_refused{0}, streams_cut{0}, stream_events{0};  // GET /v1/stream; the first: now
  Count spooled{0}, spool_forwarded{0}, spool_refused{0}, spool_damaged{0};
  Count spool_pending{0}, spool_bytes{0}, spool_bytes_max{0};  // now; the last one is the limit in force
  Count email_events_by_machine{0}, email_events_ignored{0}, email_calls_forged{0};
};

/// The spool, as the door sees it.
class SubmissionGuard {
 public:
  SubmissionGuard() = default;
  SubmissionGuard(const SubmissionGuard&) = delete;
  SubmissionGuard& operator=(const SubmissionGuard&) = delete;
  virtual ~SubmissionGuard() = default;
  /// The port to send along with `submission` instead of `port`. When it is refused, dies, or is still unanswered after
  /// the spool's `wait`, the submission is spooled, and `port` gets Receipts that say `local`, or why not even that.
  /// Thread: any.
  virtual ReplyPort guard(const Submission& submission, ReplyPort port) = 0;
  /// Answers for a request that the store does not know: a RequestView when it is spooled, else not_found. Thread: any.
  virtual void find(const RequestQuery& query, ReplyPort port) = 0;
};

/// Whose records the gateway would refuse now, so that the door can say so before it reads a body: refusing must cost
/// next to nothing. A hint: the gateway decides. Thread: `set` and `clear` the gateway's, `turns_away` any.
class Crowd {
 public:
  /// Of more organisations than there are places, the ones that come later are refused by the gateway itself.
  void set(OrganisationId organisation, bool crowding) {
    const auto own = place_of(organisation);
    for (auto& place : places_)
      if (place.load(std::memory_order_relaxed) == own) {
        if (!crowding) place.store(0, std::memory_order_relaxed);
        return;
      }
    if (!crowding) return;
    for (auto& place : places_)
      if (place.load(std::memory_order_relaxed) == 0) return place.store(own, std::memory_order_relaxed);
  }
  void clear() {
    for (auto& place : places_) place.store(0, std::memory_order_relaxed);
  }
  [[nodiscard]] bool turns_away(OrganisationId organisation) const {
    for (const auto& place : places_)
      if (place.load(std::memory_order_relaxed) == place_of(organisation)) return true;
    return false;
  }

 private:
  static std::uint64_t place_of(OrganisationId organisation) { return static_cast<std::uint64_t>(organisation) + 1; }

  std::array<std::atomic<std::uint64_t>, 8> places_{};  // 0: free
};

/// What is in force right now, shared by net/ and the actors; each part is replaced whole. Thread: any.
class Switchboard {
 public:
  void set_gateway(Gateway gateway);
  [[nodiscard]] Gateway gateway() const;  // may be an invalid handle while it is restarted
  void set_spool(std::shared_ptr<SubmissionGuard> spool);
  [[nodiscard]] std::shared_ptr<SubmissionGuard> spool() const;  // none: nothing is spooled
  void set_registry(std::shared_ptr<const Registry> registry);
  [[nodiscard]] std::shared_ptr<const Registry> registry() const;

  /// Empty when ready; else why not, in words.
  void set_not_ready(std::string reason);
  [[nodiscard]] std::string not_ready() const;

  Counters counters;
  Crowd crowd;

 private:
  mutable std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  Gateway gateway_;
  std::shared_ptr<SubmissionGuard> spool_;
  std::shared_ptr<const Registry> registry_;
  std::string not_ready_ = "starting";
};
using SwitchboardPtr = std::shared_ptr<Switchboard>;

}  // namespace leadlight::actors
