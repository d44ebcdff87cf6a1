// What keeps personal data and secrets out of the log: a lead's name in it, and the scrubber every line passes.
//
// A lead's name is a keyed hash of its address: the same person has the same name in every line and after every
// restart, and without the data directory's key nobody can tell whether an address is meant.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace leadlight::logging {

using NameKey = std::array<std::uint8_t, 32>;

/// The key of the names from now on; before it every lead is "lead_unnamed". Thread: any.
void set_name_key(const NameKey& key);

/// "lead_" and 16 hexadecimal digits: HMAC-SHA-256 of the address, trimmed and lower-cased. Thread: any.
std::string lead_name(std::string_view email);

/// `text` with each e-mail address replaced by its lead's name, and each access key and bearer token by "[hidden]".
/// An address with `%40` for its @ counts too. Thread: any.
std::string scrubbed(std::string_view text);

}  // namespace leadlight::logging
