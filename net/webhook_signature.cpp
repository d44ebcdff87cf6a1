#include "net/webhook_signature.hpp"

#include "net/text/base64.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;
using engine::Status;

constexpr std::string_view whsec = "whsec_";
constexpr std::size_t hmac_secret_bytes_min = 8;
constexpr std::size_t signatures_max = 10;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using PublicKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());  // NOLINT: bytes are bytes
}

Error forged(const char* why) {
  return {Errc::unauthorized, why, {}};
}

bool same(std::string_view a, std::string_view b) {
  return !a.empty() && a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// A P-256 key as PEM, or as the Base64 of its DER, as SendGrid shows it; null when it is neither.
PublicKey public_key_of(std::string_view secret) {
  const auto text = trimmed(secret);
  PublicKey key;
  if (text.starts_with("-----BEGIN")) {
    const std::unique_ptr<BIO, Freed<BIO_free>> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  } else if (const auto der = decode_base64(text)) {
    const auto* at = octets(*der);
    key.reset(d2i_PUBKEY(nullptr, &at, static_cast<long>(der->size())));  // NOLINT: the library's type
  }
  std::array<char, 32> group{};
  std::size_t length = 0;
  const bool fits = key && EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), &length) == 1 &&
                    std::string_view(group.data(), length) == "prime256v1";
  return fits ? std::move(key) : nullptr;
}

/// The bytes of a Standard Webhooks secret; none when it is not Base64, or too short to be one.
std::optional<std::string> whsec_key(std::string_view secret) {
  auto text = trimmed(secret);
  if (text.starts_with(whsec)) text.remove_prefix(whsec.size());
  auto bytes = decode_base64(text);
  return bytes && bytes->size() >= hmac_secret_bytes_min ? bytes : std::nullopt;
}

/// The timestamp header as it is. Errors: unauthorized, when it is missing, no number or too far from now.
engine::Result<std::string> checked_timestamp(const SignatureRule& rule, const HttpRequest& request) {
  const auto text = request.header(rule.timestamp_header);
  if (!text) return forged("the timestamp of the signature is missing");
  std::int64_t seconds = 0;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  constexpr std::int64_t furthest = 99'999'999'999;
  if (fault != std::errc{} || end != text->data() + text->size() || seconds < 0 || seconds > furthest)
    return forged("the timestamp of the signature is no count of seconds");
  const auto apart = request.received_at - engine::from_ms(seconds * 1'000);
  if (apart > signature_tolerance || -apart > signature_tolerance)
    return forged("the signature was made more than 300 seconds from now; is the clock right?");
  return std::string(*text);
}

bool ecdsa_holds(const std::string& secret, std::string_view message, std::string_view signature) {
  const auto key = public_key_of(secret);
  const std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  return key && context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message), message.size()) == 1;
}

Status verify_ecdsa(const SignatureRule& rule, std::span<const std::string> secrets, const HttpRequest& request,
                    std::string_view given) {
  const auto timestamp = checked_timestamp(rule, request);
  if (!timestamp) return timestamp.error();
  const auto signature = decode_base64(given);
  if (!signature) return forged("the signature is not Base64");
  const auto message = *timestamp + request.body;
  for (const auto& secret : secrets)
    if (ecdsa_holds(secret, message, *signature)) return engine::Ok{};
  return forged("the signature is not one of the key that is set");
}

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4U];
    text += digits[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}

Status verify_hmac(const SignatureRule& rule, std::span<const std::string> secrets, const HttpRequest& request,
                   std::string_view given) {
  std::string message = request.body;
  if (!rule.timestamp_header.empty()) {  // signed in front of the body, with a dot
    const auto timestamp = checked_timestamp(rule, request);
    if (!timestamp) return timestamp.error();
    message = *timestamp + "." + message;
  }
  std::string wanted(given);
  const bool hex = rule.scheme == SignatureScheme::hmac_sha256_hex;
  if (hex)
    std::ranges::transform(wanted, wanted.begin(),
                           [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  bool holds = false;
  for (const auto& secret : secrets) {
    const auto mac = hmac_sha256(trimmed(secret), message);
    holds = same(hex ? hexadecimal(mac) : encode_base64(mac), wanted) || holds;
  }
  if (!holds) return forged("the signature is not one of the secret that is set");
  return engine::Ok{};
}

Status verify_standard_webhooks(const SignatureRule& rule, std::span<const std::string> secrets,
                                const HttpRequest& request, std::string_view given) {
  const auto id = request.header(rule.id_header);
  if (!id || id->empty()) return forged("the id that the signature covers is missing");
  const auto timestamp = checked_timestamp(rule, request);
  if (!timestamp) return timestamp.error();
  const auto message = std::string(*id) + "." + *timestamp + "." + request.body;
  std::vector<std::string> expected;
  for (const auto& secret : secrets)
    if (const auto key = whsec_key(secret)) expected.push_back("v1," + encode_base64(hmac_sha256(*key, message)));
  bool holds = false;
  for (std::size_t seen = 0; !given.empty() && seen < signatures_max; ++seen) {
    const auto space = std::min(given.find(' '), given.size());
    for (const auto& one : expected) holds = same(given.substr(0, space), one) || holds;
    given.remove_prefix(std::min(space + 1, given.size()));
  }
  if (!holds) return forged("no signature is one of the secret that is set");
  return engine::Ok{};
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned length = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets(message), message.size(), mac.data(),
           &length) == nullptr)
    return {};
  return {reinterpret_cast<const char*>(mac.data()), length};  // NOLINT: bytes are bytes
}

Status check_secret(const SignatureRule& rule, std::string_view secret) {
  const auto refused = [](const char* why) { return Error{Errc::invalid, std::string("secret ") + why, "secret"}; };
  switch (rule.scheme) {
    case SignatureScheme::none:
      return Error{Errc::unprocessable,
                   "this vendor does not sign its calls, so that there is nothing to set: the key "
                   "alone decides",
                   "vendor"};
    case SignatureScheme::ecdsa_p256_sha256:
      if (!public_key_of(secret))
        return refused("is no public key on the curve P-256; copy the vendor's verification key");
      return engine::Ok{};
    case SignatureScheme::standard_webhooks:
      if (!whsec_key(secret)) return refused("is no signing secret; copy the vendor's, which begins with whsec_");
      return engine::Ok{};
    case SignatureScheme::hmac_sha256_hex:
    case SignatureScheme::hmac_sha256_base64:
      if (trimmed(secret).size() < hmac_secret_bytes_min) return refused("must have at least 8 characters");
      return engine::Ok{};
    case SignatureScheme::sns: break;
  }
  return engine::Ok{};
}

Status verify_signature(const SignatureRule& rule, std::span<const std::string> secrets, const HttpRequest& request) {
  auto given = request.header(rule.signature_header);
  if (!given || given->empty()) return forged("the signature is missing");
  if (!given->starts_with(rule.prefix)) return forged("the signature does not begin as this vendor's do");
  given->remove_prefix(rule.prefix.size());
  switch (rule.scheme) {
    case SignatureScheme::ecdsa_p256_sha256: return verify_ecdsa(rule, secrets, request, *given);
    case SignatureScheme::hmac_sha256_hex:
    case SignatureScheme::hmac_sha256_base64: return verify_hmac(rule, secrets, request, *given);
    case SignatureScheme::standard_webhooks: return verify_standard_webhooks(rule, secrets, request, *given);
    case SignatureScheme::none:
    case SignatureScheme::sns: break;
  }
  return forged("this vendor's calls cannot be checked here");
}

}  // namespace leadlight::net
