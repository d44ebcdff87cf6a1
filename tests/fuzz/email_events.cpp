// Calls of e-mail vendors. The first line chooses a mapping, further lines up to an empty one are headers, the rest is
// the body.
#include "net/email_events.hpp"
#include "net/sns_signature.hpp"
#include "net/webhook_signature.hpp"

#include "storage/codec/codec.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <array>
#include <vector>

namespace leadlight::fuzz {
namespace {

constexpr std::string_view common = R"(
[types]
open = "email_opened"
click = "email_clicked"
"open/again" = "email_opened_again"
[machine]
agents = "agent"
flags = "machine"
[properties]
url = ["url", "$header.x-url"]
tags = "tags"
)";

constexpr std::array<std::string_view, 4> mappings = {
    "vendor = \"array\"\n[body]\nevents = \"[].msys.*\"\n[event]\nname = [\"event\", \"again\"]\nemail = \"to[]\"\n"
    "id = \"id\"\ntime = \"at\"\ntime_format = \"unix_seconds\"\n",
    "vendor = \"inside\"\n[body]\ninside = \"Message\"\n[event]\nname = \"event\"\nemail = [\"a[].b\", \"to\"]\n"
    "id = \"$body.MessageId\"\ntime = \"at\"\ntime_format = \"iso8601\"\n",
    "vendor = \"form\"\n[body]\nform_field = \"f\"\nevents = \"[]\"\n[event]\nname = \"event\"\nemail = \"to\"\n"
    "time = \"at\"\ntime_format = \"unix_milliseconds\"\n",
    "vendor = \"header\"\n[event]\nname = \"$header.x-event\"\nemail = \"*\"\nid = \"$header.x-id\"\n",
};

const std::vector<net::EmailMapping>& read_mappings() {
  static const std::vector<net::EmailMapping> all = [] {
    std::vector<net::EmailMapping> read;
    for (const auto text : mappings) {
      auto mapping = net::read_email_mapping(std::string(text).append(common), "fuzz.toml");
      check(mapping.ok(), "the mappings of this target fit");
      read.push_back(*std::move(mapping));
    }
    return read;
  }();
  return all;
}

void check_intake(const net::EmailIntake& intake) {
  check(intake.by_machine <= intake.records.size(), "what a machine did is kept");
  check(intake.first_fault.empty() == (intake.rejected == 0), "a rejection has a reason");
  for (const auto& record : intake.records) {
    check(record.surface == engine::Surface::email_vendor, "the record knows its door");
    const auto stored = storage::decode_record(storage::encode(record));
    check(stored.ok() && *stored == record, "what is stored reads as what it was");
  }
}

void check_signatures(const net::HttpRequest& request) {
  const std::vector<std::string> secrets = {"whsec_bWFkZSB1cCBmb3IgdGhpcyB0ZXN0IGFsb25l"};
  for (const auto scheme : {net::SignatureScheme::ecdsa_p256_sha256, net::SignatureScheme::hmac_sha256_hex,
                            net::SignatureScheme::hmac_sha256_base64, net::SignatureScheme::standard_webhooks}) {
    const net::SignatureRule rule{scheme, "x-signature", "x-time", "x-id", {}};
    const auto proven = net::verify_signature(rule, secrets, request);
    check(!proven, "nobody guesses a signature");
    check_refusal(proven.error());
  }
  if (const auto message = net::read_sns(request.body))
    check(!net::verify_sns(*message, request.body), "a message is no certificate");
  (void)net::read_sns_trust(request.body);
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  namespace net = leadlight::net;
  static const net::MailMachines machines{{"proxy", "scanner"}, {"mozilla/5.0"}};
  Input input(data, size);
  const auto choice = input.line();
  net::HttpRequest request;
  request.method = "POST";
  request.received_at = leadlight::engine::from_ms(1'777'636'800'000);
  for (auto line = input.line(); !line.empty(); line = input.line()) {
    const auto colon = std::min(line.find(':'), line.size());
    request.headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
  }
  request.body = exactly(input.rest());
  const auto& all = read_mappings();
  const auto& mapping = all[choice.empty() ? 0 : static_cast<unsigned char>(choice.front()) % all.size()];
  net::EventContext context;
  context.organisation = leadlight::engine::OrganisationId{7};
  context.received_at = request.received_at;
  context.request_id = "req_00000000000000000000000000";
  const auto intake = net::read_email_events(mapping, machines, request, context);
  if (intake)
    check_intake(*intake);
  else
    check_refusal(intake.error());
  check_signatures(request);
  return 0;
}
