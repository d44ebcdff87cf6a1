// The surfaces with a gateway that answers as each test says: which message a request becomes, which answer a reply
// becomes.
#include "net/surfaces/surface.hpp"

#include "engine/hash.hpp"
#include "tests/support/raw_client.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/all.hpp>

#include <mutex>

namespace leadlight::net {
namespace {

using actors::Reply;
using actors::ReplyPort;
using engine::Errc;
using engine::Error;

const engine::Timestamp noon = engine::from_ms(1'777'636'800'000);

/// What the gateway was sent, and what it replies.
struct Script {
  std::mutex mutex;
  std::vector<actors::Submission> submissions;
  std::vector<actors::RememberAnswer> remembered;
  std::vector<actors::LeadQuery> lead_queries;
  std::vector<actors::LeadsQuery> leads_queries;
  std::vector<actors::ChangedLeadsQuery> changed_leads_queries;
  std::vector<actors::RequestQuery> request_queries;
  std::vector<actors::AdminRequest> admin_requests;
  std::optional<Reply> reply;  // none: the port is dropped
  Reply remember_reply = engine::Ok{};

  template <class Message>
  void take(std::vector<Message>& kept, const Message& message, const ReplyPort& port,
            const std::optional<Reply>& answer) {
    {
      const std::lock_guard lock(mutex);
      kept.push_back(message);
    }
    if (answer) port->complete(*answer);
  }
};

actors::Gateway::behavior_type scripted_gateway(actors::Gateway::pointer, std::shared_ptr<Script> script) {
  return {
      [script](const actors::Submission& m, const ReplyPort& p) {
        script->take(script->submissions, m, p, script->reply);
      },
      [script](const actors::RememberAnswer& m, const ReplyPort& p) {
        script->take(script->remembered, m, p, script->remember_reply);
      },
      [script](const actors::LeadQuery& m, const ReplyPort& p) {
        script->take(script->lead_queries, m, p, script->reply);
      },
      [script](const actors::LeadsQuery& m, const ReplyPort& p) {
        script->take(script->leads_queries, m, p, script->reply);
      },
      [script](const actors::ChangedLeadsQuery& m, const ReplyPort& p) {
        script->take(script->changed_leads_queries, m, p, script->reply);
      },
      [script](const actors::RequestQuery& m, const ReplyPort& p) {
        script->take(script->request_queries, m, p, script->reply);
      },
      [script](const actors::AdminRequest& m, const ReplyPort& p) {
        script->take(script->admin_requests, m, p, script->reply);
      },
  };
}

class SurfacesTest : public testing::Test {
 protected:
  SurfacesTest() : system_(config_) {
    gateway_ = system_.spawn(scripted_gateway, script_);
    switchboard_->set_gateway(gateway_);
    add_surfaces(router_, {switchboard_, std::make_shared<actors::ManualClock>(noon)});
  }
  ~SurfacesTest() override {
    switchboard_->set_gateway({});
    caf::anon_send_exit(gateway_, caf::exit_reason::user_shutdown);
  }

  HttpResponse ask(const std::string& method, const std::string& target, const std::string& body = {},
                   Headers headers = {}) {
    HttpRequest request;
    request.method = method;
    const auto question = std::min(target.find('?'), target.size());
    request.path = target.substr(0, question);
    for (auto rest = target.substr(std::min(question + 1, target.size())); !rest.empty();) {
      const auto pair = rest.substr(0, rest.find('&'));
      rest.erase(0, pair.size() + 1);
      request.query.emplace_back(pair.substr(0, pair.find('=')),
                                 pair.substr(std::min(pair.size(), pair.find('=') + 1)));
    }
    request.headers = std::move(headers);
    request.body = body;
    request.request_id = "req_own";
    request.received_at = noon;
    request.key = key_;
    return dispatch(router_, std::move(request));
  }
  HttpResponse trigger(const std::string& body, Headers headers = {}) {
    return ask("POST", "/data-api/v2/scoring/behavioral/live", body, std::move(headers));
  }
  HttpResponse event(const std::string& body, Headers headers = {}) {
    return ask("POST", "/v1/events", body, std::move(headers));
  }

