// The tracking API's pure parts: names, times, identities, attributes, keys, and what a call becomes.
#include "net/segment/segment_attributes.hpp"
#include "net/segment/segment_identity.hpp"
#include "net/segment/segment_key.hpp"
#include "net/segment/segment_names.hpp"
#include "net/segment/segment_record.hpp"
#include "net/segment/segment_time.hpp"

#include "engine/hash.hpp"
#include "engine/identity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace leadlight::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

engine::Timestamp at(std::string_view text) {
  const auto time = parse_time(text);
  EXPECT_TRUE(time) << text;
  return *time;
}

const engine::Timestamp received = at("2026-05-01T12:00:10Z");

TEST(SegmentNames, AreSnakeCase) {
  const std::map<std::string, std::string> names = {
      {"Demo Requested", "demo_requested"},
      {"demoRequested", "demo_requested"},
      {"DemoRequested", "demo_requested"},
      {"demo_requested", "demo_requested"},
      {"billing.plan.changed", "billing_plan_changed"},
      {"HTMLPageLoaded", "html_page_loaded"},
      {"Step2Done", "step2_done"},
      {"A/B  Test -- (won)", "a_b_test_won"},
      {"$pageview", "pageview"},
      {"  Signed\tUp  ", "signed_up"},
      {"Angebot\u00a0Öffnen", "angebot_Öffnen"},
      {"見積もり 依頼", "見積もり_依頼"},
      {"Email – opened", "email_opened"},
      {"ID", "id"},
      {"userID", "user_id"},
      {"!!!", ""},
      {"", ""},
  };
  for (const auto& [name, expected] : names) {
    EXPECT_EQ(snake_case(name), expected) << name;
    EXPECT_EQ(snake_case(expected), expected) << "not stable: " << name;
  }
}

TEST(SegmentTime, ReadsWhatClientsWrite) {
  const auto noon = at("2026-05-01T12:00:00Z");
  for (const auto* text : {"2026-05-01T12:00:00Z", "2026-05-01T12:00:00.000Z", "2026-05-01T14:00:00+02:00",
                           "2026-05-01T14:00:00+0200", "2026-05-01T12:00:00", "2026-05-01 12:00:00", "1777636800",
                           "1777636800000", "1777636800.000", " 2026-05-01T12:00:00Z "})
    EXPECT_EQ(parse_client_time(text), noon) << text;
  EXPECT_EQ(parse_client_time("2026-05-01"), at("2026-05-01T00:00:00Z"));
  EXPECT_EQ(parse_client_time("1777636800.25"), noon + engine::Milliseconds{250});
  for (const auto* text : {"", "yesterday", "2026-13-01T00:00:00Z", "1e300", "nan", "inf", "-", "12:00"})
    EXPECT_EQ(parse_client_time(text), std::nullopt) << text;
}

engine::Timestamp happened(std::string_view original, std::string_view sent, engine::Timestamp now) {
  return occurred_at({parse_client_time(original), parse_client_time(sent)}, now);
}

TEST(SegmentTime, CorrectsTheClientsClock) {
  const auto now = at("2024-01-01T12:00:10Z");
  // The contract's vectors.
  EXPECT_EQ(happened("2024-01-01T12:04:30Z", "2024-01-01T12:05:00Z", now), at("2024-01-01T11:59:40Z"));
  EXPECT_EQ(happened("2024-01-01T00:00:00Z", "", now), at("2024-01-01T00:00:00Z"));
  EXPECT_EQ(happened("2024-01-01T00:00:00Z", "2024-01-01T12:00:10Z", now), at("2024-01-01T00:00:00Z"));
  // A clock within two seconds is right.
  EXPECT_EQ(happened("2023-12-01T00:00:00.123Z", "2024-01-01T12:00:11.999Z", now), at("2023-12-01T00:00:00.123Z"));
  EXPECT_EQ(happened("2024-01-01T12:00:00Z", "2024-01-01T12:00:12Z", now), at("2024-01-01T11:59:58Z"));
  // Behind its own sending: nonsense, or the future on purpose; a second may be rounding.
  EXPECT_EQ(happened("2024-01-01T12:10:00Z", "2024-01-01T12:00:00Z", now), now);
  EXPECT_EQ(happened("2024-01-01T11:00:00.900Z", "2024-01-01T11:00:00Z", now), now);
  EXPECT_EQ(happened("2024-01-01T11:00:01.001Z", "2024-01-01T11:00:00Z", now), now);
  // Never after receipt, never before 1970.
  EXPECT_EQ(happened("2030-01-01T00:00:00Z", "", now), now);
  EXPECT_EQ(happened("1950-01-01T00:00:00Z", "", now), engine::Timestamp{});
  EXPECT_EQ(happened("", "2024-01-01T12:00:00Z", now), now);
  EXPECT_EQ(happened("", "", now), now);
}

