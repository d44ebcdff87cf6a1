// The HTTP server over loopback, with trivial routes: what it answers, in which order, when it closes, and what it
// refuses.
#include "net/http/connection_counts.hpp"
#include "net/http/http.hpp"
#include "net/http/traffic.hpp"

#include "tests/support/raw_client.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <poll.h>
#include <zlib.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace leadlight::net {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using test::RawAnswer;
using test::RawClient;

std::array<std::uint8_t, 32> sha256(const std::string& text) {
  std::array<std::uint8_t, 32> digest{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return digest;
}

std::string gzip(const std::string& plain) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, plain.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));  // NOLINT
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());  // NOLINT
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// Answers held back until the test gives them.
class Held {
 public:
  void keep(Respond respond) {
    const std::lock_guard lock(mutex_);
    responds_.push_back(std::move(respond));
    changed_.notify_all();
  }
  Respond take() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 10s, [&] { return !responds_.empty(); });
    auto first = std::move(responds_.front());
    responds_.pop_front();
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Respond> responds_;
};

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    auto registry = std::make_shared<actors::Registry>();
    actors::KeyView reader{"k1", engine::OrganisationId{1}, {"leads"}, std::nullopt, true};
    actors::KeyView slow{"k2", engine::OrganisationId{1}, {"leads"}, 2, true};
    actors::KeyView admin{"k3", engine::OrganisationId{1}, {"admin"}, std::nullopt, true};
    actors::KeyView other{"k4", engine::OrganisationId{2}, {"events"}, std::nullopt, true};
    actors::KeyView spooling{"k5", engine::OrganisationId{2}, {"events"}, std::nullopt, true};
    spooling.on_unavailable = actors::OnUnavailable::spool;
    registry->keys = {{sha256("reader"), reader},
                      {sha256("slow"), slow},
                      {sha256("boss"), admin},
                      {sha256("other"), other},
                      {sha256("spooling"), spooling}};
    std::ranges::sort(registry->keys, {}, [](const auto& entry) { return entry.first; });
    switchboard_->set_registry(std::move(registry));
  }
  ~HttpServerTest() override {
    if (server_) server_->join(0ms);
  }

  void start(HttpLimits limits = {}, std::size_t threads = 1) {
    auto router = std::make_shared<Router>();
    router->add({"POST", "/echo", "", 4'096, [](const HttpRequest& request, const Respond& respond) {
                   respond(HttpResponse::text(200, request.body));
                 }});
    router->add({"GET", "/path/{name}", "", 0, [](const HttpRequest& request, const Respond& respond) {
                   respond(HttpResponse::text(
                       200, request.captures.front() + "|" + std::string(request.parameter("q").value_or("-"))));
                 }});
    router->add({"GET", "/large", "", 0, [](const HttpRequest&, const Respond& respond) {
                   respond(HttpResponse::text(200, std::string(5'000'000, 'x')));
                 }});
    router->add({"GET", "/secret", "leads", 0, [](const HttpRequest& request, const Respond& respond) {
                   respond(HttpResponse::text(200, request.key->id));
                 }});
    router->add({"GET", "/other", "hg events", 0, [](const HttpRequest& request, const Respond& respond) {
                   respond(HttpResponse::text(200, request.key->id));
                 }});
    router->add(
        {"POST", "/records", "leads events", 400'000,
         [](const HttpRequest& request, const Respond& respond) { respond(HttpResponse::text(202, request.body)); },
         problem, true});
    router->add(
        {"GET", "/held", "", 0, [this](const HttpRequest&, Respond respond) { held_.keep(std::move(respond)); }});
    router->add({"GET", "/lost", "", 0, [](const HttpRequest&, const Respond&) {}});
    Route hook{"POST", "/hook", "events", 400'000, [](const HttpRequest& request, const Respond& respond) {
                 respond(HttpResponse::text(200, request.key->id + " " + request.body));
               }};
    hook.find_key = [](const HttpRequest& request) -> engine::Result<std::string> {
      return std::string(request.parameter("key").value_or(""));
    };
    hook.key_in_head = true;
    router->add(std::move(hook));
    traffic_ = router->traffic();
    auto bound = HttpServer::bind("127.0.0.1:0", router, switchboard_, clock_, limits, threads);
    ASSERT_TRUE(bound) << bound.error().what;
    server_ = *bound;
    server_->open();
  }

  /// One exchange on a connection of its own.
  RawAnswer exchange(const std::string& bytes) {
    RawClient client(server_->address());
    client.send(bytes);
    return client.read_answer().value_or(RawAnswer{});
  }

  void expect_served(RawClient& client) {
    client.request("GET", "/path/x");
    EXPECT_EQ(client.read_answer()->status, 200);
  }

  /// `bytes` must be answered `status`, and the connection closed.
  void expect_closed(const std::string& bytes, int status) {
    RawClient client(server_->address());
    client.send(bytes);
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer) << bytes;
    EXPECT_EQ(answer->status, status) << bytes;
    EXPECT_EQ(answer->header("connection"), "close") << bytes;
    EXPECT_FALSE(answer->header("x-request-id").empty());
    EXPECT_TRUE(client.ended()) << bytes;
  }

  actors::SwitchboardPtr switchboard_ = std::make_shared<actors::Switchboard>();
  std::shared_ptr<actors::ManualClock> clock_ =
      std::make_shared<actors::ManualClock>(engine::from_ms(1'777'636'800'000));
  Held held_;
  std::shared_ptr<Traffic> traffic_;
  std::shared_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersOnOneConnectionAgainAndAgain) {
  start();
  RawClient client(server_->address());
  for (int i = 0; i < 100; ++i) {
    const auto body = "body " + std::to_string(i);
    ASSERT_TRUE(client.request("POST", "/echo", body));
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, body);
    EXPECT_EQ(answer->header("date"), "Fri, 01 May 2026 12:00:00 GMT");
    EXPECT_TRUE(answer->header("x-request-id").starts_with("req_"));
  }
  EXPECT_EQ(server_->statistics().requests, 100U);
  EXPECT_EQ(server_->statistics().connections, 1U);
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  RawClient client(server_->address());
  ASSERT_TRUE(
      client.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwo"
                  "GET /path/three HTTP/1.1\r\nHost: a\r\n\r\n"));
  held_.take()(HttpResponse::text(200, "one"));
  EXPECT_EQ(client.read_answer()->body, "one");
  EXPECT_EQ(client.read_answer()->body, "two");
  EXPECT_EQ(client.read_answer()->body, "three|-");
}

