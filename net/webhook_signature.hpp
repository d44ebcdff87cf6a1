// Whether a call comes from whom it says: the schemes by which vendors sign what they send.
//
// Every comparison of secrets takes the same time wherever they differ. A signature covers the bytes as received.
#pragma once

#include "engine/result.hpp"
#include "net/email/email_mapping.hpp"
#include "net/http/http.hpp"

#include <span>
#include <string>
#include <string_view>

namespace leadlight::net {

/// How far a signed instant may lie from our clock.
inline constexpr engine::Milliseconds signature_tolerance{300'000};

/// Whether `secret` can be one of this scheme: a public key, a whsec_ secret, ….
/// Errors: invalid, `field` "secret"; unprocessable, when the scheme has none.
engine::Status check_secret(const SignatureRule& rule, std::string_view secret);

/// Whether one of `secrets` proves the request; `rule` is any scheme but sns (net/email/sns_signature.hpp).
/// Errors: unauthorized, in words without anything of the request.
engine::Status verify_signature(const SignatureRule& rule, std::span<const std::string> secrets,
                                const HttpRequest& request);

/// HMAC-SHA256. Errors of the library end as an empty text, which no signature equals.
std::string hmac_sha256(std::string_view key, std::string_view message);

}  // namespace leadlight::net
