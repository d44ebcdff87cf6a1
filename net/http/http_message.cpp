// Requests and answers as values: look-ups, statuses, problem documents.
#include "net/http/http.hpp"
#include "net/text/json_writer.hpp"

#include <algorithm>

namespace leadlight::net {

std::optional<std::string_view> HttpRequest::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return value;
  return std::nullopt;
}

std::optional<std::string_view> HttpRequest::parameter(std::string_view name) const {
  for (const auto& [own, value] : query)
    if (own == name) return value;
  return std::nullopt;
}

HttpResponse HttpResponse::json(std::uint16_t status, std::string body) {
  HttpResponse response{status, {}, std::move(body)};
  response.headers.emplace_back("Content-Type", "application/json");
  return response;
}

HttpResponse HttpResponse::text(std::uint16_t status, std::string body) {
  HttpResponse response{status, {}, std::move(body)};
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  return response;
}

std::uint16_t status_of(engine::Errc code) {
  using engine::Errc;
  switch (code) {
    case Errc::invalid: return 400;
    case Errc::unauthorized: return 401;
    case Errc::forbidden: return 403;
    case Errc::not_found: return 404;
    case Errc::conflict: return 409;
    case Errc::gone: return 410;
    case Errc::too_large: return 413;
    case Errc::unprocessable: return 422;
    case Errc::rate_limited: return 429;
    case Errc::unavailable:
    case Errc::io_error: return 503;  // the disk failed: nothing was promised, and a restart is under way
    case Errc::corrupt:
    case Errc::internal: return 500;
  }
  return 500;
}

std::uint16_t status_of(const engine::Error& error, const HttpRequest& request) {
  return request.refusal != 0 ? request.refusal : status_of(error.code);
}

std::string_view title_of(std::uint16_t status) {
  switch (status) {
    case 400: return "Invalid request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not found";
    case 405: return "Method not allowed";
    case 408: return "Request timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "Payload too large";
    case 414: return "URI too long";
    case 415: return "Unsupported media type";
    case 417: return "Expectation failed";
    case 422: return "Unprocessable content";
    case 429: return "Too many requests";
    case 431: return "Request header fields too large";
    case 503: return "Service unavailable";
    default: return "Internal server error";
  }
}

std::string_view media_type_of(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  return type;
}

void add_retry_after(HttpResponse& response, const std::optional<RateState>& rate) {
  if (response.status == 429)
    response.headers.emplace_back("Retry-After", std::to_string(rate ? std::max(1U, rate->reset_seconds) : 1U));
  else if (response.status == 503)
    response.headers.emplace_back("Retry-After", "1");
}

HttpResponse problem(const engine::Error& error, const HttpRequest& request) {
  const auto status = status_of(error, request);
  JsonWriter json;
  json.object()
      .member("type", "about:blank")
      .member("title", title_of(status))
      .member("status", status)
      .member("detail", error.what);
  if (!error.field.empty()) json.member("field", error.field);
  json.member("request_id", request.request_id).end_object();
  HttpResponse response{status, {}, json.take()};
  response.headers.emplace_back("Content-Type", "application/problem+json");
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  add_retry_after(response, request.rate);
  return response;
}

}  // namespace leadlight::net
