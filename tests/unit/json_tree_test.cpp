// The flat tree of a JSON document, and the array of items in it.
#include "net/text/json_tree.hpp"

#include <gtest/gtest.h>

namespace leadlight::net {
namespace {

std::vector<std::string> names_in(const JsonNode& node) {
  std::vector<std::string> names;
  for (const auto& member : node) names.emplace_back(member.member.name);
  return names;
}

TEST(JsonTree, KeepsMembersOfObjectsAtAnyDepth) {
  JsonTree tree;
  ASSERT_TRUE(tree.read(R"({"a":{"b":{"c":" \u00e4"},"d":1},"e":[{"x":1},2],"f":null,"g":true})", "batch", 10));
  EXPECT_EQ(names_in(tree.root()), (std::vector<std::string>{"a", "e", "f", "g"}));
  const auto* a = tree.root().find("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(names_in(*a), (std::vector<std::string>{"b", "d"}));
  EXPECT_EQ(a->member.raw, R"({"b":{"c":" \u00e4"},"d":1})");
  EXPECT_EQ(a->find("b")->find("c")->member.text, " ä");
  EXPECT_EQ(tree.root().find("e")->member.raw, R"([{"x":1},2])");
  EXPECT_EQ(names_in(*tree.root().find("e")), std::vector<std::string>{});
  EXPECT_EQ(tree.root().find("f"), nullptr) << "null is as good as absent";
  EXPECT_EQ(tree.root().find("nothing"), nullptr);
  EXPECT_EQ(tree.items(), nullptr);
}

TEST(JsonTree, HandsOutItemsEachWithItsOwnFault) {
  JsonTree tree;
  ASSERT_TRUE(
      tree.read(R"({"k":"v", "batch":[{"a":1} ,{"b":{"x":1,"x":2},"c":3},7,{"d":[[{"y":1,"y":1}]]},{}], "z":{"y":1}})",
                "batch", 10));
  ASSERT_NE(tree.items(), nullptr);
  std::vector<std::string> seen;
  for (const auto& item : *tree.items())
    seen.push_back(std::string(item.member.raw) + "|" + std::string(tree.fault_of(item)));
  EXPECT_EQ(seen, (std::vector<std::string>{R"({"a":1}|)", R"(|"x" appears twice in one object)",
                                            "|an event must be a JSON object", R"(|"y" appears twice in one object)",
                                            "{}|"}));
  EXPECT_EQ(tree.root().find("z")->find("y")->member.raw, "1");
  EXPECT_EQ(names_in(tree.root()), (std::vector<std::string>{"k", "batch", "z"}));
}

TEST(JsonTree, TakesABareArrayOfItems) {
  JsonTree tree;
  ASSERT_TRUE(tree.read(R"([{"a":1},{"a":2}])", "batch", 10));
  ASSERT_NE(tree.items(), nullptr);
  EXPECT_TRUE(tree.root().is(JsonKind::array));
  std::size_t count = 0;
  for (const auto& item : *tree.items()) count += item.find("a") != nullptr ? 1U : 0U;
  EXPECT_EQ(count, 2U);
}

TEST(JsonTree, RefusesWhatCannotBeReadInOneWay) {
  JsonTree tree;
  for (const auto* body :
       {"", " ", "1", "\"a\"", "{", "{\"a\":}", "{\"a\":1}x", "{\"a\":1,}", "{\"batch\":[{]}", "{\"batch\":[}",
        "{\"batch\":[{}", "{\"a\":1,\"a\":2}", "{\"batch\":[],\"batch\":[]}", "{\"a\":\"\\ud800\"}", "[1,2",
        "{\"a\":01}", "{\"batch\":[{\"a\":tru}]}", "{\"batch\":[{\"a\":1}{}]}"})
    EXPECT_FALSE(tree.read(body, "batch", 10)) << body;
  const auto many = tree.read(R"({"batch":[{},{},{}]})", "batch", 2);
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code, engine::Errc::too_large);
  EXPECT_TRUE(tree.read(R"({"batch":[{},{}]})", "batch", 2)) << "and can be used again";
}

TEST(JsonTree, LimitsDepthAndMembersOfEachItem) {
  JsonTree tree{JsonLimits{.depth_max = 4, .members_max = 3, .text_bytes_max = 5}};
  ASSERT_TRUE(
      tree.read(R"({"batch":[{"a":1,"b":2,"c":3},{"a":1,"b":2,"c":3,"d":4},{"a":{"b":{"c":{"d":1}}}},{"a":"123456"}]})",
                "batch", 10));
  std::vector<bool> good;
  for (const auto& item : *tree.items()) good.push_back(tree.fault_of(item).empty());
  EXPECT_EQ(good, (std::vector<bool>{true, false, false, false}));
}

}  // namespace
}  // namespace leadlight::net
