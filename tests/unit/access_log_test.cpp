// What the access log shows of a peer and of a path tells nobody who it was.
#include "net/http/access_log.hpp"

#include "logging/log.hpp"

#include <gtest/gtest.h>

#include <boost/asio/ip/address.hpp>

namespace leadlight::net {
namespace {

std::string network(const char* address) {
  return network_of(boost::asio::ip::make_address(address));
}

TEST(AccessLogTest, APeerStandsWithItsNetwork) {
  EXPECT_EQ(network("203.0.113.77"), "203.0.113.0/24");
  EXPECT_EQ(network("2001:db8:1:2::3"), "2001:db8:1::/48");
  EXPECT_EQ(network("::ffff:203.0.113.77"), "203.0.113.0/24");
  EXPECT_EQ(network("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(network("::1"), "::1");
}

TEST(AccessLogTest, AnUnknownPathStandsWithItsPlainWords) {
  EXPECT_EQ(shown_path("/data-api/v2/scoring/behavioral/live"), "/data-api/v2/scoring/behavioral/live");
  EXPECT_EQ(shown_path("/v1/leads/ada@example.com"), "/v1/leads/…");
  EXPECT_EQ(shown_path("/v1/leads/Ada/receipt"), "/v1/leads/…");
  EXPECT_EQ(shown_path("/hg_v2_0123456789abcdef0123456789"), "/…");
  EXPECT_EQ(shown_path("/a/b/c/d/e/f/g"), "/a/b/c/d/e/…");
  EXPECT_EQ(shown_path("/"), "/…");
  EXPECT_EQ(shown_path(""), "/…");
}

std::string line_of(std::uint16_t status) {
  logging::set_up(logging::Format::json, "info");
  HttpRequest request;
  request.method = "GET";
  request.path = "/v1/leads";
  AccessLog log;
  testing::internal::CaptureStderr();
  log.note({request, nullptr, boost::asio::ip::make_address("203.0.113.77"), status, "", AccessLog::slow_from});
  auto written = testing::internal::GetCapturedStderr();
  logging::set_up(logging::Format::json, "critical");  // the other tests stay quiet
  return written;
}

TEST(AccessLogTest, OnlyARefusalHasAReason) {
  EXPECT_NE(line_of(404).find(R"("reason":"Not found")"), std::string::npos);
  const auto slow = line_of(200);
  EXPECT_NE(slow.find("a request was slow"), std::string::npos);
  EXPECT_EQ(slow.find("reason"), std::string::npos) << slow;
}

}  // namespace
}  // namespace leadlight::net
