#include "engine/score.hpp"

#include "tests/support/naive_score.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace leadlight::engine {
namespace {

constexpr std::int64_t now_ms = 1'780'000'000'000;
const Timestamp now = from_ms(now_ms);

EventType viewed() {
  return *EventType::of("page_viewed");
}
EventType clicked() {
  return *EventType::of("email_clicked");
}

Signal linear(MicroPoints importance, Milliseconds lifespan) {
  Signal signal;
  signal.key = "page_viewed";
  signal.events = {viewed()};
  signal.importance = importance;
  signal.lifespan = lifespan;
  return signal;
}

Signal halving(MicroPoints importance, Milliseconds half_life, Milliseconds lifespan) {
  Signal signal = linear(importance, lifespan);
  signal.decay = Decay::half_life;
  signal.half_life = half_life;
  return signal;
}

Model model_of(std::vector<Signal> signals) {
  Model model;
  model.id = "test";
  model.signals = std::move(signals);
  model.thresholds = {30'000'000, 60'000'000, 100'000'000, 200'000'000};
  return model;
}

Window window_of(const std::vector<std::pair<Milliseconds, EventType>>& ages) {
  Window window;
  std::uint64_t id = 0;
  for (const auto& [age, type] : ages) window.add(now - age, type, ++id, events_per_lead_max_default);
  return window;
}

TEST(LinearDecay, GivesThePublishedExampleOfNinePointsOverNinetyDays) {
  EXPECT_EQ(contribution(linear(9'000'000, 90 * day), now - 3 * day, now), 8'700'000);
}

TEST(LinearDecay, IsWholeOnTheDayAndNothingFromTheLifespanOn) {
  const Signal signal = linear(5'000'000, 10 * day);
  EXPECT_EQ(contribution(signal, now, now), 5'000'000);
  EXPECT_EQ(contribution(signal, now - 10 * day + Milliseconds{1}, now), 0);  // floored
  EXPECT_EQ(contribution(signal, now - 10 * day, now), 0);
  EXPECT_EQ(contribution(signal, now - 50 * day, now), 0);
}

TEST(LinearDecay, FloorsTowardMinusInfinityForNegativeWeightsToo) {
  EXPECT_EQ(contribution(linear(10, Milliseconds{3}), now - Milliseconds{1}, now), 6);
  EXPECT_EQ(contribution(linear(-10, Milliseconds{3}), now - Milliseconds{1}, now), -7);
  EXPECT_EQ(contribution(linear(-1, 90 * day), now - 90 * day + Milliseconds{1}, now), -1);
  EXPECT_EQ(contribution(linear(-1, 90 * day), now - 90 * day, now), 0);
}

TEST(Contribution, TakesAnEventDatedAheadAsHappeningNow) {
  EXPECT_EQ(contribution(linear(7, day), now + 2 * day, now), 7);
}

TEST(HalfLifeDecay, HalvesAtEveryHalfLife) {
  const Signal signal = halving(8'000'000, 7 * day, 30 * day);
  EXPECT_EQ(contribution(signal, now, now), 8'000'000);
  EXPECT_EQ(contribution(signal, now - 7 * day, now), 4'000'000);
  EXPECT_EQ(contribution(signal, now - 14 * day, now), 2'000'000);
  EXPECT_EQ(contribution(signal, now - 30 * day, now), 0);
  EXPECT_EQ(contribution(halving(-3, day, 30 * day), now - day, now), -2);
}

TEST(HalfLifeDecay, IsNothingAfterSixtyThreeHalvings) {
  EXPECT_EQ(contribution(halving(-5, Milliseconds{10}, day), now - Milliseconds{629}, now), -1);
  EXPECT_EQ(contribution(halving(-5, Milliseconds{10}, day), now - Milliseconds{630}, now), 0);
}

TEST(HalfLifeTable, FallsFromTwoToThe32AndStaysAboveItsHalf) {
  EXPECT_EQ(half_life_table[0], 1ULL << 32U);
  for (std::size_t i = 1; i < half_life_table.size(); ++i) {
    ASSERT_LT(half_life_table[i], half_life_table[i - 1]);
    const double expected = std::exp2(32.0 - static_cast<double>(i) / 4096.0);
    ASSERT_NEAR(static_cast<double>(half_life_table[i]), expected, 1.001);
  }
  EXPECT_GT(half_life_table.back(), 1ULL << 31U);
}

TEST(Contribution, EqualsTheDefinitionForAnyWeightLifespanAndAge) {
  test::RandomScoring random{11};
  for (int i = 0; i < 200'000; ++i) {
    Signal signal = linear(0, Milliseconds{random.number(1, random.chance(50) ? 5'000 : 7'776'000'000)});
    signal.importance = random.number(-1, 1) * (1LL << random.number(0, 49)) + random.number(-50, 50);
    if (random.chance(50)) {
      signal.decay = Decay::half_life;
      signal.half_life = Milliseconds{random.number(1, random.chance(50) ? 5'000 : 7'776'000'000)};
    }
    const std::int64_t age = random.number(-5, signal.lifespan.count() + 1);
    ASSERT_EQ(contribution(signal, from_ms(now_ms - age), now),
              static_cast<MicroPoints>(test::naive_contribution(signal, now_ms - age, now_ms)))
        << signal.importance << " over " << signal.lifespan.count() << " at " << age;
  }
}

TEST(Aggregate, IsDatedAtTheLatestEventThatCompletesAGroup) {
  Signal signal = linear(20'000'000, 30 * day);
  signal.aggregate = Aggregate{3, 7 * day};
  const Window window =
      window_of({{20 * day, viewed()}, {19 * day, viewed()}, {15 * day, viewed()}, {5 * day, viewed()}});
  EXPECT_EQ(aggregate_date(signal, window, now), now - 15 * day);
  signal.aggregate->at_least = 4;
  EXPECT_EQ(aggregate_date(signal, window, now), std::nullopt);
  signal.aggregate->at_least = 1;
  EXPECT_EQ(aggregate_date(signal, window, now), now - 5 * day);
}

TEST(Aggregate, LeavesOutAMemberExactlyTheSpanAway) {
  Signal signal = linear(20'000'000, 30 * day);
  signal.aggregate = Aggregate{2, 7 * day};
  EXPECT_EQ(aggregate_date(signal, window_of({{8 * day, viewed()}, {day, viewed()}}), now), std::nullopt);
  EXPECT_EQ(aggregate_date(signal, window_of({{8 * day - Milliseconds{1}, viewed()}, {day, viewed()}}), now),
            now - day);
}

TEST(Aggregate, LosesItsGroupWhenAMemberIsNinetyDaysOld) {
  Signal signal = linear(20'000'000, 90 * day);
  signal.aggregate = Aggregate{2, 30 * day};
  const Window window = window_of({{80 * day, viewed()}, {60 * day, viewed()}});
  EXPECT_EQ(aggregate_date(signal, window, now + 10 * day - Milliseconds{1}), now - 60 * day);
  EXPECT_EQ(aggregate_date(signal, window, now + 10 * day), std::nullopt);
}

TEST(Aggregate, CountsOnceAndCountsAFoldedHourAsItsEvents) {
  Signal signal = linear(20'000'000, 10 * day);
  signal.aggregate = Aggregate{5, 7 * day};
  const Timestamp hour_start = std::chrono::floor<std::chrono::hours>(now - day);
  const Window window = Window::from_parts({}, {FoldedHour{hour_start, viewed(), 5}});
  EXPECT_EQ(aggregate_date(signal, window, now), hour_start);
  EXPECT_EQ(raw_micro_points(CompiledModel{model_of({signal})}, window, now), contribution(signal, hour_start, now));
}

TEST(RawScore, CapsTheSignalThenTheGroupThenFloorsTheSum) {
  Signal views = linear(10'000'000, 30 * day);
  views.cap = 15'000'000;
  views.group = 0;
  Signal clicks = linear(8'000'000, 30 * day);
  clicks.key = "email_clicked";
  clicks.events = {clicked()};
  clicks.group = 0;
  Model model = model_of({views, clicks});
  model.groups = {Group{"web", 20'000'000}};
  const Window window =
      window_of({{Milliseconds{0}, viewed()}, {Milliseconds{0}, viewed()}, {Milliseconds{0}, clicked()}});
  EXPECT_EQ(raw_micro_points(CompiledModel{model}, window, now), 20'000'000);  // min(15 + 8, 20), not min(28, 20) alone
  model.groups[0].cap = std::nullopt;
  EXPECT_EQ(raw_micro_points(CompiledModel{model}, window, now), 23'000'000);
  model.signals[0].importance = -10'000'000;  // −20, held at −15
  EXPECT_EQ(raw_micro_points(CompiledModel{model}, window, now), 0);
  model.signals[1].importance = 18'000'000;
  EXPECT_EQ(raw_micro_points(CompiledModel{model}, window, now), 3'000'000);
}

TEST(RawScore, LetsNoEventOfNinetyDaysTakePartThoughItIsStillThere) {
  const Window window = window_of({{90 * day, viewed()}, {90 * day - Milliseconds{1}, viewed()}});
  const CompiledModel model{model_of({halving(1'000'000, 90 * day, 90 * day)})};
  EXPECT_EQ(raw_micro_points(model, window, now),
            contribution(model.model().signals[0], now - 90 * day + Milliseconds{1}, now));
}

TEST(RawScore, CountsAFoldedHourAsOftenAsItHasEvents) {
  const Signal signal = linear(1'000'000, 30 * day);
  const Window window = Window::from_parts({}, {FoldedHour{now - day, viewed(), 7}});
  EXPECT_EQ(raw_micro_points(CompiledModel{model_of({signal})}, window, now), 7 * contribution(signal, now - day, now));
}

TEST(RawScore, StaysWithinSixtyFourBitsUnderTheLargestWeights) {
  const Signal signal = linear(1'000'000'000'000'000, 90 * day);
  const Window window = Window::from_parts({}, {FoldedHour{now, viewed(), 4'000'000'000U}});
  const Score score = score_at(CompiledModel{model_of({signal})}, window, now);
  EXPECT_EQ(score.raw, std::numeric_limits<MicroPoints>::max() - 1);
  EXPECT_EQ(score.score, 100);
}

TEST(RawScore, EqualsTheDefinitionForRandomModels) {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    test::RandomScoring random{seed};
    const Model model = random.model(4'000, 30);
    ASSERT_TRUE(model.check().ok());
    const CompiledModel compiled{model};
    const Window window = random.window(now_ms, 4'000, 25);
    for (int i = 0; i < 10; ++i) {
      const std::int64_t at = now_ms + random.number(-1'000, 5'000);
      ASSERT_EQ(raw_micro_points(compiled, window, from_ms(at)), test::naive_raw(model, window, at));
      for (const Signal& signal : model.signals) {
        if (!signal.aggregate) continue;
        const auto date = aggregate_date(signal, window, from_ms(at));
        ASSERT_EQ(date ? std::optional{to_ms(*date)} : std::nullopt, test::naive_aggregate_date(signal, window, at));
      }
    }
  }
}

constexpr Thresholds starter{30'000'000, 60'000'000, 100'000'000, 200'000'000};

TEST(Scale, PutsEachThresholdAtTheLowerEdgeOfItsBand) {
  EXPECT_EQ(scale(starter, -1), (Score{0, 0, Segment::low}));
  EXPECT_EQ(scale(starter, 0), (Score{0, 0, Segment::low}));
  EXPECT_EQ(scale(starter, 29'999'999), (Score{29'999'999, 49, Segment::low}));
  EXPECT_EQ(scale(starter, 30'000'000), (Score{30'000'000, 50, Segment::medium}));
  EXPECT_EQ(scale(starter, 59'999'999), (Score{59'999'999, 69, Segment::medium}));
  EXPECT_EQ(scale(starter, 60'000'000), (Score{60'000'000, 70, Segment::high}));
  EXPECT_EQ(scale(starter, 99'999'999), (Score{99'999'999, 84, Segment::high}));
  EXPECT_EQ(scale(starter, 100'000'000), (Score{100'000'000, 85, Segment::very_high}));
  EXPECT_EQ(scale(starter, 199'999'999), (Score{199'999'999, 99, Segment::very_high}));
  EXPECT_EQ(scale(starter, 200'000'000), (Score{200'000'000, 100, Segment::very_high}));
  EXPECT_EQ(scale(starter, std::numeric_limits<MicroPoints>::max()).score, 100);
}

Segment segment_of(int score) {
  if (score >= 85) return Segment::very_high;
  if (score >= 70) return Segment::high;
  return score >= 50 ? Segment::medium : Segment::low;
}

TEST(Scale, ScoreAndSegmentNeverDisagreeAndTheInverseIsExact) {
  test::RandomScoring random{5};
  for (int round = 0; round < 2'000; ++round) {
    const std::int64_t width = random.chance(30) ? 30 : (random.chance(10) ? 2'000'000'000'000'000'000 : 400'000'000);
    Thresholds thresholds;
    thresholds.medium = random.number(1, width);
    thresholds.high = thresholds.medium + random.number(1, width);
    thresholds.very_high = thresholds.high + random.number(1, width);
    thresholds.cap = thresholds.very_high + random.number(1, width);
    for (int wanted = 1; wanted <= 100; ++wanted) {
      const MicroPoints raw = raw_at_score(thresholds, wanted);
      const Score reached = scale(thresholds, raw);
      ASSERT_GE(reached.score, wanted);
      ASSERT_LT(scale(thresholds, raw - 1).score, wanted);
      ASSERT_EQ(reached.segment, segment_of(reached.score));
      const Score below = scale(thresholds, raw - 1);
      ASSERT_EQ(below.segment, segment_of(below.score));
    }
  }
}

TEST(ScoreAt, OfAnEmptyWindowIsZeroAndLow) {
  EXPECT_EQ(score_at(CompiledModel{model_of({linear(5'000'000, day)})}, Window{}, now), (Score{0, 0, Segment::low}));
}

}  // namespace
}  // namespace leadlight::engine
