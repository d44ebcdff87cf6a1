// The outbound client on Asio and Beast: one io thread, on which everything of http_client_core.hpp lives.
#include "net/client/http_client.hpp"

#include "net/client/http_client_core.hpp"
#include "net/client/outbound_guard.hpp"

#include <boost/asio/post.hpp>

#include <future>
#include <mutex>
#include <thread>

namespace leadlight::net {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using engine::Errc;
using engine::Error;
using engine::Milliseconds;
using outbound::Core;
using outbound::Done;
using outbound::Exchange;
using outbound::Later;
using outbound::unavailable;

class PooledClient final : public HttpClient {
 public:
  PooledClient(std::size_t connections_max, LookUp look_up)
      : core_(std::make_shared<Core>(connections_max, std::move(look_up))) {
    thread_ = std::thread([core = core_] { core->io.run(); });
  }
  ~PooledClient() override { stop(); }

  void send(OutboundRequest request, Done done) override {
    auto address = parse_outbound_url(request.url);
    if (address && request.guard)
      if (const auto allowed = request.guard->check(*address); !allowed) address = allowed.error();
    for (const auto& [name, value] : request.headers)
      if (address && (!is_clean(name, 0x21) || !is_clean(value, 0x20) || name.empty()))
        address = Error{Errc::invalid, "a header holds a control character", "headers"};
    if (address && (request.method.empty() || !is_clean(request.method, 0x21)))
      address = Error{Errc::invalid, "the method is not a word", "method"};
    std::unique_lock lock(closing_);
    if (closed_) {
      lock.unlock();
      return done(unavailable("the client was stopped"));
    }
    if (!address) {
      asio::post(core_->io, [error = address.error(), done = std::move(done)] { done(error); });
      return;
    }
    auto exchange = std::make_shared<Exchange>(*core_, std::move(request), std::move(*address), std::move(done));
    asio::post(core_->io, [exchange] { exchange->start(); });
  }

  void after(Milliseconds delay, std::function<void()> task) override {
    std::unique_lock lock(closing_);
    if (closed_) {
      lock.unlock();
      if (delay.count() <= 0) task();  // a mere change of thread; anything longer would never come
      return;
    }
    auto later = std::make_shared<Later>(core_->io, std::move(task));
    asio::post(core_->io, [core = core_.get(), later, delay] {
      core->later.insert(later);
      later->timer.expires_after(core->stopping ? Milliseconds{0} : std::max(delay, Milliseconds{0}));
      later->timer.async_wait([core, later](error_code) {
        core->later.erase(later);
        later->task();
      });
    });
  }

  void stop() override {
    {
      const std::lock_guard lock(closing_);
      if (!closed_) {
        closed_ = true;
        asio::post(core_->io, [core = core_.get()] { core->close_all(); });
      }
    }
    const std::lock_guard lock(joining_);
    if (!thread_.joinable()) return;
    if (thread_.get_id() == std::this_thread::get_id())
      thread_.detach();  // the last owner let go inside a callback; the thread keeps the core until it ends
    else
      thread_.join();
  }

 private:
  std::shared_ptr<Core> core_;
  std::mutex closing_;
  std::mutex joining_;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace

std::string_view OutboundAnswer::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers)
    if (name == lower_case_name) return value;
  return {};
}

std::shared_ptr<HttpClient> HttpClient::make(std::size_t connections_per_host_max, LookUp look_up) {
  return std::make_shared<PooledClient>(connections_per_host_max, std::move(look_up));
}

engine::Result<OutboundAnswer> HttpClient::send_and_wait(OutboundRequest request) {
  auto promise = std::make_shared<std::promise<engine::Result<OutboundAnswer>>>();
  auto answer = promise->get_future();
  send(std::move(request), [promise](engine::Result<OutboundAnswer> result) { promise->set_value(std::move(result)); });
  return answer.get();
}

}  // namespace leadlight::net