// Who somebody is: an e-mail address, or an id that a source gave to a person whose address is not known (yet).
//
// An identity is one text: "jo@acme.com", "user:4711" or "anonymous:5a3c…". No e-mail address holds a colon, so that
// the three never meet. Of several identities of one person the first by `precedes` names the lead; the others are
// aliases of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace leadlight::engine {

enum class IdentityKind : std::uint8_t { email = 1, user = 2, anonymous = 3 };

inline constexpr std::string_view user_prefix = "user:";
inline constexpr std::string_view anonymous_prefix = "anonymous:";

constexpr IdentityKind kind_of(std::string_view identity) {
  if (identity.starts_with(user_prefix)) return IdentityKind::user;
  if (identity.starts_with(anonymous_prefix)) return IdentityKind::anonymous;
  return IdentityKind::email;
}

/// Whether `a` names the lead rather than `b`: an e-mail address before a user id before an anonymous id, and of one
/// kind the lesser text. A total order, so that whichever way identities are joined, the same one names the lead.
constexpr bool precedes(std::string_view a, std::string_view b) {
  return kind_of(a) != kind_of(b) ? kind_of(a) < kind_of(b) : a < b;
}

}  // namespace leadlight::engine
