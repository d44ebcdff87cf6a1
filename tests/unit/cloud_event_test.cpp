// CloudEvents at the door: the three modes told apart, attributes turned into a record, and what is refused in which
// words.
#include "net/cloud_event.hpp"

#include "engine/hash.hpp"

#include <gtest/gtest.h>

namespace leadlight::net {
namespace {

constexpr engine::OrganisationId organisation{7};
const engine::Timestamp noon = engine::from_ms(1'777'636'800'000);  // 2026-05-01T12:00:00Z

EventContext context() {
  return {organisation, engine::Surface::events, noon, "req_1", {}, {}, nullptr};
}

engine::Result<engine::Record> structured(const std::string& body) {
  static JsonReader reader;
  const auto members = reader.object(body);
  if (!members) return members.error();
  return cloud_event_record(*members, 0, context());
}

HttpRequest request(Headers headers, std::string body = {}) {
  HttpRequest made;
  made.headers = std::move(headers);
  made.body = std::move(body);
  return made;
}

const engine::EngagementEvent& event_of(const engine::Record& record) {
  return std::get<engine::EngagementEvent>(record.body);
}

std::string field_of(const std::string& body) {
  const auto record = structured(body);
  EXPECT_FALSE(record) << body;
  return record ? "" : record.error().field;
}

TEST(CloudEvent, TheModeIsToldByTheMediaTypeAndThenByTheHeaders) {
  const auto mode = [](const std::string& type, bool with_header = false) {
    auto made = request({{"content-type", type}});
    if (with_header) made.headers.emplace_back("ce-specversion", "1.0");
    return cloud_event_mode(made);
  };
  EXPECT_EQ(mode("application/json"), CloudEventMode::none);
  EXPECT_EQ(mode("application/json; charset=utf-8", true), CloudEventMode::binary);
  EXPECT_EQ(mode("application/cloudevents+json"), CloudEventMode::structured);
  EXPECT_EQ(mode("Application/CloudEvents+JSON ; charset=utf-8", true), CloudEventMode::structured);
  EXPECT_EQ(mode("application/cloudevents-batch+json; charset=utf-8"), CloudEventMode::batched);
  EXPECT_EQ(mode("application/cloudevents+avro"), CloudEventMode::unknown);
  EXPECT_EQ(mode("application/cloudevents-batch+xml"), CloudEventMode::unknown);
  EXPECT_EQ(cloud_event_mode(request({})), CloudEventMode::none);
}

TEST(CloudEvent, TheLastPartOfTheTypeNamesTheEvent) {
  EXPECT_EQ(cloud_event_name("com.acme.PageViewed"), "page_viewed");
  EXPECT_EQ(cloud_event_name("demo_requested"), "demo_requested");
  EXPECT_EQ(cloud_event_name("io.acme.demo-requested"), "demo_requested");
  EXPECT_EQ(cloud_event_name("acme.PDFDownloaded"), "pdf_downloaded");
  EXPECT_EQ(cloud_event_name("acme.Visit2Ended"), "visit2_ended");
  EXPECT_EQ(cloud_event_name("acme.Größe"), "größe");
  EXPECT_EQ(cloud_event_name("acme."), "");
}

TEST(CloudEvent, AStructuredOneBecomesARecord) {
  const auto record =
      structured(R"({"specversion":"1.0","id":"A-1","source":"/crm","type":"com.acme.DemoRequested","tenant":"t1",)"
                 R"("time":"2026-05-01T10:00:00Z","datacontenttype":"application/json",)"
                 R"("data":{"email":" Ann@Example.COM ","plan":"pro"}})");
  ASSERT_TRUE(record) << record.error().what;
  EXPECT_EQ(record->email, "ann@example.com");
  EXPECT_EQ(record->surface, engine::Surface::cloudevents);
  const auto& event = event_of(*record);
  EXPECT_EQ(event.type.name(), "demo_requested");
  EXPECT_EQ(event.occurred_at, noon - std::chrono::hours(2));
  EXPECT_EQ(event.event_id, "A-1");
  EXPECT_EQ(event.properties, R"({"email":" Ann@Example.COM ","plan":"pro"})");
}

TEST(CloudEvent, IsKnownAgainBySourceAndId) {
  const auto hash = [](const std::string& source, const std::string& id) {
    const auto record = structured(R"({"specversion":"1.0","id":")" + id + R"(","source":")" + source +
                                   R"(","type":"x","subject":"ann@example.com"})");
    EXPECT_TRUE(record);
    return record ? event_of(*record).id_hash : 0;
  };
  EXPECT_EQ(hash("/crm", "1"), hash("/crm", "1"));
  EXPECT_NE(hash("/crm", "1"), hash("/web", "1"));
  EXPECT_NE(hash("/crm", "1"), hash("/crm", "2"));
  EXPECT_NE(hash("/crm1", "2"), hash("/crm", "12"));
  EXPECT_NE(hash("/crm", "1"), engine::event_id_hash("1")) << "an id of POST /v1/events is another one";
}

TEST(CloudEvent, TheLeadIsInTheDataOrIsTheSubject) {
  const std::string head = R"({"specversion":"1.0","id":"1","source":"/crm","type":"x")";
  EXPECT_EQ(structured(head + R"(,"subject":"bo@example.com"})")->email, "bo@example.com");
  EXPECT_EQ(structured(head + R"(,"subject":"bo@example.com","data":{"email":"ann@example.com"}})")->email,
            "ann@example.com");
  EXPECT_EQ(structured(head + R"(,"subject":"bo@example.com","data":"text","datacontenttype":"text/plain"})")->email,
            "bo@example.com");
  EXPECT_EQ(field_of(head + R"(,"subject":"order 7"})"), "data.email");
  EXPECT_EQ(field_of(head + R"(,"data":{"email":"no address"}})"), "data.email");
}

