// Goal: the road of one trigger holds with real actors: acknowledged, counted once, scored, written back, whatever
// actor ends. Method: every test runs on both lead hosts, over the in-memory store, with a clock and a target played by
// the test.
#include "tests/support/engine_room.hpp"
#include "tests/support/failing_store.hpp"

#include <random>
#include <thread>

namespace leadlight::tests {
namespace {

using actors::ActorQuestion;
using actors::LeadView;
using actors::ReceiptQuestion;
using actors::ReceiptView;
using actors::ScoreQuestion;
using engine::Outcome;
using engine::Segment;
using engine::WriteOutcome;
using namespace std::chrono_literals;  // NOLINT: the tests read better

class Road : public ::testing::TestWithParam<bool> {
 protected:
  static RoomOptions options() {
    RoomOptions options;
    options.spawned = GetParam();
    return options;
  }
};

LeadView view_in(const Reply& reply) {
  if (const auto* view = std::get_if<LeadView>(&reply)) return *view;
  ADD_FAILURE() << "not a lead";
  return {};
}

/// An event of the lead, then a trigger; the id under which the trigger's outcome is told.
std::string bring(EngineRoom& room, const std::string& email, const std::string& request) {
  (void)receipts_in(room.submit({room.event(email, "demo_requested", "e", room.clock().now())}));
  return receipts_in(room.submit({room.trigger(email, request)})).at(0).request_id;
}

TEST_P(Road, AnEventIsCountedOnceAndScored) {
  EngineRoom room{options()};
  const auto now = room.clock().now();
  const auto first = receipts_in(room.submit({room.event("ann@acme.example", "demo_requested", "e1", now)}));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].outcome, Outcome::counted);
  const auto again = receipts_in(room.submit({room.event("ann@acme.example", "demo_requested", "e1", now)}));
  EXPECT_EQ(again.at(0).outcome, Outcome::duplicate);
  const auto view = view_in(room.question("ann@acme.example", ScoreQuestion{}));
  ASSERT_TRUE(view.score);
  EXPECT_EQ(view.score->raw, 40 * engine::micro_points_per_point);
  EXPECT_EQ(view.score->segment, Segment::medium);
  ASSERT_TRUE(view.next_change_at);
  EXPECT_EQ(view.next_segment, Segment::low);
}

TEST_P(Road, AReceiptSumsAndNamesTheEventAsSent) {
  EngineRoom room{options()};
  const auto now = room.clock().now();
  (void)receipts_in(room.submit({room.event("ann@acme.example", "pricing_viewed", "first id", now - 24h),
                                 room.event("ann@acme.example", "email_clicked", "second id", now)}));
  const auto reply = room.question("ann@acme.example", ReceiptQuestion{});
  const auto* receipt = std::get_if<ReceiptView>(&reply);
  ASSERT_NE(receipt, nullptr);
  engine::MicroPoints sum = 0;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < receipt->lines.size(); ++i) {
    sum += receipt->lines[i].micro_points;
    ids.push_back(receipt->event_ids[i].value_or(""));
  }
  EXPECT_EQ(sum, receipt->lead.score->raw);
  EXPECT_NE(std::find(ids.begin(), ids.end(), "first id"), ids.end());
  EXPECT_NE(std::find(ids.begin(), ids.end(), "second id"), ids.end());
}

TEST_P(Road, EveryQuestionCanBeAskedOfAPastInstant) {
  EngineRoom room{options()};
  const auto now = room.clock().now();
  (void)receipts_in(room.submit({room.event("ann@acme.example", "demo_requested", "e1", now)}));
  room.clock().advance(48h);
  const auto then = now + 24h;
  EXPECT_GT(view_in(room.question("ann@acme.example", ScoreQuestion{}, then)).score->raw, 0);
  const auto forecast = room.question("ann@acme.example", actors::ForecastQuestion{}, then);
  ASSERT_TRUE(std::holds_alternative<actors::ForecastView>(forecast));
  EXPECT_EQ(std::get<actors::ForecastView>(forecast).points.front().at, then);
  const auto receipt = room.question("ann@acme.example", ReceiptQuestion{}, then);
  ASSERT_TRUE(std::holds_alternative<ReceiptView>(receipt));
  EXPECT_EQ(std::get<ReceiptView>(receipt).event_ids.at(0).value_or(""), "e1");
}

