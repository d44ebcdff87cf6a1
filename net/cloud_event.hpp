// CloudEvents 1.0 as the door takes them in (HTTP binding 1.0.2): attributes in headers or in JSON, a Record or the
// reason why not out. Pure.
//
// `type` names the event (its last dotted part, in snake_case), `data.email`, else a `subject` that is an e-mail
// address, the lead, `time` the instant, `data` the properties. An event is known again by (`source`, `id`).
#pragma once

#include "engine/record.hpp"
#include "engine/result.hpp"
#include "net/event_record.hpp"
#include "net/http/http.hpp"
#include "net/text/json_reader.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace leadlight::net {

enum class CloudEventMode : std::uint8_t {
  none,        // the request holds no CloudEvents
  binary,      // one; attributes in `ce-` headers, the body is its data
  structured,  // one, as a JSON object
  batched,     // a JSON array of such objects; may be empty
  unknown,     // a format other than JSON, to be answered 415
};

/// By media type first, then by the header `ce-specversion`.
CloudEventMode cloud_event_mode(const HttpRequest& request);

/// The record of a structured CloudEvent, at `index` of its request. Errors: invalid; `field` names the attribute, or
/// the member of `data`, and `what` says the rule. Thread: any.
engine::Result<engine::Record> cloud_event_record(JsonMembers attributes, std::size_t index,
                                                  const EventContext& context);

/// The record of the CloudEvent that a request in binary mode is. Errors: as above.
engine::Result<engine::Record> binary_cloud_event_record(const HttpRequest& request, const EventContext& context);

/// "com.acme.PageViewed" → "page_viewed".
std::string cloud_event_name(std::string_view type);

}  // namespace leadlight::net
