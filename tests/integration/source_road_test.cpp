// Goal: a trigger of an organisation with activity sources is scored from all that they know, once, or not at all.
// Method: the real engine without a network, sources and a target played by the test, a clock that the test moves.
#include "tests/support/source_stage.hpp"

#include <gmock/gmock.h>

namespace leadlight::tests {
namespace {

using actors::Record;
using engine::day;
using engine::Milliseconds;

class BothHosts : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(SourceRoad, BothHosts, testing::Bool(),
                         [](const auto& host) { return host.param ? "Spawned" : "Hosted"; });

TEST_P(BothHosts, ATriggerFetchesScoresAndWritesOnce) {
  Stage stage(false, GetParam());
  EngineRoom room(stage.options);
  add_five(*stage.crm, room, ann);
  EXPECT_EQ(accept(room, ann, "req_1"), "req_1");
  const auto view = outcome_of(room, "req_1");
  EXPECT_EQ(view.outcome, "written");
  EXPECT_EQ(view.score, five_score);
  ASSERT_TRUE(view.fetched_at && view.scored_at && view.written_at);
  EXPECT_LE(view.accepted_at, *view.fetched_at);
  EXPECT_LE(*view.fetched_at, *view.scored_at);
  EXPECT_LE(*view.scored_at, *view.written_at);
  const auto writes = room.target().wait_for(1);
  ASSERT_EQ(writes.size(), 1U) << "what was fetched owes nothing of its own";
  EXPECT_EQ(writes.front().score, five_score);
  EXPECT_EQ(events_of(room, ann), 5U);
  const auto entries = room.store().scan(storage::Family::fetches, {}, {}, 10);
  EXPECT_TRUE(entries && entries->empty());
}

TEST(SourceRoad, EveryAddressOfAPersonIsAskedAbout) {
  Stage stage;
  EngineRoom room(stage.options);
  add_five(*stage.crm, room, ann);
  actors::Submission joined{organisation, {}, std::nullopt};
  joined.links.emplace_back(ann, "ann@private.example");
  joined.links.emplace_back("ann@private.example", "amy@alder.example");
  (void)receipts_in(room.ask(std::move(joined)));
  const auto id = accept(room, "ann@private.example", "req_1");
  const auto view = outcome_of(room, id);
  EXPECT_EQ(view.outcome, "written");
  EXPECT_EQ(view.score, five_score);
  EXPECT_EQ(view.email, "amy@alder.example") << "the first of the addresses names the lead";
  EXPECT_EQ(events_of(room, ann), 5U);
}

TEST(SourceRoad, NoneIsZeroAndWritten) {
  Stage stage;
  EngineRoom room(stage.options);
  accept(room, ann, "req_1");
  const auto view = outcome_of(room, "req_1");
  EXPECT_EQ(view.outcome, "written");
  EXPECT_EQ(view.score, 0);
  const auto writes = room.target().wait_for(1);
  ASSERT_EQ(writes.size(), 1U);
  EXPECT_EQ(writes.front().segment, engine::Segment::low);
  EXPECT_EQ(writes.front().signals, "");
}

TEST(SourceRoad, WithoutSourcesATriggerAloneIsNoDataAndNothingIsAsked) {
  EngineRoom room;
  accept(room, ann, "req_1");
  EXPECT_EQ(room.outcome_of("req_1").outcome, "no_data");
  const auto rows = room.store().scan(storage::Family::fetches, {}, {}, 10);
  EXPECT_TRUE(rows && rows->empty());
}

TEST(SourceRoad, PushedAndFetchedCountsOnce) {
  Stage stage;
  EngineRoom room(stage.options);
  const auto now = room.clock().now();
  room.submit({room.event(ann, "demo_requested", "a1", now - 3 * day)});
  add_five(*stage.crm, room, ann);
  accept(room, ann, "req_1");
  EXPECT_EQ(outcome_of(room, "req_1").score, five_score);
  EXPECT_EQ(events_of(room, ann), 5U);
  accept(room, ann, "req_2");
  EXPECT_EQ(outcome_of(room, "req_2").score, five_score);
  EXPECT_EQ(events_of(room, ann), 5U);
  EXPECT_EQ(room.counters().records_duplicate.load(), 0U) << "what is known is not logged again";
  EXPECT_EQ(room.counters().conflicts.load(), 0U);
}

TEST(SourceRoad, ASourceThatIsDownMakesItLateAndIsAskedAgain) {
  Stage stage;
  EngineRoom room(stage.options);
  add_five(*stage.crm, room, ann);
  stage.crm->is_down(actors::SourceFault{"played outage", std::nullopt, false});
  accept(room, ann, "req_1");
  wait_for_fetch(room, *stage.crm, 1);
  room.clock().advance(Milliseconds{600'001});
  wait_for_fetch(room, *stage.crm, 2, Milliseconds{5'000});
  const auto late = room.ask(actors::RequestQuery{organisation, "req_1"});
  EXPECT_EQ(std::get<actors::RequestView>(late).outcome, "late");
  EXPECT_EQ(room.counters().writebacks_written.load(), 0U);
  stage.crm->is_down(std::nullopt);
  const auto view = outcome_of(room, "req_1", Milliseconds{5'000});
  EXPECT_EQ(view.outcome, "written");
  EXPECT_GT(*view.fetched_at - view.accepted_at, Milliseconds{600'000});
  EXPECT_EQ(events_of(room, ann), 5U);
  EXPECT_GE(room.counters().fetches_late.load(), 1U);
}

TEST(SourceRoad, AfterADayItIsGivenUp) {
  Stage stage;
  EngineRoom room(stage.options);
  const auto now = room.clock().now();
  room.submit({room.event("known@alder.example", "demo_requested", "p1", now)});
  stage.crm->is_down(actors::SourceFault{"played outage", std::nullopt, false});
  accept(room, ann, "req_1");
  accept(room, "known@alder.example", "req_2");
  wait_for_fetch(room, *stage.crm, 1);
  room.clock().advance(day);
  EXPECT_EQ(outcome_of(room, "req_1", Milliseconds{60'000}).outcome, "no_data") << "unknown is not zero";
  const auto known = outcome_of(room, "req_2", Milliseconds{60'000});
  EXPECT_EQ(known.outcome, "source_failed");
  EXPECT_THAT(known.detail, testing::HasSubstr("played outage"));
}

TEST(SourceRoad, NothingIsScoredFromHalfOfTheSources) {
  Stage stage(true);
  EngineRoom room(stage.options);
  add_five(*stage.crm, room, ann);
  stage.marketing->knows(activity(ann, "trial_started", "m1", room.clock().now()));
  stage.marketing->is_down(actors::SourceFault{"played outage", std::nullopt, false});
  accept(room, ann, "req_1");
  wait_for_fetch(room, *stage.marketing, 3, Milliseconds{1'000});
  EXPECT_EQ(events_of(room, ann), 0U) << "not even logged";
  stage.marketing->is_down(std::nullopt);
  EXPECT_EQ(outcome_of(room, "req_1", Milliseconds{1'000}).outcome, "written");
  EXPECT_EQ(room.target().wait_for(1).size(), 1U);
  EXPECT_EQ(events_of(room, ann), 6U);
}

TEST(SourceRoad, PartialScoresAreWrittenWhereAllowedAndMadeWholeLater) {
  Stage stage(true);
  stage.options.source_timing.allow_partial = true;
  EngineRoom room(stage.options);
  add_five(*stage.crm, room, ann);
  stage.marketing->knows(activity(ann, "trial_started", "m1", room.clock().now()));
  stage.marketing->is_down(actors::SourceFault{"played outage", std::nullopt, false});
  accept(room, ann, "req_1");
  const auto partial = outcome_of(room, "req_1");
  EXPECT_EQ(partial.outcome, "written");
  EXPECT_EQ(partial.score, five_score);
  stage.marketing->is_down(std::nullopt);
  const auto end = std::chrono::steady_clock::now() + patience;
  while (events_of(room, ann) < 6 && std::chrono::steady_clock::now() < end) {
    room.clock().advance(Milliseconds{1'000});
    pause_shortly();
  }
  EXPECT_EQ(events_of(room, ann), 6U);
  EXPECT_GT(room.target().wait_for(2).back().score, five_score);
}

TEST(SourceRoad, AnAddressThatFailsHoldsUpNoOther) {
  Stage stage;
  EngineRoom room(stage.options);
  stage.crm->fails_for("bad@alder.example");
  accept(room, "bad@alder.example", "req_bad");
  accept(room, ann, "req_1");
  EXPECT_EQ(outcome_of(room, "req_1").outcome, "written");
  stage.crm->fails_for("bad@alder.example", false);
  EXPECT_EQ(outcome_of(room, "req_bad", Milliseconds{1'000}).outcome, "written");
}

TEST(SourceRoad, TwoHundredTriggersAreFewCalls) {
  Stage stage;
  EngineRoom room(stage.options);
  std::vector<Record> triggers;
  for (int i = 0; i < 200; ++i)
    triggers.push_back(
        room.trigger("p" + std::to_string(i) + "@x" + std::to_string(i) + ".example", "req_" + std::to_string(i)));
  ASSERT_EQ(receipts_in(room.submit(triggers)).size(), 200U);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(outcome_of(room, "req_" + std::to_string(i)).outcome, "written") << i;
  EXPECT_LE(stage.crm->times_asked(), 3U);
}

TEST(SourceRoad, ATriggerJoinsTheOneThatWaitsAndOneMoreRunFollowsTheOneThatRuns) {
  Stage stage;
  EngineRoom room(stage.options);
  EXPECT_EQ(accept(room, ann, "req_1"), "req_1");
  EXPECT_EQ(accept(room, ann, "req_2"), "req_1") << "it waits";
  stage.crm->hangs();
  wait_for_fetch(room, *stage.crm, 1);
  EXPECT_EQ(accept(room, ann, "req_3"), "req_3") << "it runs";
  EXPECT_EQ(accept(room, ann, "req_4"), "req_3");
  stage.crm->knows(activity(ann, "demo_requested", "a1", room.clock().now()));
  stage.crm->lets_go();
  EXPECT_EQ(outcome_of(room, "req_1").outcome, "written");
  const auto again = outcome_of(room, "req_3");
  EXPECT_THAT(again.outcome, testing::AnyOf("written", "unchanged"));
  EXPECT_EQ(stage.crm->wait_for(2).size(), 2U);
  EXPECT_EQ(room.counters().triggers_joined.load(), 2U);
}

TEST(SourceRoad, ATriggerThatComesWhileASourceIsAskedAgainJoins) {
  Stage stage;
  EngineRoom room(stage.options);
  stage.crm->is_down(actors::SourceFault{"played outage", Milliseconds{30'000}, false});
  accept(room, ann, "req_1");
  wait_for_fetch(room, *stage.crm, 1);
  const auto end = std::chrono::steady_clock::now() + patience;
  while (room.counters().fetches_retried.load() == 0 && std::chrono::steady_clock::now() < end)
    std::this_thread::yield();
  std::string joined;
  while (joined != "req_1" && std::chrono::steady_clock::now() < end) joined = accept(room, ann, "req_2");
  EXPECT_EQ(joined, "req_1");
}

TEST(SourceRoad, StoppedInTheMiddleItGoesOn) {
  Stage stage;
  EngineRoom room(stage.options);
  add_five(*stage.crm, room, ann);
  stage.crm->hangs();
  accept(room, ann, "req_1");
  wait_for_fetch(room, *stage.crm, 1);
  room.stop();
  stage.crm->lets_go();
  room.start();
  const auto view = outcome_of(room, "req_1");
  EXPECT_EQ(view.outcome, "written");
  EXPECT_EQ(view.score, five_score);
  EXPECT_EQ(events_of(room, ann), 5U);
}

TEST(SourceRoad, ItsActorsMayEndAtAnyTime) {
  Stage stage;
  EngineRoom room(stage.options);
  for (const auto part : {actors::Part::sources, actors::Part::shard, actors::Part::gateway, actors::Part::committer}) {
    const auto email = "p" + std::to_string(static_cast<int>(part)) + "@alder.example";
    const auto id = "req_" + std::to_string(static_cast<int>(part));
    stage.crm->knows(activity(email, "demo_requested", "d" + id, room.clock().now()));
    while (accept(room, email, id).empty()) std::this_thread::yield();
    room.kill(part);
    const auto view = outcome_of(room, id);
    EXPECT_THAT(view.outcome, testing::AnyOf("written", "unchanged")) << id;
    EXPECT_EQ(view.score, 56);
    EXPECT_EQ(events_of(room, email), 1U);
  }
  EXPECT_EQ(room.fatal(), "");
}

TEST(SourceRoad, APullFindsWhatNobodyToldAndGoesOnFromThere) {
  Stage stage;
  stage.crm->page_by(2);
  EngineRoom room(stage.options);
  const auto now = room.clock().now();
  room.submit({room.event(ann, "demo_requested", "a1", now - day)});
  stage.crm->wait_for_polls(1);
  for (int i = 1; i <= 5; ++i)
    stage.crm->polls_up(activity(ann, "form_submitted", "a" + std::to_string(i), now - i * day));
  auto reply = room.ask(actors::AdminRequest{organisation, actors::PullSource{"crm"}});
  const auto& pulled = std::get<actors::PullReport>(std::get<actors::AdminAnswer>(reply));
  EXPECT_EQ(pulled.activities, 5U);
  EXPECT_EQ(pulled.fresh, 4U) << "a1 was pushed";
  EXPECT_EQ(events_of(room, ann), 5U);
  room.stop();
  room.start();
  stage.crm->polls_up(activity(ann, "form_submitted", "a6", now));
  const auto polls = stage.crm->wait_for_polls(0);
  room.clock().advance(Milliseconds{900'000});
  stage.crm->wait_for_polls(polls + 1);
  const auto end = std::chrono::steady_clock::now() + patience;
  while (events_of(room, ann) < 6 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_EQ(events_of(room, ann), 6U);
  auto listed = room.ask(actors::AdminRequest{organisation, actors::ListSources{}});
  const auto& rows = std::get<std::vector<actors::SourceRow>>(std::get<actors::AdminAnswer>(listed));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows.front().activities, 6U) << "the cursor was kept";
  EXPECT_EQ(rows.front().state, "ready");
}

TEST(SourceRoad, ASourceThatIsDownSaysSoWhenItIsPulled) {
  Stage stage;
  EngineRoom room(stage.options);
  stage.crm->wait_for_polls(1);
  stage.crm->is_down(actors::SourceFault{"played outage", Milliseconds{60'000}, false});
  auto reply = room.ask(actors::AdminRequest{organisation, actors::PullSource{"crm"}});
  ASSERT_TRUE(std::holds_alternative<engine::Error>(reply));
  EXPECT_EQ(std::get<engine::Error>(reply).what, "played outage");
  reply = room.ask(actors::AdminRequest{organisation, actors::PullSource{"other"}});
  EXPECT_EQ(std::get<engine::Error>(reply).code, engine::Errc::not_found);
  auto listed = room.ask(actors::AdminRequest{organisation, actors::ListSources{}});
  const auto& rows = std::get<std::vector<actors::SourceRow>>(std::get<actors::AdminAnswer>(listed));
  EXPECT_EQ(rows.front().state, "held");
  EXPECT_EQ(rows.front().reason, "played outage");
}

TEST(SourceRoad, WhenTheLastSourceGoesWhatWaitsIsScoredWithoutIt) {
  Stage stage;
  EngineRoom room(stage.options);
  room.submit({room.event(ann, "demo_requested", "p1", room.clock().now())});
  stage.crm->is_down(actors::SourceFault{"played outage", std::nullopt, false});
  accept(room, ann, "req_1");
  wait_for_fetch(room, *stage.crm, 1);
  room.ask(actors::AdminRequest{organisation, actors::RemoveSource{"crm"}});
  EXPECT_THAT(outcome_of(room, "req_1", Milliseconds{1'000}).outcome, testing::AnyOf("written", "unchanged"));
  accept(room, "new@alder.example", "req_2");
  EXPECT_EQ(room.outcome_of("req_2").outcome, "no_data");
}

// A second organisation: the source "marketing" is its own.
constexpr engine::OrganisationId neighbour{2};

void found_neighbour(EngineRoom& room) {
  room.stop();
  storage::Batch batch;
  storage::put(batch, storage::OrganisationSettings{neighbour, "Neighbour", true, room.clock().now()});
  auto file = engine::models::read_model(engine::models::starter_model_toml(), "starter.toml");
  ASSERT_TRUE(file);
  file->model.version = 1;
  storage::put(batch, storage::PublishedModel{neighbour, room.clock().now(), file->model});
  storage::SourceSettings source{2, organisation, "played", "marketing", {}, {}, {}, false, room.clock().now()};
  storage::remove_source(batch, source);
  source.organisation = neighbour;
  storage::put(batch, source);
  ASSERT_TRUE(room.store().commit(batch));
  room.start();
}

void trigger_at_neighbour(EngineRoom& room, const std::string& email, const std::string& id) {
  auto record = room.trigger(email, id);
  record.lead = engine::lead_id(neighbour, email);
  ASSERT_EQ(receipts_in(room.ask(actors::Submission{neighbour, {record}, std::nullopt})).size(), 1U);
}

// Also waits until the change before it is in force.
std::size_t sources_of(EngineRoom& room, engine::OrganisationId whose) {
  const auto listed = room.ask(actors::AdminRequest{whose, actors::ListSources{}});
  const auto* answer = std::get_if<actors::AdminAnswer>(&listed);
  return answer == nullptr ? 99 : std::get<std::vector<actors::SourceRow>>(*answer).size();
}

TEST(SourceRoad, ASourceThatGoesEndsNoFetchOfAnotherOrganisation) {
  Stage stage(true);
  EngineRoom room(stage.options);
  found_neighbour(room);
  stage.marketing->knows(activity(ann, "demo_requested", "a1", room.clock().now()));
  stage.marketing->hangs();
  trigger_at_neighbour(room, ann, "req_1");
  wait_for_fetch(room, *stage.marketing, 1);
  room.ask(actors::AdminRequest{organisation, actors::RemoveSource{"crm"}});
  EXPECT_EQ(sources_of(room, organisation), 0U);
  EXPECT_EQ(sources_of(room, neighbour), 1U);
  EXPECT_EQ(room.counters().fetches_retried.load(), 0U);
  stage.marketing->lets_go();
  const auto end = std::chrono::steady_clock::now() + patience;
  while (room.counters().fetches_completed.load() == 0 && std::chrono::steady_clock::now() < end) {
    room.clock().advance(Milliseconds{50});
    pause_shortly();
  }
  EXPECT_EQ(room.counters().fetches_completed.load(), 1U);
  EXPECT_EQ(room.counters().fetches_retried.load(), 0U);
  EXPECT_EQ(stage.marketing->times_asked(), 1U);
}

TEST(SourceRoad, ASourceThatGoesMakesNobodyElseAskAgain) {
  Stage stage(true);
  EngineRoom room(stage.options);
  found_neighbour(room);
  stage.marketing->is_down(actors::SourceFault{"played outage", Milliseconds{600'000}, false});
  trigger_at_neighbour(room, ann, "req_1");
  wait_for_fetch(room, *stage.marketing, 1);
  const auto end = std::chrono::steady_clock::now() + patience;
  while (room.counters().fetches_retried.load() == 0 && std::chrono::steady_clock::now() < end)
    std::this_thread::yield();
  room.ask(actors::AdminRequest{organisation, actors::RemoveSource{"crm"}});
  for (int i = 0; i < 50; ++i) EXPECT_EQ(sources_of(room, neighbour), 1U);  // time enough to be asked again
  EXPECT_EQ(room.counters().fetches_retried.load(), 1U) << "it waits for the pause that its source named";
}

}  // namespace
}  // namespace leadlight::tests
