#include "tools/demo/board.hpp"
#include "tools/demo/people.hpp"
#include "tools/demo/stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace leadlight::tools {
namespace {

TEST(DemoStream, ReadsRowsAndTellsHistoryFromLive) {
  const auto stream = parse_stream("lead,seconds,type\n2,-10,page_viewed\n1,-20,email_opened\n3,0,demo_requested\n");
  ASSERT_TRUE(stream);
  ASSERT_EQ(stream->history.size(), 2U);
  EXPECT_EQ(stream->history.front().type, "email_opened");
  EXPECT_EQ(stream->live.front().lead, 3U);
  EXPECT_EQ(stream->leads, 3U);
}

TEST(DemoStream, NamesTheLineThatIsNoRow) {
  for (const auto* row : {"x,1,a", "0,1,a", "1,1", "1,1,", "1,1,a,b", "1,,a", "1,1.5,a"}) {
    const auto stream = parse_stream(std::string{"lead,seconds,type\n1,1,a\n"} + row + "\n");
    ASSERT_FALSE(stream) << row;
    EXPECT_NE(stream.error().what.find("line 3"), std::string::npos);
  }
}

TEST(DemoStream, HasItsEventsInTheBinary) {
  const auto stream = parse_stream(events_csv());
  ASSERT_TRUE(stream);
  EXPECT_EQ(stream->leads, 60U);
  EXPECT_GT(stream->live.size(), 100U);
  constexpr std::int64_t window_seconds = 90 * 86'400;
  EXPECT_GT(stream->history.front().seconds, -window_seconds);
  const std::set<std::string_view> starter = {"demo_requested",   "trial_started", "form_submitted", "pricing_viewed",
                                              "webinar_attended", "email_clicked", "email_opened",   "page_viewed"};
  for (const auto* part : {&stream->history, &stream->live})
    for (const auto& event : *part) EXPECT_TRUE(starter.contains(event.type)) << event.type;
}

TEST(DemoPeople, AreDistinctAndCannotBeReached) {
  std::set<std::string> addresses;
  for (std::uint32_t lead = 1; lead <= 400; ++lead) {
    const auto email = person(lead).email;
    EXPECT_TRUE(email.ends_with(".example")) << email;
    addresses.insert(email);
  }
  EXPECT_EQ(addresses.size(), 400U);
  EXPECT_EQ(person(7).email, person(7).email);
}

TEST(DemoBoard, ShowsTheLeadsTouchedLastFirst) {
  std::vector<BoardRow> rows(3);
  for (std::uint32_t index = 0; index < 3; ++index) {
    rows[index].person = person(index + 1);
    rows[index].segment = index == 2 ? "very high" : "low";
    rows[index].touched = index;  // the first was never touched
  }
  rows[2].score = 91;
  rows[2].crm_score = 91;
  rows[2].delay = std::chrono::milliseconds{42};
  const auto lines = table(rows, {.live_events = 2, .delays = {std::chrono::milliseconds{42}}}, 5);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[0], "3 leads: 1 very high, 0 high, 0 medium, 2 low; 2 live events");
  EXPECT_NE(lines[4].find(rows[2].person.email), std::string::npos);
  EXPECT_NE(lines[4].find("42 ms"), std::string::npos);
  EXPECT_NE(lines[5].find(rows[1].person.email), std::string::npos);
  EXPECT_EQ(table(rows, {}, 1).size(), 5U);
}

}  // namespace
}  // namespace leadlight::tools