TEST_P(Road, ATriggerIsWrittenBackWithTheScoreOfItsInstant) {
  EngineRoom room{options()};
  (void)receipts_in(room.submit({room.event("bo@acme.example", "trial_started", "t1", room.clock().now())}));
  room.target().wait_for(1);
  (void)receipts_in(room.submit({room.trigger("bo@acme.example", "req_1")}));
  const auto status = room.outcome_of("req_1");
  EXPECT_EQ(status.outcome, "written");
  EXPECT_TRUE(status.scored_at.has_value());
  EXPECT_TRUE(status.written_at.has_value());
  EXPECT_EQ(room.target().wait_for(2).back().score, 56);  // 40 points between 30 (50) and 60 (70): 50 + 20 × 10/30
}

TEST_P(Road, ATriggerForSomebodyUnknownLeavesNothingButItsOutcome) {
  EngineRoom room{options()};
  (void)receipts_in(room.submit({room.trigger("test@example.com", "req_unknown")}));
  EXPECT_EQ(room.outcome_of("req_unknown").outcome, "no_data");
  const auto reply = room.question("test@example.com", ScoreQuestion{});
  ASSERT_TRUE(std::holds_alternative<engine::Error>(reply));
  EXPECT_EQ(std::get<engine::Error>(reply).code, engine::Errc::not_found);
}

TEST_P(Road, WaitingTriggersOfOneLeadJoin) {
  EngineRoom room{options()};
  std::promise<void> release;
  auto released = release.get_future().share();
  (void)receipts_in(room.submit({room.event("cy@acme.example", "page_viewed", "p", room.clock().now())}));
  room.target().wait_for(1);
  room.target().answer_with([&, released](const auto& writes) {
    released.wait();
    return room.target().all_written(writes);
  });
  (void)receipts_in(room.submit({room.trigger("cy@acme.example", "req_a")}));
  room.target().wait_for(2);  // req_a is running now
  const auto b = receipts_in(room.submit({room.trigger("cy@acme.example", "req_b")}));
  const auto c = receipts_in(room.submit({room.trigger("cy@acme.example", "req_c")}));
  EXPECT_EQ(b.at(0).request_id, "req_b");
  EXPECT_EQ(c.at(0).request_id, "req_b");
  release.set_value();
  EXPECT_EQ(room.outcome_of("req_a").outcome, "written");
  EXPECT_EQ(room.outcome_of("req_b").outcome, "written");
}

TEST_P(Road, ARefusedLeadBecomesADeadLetterAndItsNeighboursAreWritten) {
  EngineRoom room{options()};
  room.target().answer_with([&](const auto& writes) {
    auto report = room.target().all_written(writes);
    for (std::size_t i = 0; i < writes.size(); ++i) {
      if (writes[i].email != "bad@acme.example") continue;
      report.results[i].outcome = WriteOutcome::dead_letter;
      report.results[i].code = "FIELD_CUSTOM_VALIDATION_EXCEPTION";
    }
    return report;
  });
  std::vector<actors::Record> events;
  std::vector<actors::Record> triggers;
  for (const auto* who : {"bad", "good", "fine"}) {
    const std::string email = std::string{who} + "@acme.example";
    events.push_back(room.event(email, "page_viewed", who, room.clock().now()));
    triggers.push_back(room.trigger(email, std::string{"req_"} + who));
  }
  (void)receipts_in(room.submit(std::move(events)));
  (void)receipts_in(room.submit(std::move(triggers)));
  EXPECT_EQ(room.outcome_of("req_bad").outcome, "dead_letter");
  EXPECT_EQ(room.outcome_of("req_good").outcome, "written");
  EXPECT_EQ(room.outcome_of("req_fine").outcome, "written");
  const auto reply = room.ask(actors::AdminRequest{organisation, actors::ListDeadLetters{}});
  const auto* answer = std::get_if<actors::AdminAnswer>(&reply);
  ASSERT_NE(answer, nullptr);
  const auto& letters = std::get<std::vector<actors::DeadLetterRow>>(*answer);
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].code, "FIELD_CUSTOM_VALIDATION_EXCEPTION");
  EXPECT_EQ(letters[0].email, "bad@acme.example");
}

