// One request on its way: waits for a connection, connects, writes, reads, answers once.
#include "net/client/http_client_core.hpp"
#include "net/client/outbound_guard.hpp"

#include <cctype>
#include <charconv>

namespace leadlight::net::outbound {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;
using engine::Errc;
using engine::Error;
using engine::Milliseconds;
using engine::Result;

namespace {

/// Connecting and the TLS handshake together; the request's own deadline holds as well.
constexpr Milliseconds connect_deadline{10'000};
constexpr std::uint32_t answer_header_bytes_max = 64U << 10U;

Endpoints endpoints_of(const std::vector<std::string>& addresses, const std::string& port) {
  std::uint16_t number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  Endpoints endpoints;
  for (const auto& text : addresses) {
    error_code failed;
    const auto address = asio::ip::make_address(text, failed);
    if (!failed) endpoints.emplace_back(address, number);
  }
  return endpoints;
}

}  // namespace

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
  core_.hosts[pool_].waiting.push_back(shared_from_this());
  core_.serve_waiting(pool_);
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
  // What is an address already is not looked up.
  if (const auto literal = endpoints_of({address_.host}, address_.port); !literal.empty()) return connect(literal);
  if (core_.look_up) {
    const auto found = core_.look_up(address_.host);
    if (!found) return finish(found.error(), false);
    return connect(endpoints_of(*found, address_.port));
  }
  core_.look_up_for(shared_from_this(), address_.host, address_.port);
}

void Exchange::on_resolved(error_code failed, const Endpoints& found) {
  if (finished_) return;
  if (failed) return fail("looking up", failed);
  connect(found);
}

// Connects to what was checked: no name is looked up a second time.
void Exchange::connect(const Endpoints& endpoints) {
  if (request_.guard) {
    std::vector<std::string> addresses;
    for (const auto& endpoint : endpoints) addresses.push_back(endpoint.address().to_string());
    if (const auto allowed = request_.guard->check_addresses(address_, addresses); !allowed)
      return finish(allowed.error(), false);
  }
  connection_->socket().expires_after(connect_deadline);
  connection_->socket().async_connect(endpoints, [self = shared_from_this(), connection = connection_](
                                                     error_code refused, const asio::ip::tcp::endpoint&) {
    if (self->finished_) return;
    if (refused) return self->fail("connecting to", refused);
    error_code ignored;
    connection->socket().socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    if (connection->tls) return self->handshake();
    connection->socket().expires_never();
    self->write();
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
  if (failed == http::error::body_limit && request_.cut_answer) return answer(false);
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
  const auto& message = parser_->get();
  if (message.result_int() < 200 && message.result_int() != 101) return read();  // 100 Continue and its like
  answer(message.keep_alive() && connection_->buffer.size() == 0);
}

void Exchange::answer(bool keep_connection) {
  auto& message = parser_->get();
  OutboundAnswer answer;
  answer.status = static_cast<std::uint16_t>(message.result_int());
  for (const auto& field : message.base()) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    answer.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  answer.body = std::move(message.body());
  finish(std::move(answer), keep_connection);
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
  core_.under_way.erase(self);
  if (auto connection = std::move(connection_)) core_.release(pool_, connection, keep_connection);
  auto done = std::move(done_);
  done(std::move(result));
}

}  // namespace leadlight::net::outbound
