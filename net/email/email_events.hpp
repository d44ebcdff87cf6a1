// A mapping applied: the body of a vendor's call in, records out. Pure.
#pragma once

#include "engine/record.hpp"
#include "engine/result.hpp"
#include "net/email/email_vendors.hpp"
#include "net/event_record.hpp"
#include "net/http/http.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace leadlight::net {

/// What was done by a proxy or a scanner is kept under a type of its own, which no signal speaks of.
inline constexpr std::string_view opened_by_proxy = "email_opened_by_proxy";
inline constexpr std::string_view clicked_by_scanner = "email_clicked_by_scanner";

struct EmailIntake {
  std::vector<engine::Record> records;  // one a recipient
  std::size_t by_machine = 0;           // of these
  std::size_t ignored = 0;              // events that the mapping does not list
  std::size_t rejected = 0;             // events (or recipients) that cannot be taken
  std::string first_fault;              // of the rejected: field and rule, without personal data
};

/// Every event of the call. `context` gives organisation, instant and request id; surface and scope of the ids are set
/// here.
///
/// Errors: invalid, when the body cannot be read; too_large, above 10,000 events.
engine::Result<EmailIntake> read_email_events(const EmailMapping& mapping, const MailMachines& machines,
                                              const HttpRequest& request, EventContext context);

}  // namespace leadlight::net
