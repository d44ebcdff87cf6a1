// Bodies of tracking clients, in Segment's words (an even first byte) or PostHog's: what is taken is a record that can
// be stored and links that are sound; what is refused names its member and tells no value. The tree that they are read
// into is as strict as the JSON reader.
#include "net/segment/segment_key.hpp"
#include "net/segment/segment_names.hpp"
#include "net/segment/segment_record.hpp"
#include "net/segment/segment_time.hpp"
#include "net/text/base64.hpp"
#include "net/text/json_tree.hpp"
#include "net/text/utf8.hpp"
#include "storage/codec/codec.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace leadlight::fuzz {
namespace {

constexpr auto now = engine::from_ms(1'777'636'800'000);

void check_intake(const net::CallIntake& intake) {
  for (const auto& record : intake.records) {
    check(!record.email.empty() && net::is_utf8(record.email), "a record is somebody's");
    const auto stored = storage::decode_record(storage::encode(record));
    check(stored.ok() && *stored == record, "what is stored reads as what it was");
    if (const auto* event = std::get_if<engine::EngagementEvent>(&record.body))
      check(event->occurred_at <= now && engine::to_ms(event->occurred_at) >= 0, "the instant is past and after 1970");
  }
  for (const auto& [one, other] : intake.links)
    check(!one.empty() && !other.empty() && one != other, "a link joins two");
}

void check_tree(net::JsonTree& tree, const std::string& body) {
  static net::JsonReader reader;
  const auto read = tree.read(body, "\x01", 10);
  const auto members = reader.object(body);
  if (body.find('[') == std::string::npos) check(read.ok() == members.ok(), "both readers are as strict");
  if (!read) check_refusal(read.error());
}

void check_texts(std::string_view text) {
  if (net::is_utf8(text)) check(net::is_utf8(net::snake_case(text)), "a name stays UTF-8");
  check(net::snake_case(net::snake_case(text)) == net::snake_case(text), "a name in one spelling is its own");
  (void)net::parse_client_time(text);
  check(net::decode_base64(net::encode_base64(text)) == text, "what was written reads as what it was");
  if (const auto bytes = net::decode_base64(text)) check(bytes->size() <= text.size(), "decoding does not grow");
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  namespace net = leadlight::net;
  static net::JsonTree tree;
  Input input(data, size);
  const auto choice = input.byte();
  const bool posthog = (choice & 1U) != 0;
  net::HttpRequest request;
  request.headers = {{"authorization", std::string(input.line())}};
  request.body = exactly(input.rest());
  (void)net::find_write_key(request);
  (void)net::find_project_key(request);
  check_texts(request.body);
  check_tree(tree, request.body);

  if (!tree.read(request.body, "batch", 100)) return 0;
  net::EventContext context;
  context.organisation = leadlight::engine::OrganisationId{7};
  context.surface = posthog ? leadlight::engine::Surface::posthog : leadlight::engine::Surface::segment;
  context.received_at = now;
  context.request_id = "req_00000000000000000000000000";
  const auto around = net::surroundings_of(tree.root());
  net::CallIntake intake;
  std::size_t index = 0;
  const auto take = [&](const net::JsonNode& item) {
    const auto call = posthog ? net::posthog_call(item, around) : net::segment_call(item, std::nullopt, around);
    if (!call) return check_refusal(call.error());
    if (const auto fault = net::take_call(*call, index++, context, intake)) check_refusal(*fault);
  };
  if (const auto* items = tree.items()) {
    for (const auto& item : *items)
      if (item.is(net::JsonKind::object)) take(item);
  } else {
    take(tree.root());
  }
  check_intake(intake);
  return 0;
}
