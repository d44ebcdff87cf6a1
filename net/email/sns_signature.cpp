#include "net/email/sns_signature.hpp"

#include "net/text/base64.hpp"
#include "net/text/json_reader.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;

constexpr std::size_t text_bytes_max = 1U << 20U;
constexpr std::size_t url_bytes_max = 2 * 1024;
constexpr std::string_view pem_begin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view pem_end = "-----END CERTIFICATE-----";

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

const unsigned char* octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());  // NOLINT: bytes are bytes
}

Certificate certificate_of(std::string_view pem) {
  const std::unique_ptr<BIO, Freed<BIO_free>> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

/// What is signed: name and value of each part, each on a line of its own.
std::string signed_text(const SnsMessage& message) {
  std::string text;
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append("\n").append(value).append("\n");
  };
  const bool notification = message.type == "Notification";
  add("Message", message.message);
  add("MessageId", message.message_id);
  if (notification && message.subject) add("Subject", *message.subject);
  if (!notification) add("SubscribeURL", message.subscribe_url);
  add("Timestamp", message.timestamp);
  if (!notification) add("Token", message.token);
  add("TopicArn", message.topic_arn);
  add("Type", message.type);
  return text;
}

Error bad_secret(const char* why) {
  return {Errc::invalid,
          std::string("secret ") + why +
              "; write the ARN of the topic, such as arn:aws:sns:eu-west-1:123456789012:mail, one a line",
          "secret"};
}

/// Such as "eu-west-1" or "us-gov-west-1": two letters, one or several words, a number, with a dash between each. A
/// name of another service, such as "s3" or "s3-us-west-2", is none.
bool is_region(std::string_view text) {
  const auto letters = [](std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= 'a' && c <= 'z'; });
  };
  const auto digits = [](std::string_view part) {
    return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
  };
  const auto first = text.find('-');
  const auto last = text.rfind('-');
  if (first != 2 || last == first || !letters(text.substr(0, first)) || !digits(text.substr(last + 1))) return false;
  auto words = text.substr(first + 1, last - first - 1);
  for (auto dash = words.find('-'); dash != std::string_view::npos; dash = words.find('-')) {
    if (!letters(words.substr(0, dash))) return false;
    words.remove_prefix(dash + 1);
  }
  return letters(words);
}

bool is_topic(std::string_view line) {
  return line.starts_with("arn:aws") && std::ranges::count(line, ':') == 5 && line.find(":sns:") != line.npos &&
         line.find_first_of(" \t") == line.npos;
}

}  // namespace

engine::Result<SnsMessage> read_sns(const std::string& body) {
  thread_local JsonReader reader(JsonLimits{32, 5'000, text_bytes_max});
  const auto members = reader.object(body);
  if (!members) return members.error();
  SnsMessage message;
  const std::array<std::pair<std::string_view, std::string*>, 10> texts = {
      {{"Type", &message.type},
       {"Message", &message.message},
       {"MessageId", &message.message_id},
       {"Timestamp", &message.timestamp},
       {"TopicArn", &message.topic_arn},
       {"Token", &message.token},
       {"SubscribeURL", &message.subscribe_url},
       {"Signature", &message.signature},
       {"SignatureVersion", &message.signature_version},
       {"SigningCertURL", &message.signing_cert_url}}};
  for (const auto& member : *members) {
    if (member.kind != JsonKind::text) continue;
    for (const auto& [name, text] : texts)
      if (member.name == name) *text = member.text;
    if (member.name == "Subject") message.subject = std::string(member.text);
  }
  if (message.type.empty()) return Error{Errc::invalid, "Type is missing: this is no message of SNS", "Type"};
  return message;
}

engine::Result<SnsTrust> read_sns_trust(std::string_view secret) {
  SnsTrust trust;
  while (!secret.empty()) {
    if (secret.starts_with(pem_begin)) {
      const auto end = secret.find(pem_end);
      if (end == std::string_view::npos) return bad_secret("holds half of a certificate");
      trust.certificates.emplace_back(secret.substr(0, end + pem_end.size()));
      if (!certificate_of(trust.certificates.back())) return bad_secret("holds a certificate that cannot be read");
      secret.remove_prefix(end + pem_end.size());
      continue;
    }
    const auto end = std::min(secret.find_first_of("\r\n"), secret.size());
    const auto line = secret.substr(0, end);
    secret.remove_prefix(std::min(end + 1, secret.size()));
    if (line.empty()) continue;
    if (!is_topic(line)) return bad_secret("has a line that is no topic");
    trust.topics.emplace_back(line);
  }
  if (trust.topics.empty()) return bad_secret("names no topic");
  return trust;
}

bool is_sns_url(std::string_view url) {
  constexpr std::string_view scheme = "https://";
  constexpr std::string_view service = "sns.";
  // It goes into a log line and a request: nothing in it may begin another one.
  const auto visible = [](char c) { return c > ' ' && c < '\x7F'; };
  if (!url.starts_with(scheme) || url.size() > url_bytes_max || !std::ranges::all_of(url, visible)) return false;
  auto host = url.substr(scheme.size());
  host = host.substr(0, host.find_first_of("/?#"));
  if (!host.starts_with(service)) return false;
  host.remove_prefix(service.size());
  const auto dot = host.find('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const auto region = host.substr(0, dot);
  const auto domain = host.substr(dot);
  return (domain == ".amazonaws.com" || domain == ".amazonaws.com.cn") && is_region(region);
}

bool is_sns_certificate_url(std::string_view url) {
  if (!is_sns_url(url) || !url.ends_with(".pem") || url.find_first_of("?#") != std::string_view::npos) return false;
  const auto path =
      url.substr(url.find('/', std::string_view{"https://"}.size()));  // there is one: ".pem" ends no host
  return path.starts_with("/SimpleNotificationService-");
}

engine::Status verify_sns(const SnsMessage& message, std::string_view certificate) {
  const auto forged = [](const char* why) { return Error{Errc::unauthorized, why, {}}; };
  const auto signature = decode_base64(message.signature);
  if (!signature || signature->empty()) return forged("the signature is missing, or not Base64");
  const bool old = message.signature_version == "1";
  if (!old && message.signature_version != "2") return forged("SignatureVersion must be 1 or 2");
  const auto read = certificate_of(certificate);
  if (!read) return forged("the signing certificate cannot be read");
  const std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>> key(X509_get_pubkey(read.get()));
  const std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  const auto text = signed_text(message);
  const bool holds =
      key && context &&
      EVP_DigestVerifyInit(context.get(), nullptr, old ? EVP_sha1() : EVP_sha256(), nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), octets(*signature), signature->size(), octets(text), text.size()) == 1;
  if (!holds) return forged("the signature is not one of the service's certificate");
  return engine::Ok{};
}

}  // namespace leadlight::net
