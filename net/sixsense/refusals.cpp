#include "net/sixsense/refusals.hpp"

#include "net/text/json_writer.hpp"

#include <utility>

namespace leadlight::net::sixsense {
namespace {

/// Shown as the limit of a key without one, as hg_live does.
constexpr std::uint32_t unlimited_shown = 1'000'000;

void add_rate_headers(HttpResponse& response, const std::optional<RateState>& rate) {
  const auto shown = rate.value_or(RateState{unlimited_shown, unlimited_shown, 0});
  response.headers.emplace_back("X-RateLimit-Limit", std::to_string(shown.limit));
  response.headers.emplace_back("X-RateLimit-Remaining", std::to_string(shown.remaining));
  response.headers.emplace_back("X-RateLimit-Reset", std::to_string(shown.reset_seconds));
}

HttpResponse error_answer(std::uint16_t status, std::string_view message, const HttpRequest& request) {
  JsonWriter json;
  json.object().member("status", "error").member("message", message).end_object();
  auto response = HttpResponse::json(status, json.take());
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Token");
  add_rate_headers(response, request.rate);
  add_retry_after(response, request.rate);
  return response;
}

}  // namespace

HttpResponse refusal(const engine::Error& error, const HttpRequest& request) {
  const auto status = status_of(error, request);
  std::string_view message = error.what;
  if (status == 401) message = "Your API token is invalid or missing authorization header";
  if (status == 403) message = "You do not have the rights to access this API";
  if (status == 429) message = "You have sent too many requests, please try again later";
  if (status >= 500) message = "Internal server error";
  return error_answer(status, message, request);
}

HttpResponse quota_exhausted(const HttpRequest& request) {
  return error_answer(402, "Your allocated quota is exhausted", request);
}

HttpResponse no_data_found(const HttpRequest& request, std::string_view contact) {
  return error_answer(
      404, "No data found. Please contact " + std::string(contact) + ", if you think this is an unexpected error.",
      request);
}

HttpResponse success(std::string body, const HttpRequest& request) {
  auto response = HttpResponse::json(200, std::move(body));
  add_rate_headers(response, request.rate);
  return response;
}

}  // namespace leadlight::net::sixsense
