#include "net/sources/activity_mapping.hpp"

#include "net/sources/salesforce_activities.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace leadlight::net {
namespace {

namespace json = boost::json;
using engine::Timestamp;
using testing::HasSubstr;

constexpr Timestamp now = engine::from_ms(1'780'000'000'000);  // 2026-05-28T20:26:40Z

const ActivityMapping& builtin() {
  static const auto mapping =
      ActivityMapping::read(builtin_mapping(), "salesforce_mapping.toml", salesforce::activity_objects());
  EXPECT_TRUE(mapping) << (mapping ? "" : mapping.error().what);
  return *mapping;
}

std::optional<ActivityMapping::Meaning> meaning(const ActivityMapping& mapping, std::string_view object,
                                                const char* record) {
  return mapping.meaning(object, json::parse(record).as_object(), now);
}

ActivityMapping read(std::string_view toml) {
  auto mapping = ActivityMapping::read(toml, "own.toml", salesforce::activity_objects());
  EXPECT_TRUE(mapping) << (mapping ? "" : mapping.error().what);
  return mapping ? *mapping : ActivityMapping{};
}

std::string fault_of(std::string_view toml) {
  const auto mapping = ActivityMapping::read(toml, "own.toml", salesforce::activity_objects());
  return mapping ? "none" : mapping.error().what;
}

TEST(ActivityMapping, BuiltinKnowsCallsMailsMeetingsTasksAndAnswers) {
  const auto type = [](std::string_view object, const char* record) {
    const auto found = meaning(builtin(), object, record);
    return found ? found->type : "nothing";
  };
  EXPECT_EQ(type("Task", R"({"Id":"00T1","IsClosed":true,"TaskSubtype":"Call","CompletedDateTime":
    "2026-05-01T10:00:00.000+0000"})"),
            "call_completed");
  EXPECT_EQ(type("Task", R"({"Id":"00T1","IsClosed":true,"Type":"call","ActivityDate":"2026-05-01"})"),
            "call_completed");
  EXPECT_EQ(type("Task", R"({"Id":"00T1","IsClosed":true,"TaskSubtype":"ListEmail","ActivityDate":"2026-05-01"})"),
            "email_exchanged");
  EXPECT_EQ(type("Task", R"({"Id":"00T1","IsClosed":true,"TaskSubtype":"Task","ActivityDate":"2026-05-01"})"),
            "task_completed");
  EXPECT_EQ(type("Task", R"({"Id":"00T1","IsClosed":false,"TaskSubtype":"Call","ActivityDate":"2026-05-01"})"),
            "nothing");
  EXPECT_EQ(type("Event", R"({"Id":"00U1","StartDateTime":"2026-05-01T10:00:00.000+0000"})"), "meeting_attended");
  EXPECT_EQ(type("CampaignMember", R"({"Id":"00v1","HasResponded":true,"FirstRespondedDate":"2026-05-01"})"),
            "campaign_responded");
  EXPECT_EQ(type("CampaignMember", R"({"Id":"00v1","HasResponded":false})"), "nothing");
}

TEST(ActivityMapping, TheFirstInstantThatIsSetAndPastSaysWhen) {
  const auto task = meaning(builtin(), "Task", R"({"Id":"00T1","IsClosed":true,"TaskSubtype":"Call",
    "CompletedDateTime":null,"ActivityDate":"2027-01-01","LastModifiedDate":"2026-05-02T10:00:00.000+0000"})");
  ASSERT_TRUE(task);
  EXPECT_EQ(task->occurred_at, parse_source_time("2026-05-02T10:00:00Z"));
  EXPECT_EQ(task->event_id, "00T1");
  EXPECT_EQ(task->properties, R"({"TaskSubtype":"Call"})");
  // A meeting that has not begun did not happen.
  EXPECT_FALSE(meaning(builtin(), "Event", R"({"Id":"00U1","StartDateTime":"2026-12-01T10:00:00.000+0000"})"));
}

TEST(ActivityMapping, AnAnswerToACampaignIsAnOccurrenceOfItsDate) {
  const auto answer = meaning(builtin(), "CampaignMember",
                              R"({"Id":"00v1","HasResponded":true,"FirstRespondedDate":"2026-05-01","Status":"Sent"})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->event_id, "00v1:2026-05-01");
  EXPECT_EQ(answer->occurred_at, parse_source_time("2026-05-01T00:00:00Z"));
}

TEST(ActivityMapping, RowsAreTriedInOrderAndMayDrop) {
  const auto mapping = read(R"(
other_activity = true
[[activity]]
object = "Task"
when = { Subject = ["Spam", "Junk"] }
ignore = true
[[activity]]
object = "Task"
when = { Priority = "High", Score__c = 7 }
type = "hot"
occurred_at = "ActivityDate"
)");
  EXPECT_FALSE(meaning(mapping, "Task", R"({"Id":"1","Subject":"JUNK","ActivityDate":"2026-05-01"})"));
  const auto hot = meaning(mapping, "Task", R"({"Id":"1","Priority":"high","Score__c":7,"ActivityDate":"2026-05-01"})");
  ASSERT_TRUE(hot);
  EXPECT_EQ(hot->type, "hot");
  const auto other = meaning(mapping, "Event", R"({"Id":"2","LastModifiedDate":"2026-05-01T00:00:00.000+0000"})");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->type, "other_activity");
  EXPECT_THAT(mapping.fields("Task"),
              testing::ElementsAre("Subject", "Priority", "Score__c", "ActivityDate", "LastModifiedDate"));
  EXPECT_THAT(mapping.objects(), testing::ElementsAre("Task"));
}

