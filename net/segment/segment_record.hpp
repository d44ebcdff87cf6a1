// What a call of a tracking client becomes: a record, links between the ids it carries, or the reason why not. Pure.
//
// track, page and screen become an event of the lead, identify and group attributes, alias links alone. Whom a call is
// about, and which ids belong together, depends on that call alone, so that the order of calls changes nothing.
#pragma once

#include "engine/record.hpp"
#include "engine/result.hpp"
#include "net/event_record.hpp"
#include "net/segment/segment_call.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::net {

using Links = std::vector<std::pair<std::string, std::string>>;

/// Whom a call is about.
struct CallPeople {
  std::string identity;  // the lead; empty: nobody
  Links links;           // of identities that belong to one person
};

/// The lead: the address of `traits`, of the context's traits, of the properties, the user id, the anonymous id,
/// whichever comes first. An address in the properties of a call with a user id is somebody the user wrote about, as
/// likely as not: the call counts for it, but it is linked only to an anonymous visitor.
CallPeople people_of(const TrackingCall& call);

/// What a request's calls become, gathered.
struct CallIntake {
  std::vector<engine::Record> records;
  Links links;
  struct Rejected {
    std::size_t index = 0;
    engine::Error error;
  };
  std::vector<Rejected> rejected;
};

/// Takes the call at `index` of its request into `intake`, or says why not. `context.id_scope` and
/// `context.idempotency_key` are not looked at. Errors: invalid; `field` names the member, and no value is told.
std::optional<engine::Error> take_call(const TrackingCall& call, std::size_t index, const EventContext& context,
                                       CallIntake& intake);

}  // namespace leadlight::net
