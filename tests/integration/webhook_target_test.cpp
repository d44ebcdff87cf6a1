// The webhook connector against a receiver on a real socket: what goes out is signed as Standard Webhooks wants it, and
// every kind of answer means what docs/guides/webhooks.md says.
#include "net/targets/webhook.hpp"

#include "net/client/http_client.hpp"
#include "net/client/outbound_guard.hpp"
#include "net/http/http.hpp"
#include "net/targets/webhook_wire.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::net {
namespace {

namespace json = boost::json;
using actors::TargetReport;
using actors::TargetWrite;
using Kind = actors::TargetWriteResult::Kind;
using engine::Segment;
using engine::WriteOutcome;
using Pairs = std::vector<std::pair<std::string, std::string>>;

// 32 bytes each.
constexpr const char* secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
constexpr const char* older_secret = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
constexpr auto scored_at = engine::from_ms(1'777'636'800'000);

/// Independently of the product: base64(HMAC-SHA256(32 bytes from `first` on, content)).
std::string expected_signature(unsigned char first, const std::string& content) {
  std::array<unsigned char, 32> key{};
  for (auto& byte : key) byte = first++;
  std::array<unsigned char, 32> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), key.size(), reinterpret_cast<const unsigned char*>(content.data()), content.size(),
       mac.data(), &size);
  std::array<unsigned char, 64> text{};
  const auto length = EVP_EncodeBlock(text.data(), mac.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)};
}

