// E-mail vendors over a real socket: what they send is durable and counts once, a secret shuts out whoever does not
// have it, and no organisation's secret opens another's door.
#include "actors/administrator.hpp"
#include "net/surfaces/surface.hpp"
#include "net/text/base64.hpp"
#include "net/webhook_signature.hpp"
#include "storage/rocksdb_store.hpp"
#include "storage/settings.hpp"
#include "tests/support/processes.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

namespace leadlight::tests {
namespace {

namespace json = boost::json;
using engine::OrganisationId;
using testing::HasSubstr;

constexpr const char* resend_secret = "whsec_bWFkZSB1cCBmb3IgdGhpcyB0ZXN0IGFsb25l";
constexpr const char* resend_next = "whsec_YW5vdGhlciBvbmUsIG1hZGUgdXAgYXMgd2VsbA==";
constexpr const char* click = R"({"type":"email.clicked","created_at":")";

class EmailHooksTest : public testing::Test {
 protected:
  using Answer = net::OutboundAnswer;

  void start(std::vector<std::string> options = {}) {
    installation_ = std::make_unique<Installation>(std::move(options), false);
    add_other_organisation();
    ASSERT_TRUE(installation_->start()) << log();
  }

  void add_other_organisation() {
    auto store = storage::open_rocksdb(installation_->data() / "db", {});
    ASSERT_TRUE(store) << store.error().what;
    const auto now = engine::from_ms(1'777'636'800'000);
    storage::Batch batch;
    storage::put(batch, storage::OrganisationSettings{OrganisationId{2}, "Other", true, now});
    auto key = actors::make_key(OrganisationId{2}, {"other's key", {"admin"}, std::nullopt}, now);
    ASSERT_TRUE(key);
    storage::put(batch, key->second);
    other_key_ = key->first;
    ASSERT_TRUE((*store)->commit(batch));
  }

