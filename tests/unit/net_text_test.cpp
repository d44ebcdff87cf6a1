// Texts at the door: times, e-mail addresses, request ids, percent-encoding.
#include "net/http/http.hpp"
#include "net/text/url_text.hpp"
#include "net/text/utf8.hpp"

#include <gtest/gtest.h>

#include <set>

namespace leadlight::net {
namespace {

TEST(TimeText, FormatsMillisecondsInUtc) {
  EXPECT_EQ(format_time(engine::from_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(engine::from_ms(1'777'636'800'000)), "2026-05-01T12:00:00.000Z");
  EXPECT_EQ(format_time(engine::from_ms(951'782'399'999)), "2000-02-28T23:59:59.999Z");
  EXPECT_EQ(format_time(engine::from_ms(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(TimeText, ReadsWhatItWrites) {
  for (std::int64_t ms = -100'000'000'000; ms < 4'000'000'000'000; ms += 86'400'000 * 97LL + 12'345'679) {
    const auto read = parse_time(format_time(engine::from_ms(ms)));
    ASSERT_TRUE(read) << ms;
    EXPECT_EQ(engine::to_ms(*read), ms);
  }
}

TEST(TimeText, ReadsEveryFormOfRfc3339) {
  const std::vector<std::pair<std::string, std::int64_t>> table = {
      {"2026-05-01T12:00:00Z", 1'777'636'800'000},
      {"2026-05-01t12:00:00z", 1'777'636'800'000},
      {"2026-05-01 12:00:00Z", 1'777'636'800'000},
      {"2026-05-01T14:00:00+02:00", 1'777'636'800'000},
      {"2026-05-01T06:30:00-05:30", 1'777'636'800'000},
      {"2026-05-01T12:00:00.5Z", 1'777'636'800'500},
      {"2026-05-01T12:00:00.123456789Z", 1'777'636'800'123},
      {"2026-05-01T12:00:00.000999999Z", 1'777'636'800'000},
      {"2016-12-31T23:59:60Z", 1'483'228'800'000},  // a leap second
      {"2024-02-29T00:00:00Z", 1'709'164'800'000},
      {"1777636800000", 1'777'636'800'000},
      {"0", 0},
      {"-1", -1},
      {"1969-12-31T23:59:59.999Z", -1},
  };
  for (const auto& [text, ms] : table) {
    const auto read = parse_time(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(engine::to_ms(*read), ms) << text;
  }
}

TEST(TimeText, RefusesWhatIsNoInstant) {
  for (const std::string text : {"",
                                 "now",
                                 "2026-05-01",
                                 "2026-05-01T12:00:00",
                                 "2026-05-01T12:00Z",
                                 "2026-13-01T12:00:00Z",
                                 "2026-02-29T12:00:00Z",
                                 "2026-05-01T24:00:00Z",
                                 "2026-05-01T12:60:00Z",
                                 "2026-05-01T12:00:61Z",
                                 "2026-05-01T12:00:00.Z",
                                 "2026-05-01T12:00:00.1234567890Z",
                                 "2026-05-01T12:00:00+0200",
                                 "2026-05-01T12:00:00+24:00",
                                 "2026-05-01T12:00:00Z ",
                                 " 2026-05-01T12:00:00Z",
                                 "1.5e3",
                                 "1777636800000.0",
                                 "999999999999999999999",
                                 "100000000000000",
                                 "+5",
                                 "0x10",
                                 "26-05-01T12:00:00Z",
                                 "2026-5-1T12:00:00Z"})
    EXPECT_FALSE(parse_time(text)) << text;
}

TEST(EmailText, TrimsAndLowersAscii) {
  EXPECT_EQ(*normalise_email("  Ann.Example+Tag@Example.COM \t\r\n"), "ann.example+tag@example.com");
  EXPECT_EQ(*normalise_email("o'neil_1/x@sub.example.co.uk"), "o'neil_1/x@sub.example.co.uk");
  EXPECT_EQ(*normalise_email("jürgen@bücher.example"), "jürgen@bücher.example");
}

TEST(EmailText, RefusesOtherShapes) {
  const std::string long_label(64, 'a');
  for (const auto& text : {std::string("a"),
                           std::string("a@b"),
                           std::string("@b.com"),
                           std::string("a@"),
                           std::string("a@@b.com"),
                           std::string("a@b@c.com"),
                           std::string("a b@c.com"),
                           std::string("a@b .com"),
                           std::string("a@.com"),
                           std::string("a@b."),
                           std::string("a@b..com"),
                           std::string("a@-b.com"),
                           std::string("a@b-.com"),
                           "a@" + long_label + ".com",
                           std::string("a\x01@b.com"),
                           std::string("a\0b@c.com", 9),
                           std::string("<a@b.com>"),
                           std::string("a,b@c.com"),
                           std::string("a@b.com,c"),
                           std::string("a\xc2\xa0@b.com"),
                           std::string("a\xe2\x80\x8b@b.com"),
                           std::string("\xff@b.com"),
                           std::string(250, 'a') + "@b.com"}) {
    const auto refused = normalise_email(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().what, "email is not a valid email address") << text;
    EXPECT_EQ(refused.error().field, "email");
  }
  for (const std::string blank : {"", "   ", "\t\n"})
    EXPECT_EQ(normalise_email(blank).error().what, "email is required");
}

TEST(EmailText, TakesTheLongestAllowed) {
  const std::string domain = "@" + std::string(60, 'd') + ".com";
  EXPECT_TRUE(normalise_email(std::string(254 - domain.size(), 'a') + domain));
  EXPECT_FALSE(normalise_email(std::string(255 - domain.size(), 'a') + domain));
}

TEST(RequestId, IsAUlidThatSortsByTime) {
  const auto early = make_request_id(engine::from_ms(1'777'636'800'000));
  const auto late = make_request_id(engine::from_ms(1'777'636'800'001));
  EXPECT_EQ(early.size(), 30U);
  EXPECT_TRUE(early.starts_with("req_01KQ"));
  EXPECT_LT(early, late);
  EXPECT_EQ(early.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 4), std::string::npos);
}

TEST(RequestId, DiffersWithinAMillisecond) {
  std::set<std::string> ids;
  for (int i = 0; i < 10'000; ++i) ids.insert(make_request_id(engine::from_ms(1)));
  EXPECT_EQ(ids.size(), 10'000U);
}

TEST(UrlText, DecodesPercentEncoding) {
  EXPECT_EQ(percent_decode("a%20b%2Fc+d"), "a b/c+d");
  EXPECT_EQ(percent_decode("a%20b+c", true), "a b c");
  EXPECT_EQ(percent_decode("%C3%BC"), "ü");
  for (const std::string bad : {"%", "%4", "%zz", "a%00b", "%ff", "%C3", "%ED%A0%80", "%C0%AF"})
    EXPECT_FALSE(percent_decode(bad)) << bad;
}

TEST(UrlText, ReadsForms) {
  const auto form = parse_form("email=a%40b.com&&source=Marketo&flag&x=1=2");
  ASSERT_TRUE(form);
  ASSERT_EQ(form->size(), 4U);
  EXPECT_EQ((*form)[0], std::pair(std::string("email"), std::string("a@b.com")));
  EXPECT_EQ((*form)[2], std::pair(std::string("flag"), std::string()));
  EXPECT_EQ((*form)[3], std::pair(std::string("x"), std::string("1=2")));
  EXPECT_FALSE(parse_form("a=%G1"));
}

TEST(Utf8, RefusesOverlongSurrogateAndCutOff) {
  EXPECT_TRUE(is_utf8("plain ü € 😀"));
  for (const std::string bad :
       {"\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\xAF", "\xF4\x90\x80\x80", "\xE2\x82"})
    EXPECT_FALSE(is_utf8(bad));
}

}  // namespace
}  // namespace leadlight::net
