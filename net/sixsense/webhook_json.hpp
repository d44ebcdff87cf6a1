// The JSON object of a webhook, as templates typed by hand make it (Marketo: a template's text with values put in).
//
// More forgiving than `JsonReader`, and alike where that one accepts. Taken beside RFC 8259: control characters in
// texts and between values (Marketo turns a template's `\n` into a line break), a value that is not there (`"title":
// ,`: an empty field), a name twice, bytes that are not UTF-8 (whoever reads a text checks it).
#pragma once

#include "engine/result.hpp"
#include "net/text/json_reader.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::net::sixsense {

inline constexpr std::size_t webhook_json_depth_max = 32;

/// A member of the object itself; what lies deeper is checked and passed over.
struct WebhookMember {
  std::string name;  // unescaped
  JsonKind kind = JsonKind::null;
  std::string text;  // of a text: unescaped; else empty

  friend bool operator==(const WebhookMember&, const WebhookMember&) = default;
};

/// The members of the object that `body` is, in order.
///
/// Errors: invalid (not JSON; a value in two pairs of quotes, which it names; nested too deep; half of a surrogate
/// pair), unprocessable (JSON, but no object). `field` is the member at fault, where there is one.
engine::Result<std::vector<WebhookMember>> read_webhook_json(std::string_view body);

}  // namespace leadlight::net::sixsense
