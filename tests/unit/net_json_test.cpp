// Strict JSON in, JSON out.
#include "net/text/json_reader.hpp"
#include "net/text/json_writer.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace leadlight::net {
namespace {

const std::string not_json = "The request body is not valid JSON";

std::string verdict(const std::string& body) {
  JsonReader reader;
  const auto members = reader.object(body);
  return members ? "" : members.error().what;
}

TEST(JsonReader, GivesTheMembersAsSentAndUnescaped) {
  JsonReader reader;
  const std::string body =
      R"( { "a" : "x\n\u00e9\ud83d\ude00" , "b":[1, {"c":null}] ,"d" : -1.5e+3,"e":true, "f":{} , "\u0067":null } )";
  const auto members = reader.object(body);
  ASSERT_TRUE(members) << members.error().what;
  ASSERT_EQ(members->size(), 6U);
  const auto& all = *members;
  EXPECT_EQ(all[0].name, "a");
  EXPECT_EQ(all[0].kind, JsonKind::text);
  EXPECT_EQ(all[0].text, "x\né😀");
  EXPECT_EQ(all[0].raw, R"("x\n\u00e9\ud83d\ude00")");
  EXPECT_EQ(all[1].kind, JsonKind::array);
  EXPECT_EQ(all[1].raw, R"([1, {"c":null}])");
  EXPECT_EQ(all[2].kind, JsonKind::number);
  EXPECT_EQ(all[2].raw, "-1.5e+3");
  EXPECT_EQ(all[3].text, "true");
  EXPECT_EQ(all[4].raw, "{}");
  EXPECT_EQ(all[5].name, "g");
  EXPECT_EQ(all[5].kind, JsonKind::null);
}

TEST(JsonReader, TakesEveryKindOfNumber) {
  for (const std::string number :
       {"0", "-0", "1", "-1", "10", "0.5", "1e5", "1E+5", "1e-5", "123456789012345678901234567890", "1e400"})
    EXPECT_EQ(verdict("{\"a\":" + number + "}"), "") << number;
}

TEST(JsonReader, RefusesBadGrammar) {
  for (const std::string body : {"{",
                                 "}",
                                 "{}{}",
                                 "{} x",
                                 "{\"a\"}",
                                 "{\"a\":}",
                                 "{\"a\":\"b\":1}",
                                 "{\"a\":1,}",
                                 "{,}",
                                 "{\"a\":1 \"b\":2}",
                                 "{\"a\":1,,\"b\":2}",
                                 "{a:1}",
                                 "{'a':1}",
                                 "{\"a\":'x'}",
                                 "{\"a\":tru}",
                                 "{\"a\":True}",
                                 "{\"a\":nul}",
                                 "{\"a\":nullx}",
                                 "{\"a\":truex}",
                                 "{\"a\":01}",
                                 "{\"a\":+1}",
                                 "{\"a\":1.}",
                                 "{\"a\":.5}",
                                 "{\"a\":1e}",
                                 "{\"a\":1e+}",
                                 "{\"a\":-}",
                                 "{\"a\":NaN}",
                                 "{\"a\":Infinity}",
                                 "{\"a\":0x1}",
                                 "{\"a\":1_000}",
                                 "{\"a\":\"x}",
                                 "{\"a\":\"\\x\"}",
                                 "{\"a\":\"\\u12\"}",
                                 "{\"a\":\"\\u12G4\"}",
                                 "{\"a\":\"tab\there\"}",
                                 "{\"a\":\"line\nhere\"}",
                                 "{\"a\":[1,]}",
                                 "{\"a\":[,1]}",
                                 "{\"a\":[1 2]}",
                                 "{\"a\":[1}",
                                 "{\"a\":{]}",
                                 "{\"a\":1}]",
                                 "{\"a\":1//x\n}",
                                 "{\"a\":/**/1}",
                                 "\xEF\xBB\xBF{}",
                                 "{\"a\":\"\xff\"}",
                                 "{\"a\":\"\xed\xa0\x80\"}",
                                 "{\"a\":\"\xc0\xaf\"}",
                                 "{\"a\":{\"b\":tru}}",
                                 "{\"a\":[[[1,]]]}",
                                 "{\"a\":\"\\\"}"})
    EXPECT_EQ(verdict(body), not_json) << body;
  for (const std::string body : {"", " ", "\r\n\t "}) EXPECT_EQ(verdict(body), "The request body is empty") << body;
  for (const std::string body : {"[]", "1", "\"x\"", "null", "[{}]"})
    EXPECT_EQ(verdict(body), "The request body must be a JSON object") << body;
}

TEST(JsonReader, RefusesWhatTwoReadersCouldReadInTwoWays) {
  EXPECT_EQ(verdict(R"({"a":1,"b":2,"a":3})"), "\"a\" appears twice in one object");
  EXPECT_EQ(verdict(R"({"a":1,"\u0061":3})"), "\"a\" appears twice in one object");
  EXPECT_EQ(verdict(R"({"x":[{"y":{"a":1,"a":1}}]})"), "\"a\" appears twice in one object");
  EXPECT_EQ(verdict(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]})"), "");
  EXPECT_EQ(verdict(R"({"a":"\u0000"})"), "a text holds the character U+0000");
  for (const std::string text : {"\\ud800", "\\udc00", "\\ud800x", "\\ud800\\u0041", "\\udc00\\ud800", "x\\udfff"})
    EXPECT_EQ(verdict("{\"a\":\"" + text + "\"}"), "a text holds half of a surrogate pair") << text;
}

