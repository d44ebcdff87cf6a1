#include "tools/sandbox/salesforce_tokens.hpp"

#include "net/text/url_text.hpp"
#include "tools/sandbox/salesforce_records.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

namespace leadlight::sandbox {

namespace json = boost::json;

namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr std::size_t tokens_max = 1000;
constexpr std::int64_t assertion_seconds_max = 300;

std::string form_value(const std::vector<std::pair<std::string, std::string>>& form, std::string_view name) {
  for (const auto& [own, value] : form)
    if (own == name) return value;
  return {};
}

/// Both alphabets of base64, with or without padding.
std::optional<std::string> base64_decode(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned held = 0;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  for (const char c : text) {
    std::uint32_t digit = 0;
    if (c >= 'A' && c <= 'Z')
      digit = static_cast<std::uint32_t>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      digit = static_cast<std::uint32_t>(c - 'a') + 26;
    else if (c >= '0' && c <= '9')
      digit = static_cast<std::uint32_t>(c - '0') + 52;
    else if (c == '+' || c == '-')
      digit = 62;
    else if (c == '/' || c == '_')
      digit = 63;
    else
      return std::nullopt;
    bits = (bits << 6U) | digit;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(static_cast<unsigned char>(bits >> held));
  }
  return bytes;
}

Key read_public_key(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  if (!bio) return Key(nullptr, EVP_PKEY_free);
  if (auto* key = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr)) return Key(key, EVP_PKEY_free);
  const Bio again(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      again ? PEM_read_bio_X509(again.get(), nullptr, nullptr, nullptr) : nullptr, X509_free);
  return Key(certificate ? X509_get_pubkey(certificate.get()) : nullptr, EVP_PKEY_free);
}

bool is_signed(const std::string& pem, std::string_view input, const std::string& signature) {
  const auto key = read_public_key(pem);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return key && digest && EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(digest.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(input.data()), input.size()) == 1;
}