class WebhookTargetTest : public testing::Test {
 protected:
  WebhookTargetTest() {
    auto router = std::make_shared<Router>();
    router->add({"POST", "/hook", "", 1U << 20U,
                 [this](const HttpRequest& request, const Respond& respond) { take(request, respond); }});
    auto bound = HttpServer::bind("127.0.0.1:0", router, std::make_shared<actors::Switchboard>(),
                                  std::make_shared<actors::SystemClock>(), {}, 1);
    EXPECT_TRUE(bound);
    receiver_ = *bound;
    receiver_->open();
    base_ = "http://" + receiver_->address();
    guard_ = *OutboundGuard::make({{443}, {base_}});
  }
  ~WebhookTargetTest() override {
    client_->stop();
    receiver_->close();
    receiver_->join(engine::Milliseconds{1'000});
  }

  struct Call {
    Headers headers;
    std::string body;
    [[nodiscard]] std::string header(std::string_view name) const {
      for (const auto& [own, value] : headers)
        if (own == name) return value;
      return {};
    }
    [[nodiscard]] json::value event() const { return json::parse(body); }
  };

  void take(const HttpRequest& request, const Respond& respond) {
    const std::lock_guard lock(mutex_);
    calls_.push_back({request.headers, request.body});
    const auto event = json::parse(request.body);
    const auto* email = event.at("data").as_object().if_contains("email");
    const auto at = answers_.find(email == nullptr ? "ping" : std::string(email->as_string()));
    respond(at == answers_.end() ? HttpResponse::text(204, "") : at->second);
  }

  static HttpResponse answer(std::uint16_t status, Headers headers = {}) {
    auto made = HttpResponse::text(status, "no");
    made.headers.insert(made.headers.end(), headers.begin(), headers.end());
    return made;
  }

  engine::Result<std::shared_ptr<actors::TargetConnector>> make(Pairs options, Pairs secrets) {
    actors::TargetOptions settings;
    settings.id = 7;
    settings.kind = "webhook";
    settings.name = "hook";
    settings.options = std::move(options);
    settings.secrets = std::move(secrets);
    return make_webhook(settings, guarded(client_, guard_), clock_);
  }
  std::shared_ptr<actors::TargetConnector> connector(Pairs secrets = {{"secret", secret}}) {
    auto made = make({{"url", base_ + "/hook"}}, std::move(secrets));
    EXPECT_TRUE(made) << made.error().what;
    return *made;
  }

  static TargetWrite write_for(const std::string& email, engine::Position owed = 42) {
    TargetWrite write;
    write.lead = {1, std::hash<std::string>{}(email)};
    write.email = email;
    write.score = 73;
    write.segment = Segment::high;
    write.signals = "↑ Demo requested (today)\n↑ Pricing viewed (yesterday)";
    write.scored_at = scored_at;
    write.owed = owed;
    write.model_id = "starter";
    write.model_version = 3;
    write.previous_score = 12;
    write.previous_segment = Segment::low;
    return write;
  }
  static TargetReport bring(actors::TargetConnector& target, std::vector<TargetWrite> writes, bool dry_run = false) {
    std::promise<TargetReport> promise;
    target.write(std::move(writes), dry_run, [&](TargetReport report) { promise.set_value(std::move(report)); });
    return promise.get_future().get();
  }
  static engine::Status check(actors::TargetConnector& target) {
    std::promise<engine::Status> promise;
    target.check([&](engine::Status status) { promise.set_value(std::move(status)); });
    return promise.get_future().get();
  }

  std::mutex mutex_;
  std::vector<Call> calls_;
  std::map<std::string, HttpResponse> answers_;  // by e-mail address, or "ping"
  std::string base_;
  std::shared_ptr<HttpServer> receiver_;
  std::shared_ptr<const OutboundGuard> guard_;
  std::shared_ptr<HttpClient> client_ = HttpClient::make();
  std::shared_ptr<actors::ManualClock> clock_ = std::make_shared<actors::ManualClock>(scored_at + engine::hour);
};

TEST_F(WebhookTargetTest, PostsOneSignedEventALead) {
  const auto target = connector();
  const auto report = bring(*target, {write_for("ada@example.com"), write_for("grace@example.com", 43)});
  ASSERT_FALSE(report.hold) << report.hold->reason;
  ASSERT_EQ(report.results.size(), 2U);
  for (const auto& result : report.results) {
    EXPECT_EQ(result.kind, Kind::final);
    EXPECT_EQ(result.outcome, WriteOutcome::written);
    EXPECT_EQ(result.written_at, scored_at + engine::hour);
  }
  EXPECT_EQ(report.calls, 2U);
  ASSERT_EQ(calls_.size(), 2U);
  std::set<std::string> ids;
  for (const auto& call : calls_) {
    EXPECT_EQ(call.header("content-type"), "application/json");
    EXPECT_EQ(call.header("webhook-timestamp"), "1777640400");
    const auto id = call.header("webhook-id");
    ids.insert(id);
    EXPECT_TRUE(id.starts_with("msg_")) << id;
    EXPECT_EQ(call.header("webhook-signature"), "v1," + expected_signature(0, id + ".1777640400." + call.body));
  }
  EXPECT_EQ(ids.size(), 2U);
  std::sort(calls_.begin(), calls_.end(), [](const Call& a, const Call& b) { return a.body < b.body; });
  const auto expected = json::parse(R"json({"type":"lead.scored","timestamp":"2026-05-01T13:00:00.000Z","data":{
    "email":"ada@example.com","other_emails":[],"score":73,"segment":"high","previous_score":12,
    "previous_segment":"low","signals":["↑ Demo requested (today)","↑ Pricing viewed (yesterday)"],
    "model":{"id":"starter","version":3},"scored_at":"2026-05-01T12:00:00.000Z"}})json");
  EXPECT_EQ(calls_.front().event(), expected) << calls_.front().body;
}

TEST_F(WebhookTargetTest, ARepetitionCarriesTheSameIdAndAnotherDebtAnother) {
  const auto target = connector();
  bring(*target, {write_for("ada@example.com", 42)});
  clock_->advance(engine::hour);
  bring(*target, {write_for("ada@example.com", 42)});
  bring(*target, {write_for("ada@example.com", 43)});
  ASSERT_EQ(calls_.size(), 3U);
  EXPECT_EQ(calls_[0].header("webhook-id"), calls_[1].header("webhook-id"));
  EXPECT_NE(calls_[0].header("webhook-timestamp"), calls_[1].header("webhook-timestamp"));
  EXPECT_NE(calls_[1].header("webhook-id"), calls_[2].header("webhook-id"));
}

