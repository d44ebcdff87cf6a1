// Routes, problem documents, dispatch without a socket, rates.
#include "net/http/http.hpp"
#include "net/http/rate_limit.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace leadlight::net {
namespace {

Route route(std::string method, std::string pattern) {
  return {std::move(method), std::move(pattern), "", 10, [](const HttpRequest& request, const Respond& respond) {
            respond(HttpResponse::text(200, request.captures.empty() ? "-" : request.captures.front()));
          }};
}

HttpRequest request(std::string method, std::string path) {
  HttpRequest made;
  made.method = std::move(method);
  made.path = std::move(path);
  made.request_id = "req_1";
  return made;
}

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    router_.add(route("GET", "/v1/leads"));
    router_.add(route("POST", "/v1/leads"));
    router_.add(route("GET", "/v1/leads/{email}"));
    router_.add(route("GET", "/v1/leads/{email}/receipt"));
    router_.add(route("DELETE", "/v1/things/{a}/{b}"));
  }
  Router router_;
};

TEST_F(RouterTest, FindsLiteralAndPatternRoutes) {
  EXPECT_EQ(router_.find("GET", "/v1/leads").route->pattern, "/v1/leads");
  const auto lead = router_.find("GET", "/v1/leads/a@b.com");
  EXPECT_EQ(lead.route->pattern, "/v1/leads/{email}");
  EXPECT_EQ(lead.captures, std::vector<std::string>{"a@b.com"});
  EXPECT_EQ(router_.find("GET", "/v1/leads/a@b.com/receipt").route->pattern, "/v1/leads/{email}/receipt");
  EXPECT_EQ(router_.find("DELETE", "/v1/things/x/y").captures, (std::vector<std::string>{"x", "y"}));
}

TEST_F(RouterTest, HeadFindsGet) {
  EXPECT_EQ(router_.find("HEAD", "/v1/leads").route->method, "GET");
}

TEST_F(RouterTest, NamesTheMethodsOfAPath) {
  const auto match = router_.find("PUT", "/v1/leads");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allowed, (std::vector<std::string>{"GET", "HEAD", "POST"}));
  EXPECT_EQ(match.any_of_path->pattern, "/v1/leads");
}

TEST_F(RouterTest, KnowsNothingElse) {
  for (const std::string path : {"/", "/v1", "/v1/leads/", "/v1/leads//receipt", "/v1/leads/a/b",
                                 "/v1/leads/a/receipt/", "", "/v1/things/x", "/V1/leads"}) {
    const auto match = router_.find("GET", path);
    EXPECT_EQ(match.route, nullptr) << path;
    EXPECT_TRUE(match.allowed.empty()) << path;
  }
}

TEST_F(RouterTest, DispatchRunsTheRoute) {
  EXPECT_EQ(dispatch(router_, request("GET", "/v1/leads/a@b.com")).body, "a@b.com");
  EXPECT_EQ(dispatch(router_, request("GET", "/nowhere")).status, 404);
  const auto refused = dispatch(router_, request("PUT", "/v1/leads"));
  EXPECT_EQ(refused.status, 405);
  EXPECT_NE(std::find(refused.headers.begin(), refused.headers.end(),
                      std::pair<std::string, std::string>("Allow", "GET, HEAD, POST")),
            refused.headers.end());
  auto large = request("POST", "/v1/leads");
  large.body = std::string(11, 'x');
  EXPECT_EQ(dispatch(router_, large).status, 413);
}

TEST(Dispatch, WaitsForAnAnswerFromAnotherThread) {
  Router router;
  std::jthread other;
  router.add({"GET", "/slow", "", 0, [&](const HttpRequest&, Respond respond) {
                other = std::jthread([respond = std::move(respond)] { respond(HttpResponse::text(200, "late")); });
              }});
  EXPECT_EQ(dispatch(router, request("GET", "/slow")).body, "late");
}

TEST(Dispatch, AnswersServiceUnavailableWhenNobodyAnswers) {
  Router router;
  router.add({"GET", "/lost", "", 0, [](const HttpRequest&, const Respond&) {}});
  const auto answer = dispatch(router, request("GET", "/lost"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(
      std::find(answer.headers.begin(), answer.headers.end(), std::pair<std::string, std::string>("Retry-After", "1")),
      answer.headers.end());
}

TEST(Problem, IsADocumentOfRfc9457) {
  const auto answer = problem({engine::Errc::invalid, "type is \"required\"", "type"}, request("POST", "/v1/events"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(
      answer.body,
      R"({"type":"about:blank","title":"Invalid request","status":400,"detail":"type is \"required\"","field":"type",)"
      R"("request_id":"req_1"})");
  EXPECT_EQ(answer.headers.front().second, "application/problem+json");
}

TEST(Problem, EveryCauseHasItsStatus) {
  using engine::Errc;
  const std::vector<std::pair<Errc, int>> table = {
      {Errc::invalid, 400},      {Errc::unauthorized, 401}, {Errc::forbidden, 403}, {Errc::not_found, 404},
      {Errc::conflict, 409},     {Errc::gone, 410},         {Errc::too_large, 413}, {Errc::unprocessable, 422},
      {Errc::rate_limited, 429}, {Errc::unavailable, 503},  {Errc::io_error, 503},  {Errc::corrupt, 500},
      {Errc::internal, 500}};
  for (const auto& [code, status] : table) EXPECT_EQ(status_of(code), status);
}

TEST(RateBucket, AllowsASecondsWorthThenTheRate) {
  RateBucket bucket;
  auto now = engine::from_ms(1'777'636'800'000);
  for (int i = 0; i < 25; ++i) {
    const auto taken = bucket.take(25, now);
    EXPECT_TRUE(taken.allowed);
    EXPECT_EQ(taken.state.remaining, static_cast<std::uint32_t>(24 - i));
  }
  const auto refused = bucket.take(25, now);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.state.reset_seconds, 1U);
  now += engine::Milliseconds(40);
  EXPECT_TRUE(bucket.take(25, now).allowed);
  EXPECT_FALSE(bucket.take(25, now).allowed);
  now += engine::Milliseconds(10'000);
  for (int i = 0; i < 25; ++i) EXPECT_TRUE(bucket.take(25, now).allowed);
  EXPECT_FALSE(bucket.take(25, now).allowed);
}

TEST(RateBucket, AClockSetBackLocksNobodyOut) {
  RateBucket bucket;
  EXPECT_TRUE(bucket.take(1, engine::from_ms(2'000'000'000'000)).allowed);
  const auto back = engine::from_ms(1'000'000'000'000);
  EXPECT_TRUE(bucket.take(1, back).allowed);
  EXPECT_FALSE(bucket.take(1, back + engine::Milliseconds(900)).allowed);
  EXPECT_TRUE(bucket.take(1, back + engine::Milliseconds(1'000)).allowed);
}

}  // namespace
}  // namespace leadlight::net
