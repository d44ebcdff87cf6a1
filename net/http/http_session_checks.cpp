// What a request must be before its body is read: its target a route, its key a known one within its rates, its body
// one that the route takes. Each check gives the refusal, or none.
#include "net/http/http_session.hpp"

#include "net/refusal.hpp"
#include "net/text/url_text.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>

namespace leadlight::net {

using engine::Errc;

std::optional<HttpResponse> HttpSession::check_head() {
  std::string path;
  if (auto refusal = check_target(path)) return refusal;
  auto match = server_.router->find(request_.method, path);
  route_ = match.route;
  if (route_ == nullptr) return refuse_unmatched(match, request_);
  for (const auto& capture : match.captures) {
    auto decoded = percent_decode(capture);
    if (!decoded) return refuse({Errc::invalid, "The path is not valid percent-encoded UTF-8", {}}, route_, request_);
    request_.captures.push_back(std::move(*decoded));
  }
  if (auto refusal = check_key()) return refusal;
  return check_body_headers();
}

std::optional<HttpResponse> HttpSession::check_target(std::string& path) {
  std::string_view target = target_;
  const bool wanted_to_stay =
      std::exchange(keep_alive_, false);  // who sends a target that is none is not listened to further
  if (target.starts_with("http://") || target.starts_with("https://")) {
    const auto authority_at = target.find("//") + 2;
    const auto slash = std::min(target.find('/', authority_at), target.size());
    if (!boost::beast::iequals(target.substr(authority_at, slash - authority_at), request_.header("host").value_or("")))
      return refuse_with(400, "The request target names another host than the Host header", nullptr, request_);
    target.remove_prefix(slash);
    if (target.empty()) target = "/";
  }
  const auto question = std::min(target.find('?'), target.size());
  auto query = parse_form(target.substr(std::min(question + 1, target.size())));
  const auto raw_path = target.substr(0, question);
  auto decoded = percent_decode(raw_path);
  if (!query || !decoded || !raw_path.starts_with('/') || target.find('#') != std::string_view::npos)
    return refuse_with(400, "The request target is not a path in valid percent-encoded UTF-8", nullptr, request_);
  keep_alive_ = wanted_to_stay;
  path = raw_path;
  request_.path = std::move(*decoded);
  request_.query = std::move(*query);
  return std::nullopt;
}

std::optional<HttpResponse> HttpSession::check_key() {
  if (!route_->scope.empty() && !route_->find_key) return admit(request_.header("authorization"));
  if (route_->key_in_head) return check_found_key();
  request_.key.reset();
  request_key_of_ = nullptr;
  return std::nullopt;
}

std::optional<HttpResponse> HttpSession::check_found_key() {
  if (!route_->find_key) return std::nullopt;
  const auto key = route_->find_key(request_);
  if (!key) return refuse(key.error(), route_, request_);
  return admit("Bearer " + *key);
}

std::optional<HttpResponse> HttpSession::admit(std::optional<std::string_view> authorization) {
  auto registry = server_.switchboard->registry();
  const auto* key = authenticator_.identify(authorization, registry);
  if (key == nullptr) {
    request_.key.reset();
    request_key_of_ = nullptr;
    return refuse({Errc::unauthorized, "Invalid or missing API key", {}}, route_, request_);
  }
  if (key != request_key_of_ || registry != request_key_registry_) {
    request_.key = *key;
    request_key_of_ = key;
    request_key_registry_ = std::move(registry);
    bucket_ = key->rate ? server_.rates.bucket_of(*key) : nullptr;
    const bool shared_rate = server_.limits.requests_per_organisation_max > 0;
    organisation_bucket_ = shared_rate ? server_.rates.bucket_of(key->organisation) : nullptr;
  }
  if (auto refusal = check_rates(*key)) return refusal;
  if (!has_scope(*key, route_->scope))
    return refuse({Errc::forbidden, "This API key does not have the scope \"" + route_->scope + "\"", {}}, route_,
                  request_);
  return check_crowd(*key);
}

std::optional<HttpResponse> HttpSession::check_rates(const actors::KeyView& key) {
  const auto take = [&](RateBucket& bucket, std::uint32_t rate) {
    const auto taken = bucket.take(rate, request_.received_at);
    request_.rate = taken.state;
    return taken.allowed;
  };
  const auto shared_rate = server_.limits.requests_per_organisation_max;
  const bool within = (!organisation_bucket_ || take(*organisation_bucket_, shared_rate)) &&
                      (!bucket_ || key.rate.value_or(0) == 0 || take(*bucket_, *key.rate));
  if (within) return std::nullopt;
  server_.traffic->refused_rate.fetch_add(1, std::memory_order_relaxed);
  return refuse({Errc::rate_limited,
                 "Rate limit exceeded, retry after " + std::to_string(request_.rate->reset_seconds) + " seconds",
                 {}},
                route_, request_);
}

/// Refuses unread what the gateway would refuse: under overload a refusal must cost next to nothing.
std::optional<HttpResponse> HttpSession::check_crowd(const actors::KeyView& key) {
  if (!route_->refusable || key.on_unavailable == actors::OnUnavailable::spool) return std::nullopt;
  if (!server_.switchboard->crowd.turns_away(key.organisation)) return std::nullopt;
  server_.switchboard->counters.refused_overload.fetch_add(1, std::memory_order_relaxed);
  return refuse({Errc::unavailable, "Too many records are under way; send it again in a second", {}}, route_, request_);
}

std::optional<HttpResponse> HttpSession::check_body_headers() {
  packed_ = false;
  for (const auto& [name, value] : request_.headers) {
    if (name != "expect" || boost::beast::iequals(value, "100-continue")) continue;
    keep_alive_ = false;
    return refuse_with(417, "The only expectation met is 100-continue", route_, request_);
  }
  if (parser_->is_done()) return std::nullopt;
  if (route_->body_bytes_max == 0) return refuse({Errc::invalid, "This route takes no body", {}}, route_, request_);
  if (const auto encoding = request_.header("content-encoding");
      encoding && !boost::beast::iequals(*encoding, "identity")) {
    // Both names of the one coding that is taken (RFC 9110, 8.4.1.3).
    packed_ = boost::beast::iequals(*encoding, "gzip") || boost::beast::iequals(*encoding, "x-gzip");
    if (!packed_) return refuse_with(415, "The Content-Encodings taken are gzip and identity", route_, request_);
  }
  if (const auto length = parser_->content_length(); length && *length > route_->body_bytes_max)
    return refuse({Errc::too_large, "The body has more than " + std::to_string(route_->body_bytes_max) + " bytes", {}},
                  route_, request_);
  return std::nullopt;
}

}  // namespace leadlight::net
