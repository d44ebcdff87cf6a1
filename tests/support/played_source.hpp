// An activity source played by the test: knows what it was given, answers as told, remembers what it was asked.
#pragma once

#include "actors/activity_source.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::tests {

class PlayedSource final : public actors::ActivitySource {
 public:
  void fetch(std::vector<std::string> emails, engine::Timestamp since,
             std::function<void(actors::FetchReport)> done) override {
    actors::FetchReport report;
    {
      const std::lock_guard guard{mutex_};
      asked_.push_back(emails);
      if (hanging_) {
        held_.emplace_back([this, emails, since, done] { done(answer(emails, since)); });
        changed_.notify_all();
        return;
      }
      report = answer(emails, since);
    }
    changed_.notify_all();
    done(std::move(report));
  }

  void poll(std::string cursor, std::function<void(actors::PollReport)> done) override {
    actors::PollReport report;
    {
      const std::lock_guard guard{mutex_};
      ++polls_;
      report.fault = fault_;
      report.calls = 1;
      const auto from = static_cast<std::size_t>(std::strtoul(cursor.c_str(), nullptr, 10));
      const auto end = std::min(from + page_, polled_.size());
      if (!fault_) {
        report.activities.assign(polled_.begin() + static_cast<std::ptrdiff_t>(from),
                                 polled_.begin() + static_cast<std::ptrdiff_t>(end));
        report.cursor = std::to_string(end);
        report.more = end < polled_.size();
      }
    }
    changed_.notify_all();
    done(std::move(report));
  }

  [[nodiscard]] std::string first_cursor(engine::Timestamp) const override { return "0"; }

  /// A fetch finds it.
  void knows(const actors::Activity& activity) {
    const std::lock_guard guard{mutex_};
    known_[activity.email].push_back(activity);
  }
  /// A poll finds it.
  void polls_up(const actors::Activity& activity) {
    const std::lock_guard guard{mutex_};
    polled_.push_back(activity);
  }
  void page_by(std::size_t records) {
    const std::lock_guard guard{mutex_};
    page_ = records;
  }
  void is_down(std::optional<actors::SourceFault> fault) {
    const std::lock_guard guard{mutex_};
    fault_ = std::move(fault);
  }
  void fails_for(std::string email, bool fails = true) {
    const std::lock_guard guard{mutex_};
    if (fails) {
      failing_.insert(std::move(email));
    } else {
      failing_.erase(email);
    }
  }
  void hangs() {
    const std::lock_guard guard{mutex_};
    hanging_ = true;
  }
  void lets_go() {
    std::vector<std::function<void()>> held;
    {
      const std::lock_guard guard{mutex_};
      hanging_ = false;
      held.swap(held_);
    }
    for (const auto& go : held) go();
  }

  /// Waits until it was asked at least `count` times; each time's addresses.
  std::vector<std::vector<std::string>> wait_for(std::size_t count) {
    std::unique_lock guard{mutex_};
    changed_.wait_for(guard, std::chrono::seconds{20}, [&] { return asked_.size() >= count; });
    return asked_;
  }
  std::size_t wait_for_polls(std::size_t count) {
    std::unique_lock guard{mutex_};
    changed_.wait_for(guard, std::chrono::seconds{20}, [&] { return polls_ >= count; });
    return polls_;
  }
  [[nodiscard]] std::size_t times_asked() {
    const std::lock_guard guard{mutex_};
    return asked_.size();
  }

 private:
  actors::FetchReport answer(const std::vector<std::string>& emails, engine::Timestamp since) {
    actors::FetchReport report;
    report.fault = fault_;
    report.calls = 1;
    if (fault_) return report;
    for (const auto& email : emails) {
      auto& own = report.answers.emplace_back();
      for (const auto& activity : known_[email])
        if (activity.occurred_at >= since) own.activities.push_back(activity);
      if (!own.activities.empty()) own.kind = actors::FetchAnswer::Kind::activities;
      if (failing_.contains(email)) own = {actors::FetchAnswer::Kind::failed, {}, "played failure"};
    }
    return report;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::vector<actors::Activity>> known_;
  std::vector<actors::Activity> polled_;
  std::size_t page_ = 1'000;
  std::optional<actors::SourceFault> fault_;
  std::set<std::string> failing_;
  bool hanging_ = false;
  std::vector<std::function<void()>> held_;
  std::vector<std::vector<std::string>> asked_;
  std::size_t polls_ = 0;
};

}  // namespace leadlight::tests