TEST(SegmentIdentity, KnowsWhatStandsForNobody) {
  for (const auto* id :
       {"", " ", "null", "NULL", "undefined", "0", "-1", "unknown", "Anonymous", "n/a", "N/A", "none", "nan", "guest",
        "[object Object]", "00000000-0000-0000-0000-000000000000", "000", "-", "(not set)"}) {
    EXPECT_TRUE(stands_for_nobody(id)) << id;
    EXPECT_EQ(user_identity(id), "");
    EXPECT_EQ(anonymous_identity(id), "");
  }
  for (const auto* id : {"1", "a", "nullable", "user-1", "00000000-0000-0000-0000-000000000001"})
    EXPECT_FALSE(stands_for_nobody(id)) << id;
}

TEST(SegmentIdentity, IsAnAddressAUserOrAVisitor) {
  EXPECT_EQ(user_identity("4711"), "user:4711");
  EXPECT_EQ(user_identity(" Ab-1 "), "user:Ab-1");
  EXPECT_EQ(user_identity(" Jo@Acme.COM "), "jo@acme.com");
  EXPECT_EQ(user_identity("jo@home"), "user:jo@home");
  EXPECT_EQ(anonymous_identity("jo@acme.com"), "anonymous:jo@acme.com");
  const std::string longest(client_id_bytes_max, 'x');
  EXPECT_EQ(user_identity(longest), "user:" + longest);
  const auto hashed = user_identity(longest + "x");
  EXPECT_EQ(hashed.size(), std::string("user:sha256:").size() + 64);
  EXPECT_NE(hashed, user_identity(longest + "y"));
  EXPECT_EQ(bounded_id("abc\x01"), "sha256:" + bounded_id("abc\x01").substr(7));
}

/// Calls in a JSON text, read as the surface does.
class Calls {
 public:
  explicit Calls(std::string json, bool posthog = false, std::optional<CallKind> implied = std::nullopt)
      : json_(std::move(json)) {
    const auto read = tree_.read(json_, "batch", 100);
    EXPECT_TRUE(read) << json_;
    if (!read) return;
    EventContext context;
    context.organisation = engine::OrganisationId{1};
    context.surface = posthog ? engine::Surface::posthog : engine::Surface::segment;
    context.received_at = received;
    context.request_id = "req_1";
    const auto around = tree_.root().is(JsonKind::object) ? surroundings_of(tree_.root()) : CallSurroundings{};
    const auto take = [&](const JsonNode& item, std::size_t index) {
      const auto call = posthog ? posthog_call(item, around) : segment_call(item, implied, around);
      auto fault = call ? take_call(*call, index, context, intake_) : call.error();
      if (fault) intake_.rejected.push_back({index, *fault});
    };
    std::size_t index = 0;
    if (tree_.items() == nullptr)
      take(tree_.root(), index);
    else
      for (const auto& item : *tree_.items()) take(item, index++);
  }

  [[nodiscard]] const CallIntake& intake() const { return intake_; }
  [[nodiscard]] std::vector<std::string> faults() const {
    std::vector<std::string> fields;
    for (const auto& rejected : intake_.rejected) fields.push_back(rejected.error.field);
    return fields;
  }
  [[nodiscard]] const engine::Record& record(std::size_t index = 0) const {
    static const engine::Record none;
    EXPECT_LT(index, intake_.records.size()) << json_;
    return index < intake_.records.size() ? intake_.records[index] : none;
  }
  [[nodiscard]] const engine::EngagementEvent& event(std::size_t index = 0) const {
    static const engine::EngagementEvent none;
    const auto* event = std::get_if<engine::EngagementEvent>(&record(index).body);
    EXPECT_NE(event, nullptr) << json_;
    return event != nullptr ? *event : none;
  }
  [[nodiscard]] std::map<std::string, std::string> attributes(std::size_t index = 0) const {
    std::map<std::string, std::string> all;
    const auto* change = std::get_if<engine::AttributeChange>(&record(index).body);
    EXPECT_NE(change, nullptr) << json_;
    if (change != nullptr)
      for (const auto& attribute : change->attributes) all[attribute.name] = attribute.value;
    return all;
  }

