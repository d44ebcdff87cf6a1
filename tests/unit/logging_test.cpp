// A line of the log is what a collector can read, and holds nobody's address and no key, whoever wrote it.
#include "logging/limiter.hpp"
#include "logging/line.hpp"
#include "logging/log.hpp"
#include "logging/privacy.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace leadlight::logging {
namespace {

constexpr const char* noon = "2026-05-01T12:00:00.123Z";

NameKey key_of(std::uint8_t byte) {
  NameKey key{};
  key.fill(byte);
  return key;
}

class LoggingTest : public testing::Test {
 protected:
  void SetUp() override { set_name_key(key_of(7)); }
};

// ---- lines

TEST_F(LoggingTest, TextHasFieldsBehindTheMessage) {
  const std::vector<Field> fields = {{"target", "crm"}, {"reason", "it is \"down\" now"}, {"calls", 3}, {"code", ""}};
  EXPECT_EQ(line(Format::text, noon, "warn", "a target is held", fields),
            R"(2026-05-01T12:00:00.123Z warn a target is held target=crm reason="it is \"down\" now" calls=3)");
}

TEST_F(LoggingTest, JsonIsOneObjectWithBareNumbers) {
  const std::vector<Field> fields = {{"target", "crm"}, {"status", 503}, {"code", ""}};
  EXPECT_EQ(
      line(Format::json, noon, "error", "a \"b\" \\ c", fields),
      R"({"time":"2026-05-01T12:00:00.123Z","level":"error","message":"a \"b\" \\ c","target":"crm","status":503})");
}

TEST_F(LoggingTest, WhatWouldBreakALineBecomesABlank) {
  EXPECT_EQ(line(Format::json, noon, "info", "a\nb\tc\x7f", {}),
            R"({"time":"2026-05-01T12:00:00.123Z","level":"info","message":"a b c "})");
}

TEST_F(LoggingTest, WhatIsNotUtf8IsReplacedInJson) {
  const auto text = line(Format::json, noon, "info", "a\xff\xc3(\xe2\x82\xac\xed\xa0\x80", {});
  EXPECT_NE(text.find("a\xef\xbf\xbd\xef\xbf\xbd(\xe2\x82\xac\xef\xbf\xbd"), std::string::npos) << text;
}

