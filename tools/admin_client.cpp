#include "tools/admin_client.hpp"

#include "actors/clock.hpp"
#include "net/client/http_client.hpp"
#include "net/http/http.hpp"
#include "net/text/url_text.hpp"
#include "tools/app.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/string.hpp>

#include <algorithm>
#include <csignal>
#include <utility>

namespace leadlight::tools {
namespace {

namespace json = boost::json;
using engine::Errc;
using engine::Error;
using engine::Result;

/// A page of models with their sources, or of 1,000 leads, fits.
constexpr std::size_t answer_bytes_max = 64U << 20U;
/// Longer than a step of a target's sync may take.
constexpr engine::Milliseconds answer_deadline{60'000};
constexpr engine::OrganisationId first_organisation{1};

class ServerClient final : public AdminClient {
 public:
  ServerClient(std::string url, std::string key)
      : url_(std::move(url)), key_(std::move(key)), client_(net::HttpClient::make(1)) {}
  ServerClient(const ServerClient&) = delete;
  ServerClient& operator=(const ServerClient&) = delete;
  ~ServerClient() override { client_->stop(); }

  [[nodiscard]] std::string place() const override { return url_; }

 private:
  Result<Exchange> exchange(std::string_view method, std::string_view path_with_query, std::string body,
                            std::string_view content_type) override {
    net::OutboundRequest request;
    request.method = std::string(method);
    request.url = url_ + std::string(path_with_query);
    request.headers = {{"Authorization", "Bearer " + key_}, {"Accept", "application/json"}};
    if (!body.empty()) request.headers.emplace_back("Content-Type", std::string(content_type));
    request.body = std::move(body);
    request.deadline = answer_deadline;
    request.answer_bytes_max = answer_bytes_max;
    auto answer = client_->send_and_wait(std::move(request));
    if (!answer)
      return Error{Errc::unavailable,
                   "no answer from " + url_ + " (" + answer.error().what + "); is the server running?", "server"};
    return Exchange{answer->status, std::move(answer->body)};
  }

  std::string url_;
  std::string key_;
  std::shared_ptr<net::HttpClient> client_;
};

class DataClient final : public AdminClient {
 public:
  DataClient(std::filesystem::path data, std::unique_ptr<App> app) : data_(std::move(data)), app_(std::move(app)) {}

  [[nodiscard]] std::string place() const override { return data_.string(); }

 private:
  Result<Exchange> exchange(std::string_view method, std::string_view path_with_query, std::string body,
                            std::string_view content_type) override {
    const auto question = std::min(path_with_query.find('?'), path_with_query.size());
    auto path = net::percent_decode(path_with_query.substr(0, question));
    auto query = net::parse_form(path_with_query.substr(std::min(question + 1, path_with_query.size())));
    if (!path || !query) return Error{Errc::invalid, "the value is not UTF-8 text; check its characters", {}};
    net::HttpRequest request;
    request.method = std::string(method);
    request.path = std::move(*path);
    request.query = std::move(*query);
    request.headers = {{"content-type", std::string(content_type)}};
    request.body = std::move(body);
    request.received_at = clock_.now();
    request.key = actors::KeyView{"command line", first_organisation, {"admin"}, std::nullopt, true};
    request.remote = "command line";
    auto answer = net::dispatch(app_->router(), std::move(request));
    return Exchange{answer.status, std::move(answer.body)};
  }

  std::filesystem::path data_;
  std::unique_ptr<App> app_;
  actors::SystemClock clock_;
};

/// The application holds SIGTERM and SIGINT back for its `wait`, which a verb never calls: here they end the process at
/// once. That loses nothing, for what was answered is synced.
void let_signals_through() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

Errc code_of(std::uint16_t status) {
  switch (status) {
    case 401: return Errc::unauthorized;
    case 403: return Errc::forbidden;
    case 404: return Errc::not_found;
    case 409: return Errc::conflict;
    case 410: return Errc::gone;
    case 413: return Errc::too_large;
    case 422: return Errc::unprocessable;
    case 429: return Errc::rate_limited;
    case 503: return Errc::unavailable;
    default: return status < 500 ? Errc::invalid : Errc::internal;
  }
}

/// What to do about it, where the answer itself cannot know.
std::string_view remedy_of(std::uint16_t status) {
  switch (status) {
    case 401: return "; give a key that is in force with --token or LEADLIGHT_TOKEN";
    case 403: return "; give a key of scope admin with --token or LEADLIGHT_TOKEN";
    default: return "";
  }
}

std::string member_text(const json::object& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string{} : std::string(text->data(), text->size());
}

}  // namespace

Result<std::unique_ptr<AdminClient>> AdminClient::at_server(std::string_view url, std::string_view key) {
  const bool http = url.starts_with("http://") || url.starts_with("https://");
  while (http && url.ends_with('/')) url.remove_suffix(1);
  if (!http || url.ends_with(':') || url.find_first_of("?# \t") != std::string_view::npos)
    return Error{Errc::invalid, "'" + std::string(url) + "' is not a server's URL; write http://127.0.0.1:8080",
                 "server"};
  if (key.empty())
    return Error{Errc::invalid, "there is no key; give one of scope admin with --token or LEADLIGHT_TOKEN", "token"};
  // It goes into a header: a line break would begin another one.
  for (const char c : key)
    if (c <= ' ' || c > '~') return Error{Errc::invalid, "a key has letters, digits and signs only; check it", "token"};
  return std::unique_ptr<AdminClient>{std::make_unique<ServerClient>(std::string(url), std::string(key))};
}

Result<std::unique_ptr<AdminClient>> AdminClient::on_data(const DataDirectory& directory) {
  ServerConfig defaults;
  defaults.log_level = "warn";
  // The limits of the server's configuration decide what a record does to a lead: the same ones must hold here.
  auto config = read_config(directory.config, std::move(defaults));
  if (!config) return config.error();
  config->data = directory.data;
  config->listen_at_all = false;
  config->writebacks = directory.writebacks;
  auto app = App::start(*config);
  if (!app) {
    if (app.error().code != Errc::conflict) return app.error();
    return Error{
        Errc::conflict,
        directory.data.string() +
            " is in use by another process; if that is a server, ask it instead, with --server URL --token KEY",
        "data"};
  }
  let_signals_through();
  return std::unique_ptr<AdminClient>{std::make_unique<DataClient>(directory.data, *std::move(app))};
}

Result<AdminAnswer> AdminClient::call(std::string_view method, std::string_view path_with_query, std::string body,
                                      std::string_view content_type) {
  auto exchanged = exchange(method, path_with_query, std::move(body), content_type);
  if (!exchanged) return exchanged.error();
  if (exchanged->status >= 300) return refusal_of(exchanged->status, exchanged->body);
  AdminAnswer answer{exchanged->status, nullptr};
  if (exchanged->body.empty()) return answer;
  json::error_code failed;
  answer.value = json::parse(exchanged->body, failed);
  if (failed)
    return Error{Errc::internal,
                 place() + " answered " + std::string(path_with_query) + " with something that is no JSON (" +
                     failed.message() + "); is it a Leadlight server?",
                 "server"};
  return answer;
}

std::string url_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.push_back('%');
      encoded.push_back(digits[byte >> 4U]);
      encoded.push_back(digits[byte & 15U]);
    }
  }
  return encoded;
}

Error refusal_of(std::uint16_t status, std::string_view body) {
  Error error{code_of(status), {}, {}};
  json::error_code failed;
  const auto document = json::parse(json::string_view(body.data(), body.size()), failed);
  if (!failed && document.is_object()) {
    const auto& object = document.get_object();
    // /readyz gives its reason in a shape of its own.
    for (const auto* name : {"detail", "reason", "title"})
      if (error.what.empty()) error.what = member_text(object, name);
    error.field = member_text(object, "field");
  }
  if (error.what.empty()) error.what = "the answer has status " + std::to_string(status) + " and does not say why";
  error.what += remedy_of(status);
  return error;
}

}  // namespace leadlight::tools
