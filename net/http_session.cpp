#include "net/http_session.hpp"

#include "net/refusal.hpp"
#include "net/url_text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>

namespace leadlight::net {
namespace {

namespace asio = boost::asio;
using engine::Errc;
using engine::Error;

constexpr std::size_t read_bytes = 4 * 1024;
constexpr std::size_t body_read_bytes = 64 * 1024;
/// What a connection keeps between requests, at most, of its buffers.
constexpr std::size_t kept_bytes_max = 16 * 1024;
/// A refused request's body up to this size is read to its end, so that the connection can stay.
constexpr std::size_t refused_body_bytes_max = 64 * 1024;
constexpr std::chrono::milliseconds linger_span{2'000};
/// Room behind a body, so that the JSON reader needs no copy.
constexpr std::size_t body_slack_bytes = 64;

/// Both names of the one coding that is taken (RFC 9110, 8.4.1.3).
bool is_gzip(std::string_view coding) {
  return boost::beast::iequals(coding, "gzip") || boost::beast::iequals(coding, "x-gzip");
}

}  // namespace

HttpSession::HttpSession(IoLoop& loop, asio::ip::tcp::socket socket, const asio::ip::address& peer)
    : loop_(loop), server_(loop.server()), socket_(std::move(socket)), peer_(peer) {}

void HttpSession::start(IoLoop::Sessions::iterator place) {
  place_ = place;
  error_code ec;
  socket_.set_option(asio::ip::tcp::no_delay(true), ec);
  socket_.non_blocking(true, ec);
  request_.remote = peer_.to_string();
  expire_in(server_.limits.idle_deadline);
  advance();
}

void HttpSession::advance() {
  while (phase_ == Phase::head || phase_ == Phase::body || phase_ == Phase::refusing) {
    if (!head_begun_) begin_head();
    if (buffer_.size() == 0) return read_more();
    error_code ec;
    const auto used = parser_->put(buffer_.data(), ec);
    buffer_.consume(used);
    if (phase_ == Phase::head) {
      head_bytes_ += used;
      const auto head_so_far = head_bytes_ + (parser_->is_header_done() ? 0 : buffer_.size());
      if (ec == boost::beast::http::error::header_limit || head_so_far > server_.limits.header_bytes_max)
        return refuse_and_close(431, "The head of the request is too long");
    }
    // What the parser leaves in the buffer of a body is the start of a chunk's head, which is short.
    if (ec == boost::beast::http::error::need_more && buffer_.size() <= server_.limits.header_bytes_max)
      return read_more();
    if (ec) return refuse_broken(ec);
    if (phase_ == Phase::head && parser_->is_header_done()) on_head();
    if (phase_ == Phase::body && parser_->is_done()) hand_over();
    if (phase_ == Phase::refusing && parser_->is_done()) send(*std::exchange(answer_, std::nullopt));
  }
}

void HttpSession::begin_head() {
  const auto unread = buffer_.cdata();
  const std::string_view bytes(static_cast<const char*>(unread.data()), unread.size());
  if (bytes.starts_with("\r\n"))
    return buffer_.consume(2);  // RFC 9112, 2.2: an empty line before a request is passed over
  if (bytes.empty() || bytes == "\r") return;
  head_begun_ = true;
  head_bytes_ = 0;
  stamped_ = false;
  route_ = nullptr;
  request_.headers.clear();
  request_.query.clear();
  request_.captures.clear();
  request_.path.clear();
  request_.body.clear();
  request_.rate.reset();
  parser_.emplace(request_, target_, server_.limits);
  expire_in(server_.limits.header_deadline);
}

void HttpSession::read_more() {
  if (reading_) return;
  reading_ = true;
  const auto room = buffer_.prepare(phase_ == Phase::head ? read_bytes : body_read_bytes);
  socket_.async_read_some(room,
                          [self = shared_from_this()](error_code ec, std::size_t got) { self->on_read(ec, got); });
}

void HttpSession::on_read(error_code ec, std::size_t got) {
  reading_ = false;
  if (phase_ == Phase::closed) return;
  if (ec) return close();
  buffer_.commit(got);
  body_bytes_ += got;
  if (phase_ == Phase::lingering) {
    buffer_.consume(buffer_.size());
    return read_more();
  }
  advance();
}

void HttpSession::stamp() {
  if (std::exchange(stamped_, true)) return;
  request_began_ = Steady::now();
  request_.received_at = server_.clock->now();
  request_.request_id = make_request_id(request_.received_at);
  trace_ = {};
  server_.traffic->requests.fetch_add(1, std::memory_order_relaxed);
}

// From here on the request's `traceparent` is our own step: what handlers and targets go on from.
void HttpSession::join_trace() {
  constexpr std::string_view name = "traceparent";
  std::optional<TraceContext> caller;
  std::size_t fields = 0;
  for (const auto& [field, value] : request_.headers)
    if (field == name && ++fields == 1) caller = parse_traceparent(value);
  if (fields > 1) caller.reset();  // several are as good as none
  if (fields > 0) std::erase_if(request_.headers, [&](const auto& field) { return field.first == name; });
  trace_ = next_step(caller);
  request_.headers.emplace_back(name, format_traceparent(trace_));
}

void HttpSession::on_head() {
  stamp();
  join_trace();
  keep_alive_ = parser_->keep_alive() && ++requests_ < server_.limits.requests_per_connection_max;
  if (auto refusal = check_head()) return refuse_head(std::move(*refusal));
  const auto encoding = request_.header("content-encoding");
  parser_->keep_body(route_->body_bytes_max, encoding && is_gzip(*encoding));
  phase_ = Phase::body;
  if (parser_->is_done()) return;
  expect_body();
  if (const auto length = parser_->content_length())
    request_.body.reserve(std::min(static_cast<std::size_t>(*length), route_->body_bytes_max) + body_slack_bytes);
  if (request_.header("expect") && buffer_.size() == 0) invite_body();
}

void HttpSession::invite_body() {
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  error_code ec;
  // Nothing else is in the socket's buffer, so these 25 bytes fit; if not, the sender goes on by itself.
  socket_.write_some(asio::buffer(go_on.data(), go_on.size()), ec);
}

std::optional<HttpResponse> HttpSession::check_head() {
  std::string path;
  if (auto refusal = check_target(path)) return refusal;
  auto match = server_.router->find(request_.method, path);
  route_ = match.route;
  if (route_ == nullptr) return refuse_unmatched(match, request_);
  for (const auto& capture : match.captures) {
    auto decoded = percent_decode(capture);
    if (!decoded) return refuse({Errc::invalid, "The path is not valid percent-encoded UTF-8", {}}, route_, request_);
    request_.captures.push_back(std::move(*decoded));
  }
  if (auto refusal = check_key()) return refusal;
  return check_body_headers();
}

std::optional<HttpResponse> HttpSession::check_target(std::string& path) {
  std::string_view target = target_;
  const bool wanted_to_stay =
      std::exchange(keep_alive_, false);  // who sends a target that is none is not listened to further
  if (target.starts_with("http://") || target.starts_with("https://")) {
    const auto authority_at = target.find("//") + 2;
    const auto slash = std::min(target.find('/', authority_at), target.size());
    if (!boost::beast::iequals(target.substr(authority_at, slash - authority_at), request_.header("host").value_or("")))
      return refuse_with(400, "The request target names another host than the Host header", nullptr, request_);
    target.remove_prefix(slash);
    if (target.empty()) target = "/";
  }
  const auto question = std::min(target.find('?'), target.size());
  auto query = parse_form(target.substr(std::min(question + 1, target.size())));
  const auto raw_path = target.substr(0, question);
  auto decoded = percent_decode(raw_path);
  if (!query || !decoded || !raw_path.starts_with('/') || target.find('#') != std::string_view::npos)
    return refuse_with(400, "The request target is not a path in valid percent-encoded UTF-8", nullptr, request_);
  keep_alive_ = wanted_to_stay;
  path = raw_path;
  request_.path = std::move(*decoded);
  request_.query = std::move(*query);
  return std::nullopt;
}

std::optional<HttpResponse> HttpSession::check_key() {
  if (route_->scope.empty()) {
    request_.key.reset();
    request_key_of_ = nullptr;
    return std::nullopt;
  }
  auto registry = server_.switchboard->registry();
  const auto* key = authenticator_.identify(request_.header("authorization"), registry);
  if (key == nullptr) {
    request_.key.reset();
    request_key_of_ = nullptr;
    return refuse({Errc::unauthorized, "Invalid or missing API key", {}}, route_, request_);
  }
  if (key != request_key_of_ || registry != request_key_registry_) {
    request_.key = *key;
    request_key_of_ = key;
    request_key_registry_ = std::move(registry);
    bucket_ = key->rate ? server_.rates.bucket_of(*key) : nullptr;
  }
  if (bucket_ && key->rate.value_or(0) > 0) {
    const auto taken = bucket_->take(*key->rate, request_.received_at);
    request_.rate = taken.state;
    if (!taken.allowed)
      return refuse({Errc::rate_limited,
                     "Rate limit exceeded, retry after " + std::to_string(taken.state.reset_seconds) + " seconds",
                     {}},
                    route_, request_);
  }
  if (!has_scope(*key, route_->scope))
    return refuse({Errc::forbidden, "This API key does not have the scope \"" + route_->scope + "\"", {}}, route_,
                  request_);
  return std::nullopt;
}

std::optional<HttpResponse> HttpSession::check_body_headers() {
  if (const auto expect = request_.header("expect"); expect && !boost::beast::iequals(*expect, "100-continue"))
    return refuse_with(417, "The only expectation met is 100-continue", route_, request_);
  if (parser_->is_done()) return std::nullopt;
  if (route_->body_bytes_max == 0) return refuse({Errc::invalid, "This route takes no body", {}}, route_, request_);
  if (const auto encoding = request_.header("content-encoding");
      encoding && !is_gzip(*encoding) && !boost::beast::iequals(*encoding, "identity"))
    return refuse_with(415, "The Content-Encodings taken are gzip and identity", route_, request_);
  if (const auto length = parser_->content_length(); length && *length > route_->body_bytes_max)
    return refuse({Errc::too_large, "The body has more than " + std::to_string(route_->body_bytes_max) + " bytes", {}},
                  route_, request_);
  return std::nullopt;
}

void HttpSession::refuse_head(HttpResponse answer) {
  const auto length = parser_->content_length();
  if (parser_->is_done()) return send(std::move(answer));
  if (keep_alive_ && length && *length <= refused_body_bytes_max && !request_.header("expect")) {
    answer_ = std::move(answer);
    parser_->discard_body();
    phase_ = Phase::refusing;
    return expect_body();
  }
  keep_alive_ = false;
  unread_input_ = true;
  send(std::move(answer));
}

void HttpSession::refuse_broken(error_code ec) {
  stamp();
  keep_alive_ = false;
  unread_input_ = true;
  const auto& fault = parser_->fault();
  const auto status = fault.status != 0 ? fault.status : std::uint16_t{400};
  auto what = fault.status != 0 ? fault.what : "The request is not valid HTTP/1.1: " + ec.message();
  send(refuse_with(status, std::move(what), route_, request_));
}

void HttpSession::refuse_and_close(std::uint16_t status, const char* what) {
  stamp();
  keep_alive_ = false;
  unread_input_ = true;
  send(refuse_with(status, what, route_, request_));
}

void HttpSession::hand_over() {
  phase_ = Phase::handling;
  ++turn_;
  expire_in(server_.limits.reply_deadline);
  if (request_.body.capacity() < request_.body.size() + body_slack_bytes)
    request_.body.reserve(request_.body.size() + body_slack_bytes);
  in_handler_ = true;
  {
    auto ticket = std::make_shared<AnswerTicket>(loop_.box(), weak_from_this(), turn_);
    route_->handle(request_, [ticket = std::move(ticket)](HttpResponse answer) { ticket->give(std::move(answer)); });
  }
  in_handler_ = false;
  if (answer_) send(*std::exchange(answer_, std::nullopt));
}

void HttpSession::take_answer(std::uint64_t turn, std::optional<HttpResponse> answer) {
  if (turn != turn_ || phase_ != Phase::handling) return;
  if (!answer) answer = refuse({Errc::unavailable, "Nothing answers now; try again", {}}, route_, request_);
  if (in_handler_) {
    answer_ = std::move(answer);
    return;
  }
  send(std::move(*answer));
  advance();
}

void HttpSession::send(HttpResponse answer) {
  phase_ = Phase::sending;
  expire_in(server_.limits.write_deadline);
  if (server_.draining.load(std::memory_order_relaxed)) keep_alive_ = false;
  status_ = answer.status;
  const auto content_length = answer.body.size();
  out_body_ = request_.method == "HEAD" || status_ == 204 || status_ == 304 ? std::string{} : std::move(answer.body);
  compose(answer, content_length);
  const std::array<asio::const_buffer, 2> whole = {asio::buffer(out_head_), asio::buffer(out_body_)};
  error_code ec;
  const auto written = socket_.write_some(whole, ec);
  if (ec && ec != asio::error::would_block) return close();
  if (written == out_head_.size() + out_body_.size()) return on_sent();
  const auto in_head = std::min(written, out_head_.size());
  const std::array<asio::const_buffer, 2> rest = {asio::buffer(out_head_) + in_head,
                                                  asio::buffer(out_body_) + (written - in_head)};
  asio::async_write(socket_, rest, [self = shared_from_this()](error_code fault, std::size_t) {
    if (self->phase_ != Phase::sending) return;
    if (fault) return self->close();
    self->on_sent();
    self->advance();
  });
}

void HttpSession::compose(const HttpResponse& answer, std::size_t content_length) {
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(answer.status));
  const auto line = [&](std::string_view name, std::string_view value) {
    out_head_.append(name).append(": ").append(value).append("\r\n");
  };
  out_head_.assign("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ");
  out_head_.append(reason.data(), reason.size()).append("\r\n");
  bool has_request_id = false;
  for (const auto& [name, value] : answer.headers) {
    line(name, value);
    has_request_id = has_request_id || name == "X-Request-Id";
  }
  if (answer.status != 204) line("Content-Length", std::to_string(content_length));
  line("Date", loop_.date(request_.received_at));
  if (!has_request_id) line("X-Request-Id", request_.request_id);
  if (trace_.trace_id.empty()) trace_ = next_step(std::nullopt);  // the head was never read
  line("traceparent", format_traceparent(trace_));
  if (!keep_alive_)
    line("Connection", "close");
  else if (parser_ && parser_->is_header_done() && request_.header("connection"))
    line("Connection", "keep-alive");  // HTTP/1.0 asks for it to be said
  out_head_.append("\r\n");
}

void HttpSession::on_sent() {
  const auto routes = server_.router->routes().size();
  const auto index = route_ != nullptr ? static_cast<std::size_t>(route_ - server_.router->routes().data()) : routes;
  const auto took = Steady::now() - request_began_;
  server_.traffic->route(index).count(status_, took);
  server_.access.note({request_, route_, peer_, status_, trace_.trace_id, took});
  if (keep_alive_) return next_request();
  if (unread_input_ || buffer_.size() > 0) return linger();
  close();
}

void HttpSession::next_request() {
  phase_ = Phase::head;
  head_begun_ = false;
  parser_.reset();
  route_ = nullptr;
  if (request_.body.capacity() > kept_bytes_max) std::string().swap(request_.body);
  if (out_body_.capacity() > kept_bytes_max) std::string().swap(out_body_);
  if (buffer_.size() == 0 && buffer_.capacity() > kept_bytes_max) buffer_.shrink_to_fit();
  expire_in(server_.limits.idle_deadline);
}

void HttpSession::linger() {
  phase_ = Phase::lingering;
  expire_in(linger_span);
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  if (reading_) return;
  buffer_.consume(buffer_.size());
  read_more();
}

void HttpSession::expect_body() {
  body_began_ = Steady::now();
  body_bytes_ = buffer_.size();
  expire_in(server_.limits.body_deadline);
}

bool HttpSession::body_crawls(Steady::time_point now) const {
  if (phase_ != Phase::body && phase_ != Phase::refusing) return false;
  const auto so_far = std::chrono::duration_cast<std::chrono::milliseconds>(now - body_began_);
  if (so_far < server_.limits.body_rate_after) return false;
  return body_bytes_ * 1'000 < server_.limits.body_bytes_per_second_min * static_cast<std::size_t>(so_far.count());
}

void HttpSession::sweep(Steady::time_point now) {
  if (body_crawls(now)) return refuse_and_close(408, "The body of the request comes too slowly");
  if (now < deadline_) return;
  switch (phase_) {
    case Phase::head:
      if (!head_begun_) return close();
      return refuse_and_close(408, "The head of the request did not arrive in time");
    case Phase::body:
    case Phase::refusing: return refuse_and_close(408, "The body of the request did not arrive in time");
    case Phase::handling:
      ++turn_;  // an answer that still comes is forgotten
      send(refuse({Errc::unavailable, "No answer in time; try again", {}}, route_, request_));
      return advance();
    case Phase::sending:
    case Phase::lingering: return close();
    case Phase::closed: return;
  }
}

void HttpSession::drain() {
  if (phase_ == Phase::head && !head_begun_) close();
}

void HttpSession::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  error_code ignored;
  socket_.close(ignored);
  loop_.remove(place_);
}

}  // namespace leadlight::net
