// Signatures of vendors' calls: real ones hold, and none holds once a byte, an instant, an id or a key is another.
#include "net/webhook_signature.hpp"

#include "net/base64.hpp"
#include "net/sns_signature.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
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

// ---- SNS
// --------------------------------------------------------------------------------------------------------------

/// A certificate of the test's own, and what it signs.
class Authority {
 public:
  Authority() : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})), certificate_(X509_new()) {
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
    X509_set_pubkey(certificate_, key_);
    X509_sign(certificate_, key_, EVP_sha256());
  }
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;
  ~Authority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }

  [[nodiscard]] std::string pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate_);
    std::string text(8192, '\0');
    text.resize(static_cast<std::size_t>(BIO_read(bio, text.data(), static_cast<int>(text.size()))));
    BIO_free(bio);
    return text;
  }
  [[nodiscard]] std::string sign(const std::string& text, const EVP_MD* digest) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    std::string signature(512, '\0');
    auto length = signature.size();
    EVP_DigestSignInit(context, nullptr, digest, nullptr, key_);
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &length,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(context);
    signature.resize(length);
    return encode_base64(signature);
  }

 private:
  EVP_PKEY* key_;
  X509* certificate_;
};

SnsMessage notification() {
  SnsMessage message;
  message.type = "Notification";
  message.message = "{\"eventType\":\"Open\"}";
  message.message_id = "id-1";
  message.timestamp = "2026-05-01T12:00:00.000Z";
  message.topic_arn = "arn:aws:sns:eu-west-1:123456789012:mail";
  return message;
}

TEST(SnsSignature, HoldsForWhatAmazonSays) {
  const Authority authority;
  const std::string head = "Message\n{\"eventType\":\"Open\"}\nMessageId\nid-1\n";
  const std::string tail =
      "Timestamp\n2026-05-01T12:00:00.000Z\nTopicArn\narn:aws:sns:eu-west-1:123456789012:mail\nType\nNotification\n";
  auto message = notification();
  message.signature_version = "2";
  message.signature = authority.sign(head + tail, EVP_sha256());
  EXPECT_TRUE(verify_sns(message, authority.pem()).ok());
  EXPECT_FALSE(verify_sns(message, Authority().pem()).ok()) << "another certificate";
  EXPECT_FALSE(verify_sns(message, "no certificate").ok());
  for (auto* part : {&message.message, &message.message_id, &message.timestamp, &message.topic_arn}) {
    const auto before = *part;
    part->back() = static_cast<char>(part->back() ^ 1);
    EXPECT_FALSE(verify_sns(message, authority.pem()).ok()) << before;
    *part = before;
  }
  message.subject = "Hello";
  EXPECT_FALSE(verify_sns(message, authority.pem()).ok()) << "a subject is signed";
  message.signature = authority.sign(head + "Subject\nHello\n" + tail, EVP_sha256());
  EXPECT_TRUE(verify_sns(message, authority.pem()).ok());
  message.signature_version = "1";
  EXPECT_FALSE(verify_sns(message, authority.pem()).ok());
  message.signature = authority.sign(head + "Subject\nHello\n" + tail, EVP_sha1());
  EXPECT_TRUE(verify_sns(message, authority.pem()).ok());
  message.signature_version = "3";
  EXPECT_FALSE(verify_sns(message, authority.pem()).ok());
  message.signature_version = "1";
  message.signature = "";
  EXPECT_FALSE(verify_sns(message, authority.pem()).ok());
}

TEST(SnsSignature, CoversTheAddressOfASubscription) {
  const Authority authority;
  auto message = notification();
  message.type = "SubscriptionConfirmation";
  message.token = "t-1";
  message.subscribe_url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription";
  message.signature_version = "2";
  message.signature = authority.sign(
      "Message\n{\"eventType\":\"Open\"}\nMessageId\nid-1\nSubscribeURL\nhttps://sns.eu-west-1.amazonaws.com/"
      "?Action=ConfirmSubscription\nTimestamp\n2026-05-01T12:00:00.000Z\nToken\nt-1\nTopicArn\n"
      "arn:aws:sns:eu-west-1:123456789012:mail\nType\nSubscriptionConfirmation\n",
      EVP_sha256());
  EXPECT_TRUE(verify_sns(message, authority.pem()).ok());
  message.subscribe_url += "x";
  EXPECT_FALSE(verify_sns(message, authority.pem()).ok());
}

TEST(SnsSignature, OnlyAmazonsOwnAddressesAreAsked) {
  for (const auto* good : {"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
                           "https://sns.us-gov-west-1.amazonaws.com/x", "https://sns.cn-north-1.amazonaws.com.cn/x.pem",
                           "https://sns.us-east-1.amazonaws.com/?Action=Confirm"})
    EXPECT_TRUE(is_sns_url(good)) << good;
  for (const auto* bad :
       {"http://sns.eu-west-1.amazonaws.com/x.pem", "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/x.pem", "https://user@sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/x.pem", "https://sns.amazonaws.com/x.pem",
        "https://sns..amazonaws.com/x.pem", "https://s3.eu-west-1.amazonaws.com/x.pem",
        "https://sns.a.b.amazonaws.com/x.pem", "https://sns.eu-west-1.amazonaws.comx/", "https://sns.eu-west-1",
        "https://SNS.eu-west-1.amazonaws.com/", "https://evil.example?sns.eu-west-1.amazonaws.com",
        "https://evil.example#.sns.eu-west-1.amazonaws.com", "https://sns.x\\.amazonaws.com/",
        "https://sns.eu-west-1.amazonaws.com/a\nb", "https://sns.eu-west-1.amazonaws.com/a b", ""})
    EXPECT_FALSE(is_sns_url(bad)) << bad;
}

TEST(SnsTrust, IsTopicsAndPerhapsCertificates) {
  const Authority authority;
  const std::string topic = "arn:aws:sns:eu-west-1:123456789012:mail";
  const auto alone = read_sns_trust(topic + "\n");
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->topics, std::vector<std::string>{topic});
  EXPECT_TRUE(alone->certificates.empty());
  const auto both = read_sns_trust(topic + "\r\n" + authority.pem() + topic + "2\n");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->topics.size(), 2U);
  EXPECT_EQ(both->certificates.size(), 1U);
  for (const auto& bad : {std::string("x"), std::string(), authority.pem(), topic + "\n-----BEGIN CERTIFICATE-----\nAA",
                          std::string("arn:aws:sqs:eu-west-1:1:mail"), topic + " "})
    EXPECT_EQ(read_sns_trust(bad).error().field, "secret") << bad;
}

TEST(SnsMessage, IsRead) {
  const auto message = read_sns(R"({"Type":"Notification","Message":"m\n","Subject":null,"MessageId":"1"})");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->message, "m\n");
  EXPECT_FALSE(message->subject);
  EXPECT_FALSE(read_sns("[]"));
  EXPECT_FALSE(read_sns("{}"));
  EXPECT_TRUE(read_sns(R"({"Type":"Notification","Message":")" + std::string(200'000, 'x') + "\"}").ok());
}

}  // namespace
}  // namespace leadlight::net
