#include "tools/bench/load_generator.hpp"

#include "tools/bench/child_process.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace leadlight::bench {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using engine::Errc;
using engine::Error;

constexpr std::chrono::seconds last_answers_within{10};
constexpr std::size_t refusal_shown = 300;

/// What is in the buffer of a connection: nothing whole yet, or an answer.
struct Answer {
  std::uint16_t status = 0;
  std::string_view body;
  std::size_t size = 0;  // head and body
  bool closes = false;
};

bool equal_ignoring_case(std::string_view a, std::string_view lower_case) {
  return std::equal(a.begin(), a.end(), lower_case.begin(), lower_case.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y; });
}

std::string_view header_value(std::string_view head, std::string_view lower_case_name) {
  for (auto line = head.find("\r\n"); line != std::string_view::npos; line = head.find("\r\n", line + 2)) {
    const auto rest = head.substr(line + 2);
    if (rest.size() <= lower_case_name.size() || rest[lower_case_name.size()] != ':') continue;
    if (!equal_ignoring_case(rest.substr(0, lower_case_name.size()), lower_case_name)) continue;
    auto value = rest.substr(lower_case_name.size() + 1);
    value = value.substr(0, value.find("\r\n"));
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    return value;
  }
  return {};
}

// Only what our servers send: Content-Length, no chunks.
std::optional<Answer> take_answer(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos || bytes.size() < 12) return std::nullopt;
  const auto head = bytes.substr(0, end);
  Answer answer;
  std::from_chars(bytes.data() + 9, bytes.data() + 12, answer.status);
  const auto length = header_value(head, "content-length");
  std::size_t body = 0;
  std::from_chars(length.data(), length.data() + length.size(), body);
  if (bytes.size() < end + 4 + body) return std::nullopt;
  answer.body = bytes.substr(end + 4, body);
  answer.size = end + 4 + body;
  answer.closes = equal_ignoring_case(header_value(head, "connection"), "close");
  return answer;
}

class Generator;

class Connection {
 public:
  Connection(Generator& generator, std::size_t index);
  bool connect();
  void send(Steady::time_point due);
  void close();

 private:
  void write_rest(std::size_t from);
  void wait();
  void read();
  void finish(const Answer& answer);
  void broken(const error_code& why);

  Generator& generator_;
  std::size_t index_;
  tcp::socket socket_;
  std::string request_;
  std::vector<char> buffer_ = std::vector<char>(16 * 1024);
  std::size_t filled_ = 0;
  bool fresh_ = true;    // no answer on this connection yet
  bool resent_ = false;  // the request under way was sent once more
  Steady::time_point due_{};
  Steady::time_point sent_{};
};

class Generator {
 public:
  explicit Generator(const Load& load) : load_(load), pacer_(context_), ender_(context_) {}

  engine::Result<LoadResult> run() {
    error_code failed;
    const auto colon = load_.address.rfind(':');
    const auto host = asio::ip::make_address(load_.address.substr(0, colon), failed);
    if (failed || colon == std::string::npos) return Error{Errc::invalid, load_.address + " is not ADDRESS:PORT", ""};
    endpoint_ = tcp::endpoint{host, static_cast<std::uint16_t>(std::atoi(load_.address.c_str() + colon + 1))};
    for (std::size_t i = 0; i < load_.connections; ++i) {
      auto connection = std::make_unique<Connection>(*this, i);
      if (!connection->connect()) return Error{Errc::unavailable, "cannot connect to " + load_.address, ""};
      connections_.push_back(std::move(connection));
    }
    start_ = Steady::now();
    end_ = start_ + load_.span;
    if (load_.pace > 0) {
      for (auto& connection : connections_) idle_.push_back(connection.get());
      pace();
    } else {
      for (auto& connection : connections_) start(*connection, start_);
    }
    ender_.expires_at(end_ + last_answers_within);
    ender_.async_wait([this](const error_code& stopped) {
      if (!stopped) fail("answers are missing 10 s after the end of the load");
    });
    context_.run();
    if (!failure_.empty() && !load_.until_broken) return Error{Errc::unavailable, failure_, ""};
    result_.seconds = std::chrono::duration<double>(last_answer_ - start_).count();
    return std::move(result_);
  }

  // The answer to a request of `connection` is there.
  void answered(Connection& connection, std::size_t index, const Answer& answer, Steady::time_point due,
                Steady::time_point sent) {
    --under_way_;
    last_answer_ = Steady::now();
    if (answer.status == load_.status && (!load_.look || load_.look(index, answer.body))) {
      ++result_.answered;
      result_.latencies.add(last_answer_ - due);
    } else {
      if (++result_.refused == 1)
        result_.refusal = std::to_string(answer.status) + " " + std::string{answer.body.substr(0, refusal_shown)};
      result_.refusals.add(last_answer_ - sent);
    }
    if (over()) return close_idle(connection);
    if (load_.pace <= 0) return start(connection, last_answer_);
    if (due_.empty()) return idle_.push_back(&connection);
    const auto next = due_.front();
    due_.pop_front();
    start(connection, next);
  }

