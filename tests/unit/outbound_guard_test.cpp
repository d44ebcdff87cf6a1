// Where URLs that customers give may lead. The table holds every disguise known to us of an address inside; the client
// is then shown names that lead there.
#include "net/client/outbound_guard.hpp"

#include "net/client/http_client_core.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace leadlight::net {
namespace {

std::shared_ptr<const OutboundGuard> guard(OutboundRules rules = {}) {
  auto made = OutboundGuard::make(std::move(rules));
  EXPECT_TRUE(made) << made.error().what;
  return *made;
}

TEST(OutboundGuard, LetsPublicHostsThrough) {
  const auto rules = guard();
  for (const auto* url :
       {"https://hooks.example.com/leads", "HTTPS://Hooks.Example.COM/x?y=z", "https://hooks.example.com:443/",
        "https://hooks.example.com:8443/a", "https://example.com", "https://xn--bcher-kva.example/", "https://8.8.8.8/",
        "https://172.32.0.1/", "https://192.169.0.1/", "https://100.128.0.1/", "https://[2606:4700:4700::1111]/",
        "https://a-b_c.example.com/@x", "https://example.com/?u=http://127.0.0.1/", "https://1password.example/"})
    EXPECT_TRUE(rules->check(std::string_view(url))) << url;
}

TEST(OutboundGuard, RefusesEveryDisguiseOfAnAddressInside) {
  const std::vector<std::string> refused = {
      // scheme, user, port
      "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/",
      "example.com", "https:example.com", "https://", "https:///x", "https://user@example.com/",
      "https://user:word@example.com/", "https://example.com@127.0.0.1/", "https://127.0.0.1@example.com/",
      "https://example.com:80/", "https://example.com:22/", "https://example.com:8080/", "https://example.com:0/",
      "https://example.com:65536/", "https://example.com:443x/", "https://example.com:-1/",
      // loopback, in all the ways to write it
      "https://127.0.0.1/", "https://127.0.0.1:8443/", "https://127.1/", "https://127.0.1/", "https://2130706433/",
      "https://017700000001/", "https://0177.0.0.1/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0x7F.1/",
      "https://127.0.0.01/", "https://127.255.255.254/", "https://127.0.0.1./", "https://2130706433./",
      "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://a.localhost/",
      "https://localhost.localdomain.local/", "https://0/", "https://0.0.0.0/", "https://0.1.2.3/", "https://[::1]/",
      "https://[::]/", "https://[0:0:0:0:0:0:0:1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/",
      "https://[::127.0.0.1]/", "https://[::ffff:8.8.8.8]/", "https://%6c%6f%63%61%6c%68%6f%73%74/",
      "https://127%2e0%2e0%2e1/",
      // unicode digits and dots: resolvers with IDNA fold them
      "https://\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.0.0.1/", "https://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1/",
      "https://127\xE3\x80\x82"
      "0.0.1/",
      "https://\xF0\x9D\x9F\x8F"
      "27.0.0.1/",
      "https://b\xC3\xBC"
      "cher.example/",
      // private, shared, link-local with the metadata services
      "https://10.0.0.1/", "https://10.255.255.255/", "https://167772161/", "https://172.16.0.1/",
      "https://172.31.255.255/", "https://192.168.0.1/", "https://0xc0a80001/", "https://100.64.0.1/",
      "https://100.127.255.255/", "https://169.254.169.254/latest/meta-data/", "https://2852039166/",
      "https://0xa9.0xfe.0xa9.0xfe/", "https://[::ffff:169.254.169.254]/", "https://[::ffff:a9fe:a9fe]/",
      "https://[64:ff9b::169.254.169.254]/", "https://[64:ff9b::a00:1]/", "https://[64:ff9b:1::1]/",
      "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[fc00::1]/",
      "https://[fd00:ec2::254]/", "https://[fec0::1]/", "https://metadata.google.internal/", "https://router.lan/",
      "https://printer.home.arpa/", "https://home.arpa/", "https://intranet/",
      // multicast, broadcast, documentation, benchmarks, reserved
      "https://224.0.0.1/", "https://239.255.255.250/", "https://255.255.255.255/", "https://240.0.0.1/",
      "https://192.0.2.1/", "https://198.51.100.1/", "https://203.0.113.1/", "https://198.18.0.1/",
      "https://192.0.0.1/", "https://192.88.99.1/", "https://[ff02::1]/", "https://[2001:db8::1]/",
      "https://[3fff::1]/", "https://[2002:7f00:1::]/", "https://[2001::1]/", "https://[100::1]/", "https://[4000::1]/",
      // what is no host
      "https://exa mple.com/", "https://example.com\\@127.0.0.1/", "https://example..com/", "https://.example.com/",
      "https://example.com./", "https://[::1/", "https://[::1]x/", "https://[1.2.3.4]/", "https://exam\tple.com/"};
  ASSERT_GE(refused.size(), 60U);
  const auto rules = guard();
  for (const auto& url : refused) {
    const auto allowed = rules->check(std::string_view(url));
    EXPECT_FALSE(allowed) << url;
    if (!allowed) {
      EXPECT_EQ(allowed.error().code, engine::Errc::invalid) << url;
      EXPECT_EQ(allowed.error().field, "url") << url;
    }
  }
}

TEST(OutboundGuard, ChecksEveryAddressOfAName) {
  const auto rules = guard();
  const auto url = *parse_outbound_url("https://hooks.example.com/");
  EXPECT_TRUE(rules->check_addresses(url, {"93.184.216.34", "2606:2800:220:1::1"}));
  EXPECT_TRUE(rules->check_addresses(url, {"64:ff9b::808:808"})) << "a public address behind a translator";
  EXPECT_FALSE(rules->check_addresses(url, {}));
  EXPECT_FALSE(rules->check_addresses(url, {"no address"}));
  for (const auto* inside :
       {"127.0.0.1", "10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "ff02::1"}) {
    const auto allowed = rules->check_addresses(url, {"93.184.216.34", inside});
    ASSERT_FALSE(allowed) << inside;
    EXPECT_EQ(allowed.error().what.find(inside), std::string::npos) << "tells an address of the network inside";
  }
}

TEST(OutboundGuard, ExemptsWhatTheOperatorVouchesFor) {
  const auto rules = guard({{443}, {"http://127.0.0.1:9100", "http://crm.internal/api/"}});
  for (const auto* url : {"http://127.0.0.1:9100", "http://127.0.0.1:9100/", "http://127.0.0.1:9100/x/y?z",
                          "http://crm.internal/api", "http://CRM.internal/api/x", "http://crm.internal:80/api?x"}) {
    EXPECT_TRUE(rules->check(std::string_view(url))) << url;
    EXPECT_TRUE(rules->check_addresses(*parse_outbound_url(url), {"127.0.0.1"})) << url;
  }
  for (const auto* url :
       {"http://127.0.0.1:9101/", "https://127.0.0.1:9100/", "http://127.0.0.2:9100/", "http://crm.internal/",
        "http://crm.internal/apis", "http://crm.internal/api/../admin", "http://crm.internal/api/%2e%2e/admin",
        "http://crm.internal:81/api", "https://example.com:8443/"})
    EXPECT_FALSE(rules->check(std::string_view(url))) << url;
  const auto wrong = OutboundGuard::make({{443}, {"127.0.0.1:9100"}});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().field, "outbound.allowed_bases");
}

class GuardedClientTest : public testing::Test {
 protected:
  ~GuardedClientTest() override { client_->stop(); }

