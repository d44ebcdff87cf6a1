// Goal: what becomes owed because of a record, where the order of records is what matters.
#include "engine/lead.hpp"

#include "engine/models/model_toml.hpp"
#include "engine/models/starter.hpp"

#include <gtest/gtest.h>

namespace leadlight::engine {
namespace {

constexpr std::uint32_t crm = 7;
const Timestamp start = from_ms(1'780'000'000'000);

Organisation organisation() {
  auto file = models::read_model(models::starter_model_toml(), "starter.toml");
  EXPECT_TRUE(file.ok());
  Organisation organisation;
  organisation.id = OrganisationId{1};
  organisation.model = std::make_shared<const CompiledModel>(std::move(file->model));
  organisation.targets = {crm};
  return organisation;
}

Record record(Position position, Timestamp at, decltype(Record::body) body) {
  Record record;
  record.position = position;
  record.received_at = at;
  record.body = std::move(body);
  return record;
}

Record demo_requested(Position position, Timestamp at) {
  EngagementEvent event;
  event.type = *EventType::of("demo_requested");
  event.occurred_at = at;
  event.id_hash = position;
  return record(position, at, std::move(event));
}

Record written(Position position, Timestamp at, const Decision& sent, Position owed) {
  WritebackResult result;
  result.target = crm;
  result.outcome = WriteOutcome::written;
  result.owed = owed;
  result.score = sent.score->score;
  result.segment = sent.score->segment;
  result.scored_at = start;
  result.written_at = at;
  return record(position, at, result);
}

Decision step(Decision before, const Record& record, const Organisation& organisation) {
  return apply(std::move(before.next), record, organisation, std::nullopt, Limits{});
}

TEST(EngineLead, ACrossingBetweenTheSendingAndTheAnswerIsOwedByTheAnswer) {
  const auto here = organisation();
  Decision fresh;
  fresh.next.email = "ann@acme.example";
  auto now = step(std::move(fresh), demo_requested(1, start), here);
  ASSERT_EQ(now.score->segment, Segment::medium);  // 40 points, medium from 30 on: for 15 days
  ASSERT_TRUE(now.owed.has_value());
  const Timestamp crossing = start + 15 * day;
  // Drift would have come first; only the crossing is looked at here, so the answer takes until after it.
  auto answered = step(now, written(2, crossing + Milliseconds{1}, now, 1), here);
  EXPECT_EQ(answered.score->segment, Segment::low);
  EXPECT_EQ(answered.next.segment, Segment::low);
  ASSERT_TRUE(answered.owed.has_value());
  EXPECT_EQ(answered.owed->reason, WritebackReason::crossing);
  EXPECT_EQ(answered.next.ledger(crm)->owed, 2U);
  auto before = step(now, written(2, crossing - Milliseconds{1}, now, 1), here);
  EXPECT_EQ(before.next.segment, Segment::medium);
  EXPECT_LE(before.next.wake_at, crossing + Milliseconds{1'000});
}

TEST(EngineLead, TheAnswerToAnAwaitedWritebackEndsTheWaiting) {
  const auto here = organisation();
  Decision fresh;
  fresh.next.email = "ann@acme.example";
  auto known = step(std::move(fresh), demo_requested(1, start), here);
  EXPECT_FALSE(known.next.ledger(crm)->awaited) << "no trigger waits";
  auto asked = step(known, record(2, start, Trigger{"salesforce"}), here);
  EXPECT_TRUE(asked.next.ledger(crm)->awaited);
  auto older = step(asked, written(3, start, known, 1), here);
  EXPECT_TRUE(older.next.ledger(crm)->awaited) << "the answer to what was owed before";
  auto answered = step(older, written(4, start, asked, 2), here);
  EXPECT_FALSE(answered.next.ledger(crm)->awaited);
  EXPECT_EQ(answered.next.ledger(crm)->owed, 0U);
}

Record fetched(Position position, FetchOutcome outcome, std::uint32_t asked, std::uint32_t answered) {
  Fetched end;
  end.through = position - 1;
  end.outcome = outcome;
  end.asked = asked;
  end.answered = answered;
  end.none = answered;
  return record(position, start, end);
}

TEST(EngineLead, ATriggerThatWaitsForSourcesOwesNothingUntilTheyHaveAnswered) {
  const auto here = organisation();
  Decision fresh;
  fresh.next.email = "ann@acme.example";
  const auto known = step(std::move(fresh), demo_requested(1, start), here);
  const auto waits = step(known, record(2, start, FetchOwed{"salesforce"}), here);
  EXPECT_FALSE(waits.owed);
  EXPECT_FALSE(waits.score);
  EXPECT_FALSE(waits.next.ledger(crm)->awaited);
  const auto ends = step(waits, fetched(3, FetchOutcome::complete, 1, 1), here);
  ASSERT_TRUE(ends.owed);
  EXPECT_EQ(ends.owed->reason, WritebackReason::trigger);
  EXPECT_TRUE(ends.next.ledger(crm)->awaited);
}

TEST(EngineLead, NoneIsZeroAndUnknownIsNothing) {
  const auto here = organisation();
  Decision fresh;
  fresh.next.email = "ann@acme.example";
  const auto none = step(fresh, fetched(3, FetchOutcome::complete, 1, 1), here);
  EXPECT_TRUE(none.next.exists());
  EXPECT_EQ(none.score->score, 0);
  EXPECT_EQ(none.score->segment, Segment::low);
  EXPECT_TRUE(none.owed);
  for (const auto& unanswered : {fetched(3, FetchOutcome::complete, 0, 0), fetched(3, FetchOutcome::given_up, 2, 1),
                                 fetched(3, FetchOutcome::given_up, 1, 0)}) {
    const auto nothing = step(fresh, unanswered, here);
    EXPECT_FALSE(nothing.next.exists());
    EXPECT_FALSE(nothing.owed);
  }
  const auto known = step(fresh, demo_requested(1, start), here);
  EXPECT_TRUE(step(known, fetched(3, FetchOutcome::complete, 0, 0), here).owed) << "the last source was removed";
  EXPECT_FALSE(step(known, fetched(3, FetchOutcome::given_up, 2, 1), here).owed) << "half of the data is no data";
  EXPECT_TRUE(step(known, fetched(3, FetchOutcome::partial, 2, 1), here).owed) << "the operator allows it";
}

}  // namespace
}  // namespace leadlight::engine