  static std::string header(const HttpResponse& response, const std::string& name) {
    for (const auto& [own, value] : response.headers)
      if (own == name) return value;
    return {};
  }
  void reply_receipts(std::vector<engine::Outcome> outcomes) {
    actors::Receipts receipts;
    for (const auto outcome : outcomes) receipts.receipts.push_back({outcome, "req_own"});
    script_->reply = Reply(receipts);
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  actors::Gateway gateway_;
  actors::SwitchboardPtr switchboard_ = std::make_shared<actors::Switchboard>();
  Router router_;
  actors::KeyView key_{"k1", engine::OrganisationId{7}, {"admin"}, std::nullopt, true};
};

// ---- HG live scoring
// --------------------------------------------------------------------------------------------------

TEST_F(SurfacesTest, HgAcceptsATrigger) {
  reply_receipts({engine::Outcome::no_change});
  const auto answer = trigger(R"({"email":" User@Example.com ","source":"Salesforce","extra":{"a":[1]}})");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.body,
            R"({"status":"accepted","request_id":"req_own","email":"user@example.com","source":"salesforce",)"
            R"("accepted_at":"2026-05-01T12:00:00.000Z","durability":"log"})");
  EXPECT_EQ(header(answer, "Content-Type"), "application/json");
  EXPECT_EQ(header(answer, "x-ratelimit-limit"), "1000000, 1000000;w=1");
  EXPECT_EQ(header(answer, "x-ratelimit-remaining"), "1000000");
  EXPECT_EQ(header(answer, "x-ratelimit-reset"), "0");
  ASSERT_EQ(script_->submissions.size(), 1U);
  const auto& submission = script_->submissions.front();
  EXPECT_EQ(submission.organisation, engine::OrganisationId{7});
  const auto& record = submission.records.at(0);
  EXPECT_EQ(record.lead, engine::lead_id(engine::OrganisationId{7}, "user@example.com"));
  EXPECT_EQ(record.email, "user@example.com");
  EXPECT_EQ(record.surface, engine::Surface::hg_live);
  EXPECT_EQ(record.received_at, noon);
  EXPECT_EQ(record.request_id, "req_own");
  EXPECT_EQ(std::get<engine::Trigger>(record.body).source, "salesforce");
}

TEST_F(SurfacesTest, HgTakesForms) {
  reply_receipts({engine::Outcome::no_change});
  const auto answer = trigger("+email+=a%2Bb%40example.com&+source=MARKETO&x=y",
                              {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}});
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(script_->submissions.at(0).records.at(0).email, "a+b@example.com");
  EXPECT_EQ(std::get<engine::Trigger>(script_->submissions.at(0).records.at(0).body).source, "marketo");
}

TEST_F(SurfacesTest, HgTakesATriggerWithoutSource) {
  reply_receipts({engine::Outcome::no_change});
  for (const std::string body :
       {R"({"email":"a@b.com"})", R"({"email":"a@b.com","source":null})", R"({"email":"a@b.com","source":""})"})
    EXPECT_EQ(trigger(body).body, R"({"status":"accepted","request_id":"req_own","email":"a@b.com",)"
                                  R"("accepted_at":"2026-05-01T12:00:00.000Z","durability":"log"})");
}

TEST_F(SurfacesTest, HgNamesThePendingRequestThatATriggerJoined) {
  script_->reply = Reply(actors::Receipts{{{engine::Outcome::no_change, "req_pending"}}});
  const auto answer = trigger(R"({"email":"a@b.com"})");
  EXPECT_NE(answer.body.find("\"request_id\":\"req_pending\""), std::string::npos);
  EXPECT_EQ(header(answer, "X-Request-Id"), "req_pending");
}

TEST_F(SurfacesTest, HgRefusesInItsOwnEnvelope) {
  const std::string invalid = R"({"errors":[{"title":"Invalid request","detail":")";
  const std::string email_end = R"(","source":{"pointer":"/email"}}]})";
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"({"email":""})", invalid + "email is required" + email_end},
      {R"({"email":"   ","source":"marketo"})", invalid + "email is required" + email_end},
      {R"({"email":null})", invalid + "email is required" + email_end},
      {R"({})", invalid + "email is required" + email_end},
      {R"({"email":7})", invalid + "email must be a string" + email_end},
      {R"({"email":"nobody"})", invalid + "email is not a valid email address" + email_end},
      {R"({"email":"a@b.com","source":"hubspot"})",
       invalid + R"(source must be salesforce or marketo","source":{"pointer":"/source"}}]})"},
      {R"({"email":"a@b.com","source":["marketo"]})",
       invalid + R"(source must be a string","source":{"pointer":"/source"}}]})"},
      {"", invalid + R"(The request body is empty"}]})"},
      {R"({"email":"a@b.com")", invalid + R"(The request body is not valid JSON"}]})"},
      {R"(["a@b.com"])", invalid + R"(The request body must be a JSON object"}]})"},
  };
  for (const auto& [body, expected] : table) {
    const auto answer = trigger(body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(answer.body, expected) << body;
    EXPECT_EQ(header(answer, "x-ratelimit-reset"), "0");
  }
  EXPECT_TRUE(script_->submissions.empty());
  const auto method = ask("GET", "/data-api/v2/scoring/behavioral/live");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(header(method, "Allow"), "POST");
  EXPECT_TRUE(method.body.starts_with(R"({"errors":[{"title":"Method not allowed")")) << method.body;
  const auto path = ask("POST", "/data-api/v2/scoring/behavioral");
  EXPECT_EQ(path.status, 404);
  EXPECT_TRUE(path.body.starts_with(R"({"errors":[{"title":"Not found")")) << path.body;
  const auto large = trigger(std::string(16'385, ' '));
  EXPECT_EQ(large.status, 413);
  EXPECT_TRUE(large.body.starts_with(R"({"errors":[{"title":"Payload too large")")) << large.body;
}

TEST_F(SurfacesTest, HgRefusesOrganisationsWithoutTheFeature) {
  key_.live_scoring = false;
  const auto answer = trigger(R"({"email":"a@b.com"})");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body,
            R"({"errors":[{"title":"Forbidden","detail":"Real-time scoring is not enabled for this account"}]})");
}

TEST_F(SurfacesTest, HgAnswersServiceUnavailableOnlyWhenNothingIsStored) {
  script_->reply = Reply(Error{Errc::unavailable, "overloaded", {}});
  const auto overloaded = trigger(R"({"email":"a@b.com"})");
  EXPECT_EQ(overloaded.status, 503);
  EXPECT_EQ(header(overloaded, "Retry-After"), "1");
  script_->reply.reset();  // the port dies unused
  EXPECT_EQ(trigger(R"({"email":"a@b.com"})").status, 503);
  switchboard_->set_gateway({});
  const auto restarting = trigger(R"({"email":"a@b.com"})");
  EXPECT_EQ(restarting.status, 503);
  EXPECT_EQ(header(restarting, "Retry-After"), "1");
}

// ---- events
// -----------------------------------------------------------------------------------------------------------

TEST_F(SurfacesTest, EventsAreCountedByOutcome) {
  using engine::Outcome;
  reply_receipts({Outcome::counted, Outcome::no_change, Outcome::duplicate, Outcome::too_late, Outcome::counted});
  const auto answer =
      event(R"([{"email":"a@b.com","type":"x"},{"email":"a@b.com","type":"y"},{"type":"x"},)"
            R"({"email":"a@b.com","type":"z"},{"email":"a@b.com","type":"x"},{"email":"c@b.com","type":"x"},7])");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.body,
            R"({"request_id":"req_own","accepted":3,"duplicates":1,"too_late":1,"durability":"log","rejected":[)"
            R"({"index":2,"field":"email","message":"email is required"},)"
            R"({"index":6,"field":"","message":"an event must be a JSON object"}]})");
  EXPECT_EQ(script_->submissions.at(0).records.size(), 5U);
  EXPECT_FALSE(script_->submissions.at(0).idempotency);
}

