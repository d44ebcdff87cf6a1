// The door rules of an engagement event: what is taken, what is refused in which words, and which hashes a record
// carries.
#include "net/event_record.hpp"

#include "engine/hash.hpp"
#include "logging/log.hpp"
#include "net/email/email_vendors.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace leadlight::net {
namespace {

constexpr engine::OrganisationId organisation{7};
const engine::Timestamp noon = engine::from_ms(1'777'636'800'000);  // 2026-05-01T12:00:00Z

EventContext context() {
  return {organisation, engine::Surface::events, noon, "req_1", {}, {}, nullptr};
}

engine::Result<engine::Record> read(const std::string& body, std::size_t index = 0,
                                    const EventContext& around = context()) {
  static JsonReader reader;
  const auto members = reader.object(body);
  if (!members) return members.error();
  return event_record(*members, index, around);
}

engine::EngagementEvent event(const std::string& body, std::size_t index = 0, const EventContext& around = context()) {
  const auto record = read(body, index, around);
  EXPECT_TRUE(record) << body;
  return record ? std::get<engine::EngagementEvent>(record->body) : engine::EngagementEvent{};
}

TEST(EventRecord, CarriesWhatWasSent) {
  const auto record =
      read(R"({"email":" Ann@Example.COM ","type":"demo_requested","occurred_at":"2026-05-01T10:00:00+02:00",)"
           R"("event_id":"e-1","properties":{ "a" : [1, 2] },"unknown":{"x":1}})");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->email, "ann@example.com");
  EXPECT_EQ(record->lead, engine::lead_id(organisation, "ann@example.com"));
  EXPECT_EQ(record->received_at, noon);
  EXPECT_EQ(record->surface, engine::Surface::events);
  EXPECT_EQ(record->request_id, "req_1");
  const auto& kept = std::get<engine::EngagementEvent>(record->body);
  EXPECT_EQ(kept.type.name(), "demo_requested");
  EXPECT_EQ(kept.occurred_at, noon - std::chrono::hours(4));
  EXPECT_EQ(kept.event_id, "e-1");
  EXPECT_EQ(kept.id_hash, engine::event_id_hash("e-1"));
  EXPECT_EQ(kept.properties, R"({ "a" : [1, 2] })");
}

TEST(EventRecord, ATypeIsStoredAsSent) {
  EXPECT_EQ(event(R"({"email":"a@b.com","type":"Demo angefragt – zwölf ✓"})").type.name(), "Demo angefragt – zwölf ✓");
  EXPECT_EQ(event(R"({"email":"a@b.com","type":")" + std::string(100, 'x') + "\"}").type.name(), std::string(100, 'x'));
}

TEST(EventRecord, ARefusedEventLeavesNoTypeBehind) {
  for (const std::string broken : {R"("occurred_at":"")", R"("event_id":7)", R"("properties":[])"}) {
    EXPECT_FALSE(read(R"({"email":"a@b.com","type":"never_taken",)" + broken + "}"));
    EXPECT_FALSE(engine::EventType::known("never_taken").has_value()) << broken;
  }
}

TEST(EventRecord, AnOrganisationBringsSoManyTypesAndNoMore) {
  TypeBudget types;
  auto flooding = context();
  flooding.types = &types;
  const auto take = [&](const EventContext& around, const std::string& type) {
    return read(R"({"email":"a@b.com","type":")" + type + "\"}", 0, around);
  };
  ASSERT_TRUE(take(flooding, "page_viewed"));
  engine::Result<engine::Record> last = take(flooding, "flood");
  for (std::uint32_t i = 0; i < TypeBudget::types_max && last; ++i) last = take(flooding, "flood" + std::to_string(i));
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().field, "type");
  EXPECT_TRUE(take(flooding, "page_viewed")) << "what is known is taken";
  auto neighbour = flooding;
  neighbour.organisation = engine::OrganisationId{8};
  EXPECT_TRUE(take(neighbour, "something_of_the_neighbour"));
}

