#include "tools/sandbox/call_log.hpp"

#include <algorithm>
#include <array>

namespace leadlight::sandbox {

namespace json = boost::json;

std::string without_secrets(const std::string& form) {
  static constexpr std::array<std::string_view, 4> secrets = {"client_secret", "assertion", "password",
                                                              "refresh_token"};
  std::string result;
  for (std::size_t at = 0; at < form.size();) {
    const auto end = std::min(form.find('&', at), form.size());
    const auto pair = std::string_view(form).substr(at, end - at);
    const auto name = pair.substr(0, pair.find('='));
    const bool secret = std::find(secrets.begin(), secrets.end(), name) != secrets.end();
    if (at > 0) result += '&';
    result += secret ? std::string(name) + "=***" : std::string(pair);
    at = end + 1;
  }
  return result;
}

void CallLog::add(std::string target, const net::HttpRequest& request, std::uint16_t status, engine::Timestamp at) {
  const auto type = request.header("content-type").value_or("");
  const bool form = type.substr(0, 33) == "application/x-www-form-urlencoded";
  Call call{0,
            std::move(target),
            request.method,
            request.path,
            request.query,
            form ? without_secrets(request.body) : request.body,
            status,
            at,
            std::string(request.header("traceparent").value_or(""))};
  const std::lock_guard lock(mutex_);
  call.seq = ++last_seq_;
  body_bytes_ += call.body.size();
  calls_.push_back(std::move(call));
  while (calls_.size() > calls_max || body_bytes_ > body_bytes_max) {
    body_bytes_ -= calls_.front().body.size();
    calls_.pop_front();
  }
}

std::size_t CallLog::clear() {
  const std::lock_guard lock(mutex_);
  body_bytes_ = 0;
  const auto count = calls_.size();
  calls_.clear();
  return count;
}

json::object CallLog::list(const Filter& filter) const {
  const std::lock_guard lock(mutex_);
  json::array rows;
  for (const auto& call : calls_) {
    if (rows.size() >= filter.limit) break;
    if (call.seq <= filter.after || call.path.rfind(filter.path, 0) != 0) continue;
    if (!filter.target.empty() && call.target != filter.target) continue;
    if (!filter.method.empty() && call.method != filter.method) continue;
    json::object query;
    for (const auto& [name, value] : call.query) query[name] = value;
    rows.push_back({{"seq", call.seq},
                    {"target", call.target},
                    {"method", call.method},
                    {"path", call.path},
                    {"query", std::move(query)},
                    {"body", call.body},
                    {"status", call.status},
                    {"at", net::format_time(call.at)},
                    {"traceparent", call.traceparent}});
  }
  return {{"calls", std::move(rows)}};
}

}  // namespace leadlight::sandbox