TEST_F(SurfacesTest, EventsComeAsLinesToo) {
  reply_receipts({engine::Outcome::counted, engine::Outcome::counted});
  const std::string lines =
      "{\"email\":\"a@b.com\",\"type\":\"x\"}\n{\"email\":\n{\"email\":\"a@b.com\",\"type\":\"y\"}\n";
  for (const auto& headers : {Headers{{"content-type", "application/x-ndjson"}}, Headers{}}) {
    const auto answer = event(lines, headers);
    EXPECT_EQ(answer.body,
              R"({"request_id":"req_own","accepted":2,"duplicates":0,"too_late":0,"durability":"log","rejected":[)"
              R"({"index":1,"field":"","message":"this line is not valid JSON"}]})");
  }
}

TEST_F(SurfacesTest, EventsAllInvalidAreRefused) {
  const auto one = event(R"({"email":"a@b.com"})");
  EXPECT_EQ(one.status, 400);
  EXPECT_EQ(
      one.body,
      R"({"type":"about:blank","title":"Invalid request","status":400,"detail":"type is required","field":"type",)"
      R"("request_id":"req_own","rejected":[{"index":0,"field":"type","message":"type is required"}]})");
  EXPECT_NE(event(R"([{"email":"a@b.com"},{}])").body.find("None of the 2 events can be taken"), std::string::npos);
  for (const std::string body : {"", "[]", "[{", "5", "{\"email\":\"a@b.com\",\"type\":\"x\"} x"})
    EXPECT_EQ(event(body).status, 400) << body;
  EXPECT_TRUE(script_->submissions.empty());
}

