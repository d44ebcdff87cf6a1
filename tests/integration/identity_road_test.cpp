// Goal: ids that turn out to be one person are one lead on the whole road: asked for, scored, triggered, written back
// and remembered. The order of arrival is the matter of tests/property/identity_property_test.cpp.
#include "actors/aliases.hpp"
#include "tests/support/engine_room.hpp"

#include <thread>

namespace leadlight::tests {
namespace {

using actors::LeadView;
using actors::ProfileQuestion;
using actors::ProfileView;
using actors::ScoreQuestion;
using engine::Outcome;
using namespace std::chrono_literals;  // NOLINT: the tests read better

class IdentityRoad : public ::testing::TestWithParam<bool> {
 protected:
  static RoomOptions options() {
    RoomOptions options;
    options.spawned = GetParam();
    return options;
  }
};

void link(EngineRoom& room, const std::string& a, const std::string& b) {
  actors::Submission submission{organisation, {}, std::nullopt};
  submission.links.emplace_back(a, b);
  (void)receipts_in(room.ask(std::move(submission)));
}

engine::MicroPoints raw_of(EngineRoom& room, const std::string& identity) {
  const auto reply = room.question(identity, ScoreQuestion{});
  const auto* view = std::get_if<LeadView>(&reply);
  EXPECT_NE(view, nullptr) << identity;
  return view != nullptr && view->score ? view->score->raw : -1;
}

actors::Record attributes_of(EngineRoom& room, const std::string& identity, std::vector<engine::Attribute> told) {
  auto record = room.trigger(identity, "req_attributes");
  record.body = engine::AttributeChange{std::move(told)};
  return record;
}

TEST_P(IdentityRoad, WhatSomebodyDidBeforeTheNameWasKnownCountsForTheLead) {
  EngineRoom room{options()};
  const auto now = room.clock().now();
  (void)receipts_in(room.submit({room.event("anonymous:a1", "demo_requested", "e1", now - 24h)}));
  EXPECT_GT(raw_of(room, "anonymous:a1"), 0);
  link(room, "anonymous:a1", "ann@acme.example");
  EXPECT_EQ(raw_of(room, "ann@acme.example"), raw_of(room, "anonymous:a1"));
  const auto again = receipts_in(room.submit({room.event("anonymous:a1", "demo_requested", "e1", now - 24h)}));
  EXPECT_EQ(again.at(0).outcome, Outcome::duplicate) << "the id is known by whichever name it comes";
  const auto before = raw_of(room, "ann@acme.example");
  (void)receipts_in(room.submit({room.event("anonymous:a1", "trial_started", "e2", now)}));
  EXPECT_EQ(raw_of(room, "ann@acme.example"), before + 40 * engine::micro_points_per_point);
  const auto listed = room.ask(actors::LeadsQuery{organisation, std::nullopt, "email", 10, "", true});
  EXPECT_EQ(std::get<actors::LeadsView>(listed).leads.size(), 1U) << "one person, one lead";
}

TEST_P(IdentityRoad, AnEventKeepsTheInstantOfItsFirstReceipt) {
  EngineRoom room{options()};
  const auto received = room.clock().now();
  (void)receipts_in(room.submit({room.event("anonymous:a1", "demo_requested", "e1", received)}));
  room.clock().advance(48h);
  link(room, "anonymous:a1", "ann@acme.example");
  const auto reply = room.question("ann@acme.example", actors::TimelineQuestion{});
  const auto* timeline = std::get_if<actors::TimelineView>(&reply);
  ASSERT_NE(timeline, nullptr);
  ASSERT_EQ(timeline->rows.size(), 1U);
  EXPECT_EQ(timeline->rows[0].received_at, received);
  EXPECT_EQ(timeline->rows[0].event_id, "e1");
  const auto past = room.question("ann@acme.example", ScoreQuestion{}, received + 24h);
  ASSERT_TRUE(std::holds_alternative<LeadView>(past));
  EXPECT_GT(std::get<LeadView>(past).score->raw, 0);
}

TEST_P(IdentityRoad, NobodyWithoutAnAddressIsWritten) {
  EngineRoom room{options()};
  (void)receipts_in(room.submit({room.event("user:7", "demo_requested", "e1", room.clock().now()),
                                 room.event("bo@acme.example", "demo_requested", "e2", room.clock().now())}));
  (void)receipts_in(room.submit({room.trigger("bo@acme.example", "req_1")}));
  EXPECT_EQ(room.outcome_of("req_1").outcome, "written");
  for (const auto& write : room.target().wait_for(1)) EXPECT_EQ(write.email, "bo@acme.example");
}

TEST_P(IdentityRoad, EveryAddressOfAPersonIsWritten) {
  EngineRoom room{options()};
  (void)receipts_in(room.submit({room.event("jo@old.example", "demo_requested", "e1", room.clock().now())}));
  link(room, "jo@old.example", "user:9");
  link(room, "user:9", "jo@new.example");
  const auto joined = receipts_in(room.submit({room.trigger("jo@old.example", "req_1")}));
  EXPECT_EQ(room.outcome_of(joined.at(0).request_id).outcome, "written");
  const auto writes = room.target().wait_for(1);
  ASSERT_FALSE(writes.empty());
  EXPECT_EQ(writes.back().email, "jo@new.example");
  EXPECT_EQ(writes.back().other_emails, std::vector<std::string>{"jo@old.example"});
}

TEST_P(IdentityRoad, ARequestThatWaitsOutlivesItsLeadsJoin) {
  EngineRoom room{options()};
  room.target().hang_on("zoe@acme.example");
  (void)receipts_in(room.submit({room.event("zoe@acme.example", "demo_requested", "e1", room.clock().now())}));
  room.target().wait_for(1);  // hangs: what comes now waits
  const auto waiting = receipts_in(room.submit({room.trigger("zoe@acme.example", "req_1")})).at(0).request_id;
  link(room, "zoe@acme.example", "amy@acme.example");
  room.target().let_go();
  const auto status = room.outcome_of(waiting);
  EXPECT_EQ(status.outcome, "written");
  EXPECT_EQ(status.email, "amy@acme.example");
  EXPECT_EQ(room.target().wait_for(2).back().email, "amy@acme.example");
}

TEST_P(IdentityRoad, TheLatestAttributeHoldsWhateverComesLast) {
  EngineRoom room{options()};
  const auto now = room.clock().now();
  (void)receipts_in(room.submit({attributes_of(room, "user:1", {{"title", "\"CTO\"", now}})}));
  (void)receipts_in(room.submit({attributes_of(
      room, "ann@acme.example", {{"title", "\"Engineer\"", now - 1h}, {"company.name", "\"Acme\"", now}})}));
  link(room, "ann@acme.example", "user:1");
  const auto reply = room.question("user:1", ProfileQuestion{});
  const auto* profile = std::get_if<ProfileView>(&reply);
  ASSERT_NE(profile, nullptr);
  EXPECT_EQ(profile->email, "ann@acme.example");
  EXPECT_EQ(profile->ids, std::vector<std::string>{"user:1"});
  ASSERT_EQ(profile->attributes.size(), 2U);
  EXPECT_EQ(profile->attributes[0].name, "company.name");
  EXPECT_EQ(profile->attributes[1].value, "\"CTO\"");
  const auto score = room.question("ann@acme.example", ScoreQuestion{});
  EXPECT_TRUE(std::holds_alternative<engine::Error>(score)) << "attributes alone bring no lead into being";
}

TEST_P(IdentityRoad, AnotherOrganisationsIdsAreOthers) {
  EngineRoom room{options()};
  (void)receipts_in(room.submit({room.event("anonymous:a1", "demo_requested", "e1", room.clock().now())}));
  actors::Submission foreign{OrganisationId{2}, {}, std::nullopt};
  foreign.links.emplace_back("anonymous:a1", "thief@evil.example");
  (void)receipts_in(room.ask(std::move(foreign)));
  EXPECT_GT(raw_of(room, "anonymous:a1"), 0);
  const auto reply =
      room.ask(actors::LeadQuery{OrganisationId{2}, "thief@evil.example", std::nullopt, ScoreQuestion{}});
  EXPECT_TRUE(std::holds_alternative<engine::Error>(reply));
}

TEST_P(IdentityRoad, ThousandsOfEventsAreBroughtOver) {
  EngineRoom room{options()};
  const auto now = room.clock().now();
  for (int step = 0; step < 5; ++step) {
    std::vector<actors::Record> records;
    for (int i = 0; i < 500; ++i) {
      const auto n = step * 500 + i;
      records.push_back(room.event("anonymous:busy", "page_viewed", "e" + std::to_string(n), now - n * 1min));
    }
    (void)receipts_in(room.submit(std::move(records)));
  }
  const auto before = raw_of(room, "anonymous:busy");
  link(room, "anonymous:busy", "busy@acme.example");
  EXPECT_EQ(raw_of(room, "busy@acme.example"), before);
  const auto reply = room.question("busy@acme.example", actors::TimelineQuestion{10'000, std::nullopt});
  ASSERT_TRUE(std::holds_alternative<actors::TimelineView>(reply));
  EXPECT_EQ(std::get<actors::TimelineView>(reply).rows.size(), 2'500U);
}

TEST_P(IdentityRoad, APersonHasABoundedNumberOfIds) {
  EngineRoom room{options()};
  actors::Submission many{organisation, {}, std::nullopt};
  const auto most = actors::ids_per_person_max;
  for (std::size_t i = 0; i < most + 50; ++i) many.links.emplace_back("ann@acme.example", "user:" + std::to_string(i));
  (void)receipts_in(room.ask(std::move(many)));
  const auto reply = room.question("ann@acme.example", ProfileQuestion{});
  ASSERT_TRUE(std::holds_alternative<ProfileView>(reply));
  EXPECT_EQ(std::get<ProfileView>(reply).ids.size() + 1, most);
  EXPECT_EQ(room.counters().joins_left_out, 51U);
  link(room, "ann@acme.example", "user:late");
  EXPECT_EQ(room.counters().joins_left_out, 52U) << "also once they are durable";
}

TEST_P(IdentityRoad, ManyJoinsOfOneOrganisationHoldUpNoOther) {
  EngineRoom room{options()};
  actors::Submission many{organisation, {}, std::nullopt};
  for (int i = 0; i < 15'000; ++i)
    many.links.emplace_back("user:" + std::to_string(i), "p" + std::to_string(i) + "@acme.example");
  auto flood = std::make_shared<WaitingSink>();
  auto flooded = flood->future();
  room.send(std::move(many), std::move(flood));
  actors::Submission one{OrganisationId{2}, {}, std::nullopt};
  one.links.emplace_back("user:1", "bo@beech.example");
  (void)receipts_in(room.ask(std::move(one)));
  EXPECT_NE(flooded.wait_for(0s), std::future_status::ready) << "the other's join went with the first waves";
  EXPECT_TRUE(std::holds_alternative<actors::Receipts>(flooded.get()));
}

TEST_P(IdentityRoad, EveryAddressIsWrittenHoweverManyIdsThereAre) {
  EngineRoom room{options()};
  actors::Submission many{organisation, {}, std::nullopt};
  for (int i = 0; i < 400; ++i) many.links.emplace_back("ann@acme.example", "anonymous:" + std::to_string(i));
  many.links.emplace_back("ann@acme.example", "bea@acme.example");
  many.links.emplace_back("cyd@acme.example", "anonymous:7");
  (void)receipts_in(room.ask(std::move(many)));
  (void)receipts_in(room.submit({room.event("anonymous:1", "demo_requested", "e1", room.clock().now())}));
  const auto writes = room.target().wait_for(1);
  ASSERT_FALSE(writes.empty());
  EXPECT_EQ(writes.front().email, "ann@acme.example");
  EXPECT_EQ(writes.front().other_emails, (std::vector<std::string>{"bea@acme.example", "cyd@acme.example"}));
}

INSTANTIATE_TEST_SUITE_P(Hosts, IdentityRoad, ::testing::Bool(),
                         [](const auto& host) { return host.param ? "spawned" : "hosted"; });

}  // namespace
}  // namespace leadlight::tests