TEST(ActivityMapping, MistakesNameFileLineKeyAndRemedy) {
  const auto fault = fault_of(R"([[activity]]
object = "Opportunity"
type = "Won!"
occurred_at = []
wen = { Status = "x" }
)");
  EXPECT_THAT(fault, HasSubstr("own.toml:2: activity[1].object must be one of Task, Event, CampaignMember"));
  EXPECT_THAT(fault, HasSubstr("own.toml:3: activity[1].type must be 1 to 100 of a-z"));
  EXPECT_THAT(fault, HasSubstr("own.toml:4: activity[1].occurred_at must be 1 to 50 API names"));
  EXPECT_THAT(fault, HasSubstr("own.toml:5: activity[1].wen is not known"));
  EXPECT_THAT(fault_of("[[activity]]\nobject = \"Task\"\n"), HasSubstr("own.toml:1: activity[1] has no type"));
  EXPECT_THAT(fault_of("x = 1"), HasSubstr("own.toml:1: x is not known"));
  EXPECT_THAT(fault_of("other_activity = 1"), HasSubstr("must be true or false"));
  EXPECT_THAT(fault_of(""), HasSubstr("there is no [[activity]] row"));
  EXPECT_THAT(fault_of("[[activity"), HasSubstr("own.toml:1: "));
  EXPECT_THAT(fault_of(std::string(mapping_bytes_max + 1, '#')), HasSubstr("at most 48 KiB"));
  EXPECT_THAT(fault_of("activity = 3"), HasSubstr("begin each with [[activity]]"));
}

TEST(ActivityMapping, LongTextsAreCutAtACharacter) {
  const auto mapping = read("[[activity]]\nobject=\"Task\"\ntype=\"t\"\noccurred_at=\"A\"\nproperties=[\"S\"]\n");
  std::string text(999, 'x');
  text += "\xC3\xA9\xC3\xA9";
  const json::object record{{"Id", "1"}, {"A", "2026-05-01"}, {"S", text}};
  const auto found = mapping.meaning("Task", record, now);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->properties, "{\"S\":\"" + std::string(999, 'x') + "\"}");
}

TEST(SourceTime, TakesDatesAndInstants) {
  EXPECT_EQ(parse_source_time("2026-05-01"), parse_source_time("2026-05-01T00:00:00.000+0000"));
  EXPECT_EQ(parse_source_time("2026-05-01T02:00:00.000+0200"), parse_source_time("2026-05-01T00:00:00Z"));
  for (const auto* text : {"", "yesterday", "2026-13-01", "2026-05-0", "1960-01-01"})
    EXPECT_FALSE(parse_source_time(text)) << text;
}

// ---- SOQL

namespace sf = salesforce;

TEST(SalesforceActivities, AsksForWhatTheMappingLooksAt) {
  const std::vector<std::string> ids = {"00Q1", "003'2"};
  const auto since = *parse_source_time("2026-02-27T20:26:40Z");
  const auto mapping = read(
      "[[activity]]\nobject=\"Task\"\nwhen={Status=\"Completed\"}\ntype=\"t\"\noccurred_at=\"ActivityDate\"\n"
      "[[activity]]\nobject=\"Event\"\ntype=\"t\"\noccurred_at=\"StartDateTime\"\n"
      "[[activity]]\nobject=\"CampaignMember\"\ntype=\"t\"\noccurred_at=\"CreatedDate\"\n");
  EXPECT_EQ(sf::activities_query("Task", mapping, ids, since),
            "SELECT Id, WhoId, SystemModstamp, Status, ActivityDate FROM Task WHERE WhoId IN ('00Q1','003\\'2') AND "
            "(SystemModstamp >= 2026-02-27T20:26:40.000Z)");
  EXPECT_EQ(sf::activities_query("Event", mapping, ids, since),
            "SELECT Id, WhoId, SystemModstamp, StartDateTime FROM Event WHERE WhoId IN ('00Q1','003\\'2') AND "
            "(SystemModstamp >= 2026-02-27T20:26:40.000Z OR StartDateTime >= 2026-02-27T20:26:40.000Z)");
  EXPECT_EQ(sf::activities_query("CampaignMember", mapping, ids, since),
            "SELECT Id, LeadId, ContactId, SystemModstamp, CreatedDate FROM CampaignMember WHERE (LeadId IN ('00Q1') "
            "OR ContactId IN ('003\\'2')) AND (SystemModstamp >= 2026-02-27T20:26:40.000Z)");
}