TEST(EventRecord, WhatMappingsNameIsTakenWhenTheBudgetIsUsedUp) {
  TypeBudget types;
  auto flooding = context();
  flooding.types = &types;
  const auto vendors = EmailVendors::built_in();
  ASSERT_NE(vendors, nullptr);
  for (const auto& [vendor, mapping] : vendors->all())
    for (const auto& [name, type] : mapping.types) EXPECT_TRUE(engine::EventType::known(type)) << vendor << ' ' << type;
  logging::set_up(logging::Format::json, "info");
  testing::internal::CaptureStderr();
  bool refused = false;
  for (std::uint32_t i = 0; i < TypeBudget::types_max + 3; ++i)
    refused = !types.take(flooding.organisation, "budget" + std::to_string(i));
  EXPECT_TRUE(refused);
  EXPECT_TRUE(types.take(flooding.organisation, vendors->all().begin()->second.types.front().second));
  const auto told = testing::internal::GetCapturedStderr();
  EXPECT_NE(told.find("organisation 7 "), std::string::npos) << told;
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1) << "told once, however often: " << told;
}

TEST(EventRecord, TakesReceiptTimeForMissingAndSlightlyFutureTimes) {
  const auto at = [](const std::string& occurred_at) {
    return event(R"({"email":"a@b.com","type":"x","occurred_at":)" + occurred_at + "}").occurred_at;
  };
  EXPECT_EQ(event(R"({"email":"a@b.com","type":"x"})").occurred_at, noon);
  EXPECT_EQ(at("null"), noon);
  EXPECT_EQ(at(R"("2026-05-01T12:05:00Z")"), noon);
  EXPECT_EQ(at("1777637100000"), noon);
  EXPECT_EQ(at("1777636799999"), noon - engine::Milliseconds(1));
  EXPECT_EQ(at(R"("1777636799999")"), noon - engine::Milliseconds(1));
  EXPECT_EQ(at("0"), engine::from_ms(0));
}

TEST(EventRecord, RefusesInTheseWords) {
  const std::string ahead =
      " ahead of the server's clock; at most 5 minutes are taken: check the sender's clock and time zone";
  const std::string no_time =
      "occurred_at must be an RFC 3339 time such as 2026-05-01T12:00:00Z, or integer milliseconds since 1970";
  const std::string before_1970 = "occurred_at is before 1970; send RFC 3339 or integer milliseconds since 1970";
  const auto with = [](const std::string& members) { return R"({"email":"a@b.com","type":"x",)" + members + "}"; };
  const std::vector<std::tuple<std::string, std::string, std::string>> table = {
      {R"({"type":"x"})", "email", "email is required"},
      {R"({"email":null,"type":"x"})", "email", "email is required"},
      {R"({"email":"  ","type":"x"})", "email", "email is required"},
      {R"({"email":5,"type":"x"})", "email", "email must be a string"},
      {R"({"email":"nobody","type":"x"})", "email", "email is not a valid email address"},
      {R"({"email":"a@b.com"})", "type", "type is required"},
      {R"({"email":"a@b.com","type":["x"]})", "type", "type must be a string"},
      {R"({"email":"a@b.com","type":""})", "type", "type must not be empty"},
      {R"({"email":"a@b.com","type":"  "})", "type", "type must not be empty"},
      {R"({"email":"a@b.com","type":"a\nb"})", "type", "type must consist of printable characters"},
      {R"({"email":"a@b.com","type":")" + std::string(101, 'x') + "\"}", "type",
       "type must be at most 100 characters long; this one has 101"},
      {with(R"("occurred_at":"yesterday")"), "occurred_at", no_time},
      {with(R"("occurred_at":true)"), "occurred_at", no_time},
      {with(R"("occurred_at":1.5)"), "occurred_at", no_time},
      {with(R"("occurred_at":-1)"), "occurred_at", before_1970},
      {with(R"("occurred_at":"1969-12-31T23:59:59Z")"), "occurred_at", before_1970},
      {with(R"("occurred_at":"2026-05-01T12:12:00Z")"), "occurred_at", "occurred_at is 12 minutes" + ahead},
      {with(R"("occurred_at":"2026-05-01T12:05:00.001Z")"), "occurred_at", "occurred_at is 6 minutes" + ahead},
      {with(R"("occurred_at":"2026-05-01T15:00:00Z")"), "occurred_at", "occurred_at is 3 hours" + ahead},
      {with(R"("occurred_at":"2026-05-11T12:00:00Z")"), "occurred_at", "occurred_at is 10 days" + ahead},
      {with(R"("event_id":7)"), "event_id", "event_id must be a string"},
      {with(R"("event_id":"")"), "event_id", "event_id must not be empty; leave it out when there is none"},
      {with(R"("event_id":")" + std::string(257, 'i') + "\""), "event_id",
       "event_id must be at most 256 bytes long; this one has 257"},
      {with(R"("properties":[])"), "properties", "properties must be an object"},
      {with(R"("properties":{"a":")" + std::string(32'768, 'p') + "\"}"), "properties",
       "properties must be at most 32768 bytes of JSON; these have 32776"},
  };
  for (const auto& [body, field, what] : table) {
    const auto refused = read(body);
    ASSERT_FALSE(refused) << body;
    EXPECT_EQ(refused.error().code, engine::Errc::invalid);
    EXPECT_EQ(refused.error().field, field) << body;
    EXPECT_EQ(refused.error().what, what);
  }
}

