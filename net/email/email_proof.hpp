// Whether a vendor's call is its own: the scheme of its mapping with the secrets of the organisation. Certificates of
// Amazon's notification service are fetched, and kept.
#pragma once

#include "actors/protocol.hpp"
#include "net/client/http_client.hpp"
#include "net/email/email_mapping.hpp"
#include "net/email/quiet_log.hpp"
#include "net/email/sns_signature.hpp"
#include "net/http/http.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace leadlight::net {

/// Thread: any.
class EmailProof : public std::enable_shared_from_this<EmailProof> {
 public:
  /// `client` null: nothing is fetched, and what would need it is `unavailable`.
  explicit EmailProof(std::shared_ptr<HttpClient> client) : client_(std::move(client)) {}

  using Done = std::function<void(engine::Status, const HttpRequest&)>;

  /// Calls `done` once, at once or on the client's thread, with the request or a copy of it: Ok, `unauthorized` (in
  /// words without anything of the request), or `unavailable`.
  void check(const EmailMapping& mapping, const actors::VendorSecrets& secrets, const HttpRequest& request, Done done);

  /// Opens the address by which a subscription is confirmed. Precondition: `is_sns_url(url)` and it was signed.
  void confirm(const std::string& url);

 private:
  void check_sns(const actors::VendorSecrets& secrets, const HttpRequest& request, const Done& done);
  void fetch(SnsMessage message, const HttpRequest& request, Done done);
  std::string cached(const std::string& url);
  void cache(const std::string& url, const std::string& certificate);

  std::shared_ptr<HttpClient> client_;
  std::mutex mutex_;
  std::map<std::string, std::string> certificates_;  // by URL, PEM
  QuietLog unavailable_log_;
};

}  // namespace leadlight::net
