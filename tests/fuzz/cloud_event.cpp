// CloudEvents in all modes. The first line is the Content-Type, further lines up to an empty one are headers, the rest
// is the body.
#include "net/cloud_event.hpp"

#include "net/text/utf8.hpp"
#include "storage/codec/codec.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace leadlight::fuzz {
namespace {

net::HttpRequest request_of(Input input) {
  net::HttpRequest request;
  request.method = "POST";
  request.path = "/v1/events";
  request.headers.emplace_back("content-type", input.line());
  for (auto line = input.line(); !line.empty(); line = input.line()) {
    const auto colon = std::min(line.find(':'), line.size());
    request.headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
  }
  request.body = exactly(input.rest());
  return request;
}

void check_outcome(const engine::Result<engine::Record>& record) {
  if (!record) {
    check_refusal(record.error());
    return check(!record.error().field.empty(), "a refusal names its attribute");
  }
  check(record->surface == engine::Surface::cloudevents, "the record knows its door");
  const auto stored = storage::decode_record(storage::encode(*record));
  check(stored.ok() && *stored == *record, "what is stored reads as what it was");
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  namespace net = leadlight::net;
  static net::JsonReader reader;
  const auto request = request_of(Input(data, size));
  net::EventContext context;
  context.organisation = leadlight::engine::OrganisationId{7};
  context.received_at = leadlight::engine::from_ms(1'777'636'800'000);
  context.request_id = "req_00000000000000000000000000";
  const auto mode = net::cloud_event_mode(request);
  if (mode == net::CloudEventMode::binary) check_outcome(net::binary_cloud_event_record(request, context));
  if (mode == net::CloudEventMode::structured || mode == net::CloudEventMode::batched)
    (void)reader.items(request.body, false, 50, [&](std::size_t index, const auto& item) {
      if (item) check_outcome(net::cloud_event_record(*item, index, context));
    });
  for (const auto& [name, value] : request.headers)
    if (net::is_utf8(value)) check(net::is_utf8(net::cloud_event_name(value)), "a name stays UTF-8");
  return 0;
}