TEST(SalesforceActivities, APollGoesOnBehindItsLastRowAndBeginsEarlier) {
  const auto mapping = read("[[activity]]\nobject=\"Task\"\ntype=\"t\"\noccurred_at=\"ActivityDate\"\n");
  const sf::Stream stream{"Task", "SystemModstamp"};
  const auto seen = *parse_source_time("2026-05-01T10:00:00Z");
  EXPECT_EQ(sf::poll_query(stream, mapping, {seen, std::nullopt}, now),
            "SELECT Id, WhoId, SystemModstamp, ActivityDate FROM Task WHERE SystemModstamp >= 2026-05-01T09:58:00.000Z "
            "ORDER BY SystemModstamp, Id LIMIT 2000");
  EXPECT_EQ(sf::poll_query(stream, mapping, {seen, "00T7"}, now),
            "SELECT Id, WhoId, SystemModstamp, ActivityDate FROM Task WHERE (SystemModstamp > 2026-05-01T10:00:00.000Z "
            "OR (SystemModstamp = 2026-05-01T10:00:00.000Z AND Id > '00T7')) ORDER BY SystemModstamp, Id LIMIT 2000");
}

TEST(SalesforceActivities, ACursorReadsAsItWasWritten) {
  const sf::Cursor cursor{{"Task.SystemModstamp", {now, std::nullopt}}, {"Event.StartDateTime", {now, "00U1"}}};
  EXPECT_EQ(sf::parse_cursor(sf::cursor_text(cursor)), cursor);
  EXPECT_EQ(sf::cursor_text(cursor), "Event.StartDateTime=1780000000000,00U1;Task.SystemModstamp=1780000000000");
  EXPECT_TRUE(sf::parse_cursor("nonsense;a=b;=").empty());
}

TEST(SalesforceActivities, KeysAreGroupedToFitAUrl) {
  std::vector<std::string> ids;
  for (int i = 0; i < 450; ++i) ids.push_back("00Q" + std::string(15, static_cast<char>('A' + i % 26)));
  const auto groups = sf::key_groups("SELECT", ids, sf::ids_per_query_max);
  std::size_t all = 0;
  for (const auto& group : groups) {
    EXPECT_LE(group.size(), sf::ids_per_query_max);
    all += group.size();
  }
  EXPECT_EQ(all, 450U);
  const std::vector<std::string> wide(300, std::string(200, '\''));
  for (const auto& group : sf::key_groups("SELECT", wide, 100)) EXPECT_LE(group.size() * 1'206, 8U << 10U);
}

TEST(SalesforceActivities, AnAnswerThatIsNotWholeIsNoAnswer) {
  EXPECT_TRUE(sf::parse_rows(R"({"done":true,"records":[{"Id":"1"}]})"));
  const auto more = sf::parse_rows(R"({"done":false,"nextRecordsUrl":"/services/data/v60.0/query/x","records":[]})");
  ASSERT_TRUE(more);
  EXPECT_EQ(more->next_url, "/services/data/v60.0/query/x");
  for (const auto* body :
       {"", "{", "[]", R"({"records":[]})", R"({"done":false,"records":[]})", R"({"done":true,"records":[{}]})",
        R"({"done":true,"records":[1]})", R"({"done":false,"nextRecordsUrl":"https://elsewhere","records":[]})"})
    EXPECT_FALSE(sf::parse_rows(body)) << body;
}

TEST(SalesforceActivities, BelongToTheContactOrToTheLeadItWas) {
  sf::People people;
  people.add(json::parse(R"({"Id":"00Q000000000001AAA","Email":"Ann@X.io","ConvertedContactId":"003000000000001AAA"})")
                 .as_object());
  people.add(json::parse(R"({"Id":"00Q000000000002AAA","Email":null})").as_object());
  ASSERT_NE(people.email_of("00Q000000000001"), nullptr);
  EXPECT_EQ(*people.email_of("003000000000001AAA"), "ann@x.io");
  EXPECT_EQ(people.email_of("00Q000000000002AAA"), nullptr);
  EXPECT_EQ(people.ids().size(), 2U);
  std::vector<actors::Activity> activities;
  sf::add_activities("CampaignMember",
                     json::parse(R"({"Id":"00v1","HasResponded":true,"FirstRespondedDate":"2026-05-01",
                       "LeadId":"00Q000000000001AAA","ContactId":"003000000000001AAA"})")
                         .as_object(),
                     builtin(), people, Timestamp{}, now, activities);
  ASSERT_EQ(activities.size(), 1U);
  EXPECT_EQ(activities.front().email, "ann@x.io");
  sf::add_activities("Task",
                     json::parse(R"({"Id":"00T1","IsClosed":true,"ActivityDate":"2026-05-01",
                       "WhoId":"00Q000000000001AAA"})")
                         .as_object(),
                     builtin(), people, *parse_source_time("2026-05-02"), now, activities);
  EXPECT_EQ(activities.size(), 1U) << "older than asked for";
}

}  // namespace
}  // namespace leadlight::net
