// The outbound client on Asio and Beast: one io thread, everything below `Core` is touched on that thread only.
#include "net/http_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <deque>
#include <future>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

namespace leadlight::net {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;
using engine::Errc;
using engine::Error;
using engine::Milliseconds;
using engine::Result;
using Done = std::function<void(Result<OutboundAnswer>)>;

/// Connecting and the TLS handshake together; the request's own deadline holds as well.
constexpr Milliseconds connect_deadline{10'000};
/// An idle connection is closed after this; most servers close theirs later.
constexpr Milliseconds idle_span{25'000};
constexpr std::uint32_t answer_header_bytes_max = 64U << 10U;

struct Address {
  bool tls = false;
  std::string host;
  std::string port;
  std::string authority;  // for the Host header
  std::string target;

  [[nodiscard]] std::string key() const { return (tls ? "https://" : "http://") + host + ":" + port; }
  [[nodiscard]] std::string peer() const { return host + ":" + port; }
};

Error unavailable(std::string what) {
  return Error{Errc::unavailable, std::move(what), {}};
}
Error invalid(std::string what) {
  return Error{Errc::invalid, std::move(what), "url"};
}

bool is_clean(std::string_view text, unsigned char lowest) {
  return std::all_of(text.begin(), text.end(), [lowest](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= lowest && byte != 0x7F;
  });
}

Result<Address> parse_authority(std::string_view authority, Address address) {
  if (authority.empty() || authority.find('@') != std::string_view::npos)
    return invalid("the URL needs a host and must not carry a user name");
  address.authority = std::string(authority);
  std::string_view port;
  if (authority.front() == '[') {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return invalid("the URL's IPv6 address has no closing bracket");
    address.host = std::string(authority.substr(1, end - 1));
    const auto rest = authority.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return invalid("the URL's host is not valid");
    if (!rest.empty()) port = rest.substr(1);
  } else {
    const auto colon = authority.find(':');
    address.host = std::string(authority.substr(0, colon));
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
  }
  if (address.host.empty()) return invalid("the URL has no host");
  std::uint16_t number = address.tls ? 443 : 80;
  if (!port.empty()) {
    const auto [end, fault] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (fault != std::errc{} || end != port.data() + port.size() || number == 0)
      return invalid("the URL's port is not a number from 1 to 65535");
  }
  address.port = std::to_string(number);
  return address;
}

Result<Address> parse_url(std::string_view url) {
  Address address;
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return invalid("the URL must begin with https:// or http://");
  std::string scheme(url.substr(0, scheme_end));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (scheme != "https" && scheme != "http") return invalid("the URL must begin with https:// or http://");
  address.tls = scheme == "https";
  if (!is_clean(url, 0x21)) return invalid("the URL holds a space or a control character: percent-encode it");
  url.remove_prefix(scheme_end + 3);
  url = url.substr(0, url.find('#'));
  const auto path = url.find_first_of("/?");
  address.target = path == std::string_view::npos ? "/" : std::string(url.substr(path));
  if (address.target.front() == '?') address.target.insert(0, "/");
  return parse_authority(url.substr(0, path), std::move(address));
}

class Connection {
 public:
  using Plain = beast::tcp_stream;
  using Tls = beast::ssl_stream<beast::tcp_stream>;

  Connection(asio::io_context& io, ssl::context& context, bool encrypted) : idle(io) {
    if (encrypted)
      tls = std::make_unique<Tls>(io, context);
    else
      plain = std::make_unique<Plain>(io);
  }

  Plain& socket() { return tls ? beast::get_lowest_layer(*tls) : *plain; }

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
  beast::flat_buffer buffer;
  asio::steady_timer idle;
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

struct Later {
  Later(asio::io_context& io, std::function<void()> run) : timer(io), task(std::move(run)) {}
  asio::steady_timer timer;
  std::function<void()> task;
};

/// Everything that lives on the io thread.
struct Core {
  explicit Core(std::size_t connections_max)
      : connections_per_host_max(std::max<std::size_t>(connections_max, 1)),
        context(ssl::context::tls_client),
        work(asio::make_work_guard(io)) {
    error_code ignored;
    context.set_default_verify_paths(ignored);  // without CAs every handshake fails, and says so
    context.set_verify_mode(ssl::verify_peer, ignored);
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  }

  void release(const std::string& key, const ConnectionPtr& connection, bool keep);
  void serve_waiting(const std::string& key);
  void keep_idle(const std::string& key, const ConnectionPtr& connection);
  void close_all();

  std::size_t connections_per_host_max;
  asio::io_context io{1};
  ssl::context context;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::map<std::string, Host> hosts;
  std::set<ExchangePtr> under_way;
  std::set<std::shared_ptr<Later>> later;
  bool stopping = false;
};

/// One request on its way: waits for a connection, connects, writes, reads, answers once.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Core& core, OutboundRequest request, Address address, Done done)
      : core_(core),
        request_(std::move(request)),
        address_(std::move(address)),
        done_(std::move(done)),
        deadline_(core.io),
        resolver_(core.io) {}

  void start();
  void take(ConnectionPtr connection);
  void connect_new();
  void finish(Result<OutboundAnswer> result, bool keep_connection);
  [[nodiscard]] bool finished() const { return finished_; }

 private:
  void resolve();
  void handshake();
  void write();
  void on_written(error_code failed, std::size_t bytes);
  void read();
  void on_read(error_code failed);
  bool send_again(error_code failed, bool nothing_written);
  void fail(const std::string& step, error_code failed);
  void drop_connection();

  Core& core_;
  OutboundRequest request_;
  Address address_;
  Done done_;
  asio::steady_timer deadline_;
  asio::ip::tcp::resolver resolver_;
  ConnectionPtr connection_;
  std::optional<http::request<http::string_body>> message_;
  std::optional<http::response_parser<http::string_body>> parser_;
  bool sent_again_ = false;
  bool finished_ = false;
};

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

void Core::close_all() {
  stopping = true;
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

void Exchange::start() {
  core_.under_way.insert(shared_from_this());
  if (core_.stopping) return finish(unavailable("the client was stopped"), false);
  deadline_.expires_after(request_.deadline);
  deadline_.async_wait([self = shared_from_this()](error_code stopped) {
    if (stopped) return;
    self->finish(unavailable("no answer from " + self->address_.peer() + " within " +
                             std::to_string(self->request_.deadline.count()) + " ms"),
                 false);
  });
  core_.hosts[address_.key()].waiting.push_back(shared_from_this());
  core_.serve_waiting(address_.key());
}

void Exchange::take(ConnectionPtr connection) {
  connection_ = std::move(connection);
  write();
}

void Exchange::connect_new() {
  connection_ = std::make_shared<Connection>(core_.io, core_.context, address_.tls);
  resolve();
}

void Exchange::resolve() {
  auto self = shared_from_this();
  resolver_.async_resolve(
      address_.host, address_.port,
      [self, connection = connection_](error_code failed, const asio::ip::tcp::resolver::results_type& found) {
        if (self->finished_) return;
        if (failed) return self->fail("looking up", failed);
        connection->socket().expires_after(connect_deadline);
        connection->socket().async_connect(
            found, [self, connection](error_code refused, const asio::ip::tcp::endpoint&) {
              if (self->finished_) return;
              if (refused) return self->fail("connecting to", refused);
              error_code ignored;
              connection->socket().socket().set_option(asio::ip::tcp::no_delay(true), ignored);
              if (connection->tls) return self->handshake();
              connection->socket().expires_never();
              self->write();
            });
      });
}

void Exchange::handshake() {
  auto& tls = *connection_->tls;
  error_code not_an_address;
  asio::ip::make_address(address_.host, not_an_address);
  // SNI carries names only; the certificate is checked against name or address alike.
  if (not_an_address &&
      SSL_ctrl(tls.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, address_.host.data()) != 1)
    return finish(unavailable("TLS could not be prepared for " + address_.peer()), false);
  error_code failed;
  tls.set_verify_callback(ssl::host_name_verification(address_.host), failed);
  if (failed) return fail("preparing TLS for", failed);
  tls.async_handshake(ssl::stream_base::client,
                      [self = shared_from_this(), connection = connection_](error_code refused) {
                        if (self->finished_) return;
                        if (refused) return self->fail("the TLS handshake with", refused);
                        connection->socket().expires_never();
                        self->write();
                      });
}

void Exchange::write() {
  if (!message_) {
    message_.emplace();
    message_->version(11);
    message_->method_string(request_.method);
    message_->target(address_.target);
    message_->set(http::field::user_agent, "leadlight");
    for (const auto& [name, value] : request_.headers) message_->set(name, value);
    message_->set(http::field::host, address_.authority);
    message_->body() = std::move(request_.body);
    message_->prepare_payload();
  }
  connection_->with_stream([this](auto& stream) {
    http::async_write(stream, *message_,
                      [self = shared_from_this(), connection = connection_](error_code failed, std::size_t bytes) {
                        if (!self->finished_) self->on_written(failed, bytes);
                      });
  });
}

void Exchange::on_written(error_code failed, std::size_t bytes) {
  if (!failed) return read();
  if (!send_again(failed, bytes == 0)) fail("writing to", failed);
}

void Exchange::read() {
  parser_.emplace();
  parser_->body_limit(request_.answer_bytes_max);
  parser_->header_limit(answer_header_bytes_max);
  if (request_.method == "HEAD") parser_->skip(true);
  connection_->with_stream([this](auto& stream) {
    http::async_read(stream, connection_->buffer, *parser_,
                     [self = shared_from_this(), connection = connection_](error_code failed, std::size_t) {
                       if (!self->finished_) self->on_read(failed);
                     });
  });
}

void Exchange::on_read(error_code failed) {
  if (failed == http::error::body_limit || failed == http::error::header_limit)
    return finish(Error{Errc::too_large,
                        "the answer of " + address_.peer() + " is larger than " +
                            std::to_string(request_.answer_bytes_max) + " bytes",
                        {}},
                  false);
  if (failed) {
    if (parser_->got_some() || !send_again(failed, false)) fail("reading from", failed);
    return;
  }
  auto& message = parser_->get();
  if (message.result_int() < 200 && message.result_int() != 101) return read();  // 100 Continue and its like
  OutboundAnswer answer;
  answer.status = static_cast<std::uint16_t>(message.result_int());
  for (const auto& field : message.base()) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    answer.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  const bool keep = message.keep_alive() && connection_->buffer.size() == 0;
  answer.body = std::move(message.body());
  finish(std::move(answer), keep);
}

bool Exchange::send_again(error_code failed, bool nothing_written) {
  static const std::set<std::string, std::less<>> repeatable = {"GET", "PUT", "PATCH", "DELETE"};
  const bool closed = failed == http::error::end_of_stream || failed == asio::error::eof ||
                      failed == asio::error::connection_reset || failed == asio::error::broken_pipe ||
                      failed == ssl::error::stream_truncated;
  if (!closed || sent_again_ || !connection_->reused) return false;
  if (!nothing_written && !repeatable.contains(request_.method)) return false;
  sent_again_ = true;
  parser_.reset();
  connection_->close();
  connect_new();  // takes the closed connection's place in the count
  return true;
}

void Exchange::fail(const std::string& step, error_code failed) {
  finish(unavailable(step + " " + address_.peer() + " failed: " + failed.message()), false);
}

void Exchange::finish(Result<OutboundAnswer> result, bool keep_connection) {
  if (finished_) return;
  finished_ = true;
  auto self = shared_from_this();
  deadline_.cancel();
  resolver_.cancel();
  core_.under_way.erase(self);
  if (auto connection = std::move(connection_)) core_.release(address_.key(), connection, keep_connection);
  auto done = std::move(done_);
  done(std::move(result));
}

class PooledClient final : public HttpClient {
 public:
  explicit PooledClient(std::size_t connections_max) : core_(std::make_shared<Core>(connections_max)) {
    thread_ = std::thread([core = core_] { core->io.run(); });
  }
  ~PooledClient() override { stop(); }

  void send(OutboundRequest request, Done done) override {
    auto address = parse_url(request.url);
    for (const auto& [name, value] : request.headers)
      if (address && (!is_clean(name, 0x21) || !is_clean(value, 0x20) || name.empty()))
        address = Error{Errc::invalid, "a header holds a control character", "headers"};
    if (address && (request.method.empty() || !is_clean(request.method, 0x21)))
      address = Error{Errc::invalid, "the method is not a word", "method"};
    std::unique_lock lock(closing_);
    if (closed_) {
      lock.unlock();
      return done(unavailable("the client was stopped"));
    }
    if (!address) {
      asio::post(core_->io, [error = address.error(), done = std::move(done)] { done(error); });
      return;
    }
    auto exchange = std::make_shared<Exchange>(*core_, std::move(request), std::move(*address), std::move(done));
    asio::post(core_->io, [exchange] { exchange->start(); });
  }

  void after(Milliseconds delay, std::function<void()> task) override {
    std::unique_lock lock(closing_);
    if (closed_) {
      lock.unlock();
      if (delay.count() <= 0) task();  // a mere change of thread; anything longer would never come
      return;
    }
    auto later = std::make_shared<Later>(core_->io, std::move(task));
    asio::post(core_->io, [core = core_.get(), later, delay] {
      core->later.insert(later);
      later->timer.expires_after(core->stopping ? Milliseconds{0} : std::max(delay, Milliseconds{0}));
      later->timer.async_wait([core, later](error_code) {
        core->later.erase(later);
        later->task();
      });
    });
  }

  void stop() override {
    {
      const std::lock_guard lock(closing_);
      if (!closed_) {
        closed_ = true;
        asio::post(core_->io, [core = core_.get()] { core->close_all(); });
      }
    }
    const std::lock_guard lock(joining_);
    if (!thread_.joinable()) return;
    if (thread_.get_id() == std::this_thread::get_id())
      thread_.detach();  // the last owner let go inside a callback; the thread keeps the core until it ends
    else
      thread_.join();
  }

 private:
  std::shared_ptr<Core> core_;
  std::mutex closing_;
  std::mutex joining_;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace

std::string_view OutboundAnswer::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return value;
  return {};
}

std::shared_ptr<HttpClient> HttpClient::make(std::size_t connections_per_host_max) {
  return std::make_shared<PooledClient>(connections_per_host_max);
}

engine::Result<OutboundAnswer> HttpClient::send_and_wait(OutboundRequest request) {
  auto promise = std::make_shared<std::promise<engine::Result<OutboundAnswer>>>();
  auto answer = promise->get_future();
  send(std::move(request), [promise](engine::Result<OutboundAnswer> result) { promise->set_value(std::move(result)); });
  return answer.get();
}

}  // namespace leadlight::net
