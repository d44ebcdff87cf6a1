// How answers come back to a connection's thread from whichever thread gives them.
//
// One box an io thread: actors answer in bursts, so answers are gathered and the thread is woken once a burst, not once
// an answer. Private to net/.
#pragma once

#include "net/http/http.hpp"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace leadlight::net {

class HttpSession;

/// Thread: any, unless said otherwise.
class AnswerBox : public std::enable_shared_from_this<AnswerBox> {
 public:
  explicit AnswerBox(boost::asio::io_context& context) : context_(&context) {}

  /// Brings `answer` (none: nobody answered) to the session's turn; forgotten when the session or its turn is over.
  void put(std::weak_ptr<HttpSession> session, std::uint64_t turn, std::optional<HttpResponse> answer);
  /// From here on answers are forgotten.
  void close();

  /// Called once, on the io thread.
  void settle_on_this_thread() { thread_ = std::this_thread::get_id(); }
  [[nodiscard]] bool on_its_thread() const { return std::this_thread::get_id() == thread_.load(); }

 private:
  struct Entry {
    std::weak_ptr<HttpSession> session;
    std::uint64_t turn = 0;
    std::optional<HttpResponse> answer;
  };
  void deliver();

  std::mutex mutex_;
  boost::asio::io_context* context_;
  std::vector<Entry> entries_;
  std::vector<Entry> delivering_;  // io thread only; kept for its capacity
  std::atomic<std::thread::id> thread_{};
};

/// The right to answer one request, once.
class AnswerTicket {
 public:
  AnswerTicket(std::shared_ptr<AnswerBox> box, std::weak_ptr<HttpSession> session, std::uint64_t turn)
      : box_(std::move(box)), session_(std::move(session)), turn_(turn) {}
  AnswerTicket(const AnswerTicket&) = delete;
  AnswerTicket& operator=(const AnswerTicket&) = delete;
  ~AnswerTicket();

  void give(HttpResponse answer);

 private:
  void bring(std::optional<HttpResponse> answer);

  std::shared_ptr<AnswerBox> box_;
  std::weak_ptr<HttpSession> session_;
  std::uint64_t turn_;
  std::atomic<bool> given_{false};
};

}  // namespace leadlight::net
