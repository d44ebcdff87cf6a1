// The tracking routes with a gateway that answers as each test says, and behind a real socket: who is let in, which
// submission a body becomes, which answer a reply becomes.
#include "net/surfaces/surface.hpp"

#include "net/event_record.hpp"
#include "net/http/traffic.hpp"
#include "tests/support/raw_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <zlib.h>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/all.hpp>

#include <algorithm>
#include <mutex>

namespace leadlight::net {
namespace {

using actors::Reply;
using actors::ReplyPort;
using engine::Errc;
using engine::Error;
using testing::HasSubstr;

const engine::Timestamp noon = engine::from_ms(1'777'636'800'000);
constexpr engine::OrganisationId ours{7};
constexpr engine::OrganisationId theirs{8};

struct Script {
  std::mutex mutex;
  std::vector<actors::Submission> submissions;
  Reply reply = actors::Receipts{};
};

actors::Gateway::behavior_type scripted_gateway(actors::Gateway::pointer, std::shared_ptr<Script> script) {
  return {
      [script](const actors::Submission& submission, const ReplyPort& port) {
        {
          const std::lock_guard lock(script->mutex);
          script->submissions.push_back(submission);
        }
        port->complete(script->reply);
      },
      [](const actors::RememberAnswer&, const ReplyPort&) {},
      [](const actors::LeadQuery&, const ReplyPort&) {},
      [](const actors::LeadsQuery&, const ReplyPort&) {},
      [](const actors::RequestQuery&, const ReplyPort&) {},
      [](const actors::AdminRequest&, const ReplyPort&) {},
      [](const actors::ChangedLeadsQuery&, const ReplyPort&) {},
  };
}

std::array<std::uint8_t, 32> sha256(const std::string& text) {
  std::array<std::uint8_t, 32> digest{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return digest;
}

actors::KeyView key_of(const std::string& id, engine::OrganisationId organisation, const std::string& scope) {
  actors::KeyView key;
  key.id = id;
  key.organisation = organisation;
  key.scopes = {scope};
  return key;
}

class SegmentSurfaceTest : public testing::Test {
 protected:
  explicit SegmentSurfaceTest(DoorOptions door = {}) : system_(config_) {
    gateway_ = system_.spawn(scripted_gateway, script_);
    switchboard_->set_gateway(gateway_);
    auto registry = std::make_shared<actors::Registry>();
    auto slow = key_of("slow", ours, "events");
    slow.rate = 1;
    registry->keys = {{sha256("write"), key_of("write", ours, "events")},
                      {sha256("other"), key_of("other", theirs, "events")},
                      {sha256("reader"), key_of("reader", ours, "leads")},
                      {sha256("slow"), slow}};
    std::ranges::sort(registry->keys, {}, [](const auto& entry) { return entry.first; });
    switchboard_->set_registry(registry);
    SurfaceContext context{switchboard_, std::make_shared<actors::ManualClock>(noon)};
    context.door = std::move(door);
    add_surfaces(router_, context);
  }
  ~SegmentSurfaceTest() override {
    switchboard_->set_gateway({});
    caf::anon_send_exit(gateway_, caf::exit_reason::user_shutdown);
  }

  /// Past the door's check of the key.
  HttpResponse post(const std::string& path, const std::string& body, Headers headers = {},
                    const std::string& method = "POST") {
    HttpRequest request;
    request.method = method;
    request.path = path;
    request.headers = std::move(headers);
    request.body = body;
    request.request_id = "req_own";
    request.received_at = noon;
    request.key = key_of("write", ours, "events");
    request.key->on_unavailable = on_unavailable_;
    return dispatch(router_, std::move(request));
  }
  static std::string header(const HttpResponse& response, std::string_view name) {
    for (const auto& [own, value] : response.headers)
      if (own == name) return value;
    return {};
  }
  std::vector<actors::Submission> submissions() {
    const std::lock_guard lock(script_->mutex);
    return script_->submissions;
  }
  std::size_t records() {
    std::size_t all = 0;
    for (const auto& submission : submissions()) all += submission.records.size();
    return all;
  }
  std::string type_of_last() {
    const auto all = submissions();
    if (all.empty() || all.back().records.empty()) return {};
    const auto* event = std::get_if<engine::EngagementEvent>(&all.back().records.back().body);
    return event == nullptr ? "" : std::string(event->type.name());
  }

  actors::OnUnavailable on_unavailable_ = actors::OnUnavailable::by_surface;
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  actors::SwitchboardPtr switchboard_ = std::make_shared<actors::Switchboard>();
  Router router_;
  caf::actor_system_config config_;
  caf::actor_system system_;
  actors::Gateway gateway_;
};

const std::string event = R"({"type":"track","event":"Demo Requested","userId":"u1"})";
const std::string batch = R"({"batch":[)" + event + "]}";

TEST_F(SegmentSurfaceTest, ServesEveryPathWithAndWithoutASlash) {
  for (const auto* path : {"/v1/batch", "/v1/import", "/v1/b"}) {
    for (const std::string slash : {"", "/"}) {
      EXPECT_EQ(post(path + slash, batch).status, 200) << path << slash;
      EXPECT_EQ(type_of_last(), "demo_requested") << path << slash;
    }
  }
  const std::vector<std::tuple<std::string, std::string, std::string>> singles = {
      {"/v1/track", "/v1/t", "demo_requested"},
      {"/v1/page", "/v1/p", "page_viewed"},
      {"/v1/screen", "/v1/s", "screen_viewed"}};
  for (const auto& [path, letter, type] : singles) {
    for (const auto& each : {path, path + "/", letter, letter + "/"}) {
      EXPECT_EQ(post(each, R"({"event":"Demo Requested","anonymousId":"v"})").body, R"({"success":true})") << each;
      EXPECT_EQ(type_of_last(), type) << each;
    }
  }
  const auto before = submissions().size();
  for (const std::string path : {"/v1/identify", "/v1/i", "/v1/group", "/v1/g", "/v1/alias", "/v1/a"}) {
    for (const auto& each : {path, path + "/"})
      EXPECT_EQ(post(each, R"({"userId":"u1","previousId":"p","groupId":"g","traits":{"name":"x"}})").status, 200)
          << each;
  }
  EXPECT_EQ(submissions().size(), before + 12);
  for (const std::string path : {"/batch", "/capture", "/i/v0/e"}) {
    for (const auto& each : {path, path + "/"}) {
      const auto answer = post(each, R"({"batch":[{"event":"Demo Requested","distinct_id":"u1"}]})");
      EXPECT_EQ(answer.status, 200) << each;
      EXPECT_EQ(answer.body, R"({"status":1})");
      EXPECT_EQ(submissions().back().records.front().surface, engine::Surface::posthog);
      EXPECT_EQ(post(each, R"({"event":"Demo Requested","distinct_id":"u1"})").status, 200) << "a single one: " << each;
      EXPECT_EQ(type_of_last(), "demo_requested");
    }
  }
}

TEST_F(SegmentSurfaceTest, AnswersAlwaysJsonAndNeverARedirect) {
  for (const auto* path : {"/v1/batch", "/v1/track", "/batch/"}) {
    for (const auto* body : {"", "{", "[]", "1", "{}", "{\"batch\":{}}"}) {
      const auto answer = post(path, body);
      EXPECT_TRUE(answer.status == 200 || answer.status == 400) << path << " " << body << " " << answer.status;
      EXPECT_EQ(header(answer, "Content-Type"), "application/json");
    }
  }
  EXPECT_EQ(post("/v1/batch", "{").status, 400);
  EXPECT_THAT(post("/v1/batch", "{").body, HasSubstr(R"({"success":false,"message":")"));
  EXPECT_EQ(post("/v1/batch", "{}").status, 400) << "no batch";
  EXPECT_EQ(post("/v1/batch", R"([{"type":"page","userId":"u"}])").status, 400) << "Segment's batches are objects";
  EXPECT_EQ(post("/v1/batch", R"({"batch":[]})").status, 200);
  EXPECT_EQ(post("/v1/track", R"([{"event":"x","userId":"u"}])").status, 400);
  EXPECT_EQ(records(), 0U);
}

TEST_F(SegmentSurfaceTest, IgnoresTheContentType) {
  for (const auto* type : {"text/plain", "application/x-www-form-urlencoded", "application/json", "image/png", ""})
    EXPECT_EQ(post("/v1/batch", batch, {{"content-type", type}}).status, 200) << type;
  EXPECT_EQ(records(), 5U);
}

TEST_F(SegmentSurfaceTest, PassesOverWrongCallsAndKeepsTheOthers) {
  const auto answer =
      post("/v1/batch", R"({"batch":[{"type":"track","event":"x"},)" + event + R"(,7,{"type":"track","userId":"u"}]})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"success":true})");
  EXPECT_EQ(records(), 1U);
  EXPECT_EQ(router_.traffic()->calls_rejected_segment, 3U);
  EXPECT_EQ(post("/v1/track", R"({"event":"x"})").status, 200);
  EXPECT_EQ(router_.traffic()->calls_rejected_segment, 4U);
  EXPECT_EQ(post("/batch", R"({"batch":[{"event":"x"}]})").status, 200);
  EXPECT_EQ(router_.traffic()->calls_rejected_posthog, 1U);
  EXPECT_EQ(records(), 1U);
}

TEST_F(SegmentSurfaceTest, StrictModeTellsEveryFaultAndKeepsNothing) {
  const auto body = R"({"batch":[{"type":"track","event":"x"},)" + event + R"(,{"type":"track","userId":"u"}]})";
  const auto answer = post("/v1/batch", body, {{"x-strict-mode", "1"}});
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr(R"("success":false)"));
  EXPECT_THAT(answer.body, HasSubstr(R"({"index":0,"field":"userId")"));
  EXPECT_THAT(answer.body, HasSubstr(R"({"index":2,"field":"event")"));
  EXPECT_EQ(records(), 0U);
  EXPECT_EQ(post("/v1/batch", batch, {{"x-strict-mode", "1"}}).status, 200);
  EXPECT_EQ(post("/v1/batch", body, {{"x-strict-mode", "0"}}).status, 200);
  EXPECT_EQ(records(), 2U);
}

std::string call_of_size(std::size_t bytes) {
  const std::string empty = R"({"type":"track","event":"x","userId":"u","properties":{"p":""}})";
  auto call = empty;
  return call.insert(empty.size() - 3, bytes - empty.size(), 'x');
}

TEST_F(SegmentSurfaceTest, DropsACallThatIsTooLargeAlone) {
  const auto fits = call_of_size(32 * 1024);
  const auto too_large = call_of_size(32 * 1024 + 1);
  EXPECT_EQ(post("/v1/batch", R"({"batch":[)" + fits + "," + too_large + "," + event + "]}").status, 200);
  EXPECT_EQ(records(), 2U);
  EXPECT_EQ(router_.traffic()->calls_rejected_segment, 1U);
  EXPECT_EQ(post("/v1/track", fits).status, 200);
  EXPECT_EQ(post("/v1/track", too_large).status, 400);
  EXPECT_EQ(post("/capture/", too_large).status, 413);
  EXPECT_EQ(records(), 3U);
}

TEST_F(SegmentSurfaceTest, RefusesABatchThatIsTooLargeInTheClientsOwnWay) {
  const std::string body(500 * 1024 + 1, ' ');
  EXPECT_EQ(post("/v1/batch", body).status, 400) << "Segment's clients drop both; PostHog's halve at 413";
  EXPECT_EQ(post("/batch/", body).status, 413);
  std::string many = R"({"batch":[)";
  for (int i = 0; i <= 10'000; ++i) many += "{},";
  many.back() = ']';
  EXPECT_EQ(post("/v1/batch", many + "}").status, 400);
}

TEST_F(SegmentSurfaceTest, HandsOverLinksWithAndWithoutRecords) {
  EXPECT_EQ(post("/v1/alias", R"({"previousId":"a","userId":"b"})").status, 200);
  ASSERT_EQ(submissions().size(), 1U);
  EXPECT_EQ(submissions()[0].organisation, ours);
  EXPECT_TRUE(submissions()[0].records.empty());
  EXPECT_EQ(submissions()[0].links.size(), 2U);
  EXPECT_EQ(post("/v1/track", R"({"event":"x","userId":"b","anonymousId":"v"})").status, 200);
  EXPECT_EQ(submissions()[1].links.size(), 1U);
  EXPECT_EQ(submissions()[1].records.size(), 1U);
}

TEST_F(SegmentSurfaceTest, WhatCannotBeKeptNowIsToBeSentAgain) {
  script_->reply = Error{Errc::unavailable, "busy", ""};
  for (const auto* path : {"/v1/batch", "/v1/b"}) {
    const auto answer = post(path, batch);
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(header(answer, "Retry-After"), "1");
    EXPECT_EQ(answer.body, R"({"success":false,"message":"busy"})");
  }
  script_->reply = Error{Errc::io_error, "disk", ""};
  EXPECT_EQ(post("/v1/batch", batch).status, 503) << "clients do not retry 501, 505 and 511";
}

TEST_F(SegmentSurfaceTest, SpoolsOnlyForAKeyThatSaysSo) {
  for (const auto choice :
       {actors::OnUnavailable::by_surface, actors::OnUnavailable::spool, actors::OnUnavailable::refuse}) {
    on_unavailable_ = choice;
    EXPECT_EQ(post("/v1/batch", batch).status, 200);
    EXPECT_EQ(submissions().back().spool, choice == actors::OnUnavailable::spool);
  }
}

TEST_F(SegmentSurfaceTest, AnswersNoPreflightUnlessToldTo) {
  const auto answer = post("/v1/track", "", {{"origin", "https://www.acme.com"}}, "OPTIONS");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(header(post("/v1/batch", batch, {{"origin", "https://www.acme.com"}}), "Access-Control-Allow-Origin"), "");
  EXPECT_EQ(post("/v1/events", "", {{"webhook-request-origin", "a.example"}}, "OPTIONS").status, 405);
}

class OpenDoorTest : public SegmentSurfaceTest {
 protected:
  OpenDoorTest() : SegmentSurfaceTest({"https://www.acme.com, https://app.acme.com", "eventgrid.azure.net", 120}) {}
};

TEST_F(OpenDoorTest, AnswersPreflightsOfTheseOrigins) {
  for (const auto* path : {"/v1/track", "/v1/t", "/v1/batch/", "/batch/"}) {
    const auto answer = post(path, "", {{"origin", "https://app.acme.com"}}, "OPTIONS");
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(header(answer, "Access-Control-Allow-Origin"), "https://app.acme.com");
    EXPECT_EQ(header(answer, "Access-Control-Allow-Methods"), "POST");
    EXPECT_EQ(header(answer, "Access-Control-Allow-Headers"), "authorization, content-type");
    EXPECT_EQ(header(answer, "Vary"), "Origin");
    EXPECT_NE(header(answer, "Access-Control-Max-Age"), "");
  }
  EXPECT_EQ(header(post("/v1/t", "", {{"origin", "https://evil.example"}}, "OPTIONS"), "Access-Control-Allow-Origin"),
            "");
  EXPECT_EQ(header(post("/v1/batch", batch, {{"origin", "https://app.acme.com"}}), "Access-Control-Allow-Origin"),
            "https://app.acme.com");
  EXPECT_EQ(header(post("/v1/batch", "{", {{"origin", "https://app.acme.com"}}), "Access-Control-Allow-Origin"),
            "https://app.acme.com");
  EXPECT_EQ(header(post("/v1/batch", batch, {{"origin", "https://evil.example"}}), "Access-Control-Allow-Origin"), "");
}

TEST_F(OpenDoorTest, LetsConfiguredSendersOfCloudEventsIn) {
  const auto check = [&](Headers headers) { return post("/v1/events", "", std::move(headers), "OPTIONS"); };
  const auto granted = check({{"webhook-request-origin", "eventgrid.azure.net"}, {"webhook-request-rate", "1000"}});
  EXPECT_EQ(granted.status, 200);
  EXPECT_EQ(header(granted, "WebHook-Allowed-Origin"), "eventgrid.azure.net");
  EXPECT_EQ(header(granted, "WebHook-Allowed-Rate"), "120");
  EXPECT_EQ(header(granted, "Allow"), "POST");
  EXPECT_EQ(header(check({{"webhook-request-origin", "eventgrid.azure.net"}}), "WebHook-Allowed-Rate"), "");
  EXPECT_EQ(check({{"webhook-request-origin", "evil.example"}}).status, 403);
  EXPECT_EQ(check({}).status, 400);
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // NOLINT: zlib's interface
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());  // NOLINT
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// Behind a socket, where the door looks for the key.
class SegmentDoorTest : public SegmentSurfaceTest {
 protected:
  SegmentDoorTest() {
    auto shared = std::shared_ptr<const Router>(&router_, [](const Router*) {});
    auto bound = HttpServer::bind("127.0.0.1:0", shared, switchboard_, std::make_shared<actors::ManualClock>(noon),
                                  HttpLimits{}, 1);
    EXPECT_TRUE(bound);
    server_ = *bound;
    server_->open();
  }
  ~SegmentDoorTest() override {
    server_->close();
    server_->join(engine::Milliseconds{5'000});
  }

  test::RawAnswer send(const std::string& path, const std::string& body, Headers headers = {}) {
    test::RawClient client(server_->address());
    EXPECT_TRUE(client.request("POST", path, body, headers));
    return client.read_answer().value_or(test::RawAnswer{});
  }
  int status(const std::string& path, const std::string& body, Headers headers = {}) {
    return send(path, body, std::move(headers)).status;
  }

  std::shared_ptr<HttpServer> server_;
};

std::string keyed(const std::string& key) {
  return R"({"batch":[)" + event + R"(],"writeKey":")" + key + R"("})";
}

const std::pair<std::string, std::string> basic_write = {"Authorization", "Basic d3JpdGU6"};  // write:
const std::pair<std::string, std::string> basic_other = {"Authorization", "Basic b3RoZXI6"};  // other:

TEST_F(SegmentDoorTest, LetsInWhoeverHasTheKeyInOneOfItsPlaces) {
  EXPECT_EQ(status("/v1/batch", batch, {basic_write}), 200);
  EXPECT_EQ(status("/v1/batch", batch, {{"Authorization", "Basic d3JpdGU="}}), 200);
  EXPECT_EQ(status("/v1/batch", keyed("write"), {basic_write}), 200);
  EXPECT_EQ(status("/v1/batch/", keyed("write")), 200);
  EXPECT_EQ(status("/v1/t", R"({"event":"x","userId":"u","writeKey":"write"})"), 200);
  EXPECT_EQ(status("/v1/batch", keyed("write"), {{"Authorization", "Bearer access-token"}}), 200);
  EXPECT_EQ(status("/v1/batch", batch, {{"Authorization", "Bearer write"}}), 200);
  EXPECT_EQ(status("/batch/", R"({"api_key":"write","batch":[{"event":"x","distinct_id":"u"}]})"), 200);
  EXPECT_EQ(status("/capture/", R"({"event":"x","distinct_id":"u","properties":{"token":"write"}})"), 200);
  EXPECT_EQ(records(), 9U);
  for (const auto& submission : submissions()) EXPECT_EQ(submission.organisation, ours);
}

TEST_F(SegmentDoorTest, TurnsEverybodyElseAway) {
  const auto missing = send("/v1/batch", batch);
  EXPECT_EQ(missing.status, 401);
  EXPECT_THAT(missing.body, HasSubstr(R"({"success":false,"message":")"));
  EXPECT_EQ(status("/v1/batch", keyed("wrong")), 401);
  EXPECT_EQ(status("/v1/batch", batch, {{"Authorization", "Basic d3Jvbmc6"}}), 401);
  EXPECT_EQ(status("/v1/batch", batch, {{"Authorization", "Bearer wrong"}}), 401);
  EXPECT_EQ(status("/v1/batch", keyed("other"), {basic_write}), 401) << "two keys that differ";
  EXPECT_EQ(status("/v1/batch", keyed("wrong"), {basic_write}), 401);
  EXPECT_EQ(status("/v1/batch", "{"), 401);
  EXPECT_EQ(status("/v1/batch", keyed("reader")), 403) << "a key of another scope";
  EXPECT_EQ(status("/batch/", R"({"batch":[]})"), 401);
  EXPECT_EQ(records(), 0U);
}

TEST_F(SegmentDoorTest, KeepsOrganisationsApart) {
  EXPECT_EQ(status("/v1/batch", batch, {basic_other}), 200);
  EXPECT_EQ(status("/v1/batch", keyed("other")), 200);
  EXPECT_EQ(status("/v1/batch", keyed("write")), 200);
  const auto all = submissions();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].organisation, theirs);
  EXPECT_EQ(all[1].organisation, theirs);
  EXPECT_EQ(all[2].organisation, ours);
  EXPECT_EQ(all[0].records.front().lead, all[1].records.front().lead);
  EXPECT_NE(all[0].records.front().lead, all[2].records.front().lead);
}

TEST_F(SegmentDoorTest, AKeyOfOneRequestDoesNotLetTheNextIn) {
  test::RawClient client(server_->address());
  for (const auto& [body, expected] :
       {std::pair{keyed("write"), 200}, {batch, 401}, {keyed("other"), 200}, {batch, 401}}) {
    ASSERT_TRUE(client.request("POST", "/v1/batch", body));
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, expected) << body;
  }
  EXPECT_EQ(records(), 2U);
}

TEST_F(SegmentDoorTest, HoldsAKeyToItsRate) {
  EXPECT_EQ(status("/v1/batch", keyed("slow")), 200);
  const auto refused = send("/v1/batch", keyed("slow"));
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("retry-after"), "1");
}

TEST_F(SegmentDoorTest, UnpacksGzipSaidOrNot) {
  const auto packed = gzip(keyed("write"));
  EXPECT_EQ(status("/v1/batch", packed,
                   {{"Content-Encoding", "gzip"}, {"Content-Type", "application/x-www-form-urlencoded"}}),
            200);
  EXPECT_EQ(status("/v1/batch", packed), 200) << "by its first bytes";
  EXPECT_EQ(records(), 2U);
  EXPECT_EQ(status("/v1/batch", packed.substr(0, packed.size() / 2), {{"Content-Encoding", "gzip"}}), 400);
  EXPECT_EQ(status("/v1/batch", "\x1f\x8b, not gzip"), 400);
}

TEST_F(SegmentDoorTest, MeasuresABodyUnpacked) {
  std::string words;  // that pack to a tenth: below the door's ratio
  for (int i = 0; words.size() <= 500 * 1024; ++i)
    words += R"({"type":"track","event":"e)" + std::to_string(i * 7919) + "\"},";
  const auto body = R"({"writeKey":"write","batch":[)" + words + "{}]}";
  const auto packed = gzip(body);
  ASSERT_LT(packed.size(), 200'000U);
  EXPECT_EQ(status("/v1/batch", packed, {{"Content-Encoding", "gzip"}}), 400);
  EXPECT_EQ(status("/v1/batch", packed), 400);
  EXPECT_EQ(status("/batch/", packed, {{"Content-Encoding", "gzip"}}), 413);
  EXPECT_EQ(status("/v1/batch", gzip(std::string(400 * 1024, ' '))), 400) << "a bomb";
  EXPECT_EQ(status("/v1/batch", body), 400);
  EXPECT_EQ(records(), 0U);
}

}  // namespace
}  // namespace leadlight::net
