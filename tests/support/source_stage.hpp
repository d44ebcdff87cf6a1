// What tests of the source supervisor share: an engine with activity sources that the test plays, a person of five
// activities, and questions that move the clock on while they wait.
#pragma once

#include "tests/support/engine_room.hpp"
#include "tests/support/played_source.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <variant>

namespace leadlight::tests {

inline constexpr const char* ann = "ann@alder.example";

/// A played CRM, and beside it a second source where a test wants two.
struct Stage {
  std::shared_ptr<PlayedSource> crm = std::make_shared<PlayedSource>();
  std::shared_ptr<PlayedSource> marketing = std::make_shared<PlayedSource>();
  RoomOptions options;

  explicit Stage(bool two = false, bool spawned = false) {
    options.sources["crm"] = crm;
    if (two) options.sources["marketing"] = marketing;
    options.spawned = spawned;
  }
};

/// What waits in the engine waits in real time too: the clock must not run away from it.
inline void pause_shortly() {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock guard{mutex};
  never.wait_for(guard, std::chrono::milliseconds{2});
}

inline actors::Activity activity(const std::string& email, const std::string& type, const std::string& id,
                                 Timestamp at) {
  return {email, type, at, id, {}};
}

/// Five of them; the starter model gives 40/60 d, 20/60 d, 15/30 d, 5/30 d and 1/14 d.
inline void add_five(PlayedSource& source, EngineRoom& room, const std::string& email) {
  const auto now = room.clock().now();
  source.knows(activity(email, "demo_requested", "a1", now - 3 * engine::day));
  source.knows(activity(email, "form_submitted", "a2", now - 6 * engine::day));
  source.knows(activity(email, "pricing_viewed", "a3", now - 6 * engine::day));
  source.knows(activity(email, "email_clicked", "a4", now - 15 * engine::day));
  source.knows(activity(email, "email_opened", "a5", now - 7 * engine::day));
}
/// 38 + 18 + 12 + 2.5 + 0.5 = 71 points, and 60 to 100 of them are the scores 70 to 85: 74.
inline constexpr int five_score = 74;

/// Submits a trigger; the request id that was acknowledged.
inline std::string accept(EngineRoom& room, const std::string& email, const std::string& id) {
  const auto receipts = receipts_in(room.submit({room.trigger(email, id)}));
  return receipts.empty() ? std::string{} : receipts.front().request_id;
}

/// Rows of the lead's timeline.
inline std::size_t events_of(EngineRoom& room, const std::string& email) {
  const auto reply = room.question(email, actors::TimelineQuestion{100, std::nullopt});
  const auto* view = std::get_if<actors::TimelineView>(&reply);
  return view == nullptr ? 0 : view->rows.size();
}

/// Moves the clock on in small steps until the source has been asked so often.
inline void wait_for_fetch(EngineRoom& room, PlayedSource& source, std::size_t times,
                           engine::Milliseconds step = engine::Milliseconds{50}) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (source.times_asked() < times && std::chrono::steady_clock::now() < end) {
    room.clock().advance(step);
    pause_shortly();
  }
  ASSERT_GE(source.times_asked(), times);
}

/// Moves the clock on in small steps until the request is over; an empty view when it never is.
inline actors::RequestView outcome_of(EngineRoom& room, const std::string& id,
                                      engine::Milliseconds step = engine::Milliseconds{50}) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    room.clock().advance(step);
    auto reply = room.ask(actors::RequestQuery{organisation, id});
    auto* view = std::get_if<actors::RequestView>(&reply);
    if (view != nullptr && view->outcome != "accepted" && view->outcome != "late") return *view;
    pause_shortly();
  }
  return {};
}

}  // namespace leadlight::tests