TEST(CloudEvent, DataMayBeBase64) {
  const std::string head = R"({"specversion":"1.0","id":"1","source":"/crm","type":"x")";
  const auto record = structured(head + R"(,"data_base64":"eyJlbWFpbCI6ImFubkBleGFtcGxlLmNvbSJ9"})");
  ASSERT_TRUE(record) << record.error().what;
  EXPECT_EQ(record->email, "ann@example.com");
  EXPECT_EQ(event_of(*record).properties, R"({"email":"ann@example.com"})");
  EXPECT_EQ(field_of(head + R"(,"data_base64":"%%%%"})"), "data_base64");
  EXPECT_EQ(field_of(head + R"(,"data_base64":"AAA"})"), "data_base64");
  EXPECT_EQ(field_of(head + R"(,"data_base64":7})"), "data_base64");
  EXPECT_EQ(field_of(head + R"(,"data_base64":"bm8ganNvbg=="})"), "data") << "not JSON inside";
}

TEST(CloudEvent, WhatIsMissingOrWrongIsNamed) {
  EXPECT_EQ(field_of(R"({"specversion":"1.0","source":"/crm","type":"x"})"), "id");
  EXPECT_EQ(field_of(R"({"specversion":"1.0","id":"","source":"/crm","type":"x"})"), "id");
  EXPECT_EQ(field_of(R"({"specversion":"1.0","id":7,"source":"/crm","type":"x"})"), "id");
  EXPECT_EQ(field_of(R"({"specversion":"1.0","id":"1","type":"x"})"), "source");
  EXPECT_EQ(field_of(R"({"id":"1","source":"/crm","type":"x"})"), "specversion");
  EXPECT_EQ(field_of(R"({"specversion":"0.3","id":"1","source":"/crm","type":"x"})"), "specversion");
  EXPECT_EQ(field_of(R"({"specversion":"1.0","id":"1","source":"/crm"})"), "type");
  const std::string head = R"({"specversion":"1.0","id":"1","source":"/crm","subject":"ann@example.com")";
  EXPECT_EQ(field_of(head + R"(,"type":"acme."})"), "type");
  EXPECT_EQ(field_of(head + R"(,"type":"x","time":"yesterday"})"), "time");
  EXPECT_EQ(field_of(head + R"(,"type":"x","time":"2026-05-02T12:00:00Z"})"), "time") << "a day ahead";
  EXPECT_EQ(field_of(head + R"(,"type":"x","data":{"long":")" + std::string(33'000, 'x') + R"("}})"), "data");
  const auto long_id = structured(R"({"specversion":"1.0","id":")" + std::string(300, 'i') +
                                  R"(","source":"/crm","type":"x","subject":"ann@example.com"})");
  ASSERT_FALSE(long_id);
  EXPECT_EQ(long_id.error().field, "id");
  EXPECT_TRUE(long_id.error().what.starts_with("id must be")) << long_id.error().what;
}

TEST(CloudEvent, ABinaryOneHasItsAttributesInHeaders) {
  Headers headers = {{"content-type", "application/json; charset=utf-8"},
                     {"ce-id", "1"},
                     {"ce-time", "2026-05-01T10:00:00.000Z"},
                     {"ce-type", "com.acme.PageViewed"},
                     {"ce-source", "/shop%20%C3%A4"},
                     {"ce-specversion", "1.0"},
                     {"ce-tenant", "t1"}};
  const auto record = binary_cloud_event_record(request(headers, R"({"email":"ann@example.com"})"), context());
  ASSERT_TRUE(record) << record.error().what;
  EXPECT_EQ(event_of(*record).type.name(), "page_viewed");
  EXPECT_EQ(event_of(*record).occurred_at, noon - std::chrono::hours(2));
  const auto same = structured(R"({"specversion":"1.0","id":"1","source":"/shop ä","type":"com.acme.PageViewed",)"
                               R"("time":"2026-05-01T10:00:00.000Z","data":{"email":"ann@example.com"}})");
  ASSERT_TRUE(same);
  EXPECT_EQ(event_of(*record).id_hash, event_of(*same).id_hash) << "whichever way it comes";
  EXPECT_EQ(event_of(*record).content_hash, event_of(*same).content_hash);

  for (const auto* source : {"/shop%20%C3%A4", "/shop%2520%25C3%25A4"}) {  // as a sender does, and as it should
    headers[4].second = source;
    const auto again = binary_cloud_event_record(request(headers, R"({"email":"ann@example.com"})"), context());
    EXPECT_EQ(event_of(*again).id_hash, event_of(*record).id_hash) << source;
  }

  headers[0].second = "text/plain";
  headers.emplace_back("ce-subject", "bo%40example.com");
  EXPECT_EQ(binary_cloud_event_record(request(headers, "not JSON"), context())->email, "bo@example.com");
  EXPECT_EQ(binary_cloud_event_record(request(headers), context())->email, "bo@example.com");
  headers[4].second = "%GG";
  EXPECT_EQ(binary_cloud_event_record(request(headers), context()).error().field, "source");
}

}  // namespace
}  // namespace leadlight::net