TEST_F(WebhookTargetTest, SignsWithBothSecretsWhileOneIsReplaced) {
  const auto target = connector({{"secret", secret}, {"previous_secret", older_secret}});
  bring(*target, {write_for("ada@example.com")});
  ASSERT_EQ(calls_.size(), 1U);
  const auto content = calls_[0].header("webhook-id") + ".1777640400." + calls_[0].body;
  EXPECT_EQ(calls_[0].header("webhook-signature"),
            "v1," + expected_signature(0, content) + " v1," + expected_signature(0x20, content));
}

TEST_F(WebhookTargetTest, ChecksWithASignedPing) {
  const auto target = connector();
  EXPECT_TRUE(check(*target));
  ASSERT_EQ(calls_.size(), 1U);
  EXPECT_EQ(calls_[0].event(),
            json::parse(R"({"type":"ping","timestamp":"2026-05-01T13:00:00.000Z","data":{"target":"hook"}})"));
  EXPECT_EQ(calls_[0].header("webhook-signature"),
            "v1," + expected_signature(0, calls_[0].header("webhook-id") + ".1777640400." + calls_[0].body));
  answers_["ping"] = answer(404);
  EXPECT_EQ(check(*target).error().code, engine::Errc::invalid);
  answers_["ping"] = answer(502);
  EXPECT_EQ(check(*target).error().code, engine::Errc::unavailable);
}

TEST_F(WebhookTargetTest, RefusalsAreDeadLettersOfTheirLeadAlone) {
  const auto target = connector();
  answers_.emplace("bad@example.com", answer(422));
  const auto report = bring(*target, {write_for("ada@example.com"), write_for("bad@example.com")});
  ASSERT_FALSE(report.hold);
  EXPECT_EQ(report.results[0].outcome, WriteOutcome::written);
  EXPECT_EQ(report.results[1].kind, Kind::final);
  EXPECT_EQ(report.results[1].outcome, WriteOutcome::dead_letter);
  EXPECT_EQ(report.results[1].code, "HTTP_422");
  EXPECT_EQ(report.results[1].detail.find("bad@"), std::string::npos);
}

TEST_F(WebhookTargetTest, AFaultOfOneLeadIsTriedAgainAndOfAllHoldsTheTarget) {
  const auto target = connector();
  answers_.emplace("bad@example.com", answer(500));
  auto report = bring(*target, {write_for("ada@example.com"), write_for("bad@example.com")});
  ASSERT_FALSE(report.hold);
  EXPECT_EQ(report.results[1].kind, Kind::retry);
  report = bring(*target, {write_for("bad@example.com")});
  ASSERT_TRUE(report.hold);
  EXPECT_FALSE(report.hold->operator_needed);
  EXPECT_EQ(report.results[0].kind, Kind::retry);
}