std::optional<json::object> decoded_object(std::string_view part) {
  const auto bytes = base64_decode(part);
  if (!bytes) return std::nullopt;
  boost::system::error_code failed;
  auto value = json::parse(*bytes, failed);
  if (failed || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string{};
}

std::string random_token() {
  std::array<unsigned char, 24> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text(organisation_id.substr(0, 15));
  text += '!';
  for (const auto byte : bytes) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

}  // namespace

net::HttpResponse oauth_error(std::uint16_t status, std::string_view code, std::string_view description) {
  return net::HttpResponse::json(status,
                                 json::serialize(json::object{{"error", code}, {"error_description", description}}));
}

net::HttpResponse SalesforceTokens::grant(const net::HttpRequest& request, const std::string& base_url) {
  if (request.method != "POST" && request.method != "GET")
    return oauth_error(405, "invalid_request", "must use HTTP POST");
  auto form = net::parse_form(request.body);
  if (!form) return oauth_error(400, "invalid_request", "the body is not a form");
  form->insert(form->end(), request.query.begin(), request.query.end());
  const auto type = form_value(*form, "grant_type");
  if (type == "client_credentials") return by_secret(request, *form, base_url);
  if (type == "urn:ietf:params:oauth:grant-type:jwt-bearer") return by_assertion(*form, base_url);
  if (type.empty()) return oauth_error(400, "invalid_request", "missing required parameter: grant_type");
  return oauth_error(400, "unsupported_grant_type", "grant type not supported");
}

net::HttpResponse SalesforceTokens::by_secret(const net::HttpRequest& request, const Form& form,
                                              const std::string& base_url) {
  auto id = form_value(form, "client_id");
  auto secret = form_value(form, "client_secret");
  const auto authorization = request.header("authorization").value_or("");
  if (lower_case(authorization.substr(0, 6)) == "basic ") {
    const auto pair = base64_decode(authorization.substr(6)).value_or("");
    const auto colon = std::min(pair.find(':'), pair.size());
    id = net::percent_decode(pair.substr(0, colon), true).value_or("");
    secret = net::percent_decode(std::string_view(pair).substr(std::min(colon + 1, pair.size())), true).value_or("");
  }
  if (id.empty()) return oauth_error(400, "invalid_request", "missing required parameter: client_id");
  if (id != demo_client_id) return oauth_error(400, "invalid_client_id", "client identifier invalid");
  if (secret != demo_client_secret) return oauth_error(401, "invalid_client", "invalid client credentials");
  return issue(base_url);
}

net::HttpResponse SalesforceTokens::by_assertion(const Form& form, const std::string& base_url) {
  const auto assertion = form_value(form, "assertion");
  const auto first = assertion.find('.');
  const auto second = first == std::string::npos ? first : assertion.find('.', first + 1);
  if (second == std::string::npos) return oauth_error(400, "invalid_grant", "invalid assertion");
  const auto header = decoded_object(std::string_view(assertion).substr(0, first));
  const auto claims = decoded_object(std::string_view(assertion).substr(first + 1, second - first - 1));
  const auto signature = base64_decode(std::string_view(assertion).substr(second + 1));
  if (!header || !claims || !signature || text_in(*header, "alg") != "RS256")
    return oauth_error(400, "invalid_grant", "invalid assertion");
  if (text_in(*claims, "iss") != demo_client_id)
    return oauth_error(400, "invalid_client_id", "client identifier invalid");
  if (public_key_.empty() || !is_signed(public_key_, std::string_view(assertion).substr(0, second), *signature))
    return oauth_error(400, "invalid_grant", "invalid assertion");
  auto audience = text_in(*claims, "aud");
  while (!audience.empty() && audience.back() == '/') audience.pop_back();
  if (audience != "https://login.salesforce.com" && audience != "https://test.salesforce.com" && audience != base_url)
    return oauth_error(400, "invalid_grant", "audience is invalid");
  const auto* expires = claims->if_contains("exp");
  const auto now = engine::to_ms(clock_->now()) / 1000;
  const auto seconds = expires != nullptr && expires->is_number() ? expires->to_number<double>() : 0.0;
  if (seconds < static_cast<double>(now) || seconds > static_cast<double>(now + assertion_seconds_max))
    return oauth_error(400, "invalid_grant", "expired authorization code");
  if (text_in(*claims, "sub").empty()) return oauth_error(400, "invalid_grant", "user hasn't approved this consumer");
  return issue(base_url);
}

net::HttpResponse SalesforceTokens::issue(const std::string& base_url) {
  auto token = random_token();
  tokens_.insert(token);
  order_.push_back(token);
  if (order_.size() > tokens_max) {
    tokens_.erase(order_.front());
    order_.pop_front();
  }
  return net::HttpResponse::json(
      200, json::serialize(json::object{
               {"access_token", token},
               {"signature", "c2FuZGJveA=="},
               {"scope", "api"},
               {"instance_url", base_url},
               {"id", base_url + "/id/" + std::string(organisation_id) + "/" + std::string(integration_user_id)},
               {"token_type", "Bearer"},
               {"issued_at", std::to_string(engine::to_ms(clock_->now()))}}));
}

net::HttpResponse SalesforceTokens::revoke(const net::HttpRequest& request) {
  const auto form = net::parse_form(request.body);
  auto token = form ? form_value(*form, "token") : std::string{};
  if (token.empty()) token = std::string(request.parameter("token").value_or(""));
  if (tokens_.erase(token) == 0) return oauth_error(400, "unsupported_token_type", "this token type is not supported");
  return net::HttpResponse::text(200, "");
}

bool SalesforceTokens::accepts(const net::HttpRequest& request) const {
  const auto header = request.header("authorization").value_or("");
  const auto space = std::min(header.find(' '), header.size());
  const auto scheme = lower_case(header.substr(0, space));
  std::string token;
  if (scheme == "bearer" || scheme == "oauth") token = std::string(header.substr(std::min(space + 1, header.size())));
  if (token.empty()) token = std::string(request.parameter("oauth_token").value_or(""));
  if (token.empty()) token = std::string(request.parameter("access_token").value_or(""));
  return tokens_.contains(token);
}

engine::Status SalesforceTokens::set_public_key(std::string_view pem) {
  if (!read_public_key(pem))
    return engine::Error{engine::Errc::invalid, "the body is no public key or certificate in PEM form", "body"};
  public_key_ = std::string(pem);
  return engine::Ok{};
}

}  // namespace leadlight::sandbox
