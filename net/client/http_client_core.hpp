// The parts of the outbound client: connections, the pool of each host, and one request on its way. All of it lives on
// the client's io thread. Private to http_client*.cpp.
#pragma once

#include "net/client/http_client.hpp"
#include "net/client/outbound_url.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::net::outbound {

using Done = std::function<void(engine::Result<OutboundAnswer>)>;

inline engine::Error unavailable(std::string what) {
  return {engine::Errc::unavailable, std::move(what), {}};
}

class Connection {
 public:
  using Plain = boost::beast::tcp_stream;
  using Tls = boost::beast::ssl_stream<boost::beast::tcp_stream>;

  Connection(boost::asio::io_context& io, boost::asio::ssl::context& context, bool encrypted) : idle(io) {
    if (encrypted)
      tls = std::make_unique<Tls>(io, context);
    else
      plain = std::make_unique<Plain>(io);
  }

  Plain& socket() { return tls ? boost::beast::get_lowest_layer(*tls) : *plain; }

  template <class Use>
  void with_stream(Use use) {
    if (tls)
      use(*tls);
    else
      use(*plain);
  }

  void close() {
    idle.cancel();
    socket().close();
  }

  /// Nothing may arrive on an idle connection: bytes or an end mean that the peer has given it up.
  bool still_open() {
    char byte = 0;
    const auto got = ::recv(socket().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  std::unique_ptr<Plain> plain;
  std::unique_ptr<Tls> tls;
  boost::beast::flat_buffer buffer;
  boost::asio::steady_timer idle;
  bool reused = false;
};
using ConnectionPtr = std::shared_ptr<Connection>;

class Exchange;
using ExchangePtr = std::shared_ptr<Exchange>;

struct Host {
  std::size_t open = 0;  // leased or idle
  std::list<ConnectionPtr> idle;
  std::deque<ExchangePtr> waiting;
};

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

struct Later {
  Later(boost::asio::io_context& io, std::function<void()> run) : timer(io), task(std::move(run)) {}
  boost::asio::steady_timer timer;
  std::function<void()> task;
};

/// Everything that lives on the io thread.
struct Core {
  Core(std::size_t connections_max, LookUp own_look_up)
      : connections_per_host_max(std::max<std::size_t>(connections_max, 1)),
        look_up(std::move(own_look_up)),
        context(boost::asio::ssl::context::tls_client),
        work(boost::asio::make_work_guard(io)) {
    boost::system::error_code ignored;
    context.set_default_verify_paths(ignored);  // without CAs every handshake fails, and says so
    context.set_verify_mode(boost::asio::ssl::verify_peer, ignored);
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  }

  void release(const std::string& key, const ConnectionPtr& connection, bool keep);
  void serve_waiting(const std::string& key);
  void keep_idle(const std::string& key, const ConnectionPtr& connection);
  void close_all();
  /// Looks the exchange's host up and tells it. The system's resolver blocks: it runs on threads of its own, so that a
  /// name server that is slow for one name holds up no other; one look-up a host is under way at a time.
  void look_up_for(const ExchangePtr& exchange, const std::string& host, const std::string& port);

  std::size_t connections_per_host_max;
  LookUp look_up;  // empty: the system's
  boost::asio::io_context io{1};
  boost::asio::ssl::context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  std::map<std::string, Host> hosts;
  std::set<ExchangePtr> under_way;
  std::set<std::shared_ptr<Later>> later;
  std::map<std::string, std::vector<ExchangePtr>> looking_up;  // who waits for a look-up, by host and port
  bool stopping = false;
  boost::asio::thread_pool resolvers{4};  // last: its threads end before what they tell
};

/// Connections whose address was checked are never mixed with others.
std::string pool_key(const OutboundRequest& request, const OutboundUrl& address);

/// One request on its way: waits for a connection, connects, writes, reads, answers once.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Core& core, OutboundRequest request, OutboundUrl address, Done done)
      : core_(core),
        request_(std::move(request)),
        address_(std::move(address)),
        pool_(pool_key(request_, address_)),
        done_(std::move(done)),
        deadline_(core.io) {}

  void start();
  void take(ConnectionPtr connection);
  void connect_new();
  void finish(engine::Result<OutboundAnswer> result, bool keep_connection);
  [[nodiscard]] bool finished() const { return finished_; }
  /// What its host's name leads to, or why that is not known.
  void on_resolved(boost::system::error_code failed, const Endpoints& found);

 private:
  void resolve();
  void connect(const Endpoints& endpoints);
  void handshake();
  void write();
  void on_written(boost::system::error_code failed, std::size_t bytes);
  void read();
  void on_read(boost::system::error_code failed);
  void answer(bool keep_connection);
  bool send_again(boost::system::error_code failed, bool nothing_written);
  void fail(const std::string& step, boost::system::error_code failed);

  Core& core_;
  OutboundRequest request_;
  OutboundUrl address_;
  std::string pool_;
  Done done_;
  boost::asio::steady_timer deadline_;
  ConnectionPtr connection_;
  std::optional<boost::beast::http::request<boost::beast::http::string_body>> message_;
  std::optional<boost::beast::http::response_parser<boost::beast::http::string_body>> parser_;
  bool sent_again_ = false;
  bool finished_ = false;
};

}  // namespace leadlight::net::outbound