TEST_F(SurfacesTest, EventsAreLimitedInNumber) {
  const auto many = [](int count) {
    std::string body = "[";
    for (int i = 0; i < count; ++i) body += (i > 0 ? ",{}" : "{}");
    return body + "]";
  };
  EXPECT_EQ(event(many(10'000)).status, 400);
  EXPECT_EQ(event(many(10'001)).status, 413);
}

TEST_F(SurfacesTest, AnIdempotentAnswerIsRememberedBeforeItIsSent) {
  reply_receipts({engine::Outcome::counted});
  const std::string body = R"({"email":"a@b.com","type":"x"})";
  const auto answer = event(body, {{"idempotency-key", "k-1"}});
  EXPECT_EQ(answer.status, 202);
  ASSERT_EQ(script_->remembered.size(), 1U);
  EXPECT_EQ(script_->remembered[0].answer, answer.body);
  EXPECT_EQ(script_->remembered[0].status, 202);
  EXPECT_EQ(script_->remembered[0].organisation, engine::OrganisationId{7});
  ASSERT_TRUE(script_->submissions[0].idempotency);
  EXPECT_EQ(script_->remembered[0].idempotency.key_high, script_->submissions[0].idempotency->key_high);
  script_->remember_reply = Error{Errc::io_error, "the disk failed", {}};
  EXPECT_EQ(event(body, {{"idempotency-key", "k-1"}}).status, 503);
  const auto hash = [&](std::size_t i) { return script_->submissions.at(i).idempotency->body_hash; };
  EXPECT_EQ(hash(0), hash(1));
  event(body + " ", {{"idempotency-key", "k-1"}});
  EXPECT_NE(hash(0), hash(2));
}

TEST_F(SurfacesTest, AReplayedAnswerIsSentAsItWas) {
  script_->reply = Reply(actors::Replayed{202, R"({"request_id":"req_first"})"});
  const auto answer = event(R"({"email":"a@b.com","type":"x"})", {{"idempotency-key", "k-1"}});
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.body, R"({"request_id":"req_first"})");
  EXPECT_TRUE(script_->remembered.empty());
  script_->reply = Reply(Error{Errc::unprocessable, "this Idempotency-Key was used with another body", {}});
  EXPECT_EQ(event(R"({"email":"a@b.com","type":"y"})", {{"idempotency-key", "k-1"}}).status, 422);
  EXPECT_EQ(event(R"({"email":"a@b.com","type":"y"})", {{"idempotency-key", ""}}).status, 400);
  EXPECT_EQ(event(R"({"email":"a@b.com","type":"y"})", {{"idempotency-key", std::string(256, 'k')}}).status, 400);
}

TEST_F(SurfacesTest, EventsTakesCloudEventsInEachMode) {
  const std::string one =
      R"({"specversion":"1.0","id":"1","source":"/crm","type":"com.acme.PageViewed","data":{"email":"a@b.com"}})";
  const std::string bad = R"({"specversion":"1.0","id":"2","source":"/crm","type":"x"})";
  reply_receipts({engine::Outcome::counted});
  EXPECT_EQ(event(one, {{"content-type", "application/cloudevents+json"}}).body,
            R"({"request_id":"req_own","accepted":1,"duplicates":0,"too_late":0,"durability":"log","rejected":[]})");
  EXPECT_EQ(
      event("[" + one + "," + bad + "]", {{"content-type", "application/cloudevents-batch+json"}}).body,
      R"({"request_id":"req_own","accepted":1,"duplicates":0,"too_late":0,"durability":"log","rejected":[{"index":1,)"
      R"("field":"data.email","message":"data.email is required, or a subject that is an e-mail address"}]})");
  EXPECT_EQ(event(R"({"email":"a@b.com"})", {{"content-type", "application/json"},
                                             {"ce-specversion", "1.0"},
                                             {"ce-id", "1"},
                                             {"ce-source", "/crm"},
                                             {"ce-type", "com.acme.PageViewed"}})
                .status,
            202);
  ASSERT_EQ(script_->submissions.size(), 3U);
  const auto id_of = [&](std::size_t i) {
    return std::get<engine::EngagementEvent>(script_->submissions.at(i).records.at(0).body).id_hash;
  };
  EXPECT_EQ(id_of(0), id_of(1));
  EXPECT_EQ(id_of(0), id_of(2));
}

TEST_F(SurfacesTest, EventsRefusesCloudEventsItCannotRead) {
  const auto unknown = event("x", {{"content-type", "application/cloudevents+avro"}});
  EXPECT_EQ(unknown.status, 415);
  EXPECT_NE(unknown.body.find("application/cloudevents-batch+json"), std::string::npos);
  const auto refused =
      event(R"({"email":"a@b.com"})", {{"ce-specversion", "0.3"}, {"ce-id", "1"}, {"ce-source", "/c"}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find(R"("field":"type")"), std::string::npos) << refused.body;
  const auto empty = event("[]", {{"content-type", "application/cloudevents-batch+json"}});
  EXPECT_EQ(empty.status, 202);
  EXPECT_EQ(empty.body,
            R"({"request_id":"req_own","accepted":0,"duplicates":0,"too_late":0,"durability":"log","rejected":[]})");
  EXPECT_EQ(event("[]", {{"content-type", "application/json"}}).status, 400);
  EXPECT_TRUE(script_->submissions.empty());
}

// ---- leads, requests
// ----------------------------------------------------------------------------------------------------

actors::LeadView lead_view() {
  actors::LeadView view;
  view.email = "a@b.com";
  view.score = engine::Score{61'500'000, 71, engine::Segment::high};
  view.model_id = "starter";
  view.model_version = 2;
  view.as_of = noon;
  view.next_change_at = noon + engine::hour;
  view.next_segment = engine::Segment::medium;
  view.signals = {"↑ Demo requested (2×, last today)"};
  return view;
}
const std::string lead_members =
    R"("email":"a@b.com","score":71,"segment":"high","raw_micro_points":61500000,"model":{"id":"starter","version":2},)"
    R"("as_of":"2026-05-01T12:00:00.000Z","next_change_at":"2026-05-01T13:00:00.000Z","next_segment":"medium",)"
    R"-("signals":["↑ Demo requested (2×, last today)"],"products":[{"product":"default","score":71,"segment":"high",)-"
    R"("raw_micro_points":61500000,"model":{"id":"starter","version":2}}])";

TEST_F(SurfacesTest, ALeadIsShown) {
  script_->reply = Reply(lead_view());
  const auto answer = ask("GET", "/v1/leads/A@B.com?as_of=2026-04-01T00:00:00Z");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{" + lead_members + "}");
  EXPECT_EQ(script_->lead_queries.at(0).email, "a@b.com");
  EXPECT_EQ(format_time(*script_->lead_queries.at(0).as_of), "2026-04-01T00:00:00.000Z");
  EXPECT_TRUE(std::holds_alternative<actors::ScoreQuestion>(script_->lead_queries.at(0).question));
  EXPECT_EQ(ask("GET", "/v1/leads/nobody").status, 400);
  EXPECT_EQ(ask("GET", "/v1/leads/a@b.com?as_of=now").status, 400);
  script_->reply = Reply(Error{Errc::not_found, "no such lead", {}});
  EXPECT_EQ(ask("GET", "/v1/leads/a@b.com").status, 404);
  script_->reply = Reply(Error{Errc::gone, "no longer kept", {}});
  EXPECT_EQ(ask("GET", "/v1/leads/a@b.com").status, 410);
}

TEST_F(SurfacesTest, ALeadWithoutAModelHasNulls) {
  auto view = lead_view();
  view.score.reset();
  view.model_id.clear();
  view.next_change_at.reset();
  view.next_segment.reset();
  view.signals.clear();
  script_->reply = Reply(view);
  EXPECT_EQ(ask("GET", "/v1/leads/a@b.com").body,
            R"({"email":"a@b.com","score":null,"segment":null,"raw_micro_points":null,"model":null,)"
            R"("as_of":"2026-05-01T12:00:00.000Z","next_change_at":null,"next_segment":null,"signals":[],)"
            R"("products":[{"product":"default","score":null,"segment":null,"raw_micro_points":null,"model":null}]})");
}

TEST_F(SurfacesTest, AReceiptListsItsLines) {
  actors::ReceiptView receipt{lead_view(), {}, {}};
  engine::ReceiptLine line;
  line.micro_points = 40'000'000;
  line.type = *engine::EventType::of("demo_requested");
  line.occurred_at = noon;
  line.age = engine::Milliseconds(0);
  line.signal = "demo";
  line.rule = "40 points";
  engine::ReceiptLine floor;
  floor.kind = engine::LineKind::floor;
  floor.micro_points = 5;
  floor.rule = "not below 0";
  receipt.lines = {line, floor};
  receipt.event_ids = {std::string("e-1"), std::nullopt};
  script_->reply = Reply(receipt);
  EXPECT_EQ(ask("GET", "/v1/leads/a@b.com/receipt").body,
            "{" + lead_members +
                R"(,"contributions":[{"kind":"event","micro_points":40000000,"event_id":"e-1","type":"demo_requested",)"
                R"("occurred_at":"2026-05-01T12:00:00.000Z","age_ms":0,"signal":"demo","rule":"40 points"},)"
                R"({"kind":"floor","micro_points":5,"event_id":null,"type":null,"occurred_at":null,"age_ms":null,)"
                R"("signal":null,"rule":"not below 0"}]})");
}

TEST_F(SurfacesTest, AForecastAndATimelineAreShown) {
  script_->reply = Reply(actors::ForecastView{{{noon, 71, engine::Segment::high}}, std::nullopt});
  EXPECT_EQ(ask("GET", "/v1/leads/a@b.com/forecast").body,
            R"({"points":[{"at":"2026-05-01T12:00:00.000Z","score":71,"segment":"high"}],"next_change_at":null})");
  actors::TimelineView timeline{
      {{std::nullopt, "x", noon, noon, engine::Surface::events, engine::Outcome::counted, 42}}, true};
  script_->reply = Reply(timeline);
  EXPECT_EQ(ask("GET", "/v1/leads/a@b.com/timeline?limit=20000").body,
            R"({"events":[{"event_id":null,"type":"x","occurred_at":"2026-05-01T12:00:00.000Z",)"
            R"("received_at":"2026-05-01T12:00:00.000Z","surface":"events","outcome":"counted"}],)"
            R"("next":"1777636800000-42"})");
  const auto question = [&](std::size_t i) {
    return std::get<actors::TimelineQuestion>(script_->lead_queries.at(i).question);
  };
  EXPECT_EQ(question(1).limit, 10'000U);
  ask("GET", "/v1/leads/a@b.com/timeline?after=1777636800000-42");
  EXPECT_EQ(question(2).limit, 100U);
  EXPECT_EQ(question(2).before, std::pair(noon, engine::Position{42}));
  ask("GET", "/v1/leads/a@b.com/timeline?limit=99999999999999999999999");
  EXPECT_EQ(question(3).limit, 10'000U);
  for (const std::string bad : {"limit=0", "limit=-1", "limit=x", "limit=", "after=x", "after=5", "after=5-"})
    EXPECT_EQ(ask("GET", "/v1/leads/a@b.com/timeline?" + bad).status, 400) << bad;
}

TEST_F(SurfacesTest, LeadsAreListed) {
  script_->reply = Reply(actors::LeadsView{{lead_view()}, "61500000:a@b.com"});
  const auto answer = ask("GET", "/v1/leads?segment=very high&sort=score&limit=5000&after=1:x");
  EXPECT_EQ(answer.body, R"({"leads":[{"email":"a@b.com","score":71,"segment":"high","raw_micro_points":61500000,)"
                         R"("model":{"id":"starter","version":2},"as_of":"2026-05-01T12:00:00.000Z",)"
                         R"("products":[{"product":"default","score":71,"segment":"high","raw_micro_points":61500000,)"
                         R"("model":{"id":"starter","version":2}}]}],"next":"61500000:a@b.com"})");
  const auto& query = script_->leads_queries.at(0);
  EXPECT_EQ(query.segment, engine::Segment::very_high);
  EXPECT_EQ(query.sort, "score");
  EXPECT_EQ(query.limit, 1'000U);
  EXPECT_EQ(query.after, "1:x");
  ask("GET", "/v1/leads");
  EXPECT_EQ(script_->leads_queries.at(1).sort, "-score");
  EXPECT_EQ(script_->leads_queries.at(1).limit, 100U);
  for (const std::string bad : {"segment=cold", "sort=age", "limit=none"})
    EXPECT_EQ(ask("GET", "/v1/leads?" + bad).status, 400);
}

TEST_F(SurfacesTest, ARequestIsShown) {
  actors::RequestView view{"req_1", "a@b.com", "marketo", noon, noon, std::nullopt, "pending", 71, "", {}, {}};
  script_->reply = Reply(view);
  EXPECT_EQ(ask("GET", "/v1/requests/req_1").body,
            R"({"request_id":"req_1","email":"a@b.com","source":"marketo","accepted_at":"2026-05-01T12:00:00.000Z",)"
            R"("fetched_at":null,"scored_at":"2026-05-01T12:00:00.000Z","written_at":null,"outcome":"pending",)"
            R"("score":71,"detail":"","durability":"log"})");
  EXPECT_EQ(script_->request_queries.at(0).request_id, "req_1");
}

// ---- operations, administration
// -----------------------------------------------------------------------------------------

TEST_F(SurfacesTest, OperationsAreOpenToAll) {
  EXPECT_EQ(ask("GET", "/livez").status, 200);
  const auto starting = ask("GET", "/readyz");
  EXPECT_EQ(starting.status, 503);
  EXPECT_EQ(starting.body, R"({"status":"not ready","reason":"starting"})");
  switchboard_->set_not_ready("");
  EXPECT_EQ(ask("GET", "/readyz").body, R"({"status":"ready"})");
  switchboard_->counters.records_counted = 5;
  const auto metrics = ask("GET", "/metrics").body;
  EXPECT_NE(metrics.find("# TYPE leadlight_records_total counter"), std::string::npos);
  EXPECT_NE(metrics.find("leadlight_records_total{outcome=\"counted\"} 5"), std::string::npos);
  EXPECT_NE(metrics.find("leadlight_ready 1"), std::string::npos);
}

template <class Act>
const Act& act_of(const Script& script, std::size_t index) {
  return std::get<Act>(script.admin_requests.at(index).act);
}

// ---- the spool
// ---------------------------------------------------------------------------------------------------------

TEST_F(SurfacesTest, SendersThatNeverRetryAreSpooledUnlessTheirKeySaysOtherwise) {
  using actors::OnUnavailable;
  struct Case {
    OnUnavailable key;
    bool trigger_spools;
    bool event_spools;
  };
  for (const auto& [of_key, trigger_spools, event_spools] :
       {Case{OnUnavailable::by_surface, true, false}, Case{OnUnavailable::spool, true, true},
        Case{OnUnavailable::refuse, false, false}}) {
    key_.on_unavailable = of_key;
    script_->submissions.clear();
    reply_receipts({engine::Outcome::no_change});
    EXPECT_EQ(trigger(R"({"email":"ann@b.example"})").status, 202);
    EXPECT_EQ(ask("POST", "/v1/events", R"({"email":"ann@b.example","type":"x"})").status, 202);
    EXPECT_EQ(ask("POST", "/v1/events", R"({"email":"ann@b.example","type":"x"})", {{"idempotency-key", "k"}}).status,
              202);
    ASSERT_EQ(script_->submissions.size(), 3U);
    EXPECT_EQ(script_->submissions[0].spool, trigger_spools);
    EXPECT_EQ(script_->submissions[1].spool, event_spools);
    EXPECT_FALSE(script_->submissions[2].spool) << "who names its attempts makes more than one";
  }
}

TEST_F(SurfacesTest, TheAnswerTellsWhereItLies) {
  script_->reply = Reply(actors::Receipts{{{engine::Outcome::counted, "req_own"}}, actors::Durability::local});
  EXPECT_NE(trigger(R"({"email":"ann@b.example"})").body.find(R"("durability":"local")"), std::string::npos);
  EXPECT_NE(ask("POST", "/v1/events", R"({"email":"ann@b.example","type":"x"})").body.find(R"("durability":"local")"),
            std::string::npos);
}

TEST_F(SurfacesTest, ASpoolThatIsNearlyFullIsNotReady) {
  switchboard_->set_not_ready({});
  auto& counters = switchboard_->counters;
  counters.spool_bytes_max = 1'000;
  counters.spool_bytes = 800;
  EXPECT_EQ(ask("GET", "/readyz").status, 200);
  counters.spool_bytes = 801;
  const auto full = ask("GET", "/readyz");
  EXPECT_EQ(full.status, 503);
  EXPECT_NE(full.body.find("80 %"), std::string::npos);
  EXPECT_NE(ask("GET", "/metrics").body.find("leadlight_spool_bytes 801"), std::string::npos);
}

TEST_F(SurfacesTest, KeysAreMadeListedAndRevoked) {
  actors::KeyRow row{"k9", "CI", {"hg", "leads"}, 25, noon, std::nullopt, "hg_v2_x"};
  script_->reply = Reply(actors::AdminAnswer(std::vector{row}));
  const auto made = ask("POST", "/v1/admin/tokens", R"({"name":"CI","scopes":[ "hg" , "leads" ],"rate":25})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.body,
            R"({"id":"k9","name":"CI","scopes":["hg","leads"],"rate":25,"created_at":"2026-05-01T12:00:00.000Z",)"
            R"("revoked_at":null,"key":"hg_v2_x"})");
  const auto& act = act_of<actors::CreateKey>(*script_, 0);
  EXPECT_EQ(act.name, "CI");
  EXPECT_EQ(act.scopes, (std::vector<std::string>{"hg", "leads"}));
  EXPECT_EQ(act.rate, 25U);
  EXPECT_TRUE(ask("GET", "/v1/admin/tokens").body.starts_with(R"({"tokens":[{"id":"k9")"));
  EXPECT_EQ(ask("DELETE", "/v1/admin/tokens/k9").status, 200);
  EXPECT_EQ(act_of<actors::RevokeKey>(*script_, 2).id, "k9");
  const std::vector<std::pair<std::string, std::string>> bad = {
      {R"({"scopes":["hg"]})", "name is required"},
      {R"({"name":"x"})", "scopes must name at least one scope"},
      {R"({"name":"x","scopes":"hg"})", "scopes must be an array of plain strings"},
      {R"({"name":"x","scopes":["hg",5]})", "scopes must be an array of plain strings"},
      {R"({"name":"x","scopes":["root"]})",
       "scopes may hold hg, sixsense, events, leads, typeform, hubspot and admin, not \\\"root\\\""},
      {R"({"name":"x","scopes":["hg"],"rate":0})", "rate must be a whole number"},
      {R"({"name":"x","scopes":["hg"],"organisation":2})", "\\\"organisation\\\" is not a member of this request"},
  };
  for (const auto& [body, what] : bad) {
    const auto refused = ask("POST", "/v1/admin/tokens", body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_NE(refused.body.find(what), std::string::npos) << refused.body;
  }
}

TEST_F(SurfacesTest, ModelsArePublished) {
  script_->reply = Reply(actors::AdminAnswer(std::vector{actors::ModelRow{"starter", 2, noon, "id = \"starter\"\n"}}));
  const auto published = ask("POST", "/v1/admin/models", "id = \"starter\"\n");
  EXPECT_EQ(published.status, 201);
  EXPECT_EQ(published.body,
            R"({"id":"starter","version":2,"published_at":"2026-05-01T12:00:00.000Z","source":"id = \"starter\"\n"})");
  EXPECT_EQ(act_of<actors::PublishModel>(*script_, 0).toml, "id = \"starter\"\n");
  EXPECT_EQ(ask("POST", "/v1/admin/models?dry_run=true", "x").status, 200);
  EXPECT_TRUE(act_of<actors::PublishModel>(*script_, 1).dry_run);
  EXPECT_TRUE(ask("GET", "/v1/admin/models").body.starts_with(R"({"models":[{)"));
  EXPECT_EQ(ask("POST", "/v1/admin/models?dry_run=maybe", "x").status, 400);
  EXPECT_EQ(ask("POST", "/v1/admin/models", std::string(262'145, '#')).status, 413);
}

TEST_F(SurfacesTest, TargetsAreManaged) {
  actors::TargetRow row{"crm", "salesforce", "held", "no URL", {{"url", "https://x"}}, 3, 1, 0.25};
  script_->reply = Reply(actors::AdminAnswer(std::vector{row}));
  const auto made =
      ask("POST", "/v1/admin/targets",
          R"({"kind":"salesforce","name":"crm","options":{"url":"https://x","n":5},"secrets":{"key":"s"}})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.body,
            R"({"name":"crm","kind":"salesforce","state":"held","reason":"no URL","options":{"url":"https://x"},)"
            R"("queued":3,"dead_letters":1,"quota_used":0.25})");
  const auto& act = act_of<actors::AddTarget>(*script_, 0);
  EXPECT_EQ(act.options, (std::vector<std::pair<std::string, std::string>>{{"url", "https://x"}, {"n", "5"}}));
  EXPECT_EQ(act.secrets, (std::vector<std::pair<std::string, std::string>>{{"key", "s"}}));
  EXPECT_EQ(ask("POST", "/v1/admin/targets", R"({"kind":"salesforce","name":"crm","options":["x"]})").status, 400);
  script_->reply = Reply(actors::AdminAnswer(actors::SyncStep{200, 5, 4, 1, 0, 2, std::string("a\0b", 3)}));
  const auto step = ask("POST", "/v1/admin/targets/crm/sync?dry_run=1&limit=50&after=6100");
  EXPECT_EQ(step.body,
            R"({"examined":200,"differing":5,"written":4,"no_match":1,"failed":0,"calls":2,"next":"610062"})");
  const auto& sync = act_of<actors::SyncTarget>(*script_, 1);
  EXPECT_EQ(sync.name, "crm");
  EXPECT_TRUE(sync.dry_run);
  EXPECT_EQ(sync.limit, 50U);
  EXPECT_EQ(sync.after, std::string("a\0", 2));
  EXPECT_EQ(ask("POST", "/v1/admin/targets/crm/sync?after=zz").status, 400);
}

TEST_F(SurfacesTest, DeadLettersAreListedReplayedAndDropped) {
  actors::DeadLetterRow row{"crm", "a@b.com", "INVALID", "no", 3, noon, noon, 71, noon, "c1"};
  script_->reply = Reply(actors::AdminAnswer(std::vector{row}));
  EXPECT_EQ(ask("GET", "/v1/admin/dead-letters?target=crm&limit=1").body,
            R"({"dead_letters":[{"target":"crm","email":"a@b.com","code":"INVALID","reason":"no","attempts":3,)"
            R"("first_at":"2026-05-01T12:00:00.000Z","last_at":"2026-05-01T12:00:00.000Z","score":71,)"
            R"("scored_at":"2026-05-01T12:00:00.000Z"}],"next":"c1"})");
  EXPECT_NE(ask("GET", "/v1/admin/dead-letters").body.find("\"next\":null"), std::string::npos);
  script_->reply = Reply(actors::AdminAnswer(actors::Affected{2, 1}));
  EXPECT_EQ(ask("POST", "/v1/admin/dead-letters/replay", R"({"target":"crm","email":"A@B.com","dry_run":true})").body,
            R"({"count":2,"skipped":1})");
  const auto& replay = act_of<actors::ReplayDeadLetters>(*script_, 2);
  EXPECT_EQ(replay.email, "a@b.com");
  EXPECT_TRUE(replay.dry_run);
  EXPECT_EQ(ask("POST", "/v1/admin/dead-letters/drop", R"({"target":"crm","email":null})").status, 200);
  EXPECT_EQ(act_of<actors::DropDeadLetters>(*script_, 3).email, "");
  EXPECT_EQ(ask("POST", "/v1/admin/dead-letters/drop", R"({"target":"crm","dry_run":true})").status, 400);
  EXPECT_EQ(ask("POST", "/v1/admin/dead-letters/drop", R"({"email":"a@b.com"})").status, 400);
}

TEST_F(SurfacesTest, ALeadsActorTheDigestAndTheStateAreShown) {
  actors::ActorView view;
  view.email = "a@b.com";
  view.host = "hosted";
  view.shard = 5;
  view.life = "active";
  view.digest = "00ff";
  view.state.window.add(noon, *engine::EventType::of("x"), 1, 10);
  script_->reply = Reply(view);
  const auto actor = ask("GET", "/v1/admin/leads/a@b.com/actor").body;
  EXPECT_TRUE(actor.starts_with(R"({"email":"a@b.com","host":"hosted","shard":5,"life":"active","mailbox":0,)"))
      << actor;
  EXPECT_NE(actor.find(R"("events":[{"occurred_at":"2026-05-01T12:00:00.000Z","type":"x"}])"), std::string::npos);
  EXPECT_TRUE(std::holds_alternative<actors::ActorQuestion>(script_->lead_queries.at(0).question));
  script_->reply = Reply(actors::AdminAnswer(actors::DigestRow{"abc", 12}));
  EXPECT_EQ(ask("GET", "/v1/admin/digest").body, R"({"digest":"abc","leads":12})");
  script_->reply = Reply(actors::AdminAnswer(actors::TextTable{{"lead_host", "hosted"}, {"shards", "64"}}));
  EXPECT_EQ(ask("GET", "/v1/admin/state").body, R"({"lead_host":"hosted","shards":"64"})");
}

// ---- through a socket
// -----------------------------------------------------------------------------------------------------

TEST_F(SurfacesTest, HgOverASocket) {
  reply_receipts({engine::Outcome::no_change});
  std::array<std::uint8_t, 32> digest{};
  EVP_Digest("hg_v2_key", 9, digest.data(), nullptr, EVP_sha256(), nullptr);
  auto registry = std::make_shared<actors::Registry>();
  registry->keys = {{digest, {"k1", engine::OrganisationId{7}, {"hg"}, 25, true}}};
  switchboard_->set_registry(registry);
  auto clock = std::make_shared<actors::ManualClock>(noon);
  const auto server =
      HttpServer::bind("127.0.0.1:0", std::make_shared<const Router>(router_), switchboard_, clock, {}, 1);
  ASSERT_TRUE(server);
  (*server)->open();
  test::RawClient client((*server)->address());
  const std::string path = "/data-api/v2/scoring/behavioral/live";
  const std::vector<std::pair<std::string, std::string>> key = {{"Authorization", "bearer hg_v2_key"}};
  client.request("POST", path, R"({"email":"a@b.com"})", key);
  const auto accepted = client.read_answer();
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->status, 202);
  EXPECT_EQ(accepted->header("x-ratelimit-limit"), "25, 25;w=1");
  EXPECT_EQ(accepted->header("x-ratelimit-remaining"), "24");
  for (int i = 0; i < 24; ++i) {
    client.request("POST", path, R"({"email":"a@b.com"})", key);
    EXPECT_EQ(client.read_answer()->status, 202);
  }
  client.request("POST", path, R"({"email":"a@b.com"})", key);
  const auto limited = client.read_answer();
  EXPECT_EQ(limited->status, 429);
  EXPECT_EQ(limited->body,
            R"({"errors":[{"title":"Too many requests","detail":"Rate limit exceeded, retry after 1 seconds"}]})");
  EXPECT_EQ(limited->header("retry-after"), "1");
  EXPECT_EQ(limited->header("x-ratelimit-reset"), "1");
  client.request("POST", path, R"({"email":"a@b.com"})");
  const auto unauthorized = client.read_answer();
  EXPECT_EQ(unauthorized->status, 401);
  EXPECT_EQ(unauthorized->body, R"({"errors":[{"title":"Unauthorized","detail":"Invalid or missing API key"}]})");
  client.request("GET", path);
  EXPECT_EQ(client.read_answer()->header("allow"), "POST");
  (*server)->join(engine::Milliseconds(0));
}

}  // namespace
}  // namespace leadlight::net
