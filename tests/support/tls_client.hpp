// A blocking TLS client over loopback that checks no certificate, but says whose it was shown.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>

namespace leadlight::test {

class TlsClient {
 public:
  struct Wishes {
    int version_min = TLS1_2_VERSION;
    int version_max = TLS1_3_VERSION;
    std::string protocols = {};  // of ALPN, each after its length; empty: none offered
  };

  /// Connects to "127.0.0.1:PORT" and shakes hands. Reading waits 10 s at most.
  explicit TlsClient(const std::string& address) : TlsClient(address, Wishes{}) {}
  TlsClient(const std::string& address, const Wishes& wishes) {
    std::signal(SIGPIPE, SIG_IGN);
    SSL_CTX_set_min_proto_version(context_.get(), wishes.version_min);
    SSL_CTX_set_max_proto_version(context_.get(), wishes.version_max);
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_cipher_list(context_.get(), "ALL");
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return;  // NOLINT
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), socket_);
    if (!wishes.protocols.empty())
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wishes.protocols.data()),  // NOLINT
                          static_cast<unsigned>(wishes.protocols.size()));
    ERR_clear_error();
    shaken_ = SSL_connect(ssl_.get()) == 1;
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  ~TlsClient() {
    ssl_.reset();
    ::close(socket_);
  }

  [[nodiscard]] bool shaken() const { return shaken_; }
  [[nodiscard]] std::string version() const { return SSL_get_version(ssl_.get()); }
  [[nodiscard]] std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};  // NOLINT
  }
  /// The common name of the certificate shown.
  [[nodiscard]] std::string shown() const {
    const std::unique_ptr<X509, void (*)(X509*)> certificate(SSL_get1_peer_certificate(ssl_.get()), X509_free);
    std::array<char, 100> name{};
    if (certificate)
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name.data(), name.size());
    return name.data();
  }

  bool send(std::string_view bytes) {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
  }

  /// The next answer's head and body; empty when the connection ended first.
  std::string read_answer() {
    std::size_t end = 0;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos)
      if (!more()) return {};
    const auto at = unread_.find("Content-Length: ");
    const auto size = end + 4 + (at < end ? std::stoul(unread_.substr(at + 16)) : 0);
    while (unread_.size() < size)
      if (!more()) return {};
    auto answer = unread_.substr(0, size);
    unread_.erase(0, size);
    return answer;
  }
  std::string exchange(std::string_view bytes) { return send(bytes) ? read_answer() : std::string{}; }

  /// Whether the server has said goodbye, with nothing unread: the alert close_notify, not just an end.
  bool ended_well() {
    if (!unread_.empty() || more()) return false;
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

 private:
  bool more() {
    std::array<char, 16'384> piece;  // NOLINT: filled by SSL_read
    ERR_clear_error();
    const int got = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
    if (got > 0) unread_.append(piece.data(), static_cast<std::size_t>(got));
    return got > 0;
  }

  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  int socket_ = -1;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_{nullptr, SSL_free};
  bool shaken_ = false;
  std::string unread_;
};

}  // namespace leadlight::test
