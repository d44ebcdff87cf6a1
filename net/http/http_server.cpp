// The listening socket and the io threads behind it.
#include "logging/log.hpp"
#include "net/http/connection_counts.hpp"
#include "net/http/http.hpp"
#include "net/http/io_loop.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include <charconv>
#include <condition_variable>
#include <mutex>

namespace leadlight::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using engine::Errc;
using engine::Error;
using error_code = boost::system::error_code;

constexpr std::chrono::milliseconds accept_again_after{100};

/// "127.0.0.1:8080", "[::1]:8080", "localhost:8080".
engine::Result<tcp::endpoint> parse_endpoint(const std::string& address) {
  const Error not_one{Errc::invalid, "\"" + address + "\" is not an address to listen on; write it like 127.0.0.1:8080",
                      "listen"};
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return not_one;
  auto host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  std::uint16_t port = 0;
  const char* const end = address.data() + address.size();
  const auto [stopped, fault] = std::from_chars(address.data() + colon + 1, end, port);
  error_code ec;
  const auto ip = asio::ip::make_address(host, ec);
  if (ec || fault != std::errc{} || stopped != end || colon + 1 == address.size()) return not_one;
  return tcp::endpoint(ip, port);
}

class Server final : public HttpServer {
 public:
  Server(std::shared_ptr<const Router> router, actors::SwitchboardPtr switchboard, actors::ClockPtr clock,
         HttpLimits limits, std::size_t threads, std::shared_ptr<const TlsIdentity> tls) {
    context_.traffic = router->traffic();
    context_.tls = std::move(tls);
    context_.router = std::move(router);
    context_.switchboard = std::move(switchboard);
    context_.clock = std::move(clock);
    context_.limits = limits;
    counts_.emplace(limits.connections_per_address_max, limits.count_loopback);
    context_.connection_closed = [this](const asio::ip::address& peer) { on_connection_closed(peer); };
    for (std::size_t i = 0; i < std::max<std::size_t>(1, threads); ++i)
      loops_.push_back(std::make_unique<IoLoop>(context_));
    acceptor_.emplace(loops_.front()->context());
    again_.emplace(loops_.front()->context());
  }
  ~Server() override { stop(); }

  engine::Status listen(const std::string& address) {
    const auto endpoint = parse_endpoint(address);
    if (!endpoint) return endpoint.error();
    error_code ec;
    acceptor_->open(endpoint->protocol(), ec);
    if (!ec) acceptor_->set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) acceptor_->bind(*endpoint, ec);
    if (!ec) acceptor_->listen(asio::socket_base::max_listen_connections, ec);
    if (ec) return Error{Errc::unavailable, "Cannot listen on " + address + ": " + ec.message(), "listen"};
    const auto bound = acceptor_->local_endpoint(ec);
    const auto ip = bound.address().to_string();
    address_ = (bound.address().is_v6() ? '[' + ip + ']' : ip) + ':' + std::to_string(bound.port());
    for (const auto& loop : loops_) loop->run();
    return engine::Ok{};
  }

  [[nodiscard]] std::string address() const override { return address_; }

  void open() override {
    asio::post(loops_.front()->context(), [this] {
      accepting_ = true;
      accept();
    });
  }

  void pause() override {
    asio::post(loops_.front()->context(), [this] {
      accepting_ = false;
      error_code ignored;
      acceptor_->cancel(ignored);
    });
  }

  void close() override {
    context_.draining = true;
    asio::post(loops_.front()->context(), [this] {
      accepting_ = false;
      error_code ignored;
      acceptor_->close(ignored);
    });
    for (const auto& loop : loops_) loop->drain();
  }

  void join(engine::Milliseconds at_most) override {
    {
      std::unique_lock lock(mutex_);
      drained_.wait_for(lock, at_most, [&] { return context_.traffic->connections_open.load() == 0; });
    }
    stop();
  }

  [[nodiscard]] Statistics statistics() const override {
    return {context_.traffic->connections_open.load(), context_.traffic->requests.load()};
  }

 private:
  /// On the first loop's thread.
  void accept() {
    if (!accepting_ || waiting_ || !acceptor_->is_open()) return;
    at_cap_ = true;  // said before looking, so that a connection closing meanwhile is not missed
    if (context_.traffic->connections_open.load() >= context_.limits.connections_max)
      return;  // the kernel holds the queue
    at_cap_ = false;
    waiting_ = true;
    auto& loop = *loops_[next_loop_++ % loops_.size()];
    acceptor_->async_accept(loop.context(), [this, &loop](error_code ec, tcp::socket socket) {
      waiting_ = false;
      if (ec) return on_accept_failed(ec);
      admit(loop, std::move(socket));
      accept();
    });
  }

  void admit(IoLoop& loop, tcp::socket socket) {
    error_code gone;
    const auto peer = socket.remote_endpoint(gone).address();
    if (gone) return;
    if (!counts_->open(peer)) {
      context_.traffic->connections_refused.fetch_add(1, std::memory_order_relaxed);
      return;  // closed as it goes out of scope
    }
    context_.traffic->connections_open.fetch_add(1);
    context_.traffic->connections_accepted.fetch_add(1, std::memory_order_relaxed);
    if (&loop == loops_.front().get())
      loop.adopt(std::move(socket), peer);
    else
      asio::post(loop.context(),
                 [&loop, given = std::move(socket), peer]() mutable { loop.adopt(std::move(given), peer); });
  }

  void on_accept_failed(error_code ec) {
    if (ec == asio::error::operation_aborted) return accept();  // paused, or paused and opened again
    logging::warn("a connection cannot be accepted; trying again", {{"component", "http"}, {"reason", ec.message()}});
    again_->expires_after(accept_again_after);  // out of descriptors, most likely: trying at once would spin
    again_->async_wait([this](error_code stopped) {
      if (!stopped) accept();
    });
  }

  void on_connection_closed(const asio::ip::address& peer) {
    counts_->close(peer);
    const auto before = context_.traffic->connections_open.fetch_sub(1);
    if (at_cap_.load()) asio::post(loops_.front()->context(), [this] { accept(); });
    if (before == 1) {
      const std::lock_guard lock(mutex_);
      drained_.notify_all();
    }
  }

  void stop() {
    for (const auto& loop : loops_) loop->stop();
  }

  ServerContext context_;
  std::vector<std::unique_ptr<IoLoop>> loops_;
  std::optional<tcp::acceptor> acceptor_;  // after the loops: it lives on the first one's context
  std::optional<asio::steady_timer> again_;
  std::optional<ConnectionCounts> counts_;
  std::string address_;
  bool accepting_ = false;  // this and the next two: first loop's thread
  bool waiting_ = false;
  std::size_t next_loop_ = 0;
  std::atomic<bool> at_cap_{false};
  std::mutex mutex_;
  std::condition_variable drained_;
};

}  // namespace

engine::Result<std::shared_ptr<HttpServer>> HttpServer::bind(const std::string& address,
                                                             std::shared_ptr<const Router> router,
                                                             actors::SwitchboardPtr switchboard, actors::ClockPtr clock,
                                                             HttpLimits limits, std::size_t threads,
                                                             std::shared_ptr<const TlsIdentity> tls) {
  auto server = std::make_shared<Server>(std::move(router), std::move(switchboard), std::move(clock), std::move(limits),
                                         threads, std::move(tls));
  if (const auto listening = server->listen(address); !listening) return listening.error();
  return std::shared_ptr<HttpServer>(std::move(server));
}

}  // namespace leadlight::net