 private:
  std::string json_;
  JsonTree tree_;
  CallIntake intake_;
};

Calls track(const std::string& members) {
  return Calls(R"({"type":"track",)" + members + "}");
}

TEST(SegmentCall, TrackIsAnEventOfTheLead) {
  const auto calls =
      track(R"("event":"Demo Requested","messageId":"m-1","userId":"u1","timestamp":"2026-05-01T12:00:00Z",)"
            R"("context":{"traits":{"email":"Jo@Acme.com"}},"properties":{"plan":"pro", "n":1})");
  const auto& record = calls.record();
  EXPECT_EQ(record.email, "jo@acme.com");
  EXPECT_EQ(record.lead, engine::lead_id(engine::OrganisationId{1}, "jo@acme.com"));
  EXPECT_EQ(record.surface, engine::Surface::segment);
  EXPECT_EQ(record.received_at, received);
  EXPECT_EQ(record.request_id, "req_1");
  EXPECT_EQ(calls.event().type.name(), "demo_requested");
  EXPECT_EQ(calls.event().event_id, "m-1");
  EXPECT_EQ(calls.event().id_hash, engine::event_id_hash("m-1"));
  EXPECT_EQ(calls.event().occurred_at, at("2026-05-01T12:00:00Z"));
  EXPECT_EQ(calls.event().properties, R"({"plan":"pro", "n":1})");
  EXPECT_THAT(calls.intake().links, ElementsAre(Pair("jo@acme.com", "user:u1")));
}

TEST(SegmentCall, FindsTheLeadInTheContractsOrder) {
  const auto identity = [](const std::string& members) { return track(R"("event":"x",)" + members).record().email; };
  const std::string traits = R"("traits":{"email":"a@acme.com"},)";
  const std::string context = R"("context":{"traits":{"email":"b@acme.com"}},)";
  const std::string properties = R"("properties":{"email":"c@acme.com"},)";
  const std::string user = R"("userId":"d@acme.com",)";
  EXPECT_EQ(identity(traits + context + properties + user + R"("anonymousId":"v")"), "a@acme.com");
  EXPECT_EQ(identity(context + properties + user + R"("anonymousId":"v")"), "b@acme.com");
  EXPECT_EQ(identity(properties + user + R"("anonymousId":"v")"), "c@acme.com");
  EXPECT_EQ(identity(user + R"("anonymousId":"v")"), "d@acme.com");
  EXPECT_EQ(identity(R"("userId":"u1","anonymousId":"v")"), "user:u1");
  EXPECT_EQ(identity(R"("anonymousId":"v")"), "anonymous:v");
  EXPECT_EQ(identity(R"("userId":4711)"), "user:4711");
  EXPECT_EQ(identity(R"("userId":"null","anonymousId":"v")"), "anonymous:v");
  EXPECT_EQ(identity(R"("traits":{"email":"not one"},"userId":"u1")"), "user:u1");
  EXPECT_EQ(identity(R"("traits":{"email":7},"userId":"u1")"), "user:u1");
}

TEST(SegmentCall, LinksTheIdsOfOnePerson) {
  const auto links = [](const std::string& members) { return track(R"("event":"x",)" + members).intake().links; };
  EXPECT_THAT(links(R"("userId":"u1")"), IsEmpty());
  EXPECT_THAT(links(R"("userId":"u1","anonymousId":"v")"), ElementsAre(Pair("user:u1", "anonymous:v")));
  EXPECT_THAT(links(R"("userId":"u1","anonymousId":"v","context":{"traits":{"email":"b@acme.com"}})"),
              ElementsAre(Pair("b@acme.com", "user:u1"), Pair("b@acme.com", "anonymous:v")));
  EXPECT_THAT(links(R"("userId":"b@acme.com","context":{"traits":{"email":"B@acme.com"}})"), IsEmpty());
  EXPECT_THAT(links(R"("anonymousId":"v","properties":{"email":"b@acme.com"})"),
              ElementsAre(Pair("b@acme.com", "anonymous:v")));
  // An invitation: the address is another person's.
  EXPECT_THAT(links(R"("userId":"u1","anonymousId":"v","properties":{"email":"friend@acme.com"})"),
              ElementsAre(Pair("user:u1", "anonymous:v")));
  EXPECT_THAT(links(R"("userId":"undefined","anonymousId":"v")"), IsEmpty());
}