TEST_F(HttpServerTest, ReadsARequestByteByByte) {
  start();
  RawClient client(server_->address());
  for (const char c : std::string("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"))
    client.send({&c, 1});
  EXPECT_EQ(client.read_answer()->body, "hello");
  for (const char c : std::string(
           "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))
    client.send({&c, 1});
  EXPECT_EQ(client.read_answer()->body, "abcde");
}

TEST_F(HttpServerTest, PassesOverAnEmptyLineThatComesInPieces) {
  start();
  RawClient client(server_->address());
  client.send("\r");
  RawClient other(server_->address());  // the same thread answers it, so the CR has been looked at
  expect_served(other);
  client.send("\nGET /path/x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read_answer()->body, "x|-");
}

TEST_F(HttpServerTest, DecodesPathAndQuery) {
  start();
  EXPECT_EQ(exchange("GET /path/a%2Fb%20c+d?x=1&q=%C3%BC+z HTTP/1.1\r\nHost: a\r\n\r\n").body, "a/b c+d|ü z");
  EXPECT_EQ(exchange("GET http://a/path/x HTTP/1.1\r\nHost: a\r\n\r\n").body, "x|-");
}

TEST_F(HttpServerTest, KeepsToTheClientsWishToClose) {
  start();
  RawClient closing(server_->address());
  closing.request("GET", "/path/x", {}, {{"Connection", "close"}});
  EXPECT_EQ(closing.read_answer()->header("connection"), "close");
  EXPECT_TRUE(closing.ended());
  RawClient old(server_->address());
  old.send("GET /path/x HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.read_answer()->status, 200);
  EXPECT_TRUE(old.ended());
  RawClient old_keeping(server_->address());
  old_keeping.send("GET /path/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(old_keeping.read_answer()->header("connection"), "keep-alive");
  old_keeping.send("GET /path/y HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old_keeping.read_answer()->body, "y|-");
}

TEST_F(HttpServerTest, HeadIsGetWithoutTheBody) {
  start();
  RawClient client(server_->address());
  client.request("HEAD", "/path/x");
  const auto answer = client.read_answer(true);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->header("content-length"), "3");
  client.request("GET", "/path/x");
  EXPECT_EQ(client.read_answer()->body, "x|-");
}

TEST_F(HttpServerTest, InvitesABodyThatWaits) {
  start();
  RawClient client(server_->address());
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_answer()->status, 100);
  client.send("hi");
  EXPECT_EQ(client.read_answer()->body, "hi");
  expect_closed("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\nExpect: 100-continue\r\n\r\n", 413);
}

TEST_F(HttpServerTest, SendsLargeAnswersToSlowReaders) {
  start();
  RawClient client(server_->address());
  client.request("GET", "/large");
  client.request("GET", "/path/next");
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body.size(), 5'000'000U);
  EXPECT_EQ(client.read_answer()->body, "next|-");
}

TEST_F(HttpServerTest, UnpacksGzip) {
  start();
  RawClient client(server_->address());
  const std::string text = "a text that is worth packing, a text that is worth packing";
  client.request("POST", "/echo", gzip(text), {{"Content-Encoding", "gzip"}});
  EXPECT_EQ(client.read_answer()->body, text);
  client.request("POST", "/echo", gzip("one ") + gzip("two"), {{"Content-Encoding", "GZIP"}});
  EXPECT_EQ(client.read_answer()->body, "one two");
}

TEST_F(HttpServerTest, RefusesGzipThatIsNoneOrABomb) {
  start();
  const auto refused = [&](const std::string& packed) {
    RawClient client(server_->address());
    client.request("POST", "/echo", packed, {{"Content-Encoding", "gzip"}});
    return client.read_answer().value_or(RawAnswer{}).status;
  };
  std::string varied;
  for (int i = 0; i < 2'000; ++i) varied += std::to_string(i * 7'919 % 10'007) + ",";
  EXPECT_EQ(refused(gzip(varied)), 413);                   // within the ratio, above the limit
  EXPECT_EQ(refused(gzip(std::string(4'000, 'x'))), 413);  // within the limit, above the ratio
  EXPECT_EQ(refused(gzip(std::string(100'000'000, '\0')).substr(0, 4'000)), 413);
  EXPECT_EQ(refused("no gzip at all"), 400);
  EXPECT_EQ(refused(gzip(varied).substr(0, 30)), 400);
  EXPECT_EQ(refused(gzip("good") + "trailing"), 400);
  EXPECT_EQ(exchange("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nhi").status,
            415);
}

TEST_F(HttpServerTest, RefusesBodiesAboveTheLimitOfTheRoute) {
  start();
  RawClient client(server_->address());
  client.request("POST", "/echo", std::string(4'096, 'x'));
  EXPECT_EQ(client.read_answer()->status, 200);
  client.request("POST", "/echo", std::string(4'097, 'x'));
  EXPECT_EQ(client.read_answer()->status, 413);
  client.request("POST", "/echo", "still here");  // a body this small is read past
  EXPECT_EQ(client.read_answer()->body, "still here");
}

TEST_F(HttpServerTest, TellsUnknownPathsFromUnknownMethods) {
  start();
  RawClient client(server_->address());
  client.request("GET", "/nowhere");
  const auto unknown = client.read_answer();
  EXPECT_EQ(unknown->status, 404);
  EXPECT_EQ(unknown->header("content-type"), "application/problem+json");
  EXPECT_NE(unknown->body.find("\"request_id\":\"" + unknown->header("x-request-id") + "\""), std::string::npos);
  client.request("DELETE", "/echo");
  const auto method = client.read_answer();
  EXPECT_EQ(method->status, 405);
  EXPECT_EQ(method->header("allow"), "POST");
  client.request("BREW", "/path/x");
  EXPECT_EQ(client.read_answer()->header("allow"), "GET, HEAD");
}

TEST_F(HttpServerTest, AsksForAKeyWithTheScope) {
  start();
  RawClient client(server_->address());
  const auto ask = [&](const std::string& path, const std::string& authorization) {
    client.request("GET", path, {},
                   authorization.empty()
                       ? std::vector<std::pair<std::string, std::string>>{}
                       : std::vector<std::pair<std::string, std::string>>{{"Authorization", authorization}});
    return *client.read_answer();
  };
  EXPECT_EQ(ask("/secret", "").status, 401);
  EXPECT_EQ(ask("/secret", "").header("www-authenticate"), "Bearer");
  for (const std::string bad :
       {"Bearer", "Bearer ", "Bearer nobody", "Basic reader", "reader", "Bearerreader", "Bearer reader x"})
    EXPECT_EQ(ask("/secret", bad).status, 401) << bad;
  EXPECT_EQ(ask("/secret", "Bearer reader").body, "k1");
  EXPECT_EQ(ask("/secret", "bEARER reader").body, "k1");
  EXPECT_EQ(ask("/secret", "Bearer boss").body, "k3");
  EXPECT_EQ(ask("/other", "Bearer reader").status, 403);
  EXPECT_EQ(ask("/other", "Bearer boss").status, 200);
  switchboard_->set_registry(std::make_shared<actors::Registry>());  // every key is revoked
  EXPECT_EQ(ask("/secret", "Bearer reader").status, 401);
}

TEST_F(HttpServerTest, KeepsAKeyToItsRate) {
  start();
  RawClient client(server_->address());
  const auto ask = [&] {
    client.request("GET", "/secret", {}, {{"Authorization", "Bearer slow"}});
    return *client.read_answer();
  };
  EXPECT_EQ(ask().status, 200);
  EXPECT_EQ(ask().status, 200);
  const auto refused = ask();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("retry-after"), "1");
  clock_->advance(500ms);
  EXPECT_EQ(ask().status, 200);
  EXPECT_EQ(ask().status, 429);
}

TEST_F(HttpServerTest, KeepsAnOrganisationToItsRateWithAllItsKeys) {
  HttpLimits limits;
  limits.requests_per_organisation_max = 3;
  start(limits);
  const auto ask = [&](const std::string& path, const std::string& key) {
    return exchange("GET " + path + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key + "\r\n\r\n");
  };
  EXPECT_EQ(ask("/secret", "reader").status, 200);
  EXPECT_EQ(ask("/secret", "boss").status, 200);
  EXPECT_EQ(ask("/secret", "reader").status, 200);
  const auto refused = ask("/secret", "boss");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("retry-after"), "1");
  EXPECT_EQ(ask("/other", "other").status, 200) << "another organisation's rate is its own";
  clock_->advance(1'000ms);
  EXPECT_EQ(ask("/secret", "boss").status, 200);
}

TEST_F(HttpServerTest, RefusesUnreadWhatTheGatewayWouldRefuse) {
  start();
  const auto bring = [&](RawClient& client, const std::string& key, const std::string& body) {
    client.request("POST", "/records", body, {{"Authorization", "Bearer " + key}});
    return client.read_answer().value_or(RawAnswer{});
  };
  RawClient client(server_->address());
  switchboard_->crowd.set(engine::OrganisationId{1}, true);
  const auto refused = bring(client, "reader", std::string(200'000, 'x'));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("retry-after"), "1");
  EXPECT_EQ(refused.header("connection"), "") << "its sender tries again on the connection it has";
  EXPECT_EQ(bring(client, "other", "a").status, 202) << "another organisation";
  EXPECT_EQ(switchboard_->counters.refused_overload.load(), 1U);
  client.request("GET", "/secret", {}, {{"Authorization", "Bearer reader"}});
  EXPECT_EQ(client.read_answer()->status, 200) << "it may still ask";
  switchboard_->crowd.set(engine::OrganisationId{2}, true);
  EXPECT_EQ(bring(client, "other", "a").status, 503);
  EXPECT_EQ(bring(client, "spooling", "a").status, 202) << "what can be spooled comes in";
  switchboard_->crowd.clear();
  EXPECT_EQ(bring(client, "reader", "a").status, 202);
}

TEST_F(HttpServerTest, RefusesABareLineFeedWithoutWaitingForTheHeadsEnd) {
  start();
  expect_closed("GET /path/x HTTP/1.1\nHost: a\n\n", 400);
  expect_closed("GET /path/x HTTP/1.1\r\nHost: a\r\n\n", 400);
  const std::string chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect_closed(chunked + "5\nabcde\n0\n\n", 400);
  expect_closed(chunked + "5\r\nabcde\n", 400);
  expect_closed(chunked + "0\n\n", 400);
  expect_closed(chunked + "5\r\nabcde\r\n0\r\n\n", 400);
}

TEST_F(HttpServerTest, AllBodiesTogetherHaveABudget) {
  HttpLimits limits;
  limits.bodies_bytes_max = 1'200'000;  // room for two: memory grows by doubling, 512 KiB for each
  start(limits);
  const auto wait_for = [&](auto reached) {
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (!reached(traffic_->bodies_bytes.load()) && std::chrono::steady_clock::now() < until)
      std::this_thread::yield();
    EXPECT_TRUE(reached(traffic_->bodies_bytes.load())) << traffic_->bodies_bytes.load();
  };
  const std::string head =
      "POST /records HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer reader\r\nContent-Length: 400000\r\n\r\n";
  std::deque<RawClient> announced;
  for (int i = 0; i < 10; ++i) announced.emplace_back(server_->address()).send(head + "x");
  RawClient served(server_->address());
  ASSERT_TRUE(served.request("POST", "/records", std::string(400'000, 'x'), {{"Authorization", "Bearer reader"}}));
  EXPECT_EQ(served.read_answer()->status, 202) << "what is only announced takes nothing";
  wait_for([](auto bytes) { return bytes == 0; });

  RawClient first(server_->address());
  RawClient second(server_->address());
  first.send(head + std::string(390'000, 'x'));
  wait_for([](auto bytes) { return bytes >= 390'000; });
  second.send(head + std::string(390'000, 'x'));
  wait_for([](auto bytes) { return bytes >= 780'000; });
  RawClient third(server_->address());
  third.send(head + std::string(390'000, 'x'));
  const auto refused = third.read_answer();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->header("retry-after"), "1");
  EXPECT_EQ(refused->header("connection"), "close");
  EXPECT_EQ(traffic_->bodies_refused.load(), 1U);
  served.request("POST", "/records", std::string(16'000, 'x'), {{"Authorization", "Bearer reader"}});
  EXPECT_EQ(served.read_answer()->status, 202) << "small bodies go on";

  first.send(std::string(10'000, 'x'));
  EXPECT_EQ(first.read_answer()->status, 202);
  second.reconnect(server_->address());
  wait_for([](auto bytes) { return bytes == 0; });
}

TEST_F(HttpServerTest, AKeyInTheHeadIsAskedForBeforeTheBody) {
  start();
  RawClient client(server_->address());
  client.send("POST /hook?key=wrong HTTP/1.1\r\nHost: a\r\nContent-Length: 400000\r\n\r\n");
  EXPECT_EQ(client.read_answer()->status, 401);
  RawClient known(server_->address());
  known.request("POST", "/hook?key=other", "body");
  EXPECT_EQ(known.read_answer()->body, "k4 body");
}

TEST_F(HttpServerTest, EndsWhoIsTooSlow) {
  HttpLimits limits;
  limits.header_deadline = 100ms;
  limits.body_deadline = 100ms;
  limits.idle_deadline = 300ms;
  start(limits);
  expect_closed("GET /path/x HTTP/1.1\r\nHo", 408);
  expect_closed("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe", 408);
  RawClient idle(server_->address());
  EXPECT_TRUE(idle.ended());
}

TEST_F(HttpServerTest, EndsWhoseBodyCrawlsLongBeforeItsDeadline) {
  HttpLimits limits;
  limits.body_rate_after = 100ms;
  start(limits);
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n";
  expect_closed(head + "he", 408);
  expect_closed("POST /secret HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\nhe", 408);  // nor whose is refused
  expect_closed("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", 408);
  RawClient client(server_->address());
  client.send(head + std::string(3'000, 'x'));  // 3,000 bytes at once: fast enough for two seconds more
  client.send(std::string(1'000, 'y'));
  EXPECT_EQ(client.read_answer()->status, 200);
}

TEST_F(HttpServerTest, OnePeerCannotTakeAllConnections) {
  HttpLimits limits;
  limits.connections_per_address_max = 2;
  limits.count_loopback = true;
  start(limits);
  auto first = std::make_unique<RawClient>(server_->address());
  RawClient second(server_->address());
  for (auto* client : {first.get(), &second}) expect_served(*client);
  RawClient third(server_->address());
  EXPECT_TRUE(third.ended());
  first.reset();  // its place is free once the server has noticed
  bool taken = false;
  for (int attempt = 0; attempt < 200 && !taken; ++attempt) {
    RawClient again(server_->address());
    again.request("GET", "/path/x");
    const auto answer = again.read_answer();
    taken = answer && answer->status == 200;
  }
  EXPECT_TRUE(taken);
}

TEST(ConnectionCountsTest, CountByNetworkAndLetLoopbackPass) {
  using boost::asio::ip::make_address;
  ConnectionCounts counts(1, false);
  EXPECT_TRUE(counts.open(make_address("203.0.113.7")));
  EXPECT_FALSE(counts.open(make_address("203.0.113.7")));
  EXPECT_FALSE(counts.open(make_address("::ffff:203.0.113.7"))) << "the same peer over a socket of both families";
  EXPECT_TRUE(counts.open(make_address("203.0.113.8")));
  EXPECT_TRUE(counts.open(make_address("2001:db8:1:2::1")));
  EXPECT_FALSE(counts.open(make_address("2001:db8:1:2:ffff::9"))) << "one machine has a whole /64";
  EXPECT_TRUE(counts.open(make_address("2001:db8:1:3::1")));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(counts.open(make_address("127.0.0.1")));
    EXPECT_TRUE(counts.open(make_address("::1")));
  }
  counts.close(make_address("203.0.113.7"));
  EXPECT_TRUE(counts.open(make_address("203.0.113.7")));
  ConnectionCounts without(0, true);
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(without.open(make_address("203.0.113.7")));
}

TEST_F(HttpServerTest, AnswersForAHandlerThatDoesNot) {
  HttpLimits limits;
  limits.reply_deadline = 100ms;
  start(limits);
  RawClient client(server_->address());
  client.request("GET", "/held");
  const auto late = held_.take();
  const auto answer = client.read_answer();
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->header("retry-after"), "1");
  late(HttpResponse::text(200, "too late"));
  client.request("GET", "/path/x");
  EXPECT_EQ(client.read_answer()->body, "x|-");
  client.request("GET", "/lost");
  EXPECT_EQ(client.read_answer()->status, 503);
}

TEST_F(HttpServerTest, TheFirstAnswerCounts) {
  start();
  RawClient client(server_->address());
  client.request("GET", "/held");
  const auto respond = held_.take();
  respond(HttpResponse::text(200, "first"));
  respond(HttpResponse::text(200, "second"));
  EXPECT_EQ(client.read_answer()->body, "first");
  client.request("GET", "/path/x");
  EXPECT_EQ(client.read_answer()->body, "x|-");
}

TEST_F(HttpServerTest, TakesNoMoreConnectionsThanItMay) {
  HttpLimits limits;
  limits.connections_max = 2;
  start(limits);
  auto first = std::make_unique<RawClient>(server_->address());
  RawClient second(server_->address());
  for (auto* client : {first.get(), &second}) expect_served(*client);
  RawClient third(server_->address());  // waits in the kernel's queue
  third.request("GET", "/path/third");
  first.reset();
  EXPECT_EQ(third.read_answer()->body, "third|-");
}

TEST_F(HttpServerTest, EndsAConnectionAfterItsRequests) {
  HttpLimits limits;
  limits.requests_per_connection_max = 3;
  start(limits);
  RawClient client(server_->address());
  for (int i = 0; i < 3; ++i) {
    client.request("GET", "/path/x");
    EXPECT_EQ(client.read_answer()->header("connection"), i < 2 ? "" : "close");
  }
  EXPECT_TRUE(client.ended());
}

TEST_F(HttpServerTest, DrainsOnClose) {
  start();
  RawClient idle(server_->address());
  idle.request("GET", "/path/x");
  idle.read_answer();
  RawClient busy(server_->address());
  busy.request("GET", "/held");
  const auto respond = held_.take();
  server_->close();
  EXPECT_TRUE(idle.ended());
  respond(HttpResponse::text(200, "done"));
  const auto answer = busy.read_answer();
  EXPECT_EQ(answer->body, "done");
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(busy.ended());
  server_->join(5s);
  EXPECT_EQ(server_->statistics().connections, 0U);
  EXPECT_FALSE(RawClient(server_->address()).connected());
}

TEST_F(HttpServerTest, AnAnswerAfterTheEndIsForgotten) {
  start();
  RawClient client(server_->address());
  client.request("GET", "/held");
  auto respond = held_.take();
  server_->join(0ms);
  server_.reset();
  respond(HttpResponse::text(200, "nobody listens"));
}

TEST_F(HttpServerTest, ServesASlowReaderAsLongAsItReads) {
  HttpLimits limits;
  limits.write_deadline = 500ms;
  start(limits);
  RawClient client(server_->address(), 8'192);
  client.request("GET", "/path/" + std::string(3, 'x'));
  ASSERT_TRUE(client.read_answer());
  client.request("GET", "/large");
  const auto began = std::chrono::steady_clock::now();
  std::size_t got = 0;
  // Five megabytes in 1.5 s: three whole deadlines.
  for (auto piece = client.read_some(16'384); !piece.empty(); piece = client.read_some(16'384)) {
    got += piece.size();
    if (got > 5'000'000) break;
    const auto due = began + 1'500ms * static_cast<int>(got / 1'000) / 5'000;
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(due - std::chrono::steady_clock::now());
    if (wait > 0ms) ::poll(nullptr, 0, static_cast<int>(wait.count()));
  }
  EXPECT_GT(got, 5'000'000U);
  EXPECT_GT(std::chrono::steady_clock::now() - began, 1'400ms);
}

TEST_F(HttpServerTest, CutsAnAnswerThatNobodyReads) {
  HttpLimits limits;
  limits.write_deadline = 200ms;
  start(limits);
  RawClient client(server_->address(), 8'192);
  client.request("GET", "/large");
  const auto until = std::chrono::steady_clock::now() + 10s;
  const auto is_over = [&] { return server_->statistics().requests == 1 && server_->statistics().connections == 0; };
  while (!is_over() && std::chrono::steady_clock::now() < until) ::poll(nullptr, 0, 10);
  ASSERT_TRUE(is_over());
  std::size_t got = 0;
  for (auto piece = client.read_some(16'384); !piece.empty(); piece = client.read_some(16'384)) got += piece.size();
  EXPECT_LT(got, 1'000'000U) << "neither the kernel nor the server holds it all";
}

TEST_F(HttpServerTest, PausesAndOpensAgain) {
  start();
  RawClient before(server_->address());
  before.request("GET", "/path/x");
  EXPECT_EQ(before.read_answer()->status, 200);
  server_->pause();
  before.request("GET", "/path/y");
  EXPECT_EQ(before.read_answer()->body, "y|-");
  server_->open();
  RawClient after(server_->address());
  after.request("GET", "/path/z");
  EXPECT_EQ(after.read_answer()->body, "z|-");
}

TEST_F(HttpServerTest, NamesAnAddressInUse) {
  start();
  const auto second = HttpServer::bind(server_->address(), std::make_shared<Router>(), switchboard_, clock_, {}, 1);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, engine::Errc::unavailable);
  EXPECT_NE(second.error().what.find(server_->address()), std::string::npos);
  for (const std::string bad :
       {"", "8080", "nohost:80", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:80x"})
    EXPECT_EQ(HttpServer::bind(bad, std::make_shared<Router>(), switchboard_, clock_, {}, 1).error().code,
              engine::Errc::invalid)
        << bad;
}

TEST_F(HttpServerTest, ServesManyConnectionsOnSeveralThreads) {
  for (const std::size_t threads : {1U, 3U}) {
    start({}, threads);
    std::atomic<int> right{0};
    std::vector<std::jthread> clients;
    for (int t = 0; t < 4; ++t)
      clients.emplace_back([&, t] {
        std::vector<std::unique_ptr<RawClient>> connections;
        for (int i = 0; i < 50; ++i) connections.push_back(std::make_unique<RawClient>(server_->address()));
        for (int round = 0; round < 20; ++round) {
          for (std::size_t i = 0; i < connections.size(); ++i)
            connections[i]->request("POST", "/echo",
                                    std::to_string(t) + ":" + std::to_string(i) + ":" + std::to_string(round));
          for (std::size_t i = 0; i < connections.size(); ++i) {
            const auto answer = connections[i]->read_answer();
            right +=
                answer && answer->body == std::to_string(t) + ":" + std::to_string(i) + ":" + std::to_string(round);
          }
        }
      });
    clients.clear();
    EXPECT_EQ(right.load(), 4 * 50 * 20);
    server_->join(0ms);
  }
}

}  // namespace
}  // namespace leadlight::net
