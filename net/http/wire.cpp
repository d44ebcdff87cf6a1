#include "net/http/wire.hpp"

#include <boost/asio/error.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

namespace leadlight::net {
namespace {

namespace asio = boost::asio;

// The kernel would take megabytes for a peer that reads nothing; what it has not sent yet stays below this.
constexpr int unsent_bytes_max = 64 * 1024;
constexpr std::size_t record_bytes = 16 * 1024;  // RFC 8446, 5.1

/// What follows the first `skip` bytes of `parts`, as much as one record of TLS holds.
std::size_t gather(const Wire::Parts& parts, std::size_t skip, std::array<char, record_bytes>& to) {
  std::size_t filled = 0;
  for (const auto& part : parts) {
    const auto passed = std::min(skip, part.size());
    skip -= passed;
    const auto taken = std::min(part.size() - passed, to.size() - filled);
    if (taken > 0) std::memcpy(to.data() + filled, static_cast<const char*>(part.data()) + passed, taken);
    filled += taken;
  }
  return filled;
}

}  // namespace

Wire::Wire(Socket socket, SslPtr tls) : socket_(std::move(socket)), tls_(std::move(tls)) {
  error_code ec;
  socket_.set_option(asio::ip::tcp::no_delay(true), ec);
  socket_.non_blocking(true, ec);
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes_max, sizeof unsent_bytes_max);
}

Wire::error_code Wire::reason(int result, bool& wants_other, int other) {
  const int cause = SSL_get_error(tls_.get(), result);
  wants_other = cause == other;
  if (cause == SSL_ERROR_WANT_READ || cause == SSL_ERROR_WANT_WRITE) return asio::error::would_block;
  broken_ = cause != SSL_ERROR_ZERO_RETURN;
  if (cause == SSL_ERROR_SYSCALL && errno != 0) return {errno, boost::system::system_category()};
  if (cause == SSL_ERROR_SYSCALL || cause == SSL_ERROR_ZERO_RETURN) return asio::error::eof;
  return asio::error::connection_aborted;
}

void Wire::shake_hands(error_code& ec) {
  ec = {};
  ERR_clear_error();
  const int result = SSL_do_handshake(tls_.get());
  shaken_ = result == 1;
  if (!shaken_) ec = reason(result, read_wants_write_, SSL_ERROR_WANT_WRITE);
}

std::size_t Wire::read_some(asio::mutable_buffer room, error_code& ec) {
  if (!tls_) return socket_.read_some(asio::buffer(room), ec);
  ec = {};
  ERR_clear_error();
  const auto most = std::min<std::size_t>(room.size(), std::numeric_limits<int>::max());
  const int got = SSL_read(tls_.get(), room.data(), static_cast<int>(most));
  if (got > 0) return static_cast<std::size_t>(got);
  ec = reason(got, read_wants_write_, SSL_ERROR_WANT_WRITE);
  return 0;
}

std::size_t Wire::write_some(const Parts& parts, error_code& ec) {
  if (!tls_) return socket_.write_some(parts, ec);
  ec = {};
  std::array<char, record_bytes> record;  // NOLINT: filled as far as it is used
  std::size_t written = 0;
  while (const auto size = gather(parts, written, record)) {
    ERR_clear_error();
    const int taken = SSL_write(tls_.get(), record.data(), static_cast<int>(size));
    if (taken <= 0) {
      ec = reason(taken, write_wants_read_, SSL_ERROR_WANT_READ);
      break;
    }
    written += static_cast<std::size_t>(taken);
  }
  return written;
}

bool Wire::holds_unread() const {
  return tls_ && SSL_pending(tls_.get()) > 0;
}

void Wire::end_sending() {
  error_code ignored;
  if (shaken_ && !broken_) {
    ERR_clear_error();
    SSL_shutdown(tls_.get());  // the alert alone; the peer's is not waited for
    broken_ = true;
  }
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Wire::close() {
  if (shaken_ && !broken_) end_sending();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace leadlight::net
