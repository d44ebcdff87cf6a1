#include "net/http/access_log.hpp"

#include "logging/log.hpp"

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <algorithm>
#include <vector>

namespace leadlight::net {
namespace {

namespace ip = boost::asio::ip;

constexpr unsigned short v4_prefix = 24;
constexpr unsigned short v6_prefix = 48;
constexpr std::size_t parts_shown_max = 5;
constexpr std::size_t part_bytes_max = 24;

bool is_plain_word(std::string_view part) {
  return !part.empty() && part.size() <= part_bytes_max && std::ranges::all_of(part, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

std::string network_of(const ip::address& peer) {
  if (peer.is_loopback()) return peer.to_string();
  if (peer.is_v4()) return ip::network_v4(peer.to_v4(), v4_prefix).canonical().to_string();
  const auto v6 = peer.to_v6();
  if (v6.is_v4_mapped())
    return ip::network_v4(ip::make_address_v4(ip::v4_mapped, v6), v4_prefix).canonical().to_string();
  return ip::network_v6(v6, v6_prefix).canonical().to_string();
}

std::string shown_path(std::string_view path) {
  std::string shown;
  for (std::size_t parts = 0; path.starts_with('/') && parts < parts_shown_max; ++parts) {
    path.remove_prefix(1);
    const auto part = path.substr(0, path.find('/'));
    if (!is_plain_word(part)) break;
    shown.append("/").append(part);
    path.remove_prefix(part.size());
  }
  return path.empty() && !shown.empty() ? shown : shown + "/…";
}

void AccessLog::note(const Answer& answer) {
  const bool refused = answer.status >= 400;
  if (!refused && answer.took < slow_from) return;
  const auto verdict = (refused ? refused_ : slow_).ask(std::chrono::steady_clock::now());
  if (verdict.write) write(answer, refused ? "a request was refused" : "a request was slow", verdict.left_out);
}

void AccessLog::write(const Answer& answer, std::string_view words, std::uint64_t left_out) {
  const auto& request = answer.request;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(answer.took).count();
  const std::string route = answer.route != nullptr ? answer.route->pattern : shown_path(request.path);
  const bool known = request.key.has_value() && answer.route != nullptr && !answer.route->scope.empty();
  const bool ours = answer.status >= 500;
  std::vector<logging::Field> fields = {{"component", "http"},
                                        {"request_id", request.request_id},
                                        {"trace_id", answer.trace_id},
                                        {"method", request.method},
                                        {"route", route},
                                        {"status", answer.status},
                                        {"duration_ms", ms},
                                        {"peer", network_of(answer.peer)}};
  if (answer.status >= 400) fields.emplace_back("reason", title_of(answer.status));
  if (known) {
    fields.emplace_back("organisation", static_cast<std::uint32_t>(request.key->organisation));
    fields.emplace_back("key", request.key->id);
  }
  if (left_out > 0) fields.emplace_back("left_out", left_out);
  ours || answer.status < 400 ? logging::warn(words, fields) : logging::info(words, fields);
}

}  // namespace leadlight::net
