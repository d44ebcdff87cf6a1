#include "engine/event_type.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace leadlight::engine {
namespace {

TEST(EventTypeTable, TheTypeWithoutANameIsNumberZero) {
  EXPECT_EQ(EventType{}.number(), 0U);
  EXPECT_EQ(EventType{}.name(), "");
  EXPECT_EQ(*EventType::of(""), EventType{});
}

TEST(EventTypeTable, OneNameIsOneTypeAndFindsBackToItsName) {
  const EventType type = *EventType::of("demo_requested");
  EXPECT_EQ(*EventType::of(std::string{"demo_"} + "requested"), type);
  EXPECT_EQ(type.name(), "demo_requested");
  EXPECT_EQ(EventType::from_number(type.number()), type);
  EXPECT_NE(*EventType::of("demo_requesteD"), type);
}

TEST(EventTypeTable, NamesThatShareEndsAndLengthStayApart) {
  std::set<std::uint32_t> numbers;
  for (int i = 0; i < 3'000; ++i) {
    const std::string name = "the_same_head_" + std::to_string(10'000 + i) + "_the_same_tail";
    const EventType type = *EventType::of(name);
    EXPECT_EQ(type.name(), name);
    EXPECT_EQ(*EventType::of(name), type);
    numbers.insert(type.number());
  }
  EXPECT_EQ(numbers.size(), 3'000U);
}

TEST(EventTypeTable, RefusesANameThatIsTooLong) {
  EXPECT_TRUE(EventType::of(std::string(EventType::name_bytes_max, 'a')).ok());
  const auto refused = EventType::of(std::string(EventType::name_bytes_max + 1, 'a'));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Errc::too_large);
  EXPECT_NE(refused.error().what.find("101"), std::string::npos);
}

TEST(EventTypeTable, ThreadsThatMeetAtANewNameAgreeOnItsNumber) {
  constexpr int names = 2'000;
  std::vector<std::vector<std::uint32_t>> seen(4);
  std::vector<std::thread> threads;
  for (auto& numbers : seen) {
    threads.emplace_back([&numbers] {
      for (int i = 0; i < names; ++i) {
        const std::string name = "met_" + std::to_string(i);
        const EventType type = *EventType::of(name);
        if (type.name() == name) numbers.push_back(type.number());
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(seen[0].size(), static_cast<std::size_t>(names));
  for (const auto& numbers : seen) EXPECT_EQ(numbers, seen[0]);
}

}  // namespace
}  // namespace leadlight::engine