  void fail(std::string why) {
    if (failure_.empty()) failure_ = std::move(why);
    stop();
  }

  asio::io_context& context() { return context_; }
  [[nodiscard]] const Load& load() const { return load_; }
  [[nodiscard]] const tcp::endpoint& endpoint() const { return endpoint_; }

 private:
  [[nodiscard]] bool over() const {
    return stopped_ || Steady::now() >= end_ || result_.answered + under_way_ >= load_.requests_max;
  }

  void start(Connection& connection, Steady::time_point due) {
    ++under_way_;
    connection.send(due);
  }

  void close_idle(Connection& connection) {
    connection.close();
    if (under_way_ == 0) stop();
  }

  void pace() {
    const auto step = std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(1 / load_.pace));
    if (next_due_ == Steady::time_point{}) next_due_ = start_;
    for (; next_due_ <= Steady::now() && !over(); next_due_ += step) {
      if (idle_.empty()) {
        due_.push_back(next_due_);
        continue;
      }
      auto* connection = idle_.back();
      idle_.pop_back();
      start(*connection, next_due_);
    }
    if (over()) {
      if (under_way_ == 0) stop();
      return;
    }
    pacer_.expires_at(next_due_);
    pacer_.async_wait([this](const error_code& stopped) {
      if (!stopped) pace();
    });
  }

  void stop() {
    stopped_ = true;
    pacer_.cancel();
    ender_.cancel();
    for (auto& connection : connections_) connection->close();
  }

  const Load& load_;
  asio::io_context context_{1};
  asio::steady_timer pacer_;
  asio::steady_timer ender_;
  tcp::endpoint endpoint_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> idle_;
  std::deque<Steady::time_point> due_;
  std::uint64_t under_way_ = 0;
  Steady::time_point start_{};
  Steady::time_point end_{};
  Steady::time_point next_due_{};
  Steady::time_point last_answer_{};
  bool stopped_ = false;
  std::string failure_;
  LoadResult result_;
};

Connection::Connection(Generator& generator, std::size_t index)
    : generator_(generator), index_(index), socket_(generator.context()), request_(generator.load().request) {}

bool Connection::connect() {
  error_code failed;
  socket_ = tcp::socket{generator_.context()};
  if (socket_.connect(generator_.endpoint(), failed); failed) return false;
  socket_.set_option(tcp::no_delay{true}, failed);
  socket_.non_blocking(true, failed);
  fresh_ = true;
  filled_ = 0;
  return true;
}

void Connection::close() {
  error_code ignored;
  socket_.close(ignored);
}

void Connection::send(Steady::time_point due) {
  due_ = due;
  sent_ = Steady::now();
  resent_ = false;
  if (generator_.load().change) generator_.load().change(index_, request_);
  write_rest(0);
}

// A write that fits the socket's buffer needs no turn of the loop.
void Connection::write_rest(std::size_t from) {
  error_code failed;
  const auto written = socket_.write_some(asio::buffer(request_.data() + from, request_.size() - from), failed);
  if (failed && failed != asio::error::would_block) return broken(failed);
  from += failed ? 0 : written;
  if (from == request_.size()) return wait();
  socket_.async_wait(tcp::socket::wait_write, [this, from](const error_code& ec) {
    if (ec) return broken(ec);
    write_rest(from);
  });
}

void Connection::wait() {
  socket_.async_wait(tcp::socket::wait_read, [this](const error_code& ec) {
    if (ec) return broken(ec);
    read();
  });
}

void Connection::read() {
  if (filled_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
  error_code failed;
  const auto got = socket_.read_some(asio::buffer(buffer_.data() + filled_, buffer_.size() - filled_), failed);
  if (failed == asio::error::would_block) return wait();
  if (failed) return broken(failed);
  filled_ += got;
  if (const auto answer = take_answer({buffer_.data(), filled_})) return finish(*answer);
  wait();
}

void Connection::finish(const Answer& answer) {
  filled_ = 0;  // no pipelining: nothing follows an answer
  fresh_ = false;
  if (answer.closes) {
    close();
    if (!connect()) return generator_.fail("cannot connect again to " + generator_.load().address);
  }
  generator_.answered(*this, index_, answer, due_, sent_);
}

void Connection::broken(const error_code& why) {
  if (why == asio::error::operation_aborted || !socket_.is_open()) return;
  // A server may close an idle connection while the next request is on its way.
  if (why == asio::error::eof && !fresh_ && filled_ == 0 && !std::exchange(resent_, true) && connect())
    return write_rest(0);
  generator_.fail("a connection to " + generator_.load().address + " broke: " + why.message());
}

}  // namespace

engine::Result<LoadResult> run_load(const Load& load) {
  return Generator{load}.run();
}

std::string post_request(std::string_view path, std::string_view key, std::string_view body,
                         std::string_view media_type) {
  std::string request;
  request.append("POST ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ").append(key);
  request.append("\r\nContent-Type: ").append(media_type).append("\r\nContent-Length: ");
  request.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return request;
}

}  // namespace leadlight::bench
