#include "net/http/http_session.hpp"

#include "net/refusal.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>

namespace leadlight::net {
namespace {

namespace asio = boost::asio;
using engine::Errc;

constexpr std::size_t read_bytes = 4 * 1024;
constexpr std::size_t body_read_bytes = 64 * 1024;
/// What a connection keeps between requests, at most, of its buffers.
constexpr std::size_t kept_bytes_max = 16 * 1024;
/// A refused request's body up to this size is read to its end, so that the connection can stay.
constexpr std::size_t refused_body_bytes_max = 256 * 1024;
/// Reads of one connection in a row.
constexpr std::uint8_t reads_in_turn = 2;
/// After this long without a request a connection gives back what it keeps for the next one.
constexpr std::chrono::milliseconds memory_kept_for{1'000};
constexpr std::chrono::milliseconds linger_span{2'000};
/// Room behind a body, so that the JSON reader needs no copy.
constexpr std::size_t body_slack_bytes = 64;
// Of an answer, for each of which there is a whole write deadline: 1 KiB/s at least.
constexpr std::size_t write_step_bytes = 16 * 1024;

}  // namespace

HttpSession::HttpSession(IoLoop& loop, Wire wire, const asio::ip::address& peer)
    : loop_(loop), server_(loop.server()), wire_(std::move(wire)), peer_(peer) {}

void HttpSession::start(IoLoop::Sessions::iterator place) {
  place_ = place;
  request_.remote = peer_.to_string();
  idle_since_ = Steady::now();
  if (wire_.encrypted()) {
    phase_ = Phase::greeting;
    expire_in(server_.limits.handshake_deadline);
    return greet();
  }
  expire_in(server_.limits.idle_deadline);
  advance();
}

void HttpSession::greet() {
  error_code ec;
  wire_.shake_hands(ec);
  if (ec == asio::error::would_block) return wait_for_bytes();
  if (ec) {
    server_.traffic->handshakes_failed.fetch_add(1, std::memory_order_relaxed);
    return close();
  }
  phase_ = Phase::head;
  reads_left_ = reads_in_turn;
  expire_in(server_.limits.idle_deadline);
  advance();
}

void HttpSession::advance() {
  while (phase_ == Phase::head || phase_ == Phase::body || phase_ == Phase::refusing) {
    if (!head_begun_) begin_head();
    if (buffer_.size() == 0 || !head_begun_) {
      if (!fill()) return;
      continue;
    }
    error_code ec;
    const auto used = parser_->read(buffer_.data(), ec);
    buffer_.consume(used);
    if (phase_ == Phase::body && !count_body()) return refuse_crowded_body();
    if (phase_ == Phase::head) {
      head_bytes_ += used;
      const auto head_so_far = head_bytes_ + (parser_->is_header_done() ? 0 : buffer_.size());
      if (ec == boost::beast::http::error::header_limit || head_so_far > server_.limits.header_bytes_max)
        return refuse_and_close(431, "The head of the request is too long");
    }
    // What the parser leaves in the buffer of a body is the start of a chunk's head, which is short.
    if (ec == boost::beast::http::error::need_more && buffer_.size() <= server_.limits.header_bytes_max) {
      if (has_bare_line_feed()) return refuse_and_close(400, "A line ends in LF without CR");
      if (!fill()) return;
      continue;
    }
    if (ec) return refuse_broken(ec);
    if (phase_ == Phase::head && parser_->is_header_done()) on_head();
    if (phase_ == Phase::body && parser_->is_done()) hand_over();
    if (phase_ == Phase::refusing && parser_->is_done()) send(*std::exchange(answer_, std::nullopt));
  }
}

void HttpSession::begin_head() {
  const auto unread = buffer_.cdata();
  std::string_view bytes(static_cast<const char*>(unread.data()), unread.size());
  for (; bytes.starts_with("\r\n"); bytes.remove_prefix(2))
    buffer_.consume(2);  // RFC 9112, 2.2: an empty line before a request is passed over
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

/// The parser waits for the end of a head or of a chunk's line, which a line feed without CR never is.
bool HttpSession::has_bare_line_feed() const {
  const auto unread = buffer_.cdata();
  const std::string_view bytes(static_cast<const char*>(unread.data()), unread.size());
  for (auto at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1))
    if (at == 0 || bytes[at - 1] != '\r') return true;
  return false;
}

/// Reads what has come in; else waits for it. True: there is more in the buffer.
bool HttpSession::fill() {
  if (reading_) return false;
  const bool may_have_come = reads_left_ > 0 || wire_.holds_unread();
  if (!may_have_come) {
    wait_for_bytes();
    return false;
  }
  if (reads_left_ > 0) --reads_left_;
  error_code ec;
  const auto got = wire_.read_some(buffer_.prepare(phase_ == Phase::head ? read_bytes : body_read_bytes), ec);
  if (ec == asio::error::would_block) {
    // Who lets the server wait for a body does not keep the room of a whole read.
    if (phase_ != Phase::head || (!head_begun_ && buffer_.size() == 0 && memory_given_back_)) buffer_.shrink_to_fit();
    wait_for_bytes();
    return false;
  }
  if (ec) {
    close();
    return false;
  }
  buffer_.commit(got);
  body_bytes_ += got;
  return true;
}

void HttpSession::wait_for_bytes() {
  reading_ = true;
  wire_.wait_to_read([self = shared_from_this()](error_code ec) { self->on_readable(ec); });
}

void HttpSession::on_readable(error_code ec) {
  reading_ = false;
  if (phase_ == Phase::closed) return;
  if (ec) return close();
  reads_left_ = reads_in_turn;
  if (phase_ == Phase::greeting) return greet();
  if (phase_ == Phase::lingering || streaming_) return drain_input();
  advance();
}

/// Throws away what still comes.
void HttpSession::drain_input() {
  std::array<char, read_bytes> nobody_reads;  // NOLINT: never looked at
  error_code ec;
  for (std::uint8_t i = 0; i < reads_in_turn && !ec; ++i) wire_.read_some(asio::buffer(nobody_reads), ec);
  if (ec && ec != asio::error::would_block) return close();
  wait_for_bytes();
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
  const bool takes_no_body = request_.method == "GET" || request_.method == "HEAD";
  if (takes_no_body && !parser_->is_done()) keep_alive_ = false;  // others may see a second request in that body
  if (auto refusal = check_head()) return refuse_head(std::move(*refusal));
  parser_->keep_body(route_->body_bytes_max, packed_);
  phase_ = Phase::body;
  if (parser_->is_done()) return;
  expect_body();
  // Memory goes with the bytes that come, not with what was announced.
  if (const auto length = parser_->content_length())
    request_.body.reserve(std::min<std::uint64_t>(*length, kept_bytes_max - body_slack_bytes) + body_slack_bytes);
  if (request_.header("expect") && buffer_.size() == 0) invite_body();
}

void HttpSession::invite_body() {
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  error_code ec;
  // Nothing else is in the socket's buffer, so these 25 bytes fit; if not, the sender goes on by itself.
  wire_.write_some({asio::buffer(go_on.data(), go_on.size()), {}}, ec);
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
  if (!route_->key_in_head)
    if (auto refusal = check_found_key()) return send(std::move(*refusal));
  phase_ = Phase::handling;
  ++turn_;
  expire_in(server_.limits.reply_deadline);
  if (request_.body.capacity() < request_.body.size() + body_slack_bytes)
    request_.body.reserve(request_.body.size() + body_slack_bytes);
  count_body();
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
  release_body();
  expire_in(server_.limits.write_deadline);
  if (server_.draining.load(std::memory_order_relaxed)) keep_alive_ = false;
  status_ = answer.status;
  if (answer.events && request_.method != "HEAD") {
    events_ = std::move(answer.events);
    keep_alive_ = false;  // the end of such a body is that of the connection
  }
  const auto content_length = answer.standing_body.empty() ? answer.body.size() : answer.standing_body.size();
  const bool without_body = request_.method == "HEAD" || status_ == 204 || status_ == 304;
  out_body_ = without_body ? std::string{} : std::move(answer.body);
  standing_body_ = without_body ? std::string_view{} : answer.standing_body;
  compose(answer, content_length);
  sent_bytes_ = 0;
  write_rest();
}

/// Sends what fits; waits for room for the rest.
void HttpSession::write_rest() {
  const auto in_head = std::min(sent_bytes_, out_head_.size());
  const std::string_view body = standing_body_.empty() ? out_body_ : standing_body_;
  error_code ec;
  const auto sent = wire_.write_some(
      {asio::buffer(out_head_) + in_head, asio::buffer(body.data(), body.size()) + (sent_bytes_ - in_head)}, ec);
  // A slow reader is served as long as it goes on reading: the deadline is that of each step.
  if ((sent_bytes_ + sent) / write_step_bytes > sent_bytes_ / write_step_bytes)
    expire_in(server_.limits.write_deadline);
  sent_bytes_ += sent;
  if (ec && ec != asio::error::would_block) return close();
  if (sent_bytes_ == out_head_.size() + body.size()) return on_sent();
  wire_.wait_to_write([self = shared_from_this()](error_code fault) {
    if (self->phase_ != Phase::sending) return;
    if (fault) return self->close();
    self->write_rest();
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
  if (answer.status != 204 && !events_) line("Content-Length", std::to_string(content_length));
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

/// Tells of the answer: to the metrics and to the log.
void HttpSession::count_answer() {
  const auto routes = server_.router->routes().size();
  const auto index = route_ != nullptr ? static_cast<std::size_t>(route_ - server_.router->routes().data()) : routes;
  const auto took = Steady::now() - request_began_;
  server_.traffic->route(index).count(status_, took);
  server_.access.note({request_, route_, peer_, status_, trace_.trace_id, took});
}

void HttpSession::on_sent() {
  if (streaming_) return continue_stream();
  count_answer();
  if (events_) return begin_stream();
  if (keep_alive_) return next_request();
  if (unread_input_ || buffer_.size() > 0) return linger();
  close();
}

void HttpSession::next_request() {
  phase_ = Phase::head;
  head_begun_ = false;
  parser_.reset();
  route_ = nullptr;
  if (out_body_.capacity() > kept_bytes_max) std::string().swap(out_body_);
  if (buffer_.size() == 0 && buffer_.capacity() > kept_bytes_max) buffer_.shrink_to_fit();
  memory_given_back_ = false;
  reads_left_ = 0;  // the next request is seldom there already
  idle_since_ = Steady::now();
  expire_in(server_.limits.idle_deadline);
}

/// A connection that only waits keeps no buffers: thousands do.
void HttpSession::give_back_memory() {
  memory_given_back_ = true;
  buffer_.shrink_to_fit();
  auto remote = std::move(request_.remote);
  request_ = {};
  request_.remote = std::move(remote);
  request_key_of_ = nullptr;
  request_key_registry_.reset();
  for (auto* text : {&target_, &out_head_, &out_body_}) std::string().swap(*text);
}

void HttpSession::linger() {
  phase_ = Phase::lingering;
  expire_in(linger_span);
  wire_.end_sending();
  buffer_.consume(buffer_.size());
  buffer_.shrink_to_fit();
  if (!reading_) wait_for_bytes();
}

void HttpSession::expect_body() {
  body_began_ = Steady::now();
  body_bytes_ = buffer_.size();
  expire_in(server_.limits.body_deadline);
}

/// Counts the memory that the body takes now; false: all bodies together take more than they may. A small body is not
/// counted, so that senders of single records go on while others fill the memory.
bool HttpSession::count_body() {
  const auto taken = request_.body.capacity();
  const auto counted = taken > kept_bytes_max ? taken : 0;
  if (counted <= body_counted_) return true;
  const auto more = counted - std::exchange(body_counted_, counted);
  const auto before = server_.traffic->bodies_bytes.fetch_add(more, std::memory_order_relaxed);
  return before + more <= server_.limits.bodies_bytes_max;
}

void HttpSession::refuse_crowded_body() {
  server_.traffic->bodies_refused.fetch_add(1, std::memory_order_relaxed);
  keep_alive_ = false;
  unread_input_ = true;
  send(refuse({Errc::unavailable, "The requests under way take all the memory they may; send it again", {}}, route_,
              request_));
}

/// The request is answered: nobody looks at its body any more.
void HttpSession::release_body() {
  if (request_.body.capacity() > kept_bytes_max) std::string().swap(request_.body);
  server_.traffic->bodies_bytes.fetch_sub(std::exchange(body_counted_, 0), std::memory_order_relaxed);
}

bool HttpSession::body_crawls(Steady::time_point now) const {
  if (phase_ != Phase::body && phase_ != Phase::refusing) return false;
  const auto so_far = std::chrono::duration_cast<std::chrono::milliseconds>(now - body_began_);
  if (so_far < server_.limits.body_rate_after) return false;
  return body_bytes_ * 1'000 < server_.limits.body_bytes_per_second_min * static_cast<std::size_t>(so_far.count());
}

void HttpSession::sweep(Steady::time_point now) {
  if (body_crawls(now)) return refuse_and_close(408, "The body of the request comes too slowly");
  const bool idle = phase_ == Phase::head && !head_begun_ && buffer_.size() == 0;
  if (idle && !memory_given_back_ && now - idle_since_ > memory_kept_for) give_back_memory();
  if (now < deadline_) return;
  switch (phase_) {
    case Phase::greeting: server_.traffic->handshakes_failed.fetch_add(1, std::memory_order_relaxed); return close();
    case Phase::head:
      if (!head_begun_) return close();
      return refuse_and_close(408, "The head of the request did not arrive in time");
    case Phase::body:
    case Phase::refusing: return refuse_and_close(408, "The body of the request did not arrive in time");
    case Phase::handling:
      ++turn_;  // an answer that still comes is forgotten
      send(refuse({Errc::unavailable, "No answer in time; try again", {}}, route_, request_));
      return advance();
    case Phase::streaming: return beat();
    case Phase::sending:
      if (streaming_)
        end_stream(EventSource::End::stalled);
      else
        count_answer();  // as far as it was taken
      return close();
    case Phase::lingering: return close();
    case Phase::closed: return;
  }
}

void HttpSession::drain() {
  if ((phase_ == Phase::head && !head_begun_) || phase_ == Phase::greeting) close();
  if (phase_ == Phase::streaming) end_stream(EventSource::End::draining);
}

void HttpSession::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  release_body();
  end_stream(EventSource::End::gone);
  wire_.close();
  loop_.remove(place_);
}

}  // namespace leadlight::net
