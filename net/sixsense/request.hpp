// What a caller of the 6sense-compatible routes asks: a person, by form or JSON, or the company behind an address.
//
// The body decides how it is read, more than its Content-Type, which is typed by hand. Names and values are trimmed of
// white space: Marketo's published template has a line break behind every `&`. Names in any case; unknown ones, and
// values that nobody asks for, are passed over; of a name's values the first that is not blank counts.
// Source: the contract sheets of 6sense (sections 2, 4) and Marketo (A2).
#pragma once

#include "engine/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leadlight::net {
struct HttpRequest;
}

namespace leadlight::net::sixsense {

/// Of the largest body; the door refuses more.
inline constexpr std::size_t person_body_bytes_max = 64 * 1024;
/// Of one value, trimmed. Marketo's String holds 255 characters, which are 1,020 bytes at most.
inline constexpr std::size_t field_bytes_max = 1024;

/// The routes that a person is sent to. They differ in what must be there.
enum class PersonRoute : std::uint8_t {
  full,          // /v2/people/full and its older names: email and country
  score,         // /v2/people/score: email and country
  enrichment,    // /v2/people/enrichment: email
  firmographics  // /v1/enrichment/company: email or domain
};

/// A field that was not sent, or blank, is absent. All are trimmed UTF-8 without U+0000, at most `field_bytes_max`.
struct Person {
  std::optional<std::string> email;    // as `normalise_email` has it; absent for `firmographics` by domain alone
  std::optional<std::string> country;  // as sent: a name or a code (countries.hpp)
  std::optional<std::string> title;
  std::optional<std::string> website;
  std::optional<std::string> company;
  std::optional<std::string> leadsource;
  std::optional<std::string> firstname;
  std::optional<std::string> lastname;
  std::optional<std::string> role;
  std::optional<std::string> industry;
  std::optional<std::string> domain;  // a host name, lower case; for `firmographics` without an email alone: email wins

  friend bool operator==(const Person&, const Person&) = default;
};

/// Reads the person that `body` describes. `default_country` stands in where the route needs a country and none was
/// sent; empty: then the request is refused.
///
/// Errors: invalid, `field` names it (missing, malformed, too long, not UTF-8; a body that is not JSON has no field);
/// unprocessable (JSON of another type than asked for).
engine::Result<Person> parse_person(std::string_view body, std::string_view content_type, PersonRoute route,
                                    std::string_view default_country = {});
engine::Result<Person> parse_person(const HttpRequest& request, PersonRoute route,
                                    std::string_view default_country = {});

/// The address whose company is asked for: the parameter `ip`, else the first of X-Forwarded-For, else the peer's, in
/// its normal spelling; IPv4 and IPv6, an IPv4 address in IPv6's clothes becomes IPv4.
///
/// Errors: not_found, `field` "ip": what was sent first is no address (the contract has 404 for it).
engine::Result<std::string> asked_address(const HttpRequest& request);

/// The host name that `text` is or, being a URL, leads to: "https://www.Acme.com/about" → "www.acme.com".
///
/// None when it is no dotted name (an IP address is none).
std::optional<std::string> host_name_of(std::string_view text);

}  // namespace leadlight::net::sixsense
