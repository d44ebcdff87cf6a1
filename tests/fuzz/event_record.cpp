// An event of the door's own form: what is taken is within its limits, says the same at a second reading and is the
// same after storing; what is refused names its member.
#include "net/event_record.hpp"

#include "engine/hash.hpp"
#include "net/http/http.hpp"
#include "storage/codec/codec.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace leadlight::fuzz {
namespace {

constexpr auto now = engine::from_ms(1'777'636'800'000);

net::EventContext context_of(std::uint8_t choice) {
  net::EventContext context;
  context.organisation = engine::OrganisationId{7};
  context.received_at = now;
  context.request_id = "req_00000000000000000000000000";
  if ((choice & 1U) != 0) context.idempotency_key = "again";
  if ((choice & 2U) != 0) context.id_scope = "/source";
  return context;
}

void check_record(const engine::Record& record) {
  const auto* event = std::get_if<engine::EngagementEvent>(&record.body);
  check(event != nullptr, "an event becomes an event");
  check(net::normalise_email(record.email) == engine::Result<std::string>(record.email), "the address is normal");
  check(record.lead == engine::lead_id(engine::OrganisationId{7}, record.email), "the lead is the address's");
  check(event->occurred_at <= now && engine::to_ms(event->occurred_at) >= 0, "the instant is past and after 1970");
  check(event->event_id.size() <= net::event_id_bytes_max, "the event id keeps its limit");
  check(event->properties.size() <= net::properties_bytes_max, "the properties keep their limit");
  check(!event->type.name().empty() && event->type.name().size() <= engine::EventType::name_bytes_max,
        "the type has a name");
  const auto stored = storage::decode_record(storage::encode(record));
  check(stored.ok(), "what is taken can be stored");
  check(*stored == record, "what is stored reads as what it was");
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  static leadlight::net::JsonReader reader;
  Input input(data, size);
  const auto context = context_of(input.byte());
  const auto body = exactly(input.rest());
  (void)reader.items(body, false, 50, [&](std::size_t index, const auto& item) {
    if (!item) return;
    const auto record = leadlight::net::event_record(*item, index, context);
    check(record == leadlight::net::event_record(*item, index, context), "the same event is the same record");
    if (record) return check_record(*record);
    check_refusal(record.error());
    check(!record.error().field.empty(), "a refusal names its member");
  });
  return 0;
}
