#include "tools/demo/wire.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace leadlight::tools {
namespace {

using engine::Errc;
using engine::Error;

constexpr std::chrono::milliseconds retry_pause{200};
constexpr std::chrono::milliseconds retry_pause_max{5'000};
constexpr std::chrono::milliseconds call_deadline{10'000};
constexpr std::size_t quoted_characters_max = 300;

/// How long a refusal asks to wait.
std::chrono::milliseconds pause_of(const net::OutboundAnswer& answer) {
  const auto header = answer.header("retry-after");
  int seconds = 0;
  std::from_chars(header.data(), header.data() + header.size(), seconds);
  return std::clamp<std::chrono::milliseconds>(std::chrono::seconds{seconds}, retry_pause, retry_pause_max);
}

Error refusal(std::string_view method, const std::string& url, const net::OutboundAnswer& answer) {
  return {answer.status == 404 ? Errc::not_found : Errc::invalid,
          fmt::format("{} {} was answered {}: {}", method, url, answer.status,
                      std::string_view{answer.body}.substr(0, quoted_characters_max)),
          {}};
}

}  // namespace

void rest(std::chrono::milliseconds at_most) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock{mutex};
  never.wait_for(lock, at_most, [] { return false; });
}

Wire::Wire() : client_{net::HttpClient::make()} {}

Wire::~Wire() {
  client_->stop();
}

engine::Result<boost::json::value> Wire::call(std::string_view method, const std::string& url, std::string_view key,
                                              const boost::json::value* body, Steady::time_point until) {
  net::OutboundRequest request;
  request.method = method;
  request.url = url;
  request.deadline = call_deadline;
  if (!key.empty()) request.headers.emplace_back("Authorization", fmt::format("Bearer {}", key));
  if (body != nullptr) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = boost::json::serialize(*body);
  }
  for (;;) {
    const auto answer = client_->send_and_wait(request);
    const bool later = !answer || answer->status == 429 || answer->status == 503;
    if (!later) {
      if (answer->status < 200 || answer->status > 299) return refusal(method, url, *answer);
      if (answer->body.empty()) return boost::json::value{};
      boost::json::error_code failed;
      auto parsed = boost::json::parse(answer->body, failed);
      if (failed) return Error{Errc::invalid, fmt::format("{} {} was not answered in JSON", method, url), {}};
      return parsed;
    }
    const auto pause = answer ? pause_of(*answer) : retry_pause;
    if (Steady::now() + pause >= until) {
      if (answer) return refusal(method, url, *answer);
      return Error{Errc::unavailable, fmt::format("{} {}: {}", method, url, answer.error().what), {}};
    }
    rest(pause);
  }
}

std::string text_of(const boost::json::value& object, std::string_view name) {
  const auto* members = object.if_object();
  const auto* member = members != nullptr ? members->if_contains(name) : nullptr;
  const auto* text = member != nullptr ? member->if_string() : nullptr;
  return text != nullptr ? std::string{text->data(), text->size()} : std::string{};
}

std::int64_t number_of(const boost::json::value& object, std::string_view name, std::int64_t otherwise) {
  const auto* members = object.if_object();
  const auto* member = members != nullptr ? members->if_contains(name) : nullptr;
  if (member == nullptr) return otherwise;
  if (const auto* whole = member->if_int64()) return *whole;
  if (const auto* real = member->if_double()) return static_cast<std::int64_t>(std::floor(*real));
  return otherwise;
}

}  // namespace leadlight::tools
