// Goal: who forges calls of Amazon's notification service floods no log: of each kind of line one is written in ten
// seconds, and the next one tells how many calls it stands for. Method: the surface alone, on the times of its requests
// and with a client that the test plays; the log is read as the process writes it.
#include "logging/log.hpp"
#include "net/client/http_client.hpp"
#include "net/surfaces/surface.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::tests {
namespace {

namespace json = boost::json;
using engine::OrganisationId;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr OrganisationId whose{1};
constexpr const char* topic = "arn:aws:sns:eu-west-1:123456789012:mail";
constexpr int flood = 1'000;
constexpr engine::Milliseconds between{5};  // 1,000 calls in five seconds
constexpr engine::Milliseconds quiet{10'000};

/// Answers 404 to everything, at once.
class AbsentHost final : public net::HttpClient {
 public:
  void send(net::OutboundRequest request, std::function<void(engine::Result<net::OutboundAnswer>)> done) override {
    asked.push_back(request.url);
    net::OutboundAnswer answer;
    answer.status = 404;
    done(std::move(answer));
  }
  void after(engine::Milliseconds, std::function<void()>) override {}
  void stop() override {}

  std::vector<std::string> asked;
};

class EmailFlood : public testing::Test {
 protected:
  EmailFlood() {
    net::SurfaceContext context{switchboard_, std::make_shared<actors::ManualClock>(start)};
    context.client = host_;
    net::add_email_hooks(router_, context);
    logging::set_up(logging::Format::text, "info");
    testing::internal::CaptureStderr();
  }
  EmailFlood(const EmailFlood&) = delete;
  EmailFlood& operator=(const EmailFlood&) = delete;
  ~EmailFlood() override {
    if (!read_) (void)testing::internal::GetCapturedStderr();
    logging::set_up(logging::Format::text, "critical");  // the other tests stay quiet
  }

  /// From now on calls for SES have to prove that they come from the topic.
  void trust_topic() {
    auto registry = std::make_shared<actors::Registry>();
    registry->vendors.push_back({whose, "ses", {topic}});
    switchboard_->set_registry(std::move(registry));
  }
  /// The status of one call, `after` the start.
  std::uint16_t call(const json::object& message, engine::Milliseconds after) {
    net::HttpRequest request;
    request.method = "POST";
    request.path = "/hooks/email/ses";
    request.body = json::serialize(message);
    request.received_at = start + after;
    request.key = actors::KeyView{"k", whose, {"events"}, std::nullopt, true};
    return net::dispatch(router_, std::move(request)).status;
  }
  /// A flood, and one more call when the quiet time after its first one is over. All are answered alike.
  void call_often(const json::object& message, std::uint16_t status) {
    for (int i = 0; i < flood; ++i) ASSERT_EQ(call(message, i * between), status) << i;
    ASSERT_EQ(call(message, quiet), status);
  }
  /// What was written to the log since the start, a line each.
  std::vector<std::string> lines() {
    read_ = true;
    std::istringstream text(testing::internal::GetCapturedStderr());
    std::vector<std::string> all;
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }
  static auto first_of(const char* what) { return testing::AllOf(HasSubstr(what), HasSubstr("(0 more ")); }
  static auto next_of(const char* what) { return testing::AllOf(HasSubstr(what), HasSubstr("(999 more ")); }

  actors::SwitchboardPtr switchboard_ = std::make_shared<actors::Switchboard>();
  std::shared_ptr<AbsentHost> host_ = std::make_shared<AbsentHost>();

 private:
  static constexpr engine::Timestamp start = engine::from_ms(1'777'636'800'000);
  net::Router router_;
  bool read_ = false;
};

json::object notification(const std::string& of_topic) {
  return {{"Type", "Notification"},
          {"TopicArn", of_topic},
          {"Message", "{}"},
          {"SignatureVersion", "2"},
          {"Signature", "AAAA"},
          {"SigningCertURL", "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-none.pem"}};
}

TEST_F(EmailFlood, OfAnotherTopicIsOneLine) {
  trust_topic();
  call_often(notification("arn:aws:sns:eu-west-1:666666666666:evil"), 401);
  EXPECT_EQ(switchboard_->counters.email_calls_forged.load(), std::uint64_t{flood} + 1) << "counted they are, each";
  EXPECT_THAT(lines(), ElementsAre(first_of("was refused"), next_of("was refused")));
  EXPECT_TRUE(host_->asked.empty()) << "nothing is fetched for who is not trusted anyway";
}

TEST_F(EmailFlood, OfATrustedTopicWithACertificateThatIsNowhereIsOneLine) {
  trust_topic();
  call_often(notification(topic), 503);
  EXPECT_THAT(lines(), ElementsAre(first_of("cannot be had"), next_of("cannot be had")));
}

TEST_F(EmailFlood, OfSubscriptionsIsOneLineOfEachKind) {
  const json::object waits{{"Type", "SubscriptionConfirmation"},
                           {"SubscribeURL", "https://sns.eu-west-1.amazonaws.com/?Token=t"}};
  const json::object elsewhere{{"Type", "SubscriptionConfirmation"}, {"SubscribeURL", "https://evil.example/"}};
  const json::object farewell{{"Type", "UnsubscribeConfirmation"}};
  for (int i = 0; i < flood; ++i)
    for (const auto* message : {&waits, &elsewhere, &farewell}) ASSERT_EQ(call(*message, i * between), 200);
  EXPECT_EQ(call(elsewhere, quiet), 200);
  EXPECT_THAT(lines(), ElementsAre(first_of("waits to be confirmed"), first_of("a subscription was refused"),
                                   first_of("no longer sends"), next_of("a subscription was refused")));
}

TEST_F(EmailFlood, ALineWaitsForItsTimeWhateverTheClockDoes) {
  trust_topic();
  const auto forged = notification("arn:aws:sns:eu-west-1:666666666666:evil");
  for (const int after : {0, -3'000, 9'999, 4'000}) EXPECT_EQ(call(forged, engine::Milliseconds{after}), 401);
  EXPECT_EQ(call(forged, engine::Milliseconds{-3'600'000}), 401) << "it was set back by an hour";
  EXPECT_EQ(call(forged, engine::Milliseconds{-3'599'000}), 401);
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("(0 more "), HasSubstr("(3 more ")));
}

}  // namespace
}  // namespace leadlight::tests
