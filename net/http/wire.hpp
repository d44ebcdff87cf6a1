// The bytes of one connection, plain or under TLS, without blocking: what is there now is read or written, and else
// waited for. Private to net/.
//
// Nothing is held for a connection that waits: a buffer is needed only once bytes have come. TLS works on the socket's
// descriptor itself, so that it adds its own state and no copies.
#pragma once

#include "net/http/tls.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace leadlight::net {

class Wire {
 public:
  using error_code = boost::system::error_code;
  using Parts = std::array<boost::asio::const_buffer, 2>;

  /// `tls` none: a plain connection.
  Wire(boost::asio::ip::tcp::socket socket, SslPtr tls);

  [[nodiscard]] bool encrypted() const { return tls_ != nullptr; }
  /// Goes on with the handshake of TLS. `ec` would_block: wait, and call again.
  void shake_hands(error_code& ec);
  /// `ec` would_block: nothing is there now; eof: the peer sends no more.
  std::size_t read_some(boost::asio::mutable_buffer room, error_code& ec);
  /// Writes as much as fits now; `ec` would_block: less than everything. What was not written is given again,
  /// unchanged.
  std::size_t write_some(const Parts& parts, error_code& ec);
  /// Whether bytes wait that the socket does not announce any more.
  [[nodiscard]] bool holds_unread() const;

  /// Until the socket is ready for what reading would last have waited for.
  template <class Handler>
  void wait_to_read(Handler handler) {
    socket_.async_wait(read_wants_write_ ? Socket::wait_write : Socket::wait_read, std::move(handler));
  }
  /// Until the socket is ready for what writing would last have waited for.
  template <class Handler>
  void wait_to_write(Handler handler) {
    socket_.async_wait(write_wants_read_ ? Socket::wait_read : Socket::wait_write, std::move(handler));
  }

  /// Tells the peer that nothing more will come.
  void end_sending();
  void close();

 private:
  using Socket = boost::asio::ip::tcp::socket;

  /// Why the last call of OpenSSL, which returned `result`, did nothing.
  error_code reason(int result, bool& wants_other, int other);

  Socket socket_;
  SslPtr tls_;
  bool read_wants_write_ = false;  // of TLS, when keys are renewed
  bool write_wants_read_ = false;
  bool shaken_ = false;  // the handshake is done
  bool broken_ = false;  // TLS must not be used any more
};

}  // namespace leadlight::net