TEST(SegmentCall, PageAndScreenAreEventsOfTheirOwn) {
  const auto page = [](const std::string& members) {
    return Calls(R"({"type":"page","userId":"u1",)" + members + "}").event().properties;
  };
  EXPECT_EQ(page(R"("name":"Home","category":"Docs","properties":{"url":"/"})"),
            R"({"name":"Home","category":"Docs","url":"/"})");
  EXPECT_EQ(page(R"("name":"Home","properties":{})"), R"({"name":"Home"})");
  EXPECT_EQ(page(R"("name":"Home")"), R"({"name":"Home"})");
  EXPECT_EQ(page(R"("name":"Home","properties":{"name":"Other"})"), R"({"name":"Other"})");
  EXPECT_EQ(page(R"("properties":{"url":"/"})"), R"({"url":"/"})");
  EXPECT_EQ(page(R"("messageId":"m")"), "");
  EXPECT_EQ(Calls(R"({"type":"page","anonymousId":"v"})").event().type.name(), "page_viewed");
  EXPECT_EQ(Calls(R"({"type":"screen","anonymousId":"v","name":"Start"})").event().type.name(), "screen_viewed");
}

TEST(SegmentCall, IdentifyTellsAttributesAndLinks) {
  const Calls calls(R"({"type":"identify","userId":"u1","anonymousId":"v","timestamp":"2026-05-01T12:00:00Z",
    "context":{"traits":{"firstName":"Old","phone":"1"}},
    "traits":{"email":"jo@acme.com","firstName":"J\u006f","company":{"name":"Acme","employee_count":42},
              "address":{"postalCode":"1"},"tags":["a","b"],"gone":null}})");
  EXPECT_THAT(calls.intake().links, ElementsAre(Pair("jo@acme.com", "user:u1"), Pair("jo@acme.com", "anonymous:v")));
  EXPECT_EQ(calls.record().email, "jo@acme.com");
  EXPECT_EQ(calls.attributes(), (std::map<std::string, std::string>{{"address.postal_code", "\"1\""},
                                                                    {"company.employee_count", "42"},
                                                                    {"company.name", "\"Acme\""},
                                                                    {"email", "\"jo@acme.com\""},
                                                                    {"first_name", "\"Jo\""},
                                                                    {"gone", "null"},
                                                                    {"phone", "\"1\""},
                                                                    {"tags", R"(["a","b"])"}}));
  EXPECT_EQ(std::get<engine::AttributeChange>(calls.record().body).attributes.front().at, at("2026-05-01T12:00:00Z"));
}

TEST(SegmentCall, AttributesHaveLimits) {
  std::string traits = R"("long":")" + std::string(attribute_value_bytes_max, 'x') + "\"";
  traits += R"(,"a":{"b":{"c":{"d":1,"e":{"f":2}}}},"!":1)";
  for (int i = 0; i < 150; ++i) traits += ",\"t" + std::to_string(i) + "\":1";
  const Calls calls(R"({"type":"identify","userId":"u1","traits":{)" + traits + "}}");
  const auto attributes = calls.attributes();
  EXPECT_EQ(attributes.size(), attributes_max);
  EXPECT_FALSE(attributes.contains("long"));
  EXPECT_TRUE(attributes.contains("a.b.c.d"));
  EXPECT_FALSE(attributes.contains("a.b.c.e.f"));
}

TEST(SegmentCall, IdentifyWithoutTraitsIsLinksAlone) {
  const Calls calls(R"({"type":"identify","userId":"u1","anonymousId":"v"})");
  EXPECT_THAT(calls.intake().records, IsEmpty());
  EXPECT_THAT(calls.intake().links, ElementsAre(Pair("user:u1", "anonymous:v")));
}

