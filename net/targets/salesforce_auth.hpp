// Salesforce's server tokens and the calls made with them: one token request at a time, a token used until it is
// refused, a refused call sent once more with a new one.
#pragma once

#include "actors/clock.hpp"
#include "actors/protocol.hpp"
#include "net/client/http_client.hpp"
#include "net/targets/salesforce_wire.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace leadlight::net::salesforce {

using Hold = actors::TargetReport::Hold;

struct Credentials {
  enum class Flow { client_credentials, jwt_bearer };
  Flow flow = Flow::client_credentials;
  std::string url;  // login or My Domain host, no slash at the end
  std::string client_id;
  std::string client_secret;  // client_credentials
  std::string private_key;    // jwt_bearer: PEM
  std::string username;       // jwt_bearer
  std::string audience;       // jwt_bearer
};

/// Whether a secret may be sent there: https, or http to this machine itself, or anywhere when `allow_http`.
bool may_carry_secrets(const std::string& url, bool allow_http);

/// The token in force and those who wait for it.
///
/// Thread: the client's, all of it.
class TokenSource : public std::enable_shared_from_this<TokenSource> {
 public:
  using Granted = std::variant<Token, Hold>;

  TokenSource(Credentials credentials, std::shared_ptr<HttpClient> client, actors::ClockPtr clock,
              engine::Milliseconds deadline, bool allow_http);

  /// The token held, or a new one; all who ask while one is being fetched share that one request.
  void acquire(std::function<void(Granted)> done);
  /// Salesforce refused this token. A newer one, fetched meanwhile, stays.
  void forget(const std::string& access_token);

 private:
  engine::Result<std::string> form() const;
  void fetch();
  Granted judge(const engine::Result<OutboundAnswer>& answer) const;
  void settle(const Granted& granted);

  Credentials credentials_;
  std::shared_ptr<HttpClient> client_;
  actors::ClockPtr clock_;
  engine::Milliseconds deadline_;
  bool allow_http_;
  std::optional<Token> token_;
  std::vector<std::function<void(Granted)>> waiting_;
};

struct ApiCall {
  std::string method;
  std::string path;              // from the host's root: "/services/data/v60.0/…"
  std::string body;              // JSON; empty: none
  std::string traceparent = {};  // empty: none
};

/// How a call ended: with `hold` it says nothing about the content and the batch must stop.
struct ApiOutcome {
  OutboundAnswer answer;
  CallVerdict verdict;
  std::optional<Hold> hold;
  std::size_t calls = 0;
};

/// Authenticated calls. Thread: the client's, all of it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<TokenSource> tokens, std::shared_ptr<HttpClient> client, engine::Milliseconds deadline,
          std::string client_name);

  void call(ApiCall call, std::function<void(ApiOutcome)> done);
  /// Share of the allocation, from the newest answer that told it.
  [[nodiscard]] std::optional<double> quota_used() const { return quota_used_; }
  /// What a verdict that stops the batch means for the target; used-up daily limits pause longer each time.
  Hold hold_for(const CallVerdict& verdict);

 private:
  void send(const ApiCall& call, const Token& token, std::size_t attempt, const std::function<void(ApiOutcome)>& done);
  void judge(const ApiCall& call, const Token& token, std::size_t attempt, engine::Result<OutboundAnswer> answer,
             const std::function<void(ApiOutcome)>& done);

  std::shared_ptr<TokenSource> tokens_;
  std::shared_ptr<HttpClient> client_;
  engine::Milliseconds deadline_;
  std::string client_name_;
  std::optional<double> quota_used_;
  engine::Milliseconds daily_pause_{0};
};

}  // namespace leadlight::net::salesforce
