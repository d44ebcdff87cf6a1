// A client that sends bytes as they stand and reads HTTP/1.1 answers: for what a well-behaved client would never send.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::test {

struct RawAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names lower-cased
  std::string body;

  [[nodiscard]] std::string header(std::string_view name) const {
    for (const auto& [own, value] : headers)
      if (own == name) return value;
    return {};
  }
};

class RawClient {
 public:
  /// Connects to "127.0.0.1:PORT". Reading waits 10 s at most. `receive_bytes` above 0: the kernel takes about as much
  /// that nobody has read.
  explicit RawClient(const std::string& address, int receive_bytes = 0) : receive_bytes_(receive_bytes) {
    connect(address);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { ::close(socket_); }

  /// Goes on with a connection of its own.
  void reconnect(const std::string& address) {
    ::close(socket_);
    unread_.clear();
    connect(address);
  }
  [[nodiscard]] bool connected() const { return connected_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Sends a request with Host and, where there is a body, Content-Length.
  bool request(const std::string& method, const std::string& target, const std::string& body = {},
               const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    std::string bytes = method + " " + target + " HTTP/1.1\r\nHost: test\r\n";
    for (const auto& [name, value] : headers) bytes.append(name).append(": ").append(value).append("\r\n");
    if (!body.empty()) bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return send(bytes + "\r\n" + body);
  }

  /// The next answer; none when the connection ends before a whole one.
  std::optional<RawAnswer> read_answer(bool without_body = false) {
    std::size_t end = 0;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos)
      if (!more()) return std::nullopt;
    RawAnswer answer = parse_head(unread_.substr(0, end));
    unread_.erase(0, end + 4);
    const auto length = answer.header("content-length");
    const auto bytes = without_body || length.empty() ? 0 : static_cast<std::size_t>(std::stoul(length));
    while (unread_.size() < bytes)
      if (!more()) return std::nullopt;
    answer.body = unread_.substr(0, bytes);
    unread_.erase(0, bytes);
    return answer;
  }

  /// Up to `most` bytes of what comes next; empty: the connection has ended.
  std::string read_some(std::size_t most) {
    if (unread_.empty() && !more(most)) return {};
    auto piece = unread_.substr(0, most);
    unread_.erase(0, piece.size());
    return piece;
  }

  /// Whether the server has closed, with nothing unread.
  bool ended() { return unread_.empty() && !more(); }

 private:
  void connect(const std::string& address) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (receive_bytes_ > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_bytes_, sizeof receive_bytes_);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;  // NOLINT
  }

  bool more(std::size_t most = SIZE_MAX) {
    char piece[16'384];  // NOLINT
    const auto got = ::recv(socket_, piece, std::min(most, sizeof piece), 0);
    if (got <= 0) return false;
    unread_.append(piece, static_cast<std::size_t>(got));
    return true;
  }

  static RawAnswer parse_head(const std::string& head) {
    RawAnswer answer;
    std::size_t line = head.find("\r\n");
    answer.status = std::stoi(head.substr(9, 3));
    while (line != std::string::npos) {
      const auto from = line + 2;
      line = head.find("\r\n", from);
      const auto text = head.substr(from, line == std::string::npos ? line : line - from);
      auto name = text.substr(0, text.find(':'));
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      answer.headers.emplace_back(name, text.substr(std::min(text.size(), name.size() + 2)));
    }
    return answer;
  }

  int receive_bytes_ = 0;
  int socket_ = -1;
  bool connected_ = false;
  std::string unread_;
};

}  // namespace leadlight::test
