#include "tools/bench/bare_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <thread>
#include <utility>

namespace leadlight::bench {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const std::string& body) : socket_(std::move(socket)), body_(body) {}

  void read() {
    request_ = {};
    http::async_read(socket_, buffer_, request_, [self = shared_from_this()](const error_code& ec, std::size_t) {
      if (!ec) self->answer();
    });
  }

 private:
  void answer() {
    response_ = {};
    response_.version(11);
    response_.result(http::status::accepted);
    response_.set(http::field::content_type, "application/json");
    response_.keep_alive(request_.keep_alive());
    response_.body() = body_;
    response_.prepare_payload();
    http::async_write(socket_, response_, [self = shared_from_this()](const error_code& ec, std::size_t) {
      if (!ec) self->read();
    });
  }

  tcp::socket socket_;
  const std::string& body_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
};

class RunningBareServer final : public BareServer {
 public:
  explicit RunningBareServer(std::string body) : body_(std::move(body)) {}
  RunningBareServer(const RunningBareServer&) = delete;
  RunningBareServer& operator=(const RunningBareServer&) = delete;
  ~RunningBareServer() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  error_code open() {
    error_code failed;
    const tcp::endpoint any{asio::ip::address_v4::loopback(), 0};
    if (acceptor_.open(any.protocol(), failed); failed) return failed;
    if (acceptor_.bind(any, failed); failed) return failed;
    if (acceptor_.listen(asio::socket_base::max_listen_connections, failed); failed) return failed;
    accept();
    thread_ = std::thread{[this] { context_.run(); }};
    return {};
  }

  [[nodiscard]] std::string address() const override {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }

 private:
  void accept() {
    acceptor_.async_accept([this](const error_code& ec, tcp::socket socket) {
      if (ec) return;
      error_code ignored;
      socket.set_option(tcp::no_delay{true}, ignored);
      std::make_shared<Session>(std::move(socket), body_)->read();
      accept();
    });
  }

  const std::string body_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  std::thread thread_;
};

}  // namespace

engine::Result<std::unique_ptr<BareServer>> BareServer::start(std::string body) {
  auto server = std::make_unique<RunningBareServer>(std::move(body));
  if (const auto failed = server->open())
    return engine::Error{engine::Errc::unavailable, "the bare server cannot listen: " + failed.message(), ""};
  return std::unique_ptr<BareServer>{std::move(server)};
}

}  // namespace leadlight::bench