TEST(SegmentCall, GroupTellsTheCompany) {
  const Calls calls(R"({"type":"group","userId":"u1","groupId":7,"traits":{"name":"Acme","email":"info@acme.com"}})");
  EXPECT_EQ(calls.record().email, "user:u1") << "the group's address is nobody's own";
  EXPECT_EQ(calls.attributes(),
            (std::map<std::string, std::string>{
                {"company.email", "\"info@acme.com\""}, {"company.id", "\"7\""}, {"company.name", "\"Acme\""}}));
  EXPECT_THAT(calls.intake().links, IsEmpty());
}

TEST(SegmentCall, AliasLinksTheFormerIdWhicheverItWas) {
  const auto links = [](const std::string& members) {
    return Calls(R"({"type":"alias",)" + members + "}").intake().links;
  };
  EXPECT_THAT(links(R"("previousId":"old","userId":"new")"),
              ElementsAre(Pair("user:new", "user:old"), Pair("user:new", "anonymous:old")));
  EXPECT_THAT(links(R"("previousId":"jo@acme.com","userId":"new")"), ElementsAre(Pair("user:new", "jo@acme.com")));
  EXPECT_THAT(links(R"("previousId":"same","userId":"same")"), ElementsAre(Pair("user:same", "anonymous:same")));
  EXPECT_THAT(Calls(R"({"type":"alias","previousId":"null","userId":"new"})").faults(), ElementsAre("previousId"));
  EXPECT_THAT(Calls(R"({"type":"alias","previousId":"old"})").faults(), ElementsAre("userId"));
  EXPECT_THAT(Calls(R"({"type":"alias","previousId":"old","userId":"0"})").faults(), ElementsAre("userId"));
}

TEST(SegmentCall, RefusesWhatIsNoCall) {
  EXPECT_THAT(Calls(R"({"userId":"u1","event":"x"})").faults(), ElementsAre("type"));
  EXPECT_THAT(Calls(R"({"type":"purchase","userId":"u1"})").faults(), ElementsAre("type"));
  EXPECT_THAT(Calls(R"({"type":"track","event":"x"})").faults(), ElementsAre("userId"));
  EXPECT_THAT(Calls(R"({"type":"track","event":"x","userId":"0","anonymousId":"undefined"})").faults(),
              ElementsAre("userId"));
  EXPECT_THAT(Calls(R"({"type":"track","userId":"u1"})").faults(), ElementsAre("event"));
  EXPECT_THAT(Calls(R"({"type":"track","userId":"u1","event":"?!"})").faults(), ElementsAre("event"));
  EXPECT_THAT(Calls(R"({"type":"track","userId":"u1","event":{}})").faults(), ElementsAre("event"));
  EXPECT_THAT(track(R"("userId":"u1","event":")" + std::string(101, 'x') + "\"").faults(), ElementsAre("event"));
  EXPECT_THAT(Calls(R"({"type":"group","userId":"u1"})").faults(), ElementsAre("groupId"));
  EXPECT_THAT(Calls(R"({"event":"x","userId":"u1"})", false, CallKind::track).faults(), IsEmpty());
  EXPECT_EQ(Calls(R"({"type":"page","event":"x","userId":"u1"})", false, CallKind::track).event().type.name(), "x");
}

TEST(SegmentCall, BatchContextLiesBelowTheCallsOwn) {
  const Calls calls(R"({"batch":[{"type":"track","event":"x","userId":"u1"},
    {"type":"track","event":"x","userId":"u2","context":{"traits":{"email":"own@acme.com"}}},
    {"type":"identify","userId":"u3","context":{"traits":{"plan":"own"}}}],
    "context":{"traits":{"email":"default@acme.com","plan":"default"}},"integrations":{"All":true}})");
  EXPECT_EQ(calls.record(0).email, "default@acme.com");
  EXPECT_EQ(calls.record(1).email, "own@acme.com");
  EXPECT_EQ(calls.record(2).email, "default@acme.com");
  EXPECT_EQ(calls.attributes(2).at("plan"), "\"own\"");
}