TEST_F(WebhookTargetTest, PausesAsLongAsItIsAskedTo) {
  const auto target = connector();
  for (const auto status : {std::uint16_t{429}, std::uint16_t{503}}) {
    answers_["ada@example.com"] = answer(status, {{"Retry-After", "120"}});
    auto report = bring(*target, {write_for("ada@example.com")});
    ASSERT_TRUE(report.hold);
    EXPECT_EQ(report.hold->retry_after, engine::Milliseconds{120'000});
    EXPECT_FALSE(report.hold->operator_needed);
    answers_["ada@example.com"] = answer(status, {{"Retry-After", "Fri, 01 May 2026 13:00:30 GMT"}});
    report = bring(*target, {write_for("ada@example.com")});
    ASSERT_TRUE(report.hold);
    EXPECT_EQ(report.hold->retry_after, engine::Milliseconds{30'000});
  }
}

TEST_F(WebhookTargetTest, StopsAtOnceWhenItIsGoneOrElsewhere) {
  const auto target = connector();
  for (const auto status : {std::uint16_t{410}, std::uint16_t{301}, std::uint16_t{307}}) {
    answers_["ada@example.com"] = answer(status, {{"Location", base_ + "/hook"}});
    calls_.clear();
    const auto report = bring(*target, {write_for("ada@example.com")});
    ASSERT_TRUE(report.hold) << status;
    EXPECT_TRUE(report.hold->operator_needed);
    EXPECT_NE(report.hold->reason.find(std::to_string(status)), std::string::npos) << report.hold->reason;
    EXPECT_EQ(report.results[0].kind, Kind::retry);
    EXPECT_EQ(calls_.size(), 1U) << "a redirect was followed";
  }
}

TEST_F(WebhookTargetTest, ReadsNoMoreThan64KiBOfAnAnswer) {
  const auto target = connector();
  answers_.emplace("ada@example.com", HttpResponse::text(200, std::string(8U << 20U, 'x')));
  answers_.emplace("bad@example.com", HttpResponse::text(400, std::string(8U << 20U, 'x')));
  const auto report = bring(*target, {write_for("ada@example.com"), write_for("bad@example.com")});
  ASSERT_FALSE(report.hold) << report.hold->reason;
  EXPECT_EQ(report.results[0].outcome, WriteOutcome::written);
  EXPECT_EQ(report.results[1].outcome, WriteOutcome::dead_letter);
}

TEST_F(WebhookTargetTest, ADryRunCallsNobodyAndNoIdIsPosted) {
  const auto target = connector();
  auto report = bring(*target, {write_for("ada@example.com")}, true);
  EXPECT_TRUE(report.results[0].differed);
  report = bring(*target, {write_for("anonymous:5a3c")});
  EXPECT_EQ(report.results[0].outcome, WriteOutcome::no_match);
  EXPECT_TRUE(calls_.empty());
}

TEST_F(WebhookTargetTest, BringsAWholeBatch) {
  const auto target = connector();
  std::vector<TargetWrite> writes;
  for (std::size_t i = 0; i < target->batch_max(); ++i)
    writes.push_back(write_for("lead" + std::to_string(i) + "@example.com", i + 1));
  const auto report = bring(*target, writes);
  ASSERT_FALSE(report.hold);
  for (std::size_t i = 0; i < writes.size(); ++i) {
    EXPECT_EQ(report.results[i].owed, writes[i].owed);
    EXPECT_EQ(report.results[i].outcome, WriteOutcome::written);
  }
  EXPECT_EQ(calls_.size(), writes.size());
}

TEST_F(WebhookTargetTest, AnUnreachableReceiverHoldsTheTarget) {
  guard_ = *OutboundGuard::make({{443}, {"http://127.0.0.1:9"}});
  auto made = make({{"url", "http://127.0.0.1:9/"}, {"deadline_ms", "2000"}}, {{"secret", secret}});
  ASSERT_TRUE(made);
  auto report = bring(**made, {write_for("ada@example.com")});
  ASSERT_TRUE(report.hold);
  EXPECT_FALSE(report.hold->operator_needed);
  guard_ = *OutboundGuard::make({});
  made = make({{"url", "https://127.0.0.1/"}}, {{"secret", secret}});
  report = bring(**made, {write_for("ada@example.com")});
  ASSERT_TRUE(report.hold);
  EXPECT_TRUE(report.hold->operator_needed) << "what the guard refuses, a person has to mend";
}

TEST_F(WebhookTargetTest, NamesTheOptionThatIsWrong) {
  const Pairs url = {{"url", "https://example.com/"}};
  const auto field = [&](Pairs options, Pairs secrets) {
    const auto made = make(std::move(options), std::move(secrets));
    return made ? std::string("none") : made.error().field;
  };
  EXPECT_EQ(field(url, {{"secret", secret}}), "none");
  EXPECT_EQ(field({}, {{"secret", secret}}), "url");
  EXPECT_EQ(field(url, {}), "secret");
  EXPECT_EQ(field(url, {{"secret", "whsec_c2hvcnQ="}}), "secret");
  EXPECT_EQ(field(url, {{"secret", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}}), "secret");
  EXPECT_EQ(field(url, {{"secret", secret}, {"previous_secret", "x"}}), "previous_secret");
  EXPECT_EQ(field(url, {{"secret", secret}, {"other", "x"}}), "other");
  EXPECT_EQ(field({{"url", "https://example.com/"}, {"deadline_ms", "1"}}, {{"secret", secret}}), "deadline_ms");
  EXPECT_EQ(field({{"url", "https://example.com/"}, {"calls", "1"}}, {{"secret", secret}}), "calls");
}

}  // namespace
}  // namespace leadlight::net
