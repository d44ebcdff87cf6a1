// Mapping files that an operator writes, of e-mail vendors and of activity sources, and the paths in them: any text is
// a mapping, or a list of mistakes that say where they are.
#include "net/email/email_mapping.hpp"
#include "net/sources/activity_mapping.hpp"
#include "net/text/json_path.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <boost/json/parse.hpp>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  namespace net = leadlight::net;
  const auto text = exactly(Input(data, size).rest());
  const auto vendor = net::read_email_mapping(text, "vendor.toml");
  if (!vendor) {
    check_refusal(vendor.error());
    check(vendor.error().what.find("vendor.toml") != std::string::npos, "a mistake names its file");
  } else {
    check(!vendor->vendor.empty(), "a mapping names its vendor");
    (void)vendor->type_of(text);
  }
  if (const auto machines = net::read_mail_machines(text, "machines.toml"))
    (void)machines->match("Mozilla/5.0", {});
  else
    check_refusal(machines.error());
  const auto activities = net::ActivityMapping::read(text, "activities.toml", {"Task", "Event", "CampaignMember"});
  if (!activities) {
    check_refusal(activities.error());
  } else {
    const auto record = boost::json::parse(R"({"Id":"00T000000000001AAA","Subject":"Call","Status":"Completed",)"
                                           R"("CreatedDate":"2026-05-01T12:00:00.000+0000","IsTask":true,"N":null})");
    const auto now = leadlight::engine::from_ms(1'777'636'800'000);
    for (const auto& object : activities->objects()) {
      (void)activities->fields(object);
      if (const auto meaning = activities->meaning(object, record.as_object(), now)) {
        check(!meaning->type.empty() && !meaning->event_id.empty(), "what is meant has a type and an id");
        check(meaning->occurred_at <= now, "what is meant has happened");
      }
    }
  }
  if (const auto path = net::parse_json_path(text)) {
    const auto from = boost::json::parse(R"({"a":[{"b":1},{"b":null}],"c":{"d":[[1]]}})");
    for (const auto* value : net::pick(from, *path)) check(value != nullptr && !value->is_null(), "nulls are left out");
  }
  (void)net::parse_source_time(text);
  return 0;
}
