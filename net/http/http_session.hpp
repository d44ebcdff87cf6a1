// One connection: reads a request, hands it to its route, sends the answer, and again, in order.
//
// While a request is being answered nothing is read, so a sender that pipelines waits in its own socket. Lives on one
// io thread; private to net/.
#pragma once

#include "net/authentication.hpp"
#include "net/http/event_source.hpp"
#include "net/http/http.hpp"
#include "net/http/io_loop.hpp"
#include "net/http/request_parser.hpp"
#include "net/http/trace_context.hpp"
#include "net/http/wire.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace leadlight::net {

class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(IoLoop& loop, Wire wire, const boost::asio::ip::address& peer);

  void start(IoLoop::Sessions::iterator place);
  /// Ends whatever has passed its deadline.
  void sweep(std::chrono::steady_clock::time_point now);
  /// The server is closing: no further request.
  void drain();
  void close();

  /// The answer to request number `turn`; none: nobody gave one. Later ones are forgotten.
  void take_answer(std::uint64_t turn, std::optional<HttpResponse> answer);
  [[nodiscard]] const boost::asio::ip::address& peer() const { return peer_; }
  [[nodiscard]] bool in_handler(std::uint64_t turn) const { return in_handler_ && turn == turn_; }

 private:
  enum class Phase : std::uint8_t {
    greeting,   // the handshake of TLS
    head,       // between requests, or reading a head
    body,       // reading a body that will be handled
    refusing,   // reading a body to its end, to answer a refusal on a connection that stays
    handling,   // the route has it
    sending,    // the answer is on its way
    streaming,  // the answer goes on, and there is nothing to say now
    lingering,  // answered and shut down; what still comes in is thrown away, so that the answer is not lost to a reset
    closed,
  };
  using Steady = std::chrono::steady_clock;
  using error_code = boost::system::error_code;
  static constexpr std::size_t stream_bytes_kept_max = 16 * 1024;  // between two writes

  void greet();
  void advance();
  void begin_head();
  bool fill();
  void wait_for_bytes();
  void on_readable(error_code ec);
  void drain_input();
  [[nodiscard]] bool has_bare_line_feed() const;
  void on_head();
  void stamp();
  void join_trace();
  std::optional<HttpResponse> check_head();
  std::optional<HttpResponse> check_target(std::string& path);
  std::optional<HttpResponse> check_key();
  std::optional<HttpResponse> check_found_key();
  std::optional<HttpResponse> admit(std::optional<std::string_view> authorization);
  std::optional<HttpResponse> check_rates(const actors::KeyView& key);
  std::optional<HttpResponse> check_crowd(const actors::KeyView& key);
  std::optional<HttpResponse> check_body_headers();
  void refuse_head(HttpResponse answer);
  void invite_body();
  void hand_over();
  void refuse_broken(error_code ec);
  void refuse_and_close(std::uint16_t status, const char* what);
  void send(HttpResponse answer);
  void write_rest();
  void compose(const HttpResponse& answer, std::size_t content_length);
  void count_answer();
  void on_sent();
  void begin_stream();
  void stream_more();
  void write_stream();
  void continue_stream();
  void beat();
  void end_stream(EventSource::End end);
  void next_request();
  void linger();
  void give_back_memory();
  [[nodiscard]] bool body_crawls(Steady::time_point now) const;
  void expect_body();
  bool count_body();
  void refuse_crowded_body();
  void release_body();
  void expire_in(std::chrono::milliseconds span) { deadline_ = Steady::now() + span; }

  IoLoop& loop_;
  ServerContext& server_;
  Wire wire_;
  boost::asio::ip::address peer_;
  IoLoop::Sessions::iterator place_{};
  boost::beast::flat_buffer buffer_;
  std::optional<RequestParser> parser_;
  HttpRequest request_;
  TraceContext trace_;  // our step; empty before the head is read
  std::string target_;
  Authenticator authenticator_;
  const actors::KeyView* request_key_of_ = nullptr;               // what `request_.key` was copied from …
  std::shared_ptr<const actors::Registry> request_key_registry_;  // … and its registry
  std::shared_ptr<RateBucket> bucket_;                            // of that key …
  std::shared_ptr<RateBucket> organisation_bucket_;               // … and of its organisation
  const Route* route_ = nullptr;
  std::string out_head_;
  std::string out_body_;
  std::string_view standing_body_;       // instead of `out_body_`, unless empty
  std::shared_ptr<EventSource> events_;  // of an answer that goes on
  std::optional<HttpResponse> answer_;   // given inside the handler, or a refusal that waits for its body
  Steady::time_point deadline_{};
  Steady::time_point request_began_{};
  Steady::time_point body_began_{};
  Steady::time_point idle_since_{};
  std::size_t sent_bytes_ = 0;    // of the answer
  std::size_t body_bytes_ = 0;    // as they came in, framing included
  std::size_t body_counted_ = 0;  // of the server's memory for bodies
  std::uint64_t turn_ = 0;
  std::size_t head_bytes_ = 0;
  std::size_t requests_ = 0;
  std::uint16_t status_ = 0;
  Phase phase_ = Phase::head;
  std::uint8_t reads_left_ = 0;  // before the other connections have their turn
  bool reading_ = false;         // waiting for bytes
  bool head_begun_ = false;
  bool streaming_ = false;
  bool memory_given_back_ = false;
  bool stamped_ = false;
  bool keep_alive_ = true;
  bool in_handler_ = false;
  bool packed_ = false;        // the body comes in gzip
  bool unread_input_ = false;  // the peer may still be sending what nobody will read
};

}  // namespace leadlight::net
