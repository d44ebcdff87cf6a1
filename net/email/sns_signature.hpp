// Messages of Amazon's notification service (SNS): what they say, and whether a certificate of the service signed them.
//
// Anyone may have a topic that Amazon signs for, so that trust is in topics; the certificate only proves the service.
#pragma once

#include "engine/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::net {

struct SnsMessage {
  std::string type;  // Notification, SubscriptionConfirmation, UnsubscribeConfirmation
  std::string message;
  std::string message_id;
  std::optional<std::string> subject;
  std::string timestamp;
  std::string topic_arn;
  std::string token;
  std::string subscribe_url;
  std::string signature;          // Base64
  std::string signature_version;  // "1": SHA-1, "2": SHA-256
  std::string signing_cert_url;
};

/// Errors: invalid (no JSON object, or no Type).
engine::Result<SnsMessage> read_sns(const std::string& body);

/// What a secret of the scheme says: topics, one a line, and optionally certificates as PEM; without those the
/// service's own are fetched. Errors: invalid, `field` "secret".
struct SnsTrust {
  std::vector<std::string> topics;
  std::vector<std::string> certificates;  // PEM
};
engine::Result<SnsTrust> read_sns_trust(std::string_view secret);

/// Whether it is an https URL of the service itself: host sns.REGION.amazonaws.com or …com.cn, nothing before it, no
/// port, at most 2 KiB of visible ASCII.
bool is_sns_url(std::string_view url);
/// Whether it is one of the service's signing certificates: such a URL, and a path /SimpleNotificationService-….pem
/// without a query.
bool is_sns_certificate_url(std::string_view url);

/// Whether `certificate` (PEM) signed it. Errors: unauthorized.
engine::Status verify_sns(const SnsMessage& message, std::string_view certificate);

}  // namespace leadlight::net
