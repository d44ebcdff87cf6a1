// What the 6sense-compatible routes read: persons by form and JSON, addresses, host names, countries. The first byte
// chooses the route, the first line behind it is the Content-Type, the rest is the body, and a parameter `ip`.
#include "net/http/http.hpp"
#include "net/sixsense/request.hpp"
#include "net/sixsense/webhook_json.hpp"
#include "net/text/json_reader.hpp"
#include "net/text/utf8.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace leadlight::fuzz {
namespace {

namespace sixsense = net::sixsense;

void check_field(const std::optional<std::string>& field) {
  if (!field) return;
  check(!field->empty() && field->size() <= sixsense::field_bytes_max, "a field is not blank and within its limit");
  check(net::is_utf8(*field) && field->find('\0') == std::string::npos, "a field is UTF-8 without U+0000");
}

void check_person(const engine::Result<sixsense::Person>& person, sixsense::PersonRoute route) {
  using Route = sixsense::PersonRoute;
  if (!person) {
    const auto code = person.error().code;
    check(code == engine::Errc::invalid || code == engine::Errc::unprocessable, "refused as the caller's fault");
    check(net::is_utf8(person.error().what), "a refusal can be written");
    return check_refusal(person.error());
  }
  check(person->email.has_value() != person->domain.has_value(), "one of email and domain");
  check(person->email || route == Route::firmographics, "a domain alone where that is enough");
  check(person->country || route == Route::enrichment || route == Route::firmographics, "a country where it is needed");
  if (person->email) check(net::normalise_email(*person->email) == *person->email, "the email is normal");
  if (person->domain) check(sixsense::host_name_of(*person->domain) == *person->domain, "the domain is normal");
  for (const auto& field :
       {person->email, person->country, person->title, person->website, person->company, person->leadsource,
        person->firstname, person->lastname, person->role, person->industry, person->domain})
    check_field(field);
}

/// Whatever the strict reader takes, the forgiving one reads alike.
void check_json(const std::string& body) {
  static net::JsonReader strict;
  const auto theirs = strict.object(body);
  const auto ours = sixsense::read_webhook_json(body);
  if (!ours) check_refusal(ours.error());
  if (!theirs) return;
  check(ours.ok() && ours->size() == theirs->size(), "what is JSON is taken");
  for (std::size_t i = 0; i < theirs->size(); ++i) {
    const auto& [name, kind, text, raw] = (*theirs)[i];
    check((*ours)[i].name == name && (*ours)[i].kind == kind, "with its names and kinds");
    if (kind == net::JsonKind::text) check((*ours)[i].text == text, "and its texts");
  }
}

void check_address(const std::string& text) {
  net::HttpRequest request;
  request.remote = "192.0.2.1";
  request.query.emplace_back("ip", text);
  for (int i = 0; i < 2; ++i) {
    const auto address = sixsense::asked_address(request);
    if (address) {
      net::HttpRequest again;
      again.query.emplace_back("ip", *address);
      check(sixsense::asked_address(again) == address, "a normal address is its own");
    } else {
      check(address.error().code == engine::Errc::not_found, "what is no address is not found");
    }
    request.query.clear();
    request.headers.emplace_back("x-forwarded-for", text);
  }
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  Input input(data, size);
  const auto choice = input.byte();
  const auto route = static_cast<sixsense::PersonRoute>(choice & 3U);
  const auto type = exactly(input.line());
  const auto body = exactly(input.rest());
  check_person(sixsense::parse_person(body, type, route, (choice & 4U) != 0 ? "US" : ""), route);
  check_json(body);
  check_address(body);
  const auto host = sixsense::host_name_of(body);
  if (host) check(sixsense::host_name_of(*host) == host, "a normal host name is its own");
  return 0;
}
