// Messages of SNS: what a certificate of Amazon's signed holds, for the topics that are trusted, and nothing else does.
#include "net/email/sns_signature.hpp"

#include "net/email/email_proof.hpp"
#include "net/text/base64.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <boost/json.hpp>

namespace leadlight::net {
namespace {

namespace json = boost::json;
using engine::Errc;

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

TEST(SnsSignature, ABucketNamedSnsIsNotTheService) {
  for (const auto* bad :
       {"https://sns.s3.amazonaws.com/", "https://sns.s3-us-west-2.amazonaws.com/", "https://sns.s3-1.amazonaws.com/",
        "https://sns.eu-1.amazonaws.com/", "https://sns.eu--1.amazonaws.com/", "https://sns.eu-west-.amazonaws.com/",
        "https://sns.eu-west-1a.amazonaws.com/", "https://sns.eu-we5t-1.amazonaws.com/",
        "https://sns.-west-1.amazonaws.com/", "https://sns.eu.amazonaws.com/", "https://sns.eu-.amazonaws.com/",
        "https://sns.eu-west--1.amazonaws.com/"})
    EXPECT_FALSE(is_sns_url(bad)) << bad;
}

TEST(SnsSignature, ASigningCertificateHasThePathOfOne) {
  EXPECT_TRUE(is_sns_certificate_url("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b.pem"));
  for (const auto* bad : {"https://sns.eu-west-1.amazonaws.com/a.pem",
                          "https://sns.eu-west-1.amazonaws.com/x/SimpleNotificationService-.pem",
                          "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem?x=.pem",
                          "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1#.pem",
                          "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.crt",
                          "https://sns.eu-west-1.amazonaws.com?/SimpleNotificationService-1.pem",
                          "https://sns.s3.amazonaws.com/SimpleNotificationService-1.pem", ""})
    EXPECT_FALSE(is_sns_certificate_url(bad)) << bad;
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

TEST(EmailProof, SnsHoldsForATrustedTopicAndCertificate) {
  const Authority authority;
  auto message = notification();
  message.signature = authority.sign(
      "Message\n{\"eventType\":\"Open\"}\nMessageId\nid-1\nTimestamp\n2026-05-01T12:00:00.000Z\nTopicArn\n"
      "arn:aws:sns:eu-west-1:123456789012:mail\nType\nNotification\n",
      EVP_sha256());
  json::object body{{"Type", message.type},
                    {"Message", message.message},
                    {"MessageId", message.message_id},
                    {"Timestamp", message.timestamp},
                    {"TopicArn", message.topic_arn},
                    {"SignatureVersion", "2"},
                    {"Signature", message.signature},
                    {"SigningCertURL", "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem"}};
  EmailMapping mapping;
  mapping.signature.scheme = SignatureScheme::sns;
  const auto proof = std::make_shared<EmailProof>(std::shared_ptr<HttpClient>());
  const auto outcome = [&](std::vector<std::string> secrets) {
    HttpRequest request;
    request.body = json::serialize(body);
    std::optional<engine::Status> proven;
    proof->check(mapping, {engine::OrganisationId{1}, "ses", std::move(secrets)}, request,
                 [&](const engine::Status& status, const HttpRequest&) { proven = status; });
    EXPECT_TRUE(proven) << "it must be answered at once";
    if (!proven) return std::optional(Errc::internal);
    return *proven ? std::optional<Errc>() : std::optional(proven->error().code);
  };
  const std::string topic = "arn:aws:sns:eu-west-1:123456789012:mail\n";
  EXPECT_EQ(outcome({topic + authority.pem()}), std::nullopt);
  EXPECT_EQ(outcome({"arn:aws:sns:eu-west-1:123456789012:old\n", topic + authority.pem()}), std::nullopt);
  EXPECT_EQ(outcome({topic + Authority().pem()}), Errc::unauthorized);
  EXPECT_EQ(outcome({"arn:aws:sns:eu-west-1:210987654321:mail\n" + authority.pem()}), Errc::unauthorized)
      << "anyone has a topic that Amazon signs for";
  EXPECT_EQ(outcome({topic}), Errc::unavailable) << "the certificate cannot be fetched here: the sender tries again";
  for (const auto* url : {"https://evil.example/a.pem", "http://sns.eu-west-1.amazonaws.com/a.pem",
                          "https://sns.eu-west-1.amazonaws.com/a.txt", ""}) {
    body["SigningCertURL"] = url;
    EXPECT_EQ(outcome({topic}), Errc::unauthorized) << url;
  }
  body["Message"] = "{}";
  EXPECT_EQ(outcome({topic + authority.pem()}), Errc::unauthorized);
  body = json::object{{"eventType", "Open"}};
  EXPECT_EQ(outcome({topic + authority.pem()}), Errc::unauthorized) << "a raw message is not signed";
}

}  // namespace
}  // namespace leadlight::net
