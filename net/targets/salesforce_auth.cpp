#include "net/targets/salesforce_auth.hpp"

#include <algorithm>
#include <utility>

namespace leadlight::net::salesforce {

using engine::Milliseconds;
using engine::Result;

namespace {

/// Salesforce accepts little more than its clock's next minutes.
constexpr std::chrono::seconds assertion_lifetime{180};

bool is_loopback(std::string_view host) {
  const bool digits = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" || (digits && host.substr(0, 4) == "127.");
}

}  // namespace

bool may_carry_secrets(const std::string& url, bool allow_http) {
  static constexpr std::string_view plain = "http://";
  if (url.rfind("https://", 0) == 0) return true;
  if (url.rfind(plain, 0) != 0) return false;
  if (allow_http) return true;
  auto host = std::string_view(url).substr(plain.size());
  host = host.substr(0, host.find('/'));
  if (host.empty()) return false;
  host = host.front() == '[' ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  return is_loopback(host);
}

TokenSource::TokenSource(Credentials credentials, std::shared_ptr<HttpClient> client, actors::ClockPtr clock,
                         Milliseconds deadline, bool allow_http)
    : credentials_(std::move(credentials)),
      client_(std::move(client)),
      clock_(std::move(clock)),
      deadline_(deadline),
      allow_http_(allow_http) {}

void TokenSource::acquire(std::function<void(Granted)> done) {
  if (token_) return done(*token_);
  waiting_.push_back(std::move(done));
  if (waiting_.size() == 1) fetch();
}

void TokenSource::forget(const std::string& access_token) {
  if (token_ && token_->access_token == access_token) token_.reset();
}

Result<std::string> TokenSource::form() const {
  if (credentials_.flow == Credentials::Flow::client_credentials)
    return "grant_type=client_credentials&client_id=" + percent_encode(credentials_.client_id) +
           "&client_secret=" + percent_encode(credentials_.client_secret);
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_->now());
  const JwtClaims claims{credentials_.client_id, credentials_.username, credentials_.audience,
                         (now + assertion_lifetime).time_since_epoch().count()};
  auto assertion = jwt_assertion(claims, credentials_.private_key);
  if (!assertion) return assertion.error();
  return "grant_type=" + percent_encode("urn:ietf:params:oauth:grant-type:jwt-bearer") +
         "&assertion=" + percent_encode(*assertion);
}

void TokenSource::fetch() {
  auto body = form();
  if (!body) return settle(Hold{body.error().what, std::nullopt, true});
  OutboundRequest request;
  request.method = "POST";
  request.url = credentials_.url + "/services/oauth2/token";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  request.body = std::move(*body);
  request.deadline = deadline_;
  client_->send(std::move(request),
                [self = shared_from_this()](Result<OutboundAnswer> answer) { self->settle(self->judge(answer)); });
}

TokenSource::Granted TokenSource::judge(const Result<OutboundAnswer>& answer) const {
  if (!answer) return Hold{"no token from Salesforce: " + answer.error().what, std::nullopt, false};
  const auto verdict = classify_token_answer(*answer);
  if (verdict.kind != CallClass::ok)
    return Hold{verdict.reason, verdict.retry_after, verdict.kind == CallClass::configuration};
  auto token = parse_token(answer->body);
  if (!token) return Hold{token.error().what, std::nullopt, true};
  if (!may_carry_secrets(token->instance_url, allow_http_))
    return Hold{"Salesforce's token answer names an instance_url that is not https", std::nullopt, true};
  return std::move(*token);
}

void TokenSource::settle(const Granted& granted) {
  if (const auto* token = std::get_if<Token>(&granted)) token_ = *token;
  const auto waiting = std::exchange(waiting_, {});
  for (const auto& done : waiting) done(granted);
}

// ---- calls
// -----------------------------------------------------------------------------------------------------------

