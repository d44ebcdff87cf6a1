// Salesforce's wire, without a wire: SOQL text, request bodies, answers and what each error means. Pure functions.
//
// Source: the contract sheet "Salesforce", sections 2 to 7.
#pragma once

#include "engine/result.hpp"
#include "engine/types.hpp"
#include "net/client/http_client.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::net::salesforce {

inline constexpr std::size_t addresses_per_query_max = 100;
/// Percent-encoded SOQL in one URL; a URL near 16 KB is refused with 414 and an HTML page.
inline constexpr std::size_t query_bytes_max = 8U << 10U;
inline constexpr std::size_t records_per_call_max = 200;

/// The names of the mapped fields of one object.
struct Fields {
  std::string score;
  std::string segment;
  std::string signals;
  std::string scored_at;  // empty: not mapped

  friend bool operator==(const Fields&, const Fields&) = default;
};

// ---- look-up
// ---------------------------------------------------------------------------------------------------------

/// A SOQL string literal with its quotes: both ' and \ are preceded by \, control characters are written as escapes.
std::string soql_quote(std::string_view text);
std::string percent_encode(std::string_view text);
/// Whether the address may stand in a query at all: not empty, at most 254 bytes, no control characters.
bool queryable(std::string_view email);

/// What to ask for records by, and in which object.
enum class LookUp { lead_by_email, lead_by_id, contact_by_id };
std::string look_up_query(LookUp kind, const Fields& fields, std::span<const std::string> keys, bool created_date);
/// Groups of keys that fit one query each, in order.
std::vector<std::vector<std::string>> split_keys(LookUp kind, const Fields& fields, std::vector<std::string> keys,
                                                 bool created_date);

/// A record as Salesforce holds it.
struct Held {
  std::string id;
  std::string email;  // lower-cased
  bool converted = false;
  std::string contact_id;
  std::string created_at;
  std::optional<double> score;
  std::string segment;
  std::string signals;
  std::optional<engine::Timestamp> scored_at;
};
struct Page {
  std::vector<Held> records;
  std::string next_url;  // empty: the last page
};
/// Errors: corrupt (not the answer to a query).
engine::Result<Page> parse_page(std::string_view body, const Fields& fields);

// ---- writing
// ---------------------------------------------------------------------------------------------------------

struct Values {
  int score = 0;
  std::string segment;  // the customer's label
  std::string signals;
  engine::Timestamp scored_at;
};

/// Whether the record shows these values already. Line ends and white space at the end are not compared: Salesforce
/// alters them.
bool holds(const Held& held, const Values& values);

/// "2026-01-31T12:00:00.000+0000".
std::string salesforce_time(engine::Timestamp at);
std::optional<engine::Timestamp> parse_salesforce_time(std::string_view text);

/// The longest run of whole lines of at most `characters`; a first line that is too long itself is cut within.
/// Counts like Salesforce: a character outside the basic plane is two. Precondition: `text` is UTF-8.
std::string cut_signals(std::string_view text, std::size_t characters);

struct RecordWrite {
  std::string type;  // "Lead" or "Contact"
  std::string id;
  Values values;
};
/// The body of PATCH /composite/sobjects. `fields_of` gives each write its object's fields.
std::string collection_body(std::span<const RecordWrite> writes, const Fields& lead, const Fields& contact);

struct RecordAnswer {
  bool success = false;
  std::string code;
  std::string message;  // may repeat values: for reading limits out of it, not for people
  std::vector<std::string> fields;
};
/// Errors: corrupt (not a list of `expected` answers).
engine::Result<std::vector<RecordAnswer>> parse_answers(std::string_view body, std::size_t expected);

// ---- what an error means
// ---------------------------------------------------------------------------------------------

enum class CallClass {
  ok,
  retry,          // a passing fault of theirs: the same call again, after a while
  later,          // a limit is used up: again, but much later
  expired,        // the token: a new one, and the call once more
  configuration,  // only a person can mend it
  refused,        // this content is refused for good
  too_long,       // split it
};
struct CallVerdict {
  CallClass kind = CallClass::ok;
  std::string code;    // errorCode, or "HTTP 503"
  std::string reason;  // for people, without personal data
  std::optional<engine::Milliseconds> retry_after;
  bool daily_limit = false;
};
CallVerdict classify_call(const OutboundAnswer& answer);

enum class RecordClass {
  retry,
  later,      // a limit: much later
  look_up,    // the id is stale: look the lead up once more
  cut,        // a text is too long: cut it once
  converted,  // became a converted lead meanwhile
  permanent,
};
RecordClass classify_record(const RecordAnswer& answer);
/// In words, with the fields' names and without their values.
std::string describe_record(const RecordAnswer& answer);
/// The 40 of "… (max length=40)".
std::optional<std::size_t> max_length(std::string_view message);

/// 0…1 of the allocation, from "api-usage=18/5000; per-app-api-usage=17/250(appName=x)": the fuller of the two.
std::optional<double> quota_used(std::string_view limit_header);

/// Replaces e-mail addresses, cuts to 300 bytes and joins lines: for foreign text in a reason.
std::string scrub(std::string_view text);

// ---- tokens
// ----------------------------------------------------------------------------------------------------------

std::string base64url(std::string_view bytes);

struct JwtClaims {
  std::string issuer;   // consumer key
  std::string subject;  // user name
  std::string audience;
  std::int64_t expires = 0;  // seconds since 1970
};
/// base64url({"alg":"RS256"}) "." base64url(claims)
std::string jwt_signing_input(const JwtClaims& claims);
/// Signs with RS256. Errors: invalid (not a PEM RSA key of at least 2048 bits; `field` private_key).
engine::Result<std::string> jwt_assertion(const JwtClaims& claims, const std::string& private_key_pem);

struct Token {
  std::string access_token;
  std::string instance_url;  // no slash at the end
};
/// Errors: corrupt.
engine::Result<Token> parse_token(std::string_view body);
CallVerdict classify_token_answer(const OutboundAnswer& answer);

}  // namespace leadlight::net::salesforce
