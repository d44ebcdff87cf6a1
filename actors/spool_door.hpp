// The spool's side at the door: guards each submission whose sender never retries, from before it is sent until it is
// answered.
//
// A guarded submission goes its normal road. Refused, or its port dead (a gateway that ended): it is handed to the
// spooler. Still unanswered after `wait`: it is spooled as well, and the road's late answer decides whether the entry
// is forwarded or only removed, so that it counts once.
#pragma once

#include "actors/protocol.hpp"

#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace leadlight::actors {

/// To be spooled now; the port is told `local`, or why not.
struct SpoolIt {
  Submission submission;
  ReplyPort port;
  std::uint64_t guard = 0;  // of the road that may still answer; 0: none
};
/// The road's answer to a submission that has been spooled meanwhile.
struct RoadAnswered {
  std::uint64_t guard = 0;
  Reply reply;
};
struct SpoolFlush {};
struct SpoolRound {};
/// What the gateway said to the entries forwarded last.
struct Forwarded {
  Reply reply;
};

using Spooler =
    caf::typed_actor<caf::reacts_to<SpoolIt>, caf::reacts_to<RoadAnswered>, caf::reacts_to<SpoolFlush>,
                     caf::reacts_to<SpoolRound>, caf::reacts_to<Forwarded>, caf::reacts_to<RequestQuery, ReplyPort>>;

/// Whether a reply refuses for now: what is spooled, and what is forwarded again.
[[nodiscard]] bool refuses_for_now(const Reply& reply);

/// Thread: any.
class SpoolDoor final : public SubmissionGuard, public std::enable_shared_from_this<SpoolDoor> {
 public:
  explicit SpoolDoor(std::chrono::milliseconds wait) : wait_(wait) {}
  SpoolDoor(const SpoolDoor&) = delete;
  SpoolDoor& operator=(const SpoolDoor&) = delete;
  ~SpoolDoor() override = default;

  ReplyPort guard(const Submission& submission, ReplyPort port) override;
  void find(const RequestQuery& query, ReplyPort port) override;

  /// The spooler in force; an invalid handle: what would be spooled is refused.
  void set_spooler(Spooler spooler);
  [[nodiscard]] Spooler spooler() const;
  /// The submissions that have waited too long, to be spooled by the caller; each is given out once.
  std::vector<SpoolIt> overdue(std::chrono::steady_clock::time_point now);
  [[nodiscard]] std::chrono::milliseconds wait() const { return wait_; }

 private:
  class Guard;

  const std::chrono::milliseconds wait_;
  mutable std::mutex mutex_;
  Spooler spooler_;
  std::uint64_t guards_ = 0;
  std::deque<std::pair<std::chrono::steady_clock::time_point, std::weak_ptr<Guard>>> watched_;  // ascending by time
};

}  // namespace leadlight::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::SpoolIt)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::RoadAnswered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::SpoolFlush)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::SpoolRound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::Forwarded)