TEST(JsonReader, NamesTheMemberAtFault) {
  JsonReader reader;
  EXPECT_EQ(reader.object(R"({"ok":1,"properties":{"deep":"\ud800"}})").error().field, "properties");
}

TEST(JsonReader, KeepsItsLimits) {
  const auto nested = [](int levels) {
    std::string body = "1";
    for (int i = 0; i < levels; ++i) body = i % 2 == 0 ? "{\"a\":" + body + "}" : "[" + body + "]";
    return levels % 2 == 0 ? "{\"a\":" + body.substr(0) + "}" : body;
  };
  EXPECT_EQ(verdict(nested(31)), "");
  EXPECT_EQ(verdict(nested(33)), "nested deeper than 32 levels");
  std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_EQ(verdict(deep), "nested deeper than 32 levels");

  const auto wide = [](int members) {
    std::string body = "{";
    for (int i = 0; i < members; ++i) body += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":0";
    return body + "}";
  };
  EXPECT_EQ(verdict(wide(5'000)), "");
  EXPECT_EQ(verdict(wide(5'001)), "more than 5000 members");
  EXPECT_EQ(verdict("{\"a\":\"" + std::string(65'536, 'x') + "\"}"), "");
  EXPECT_EQ(verdict("{\"a\":\"" + std::string(65'537, 'x') + "\"}"), "a text is longer than 65536 bytes");
  EXPECT_EQ(verdict("{\"a\":" + std::string(65, '1') + "}"), "a number is longer than 64 characters");
}

struct Items {
  std::vector<std::string> seen;  // "a=1" for an object's first member, else the refusal
  engine::Status status = engine::Ok{};
};

Items read_items(const std::string& body, bool lines, std::size_t items_max = 100) {
  JsonReader reader;
  Items items;
  items.status = reader.items(body, lines, items_max, [&](std::size_t index, const engine::Result<JsonMembers>& item) {
    EXPECT_EQ(index, items.seen.size());
    if (!item)
      items.seen.push_back(item.error().what);
    else
      items.seen.push_back(item->empty() ? "{}"
                                         : std::string(item->front().name) + "=" + std::string(item->front().raw));
  });
  return items;
}

TEST(JsonReader, ReadsOneObjectAnArrayOrLines) {
  EXPECT_EQ(read_items(R"({"a":1})", false).seen, std::vector<std::string>{"a=1"});
  EXPECT_EQ(read_items(R"([{"a":1},{},{"b":[2]}])", false).seen, (std::vector<std::string>{"a=1", "{}", "b=[2]"}));
  EXPECT_EQ(read_items("{\"a\":1}\n\n{\"b\":2}\r\n  \n{\"c\":3}", true).seen,
            (std::vector<std::string>{"a=1", "b=2", "c=3"}));
  EXPECT_TRUE(read_items("[]", false).seen.empty());
}

TEST(JsonReader, KeepsTheGoodItemsOfAnArray) {
  const auto items =
      read_items(R"([{"a":1},5,{"a":1,"a":2},[{"x":1}],{"b":"\u0000","c":[1,2,{"d":3}]},null,{"z":26}])", false);
  ASSERT_TRUE(items.status);
  EXPECT_EQ(items.seen,
            (std::vector<std::string>{"a=1", "an event must be a JSON object", "\"a\" appears twice in one object",
                                      "an event must be a JSON object", "a text holds the character U+0000",
                                      "an event must be a JSON object", "z=26"}));
}

TEST(JsonReader, ABrokenArrayIsRefusedWhole) {
  for (const std::string body : {R"([{"a":1},{"b":tru}])", R"([{"a":1} {"b":2}])", R"([{"a":1},)", R"([{"a":1},])",
                                 R"([{"a":1}] x)", R"([{"a":1}}])", R"([{"a":1},tru])"}) {
    const auto items = read_items(body, false);
    ASSERT_FALSE(items.status) << body;
    EXPECT_EQ(items.status.error().what, not_json) << body;
  }
}

TEST(JsonReader, ABadLineIsABadItem) {
  const auto items = read_items("{\"a\":1}\n{\"b\":\n[1]\n{\"c\":3} x\n{\"d\":\"\\u0000\"}\n{\"e\":5}\n", true);
  ASSERT_TRUE(items.status);
  EXPECT_EQ(items.seen,
            (std::vector<std::string>{"a=1", "this line is not valid JSON", "an event must be a JSON object",
                                      "this line is not valid JSON", "a text holds the character U+0000", "e=5"}));
}

TEST(JsonReader, CountsItems) {
  EXPECT_EQ(read_items("[{},{},{}]", false, 2).status.error().code, engine::Errc::too_large);
  EXPECT_EQ(read_items("{}\n{}\n{}", true, 2).status.error().code, engine::Errc::too_large);
  EXPECT_TRUE(read_items("[{},{}]", false, 2).status);
}

TEST(JsonReader, TellsLinesFromOneObject) {
  EXPECT_TRUE(looks_like_lines("{\"a\":1}\n{\"b\":2}\n"));
  EXPECT_TRUE(looks_like_lines("\n {\"a\":1} \r\n\r\n{\"b\":2}"));
  EXPECT_FALSE(looks_like_lines("{\"a\":1}\n"));
  EXPECT_FALSE(looks_like_lines("{\n\"a\":[{\n{\"b\":2}"));
  EXPECT_FALSE(looks_like_lines("[{}]\n{}"));
  EXPECT_FALSE(looks_like_lines(""));
}

TEST(JsonWriter, PlacesCommasAndEscapes) {
  JsonWriter json;
  json.object().member("a", "q\"\\\n\x01é").member("b", 1).key("c").array().value(true).null().value(0.5).end_array();
  json.key("d").object().end_object().member("e", std::optional<int>{}).member("f", std::optional<std::string>("x"));
  json.member("g", engine::from_ms(0))
      .member("h", std::numeric_limits<std::uint64_t>::max())
      .member_or_null("i", "")
      .end_object();
  EXPECT_EQ(json.take(),
            "{\"a\":\"q\\\"\\\\\\n\\u0001é\",\"b\":1,\"c\":[true,null,0.5],\"d\":{},\"e\":null,\"f\":\"x\","
            "\"g\":\"1970-01-01T00:00:00.000Z\",\"h\":18446744073709551615,\"i\":null}");
}

TEST(JsonWriter, WhatItWritesIsRead) {
  std::string text;
  for (int c = 1; c < 128; ++c) text += static_cast<char>(c);
  JsonWriter json;
  json.object().member("a", text).end_object();
  JsonReader reader;
  const auto written = json.take();
  const auto members = reader.object(written);
  ASSERT_TRUE(members);
  EXPECT_EQ(members->front().text, text);
}

}  // namespace
}  // namespace leadlight::net