TEST(SegmentCall, BatchSentAtCorrectsTheClock) {
  // The client's clock is 290 seconds ahead.
  const Calls calls(R"({"batch":[
    {"type":"track","event":"x","userId":"u","timestamp":"2026-05-01T12:04:30Z"},
    {"type":"page","userId":"u","originalTimestamp":"2026-05-01T12:04:00Z","timestamp":"2020-01-01T00:00:00Z"},
    {"type":"page","userId":"u","originalTimestamp":"2026-05-01T11:00:00Z","sentAt":"2026-05-01T12:00:10Z"}],
    "sentAt":"2026-05-01T12:05:00Z","timestamp":"2001-01-01T00:00:00Z"})");
  EXPECT_EQ(calls.event(0).occurred_at, at("2026-05-01T11:59:40Z"));
  EXPECT_EQ(calls.event(1).occurred_at, at("2026-05-01T11:59:10Z"));
  EXPECT_EQ(calls.event(2).occurred_at, at("2026-05-01T11:00:00Z")) << "its own sentAt goes before the batch's";
}

TEST(SegmentCall, KnowsACallAgainWithoutItsId) {
  const auto hash = [](const std::string& members, const std::string& around = "") {
    return Calls(R"({"batch":[{"type":"track","event":"x","userId":"u",)" + members + "}]" + around + "}")
        .event()
        .id_hash;
  };
  const std::string dated = R"("timestamp":"2026-05-01T11:00:00Z","properties":{"a":1})";
  EXPECT_EQ(hash(dated), hash(dated));
  EXPECT_EQ(hash(dated, R"(,"sentAt":"2026-05-01T12:00:00Z")"), hash(dated, R"(,"sentAt":"2026-05-01T12:00:09Z")"));
  EXPECT_NE(hash(dated), hash(R"("timestamp":"2026-05-01T11:00:01Z","properties":{"a":1})"));
  EXPECT_NE(hash(dated), hash(R"("timestamp":"2026-05-01T11:00:00Z","properties":{"a":2})"));
  const std::string undated = R"("properties":{"a":1})";
  EXPECT_EQ(hash(undated), hash(undated)) << "the same bytes, soon after";
  EXPECT_NE(hash(undated, R"(,"sentAt":"2026-05-01T12:00:00Z")"), hash(undated, R"(,"sentAt":"2026-05-01T12:00:09Z")"));
  const Calls twins(R"({"batch":[{"type":"page","userId":"u"},{"type":"page","userId":"u"}]})");
  EXPECT_NE(twins.event(0).id_hash, twins.event(1).id_hash) << "two in one batch are two";
}

TEST(SegmentCall, HashesLongMessageIds) {
  const std::string longest(client_id_bytes_max, 'm');
  EXPECT_EQ(track(R"("event":"x","userId":"u","messageId":")" + longest + "\"").event().event_id, longest);
  const auto hashed = track(R"("event":"x","userId":"u","messageId":")" + longest + "m\"").event();
  EXPECT_TRUE(hashed.event_id.starts_with("sha256:"));
  EXPECT_EQ(hashed.id_hash, engine::event_id_hash(hashed.event_id));
  EXPECT_EQ(track(R"("event":"x","userId":"u","messageId":7)").event().event_id, "7");
}

TEST(SegmentCall, ASentAgainIdWithOtherContentIsAConflict) {
  const std::string base = R"("userId":"u","messageId":"m","event":)";
  const auto first = track(base + R"("x","properties":{"a":1})").event();
  EXPECT_EQ(first.content_hash, track(base + R"("x","properties":{"a":1})").event().content_hash);
  EXPECT_NE(first.content_hash, track(base + R"("x","properties":{"a":2})").event().content_hash);
  EXPECT_NE(first.content_hash, track(base + R"("y","properties":{"a":1})").event().content_hash);
}

Calls posthog(const std::string& members) {
  return Calls(R"({"api_key":"k","batch":[{)" + members + R"(}],"sent_at":"2026-05-01T12:00:10Z"})", true);
}