TEST_P(Road, ACrossingWithoutAnyEventIsWrittenBack) {
  EngineRoom room{options()};
  const auto now = room.clock().now();
  (void)receipts_in(room.submit({room.event("di@acme.example", "demo_requested", "d", now)}));
  room.target().wait_for(1);
  const auto view = view_in(room.question("di@acme.example", ScoreQuestion{}));
  ASSERT_TRUE(view.next_change_at);
  std::size_t seen = 1;
  int held = 56;
  // Six hours at a time, until the segment has changed: the target never holds a score five points off.
  while (room.clock().now() <= *view.next_change_at + 30min) {
    room.clock().advance(6h);
    const auto current = view_in(room.question("di@acme.example", ScoreQuestion{}));
    if (std::abs(current.score->score - held) < 5 && room.clock().now() <= *view.next_change_at) continue;
    const auto writes = room.target().wait_for(++seen);
    ASSERT_GE(writes.size(), seen) << "timers fired " << room.counters().timers_fired << ", drift writebacks "
                                   << room.counters().drift_writebacks << ", written "
                                   << room.counters().writebacks_written << ", queued "
                                   << room.counters().writebacks_queued << ", score now " << current.score->score
                                   << ", held " << held;
    held = writes.back().score;
    EXPECT_LT(std::abs(current.score->score - held), 5);
  }
  EXPECT_EQ(room.target().wait_for(seen).back().segment, Segment::low);
}

TEST_P(Road, ALeadDecayingFrom84To71IsNeverDriftPointsWrongAtTheTarget) {
  EngineRoom room{options()};
  const auto now = room.clock().now();
  std::vector<actors::Record> events;
  for (const auto* type :
       {"demo_requested", "trial_started", "webinar_attended", "page_viewed", "page_viewed", "page_viewed"})
    events.push_back(room.event("jo@acme.example", type, "e" + std::to_string(events.size()), now));
  (void)receipts_in(room.submit(std::move(events)));
  int held = room.target().wait_for(1).back().score;
  EXPECT_EQ(held, 84);  // 98 points between 60 (70) and 100 (85): 70 + 15 × 38 / 40
  std::size_t seen = 1;
  for (int current = 84; current > 71;) {
    room.clock().advance(1h);
    current = view_in(room.question("jo@acme.example", ScoreQuestion{})).score->score;
    if (std::abs(current - held) < 5) continue;
    held = room.target().wait_for(++seen).back().score;  // sent because of the drift alone
    EXPECT_LT(std::abs(current - held), 5);
  }
  EXPECT_GE(seen, 3U);
}

TEST_P(Road, APoisonedRecordIsQuarantinedAlone) {
  auto settings = options();
  settings.apply = [](engine::Lead lead, const engine::Record& record, const engine::Organisation& organisation_state,
                      const std::optional<engine::KnownId>& known, const engine::Limits& limits) {
    const auto* event = std::get_if<engine::EngagementEvent>(&record.body);
    if (event != nullptr && event->event_id == "poison") (void)std::string{}.at(1);  // throws, as a fault of ours would
    return engine::apply(std::move(lead), record, organisation_state, known, limits);
  };
  EngineRoom room{settings};
  const auto now = room.clock().now();
  const auto receipts = receipts_in(room.submit({room.event("eve@acme.example", "page_viewed", "before", now),
                                                 room.event("eve@acme.example", "page_viewed", "poison", now),
                                                 room.event("eve@acme.example", "page_viewed", "after", now),
                                                 room.event("fay@acme.example", "page_viewed", "other", now)}));
  ASSERT_EQ(receipts.size(), 4U);
  EXPECT_EQ(receipts[0].outcome, Outcome::counted);
  EXPECT_EQ(receipts[1].outcome, Outcome::quarantined);
  EXPECT_EQ(receipts[2].outcome, Outcome::counted);
  EXPECT_EQ(receipts[3].outcome, Outcome::counted);
  EXPECT_EQ(view_in(room.question("eve@acme.example", ScoreQuestion{})).score->raw, 2 * engine::micro_points_per_point);
}

