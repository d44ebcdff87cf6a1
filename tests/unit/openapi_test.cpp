// net/openapi.json against the router: it describes every route, no other, and each with the scope that the door asks
// for.
#include "net/openapi.hpp"
#include "net/surfaces/surface.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <map>

namespace leadlight::net {
namespace {

namespace json = boost::json;

class OpenapiTest : public testing::Test {
 protected:
  OpenapiTest() {
    const auto clock = std::make_shared<actors::ManualClock>(engine::from_ms(0));
    add_surfaces(router_, {std::make_shared<actors::Switchboard>(), clock});
    document_ = json::parse(openapi_document());
    for (const auto& [path, item] : document_.at("paths").as_object()) {
      for (const auto& [method, operation] : item.as_object()) {
        std::string name = method;
        for (auto& letter : name) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
        operations_.emplace(name + " " + std::string(path), operation);
      }
    }
  }

  static std::string name_of(const Route& route) { return route.method + " " + route.pattern; }

  /// Null, and a failed test, when the route is not described.
  const json::value* described(const Route& route) {
    const auto found = operations_.find(name_of(route));
    EXPECT_NE(found, operations_.end()) << "net/openapi.json lacks " << name_of(route);
    return found == operations_.end() ? nullptr : &found->second;
  }

  HttpResponse ask(Headers headers) {
    HttpRequest request;
    request.method = "GET";
    request.path = "/openapi.json";
    request.headers = std::move(headers);
    return dispatch(router_, std::move(request));
  }
  static std::string header(const HttpResponse& response, std::string_view name) {
    for (const auto& [own, value] : response.headers)
      if (own == name) return value;
    return {};
  }

  Router router_;
  json::value document_;
  std::map<std::string, json::value> operations_;  // by "GET /path"
};

/// "leads hg" of [{"key":["leads"]},{"key":["hg"]}]: whoever has one of the scopes may ask.
std::string scopes_in(const json::value& security) {
  std::string scopes;
  for (const auto& choice : security.as_array()) {
    for (const auto& scope : choice.at("key").as_array()) {
      if (!scopes.empty()) scopes += ' ';
      scopes += scope.as_string();
    }
  }
  return scopes;
}

TEST_F(OpenapiTest, DescribesEveryRouteWithItsScope) {
  ASSERT_FALSE(router_.routes().empty());
  for (const auto& route : router_.routes()) {
    const auto* operation = described(route);
    if (operation == nullptr) continue;
    EXPECT_EQ(scopes_in(operation->at("security")), route.scope) << name_of(route) << ": security";
    const auto* required = operation->as_object().if_contains("x-required-scope");
    EXPECT_EQ(required == nullptr ? "" : required->as_string(), route.scope) << name_of(route) << ": x-required-scope";
  }
}

TEST_F(OpenapiTest, NamesTheFurtherPathsOfARoute) {
  for (const auto& route : router_.routes()) {
    const auto* operation = described(route);
    if (operation == nullptr) continue;
    std::vector<std::string> aliases;
    if (const auto* named = operation->as_object().if_contains("x-aliases"))
      for (const auto& path : named->as_array()) aliases.emplace_back(path.as_string());
    EXPECT_EQ(aliases, route.aliases) << name_of(route);
  }
}

TEST_F(OpenapiTest, DescribesNothingThatIsNotServed) {
  std::map<std::string, const Route*> routes;
  for (const auto& route : router_.routes()) routes.emplace(name_of(route), &route);
  EXPECT_EQ(routes.size(), router_.routes().size()) << "a route is there twice";
  for (const auto& [name, operation] : operations_) EXPECT_TRUE(routes.contains(name)) << "no route is " << name;
}

TEST_F(OpenapiTest, NamesWhatTheDoorRefuses) {
  for (const auto& route : router_.routes()) {
    const auto* operation = described(route);
    if (operation == nullptr) continue;
    const auto& answers = operation->at("responses").as_object();
    for (const auto* status : {"400", "408", "414", "417", "431", "503"})
      EXPECT_TRUE(answers.contains(status)) << name_of(route) << ": " << status;
    for (const auto* status : {"401", "403", "429"})
      EXPECT_EQ(answers.contains(status), !route.scope.empty()) << name_of(route) << ": " << status;
    for (const auto* status : {"413", "415"})
      EXPECT_EQ(answers.contains(status), route.body_bytes_max > 0) << name_of(route) << ": " << status;
  }
}

TEST_F(OpenapiTest, IsServedWithATagThatSparesSendingItAgain) {
  const auto first = ask({});
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.standing_body, openapi_document());
  EXPECT_TRUE(first.body.empty()) << "it is sent without a copy";
  EXPECT_EQ(header(first, "Content-Type"), "application/json");
  EXPECT_EQ(header(first, "Cache-Control"), "no-cache");
  const auto tag = header(first, "ETag");
  ASSERT_GT(tag.size(), 2U);
  EXPECT_EQ(ask({{"if-none-match", tag}}).status, 304);
  EXPECT_EQ(ask({{"if-none-match", "\"other\", W/" + tag}}).status, 304);
  EXPECT_EQ(header(ask({{"if-none-match", "*"}}), "ETag"), tag);
  EXPECT_EQ(ask({{"if-none-match", "\"other\""}}).status, 200);
}

}  // namespace
}  // namespace leadlight::net