TEST(PosthogCall, MapsItsEvents) {
  const auto event =
      posthog(R"("event":"Demo Requested","distinct_id":"u1","uuid":"0190-1","timestamp":"2026-05-01T12:00:00Z",)"
              R"("properties":{"plan":"pro","$set":{"email":"jo@acme.com"}})");
  EXPECT_EQ(event.event().type.name(), "demo_requested");
  EXPECT_EQ(event.event().event_id, "0190-1");
  EXPECT_EQ(event.event().occurred_at, at("2026-05-01T12:00:00Z"));
  EXPECT_EQ(event.record().email, "jo@acme.com");
  EXPECT_EQ(event.record().surface, engine::Surface::posthog);
  EXPECT_EQ(posthog(R"("event":"$pageview","distinct_id":"u1","properties":{"$current_url":"/"})").event().type.name(),
            "page_viewed");
  const auto screen = posthog(R"("event":"$screen","distinct_id":"u1","properties":{"$screen_name":"Start"})");
  EXPECT_EQ(screen.event().type.name(), "screen_viewed");
  EXPECT_EQ(screen.event().properties, R"({"name":"Start","$screen_name":"Start"})");
  EXPECT_EQ(posthog(R"("event":"$autocapture","properties":{"distinct_id":"u1"})").event().type.name(), "autocapture");
}

TEST(PosthogCall, IdentifyAliasAndGroup) {
  const auto identify =
      posthog(R"("event":"$identify","distinct_id":"u1","properties":{"$anon_distinct_id":"v",)"
              R"("$set":{"email":"jo@acme.com","firstName":"Jo"},"$set_once":{"firstName":"X","source":"ad"}})");
  EXPECT_THAT(identify.intake().links,
              UnorderedElementsAre(Pair("jo@acme.com", "user:u1"), Pair("jo@acme.com", "user:v"),
                                   Pair("jo@acme.com", "anonymous:v")));
  EXPECT_EQ(identify.attributes(), (std::map<std::string, std::string>{
                                       {"email", "\"jo@acme.com\""}, {"first_name", "\"Jo\""}, {"source", "\"ad\""}}));
  const auto alias =
      posthog(R"("event":"$create_alias","distinct_id":"u1","properties":{"alias":"v","distinct_id":"u1"})");
  EXPECT_THAT(alias.intake().records, IsEmpty());
  EXPECT_THAT(alias.intake().links, ElementsAre(Pair("user:u1", "user:v"), Pair("user:u1", "anonymous:v")));
  const auto group = [](const std::string& type, const std::string& user) {
    return posthog(R"("event":"$groupidentify","distinct_id":")" + user + R"(","properties":{"$group_type":")" + type +
                   R"(","$group_key":"acme","$group_set":{"name":"Acme"}})");
  };
  EXPECT_EQ(group("organization", "u1").attributes(),
            (std::map<std::string, std::string>{{"company.id", "\"acme\""}, {"company.name", "\"Acme\""}}));
  EXPECT_EQ(group("project", "u1").attributes(),
            (std::map<std::string, std::string>{{"project.id", "\"acme\""}, {"project.name", "\"Acme\""}}));
  EXPECT_THAT(group("company", "$company_acme").intake().records, IsEmpty()) << "the group itself is no person";
  EXPECT_THAT(group("company", "$company_acme").faults(), IsEmpty());
}

HttpRequest asked(std::string body, std::string authorization = {}) {
  HttpRequest request;
  request.body = std::move(body);
  if (!authorization.empty()) request.headers.emplace_back("authorization", std::move(authorization));
  return request;
}

std::string key_in(const HttpRequest& request, bool posthog = false) {
  const auto key = posthog ? find_project_key(request) : find_write_key(request);
  if (key) return *key;
  EXPECT_EQ(key.error().code, engine::Errc::unauthorized);
  return {};
}

