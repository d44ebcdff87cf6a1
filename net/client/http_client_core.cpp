// The pool: which request gets which connection.
#include "net/client/http_client_core.hpp"

#include "net/client/outbound_guard.hpp"

#include <boost/asio/post.hpp>

namespace leadlight::net::outbound {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// An idle connection is closed after this; most servers close theirs later.
constexpr engine::Milliseconds idle_span{25'000};

}  // namespace

std::string pool_key(const OutboundRequest& request, const OutboundUrl& address) {
  if (!request.guard) return address.key();
  return (request.guard->vouched_for(address) ? "vouched " : "guarded ") + address.key();
}

void Core::keep_idle(const std::string& key, const ConnectionPtr& connection) {
  hosts[key].idle.push_back(connection);
  connection->idle.expires_after(idle_span);
  connection->idle.async_wait([this, key, weak = std::weak_ptr(connection)](error_code stopped) {
    auto gone = weak.lock();
    if (stopped || !gone) return;
    auto& host = hosts[key];
    if (std::erase(host.idle, gone) == 0) return;
    --host.open;
    gone->close();
  });
}

void Core::release(const std::string& key, const ConnectionPtr& connection, bool keep) {
  auto& host = hosts[key];
  if (keep && !stopping) {
    connection->reused = true;
    keep_idle(key, connection);
  } else {
    connection->close();
    --host.open;
  }
  serve_waiting(key);
}

void Core::serve_waiting(const std::string& key) {
  auto& host = hosts[key];
  while (!host.waiting.empty()) {
    if (host.waiting.front()->finished()) {
      host.waiting.pop_front();
      continue;
    }
    while (!host.idle.empty()) {  // the youngest is the likeliest to be open still
      auto connection = std::move(host.idle.back());
      host.idle.pop_back();
      connection->idle.cancel();
      if (connection->still_open()) {
        auto next = std::move(host.waiting.front());
        host.waiting.pop_front();
        next->take(std::move(connection));
        break;
      }
      connection->close();
      --host.open;
    }
    if (!host.idle.empty() || host.waiting.empty() || host.waiting.front()->finished()) continue;
    if (host.open >= connections_per_host_max) return;
    ++host.open;
    auto next = std::move(host.waiting.front());
    host.waiting.pop_front();
    next->connect_new();
  }
}

void Core::look_up_for(const ExchangePtr& exchange, const std::string& host, const std::string& port) {
  const auto key = host + ' ' + port;
  const auto [at, first] = looking_up.try_emplace(key);
  auto& waiting = at->second;
  std::erase_if(waiting, [](const ExchangePtr& other) { return other->finished(); });
  waiting.push_back(exchange);
  if (!first) return;
  asio::post(resolvers, [this, key, host, port] {
    error_code failed;
    asio::ip::tcp::resolver resolver(resolvers);
    const auto found = resolver.resolve(host, port, failed);
    asio::post(io, [this, key, failed, endpoints = Endpoints(found.begin(), found.end())] {
      const auto told = looking_up.extract(key);
      if (told.empty()) return;  // the client was stopped
      for (const auto& one : told.mapped()) one->on_resolved(failed, endpoints);
    });
  });
}

void Core::close_all() {
  stopping = true;
  resolvers.stop();
  looking_up.clear();
  for (auto& [key, host] : hosts) {
    host.open -= host.idle.size();
    for (const auto& connection : host.idle) connection->close();
    host.idle.clear();
    host.waiting.clear();
  }
  const auto exchanges = std::vector<ExchangePtr>(under_way.begin(), under_way.end());
  for (const auto& exchange : exchanges) exchange->finish(unavailable("the client was stopped"), false);
  // Those who wait for a moment learn of the end now; what they then send is refused.
  for (const auto& waiting : later) waiting->timer.cancel();
  work.reset();
}

}  // namespace leadlight::net::outbound