TEST_F(LoggingTest, AValueIsCutBetweenCharacters) {
  std::string euros;
  for (int i = 0; i < 3'000; ++i) euros += "€";
  const std::vector<Field> fields = {{"reason", euros}};
  const auto text = line(Format::json, noon, "info", "m", fields);
  EXPECT_LT(text.size(), 4'300U);
  EXPECT_EQ(text.find("\xef\xbf\xbd"), std::string::npos);
}

TEST_F(LoggingTest, FieldsSurviveThePassage) {
  const std::vector<Field> fields = {{"target", "c\x1e\x1fm"}, {"status", 200}, {"empty", ""}};
  const auto passed = unpacked_line(Format::json, noon, "info", packed("me\x1essage", fields));
  EXPECT_EQ(passed,
            R"({"time":"2026-05-01T12:00:00.123Z","level":"info","message":"me ssage","target":"c  m","status":200})");
}

TEST_F(LoggingTest, ALineOfSpdlogItselfPassesToo) {
  EXPECT_EQ(unpacked_line(Format::text, noon, "info", "written elsewhere by ada@example.com"),
            std::string(noon) + " info written elsewhere by " + lead_name("ada@example.com"));
}

TEST_F(LoggingTest, NobodysWordsBecomeMembersOfALine) {
  const std::string forged = "the CRM says: no\x1eorganisation\x1f#7\x1elevel\x1f$info\nada@example.com";
  EXPECT_EQ(
      unpacked_line(Format::json, noon, "warn", forged),
      R"({"time":"2026-05-01T12:00:00.123Z","level":"warn","message":"the CRM says: no organisation #7 level $info )" +
          lead_name("ada@example.com") + "\"}");
  const auto mine = packed("m", std::vector<Field>{{"reason", forged}});
  EXPECT_EQ(unpacked_line(Format::json, noon, "warn", mine).find("\"organisation\":"), std::string::npos);
  EXPECT_EQ(unpacked_line(Format::json, noon, "warn", "x" + mine).find("\"reason\":"), std::string::npos);
}

// ---- names

TEST_F(LoggingTest, ALeadsNameIsKeyedAndAlwaysTheSame) {
  const auto name = lead_name("ada@example.com");
  EXPECT_EQ(name.size(), std::string("lead_").size() + 16);
  EXPECT_EQ(name, lead_name(" Ada@Example.COM "));
  EXPECT_NE(name, lead_name("ben@example.com"));
  set_name_key(key_of(8));
  EXPECT_NE(name, lead_name("ada@example.com"));
  set_name_key(key_of(7));
  EXPECT_EQ(name, lead_name("ada@example.com"));
}

// The first 8 bytes of HMAC-SHA-256, computed with `openssl dgst -sha256 -mac HMAC`.
TEST_F(LoggingTest, ALeadsNameIsTheHmac) {
  EXPECT_EQ(lead_name("ada@example.com"), "lead_c7f22a2b3094d750");
}

// ---- the scrubber

TEST_F(LoggingTest, EveryFormOfAnAddressIsReplaced) {
  const auto ada = lead_name("ada@example.com");
  EXPECT_EQ(scrubbed("ada@example.com"), ada);
  EXPECT_EQ(scrubbed("Lead <Ada@Example.com>, refused."), "Lead <" + ada + ">, refused.");
  EXPECT_EQ(scrubbed("'ada@example.com' is no value"), "'" + ada + "' is no value");
  EXPECT_EQ(scrubbed("/v1/leads/ada%40example.com/receipt"), "/v1/leads/" + ada + "/receipt");
  EXPECT_EQ(scrubbed("{\"email\":\"ada@example.com\"}"), "{\"email\":\"" + ada + "\"}");
  EXPECT_EQ(scrubbed("to ada@example.com."), "to " + ada + ".");
  EXPECT_EQ(scrubbed("ada@example.com,ada@example.com"), ada + "," + ada);
  EXPECT_EQ(scrubbed("o'brien+x@sub.example.co"), lead_name("o'brien+x@sub.example.co"));
  EXPECT_EQ(scrubbed("jörg@müller.de"), lead_name("jörg@müller.de"));
}

TEST_F(LoggingTest, WhatIsNoAddressStays) {
  for (const std::string text : {"at 3 @ noon", "@handle", "name@", "100 %40", "a plain sentence", "api-usage=18/5000"})
    EXPECT_EQ(scrubbed(text), text);
}

TEST_F(LoggingTest, KeysAndTokensAreHidden) {
  EXPECT_EQ(scrubbed("key hg_v2_0123456789abcdefABCDEF0123456789abcd revoked"), "key [hidden] revoked");
  EXPECT_EQ(scrubbed("Authorization: Bearer 00D000000000062!AQ4AQN.x_y"), "Authorization: Bearer [hidden]");
  EXPECT_EQ(scrubbed("secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "secret [hidden]");
  EXPECT_EQ(scrubbed("write Bearer hg_v2_… there"), "write Bearer hg_v2_… there");
}

// ---- the limiter

TEST(LimiterTest, WritesSoManyASecondAndTellsWhatWasLeftOut) {
  Limiter limiter{2};
  const auto start = Limiter::Clock::now();
  EXPECT_TRUE(limiter.ask(start).write);
  EXPECT_TRUE(limiter.ask(start).write);
  EXPECT_FALSE(limiter.ask(start).write);
  EXPECT_FALSE(limiter.ask(start + std::chrono::milliseconds(999)).write);
  const auto next = limiter.ask(start + std::chrono::seconds(1));
  EXPECT_TRUE(next.write);
  EXPECT_EQ(next.left_out, 2U);
  EXPECT_EQ(limiter.ask(start + std::chrono::seconds(1)).left_out, 0U);
}

}  // namespace
}  // namespace leadlight::logging
