// Goal: the instants that are computed ahead are exact to the millisecond. Method: random models with lifespans of
// seconds, compared with stepping through every millisecond of a naive score.
#include "engine/forecast.hpp"

#include "engine/crossing.hpp"
#include "tests/support/naive_score.hpp"

#include <gtest/gtest.h>

namespace leadlight::engine {
namespace {

constexpr std::int64_t now_ms = 1'780'000'000'000;
const Timestamp now = from_ms(now_ms);

Signal signal_of(const std::string& key, MicroPoints points, Milliseconds lifespan) {
  Signal signal;
  signal.key = key;
  signal.events = {*EventType::of(key)};
  signal.importance = points * micro_points_per_point;
  signal.lifespan = lifespan;
  return signal;
}

Model model_of(std::vector<Signal> signals) {
  Model model;
  model.id = "test";
  model.signals = std::move(signals);
  model.thresholds = {30'000'000, 60'000'000, 100'000'000, 200'000'000};
  return model;
}

void add(Window& window, const std::string& type, Timestamp at) {
  static std::uint64_t id = 0;
  window.add(at, *EventType::of(type), ++id, events_per_lead_max_default);
}

std::optional<std::int64_t> ms_of(std::optional<Timestamp> at) {
  return at ? std::optional{to_ms(*at)} : std::nullopt;
}

/// Steps through `span` milliseconds; none when the score stays in the range so long.
std::optional<std::int64_t> step_to_exit(const Model& model, const Window& window, std::int64_t after, RawRange range,
                                         std::int64_t span) {
  for (std::int64_t at = after + 1; at <= after + span; ++at) {
    const MicroPoints raw = test::naive_raw(model, window, at);
    if (raw < range.at_least || raw >= range.below) return at;
  }
  return std::nullopt;
}

/// Says whether the search went all the way; where it gave up early, it must not be late.
bool expect_exact(const Model& model, const Window& window, RawRange range, std::int64_t span) {
  const auto inside = [&](std::int64_t at) {
    const MicroPoints raw = test::naive_raw(model, window, at);
    return raw >= range.at_least && raw < range.below;
  };
  const CompiledModel compiled{model};
  const auto found = find_crossing(Curve{compiled, window, now}, now_ms, range);
  EXPECT_EQ(ms_of(first_exit(compiled, window, now, range)), found ? std::optional{found->at} : std::nullopt);
  const auto stepped = step_to_exit(model, window, now_ms, range, span);
  if (!found) {
    EXPECT_EQ(stepped, std::nullopt);
    return true;
  }
  if (found->at <= now_ms + span && found->exact) {
    EXPECT_EQ(found->at, stepped);
  } else if (stepped) {
    EXPECT_LE(found->at, *stepped);
    EXPECT_FALSE(found->exact);
  }
  EXPECT_TRUE(found->at == now_ms + 1 || inside(found->at - 1));
  EXPECT_FALSE(found->exact && inside(found->at));
  return found->exact;
}

void expect_exact_for_random_models(int negative, std::uint64_t first_seed) {
  constexpr std::int64_t span = 1'500;
  int given_up = 0;
  for (std::uint64_t seed = first_seed; seed < first_seed + 400; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    test::RandomScoring random{seed};
    const Model model = random.model(span, negative);
    const Window window = random.window(now_ms, span, 15);
    const MicroPoints raw = test::naive_raw(model, window, now_ms);
    const auto segment = scale(model.thresholds, raw).segment;
    EXPECT_TRUE(expect_exact(model, window, range_of(model.thresholds, segment), 2 * span));
    // Bounds close to the score, where floors decide.
    const RawRange narrow{std::max<MicroPoints>(raw - random.number(0, 50), 0), raw + random.number(1, 50)};
    if (!expect_exact(model, window, narrow, 2 * span)) ++given_up;
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_LE(given_up, 2);  // a band of a few micro-points around the score, held for weeks
}

TEST(FirstExit, AgreesWithSteppingWhereAllPointsArePositive) {
  expect_exact_for_random_models(0, 1);
}

TEST(FirstExit, AgreesWithSteppingWhereSomePointsAreNegative) {
  expect_exact_for_random_models(30, 10'000);
}

TEST(FirstExit, AgreesWithSteppingWhereMostPointsAreNegative) {
  expect_exact_for_random_models(70, 20'000);
}

TEST(FirstExit, IsExactOverWeeksForTheStarterModel) {
  Model model = model_of({signal_of("demo_requested", 40, 60 * day), signal_of("pricing_viewed", 15, 30 * day),
                          signal_of("page_viewed", 1, 14 * day), signal_of("unsubscribed", -20, 45 * day)});
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    test::RandomScoring random{seed};
    Window window;
    for (int i = 0; i < 20; ++i) {
      const auto& signal = model.signals[static_cast<std::size_t>(random.number(0, random.chance(50) ? 2 : 3))];
      add(window, signal.key, now - Milliseconds{random.number(0, 30 * 86'400'000LL)});
    }
    const CompiledModel compiled{model};
    const Segment segment = score_at(compiled, window, now).segment;
    const auto exit = next_change_at(compiled, window, now);
    // Every hour before it is quiet, and so is the millisecond before it.
    const Timestamp last = exit ? *exit : now + 91 * day;
    for (Timestamp at = now; at < last; at += 1 * hour) ASSERT_EQ(score_at(compiled, window, at).segment, segment);
    if (!exit) continue;
    ASSERT_EQ(score_at(compiled, window, *exit - Milliseconds{1}).segment, segment);
    ASSERT_NE(score_at(compiled, window, *exit).segment, segment);
  }
}

TEST(FirstExit, IsNoneWhereNothingEverChanges) {
  const CompiledModel model{model_of({signal_of("page_viewed", 1, 14 * day)})};
  EXPECT_EQ(next_change_at(model, Window{}, now), std::nullopt);
  Window window;
  add(window, "page_viewed", now - day);
  EXPECT_EQ(next_change_at(model, window, now), std::nullopt);  // low it is and low it stays
}

TEST(FirstExit, SaysTheNextMillisecondWhenTheScoreIsOutsideAlready) {
  const CompiledModel model{model_of({signal_of("page_viewed", 1, 14 * day)})};
  EXPECT_EQ(first_exit(model, Window{}, now, RawRange{5, 10}), now + Milliseconds{1});
}

TEST(FirstExit, SeesALeadRiseWhenItsNegativePointsFade) {
  const CompiledModel model{
      model_of({signal_of("demo_requested", 40, 90 * day), signal_of("unsubscribed", -40, 2 * day)})};
  Window window;
  add(window, "demo_requested", now);
  add(window, "unsubscribed", now);
  const auto rise = next_change_at(model, window, now);
  ASSERT_TRUE(rise.has_value());
  EXPECT_EQ(score_at(model, window, *rise).segment, Segment::medium);
  EXPECT_EQ(score_at(model, window, *rise - Milliseconds{1}).segment, Segment::low);
  const auto fall = next_change_at(model, window, *rise);
  ASSERT_TRUE(fall.has_value());
  EXPECT_EQ(score_at(model, window, *fall).segment, Segment::low);
}

TEST(FirstExit, SeesAnAggregatesGroupEndAtNinetyDays) {
  Signal signal = signal_of("page_viewed", 40, 90 * day);
  signal.decay = Decay::half_life;
  signal.half_life = 900 * day;
  signal.aggregate = Aggregate{2, 60 * day};
  const CompiledModel model{model_of({signal})};
  Window window;
  add(window, "page_viewed", now - 50 * day);
  add(window, "page_viewed", now);
  EXPECT_EQ(next_change_at(model, window, now), now + 40 * day);
}

TEST(FirstExit, WakesEarlyNeverLateWhereLinesCancelOutForWeeks) {
  // Two signals that cancel out but for their floors, on a sum that a cap holds exactly at the threshold.
  Signal held = signal_of("held", 60, 90 * day);
  held.cap = 30'000'000;
  Signal up = signal_of("both", 33, 90 * day);
  up.key = "up";
  Signal down = signal_of("both", -33, 90 * day);
  down.key = "down";
  Model model = model_of({held, up, down});
  model.thresholds.medium = 30'000'000 - 1;
  Window window;
  for (int i = 0; i < 4; ++i) add(window, "held", now);
  add(window, "both", now);
  const CompiledModel compiled{model};
  const Curve curve{compiled, window, now};
  const auto crossing = find_crossing(curve, now_ms, range_of(model.thresholds, Segment::medium));
  ASSERT_TRUE(crossing.has_value());
  EXPECT_FALSE(crossing->exact);
  EXPECT_GT(crossing->at, now_ms);
  for (std::int64_t at = now_ms; at < crossing->at; at += 997) {
    ASSERT_EQ(score_at(compiled, window, from_ms(at)).segment, Segment::medium);
  }
  EXPECT_LE(forecast(compiled, window, now).size(), 100U);
}

TEST(RangeOf, MeetsAtTheThresholdsAndCoversEveryScore) {
  const Thresholds thresholds{30, 60, 100, 200};
  EXPECT_EQ(range_of(thresholds, Segment::low), (RawRange{0, 30}));
  EXPECT_EQ(range_of(thresholds, Segment::medium), (RawRange{30, 60}));
  EXPECT_EQ(range_of(thresholds, Segment::high), (RawRange{60, 100}));
  EXPECT_EQ(range_of(thresholds, Segment::very_high), (RawRange{100, std::numeric_limits<MicroPoints>::max()}));
}

TEST(Forecast, ShowsDailyStepsAndChangesUntilNothingContributes) {
  const CompiledModel model{model_of({signal_of("demo_requested", 40, 10 * day)})};
  Window window;
  add(window, "demo_requested", now - hour);
  const auto points = forecast(model, window, now);
  const auto change = next_change_at(model, window, now);
  ASSERT_TRUE(change.has_value());
  ASSERT_EQ(points.size(), 12U);  // now, ten days, and the fall from medium to low
  EXPECT_EQ(points.front().at, now);
  EXPECT_EQ(points.front().segment, Segment::medium);
  EXPECT_EQ(points.back(), (ForecastPoint{now + 10 * day, 0, Segment::low}));
  EXPECT_EQ(points[3], (ForecastPoint{*change, 49, Segment::low}));
  for (std::size_t i = 1; i < points.size(); ++i) EXPECT_LT(points[i - 1].at, points[i].at);
  for (const ForecastPoint& point : points) {
    const Score score = score_at(model, window, point.at);
    EXPECT_EQ(point.score, score.score);
    EXPECT_EQ(point.segment, score.segment);
  }
}

TEST(Forecast, OfAnEmptyWindowIsTheInstantItself) {
  const CompiledModel model{model_of({signal_of("demo_requested", 40, 10 * day)})};
  EXPECT_EQ(forecast(model, Window{}, now), (std::vector<ForecastPoint>{{now, 0, Segment::low}}));
}

TEST(Forecast, EndsAfterNinetyDays) {
  const CompiledModel model{model_of({signal_of("demo_requested", 40, 90 * day)})};
  Window window;
  add(window, "demo_requested", now);
  EXPECT_EQ(forecast(model, window, now).back().at, now + 90 * day);
}

}  // namespace
}  // namespace leadlight::engine
