#include "net/email/email_proof.hpp"

#include "net/webhook_signature.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;
using engine::Status;

constexpr std::size_t certificates_max = 32;
constexpr std::size_t certificate_bytes_max = 64 * 1024;
constexpr engine::Milliseconds fetch_deadline{5'000};

OutboundRequest get(const std::string& url) {
  OutboundRequest request;
  request.method = "GET";
  request.url = url;
  request.deadline = fetch_deadline;
  request.answer_bytes_max = certificate_bytes_max;
  return request;
}

}  // namespace

void EmailProof::check(const EmailMapping& mapping, const actors::VendorSecrets& secrets, const HttpRequest& request,
                       Done done) {
  if (mapping.signature.scheme == SignatureScheme::sns) return check_sns(secrets, request, done);
  done(verify_signature(mapping.signature, secrets.secrets, request), request);
}

void EmailProof::check_sns(const actors::VendorSecrets& secrets, const HttpRequest& request, const Done& done) {
  const auto forged = [&](const char* why) { done(Error{Errc::unauthorized, why, {}}, request); };
  auto message = read_sns(request.body);
  if (!message) return forged("the body is no message of SNS");
  for (const auto& secret : secrets.secrets) {
    const auto trust = read_sns_trust(secret);
    if (!trust || std::ranges::find(trust->topics, message->topic_arn) == trust->topics.end()) continue;
    if (trust->certificates.empty()) {
      if (!is_sns_certificate_url(message->signing_cert_url)) return forged("SigningCertURL is not one of Amazon's");
      const auto certificate = cached(message->signing_cert_url);
      if (certificate.empty()) return fetch(*std::move(message), request, done);
      return done(verify_sns(*message, certificate), request);
    }
    for (const auto& certificate : trust->certificates)
      if (verify_sns(*message, certificate)) return done(engine::Ok{}, request);
  }
  forged("the topic is not one that is set, or its signature does not hold");
}

void EmailProof::fetch(SnsMessage message, const HttpRequest& request, Done done) {
  const Error unavailable{Errc::unavailable, "The certificate of the signature cannot be had now; try again", {}};
  if (!client_) return done(unavailable, request);
  auto kept = std::make_shared<const HttpRequest>(request);
  auto outbound = get(message.signing_cert_url);
  client_->send(std::move(outbound), [self = shared_from_this(), kept, unavailable, message = std::move(message),
                                      done = std::move(done)](const engine::Result<OutboundAnswer>& answer) {
    if (!answer || answer->status != 200) {
      // Whoever knows a topic may name any certificate, so that these lines too may be somebody's flood.
      if (const auto held = self->unavailable_log_.pass(kept->received_at))
        spdlog::warn(
            "e-mail over SNS: the signing certificate at {} cannot be had ({}); calls are answered 503 until "
            "it can: let this server reach it, or set the certificate with the topic ({} more such calls since the "
            "last line)",
            message.signing_cert_url, answer ? "status " + std::to_string(answer->status) : answer.error().what, *held);
      return done(unavailable, *kept);
    }
    const auto held = verify_sns(message, answer->body);
    if (held) self->cache(message.signing_cert_url, answer->body);
    done(held, *kept);
  });
}

void EmailProof::confirm(const std::string& url) {
  if (!client_) return;
  client_->send(get(url), [](const engine::Result<OutboundAnswer>& answer) {
    if (answer && answer->status == 200)
      spdlog::info("e-mail over SNS: the subscription is confirmed");
    else
      spdlog::warn("e-mail over SNS: confirming the subscription failed ({}); request it again in the SNS console",
                   answer ? "status " + std::to_string(answer->status) : answer.error().what);
  });
}

std::string EmailProof::cached(const std::string& url) {
  const std::lock_guard lock(mutex_);
  const auto found = certificates_.find(url);
  return found == certificates_.end() ? std::string{} : found->second;
}

void EmailProof::cache(const std::string& url, const std::string& certificate) {
  const std::lock_guard lock(mutex_);
  if (certificates_.size() >= certificates_max) certificates_.clear();
  certificates_.insert_or_assign(url, certificate);
}

}  // namespace leadlight::net
