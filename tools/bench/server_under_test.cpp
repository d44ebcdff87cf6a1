#include "tools/bench/server_under_test.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <cstdlib>
#include <sstream>
#include <utility>

namespace leadlight::bench {

namespace {

using engine::Errc;
using engine::Error;
using engine::Result;

constexpr std::chrono::milliseconds ready_within{90'000};
constexpr std::chrono::milliseconds stop_within{30'000};
constexpr std::chrono::milliseconds switched_within{10'000};
constexpr std::size_t answer_bytes_max = 256U << 20U;

}  // namespace

Result<std::string> call(net::HttpClient& client, std::string_view method, const std::string& url, std::string_view key,
                         std::string body) {
  net::OutboundRequest request;
  request.method = method;
  request.url = url;
  if (!key.empty()) request.headers.emplace_back("Authorization", "Bearer " + std::string{key});
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  request.answer_bytes_max = answer_bytes_max;
  auto answer = client.send_and_wait(std::move(request));
  if (!answer) return answer.error();
  if (answer->status / 100 == 2) return std::move(answer->body);
  return Error{Errc::unavailable,
               url + " answered " + std::to_string(answer->status) + ": " + answer->body.substr(0, 300), ""};
}

Result<std::string> listening(ChildProcess& child, std::chrono::milliseconds at_most) {
  auto line = child.read_line(at_most);
  if (!line) return line.error();
  boost::system::error_code failed;
  const auto value = boost::json::parse(*line, failed);
  const auto* object = failed ? nullptr : value.if_object();
  const auto* address = object == nullptr ? nullptr : object->if_contains("listening");
  if (address != nullptr && address->is_string()) return std::string{address->get_string()};
  return Error{Errc::unavailable, "the first line of the server does not say where it listens: " + *line, ""};
}

Result<ServerUnderTest> ServerUnderTest::make(const std::filesystem::path& below, bool demo) {
  ServerUnderTest server;
  server.data_ = below / "data";
  server.log_ = below / "server.log";
  if (auto initialised = server.initialise(demo); !initialised) return initialised.error();
  if (auto started = server.start(); !started) return started.error();
  if (auto switched = server.await_switches(demo ? 2 : 1); !switched) return switched.error();
  server.stop();
  return server;
}

// Each switch is one record in every shard's log.
engine::Status ServerUnderTest::await_switches(std::size_t switches) {
  const auto until = Steady::now() + switched_within;
  while (Steady::now() < until) {
    auto counters = metrics();
    if (!counters) return counters.error();
    if ((*counters)["leadlight_commit_records_total"] >= static_cast<double>(switches * engine::shard_count))
      return engine::Ok{};
    rest(std::chrono::milliseconds{20});
  }
  return Error{Errc::unavailable, "the starter model did not come into force", ""};
}

engine::Status ServerUnderTest::initialise(bool demo) {
  std::vector<std::string> arguments = {"init", "--data", data_.string(), "--json"};
  if (demo) arguments.emplace_back("--demo");
  auto init = ChildProcess::start(arguments, log_);
  if (!init) return init.error();
  auto text = init->read_all(ready_within);
  if (!text) return text.error();
  boost::system::error_code failed;
  const auto value = boost::json::parse(*text, failed);
  const auto* object = failed ? nullptr : value.if_object();
  const auto* tokens = object == nullptr ? nullptr : object->if_contains("tokens");
  if (tokens == nullptr || !tokens->is_object())
    return Error{Errc::unavailable, "init printed no tokens: " + *text, ""};
  for (const auto& [surface, token] : tokens->get_object())
    if (token.is_string()) keys_[std::string{surface}] = token.get_string();
  return engine::Ok{};
}

engine::Status ServerUnderTest::start(const std::vector<std::string>& more_arguments) {
  std::vector<std::string> arguments = {"serve", "--data", data_.string(), "--listen", "127.0.0.1:0"};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  auto child = ChildProcess::start(arguments, log_);
  if (!child) return child.error();
  child_ = *std::move(child);
  auto address = listening(*child_, ready_within);
  if (!address) return address.error();
  address_ = *std::move(address);
  return engine::Ok{};
}

void ServerUnderTest::stop() {
  if (child_) child_->stop(stop_within);
}

Result<std::string> ServerUnderTest::get(const std::string& path) {
  return call(*client_, "GET", "http://" + address_ + path, keys_["admin"]);
}

Result<Metrics> ServerUnderTest::metrics() {
  auto text = get("/metrics");
  if (!text) return text.error();
  Metrics metrics;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.find(' ');
    if (line.empty() || line[0] == '#' || space == std::string::npos || line.find('{') != std::string::npos) continue;
    metrics[line.substr(0, space)] = std::strtod(line.c_str() + space, nullptr);
  }
  return metrics;
}

Result<Committed> ServerUnderTest::committed() {
  auto counters = metrics();
  if (!counters) return counters.error();
  return Committed{(*counters)["leadlight_commits_total"], (*counters)["leadlight_commit_records_total"],
                   (*counters)["leadlight_commit_bytes_total"], (*counters)["leadlight_commit_seconds_total"]};
}

Committed Committed::operator-(const Committed& before) const {
  return {commits - before.commits, records - before.records, bytes - before.bytes, seconds - before.seconds};
}

std::string Committed::in_words() const {
  return fmt::format("{:.0f} records a commit, {:.0f} bytes a record, {:.2f} ms a commit", records / commits,
                     bytes / records, 1'000 * seconds / commits);
}

}  // namespace leadlight::bench
