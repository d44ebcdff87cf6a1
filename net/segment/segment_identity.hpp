// Whom a tracking client's ids stand for, as identities (engine/identity.hpp).
#pragma once

#include <string>
#include <string_view>

namespace leadlight::net {

/// Longest id that is kept as sent, in bytes; a longer one is kept as its SHA-256.
inline constexpr std::size_t client_id_bytes_max = 100;

/// Whether the id is one that clients send when they know nobody: empty, "null", "undefined", "0", "anonymous", zeros
/// alone, …, in any case, with spaces around it or not.
bool stands_for_nobody(std::string_view id);

/// `id` without the spaces around it; "sha256:…" when it is longer than `client_id_bytes_max` or not printable.
std::string bounded_id(std::string_view id);

/// "user:4711", or the address when the id is one; empty: nobody.
std::string user_identity(std::string_view id);
/// "anonymous:5a3c…"; empty: nobody.
std::string anonymous_identity(std::string_view id);

}  // namespace leadlight::net