  engine::Result<OutboundAnswer> get(const std::string& url, OutboundRules rules = {}) {
    OutboundRequest request;
    request.method = "GET";
    request.url = url;
    request.deadline = engine::Milliseconds{2'000};
    return guarded(client_, guard(std::move(rules)))->send_and_wait(std::move(request));
  }

  std::vector<std::vector<std::string>> answers_;  // of the resolver, in order; the last one stays
  std::size_t asked_ = 0;
  std::shared_ptr<HttpClient> client_ =
      HttpClient::make(2, [this](const std::string&) -> engine::Result<std::vector<std::string>> {
        return answers_[std::min(asked_++, answers_.size() - 1)];
      });
};

TEST_F(GuardedClientTest, RefusesANameThatLeadsInside) {
  for (const auto* inside : {"127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"}) {
    answers_ = {{"93.184.216.34", inside}};
    const auto answer = get("https://rebound.example.com/");
    ASSERT_FALSE(answer) << inside;
    EXPECT_EQ(answer.error().code, engine::Errc::invalid) << answer.error().what;
  }
}

TEST_F(GuardedClientTest, LooksANameUpOnceAndConnectsToWhatItChecked) {
  // Were it looked up again for the connection, it would lead to a public address, and the call would be refused no
  // more: the second answer is never asked for.
  answers_ = {{"127.0.0.1"}, {"93.184.216.34"}};
  const auto refused = get("https://rebound.example.com/");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, engine::Errc::invalid);
  EXPECT_EQ(asked_, 1U);
  // And the other way round: what was checked is what is connected to. Port 9 of the loopback refuses at once.
  asked_ = 0;
  answers_ = {{"127.0.0.1"}, {"169.254.169.254"}};
  const auto connected = get("http://inside.example.com:9/", {{443}, {"http://inside.example.com:9"}});
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, engine::Errc::unavailable) << connected.error().what;
  EXPECT_EQ(asked_, 1U);
}

TEST_F(GuardedClientTest, AnAddressIsNotLookedUp) {
  answers_ = {{"93.184.216.34"}};
  const auto connected = get("http://127.0.0.1:9/", {{443}, {"http://127.0.0.1:9"}});  // port 9 refuses at once
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, engine::Errc::unavailable) << connected.error().what;
  EXPECT_EQ(asked_, 0U);
  EXPECT_FALSE(get("https://[::1]/"));
  EXPECT_EQ(asked_, 0U);
}

TEST(OutboundPool, AConnectionThatIsVouchedForCarriesNothingElse) {
  const auto key = [](const std::string& url, std::shared_ptr<const OutboundGuard> rules) {
    OutboundRequest request;
    request.url = url;
    request.guard = std::move(rules);
    return outbound::pool_key(request, *parse_outbound_url(url));
  };
  const auto rules = guard({{443}, {"https://crm.example.com/api"}});
  const auto vouched = key("https://crm.example.com/api/leads", rules);
  const auto checked = key("https://crm.example.com/other", rules);
  const auto free = key("https://crm.example.com/other", nullptr);
  EXPECT_NE(vouched, checked) << "an address inside would be reached over a connection that was never checked";
  EXPECT_NE(vouched, free);
  EXPECT_NE(checked, free);
  EXPECT_EQ(vouched, key("https://crm.example.com/api?x", rules));
  EXPECT_EQ(checked, key("https://crm.example.com/apis", rules));
}

TEST_F(GuardedClientTest, RefusesByTheTextBeforeAnyLookUp) {
  answers_ = {{"93.184.216.34"}};
  EXPECT_FALSE(get("http://hooks.example.com/"));
  EXPECT_FALSE(get("https://hooks.example.com:22/"));
  EXPECT_EQ(asked_, 0U);
}

}  // namespace
}  // namespace leadlight::net