TEST(EventRecord, WithoutAnIdTheContentIsTheIdentity) {
  const std::string body =
      R"({"email":"a@b.com","type":"x","occurred_at":"2026-05-01T10:00:00Z","properties":{"p":1}})";
  const auto first = event(body, 0);
  auto later = context();
  later.request_id = "req_2";
  later.received_at += std::chrono::hours(1);
  EXPECT_EQ(first.id_hash, event(body, 5, later).id_hash);
  EXPECT_EQ(first.content_hash, event(body, 5, later).content_hash);
  for (const std::string other :
       {R"({"email":"c@b.com","type":"x","occurred_at":"2026-05-01T10:00:00Z","properties":{"p":1}})",
        R"({"email":"a@b.com","type":"y","occurred_at":"2026-05-01T10:00:00Z","properties":{"p":1}})",
        R"({"email":"a@b.com","type":"x","occurred_at":"2026-05-01T10:00:01Z","properties":{"p":1}})",
        R"({"email":"a@b.com","type":"x","occurred_at":"2026-05-01T10:00:00Z","properties":{"p":2}})",
        R"({"email":"a@b.com","type":"x","occurred_at":"2026-05-01T10:00:00Z"})"})
    EXPECT_NE(first.id_hash, event(other).id_hash) << other;
  later.surface = engine::Surface::import;
  EXPECT_NE(first.id_hash, event(body, 0, later).id_hash);
}

TEST(EventRecord, WithNeitherIdNorTimeEachIsItsOwn) {
  const std::string body = R"({"email":"a@b.com","type":"x"})";
  auto other_request = context();
  other_request.request_id = "req_2";
  EXPECT_NE(event(body, 0).id_hash, event(body, 1).id_hash);
  EXPECT_NE(event(body, 0).id_hash, event(body, 0, other_request).id_hash);
}

TEST(EventRecord, AnIdempotencyKeyMakesARetryADuplicate) {
  const std::string body = R"({"email":"a@b.com","type":"x"})";
  auto first = context();
  first.idempotency_key = "key-1";
  auto retry = first;
  retry.request_id = "req_2";
  EXPECT_EQ(event(body, 0, first).id_hash, event(body, 0, retry).id_hash);
  EXPECT_NE(event(body, 0, first).id_hash, event(body, 1, first).id_hash);
  auto other_organisation = first;
  other_organisation.organisation = engine::OrganisationId{8};
  EXPECT_NE(event(body, 0, first).id_hash, event(body, 0, other_organisation).id_hash);
}

TEST(EventRecord, ContentTellsAConflictFromARepetition) {
  const std::string with_id = R"({"email":"a@b.com","event_id":"e","type":)";
  EXPECT_EQ(event(with_id + "\"x\"}").content_hash, event(with_id + "\"x\"}").content_hash);
  EXPECT_NE(event(with_id + "\"x\"}").content_hash, event(with_id + "\"y\"}").content_hash);
}

}  // namespace
}  // namespace leadlight::net
