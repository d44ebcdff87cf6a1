#include "actors/spool_door.hpp"

#include <caf/send.hpp>

namespace leadlight::actors {

bool refuses_for_now(const Reply& reply) {
  const auto* error = std::get_if<Error>(&reply);
  if (error == nullptr) return false;
  switch (error->code) {
    case engine::Errc::unavailable:
    case engine::Errc::rate_limited:
    case engine::Errc::io_error:
    case engine::Errc::corrupt:
    case engine::Errc::internal: return true;
    default: return false;
  }
}

class SpoolDoor::Guard final : public ReplySink {
 public:
  Guard(std::shared_ptr<const SpoolDoor> door, std::uint64_t number, Submission submission, ReplyPort port)
      : door_(std::move(door)), spool_it_{std::move(submission), std::move(port), number} {}
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() override { complete(Error{engine::Errc::unavailable, "nothing answered", ""}); }

  void complete(Reply reply) override {
    std::unique_lock guard{mutex_};
    const auto before = std::exchange(stage_, Stage::ended);
    if (before == Stage::ended) return;
    auto own = std::move(spool_it_);
    guard.unlock();
    if (before == Stage::spooled) {
      if (auto spooler = door_->spooler()) caf::anon_send(spooler, RoadAnswered{own.guard, std::move(reply)});
    } else if (!refuses_for_now(reply)) {
      own.port->complete(std::move(reply));
    } else if (auto spooler = door_->spooler()) {
      own.guard = 0;
      caf::anon_send(spooler, std::move(own));
    } else {
      own.port->complete(std::move(reply));
    }
  }

  /// What is to be spooled, unless it is answered.
  std::optional<SpoolIt> expire() {
    const std::lock_guard guard{mutex_};
    if (stage_ != Stage::open) return std::nullopt;
    stage_ = Stage::spooled;
    const auto number = spool_it_.guard;
    auto given = std::move(spool_it_);
    spool_it_ = {};
    spool_it_.guard = number;
    return given;
  }

 private:
  enum class Stage : std::uint8_t { open, spooled, ended };

  std::shared_ptr<const SpoolDoor> door_;
  std::mutex mutex_;
  Stage stage_ = Stage::open;
  SpoolIt spool_it_;
};

ReplyPort SpoolDoor::guard(const Submission& submission, ReplyPort port) {
  auto copy = submission;
  copy.spool = false;
  std::unique_lock lock{mutex_};
  const auto number = ++guards_;
  lock.unlock();
  auto guard = std::make_shared<Guard>(shared_from_this(), number, std::move(copy), std::move(port));
  lock.lock();
  watched_.emplace_back(std::chrono::steady_clock::now() + wait_, guard);
  return guard;
}

void SpoolDoor::find(const RequestQuery& query, ReplyPort port) {
  if (auto own = spooler()) caf::anon_send(own, query, std::move(port));
}

void SpoolDoor::set_spooler(Spooler spooler) {
  const std::lock_guard guard{mutex_};
  std::swap(spooler_, spooler);
}

Spooler SpoolDoor::spooler() const {
  const std::lock_guard guard{mutex_};
  return spooler_;
}

std::vector<SpoolIt> SpoolDoor::overdue(std::chrono::steady_clock::time_point now) {
  std::vector<std::shared_ptr<Guard>> late;
  {
    const std::lock_guard lock{mutex_};
    for (; !watched_.empty() && (watched_.front().first <= now || watched_.front().second.expired());
         watched_.pop_front())
      if (auto guard = watched_.front().second.lock()) late.push_back(std::move(guard));
  }
  std::vector<SpoolIt> all;
  for (const auto& guard : late)
    if (auto it = guard->expire()) all.push_back(*std::move(it));
  return all;
}

}  // namespace leadlight::actors
