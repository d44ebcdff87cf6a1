// Goal: every body of the table (tests/support/json_verdicts.hpp) gets its verdict from the door's own reader, with and
// without room behind it. hostile_test sends the same bodies to a running server.
#include "net/event_record.hpp"
#include "tests/support/json_verdicts.hpp"

#include <gtest/gtest.h>

namespace leadlight::net {
namespace {

/// What the events surface would put in `detail`; empty: something was taken.
std::string verdict(JsonReader& reader, const std::string& body) {
  EventContext context;
  context.received_at = engine::from_ms(1'777'636'800'000);
  context.request_id = "req_00000000000000000000000000";
  std::size_t taken = 0;
  std::string first;
  const auto keep = [&](std::size_t index, const engine::Result<JsonMembers>& item) {
    const auto record = item ? event_record(*item, index, context) : engine::Result<engine::Record>(item.error());
    if (record)
      ++taken;
    else if (first.empty())
      first = record.error().what;
  };
  const auto read = reader.items(body, looks_like_lines(body), 10'000, keep);
  if (!read) return read.error().what;
  if (taken == 0 && first.empty()) return "The request holds no event";
  return first;
}

TEST(JsonVerdicts, EveryBodyGetsItsOwn) {
  const auto all = test::json_verdicts();
  EXPECT_GE(all.size(), 250U);
  JsonReader reader;
  for (const auto& [name, body, refusal] : all) {
    auto tight = body;
    tight.shrink_to_fit();
    EXPECT_EQ(verdict(reader, tight), refusal) << name;
    auto roomy = body;
    roomy.reserve(body.size() + 256);
    EXPECT_EQ(verdict(reader, roomy), refusal) << name << ", with room behind it";
  }
}

}  // namespace
}  // namespace leadlight::net
