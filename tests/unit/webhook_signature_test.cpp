// Signatures of vendors' calls: real ones hold, and none holds once a byte, an instant, an id or a key is another.
#include "net/webhook_signature.hpp"

#include "net/text/base64.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <filesystem>
#include <fstream>

namespace leadlight::net {
namespace {

namespace json = boost::json;
using engine::Errc;

HttpRequest call(std::string body, Headers headers, std::int64_t now_s) {
  HttpRequest request;
  request.method = "POST";
  request.headers = std::move(headers);
  request.body = std::move(body);
  request.received_at = engine::from_ms(now_s * 1'000);
  return request;
}

bool holds(const SignatureRule& rule, const std::vector<std::string>& secrets, const HttpRequest& request) {
  const auto proven = verify_signature(rule, secrets, request);
  if (!proven) {
    EXPECT_EQ(proven.error().code, Errc::unauthorized);
  }
  return proven.ok();
}

// ---- SendGrid
// ---------------------------------------------------------------------------------------------------------

const SignatureRule sendgrid{SignatureScheme::ecdsa_p256_sha256,
                             "x-twilio-email-event-webhook-signature",
                             "x-twilio-email-event-webhook-timestamp",
                             {},
                             {}};

struct Vector {
  std::string key, timestamp, body, signature;

  [[nodiscard]] std::int64_t at() const { return std::stoll(timestamp); }
  [[nodiscard]] HttpRequest request() const {
    return call(body, {{sendgrid.signature_header, signature}, {sendgrid.timestamp_header, timestamp}}, at());
  }
};

std::vector<Vector> recorded() {
  std::ifstream in(std::filesystem::path(LEADLIGHT_SOURCE_DIR) / "tests/data/email_vendors/signatures.jsonl");
  std::vector<Vector> all;
  for (std::string line; std::getline(in, line);) {
    const auto row = json::parse(line);
    const auto text = [&row](const char* name) { return std::string(row.at(name).as_string()); };
    all.push_back({text("public_key_der_b64"), text("timestamp"), text("body"), text("signature")});
  }
  return all;
}

TEST(EcdsaSignature, RecordedCallsHold) {
  const auto vectors = recorded();
  ASSERT_EQ(vectors.size(), 2U);
  for (const auto& one : vectors) {
    EXPECT_TRUE(holds(sendgrid, {one.key}, one.request()));
    EXPECT_TRUE(check_secret(sendgrid, one.key).ok());
  }
  EXPECT_FALSE(holds(sendgrid, {vectors[1].key}, vectors[0].request())) << "another organisation's key";
  EXPECT_TRUE(holds(sendgrid, {vectors[1].key, vectors[0].key}, vectors[0].request())) << "two keys are in force";
  EXPECT_FALSE(holds(sendgrid, {}, vectors[0].request()));
}

TEST(EcdsaSignature, NothingHoldsAfterAChange) {
  for (const auto& one : recorded()) {
    for (std::size_t i = 0; i < one.body.size(); i += 7) {
      auto request = one.request();
      request.body[i] = static_cast<char>(request.body[i] ^ 1);
      EXPECT_FALSE(holds(sendgrid, {one.key}, request)) << "byte " << i;
    }
    auto longer = one.request();
    longer.body += "\n";
    EXPECT_FALSE(holds(sendgrid, {one.key}, longer));
    auto shorter = one.request();
    shorter.body.resize(shorter.body.size() - 2);
    EXPECT_FALSE(holds(sendgrid, {one.key}, shorter)) << "the line break at the end is signed too";
    auto other_time = one.request();
    other_time.headers[1].second = std::to_string(one.at() + 1);
    EXPECT_FALSE(holds(sendgrid, {one.key}, other_time));
    for (const auto* header : {"", "x", "====", "AAAA"}) {
      auto forged = one.request();
      forged.headers[0].second = header;
      EXPECT_FALSE(holds(sendgrid, {one.key}, forged)) << header;
    }
    EXPECT_FALSE(holds(sendgrid, {one.key}, call(one.body, {}, one.at())));
    EXPECT_FALSE(holds(sendgrid, {one.key}, call(one.body, {one.request().headers[0]}, one.at())));
  }
}

TEST(EcdsaSignature, AnInstantFarFromNowIsRefused) {
  const auto one = recorded().front();
  for (const auto& [apart, expected] : std::vector<std::pair<std::int64_t, bool>>{
           {0, true}, {300, true}, {301, false}, {-300, true}, {-301, false}, {86'400, false}}) {
    auto request = one.request();
    request.received_at = engine::from_ms((one.at() + apart) * 1'000);
    EXPECT_EQ(holds(sendgrid, {one.key}, request), expected) << apart;
  }
  for (const auto* text : {"", "1600112502x", "-1", "1e9", "99999999999999999999", " 1600112502"}) {
    auto request = one.request();
    request.headers[1].second = text;
    EXPECT_FALSE(holds(sendgrid, {one.key}, request)) << text;
  }
}

TEST(EcdsaSignature, OnlyKeysOfItsCurveAreTaken) {
  EXPECT_FALSE(check_secret(sendgrid, "not a key").ok());
  EXPECT_FALSE(check_secret(sendgrid, "bm90IGEga2V5").ok());
  EXPECT_FALSE(check_secret(sendgrid, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").ok());
  // An Ed25519 key.
  EXPECT_FALSE(check_secret(sendgrid, "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=").ok());
  const auto pem = "-----BEGIN PUBLIC KEY-----\n" + recorded().front().key + "\n-----END PUBLIC KEY-----\n";
  EXPECT_TRUE(check_secret(sendgrid, pem).ok());
  EXPECT_TRUE(holds(sendgrid, {pem}, recorded().front().request()));
}

// ---- HMAC
// -------------------------------------------------------------------------------------------------------------

TEST(HmacSignature, HoldsForTheSecretAndBodyAlone) {
  // RFC 4231, test case 2.
  const std::string body = "what do ya want for nothing?";
  const std::string hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  const SignatureRule rule{SignatureScheme::hmac_sha256_hex, "mailtrap-signature", {}, {}, {}};
  const auto signed_with = [&](const std::string& signature) {
    return call(body, {{"mailtrap-signature", signature}}, 0);
  };
  EXPECT_TRUE(holds(rule, {"Jefe"}, signed_with(hex)));
  EXPECT_TRUE(holds(rule, {"other", "Jefe"}, signed_with(hex)));
  EXPECT_TRUE(holds(rule, {"Jefe\n"}, signed_with(hex))) << "a line break at the end of a file is none of the secret";
  auto upper = hex;
  for (auto& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_TRUE(holds(rule, {"Jefe"}, signed_with(upper)));
  EXPECT_FALSE(holds(rule, {"jefe"}, signed_with(hex)));
  EXPECT_FALSE(holds(rule, {"Jefe"}, signed_with("")));
  EXPECT_FALSE(holds(rule, {"Jefe"}, signed_with(hex.substr(1))));
  EXPECT_FALSE(holds(rule, {"Jefe"}, signed_with("sha256=" + hex)));
  EXPECT_FALSE(holds(rule, {"Jefe"}, call(body + " ", {{"mailtrap-signature", hex}}, 0)));
  for (std::size_t i = 0; i < hex.size(); ++i) {
    auto flipped = hex;
    flipped[i] = flipped[i] == '0' ? '1' : '0';
    EXPECT_FALSE(holds(rule, {"Jefe"}, signed_with(flipped))) << i;
  }
  SignatureRule prefixed{SignatureScheme::hmac_sha256_base64, "mailtrap-signature", {}, {}, "sha256="};
  EXPECT_TRUE(holds(prefixed, {"Jefe"}, signed_with("sha256=W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=")));
  EXPECT_FALSE(holds(prefixed, {"Jefe"}, signed_with("W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=")));
  EXPECT_FALSE(check_secret(rule, "short").ok());
  EXPECT_TRUE(check_secret(rule, "long enough").ok());
}

// ---- Standard Webhooks
// ------------------------------------------------------------------------------------------------

const SignatureRule resend{SignatureScheme::standard_webhooks, "svix-signature", "svix-timestamp", "svix-id", {}};

TEST(StandardWebhooks, TheExampleOfTheSpecificationHolds) {
  // The example that the libraries of the specification test with.
  const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const std::string body = R"({"test": 2432232314})";
  const std::string signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
  const std::int64_t at = 1'614'265'330;
  const auto signed_with = [&](const std::string& given, const std::string& id = "msg_p5jXN8AQM9LWM0D4loKWxJek") {
    return call(body, {{"svix-signature", given}, {"svix-timestamp", std::to_string(at)}, {"svix-id", id}}, at);
  };
  EXPECT_TRUE(check_secret(resend, secret).ok());
  EXPECT_TRUE(holds(resend, {secret}, signed_with(signature)));
  EXPECT_TRUE(holds(resend, {secret.substr(6)}, signed_with(signature))) << "whsec_ may be left out";
  EXPECT_TRUE(holds(resend, {"whsec_AAAAAAAAAAAAAAAAAAAAAAAA", secret}, signed_with(signature)));
  EXPECT_TRUE(holds(resend, {secret}, signed_with("v1,AAAA v2,x " + signature))) << "several, as while rotating";
  EXPECT_FALSE(holds(resend, {secret}, signed_with(signature.substr(3)))) << "no version";
  EXPECT_FALSE(holds(resend, {secret}, signed_with("v2" + signature.substr(2))));
  EXPECT_FALSE(holds(resend, {secret}, signed_with(signature, "msg_other")));
  EXPECT_FALSE(holds(resend, {secret}, signed_with(signature, "")));
  EXPECT_FALSE(holds(resend, {"whsec_AAAAAAAAAAAAAAAAAAAAAAAA"}, signed_with(signature)));
  auto old = signed_with(signature);
  old.received_at += engine::Milliseconds{300'001};
  EXPECT_FALSE(holds(resend, {secret}, old));
  auto changed = signed_with(signature);
  changed.body[3] = 'T';
  EXPECT_FALSE(holds(resend, {secret}, changed));
  std::string many;
  for (int i = 0; i < 10; ++i) many += "v1,AAAA ";
  EXPECT_FALSE(holds(resend, {secret}, signed_with(many + signature))) << "ten are looked at";
  for (const auto* bad : {"", "whsec_", "whsec_***", "whsec_AAAA"}) EXPECT_FALSE(check_secret(resend, bad).ok()) << bad;
}

TEST(Signatures, AVendorThatSignsNothingHasNoSecret) {
  EXPECT_EQ(check_secret({}, "anything").error().code, Errc::unprocessable);
}

TEST(Base64, IsReadAndWritten) {
  for (const auto& [bytes, text] : std::vector<std::pair<std::string, std::string>>{
           {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
  for (const auto* bad : {"Z", "Zg", "Zg=", "Z===", "Zg==\n", "Z-==", "====", "=Zg="})
    EXPECT_FALSE(decode_base64(bad)) << bad;
}

}  // namespace
}  // namespace leadlight::net
