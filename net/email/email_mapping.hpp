// A mapping: how the calls of one e-mail vendor become events. It is data, a TOML file, so that a vendor needs no code.
// docs/guides/email-vendors.md explains every key.
#pragma once

#include "engine/result.hpp"
#include "net/text/json_path.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::net {

/// How a vendor proves that a call is its own (net/webhook_signature.hpp).
enum class SignatureScheme : std::uint8_t {
  none,                // it cannot: the key alone decides
  ecdsa_p256_sha256,   // over timestamp and body, with the vendor's private key
  hmac_sha256_hex,     // over the body
  hmac_sha256_base64,  // over the body
  standard_webhooks,   // over id, timestamp and body
  sns,                 // of Amazon's notification service, with a certificate
};
std::string_view label(SignatureScheme scheme);

struct SignatureRule {
  SignatureScheme scheme = SignatureScheme::none;
  std::string signature_header;  // header names are in lower case
  std::string timestamp_header;
  std::string id_header;
  std::string prefix;  // before the signature in its header, such as "sha256="
};

/// Where a value is: in the event, in the whole body (`$body.path`), or in a header (`$header.name`).
struct ValueSource {
  enum class Place : std::uint8_t { event, body, header };
  Place place = Place::event;
  JsonPath path;
  std::string header;
};
using ValueSources = std::vector<ValueSource>;

struct EmailMapping {
  enum class TimeFormat : std::uint8_t { unix_seconds, unix_milliseconds, iso8601 };

  std::string vendor;              // the last part of its route
  std::string title;               // for people
  std::string form_field;          // the body is a form, and this field of it JSON; empty: the body is JSON
  std::optional<JsonPath> inside;  // where this text is, it is JSON that stands for the body
  JsonPath events;
  ValueSources name;   // those that are there, joined by "/", name the event
  ValueSources email;  // of the first that is there: an address, or several
  ValueSources id;     // the first that is there
  ValueSources time;
  TimeFormat time_format = TimeFormat::iso8601;
  std::vector<std::pair<std::string, std::string>> types;        // ascending by the vendor's name
  std::vector<std::pair<std::string, ValueSources>> properties;  // ascending by our name
  ValueSources agents;                                           // texts that name the program
  ValueSources machine_flags;                                    // true: no person did it
  std::vector<std::string> machine_fragments;                    // further ones, in lower case
  SignatureRule signature;

  /// Our type of the vendor's event `name`; empty: such events are passed over. Of "Bounce/HardBounce/x" the longest
  /// beginning that is listed decides.
  [[nodiscard]] std::string_view type_of(std::string_view name) const;
};

/// Programs that open and click mail without a person: proxies of mailbox providers and scanners. In lower case.
struct MailMachines {
  std::vector<std::string> contains;  // fragments of their names
  std::vector<std::string> equals;    // whole names

  [[nodiscard]] bool match(std::string_view agent, const std::vector<std::string>& further) const;
};

/// Errors: invalid, naming file, line and key of each mistake, and what to do.
engine::Result<EmailMapping> read_email_mapping(std::string_view toml, const std::string& file_name);
engine::Result<MailMachines> read_mail_machines(std::string_view toml, const std::string& file_name);

}  // namespace leadlight::net
