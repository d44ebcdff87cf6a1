// Reads server-sent events from a socket, as the HTML standard says they are to be read.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::test {

struct SseEvent {
  std::string type = "message";
  std::string id;  // the last one that was sent
  std::string data;
};

class SseClient {
 public:
  /// Connects to "127.0.0.1:PORT" and asks; reading waits `patience_ms` at most. `receive_bytes`: of the socket's
  /// buffer, 0: the system's choice.
  SseClient(const std::string& address, const std::string& target, const std::string& key,
            const std::string& last_event_id = {}, int patience_ms = 10'000, int receive_bytes = 0)
      : id_(last_event_id), socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_bytes > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    const timeval patience{patience_ms / 1'000, patience_ms % 1'000 * 1'000};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return;  // NOLINT
    std::string request = "GET " + target + " HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer " + key + "\r\n";
    if (!last_event_id.empty()) request += "Last-Event-ID: " + last_event_id + "\r\n";
    request += "\r\n";
    ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
  }
  SseClient(const SseClient&) = delete;
  SseClient& operator=(const SseClient&) = delete;
  ~SseClient() { ::close(socket_); }

  /// 0: no answer came.
  int status() {
    while (head_.empty()) {
      const auto end = unread_.find("\r\n\r\n");
      if (end != std::string::npos) {
        head_ = unread_.substr(0, end + 2);
        unread_.erase(0, end + 4);
      } else if (!more()) {
        return 0;
      }
    }
    return std::stoi(head_.substr(9, 3));
  }
  /// Status line and fields.
  [[nodiscard]] const std::string& head() const { return head_; }

  /// The next event; none: the stream ended, or nothing came in time.
  std::optional<SseEvent> next() {
    if (status() == 0) return std::nullopt;
    SseEvent event;
    for (;;) {
      std::size_t end = 0;
      while ((end = unread_.find('\n')) == std::string::npos)
        if (!more()) return std::nullopt;
      const auto line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      if (line.empty()) {
        id_ = pending_id_;
        event.id = id_;
        if (!event.data.empty()) return event;
        event = {};
      } else if (line.front() == ':') {
        ++comments_;
      } else {
        take_field(event, line);
      }
    }
  }

  [[nodiscard]] const std::string& last_event_id() const { return id_; }
  [[nodiscard]] int comments() const { return comments_; }
  /// The server has closed the connection, rather than kept silent.
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  void take_field(SseEvent& event, const std::string& line) {
    const auto colon = std::min(line.find(':'), line.size());
    const auto name = std::string_view(line).substr(0, colon);
    auto value = line.substr(std::min(colon + 1, line.size()));
    if (value.starts_with(' ')) value.erase(0, 1);
    if (name == "event") event.type = value;
    if (name == "data") event.data += (event.data.empty() ? "" : "\n") + value;
    if (name == "id") pending_id_ = value;
  }

  bool more() {
    char piece[16'384];  // NOLINT
    const auto got = ::recv(socket_, piece, sizeof piece, 0);
    ended_ = got == 0 || (got < 0 && errno == ECONNRESET);
    if (got <= 0) return false;
    unread_.append(piece, static_cast<std::size_t>(got));
    return true;
  }

  std::string id_;
  std::string pending_id_ = id_;
  int socket_;
  int comments_ = 0;
  bool ended_ = false;
  std::string head_;
  std::string unread_;
};

}  // namespace leadlight::test
