// What a connection does while its answer goes on: writes what the source has, tells that it is alive when there is
// nothing, and notices when nobody reads any more.
#include "net/http/event_source.hpp"
#include "net/http/http_session.hpp"

#include <boost/asio/post.hpp>

#include <atomic>
#include <utility>

namespace leadlight::net {

void HttpSession::begin_stream() {
  streaming_ = true;
  phase_ = Phase::streaming;
  std::string().swap(request_.body);
  expire_in(server_.limits.stream_heartbeat);
  auto woken = std::make_shared<std::atomic<bool>>(false);
  events_->open([weak = weak_from_this(), &context = loop_.context(), woken] {
    if (woken->exchange(true)) return;  // one turn reads all there is
    boost::asio::post(context, [weak, woken] {
      woken->store(false);
      if (const auto self = weak.lock()) self->stream_more();
    });
  });
  if (!reading_) wait_for_bytes();  // that is how the end of the connection is noticed
  stream_more();
}

void HttpSession::stream_more() {
  if (phase_ != Phase::streaming) return;  // what is under way comes first
  if (server_.draining.load(std::memory_order_relaxed)) return end_stream(EventSource::End::draining);
  out_head_.clear();
  out_body_.clear();
  const auto state = events_->read(out_body_);
  if (!out_body_.empty()) return write_stream();
  if (state == EventSource::State::over) end_stream(EventSource::End::over);
}

void HttpSession::write_stream() {
  phase_ = Phase::sending;
  sent_bytes_ = 0;
  expire_in(server_.limits.write_deadline);
  write_rest();
}

void HttpSession::continue_stream() {
  phase_ = Phase::streaming;
  expire_in(server_.limits.stream_heartbeat);
  if (out_body_.capacity() > stream_bytes_kept_max) std::string().swap(out_body_);
  // Not at once: the other connections have their turn.
  boost::asio::post(loop_.context(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->stream_more();
  });
}

void HttpSession::beat() {
  out_head_.clear();
  out_body_.clear();
  if (events_->beat(out_body_) == EventSource::State::over) return end_stream(EventSource::End::over);
  write_stream();
}

void HttpSession::end_stream(EventSource::End end) {
  if (auto events = std::exchange(events_, nullptr)) events->close(end);
  if (phase_ == Phase::streaming) linger();
}

}  // namespace leadlight::net
