// How the 6sense-compatible routes refuse, against golden files: status, headers and body.
#include "net/sixsense/refusals.hpp"
#include "tests/support/golden_files.hpp"

#include <gtest/gtest.h>

#include <string>

namespace leadlight::net::sixsense {
namespace {

using engine::Errc;

HttpRequest asking() {
  HttpRequest request;
  request.rate = RateState{100, 40, 7};
  return request;
}

std::string text_of(const HttpResponse& response) {
  auto text = std::to_string(response.status) + '\n';
  for (const auto& [name, value] : response.headers) {
    text += name;
    text += ": ";
    text += value;
    text += '\n';
  }
  return text + '\n' + response.body;
}

void expect_refusal(const HttpResponse& response, const std::string& name) {
  const auto golden = read_golden(golden_folder("sixsense/refusals") / (name + ".answer"));
  const auto body = golden.find("\n\n") + 2;
  EXPECT_EQ(text_of(response), golden.substr(0, body) + without_layout(golden.substr(body))) << name;
}

TEST(SixsenseRefusalsTest, EachStatusHasItsWords) {
  const auto request = asking();
  const auto of = [&](Errc code, std::string what) { return refusal({code, std::move(what), "x"}, request); };
  expect_refusal(of(Errc::invalid, "Email ID is mandatory and can't be blank"), "email_missing");
  expect_refusal(of(Errc::unauthorized, "no key"), "unauthorized");
  expect_refusal(quota_exhausted(request), "quota_exhausted");
  expect_refusal(of(Errc::forbidden, "not of this group"), "forbidden");
  expect_refusal(no_data_found(request, "Acme Operations"), "no_data_found");
  expect_refusal(of(Errc::not_found, "IP address is not valid"), "address_malformed");
  expect_refusal(of(Errc::too_large, "The request body is larger than 65536 bytes"), "body_too_large");
  expect_refusal(of(Errc::unprocessable, "email must be a string"), "wrong_type");
  expect_refusal(of(Errc::rate_limited, "used up"), "rate_limited");
  expect_refusal(of(Errc::internal, "a broken invariant"), "internal");
  expect_refusal(of(Errc::unavailable, "shard 7 is down"), "unavailable");
}

TEST(SixsenseRefusalsTest, TheDoorsOwnStatusIsKept) {
  auto request = asking();
  request.refusal = 405;
  expect_refusal(refusal({Errc::invalid, "The path takes POST", {}}, request), "method_not_allowed");
}

TEST(SixsenseRefusalsTest, ASuccessTellsTheRateToo) {
  EXPECT_EQ(text_of(success("{}", asking())),
            "200\nContent-Type: application/json\nX-RateLimit-Limit: 100\nX-RateLimit-Remaining: 40\n"
            "X-RateLimit-Reset: 7\n\n{}");
  EXPECT_NE(text_of(success("{}", {})).find("X-RateLimit-Limit: 1000000\n"), std::string::npos);
}

}  // namespace
}  // namespace leadlight::net::sixsense