TEST_P(Road, EachActorMayEndUnderLoadAndNothingIsLostOrDoubled) {
  EngineRoom room{options()};
  const auto now = room.clock().now();
  constexpr int leads = 40;
  constexpr int rounds = 60;
  using actors::Part;
  const std::vector<Part> parts = {Part::gateway,    Part::scoring,       Part::committer, Part::shard,
                                   Part::writebacks, Part::administrator, Part::reader};
  for (int round = 0; round < rounds; ++round) {
    if (round % 8 == 4) {
      room.kill(parts[static_cast<std::size_t>(round / 8) % parts.size()]);
      room.clock().advance(3min);  // five restarts in ten minutes would be too many
    }
    std::vector<actors::Record> events;
    for (int lead = 0; lead < leads; ++lead)
      events.push_back(room.event("lead" + std::to_string(lead) + "@acme" + std::to_string(lead % 7) + ".example",
                                  "page_viewed", std::to_string(round), now));
    // A sender repeats what was not acknowledged, under the same ids.
    for (int attempt = 0;; ++attempt) {
      ASSERT_LT(attempt, 100'000);
      const auto reply = room.submit(events);
      if (std::holds_alternative<actors::Receipts>(reply)) break;
      std::this_thread::yield();
    }
  }
  room.clock().set(now);
  for (int lead = 0; lead < leads; ++lead) {
    const std::string email = "lead" + std::to_string(lead) + "@acme" + std::to_string(lead % 7) + ".example";
    EXPECT_EQ(view_in(room.question(email, ScoreQuestion{})).score->raw, rounds * engine::micro_points_per_point)
        << email;
  }
  EXPECT_EQ(room.fatal(), "");
}

TEST_P(Road, AWorkerThatEndsIsStartedAgainAndEveryTriggerIsWrittenBack) {
  EngineRoom room{options()};
  const auto now = room.clock().now();
  constexpr int leads = 60;
  std::atomic<int> ends{3};
  room.target().answer_with([&](const auto& writes) {
    if (ends.fetch_sub(1) > 0) throw std::runtime_error("the worker ends in the middle of a batch");
    return room.target().all_written(writes);
  });
  std::vector<std::string> requests;
  for (int lead = 0; lead < leads; ++lead) {
    const std::string email = "lead" + std::to_string(lead) + "@acme.example";
    (void)receipts_in(room.submit({room.event(email, "demo_requested", "e", now)}));
    const auto receipts = receipts_in(room.submit({room.trigger(email, "req_" + std::to_string(lead))}));
    requests.push_back(receipts.at(0).request_id);
  }
  for (const auto& request : requests) EXPECT_EQ(room.outcome_of(request).outcome, "written") << request;
  EXPECT_LE(ends.load(), 0) << "the worker never ended";
  EXPECT_EQ(room.fatal(), "");
}

TEST_P(Road, AClockThatJumpsMakesNoWrongWindowAndNoNegativeAge) {
  EngineRoom room{options()};
  const auto now = room.clock().now();
  const std::string email = "ann@acme.example";
  const auto raw = [&] { return view_in(room.question(email, ScoreQuestion{})).score->raw; };
  const auto add = [&](const std::string& id, engine::Timestamp occurred_at) {
    return receipts_in(room.submit({room.event(email, "demo_requested", id, occurred_at)})).at(0).outcome;
  };
  EXPECT_EQ(add("e1", now), Outcome::counted);
  EXPECT_EQ(add("old", now - 89 * 24h), Outcome::counted);
  room.clock().set(now - 24h);  // set back by a day: what has happened is of age 0, not below
  EXPECT_EQ(raw(), 40 * engine::micro_points_per_point);
  EXPECT_EQ(add("e1", now), Outcome::duplicate);
  EXPECT_EQ(add("e2", now - 24h), Outcome::counted);
  EXPECT_EQ(raw(), 80 * engine::micro_points_per_point);
  room.clock().set(now + 24h);  // two days ahead: the oldest leaves the window …
  EXPECT_EQ(add("e3", now + 24h), Outcome::counted);
  const auto ahead = raw();
  room.clock().set(now);  // … and is still known when the clock comes back
  EXPECT_EQ(add("old", now - 89 * 24h), Outcome::duplicate);
  EXPECT_EQ(add("e1", now), Outcome::duplicate);
  room.clock().set(now + 24h);
  EXPECT_EQ(raw(), ahead);
  for (int i = 0; i < 5; ++i) {  // a clock that stands still, and one that leaps
    EXPECT_EQ(raw(), ahead);
    room.clock().set(now + 200 * 24h);
    EXPECT_EQ(raw(), 0);
    room.clock().set(now + 24h);
  }
  EXPECT_EQ(room.fatal(), "");
}

TEST_P(Road, ABatchThatHangsHoldsUpNoOther) {
  EngineRoom room{options()};
  room.target().hang_on("slow@acme.example");
  const auto slow = bring(room, "slow@acme.example", "req_slow");
  room.target().wait_for(1);  // its batch is under way, and stays so
  EXPECT_EQ(room.outcome_of(bring(room, "fast@other.example", "req_fast")).outcome, "written");
  const auto waits = room.ask(actors::RequestQuery{organisation, slow});
  EXPECT_EQ(std::get<actors::RequestView>(waits).outcome, "accepted");
  room.target().let_go();
  EXPECT_EQ(room.outcome_of(slow).outcome, "written");
  // Whatever might still go out of the slow one is due before this one.
  EXPECT_EQ(room.outcome_of(bring(room, "last@other.example", "req_last")).outcome, "written");
  const auto writes = room.target().wait_for(3);
  EXPECT_LE(std::count_if(writes.begin(), writes.end(), [](const auto& write) { return write.email[0] == 's'; }), 2)
      << "one at a time, the last value last";
}

TEST_P(Road, WhatWasCarriedOutBeforeAHoldIsNotSentAgain) {
  EngineRoom room{options()};
  room.target().answer_with([&room](const std::vector<actors::TargetWrite>& writes) {
    auto report = room.target().all_written(writes);
    report.hold = actors::TargetReport::Hold{"the limit was reached after the last record", std::nullopt, true};
    return report;
  });
  const std::string email = "ann@acme.example";
  (void)receipts_in(room.submit({room.event(email, "demo_requested", "e", room.clock().now())}));
  const auto receipts = receipts_in(room.submit({room.trigger(email, "req_done")}));
  EXPECT_EQ(room.outcome_of(receipts.at(0).request_id).outcome, "written");
  EXPECT_EQ(room.counters().targets_held.load(), 1U);
  EXPECT_EQ(room.fatal(), "");
}

TEST_P(Road, AHoldIsNoAttempt) {
  EngineRoom room{options()};
  std::atomic<int> calls{0};
  room.target().answer_with([&](const std::vector<actors::TargetWrite>& writes) {
    auto report = room.target().all_written(writes);
    const int call = ++calls;
    if (call <= 5) {  // with these it would be one time too many
      report.results.clear();
      report.hold = actors::TargetReport::Hold{"down for a while", std::nullopt, false};
    } else if (call == 6) {
      for (auto& result : report.results) {
        result.kind = actors::TargetWriteResult::Kind::retry;
        result.code = "UNABLE_TO_LOCK_ROW";
      }
    }
    return report;
  });
  const std::string email = "ann@acme.example";
  (void)receipts_in(room.submit({room.event(email, "demo_requested", "e", room.clock().now())}));
  const auto ended = [&] { return room.counters().writebacks_written.load() + room.counters().writebacks_dead.load(); };
  const auto end = std::chrono::steady_clock::now() + patience;
  for (int round = 0; ended() == 0 && std::chrono::steady_clock::now() < end; ++round) {
    const int seen = calls.load();
    room.clock().advance(65s);  // longer than any pause; the trigger lets the worker look at once
    (void)receipts_in(room.submit({room.trigger(email, "req_" + std::to_string(round))}));
    const auto soon = std::chrono::steady_clock::now() + 300ms;
    while (calls.load() == seen && ended() == 0 && std::chrono::steady_clock::now() < soon) std::this_thread::yield();
  }
  EXPECT_EQ(room.counters().writebacks_written.load(), 1U);
  EXPECT_GE(calls.load(), 7);
  EXPECT_EQ(room.counters().writebacks_dead.load(), 0U);
}

TEST_P(Road, APauseThatATargetAskedForOutlivesACallThatBeganBefore) {
  EngineRoom room{options()};
  room.target().hang_on("slow@acme.example");
  const auto slow = bring(room, "slow@acme.example", "req_slow");
  room.target().wait_for(1);
  room.target().answer_with([&](const std::vector<actors::TargetWrite>& writes) {
    auto report = room.target().all_written(writes);
    report.results.clear();
    report.hold = actors::TargetReport::Hold{"too many requests", engine::Milliseconds{20'000}, false};
    return report;
  });
  (void)bring(room, "fast@other.example", "req_fast");
  const auto before = room.target().wait_for(2).size();
  const auto end = std::chrono::steady_clock::now() + patience;
  while (room.counters().targets_held.load() == 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  ASSERT_EQ(room.counters().targets_held.load(), 1U);
  room.target().answer_with(nullptr);
  room.target().let_go();  // a success that began before the pause was asked for
  EXPECT_EQ(room.outcome_of(slow).outcome, "written");
  EXPECT_EQ(room.counters().targets_held.load(), 1U);
  EXPECT_EQ(room.target().wait_for(before).size(), before) << "nothing is sent while it is held";
  room.clock().advance(21s);
  EXPECT_EQ(room.outcome_of("req_fast").outcome, "written");
  EXPECT_EQ(room.counters().targets_held.load(), 0U);
}

TEST_P(Road, AnIdThatCannotBeLookedUpIsNotTakenForNew) {
  FailingStore store{storage::make_memory_store()};
  EngineRoom room{options(), &store};
  const auto now = room.clock().now();
  // Known, and not in the window: it takes a look into the index to find out.
  const auto old = [&] { return room.event("ann@acme.example", "demo_requested", "old", now - 100 * 24h); };
  EXPECT_EQ(receipts_in(room.submit({old()})).at(0).outcome, Outcome::too_late);
  store.fail_scans_of(storage::Family::lead_index);
  const auto reply = room.submit({old()});
  ASSERT_TRUE(std::holds_alternative<engine::Error>(reply)) << "acknowledged without knowing";
  EXPECT_EQ(std::get<engine::Error>(reply).code, engine::Errc::unavailable);
  store.mend();
  Reply again = room.submit({old()});
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::holds_alternative<engine::Error>(again) && std::chrono::steady_clock::now() < end)
    again = room.submit({old()});  // until the shard is up again
  EXPECT_EQ(receipts_in(std::move(again)).at(0).outcome, Outcome::duplicate);
}

TEST_P(Road, APassivatedLeadComesBackAsItWas) {
  auto settings = options();
  settings.resident_bytes_max = 64 * 1024;
  EngineRoom room{settings};
  const auto now = room.clock().now();
  for (int lead = 0; lead < 2'000; ++lead)
    (void)receipts_in(room.submit({room.event("p" + std::to_string(lead) + "@acme.example", "page_viewed", "x", now)}));
  EXPECT_GT(room.counters().leads_passivated.load(), 0U);
  EXPECT_LT(room.counters().leads_resident.load(), 2'000U);
  for (int lead = 0; lead < 2'000; lead += 100) {
    const auto view = view_in(room.question("p" + std::to_string(lead) + "@acme.example", ScoreQuestion{}));
    EXPECT_EQ(view.score->raw, engine::micro_points_per_point);
  }
}

TEST_P(Road, APublishedModelRescoresEverybody) {
  EngineRoom room{options()};
  (void)receipts_in(room.submit({room.event("gus@acme.example", "page_viewed", "g", room.clock().now())}));
  room.target().wait_for(1);
  const auto reply = room.ask(actors::AdminRequest{organisation, actors::PublishModel{R"(
id = "second"
[thresholds]
medium = 30
high = 60
very_high = 100
[signals.page_viewed]
points = 70
lifespan = "14 days"
)",
                                                                                      false}});
  ASSERT_TRUE(std::holds_alternative<actors::AdminAnswer>(reply)) << std::get<engine::Error>(reply).what;
  EXPECT_EQ(view_in(room.question("gus@acme.example", ScoreQuestion{})).model_version, 2U);
  EXPECT_EQ(room.target().wait_for(2).back().segment, Segment::high);
}

INSTANTIATE_TEST_SUITE_P(Hosts, Road, ::testing::Values(false, true),
                         [](const auto& host) { return host.param ? "spawned" : "hosted"; });

TEST(Hosts, GiveEqualDigestsForTheSameRecords) {
  std::string digests[2];
  for (const bool spawned : {false, true}) {
    RoomOptions options;
    options.spawned = spawned;
    options.target = false;
    options.events_per_lead_max = 20;
    EngineRoom room{options};
    std::mt19937_64 random{7};
    const std::vector<std::string> types = {"page_viewed", "demo_requested", "email_clicked", "unheard_of"};
    for (int batch = 0; batch < 25; ++batch) {
      std::vector<actors::Record> events;
      for (int i = 0; i < 80; ++i) {
        const auto age = std::chrono::minutes{static_cast<std::int64_t>(random() % (100 * 24 * 60))};
        events.push_back(room.event("l" + std::to_string(random() % 60) + "@acme.example",
                                    types[random() % types.size()], std::to_string(random() % 1'500),
                                    room.clock().now() - age));
      }
      (void)receipts_in(room.submit(std::move(events)));
      room.advance(2h);  // with its ticks: when they fire is part of the log, and the hosts shall get the same one
    }
    digests[spawned ? 1 : 0] = room.digest();
  }
  EXPECT_EQ(digests[0], digests[1]);
  EXPECT_NE(digests[0], std::string(32, '0'));
}

}  // namespace
}  // namespace leadlight::tests