  Answer send(const std::string& method, const std::string& target, const std::string& body, net::Headers headers) {
    net::OutboundRequest request;
    request.method = method;
    request.url = installation_->url() + target;
    request.headers = std::move(headers);
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    request.body = body;
    request.deadline = engine::Milliseconds{20'000};
    const auto answer = installation_->client().send_and_wait(std::move(request));
    EXPECT_TRUE(answer) << method << " " << target;
    return answer ? *answer : Answer{};
  }
  Answer post(const std::string& vendor, const std::string& body, net::Headers headers = {}) {
    headers.emplace_back("Authorization", "Bearer " + installation_->token("events"));
    return send("POST", "/hooks/email/" + vendor, body, std::move(headers));
  }
  Answer administer(const std::string& method, const std::string& vendor, const std::string& body = {},
                    const std::string& key = {}) {
    return send(method, "/v1/admin/email-vendors/" + vendor, body,
                {{"Authorization", "Bearer " + (key.empty() ? installation_->token("admin") : key)}});
  }
  static std::string secret_body(const std::string& secret, bool keep = false) {
    return json::serialize(json::object{{"secret", secret}, {"keep_previous", keep}});
  }

  static std::string clicked(const std::string& email, const std::string& at) {
    return click + at + R"(","data":{"to":[")" + email +
           R"("],"click":{"link":"https://x.com","userAgent":"Firefox"}}})";
  }
  static net::Headers signed_with(const std::string& secret, const std::string& id, const std::string& body) {
    const auto now = std::to_string(engine::to_ms(actors::SystemClock().now()) / 1'000);
    const auto key = net::decode_base64(secret.substr(6)).value_or("");
    const auto mac = net::encode_base64(net::hmac_sha256(key, id + "." + now + "." + body));
    return {{"svix-id", id}, {"svix-timestamp", now}, {"svix-signature", "v1," + mac}};
  }
  static std::string seconds_ago(int seconds) {
    return std::to_string(engine::to_ms(actors::SystemClock().now()) / 1'000 - seconds);
  }
  static std::string time_ago(int seconds) {
    return net::format_time(actors::SystemClock().now() - engine::Milliseconds{seconds * 1'000});
  }

  std::vector<std::string> timeline(const std::string& email) {
    std::vector<std::string> types;
    auto answer = installation_->send("GET", "/v1/leads/" + email + "/timeline", "", "admin");
    if (!answer || answer->status != 200) return types;
    const auto document = json::parse(answer->body);
    for (const auto& event : document.at("events").as_array()) types.emplace_back(event.at("type").as_string());
    return types;
  }
  static std::string counts(const Answer& answer) {
    if (answer.status != 200) return std::to_string(answer.status) + " " + answer.body;
    const auto all = json::parse(answer.body);
    std::string text;
    for (const auto* name : {"accepted", "duplicates", "too_late", "rejected", "ignored"})
      text += json::serialize(all.at(name)) + " ";
    return text;
  }
  [[nodiscard]] std::string log() const {
    std::ifstream in(installation_->log());
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  std::unique_ptr<Installation> installation_;
  std::string other_key_;
};

TEST_F(EmailHooksTest, ABatchIsDurableAndCountsOnce) {
  start();
  const auto at = seconds_ago(60);
  const auto batch = R"([{"event":"click","email":"ada@example.com","timestamp":)" + at +
                     R"(,"sg_event_id":"1"},{"event":"open","email":"ada@example.com","timestamp":)" + at +
                     R"(,"sg_event_id":"2","sg_machine_open":true},{"event":"deferred","email":"ada@example.com"},)" +
                     R"({"event":"open","email":"nobody"},{"event":"open","email":"ada@example.com","timestamp":1}])";
  EXPECT_EQ(counts(post("sendgrid", batch)), "2 0 1 1 1 ");
  EXPECT_EQ(counts(post("sendgrid", batch)), "0 3 0 1 1 ") << "the vendor tries again when an answer got lost";
  const auto lead = installation_->ask("/v1/leads/ada@example.com");
  EXPECT_EQ(lead.at("raw_micro_points").to_number<std::int64_t>() / 1'000'000, 4)
      << "a click of 5 points, a minute old";
  EXPECT_EQ(installation_->server().kill(SIGKILL), -SIGKILL);
  ASSERT_TRUE(installation_->start());
  EXPECT_THAT(timeline("ada@example.com"),
              testing::UnorderedElementsAre("email_clicked", "email_opened_by_proxy", "email_opened"));
  EXPECT_EQ(counts(post("sendgrid", batch)), "0 3 0 1 1 ");
}

TEST_F(EmailHooksTest, AKeyComesInThreeWays) {
  start();
  const auto key = installation_->token("events");
  const std::string body = R"({"RecordType":"Open","Recipient":"ada@example.com"})";
  const auto basic = [](const std::string& pair) {
    return net::Headers{{"Authorization", "Basic " + net::encode_base64(pair)}};
  };
  EXPECT_EQ(send("POST", "/hooks/email/postmark", body, {{"Authorization", "Bearer " + key}}).status, 200);
  EXPECT_EQ(send("POST", "/hooks/email/postmark", body, basic("leadlight:" + key)).status, 200);
  EXPECT_EQ(send("POST", "/hooks/email/postmark", body, basic(key + ":")).status, 200);
  EXPECT_EQ(send("POST", "/hooks/email/postmark", body, basic(key + ":anything")).status, 200);
  EXPECT_EQ(send("POST", "/hooks/email/postmark?key=" + key, body, {}).status, 200);
  const auto refused = send("POST", "/hooks/email/postmark", body, {});
  EXPECT_EQ(refused.status, 401);
  EXPECT_TRUE(std::ranges::any_of(refused.headers, [](const auto& header) {
    return header.first == "www-authenticate" && header.second.starts_with("Basic ");
  })) << "who sends credentials only when asked is asked";
  EXPECT_EQ(send("POST", "/hooks/email/postmark?key=hg_v2_wrong", body, {}).status, 401);
  EXPECT_EQ(send("POST", "/hooks/email/postmark", body, basic("a:b")).status, 401);
  EXPECT_EQ(send("POST", "/hooks/email/postmark", body, {{"Authorization", "Basic ***"}}).status, 401);
  EXPECT_EQ(send("POST", "/hooks/email/postmark?key=" + installation_->token("hg"), body, {}).status, 403);
  EXPECT_EQ(send("GET", "/v1/admin/state?key=" + installation_->token("admin"), {}, {}).status, 401) << "only vendors";
  EXPECT_EQ(log().find(key), std::string::npos) << "a key in an address stays out of the log";
  const auto metrics = send("GET", "/metrics", {}, {});
  EXPECT_EQ(metrics.body.find(key), std::string::npos);
}

TEST_F(EmailHooksTest, ASecretShutsOutWhoeverDoesNotHaveIt) {
  start();
  const auto body = clicked("ada@example.com", time_ago(60));
  EXPECT_EQ(counts(post("resend", body, {{"svix-id", "msg_0"}})), "1 0 0 0 0 ") << "no secret: the key alone decides";
  ASSERT_EQ(administer("PUT", "resend", secret_body(resend_secret)).status, 200);
  const auto events = timeline("ada@example.com").size();

  EXPECT_EQ(post("resend", body).status, 401);
  EXPECT_EQ(post("resend", body, signed_with(resend_next, "msg_1", body)).status, 401);
  auto replayed = signed_with(resend_secret, "msg_1", body);
  auto changed = body;
  changed.replace(changed.find("ada@"), 4, "eve@");
  EXPECT_EQ(post("resend", changed, replayed).status, 401);
  auto renamed = replayed;
  renamed[0].second = "msg_2";
  EXPECT_EQ(post("resend", body, renamed).status, 401);
  EXPECT_EQ(timeline("ada@example.com").size(), events) << "nothing of it is kept";
  EXPECT_TRUE(timeline("eve@example.com").empty());
  EXPECT_THAT(send("GET", "/metrics", {}, {}).body, HasSubstr("leadlight_email_calls_forged_total 4"));
  EXPECT_THAT(log(), HasSubstr("leadlight vendor set resend"));

  EXPECT_EQ(counts(post("resend", body, replayed)), "1 0 0 0 0 ");
  EXPECT_EQ(counts(post("resend", body, replayed)), "0 1 0 0 0 ") << "a replay counts nothing";
  const auto state = json::parse(administer("GET", "resend").body);
  EXPECT_EQ(state.at("secrets").to_number<int>(), 1);
  EXPECT_EQ(json::serialize(state).find("whsec"), std::string::npos);
  EXPECT_EQ(log().find("bWFkZSB1cCBmb3I"), std::string::npos);
}

TEST_F(EmailHooksTest, TwoSecretsAreInForceWhileTheyAreRotated) {
  start();
  const auto body = clicked("ada@example.com", time_ago(60));
  ASSERT_EQ(administer("PUT", "resend", secret_body(resend_secret)).status, 200);
  ASSERT_EQ(administer("PUT", "resend", secret_body(resend_next, true)).status, 200);
  EXPECT_EQ(post("resend", body, signed_with(resend_secret, "msg_1", body)).status, 200);
  EXPECT_EQ(post("resend", body, signed_with(resend_next, "msg_2", body)).status, 200);
  ASSERT_EQ(installation_->server().kill(SIGTERM), 0);
  ASSERT_TRUE(installation_->start());
  EXPECT_EQ(post("resend", body).status, 401) << "they are still there after a restart";
  EXPECT_EQ(post("resend", body, signed_with(resend_secret, "msg_3", body)).status, 200);
  ASSERT_EQ(administer("PUT", "resend", secret_body(resend_next)).status, 200);
  EXPECT_EQ(post("resend", body, signed_with(resend_secret, "msg_4", body)).status, 401);
  EXPECT_EQ(post("resend", body, signed_with(resend_next, "msg_5", body)).status, 200);
  ASSERT_EQ(administer("DELETE", "resend").status, 200);
  EXPECT_EQ(post("resend", body).status, 200);
  EXPECT_EQ(administer("DELETE", "resend").status, 404);
}

TEST_F(EmailHooksTest, SecretsAreSealedAtRest) {
  start();
  ASSERT_EQ(administer("PUT", "mailtrap", secret_body("plain-text-marker-of-a-secret")).status, 200);
  ASSERT_EQ(installation_->server().kill(SIGTERM), 0);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(installation_->data())) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    EXPECT_EQ(bytes.str().find("plain-text-marker"), std::string::npos) << entry.path();
  }
}

TEST_F(EmailHooksTest, NoOrganisationsSecretOpensAnothersDoor) {
  start();
  const auto body = clicked("ada@example.com", time_ago(60));
  ASSERT_EQ(administer("PUT", "resend", secret_body(resend_secret)).status, 200);
  ASSERT_EQ(administer("PUT", "resend", secret_body(resend_next), other_key_).status, 200);
  EXPECT_EQ(post("resend", body, signed_with(resend_next, "msg_1", body)).status, 401);
  auto other = signed_with(resend_secret, "msg_1", body);
  other.emplace_back("Authorization", "Bearer " + other_key_);
  EXPECT_EQ(send("POST", "/hooks/email/resend", body, other).status, 401);
  ASSERT_EQ(administer("DELETE", "resend", {}, other_key_).status, 200);
  EXPECT_EQ(json::parse(administer("GET", "resend").body).at("secrets").to_number<int>(), 1);
  EXPECT_EQ(post("resend", body).status, 401);
  EXPECT_EQ(send("POST", "/hooks/email/resend", body, {{"Authorization", "Bearer " + other_key_}}).status, 200);
  EXPECT_TRUE(timeline("ada@example.com").empty()) << "what the other one sent is the other one's";
}

TEST_F(EmailHooksTest, WhatIsWrongIsSaid) {
  start();
  const auto unknown = post("acme", "{}");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_THAT(unknown.body, HasSubstr("mailjet, mailtrap, postmark, resend, sendgrid, ses, sparkpost"));
  const auto unreadable = post("sendgrid", "{\"event\":");
  EXPECT_EQ(unreadable.status, 400);
  EXPECT_THAT(unreadable.body, HasSubstr("not valid JSON"));
  EXPECT_EQ(post("sendgrid", "[\"" + std::string(1U << 20U, 'x') + "\"]").status, 413);
  EXPECT_EQ(counts(post("sparkpost", R"([{"msys":{}}])")), "0 0 0 0 0 ") << "a ping";
  EXPECT_EQ(administer("PUT", "acme", secret_body("12345678")).status, 404);
  EXPECT_EQ(administer("PUT", "postmark", secret_body("12345678")).status, 422) << "it signs nothing";
  EXPECT_THAT(administer("PUT", "sendgrid", secret_body("12345678")).body, HasSubstr("P-256"));
  EXPECT_EQ(administer("PUT", "resend", R"({"secret":"x","scope":"all"})").status, 400);
  EXPECT_EQ(administer("PUT", "resend", R"({"keep_previous":true})").status, 400);
}

TEST_F(EmailHooksTest, ASubscriptionOfSnsIsTold) {
  start();
  const std::string confirmation = R"({"Type":"SubscriptionConfirmation","Token":"t",)"
                                   R"("SubscribeURL":"https://sns.eu-west-1.amazonaws.com/?Token=t"})";
  EXPECT_EQ(counts(post("ses", confirmation)), "0 0 0 0 1 ");
  EXPECT_THAT(log(), HasSubstr("open this address once: https://sns.eu-west-1.amazonaws.com/?Token=t"));
  EXPECT_EQ(counts(post("ses", R"({"Type":"SubscriptionConfirmation","SubscribeURL":"https://evil.example/"})")),
            "0 0 0 1 0 ");
  EXPECT_EQ(log().find("evil.example"), std::string::npos);
  ASSERT_EQ(administer("PUT", "ses", secret_body("arn:aws:sns:eu-west-1:123456789012:mail")).status, 200);
  EXPECT_EQ(post("ses", confirmation).status, 401) << "no topic that is trusted";
  EXPECT_EQ(post("ses", R"({"eventType":"Open","mail":{"destination":["a@b.com"]}})").status, 401);
}

TEST_F(EmailHooksTest, AMappingFileAddsAVendor) {
  auto pattern = (std::filesystem::temp_directory_path() / "leadlight_hooks_XXXXXX").string();
  const std::filesystem::path folder = ::mkdtemp(pattern.data());
  std::filesystem::create_directory(folder / "vendors");
  std::ofstream(folder / "config.toml") << "[hooks]\nemail_mappings_dir = \"" << (folder / "vendors").string()
                                        << "\"\n";
  std::ofstream(folder / "vendors/acme.toml")
      << "vendor = \"acme\"\n[event]\nname = \"what\"\nemail = \"who\"\n[types]\nread = \"email_opened\"\n";
  start({"--config", (folder / "config.toml").string()});
  EXPECT_EQ(counts(post("acme", R"({"what":"read","who":"ada@example.com"})")), "1 0 0 0 0 ");
  EXPECT_THAT(timeline("ada@example.com"), testing::ElementsAre("email_opened"));
  ASSERT_EQ(installation_->server().kill(SIGTERM), 0);
  std::ofstream(folder / "vendors/acme.toml") << "vendor = \"acme\"\n[event]\nname = \"what\"\n[types]\n";
  EXPECT_FALSE(installation_->start());
  EXPECT_THAT(log(), HasSubstr("acme.toml:2: event.email: is missing; write for example"));
  std::filesystem::remove_all(folder);
}

TEST_F(EmailHooksTest, TheCommandLineSetsSecrets) {
  installation_ = std::make_unique<Installation>(std::vector<std::string>{}, false);
  const auto secret = installation_->data() / ".." / "secret";
  std::ofstream(secret) << resend_secret << "\n";
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {LEADLIGHT_BINARY, "vendor"});
    words.insert(words.end(), {"--data", installation_->data().string()});
    Process process(words, installation_->log());
    auto text = process.read_all();
    return std::pair(process.wait(), std::move(text));
  };
  EXPECT_EQ(run({"set", "resend", "--secret-file", secret.string()}).first, 0) << log();
  const auto listed = run({"list"});
  EXPECT_EQ(listed.first, 0);
  EXPECT_THAT(listed.second, testing::ContainsRegex("resend +Resend +/hooks/email/resend +standard_webhooks +1 "));
  EXPECT_EQ(listed.second.find("whsec"), std::string::npos);
  ASSERT_TRUE(installation_->start());
  EXPECT_EQ(post("resend", clicked("ada@example.com", time_ago(60))).status, 401);
  ASSERT_EQ(installation_->server().kill(SIGTERM), 0);
  EXPECT_EQ(run({"remove", "resend"}).first, 0);
  EXPECT_EQ(run({"remove", "resend"}).first, 1);
  EXPECT_EQ(run({"set", "postmark", "--secret-file", secret.string()}).first, 1);
  EXPECT_EQ(run({"set", "resend", "--secret-file", "/nonexistent"}).first, 1);
}

TEST(EmailHooks, OverloadAsksTheVendorToTryAgain) {
  net::Router router;
  const auto clock = std::make_shared<actors::ManualClock>(engine::from_ms(1'777'636'800'000));
  net::add_email_hooks(router, {std::make_shared<actors::Switchboard>(), clock});
  net::HttpRequest request;
  request.method = "POST";
  request.path = "/hooks/email/postmark";
  request.body = R"({"RecordType":"Open","Recipient":"ada@example.com"})";
  request.received_at = clock->now();
  request.key = actors::KeyView{"k", OrganisationId{1}, {"events"}, std::nullopt, true};
  const auto answer = net::dispatch(router, std::move(request));
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(std::ranges::any_of(answer.headers, [](const auto& header) { return header.first == "Retry-After"; }));
}

}  // namespace
}  // namespace leadlight::tests