namespace {

constexpr Milliseconds concurrent_pause{5'000};
constexpr Milliseconds daily_pause_first{300'000};
constexpr Milliseconds daily_pause_max{3'600'000};

}  // namespace

Session::Session(std::shared_ptr<TokenSource> tokens, std::shared_ptr<HttpClient> client, Milliseconds deadline,
                 std::string client_name)
    : tokens_(std::move(tokens)),
      client_(std::move(client)),
      deadline_(deadline),
      client_name_(std::move(client_name)) {}

void Session::call(ApiCall call, std::function<void(ApiOutcome)> done) {
  tokens_->acquire(
      [self = shared_from_this(), call = std::move(call), done = std::move(done)](TokenSource::Granted granted) {
        if (auto* hold = std::get_if<Hold>(&granted)) return done(ApiOutcome{{}, {}, std::move(*hold), 0});
        self->send(call, std::get<Token>(granted), 1, done);
      });
}

void Session::send(const ApiCall& call, const Token& token, std::size_t attempt,
                   const std::function<void(ApiOutcome)>& done) {
  OutboundRequest request;
  request.method = call.method;
  request.url = token.instance_url + call.path;
  request.headers = {{"Authorization", "Bearer " + token.access_token}, {"Accept", "application/json"}};
  if (!call.traceparent.empty()) request.headers.emplace_back("traceparent", call.traceparent);
  if (!client_name_.empty()) request.headers.emplace_back("Sforce-Call-Options", "client=" + client_name_);
  if (!call.body.empty()) {
    request.headers.emplace_back("Content-Type", "application/json; charset=UTF-8");
    // Without it every update runs the active assignment rule: a score would give the lead to another owner.
    request.headers.emplace_back("Sforce-Auto-Assign", "FALSE");
    request.headers.emplace_back("Sforce-Duplicate-Rule-Header",
                                 "allowSave=true; includeRecordDetails=false; runAsCurrentUser=true");
  }
  request.body = call.body;
  request.deadline = deadline_;
  request.answer_bytes_max = 16U << 20U;
  client_->send(std::move(request),
                [self = shared_from_this(), call, token, attempt, done](Result<OutboundAnswer> answer) {
                  self->judge(call, token, attempt, std::move(answer), done);
                });
}

void Session::judge(const ApiCall& call, const Token& token, std::size_t attempt, Result<OutboundAnswer> answer,
                    const std::function<void(ApiOutcome)>& done) {
  if (!answer)
    return done(ApiOutcome{{}, {}, Hold{"Salesforce: " + answer.error().what, std::nullopt, false}, attempt});
  if (const auto used = salesforce::quota_used(answer->header("sforce-limit-info"))) quota_used_ = used;
  auto verdict = classify_call(*answer);
  if (verdict.kind == CallClass::ok) daily_pause_ = Milliseconds{0};
  if (verdict.kind == CallClass::expired) {
    tokens_->forget(token.access_token);
    if (attempt == 1) {
      return tokens_->acquire([self = shared_from_this(), call, done](TokenSource::Granted granted) {
        if (auto* hold = std::get_if<Hold>(&granted)) return done(ApiOutcome{{}, {}, std::move(*hold), 1});
        self->send(call, std::get<Token>(granted), 2, done);
      });
    }
    verdict.kind = CallClass::configuration;
    verdict.reason += ": also with a new token; check the run-as user, its permissions and the app's policies";
  }
  ApiOutcome outcome{std::move(*answer), verdict, {}, attempt};
  if (verdict.kind == CallClass::retry || verdict.kind == CallClass::later || verdict.kind == CallClass::configuration)
    outcome.hold = hold_for(verdict);
  done(std::move(outcome));
}

Hold Session::hold_for(const CallVerdict& verdict) {
  Hold hold{verdict.reason, verdict.retry_after, verdict.kind == CallClass::configuration};
  if (verdict.kind != CallClass::later || hold.retry_after) return hold;
  if (!verdict.daily_limit) {
    hold.retry_after = concurrent_pause;
    return hold;
  }
  daily_pause_ = daily_pause_.count() == 0 ? daily_pause_first : std::min(daily_pause_ * 2, daily_pause_max);
  hold.retry_after = daily_pause_;
  hold.reason += ": the organisation's API requests of the last 24 hours are used up";
  return hold;
}

}  // namespace leadlight::net::salesforce