TEST(SegmentKey, IsFoundWhereClientsPutIt) {
  const std::string with_colon = "Basic a2V5Og==";  // key:
  EXPECT_EQ(key_in(asked("{}", with_colon)), "key");
  EXPECT_EQ(key_in(asked("{}", "basic a2V5")), "key") << "without the colon";
  EXPECT_EQ(key_in(asked("{}", "Basic a2V5Og")), "key") << "without the padding";
  EXPECT_EQ(key_in(asked("{}", "Basic a2V5OnB3")), "key") << "a password is passed over";
  EXPECT_EQ(key_in(asked(R"({"batch":[{"a":{"writeKey":"no"}}],"writeKey":"key"})")), "key");
  EXPECT_EQ(key_in(asked(R"({"event":"x","writeKey":"key"})")), "key");
  EXPECT_EQ(key_in(asked(R"({"writeKey":"key"})", with_colon)), "key");
  EXPECT_EQ(key_in(asked(R"({"writeKey":"other"})", with_colon)), "");
  EXPECT_EQ(key_in(asked(R"({"writeKey":"key"})", "Bearer oauth-token")), "key");
  EXPECT_EQ(key_in(asked("{}", "Bearer key")), "key");
  EXPECT_EQ(key_in(asked(R"({"writeKey":"key"})", "Basic Og==")), "key") << "an empty user name says nothing";
  EXPECT_EQ(key_in(asked(R"({"writeKey":"key"})", "Digest x")), "key");
  EXPECT_EQ(key_in(asked("{}")), "");
  EXPECT_EQ(key_in(asked("")), "");
  EXPECT_EQ(key_in(asked("{")), "");
  EXPECT_EQ(key_in(asked(R"({"writeKey":7})")), "");
  EXPECT_EQ(key_in(asked(R"({"writeKey":""})")), "");
  EXPECT_NE(key_in(asked("{}", "Basic ???")), "key");
}

TEST(SegmentKey, IsInTheBodyOfPosthogsClients) {
  EXPECT_EQ(key_in(asked(R"({"api_key":"key","batch":[]})"), true), "key");
  EXPECT_EQ(key_in(asked(R"({"token":"key","event":"x"})"), true), "key");
  EXPECT_EQ(key_in(asked(R"({"event":"x","properties":{"token":"key"}})"), true), "key");
  EXPECT_EQ(key_in(asked(R"([{"event":"x","properties":{"token":"key"}},{"api_key":"no"}])"), true), "key");
  EXPECT_EQ(key_in(asked("{}", "Bearer key"), true), "key");
  EXPECT_EQ(key_in(asked(R"({"batch":[]})"), true), "");
}

// Whichever order calls come in, the same leads come out: the union of the links and the lead of each event are
// functions of the calls alone.
TEST(SegmentCall, AnyOrderOfCallsGivesTheSameLeads) {
  std::vector<std::string> calls = {R"({"type":"track","event":"a","anonymousId":"v1","messageId":"1"})",
                                    R"({"type":"identify","userId":"u1","anonymousId":"v1"})",
                                    R"({"type":"alias","previousId":"v2","userId":"u1"})",
                                    R"({"type":"track","event":"b","anonymousId":"v2","messageId":"2"})",
                                    R"({"type":"identify","userId":"u1","traits":{"email":"jo@acme.com"}})",
                                    R"({"type":"alias","previousId":"u1","userId":"u2"})",
                                    R"({"type":"alias","previousId":"u2","userId":"u1"})",
                                    R"({"type":"track","event":"c","userId":"u2","messageId":"3"})",
                                    R"({"type":"track","event":"d","userId":"someone","messageId":"4"})"};
  const auto leads = [](const std::vector<std::string>& order) {
    Links links;
    std::map<std::string, std::string> events;  // id → whose
    for (const auto& call : order) {
      const Calls taken(call);
      links.insert(links.end(), taken.intake().links.begin(), taken.intake().links.end());
      for (const auto& record : taken.intake().records)
        if (const auto* event = std::get_if<engine::EngagementEvent>(&record.body))
          events[event->event_id] = record.email;
    }
    std::map<std::string, std::string> name;  // naive: spread the first name until nothing changes
    for (const auto& [a, b] : links) name[a] = a, name[b] = b;
    for (bool changed = true; changed;) {
      changed = false;
      for (const auto& [a, b] : links) {
        const auto& first = engine::precedes(name[a], name[b]) ? name[a] : name[b];
        changed = changed || name[a] != first || name[b] != first;
        name[b] = name[a] = std::string(first);
      }
    }
    for (auto& [id, whose] : events)
      if (name.contains(whose)) whose = name[whose];
    return events;
  };
  const std::map<std::string, std::string> expected = {
      {"1", "jo@acme.com"}, {"2", "jo@acme.com"}, {"3", "jo@acme.com"}, {"4", "user:someone"}};
  for (unsigned seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    std::shuffle(calls.begin(), calls.end(), random);
    EXPECT_EQ(leads(calls), expected);
  }
}

}  // namespace
}  // namespace leadlight::net
