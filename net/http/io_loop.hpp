// One io thread and the connections that live on it. Nothing of a connection is shared between threads, so nothing
// locks. Private to net/.
#pragma once

#include "actors/protocol.hpp"
#include "net/http/access_log.hpp"
#include "net/http/answer_box.hpp"
#include "net/http/http.hpp"
#include "net/http/rate_limit.hpp"
#include "net/http/tls.hpp"
#include "net/http/traffic.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

namespace leadlight::net {

class HttpSession;

/// What every connection of a server looks at.
struct ServerContext {
  std::shared_ptr<const Router> router;
  actors::SwitchboardPtr switchboard;
  actors::ClockPtr clock;
  HttpLimits limits;
  std::shared_ptr<const TlsIdentity> tls;  // none: plain connections
  std::shared_ptr<Traffic> traffic;
  RateLimiter rates;
  std::atomic<bool> draining{false};
  std::function<void(const boost::asio::ip::address& peer)> connection_closed;  // Thread: any
  AccessLog access;
};

class IoLoop {
 public:
  using Sessions = std::list<std::shared_ptr<HttpSession>>;

  explicit IoLoop(ServerContext& server);
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;
  ~IoLoop();

  void run();   // starts the thread
  void stop();  // ends the thread and every connection
  /// Closes idle connections; the others close after their answer. Thread: any.
  void drain();

  /// All below: on this loop's thread.
  void adopt(boost::asio::ip::tcp::socket socket, const boost::asio::ip::address& peer);
  void remove(Sessions::iterator session);
  /// The Date header's value at `now`.
  const std::string& date(engine::Timestamp now);

  boost::asio::io_context& context() { return context_; }
  [[nodiscard]] ServerContext& server() const { return server_; }
  [[nodiscard]] const std::shared_ptr<AnswerBox>& box() const { return box_; }

 private:
  void sweep_later();

  ServerContext& server_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::shared_ptr<AnswerBox> box_;
  boost::asio::steady_timer sweep_timer_;
  bool sweeping_ = false;
  std::chrono::milliseconds sweep_interval_;
  Sessions sessions_;
  std::int64_t date_second_ = -1;
  std::string date_;
  std::thread thread_;
};

}  // namespace leadlight::net
