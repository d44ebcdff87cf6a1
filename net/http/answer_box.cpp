#include "net/http/answer_box.hpp"

#include "net/http/http_session.hpp"

#include <boost/asio/post.hpp>

namespace leadlight::net {

void AnswerBox::put(std::weak_ptr<HttpSession> session, std::uint64_t turn, std::optional<HttpResponse> answer) {
  const std::lock_guard lock(mutex_);
  if (context_ == nullptr) return;
  entries_.push_back({std::move(session), turn, std::move(answer)});
  if (entries_.size() == 1) boost::asio::post(*context_, [self = shared_from_this()] { self->deliver(); });
}

void AnswerBox::close() {
  const std::lock_guard lock(mutex_);
  context_ = nullptr;
  entries_.clear();
}

void AnswerBox::deliver() {
  {
    const std::lock_guard lock(mutex_);
    delivering_.swap(entries_);
  }
  for (auto& [session, turn, answer] : delivering_)
    if (const auto alive = session.lock()) alive->take_answer(turn, std::move(answer));
  delivering_.clear();
}

AnswerTicket::~AnswerTicket() {
  if (!given_.load()) bring(std::nullopt);
}

void AnswerTicket::give(HttpResponse answer) {
  if (!given_.exchange(true)) bring(std::move(answer));
}

void AnswerTicket::bring(std::optional<HttpResponse> answer) {
  if (box_->on_its_thread()) {
    const auto session = session_.lock();
    if (!session) return;
    if (session->in_handler(turn_)) return session->take_answer(turn_, std::move(answer));
  }
  box_->put(std::move(session_), turn_, std::move(answer));
}

}  // namespace leadlight::net
