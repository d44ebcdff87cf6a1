// The traceparent of W3C Trace Context, level 1, and which trace a lead's writeback belongs to.
#include "net/http/trace_context.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

namespace leadlight::net {
namespace {

const std::string trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string span_id = "00f067aa0ba902b7";
const std::string valid = "00-" + trace_id + "-" + span_id + "-01";

TEST(TraceContextTest, ReadsVersion00) {
  const auto trace = parse_traceparent(valid);
  ASSERT_TRUE(trace);
  EXPECT_EQ(*trace, (TraceContext{trace_id, span_id, 1}));
  EXPECT_EQ(format_traceparent(*trace), valid);
}

TEST(TraceContextTest, ALaterVersionsKnownPartsAreRead) {
  EXPECT_TRUE(parse_traceparent("cc-" + trace_id + "-" + span_id + "-01"));
  EXPECT_TRUE(parse_traceparent("cc-" + trace_id + "-" + span_id + "-01-what-the-future-will-be-like"));
  EXPECT_FALSE(parse_traceparent("cc-" + trace_id + "-" + span_id + "-01.what"));
}

TEST(TraceContextTest, WhatIsNotValidIsNone) {
  std::string upper = valid;
  upper[5] = 'F';
  for (const std::string& header :
       {std::string{}, std::string{"00"}, upper, valid + "-x", valid + "0", valid.substr(0, 54), "ff" + valid.substr(2),
        "0g" + valid.substr(2), "00-" + std::string(32, '0') + "-" + span_id + "-01",
        "00-" + trace_id + "-" + std::string(16, '0') + "-01", "00-" + trace_id + "-" + span_id + "-0x",
        "00_" + trace_id + "-" + span_id + "-01", "00-" + trace_id + "_" + span_id + "-01",
        "00-" + trace_id + "-" + span_id + "_01", " " + valid.substr(0, 54)})
    EXPECT_FALSE(parse_traceparent(header)) << header;
}

TEST(TraceContextTest, OurStepIsOfTheCallersTrace) {
  const auto own = next_step(TraceContext{trace_id, span_id, 0xff});
  EXPECT_EQ(own.trace_id, trace_id);
  EXPECT_NE(own.span_id, span_id);
  EXPECT_EQ(own.flags, 1);
  EXPECT_TRUE(parse_traceparent(format_traceparent(own)));
}

TEST(TraceContextTest, WithoutACallerATraceBegins) {
  const auto one = next_step(std::nullopt);
  const auto other = next_step(std::nullopt);
  EXPECT_TRUE(parse_traceparent(format_traceparent(one)));
  EXPECT_NE(one.trace_id, other.trace_id);
  EXPECT_EQ(one.flags, 0);
}

TraceContext trace_of(int number) {
  auto trace = next_step(std::nullopt);
  trace.span_id = std::string(15, '0') + std::to_string(number);
  return trace;
}

TEST(TraceBookTest, TheNewestTriggerCounts) {
  TraceBook book;
  const engine::LeadId ada{1, 1};
  const engine::LeadId ben{1, 2};
  const engine::LeadId cleo{1, 3};
  const auto first = trace_of(1);
  const auto second = trace_of(2);
  const auto third = trace_of(3);
  book.note(ada, first);
  book.note(ben, second);
  book.note(ada, third);
  EXPECT_EQ(book.newest_of(std::array{ben, ada})->trace, third);
  EXPECT_EQ(book.newest_of(std::array{ben})->trace, second);
  EXPECT_FALSE(book.newest_of(std::array{cleo}));
}

TEST(TraceBookTest, WhatCameMeanwhileStays) {
  TraceBook book;
  const engine::LeadId ada{1, 1};
  book.note(ada, trace_of(1));
  const auto flown = book.newest_of(std::array{ada});
  const auto later = trace_of(2);
  book.note(ada, later);
  book.forget(ada, flown->number);
  EXPECT_EQ(book.newest_of(std::array{ada})->trace, later);
  book.forget(ada, book.newest_of(std::array{ada})->number);
  EXPECT_FALSE(book.newest_of(std::array{ada}));
}

TEST(TraceBookTest, IsBoundedInNumberAndTime) {
  TraceBook book;
  const auto now = TraceBook::Clock::now();
  for (std::uint64_t i = 0; i <= TraceBook::leads_max; ++i) book.note({1, i}, trace_of(1), now);
  EXPECT_EQ(book.size(), TraceBook::leads_max);
  EXPECT_FALSE(book.newest_of(std::array{engine::LeadId{1, 0}}, now));
  const std::array last = {engine::LeadId{1, TraceBook::leads_max}};
  EXPECT_TRUE(book.newest_of(last, now + TraceBook::kept_for));
  EXPECT_FALSE(book.newest_of(last, now + TraceBook::kept_for + std::chrono::seconds(1)));
}

}  // namespace
}  // namespace leadlight::net
