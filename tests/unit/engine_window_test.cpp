#include "engine/window.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace leadlight::engine {
namespace {

constexpr std::uint32_t plenty = events_per_lead_max_default;
const Timestamp start = from_ms(1'780'000'000'000 / 3'600'000 * 3'600'000);  // on the hour

EventType viewed() {
  return *EventType::of("page_viewed");
}
EventType clicked() {
  return *EventType::of("email_clicked");
}

TEST(Window, KeepsEventsInOrderWhateverTheOrderOfArrival) {
  std::vector<WindowEvent> events;
  for (std::uint64_t i = 0; i < 50; ++i)
    events.emplace_back(start + Milliseconds{i / 3}, i % 2 ? viewed() : clicked(), i * 7919 % 97);
  Window in_order;
  for (const auto& event : events) in_order.add(event.occurred_at(), event.type(), event.id_hash, plenty);
  std::mt19937_64 random{1};
  for (int round = 0; round < 20; ++round) {
    std::shuffle(events.begin(), events.end(), random);
    Window window;
    for (const auto& event : events) window.add(event.occurred_at(), event.type(), event.id_hash, plenty);
    EXPECT_EQ(window, in_order);
  }
  const auto kept = in_order.events();
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end(), [](const WindowEvent& a, const WindowEvent& b) {
    return a.occurred_at() < b.occurred_at() || (a.occurred_at() == b.occurred_at() && a.id_hash < b.id_hash);
  }));
}

TEST(Window, HoldsTwentyEventsInLessThanFourHundredBytes) {
  Window window;
  for (std::uint64_t i = 0; i < 20; ++i) window.add(start + Milliseconds{i}, viewed(), i, plenty);
  EXPECT_GE(window.heap_bytes(), 320U);
  EXPECT_LT(window.heap_bytes(), 400U);
}

TEST(Window, FindsAnEventByItsId) {
  Window window;
  for (std::uint64_t i = 0; i < 10; ++i) window.add(start + Milliseconds{i}, viewed(), i * 11, plenty);
  ASSERT_NE(window.find(55), nullptr);
  EXPECT_EQ(window.find(55)->occurred_at(), start + Milliseconds{5});
  EXPECT_EQ(window.find(56), nullptr);
}

TEST(Window, FoldsTheOldestEventsTypeAndHourAsAWhole) {
  Window window;
  window.add(start, viewed(), 1, 4);
  window.add(start + Milliseconds{10}, clicked(), 2, 4);
  window.add(start + hour - Milliseconds{1}, viewed(), 3, 4);
  window.add(start + hour, viewed(), 4, 4);
  EXPECT_TRUE(window.folded().empty());
  window.add(start + 2 * hour, viewed(), 5, 4);
  ASSERT_EQ(window.folded().size(), 1U);
  EXPECT_EQ(window.folded()[0], (FoldedHour{start, viewed(), 2}));
  ASSERT_EQ(window.events().size(), 3U);
  EXPECT_EQ(window.events()[0].id_hash, 2U);
  EXPECT_EQ(window.find(1), nullptr);
}

TEST(Window, ALaterEventOfAFoldedTypeAndHourJoinsTheCount) {
  Window window;
  for (std::uint64_t i = 0; i < 3; ++i) window.add(start + hour * static_cast<int>(i), viewed(), i, 2);
  ASSERT_EQ(window.folded().size(), 1U);
  window.add(start + Milliseconds{5}, viewed(), 9, 2);
  EXPECT_EQ(window.folded()[0].count, 2U);
  EXPECT_EQ(window.events().size(), 2U);
  // Another type of that hour stands alone, is now the oldest and folds next to it.
  window.add(start + Milliseconds{5}, clicked(), 10, 2);
  ASSERT_EQ(window.folded().size(), 2U);
  EXPECT_EQ(window.folded()[0], (FoldedHour{start, clicked(), 1}));  // ascending by name within the hour
  EXPECT_EQ(window.folded()[1], (FoldedHour{start, viewed(), 2}));
}

TEST(Window, NeverHoldsMoreStandingEventsThanAllowedAndLosesNone) {
  std::mt19937_64 random{7};
  Window window;
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    window.add(start + Milliseconds{static_cast<std::int64_t>(random() % 8'640'000'000ULL)},
               i % 3 ? viewed() : clicked(), random(), 100);
    ASSERT_LE(window.events().size(), 100U);
  }
  std::size_t events = window.events().size();
  for (const FoldedHour& folded : window.folded()) events += folded.count;
  EXPECT_EQ(events, 5'000U);
}

TEST(Window, ExpiresWhatIsNinetyDaysOldAndKeepsTheSlack) {
  Window window;
  for (std::uint64_t i = 0; i < 4; ++i) window.add(start + hour * static_cast<int>(i), viewed(), i, 3);
  ASSERT_EQ(window.folded().size(), 1U);
  window.expire(start + window_span - Milliseconds{1}, Milliseconds{0});
  EXPECT_EQ(window.folded().size(), 1U);
  window.expire(start + window_span, Milliseconds{0});
  EXPECT_TRUE(window.folded().empty());
  EXPECT_EQ(window.events().size(), 3U);
  window.expire(start + hour + window_span, 1 * hour);
  EXPECT_EQ(window.events().size(), 3U);
  window.expire(start + hour + window_span, Milliseconds{0});
  EXPECT_EQ(window.events().size(), 2U);
  window.expire(start + 200 * day, Milliseconds{0});
  EXPECT_TRUE(window.empty());
}

TEST(Window, GivesMemoryBackWhenMostOfItHasExpired) {
  Window window;
  for (std::uint64_t i = 0; i < 1'000; ++i) window.add(start + hour * static_cast<int>(i), viewed(), i, plenty);
  window.expire(start + 990 * hour + window_span, Milliseconds{0});
  EXPECT_EQ(window.events().size(), 9U);
  EXPECT_LT(window.heap_bytes(), 400U);
}

TEST(Window, IsRebuiltFromItsParts) {
  Window window;
  for (std::uint64_t i = 0; i < 40; ++i)
    window.add(start + hour * static_cast<int>(i / 3), i % 2 ? viewed() : clicked(), i, 20);
  const auto events = window.events();
  const auto folded = window.folded();
  EXPECT_EQ(Window::from_parts({events.begin(), events.end()}, {folded.begin(), folded.end()}), window);
}

}  // namespace
}  // namespace leadlight::engine
