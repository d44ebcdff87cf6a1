#include "tools/bench/bare_server.hpp"

#include "storage/keys.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace leadlight::bench {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

/// Writes an entry for whoever asks, all that wait in one synced batch, and tells them on the io thread.
class BareCommitter {
 public:
  BareCommitter(std::unique_ptr<storage::Store> store, std::size_t entry_bytes, asio::io_context& context)
      : store_(std::move(store)), entry_(entry_bytes, 'x'), context_(context), thread_([this] { run(); }) {}
  BareCommitter(const BareCommitter&) = delete;
  BareCommitter& operator=(const BareCommitter&) = delete;
  ~BareCommitter() {
    {
      const std::lock_guard guard{mutex_};
      stopped_ = true;
    }
    more_.notify_one();
    thread_.join();
  }

  void add(std::function<void()> durable) {
    {
      const std::lock_guard guard{mutex_};
      waiting_.push_back(std::move(durable));
    }
    more_.notify_one();
  }

 private:
  void run() {
    for (;;) {
      std::vector<std::function<void()>> now;
      {
        std::unique_lock guard{mutex_};
        more_.wait(guard, [this] { return stopped_ || !waiting_.empty(); });
        if (stopped_) return;
        now.swap(waiting_);
      }
      storage::Batch batch;
      for (std::size_t i = 0; i < now.size(); ++i)
        batch.put(storage::Family::log, storage::keys::log(engine::ShardId{0}, ++position_), entry_);
      if (!store_->commit(batch)) return;  // the load generator then misses its answers, and says so
      asio::post(context_, [now = std::move(now)] {
        for (const auto& durable : now) durable();
      });
    }
  }

  std::unique_ptr<storage::Store> store_;
  const std::string entry_;
  asio::io_context& context_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<std::function<void()>> waiting_;
  engine::Position position_ = 0;
  bool stopped_ = false;
  std::thread thread_;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, const std::string& body, BareCommitter* committer)
      : socket_(std::move(socket)), body_(body), committer_(committer) {}

  void read() {
    request_ = {};
    http::async_read(socket_, buffer_, request_, [self = shared_from_this()](const error_code& ec, std::size_t) {
      if (ec) return;
      if (self->committer_ == nullptr) return self->answer();
      self->committer_->add([self] { self->answer(); });
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
  BareCommitter* committer_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
};

class RunningBareServer final : public BareServer {
 public:
  RunningBareServer(std::string body, std::unique_ptr<storage::Store> store, std::size_t entry_bytes)
      : body_(std::move(body)) {
    if (store) committer_.emplace(std::move(store), entry_bytes, context_);
  }
  RunningBareServer(const RunningBareServer&) = delete;
  RunningBareServer& operator=(const RunningBareServer&) = delete;
  ~RunningBareServer() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
    committer_.reset();
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
      std::make_shared<Session>(std::move(socket), body_, committer_ ? &*committer_ : nullptr)->read();
      accept();
    });
  }

  const std::string body_;
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  std::optional<BareCommitter> committer_;
  std::thread thread_;
};

}  // namespace

engine::Result<std::unique_ptr<BareServer>> BareServer::start(std::string body, std::unique_ptr<storage::Store> store,
                                                              std::size_t entry_bytes) {
  auto server = std::make_unique<RunningBareServer>(std::move(body), std::move(store), entry_bytes);
  if (const auto failed = server->open())
    return engine::Error{engine::Errc::unavailable, "the bare server cannot listen: " + failed.message(), ""};
  return std::unique_ptr<BareServer>{std::move(server)};
}

}  // namespace leadlight::bench
