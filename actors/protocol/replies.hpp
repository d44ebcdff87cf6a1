// Replies, where they go, and the handle of the gateway.
#pragma once

#include "actors/protocol/administration.hpp"
#include "actors/protocol/questions.hpp"
#include "actors/protocol/submissions.hpp"
#include "engine/result.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <variant>

namespace leadlight::actors {

using engine::Error;

using Reply = std::variant<Error, Receipts, Replayed, engine::Ok, LeadView, ReceiptView, ForecastView, TimelineView,
                           ProfileView, ActorView, LeadsView, ChangedLeadsView, RequestView, AdminAnswer>;

/// Where an answer goes. Fires once: the first `complete` counts; when the last copy dies unused, `unavailable` is
/// sent.
///
/// Thread: any; net/ brings the answer to its own strand.
class ReplySink {
 public:
  ReplySink() = default;
  ReplySink(const ReplySink&) = delete;
  ReplySink& operator=(const ReplySink&) = delete;
  virtual ~ReplySink() = default;
  virtual void complete(Reply reply) = 0;
};
using ReplyPort = std::shared_ptr<ReplySink>;

/// The network actor: admits, resolves domain and shard, gathers batches, one in flight a shard actor.
using Gateway = caf::typed_actor<
    // Records in; Receipts, Replayed or Error out.
    caf::reacts_to<Submission, ReplyPort>,
    // Remembers an answer under its Idempotency-Key; Ok or Error out.
    caf::reacts_to<RememberAnswer, ReplyPort>,
    // Questions and administration.
    caf::reacts_to<LeadQuery, ReplyPort>, caf::reacts_to<LeadsQuery, ReplyPort>,
    caf::reacts_to<ChangedLeadsQuery, ReplyPort>, caf::reacts_to<RequestQuery, ReplyPort>,
    caf::reacts_to<AdminRequest, ReplyPort>>;

}  // namespace leadlight::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::ReplyPort)
