// The OAuth side of the Salesforce stand-in: tokens for a fixed demo client, by secret or by a signed assertion.
//
// Thread: one at a time; its owner locks.
#pragma once

#include "actors/clock.hpp"
#include "engine/result.hpp"
#include "net/http/http.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace leadlight::sandbox {

inline constexpr std::string_view demo_client_id = "leadlight-demo";
inline constexpr std::string_view demo_client_secret = "leadlight-demo-secret";

class SalesforceTokens {
 public:
  explicit SalesforceTokens(actors::ClockPtr clock) : clock_(std::move(clock)) {}

  /// POST /services/oauth2/token. `base_url` is where the client reached us.
  net::HttpResponse grant(const net::HttpRequest& request, const std::string& base_url);
  /// POST /services/oauth2/revoke.
  net::HttpResponse revoke(const net::HttpRequest& request);

  /// Whether the request carries a token in force: Authorization (Bearer or OAuth), or oauth_token.
  [[nodiscard]] bool accepts(const net::HttpRequest& request) const;
  void expire_all() { tokens_.clear(); }

  /// The key that assertions are verified with, as "BEGIN PUBLIC KEY" or a certificate. Errors: invalid.
  engine::Status set_public_key(std::string_view pem);

 private:
  using Form = std::vector<std::pair<std::string, std::string>>;
  net::HttpResponse by_secret(const net::HttpRequest& request, const Form& form, const std::string& base_url);
  net::HttpResponse by_assertion(const Form& form, const std::string& base_url);
  net::HttpResponse issue(const std::string& base_url);

  actors::ClockPtr clock_;
  std::unordered_set<std::string> tokens_;
  std::deque<std::string> order_;  // oldest first: the number kept is bounded
  std::string public_key_;
};

/// {"error","error_description"}
net::HttpResponse oauth_error(std::uint16_t status, std::string_view code, std::string_view description);

}  // namespace leadlight::sandbox
