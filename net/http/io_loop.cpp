#include "net/http/io_loop.hpp"

#include "net/http/http_session.hpp"

#include <boost/asio/post.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>

namespace leadlight::net {
namespace {

/// Deadlines are looked at by a sweep over all connections, not by a timer each: nobody minds a deadline a little late.
std::chrono::milliseconds sweep_interval(const HttpLimits& limits) {
  const auto shortest =
      std::min({limits.handshake_deadline, limits.header_deadline, limits.body_deadline, limits.body_rate_after,
                limits.reply_deadline, limits.write_deadline, limits.stream_heartbeat, limits.idle_deadline});
  return std::clamp<std::chrono::milliseconds>(shortest / 8, std::chrono::milliseconds(5),
                                               std::chrono::milliseconds(250));
}

}  // namespace

IoLoop::IoLoop(ServerContext& server)
    : server_(server),
      work_(boost::asio::make_work_guard(context_)),
      box_(std::make_shared<AnswerBox>(context_)),
      sweep_timer_(context_),
      sweep_interval_(sweep_interval(server.limits)) {}

IoLoop::~IoLoop() {
  stop();
}

void IoLoop::run() {
  thread_ = std::thread([this] {
    sigset_t broken_pipe;  // TLS writes with write(2), which raises it when the peer has gone
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    box_->settle_on_this_thread();
    context_.run();
  });
}

void IoLoop::stop() {
  box_->close();
  context_.stop();
  if (thread_.joinable()) thread_.join();
  while (!sessions_.empty()) {
    const auto session = sessions_.front();  // keeps it alive while it takes itself off the list
    session->close();
  }
}

void IoLoop::drain() {
  boost::asio::post(context_, [this] {
    const auto all = sessions_;  // a session takes itself off the list
    for (const auto& session : all) session->drain();
  });
}

void IoLoop::adopt(boost::asio::ip::tcp::socket socket, const boost::asio::ip::address& peer) {
  SslPtr tls;
  if (server_.tls) {
    tls = server_.tls->begin(socket.native_handle());
    if (!tls) {  // no memory: the connection is closed as it goes out of scope
      if (server_.connection_closed) server_.connection_closed(peer);
      return;
    }
  }
  const auto session = std::make_shared<HttpSession>(*this, Wire(std::move(socket), std::move(tls)), peer);
  const auto place = sessions_.insert(sessions_.end(), session);
  session->start(place);
  if (!sweeping_ && !sessions_.empty()) sweep_later();
}

void IoLoop::remove(Sessions::iterator session) {
  const auto peer = (*session)->peer();
  sessions_.erase(session);
  if (server_.connection_closed) server_.connection_closed(peer);
}

void IoLoop::sweep_later() {
  sweeping_ = true;
  sweep_timer_.expires_after(sweep_interval_);
  sweep_timer_.async_wait([this](boost::system::error_code stopped) {
    sweeping_ = false;
    if (stopped || sessions_.empty()) return;  // no connections: the thread sleeps until one comes
    const auto now = std::chrono::steady_clock::now();
    for (auto next = sessions_.begin(); next != sessions_.end();) {
      const auto session = *next++;
      session->sweep(now);
    }
    if (!sessions_.empty()) sweep_later();
  });
}

const std::string& IoLoop::date(engine::Timestamp now) {
  constexpr std::array<const char*, 7> weekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (second.time_since_epoch().count() == date_second_) return date_;
  date_second_ = second.time_since_epoch().count();
  const auto midnight = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day day(midnight);
  const std::chrono::hh_mm_ss time(second - midnight);
  date_ =
      fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", weekdays[std::chrono::weekday(midnight).c_encoding()],
                  static_cast<unsigned>(day.day()), months[static_cast<unsigned>(day.month()) - 1],
                  static_cast<int>(day.year()), time.hours().count(), time.minutes().count(), time.seconds().count());
  return date_;
}

}  // namespace leadlight::net
