// The door under TLS, over loopback: what is spoken, who is refused, and a certificate that changes under way.
#include "net/http/tls.hpp"

#include "logging/log.hpp"
#include "net/http/http.hpp"
#include "net/http/traffic.hpp"

#include "tests/support/certificates.hpp"
#include "tests/support/raw_client.hpp"
#include "tests/support/tls_client.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace leadlight::net {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using test::RawClient;
using test::TlsClient;

const std::string get = "GET /path/x HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post(const std::string& body) {
  return "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class TlsTest : public testing::Test {
 protected:
  TlsTest() { directory_.make("first", "first.example"); }
  ~TlsTest() override {
    if (server_) server_->join(0ms);
  }

  void start(HttpLimits limits = {}) {
    auto identity = TlsIdentity::load(directory_.file("first.pem"), directory_.file("first.key"));
    ASSERT_TRUE(identity) << identity.error().what;
    identity_ = *identity;
    auto router = std::make_shared<Router>();
    router->add({"POST", "/echo", "", 2'000'000, [](const HttpRequest& request, const Respond& respond) {
                   respond(HttpResponse::text(200, request.body));
                 }});
    router->add({"GET", "/path/{name}", "", 0, [](const HttpRequest& request, const Respond& respond) {
                   respond(HttpResponse::text(200, request.captures.front()));
                 }});
    router->add({"GET", "/large", "", 0, [](const HttpRequest&, const Respond& respond) {
                   respond(HttpResponse::text(200, std::string(5'000'000, 'x')));
                 }});
    router_ = router;
    const auto clock = std::make_shared<actors::ManualClock>(engine::from_ms(1'777'636'800'000));
    auto bound =
        HttpServer::bind("127.0.0.1:0", router, std::make_shared<actors::Switchboard>(), clock, limits, 1, identity_);
    ASSERT_TRUE(bound) << bound.error().what;
    server_ = *bound;
    server_->open();
  }

  /// Waits until as many handshakes have failed.
  void expect_failed_handshakes(std::uint64_t count) {
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (router_->traffic()->handshakes_failed.load() < count && std::chrono::steady_clock::now() < until)
      std::this_thread::yield();
    EXPECT_EQ(router_->traffic()->handshakes_failed.load(), count);
  }

  test::CertificateDirectory directory_;
  std::shared_ptr<TlsIdentity> identity_;
  std::shared_ptr<const Router> router_;
  std::shared_ptr<HttpServer> server_;
};

TEST_F(TlsTest, SpeaksTls12AndTls13) {
  start();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(server_->address(), {.version_min = version, .version_max = version});
    ASSERT_TRUE(client.shaken());
    EXPECT_EQ(client.version(), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    EXPECT_EQ(client.shown(), "first.example");
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(client.exchange(get).ends_with("\r\n\r\nx"));
  }
}

TEST_F(TlsTest, CarriesLargeBodiesAndAnswersInPieces) {
  start();
  TlsClient client(server_->address());
  std::string body;
  while (body.size() < 1'500'000) body += std::to_string(body.size()) + ",";
  EXPECT_TRUE(client.exchange(post(body)).ends_with("\r\n\r\n" + body));
  EXPECT_EQ(client.exchange("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").substr(0, 15), "HTTP/1.1 200 OK");
  const auto request = post("byte by byte");
  for (const char c : request) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_TRUE(client.read_answer().ends_with("byte by byte"));
  EXPECT_TRUE(client.exchange(get + get).ends_with("x"));  // two requests in one record
  EXPECT_TRUE(client.read_answer().ends_with("x"));
}

TEST_F(TlsTest, SaysGoodbyeWhenItCloses) {
  start();
  TlsClient client(server_->address());
  EXPECT_TRUE(client.exchange("GET /path/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").ends_with("x"));
  EXPECT_TRUE(client.ended_well());
  TlsClient refused(server_->address());
  EXPECT_EQ(refused.exchange("not HTTP\r\n\r\n").substr(0, 12), "HTTP/1.1 400");
  EXPECT_TRUE(refused.ended_well());
}

TEST_F(TlsTest, RefusesTls11) {
  start();
  const TlsClient old(server_->address(), {.version_min = TLS1_1_VERSION, .version_max = TLS1_1_VERSION});
  EXPECT_FALSE(old.shaken());
  expect_failed_handshakes(1);
}

TEST_F(TlsTest, RefusesPlainHttp) {
  start();
  RawClient plain(server_->address());
  plain.send(get);
  EXPECT_FALSE(plain.read_answer()) << "not a byte of HTTP";
  expect_failed_handshakes(1);
}

TEST_F(TlsTest, RefusesWhoSpeaksOnlyHttp2) {
  start();
  const TlsClient both(server_->address(), {.protocols = "\x02h2\x08http/1.1"});
  ASSERT_TRUE(both.shaken());
  EXPECT_EQ(both.protocol(), "http/1.1");
  EXPECT_FALSE(TlsClient(server_->address(), {.protocols = "\x02h2"}).shaken());
}

TEST_F(TlsTest, EndsWhoDoesNotShakeHands) {
  HttpLimits limits;
  limits.handshake_deadline = 100ms;
  start(limits);
  RawClient silent(server_->address());
  EXPECT_TRUE(silent.ended());
  RawClient slow(server_->address());
  slow.send("\x16\x03\x01");
  EXPECT_TRUE(slow.ended());
  expect_failed_handshakes(2);
}

TEST_F(TlsTest, ShowsTheNewCertificateAndKeepsTheOldConnections) {
  start();
  TlsClient before(server_->address());
  EXPECT_TRUE(before.exchange(get).ends_with("x"));
  directory_.make("first", "second.example");
  ASSERT_TRUE(identity_->reload());
  TlsClient after(server_->address());
  EXPECT_EQ(after.shown(), "second.example");
  EXPECT_TRUE(before.exchange(get).ends_with("x")) << "a connection under way is not cut";
  EXPECT_TRUE(after.exchange(get).ends_with("x"));
  std::ofstream(directory_.file("first.pem")) << "no certificate";
  const auto bad = identity_->reload();
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().what.find(directory_.file("first.pem")), std::string::npos);
  TlsClient still(server_->address());
  EXPECT_EQ(still.shown(), "second.example");
}

TEST_F(TlsTest, DrainsOnClose) {
  start();
  TlsClient idle(server_->address());
  EXPECT_TRUE(idle.exchange(get).ends_with("x"));
  RawClient greeting(server_->address());
  server_->close();
  EXPECT_TRUE(idle.ended_well());
  server_->join(5s);
  EXPECT_EQ(server_->statistics().connections, 0U);
}

TEST_F(TlsTest, NamesTheFileThatIsWrong) {
  directory_.make("other", "other.example");
  directory_.make("locked", "locked.example", "secret");
  std::ofstream(directory_.file("text")) << "no PEM";
  const auto complaint = [&](const std::string& certificate, const std::string& key) {
    const auto identity = TlsIdentity::load(directory_.file(certificate), directory_.file(key));
    EXPECT_FALSE(identity);
    EXPECT_EQ(identity.error().code, engine::Errc::invalid);
    return identity.error().what + " (" + identity.error().field + ")";
  };
  const auto names = [&](const std::string& what, const std::string& file, const std::string& field) {
    EXPECT_NE(what.find(directory_.file(file)), std::string::npos) << what;
    EXPECT_TRUE(what.ends_with("(" + field + ")")) << what;
  };
  names(complaint("missing.pem", "first.key"), "missing.pem", "certificate");
  names(complaint("first.pem", "missing.key"), "missing.key", "key");
  names(complaint("text", "first.key"), "text", "certificate");
  names(complaint("first.pem", "text"), "text", "key");
  names(complaint("first.pem", "other.key"), "other.key", "key");
  names(complaint("locked.pem", "locked.key"), "locked.key", "key");
}

TEST_F(TlsTest, WarnsBeforeAndAfterTheCertificateEnds) {
  logging::set_up(logging::Format::text, "info");
  const auto said = [&](const std::string& name, long days) {
    directory_.make(name, "ends.example", nullptr, days * 86'400);
    const auto identity = TlsIdentity::load(directory_.file(name + ".pem"), directory_.file(name + ".key"));
    testing::internal::CaptureStderr();
    (*identity)->log_end();
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_NE(said("ended", -1).find(" warn the certificate has ended"), std::string::npos);
  EXPECT_NE(said("soon", 13).find(" warn the certificate ends within 14 days"), std::string::npos);
  EXPECT_NE(said("late", 15).find(" info the certificate is good"), std::string::npos);
  logging::set_up(logging::Format::text, "critical");  // the other tests stay quiet
}

}  // namespace
}  // namespace leadlight::net
