#include "engine/receipt.hpp"

#include "tests/support/naive_score.hpp"

#include <gtest/gtest.h>

namespace leadlight::engine {
namespace {

// A noon, so that "today" is certain for what happened an hour ago.
const Timestamp now = from_ms(1'780'000'000'000 / 86'400'000 * 86'400'000 + 43'200'000);

Signal signal_of(const std::string& key, MicroPoints points, Milliseconds lifespan) {
  Signal signal;
  signal.key = key;
  signal.text = key;
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

void add(Window& window, const std::string& type, Milliseconds age) {
  static std::uint64_t id = 0;
  window.add(now - age, *EventType::of(type), ++id, events_per_lead_max_default);
}

MicroPoints sum_of(const Receipt& receipt) {
  MicroPoints sum = 0;
  for (const ReceiptLine& line : receipt.lines) sum += line.micro_points;
  return sum;
}

TEST(Receipt, ListsEventsBySignalNewestFirstWithTheirRule) {
  const Model model = model_of({signal_of("pricing_viewed", 15, 30 * day), signal_of("demo_requested", 40, 60 * day)});
  Window window;
  add(window, "demo_requested", 6 * day);
  add(window, "pricing_viewed", 3 * day);
  add(window, "pricing_viewed", 15 * day);
  add(window, "pricing_viewed", 31 * day);  // faded out: no line
  add(window, "page_viewed", day);          // no signal speaks of it
  const Receipt receipt = explain(CompiledModel{model}, window, now);
  ASSERT_EQ(receipt.lines.size(), 3U);
  EXPECT_EQ(receipt.lines[0].kind, LineKind::event);
  EXPECT_EQ(receipt.lines[0].signal, "pricing_viewed");
  EXPECT_EQ(receipt.lines[0].age, 3 * day);
  EXPECT_EQ(receipt.lines[0].occurred_at, now - 3 * day);
  EXPECT_EQ(receipt.lines[0].type, *EventType::of("pricing_viewed"));
  EXPECT_TRUE(receipt.lines[0].id_hash.has_value());
  EXPECT_EQ(receipt.lines[0].rule, "15 points fading linearly over 30 days");
  EXPECT_EQ(receipt.lines[0].micro_points, 13'500'000);
  EXPECT_EQ(receipt.lines[1].micro_points, 7'500'000);
  EXPECT_EQ(receipt.lines[2].micro_points, 36'000'000);
  EXPECT_EQ(receipt.score, score_at(CompiledModel{model}, window, now));
  EXPECT_EQ(sum_of(receipt), receipt.score.raw);
}

TEST(Receipt, PutsEveryRuleIntoWords) {
  Signal halving = signal_of("halving", 15, 30 * day);
  halving.importance = 15'250'000;
  halving.decay = Decay::half_life;
  halving.half_life = 7 * day;
  Signal grouped = signal_of("grouped", 20, 36 * hour);
  grouped.events = {*EventType::of("halving")};
  grouped.aggregate = Aggregate{3, 7 * day};
  Signal single = signal_of("single", -1, day);
  Window window;
  for (int i = 0; i < 3; ++i) add(window, "halving", hour * (i + 1));
  add(window, "single", hour);
  const Receipt receipt = explain(CompiledModel{model_of({halving, grouped, single})}, window, now);
  ASSERT_EQ(receipt.lines.size(), 5U);
  EXPECT_EQ(receipt.lines[0].rule, "15.25 points halving every 7 days, for 30 days");
  EXPECT_EQ(receipt.lines[3].kind, LineKind::aggregate);
  EXPECT_EQ(receipt.lines[3].rule, "at least 3 in 7 days: 20 points fading linearly over 36 hours");
  EXPECT_EQ(receipt.lines[3].occurred_at, now - hour);
  EXPECT_FALSE(receipt.lines[3].id_hash.has_value());
  EXPECT_EQ(receipt.lines[4].rule, "-1 point fading linearly over 1 day");
  EXPECT_EQ(sum_of(receipt), receipt.score.raw);
}

TEST(Receipt, ShowsSignalCapsThenGroupCapsThenTheFloor) {
  Signal views = signal_of("page_viewed", 30, 30 * day);
  views.cap = 40'000'000;
  views.group = 0;
  Signal clicks = signal_of("email_clicked", 10, 30 * day);
  clicks.group = 0;
  const Signal gone = signal_of("unsubscribed", -90, 30 * day);
  Model model = model_of({views, clicks, gone});
  model.groups = {Group{"web", 45'000'000}};
  Window window;
  add(window, "page_viewed", Milliseconds{0});
  add(window, "page_viewed", Milliseconds{0});
  add(window, "email_clicked", Milliseconds{0});
  add(window, "unsubscribed", Milliseconds{0});
  const Receipt receipt = explain(CompiledModel{model}, window, now);
  ASSERT_EQ(receipt.lines.size(), 7U);
  EXPECT_EQ(receipt.lines[4].kind, LineKind::cap);
  EXPECT_EQ(receipt.lines[4].signal, "page_viewed");
  EXPECT_EQ(receipt.lines[4].rule, "cap of 40 points");
  EXPECT_EQ(receipt.lines[4].micro_points, -20'000'000);
  EXPECT_EQ(receipt.lines[5].kind, LineKind::cap);
  EXPECT_EQ(receipt.lines[5].signal, "web");
  EXPECT_EQ(receipt.lines[5].micro_points, -5'000'000);
  EXPECT_EQ(receipt.lines[6].kind, LineKind::floor);
  EXPECT_EQ(receipt.lines[6].signal, "");
  EXPECT_EQ(receipt.lines[6].micro_points, 45'000'000);
  EXPECT_EQ(receipt.score.raw, 0);
  EXPECT_EQ(sum_of(receipt), 0);
}

TEST(Receipt, ShowsAFoldedHourAsOneLineASignal) {
  const Signal signal = signal_of("page_viewed", 1, 30 * day);
  const Window window = Window::from_parts({}, {FoldedHour{now - 3 * day, signal.events[0], 12}});
  const Receipt receipt = explain(CompiledModel{model_of({signal})}, window, now);
  ASSERT_EQ(receipt.lines.size(), 1U);
  EXPECT_EQ(receipt.lines[0].kind, LineKind::folded);
  EXPECT_EQ(receipt.lines[0].count, 12U);
  EXPECT_EQ(receipt.lines[0].micro_points, 10'800'000);
}

TEST(Receipt, SumsEvenWhereTheScoreLeavesSixtyFourBits) {
  Signal signal = signal_of("page_viewed", 1'000'000'000, 30 * day);
  const Window window = Window::from_parts({}, {FoldedHour{now, signal.events[0], 50'000}});
  const Receipt receipt = explain(CompiledModel{model_of({signal})}, window, now);
  test::Wide sum = 0;
  for (const ReceiptLine& line : receipt.lines) sum += line.micro_points;
  EXPECT_TRUE(sum == receipt.score.raw);
  EXPECT_EQ(receipt.score, score_at(CompiledModel{model_of({signal})}, window, now));
}

TEST(Receipt, SumsToTheScoreForRandomModels) {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    test::RandomScoring random{seed};
    const CompiledModel model{random.model(4'000, 30)};
    const Window window = random.window(to_ms(now), 4'000, 25);
    const Timestamp at = now + Milliseconds{random.number(0, 3'000)};
    const Receipt receipt = explain(model, window, at);
    ASSERT_EQ(receipt.score, score_at(model, window, at));
    ASSERT_EQ(sum_of(receipt), receipt.score.raw);
    for (const ReceiptLine& line : receipt.lines) ASSERT_NE(line.micro_points, 0);
  }
}

TEST(SignalsText, NamesEachSignalOnceNewestFirst) {
  Signal demo = signal_of("demo_requested", 40, 60 * day);
  demo.text = "Demo requested";
  Signal gone = signal_of("unsubscribed", -20, 60 * day);
  gone.text = "Unsubscribed";
  Signal views = signal_of("page_viewed", 1, 14 * day);
  views.text = "Page viewed";
  Signal busy = signal_of("busy_week", 5, 30 * day);
  busy.text = "Busy week";
  busy.events = views.events;
  busy.aggregate = Aggregate{2, 7 * day};
  Window window;
  add(window, "demo_requested", 3 * day);
  add(window, "demo_requested", 20 * day);
  add(window, "page_viewed", hour);
  add(window, "page_viewed", 2 * hour);
  add(window, "page_viewed", 40 * day);  // counts no more
  add(window, "unsubscribed", day);
  EXPECT_EQ(signals_text(CompiledModel{model_of({demo, busy, gone, views})}, window, now),
            "↑ Page viewed (2×, last today)\n"
            "✖ Unsubscribed (1×, last yesterday)\n"
            "↑ Demo requested (2×, last 3 days ago)\n"
            "↑ Busy week (at least 2× in 7 days, last today)");
}

TEST(SignalsText, GoesByUtcDaysNotByHours) {
  const CompiledModel model{model_of({signal_of("page_viewed", 1, 14 * day)})};
  Window window;
  add(window, "page_viewed", 12 * hour);  // 00:00 today
  EXPECT_EQ(signals_text(model, window, now), "↑ page_viewed (1×, last today)");
  EXPECT_EQ(signals_text(model, window, now + 12 * hour), "↑ page_viewed (1×, last yesterday)");
  Window earlier;
  add(earlier, "page_viewed", 12 * hour + Milliseconds{1});
  EXPECT_EQ(signals_text(model, earlier, now), "↑ page_viewed (1×, last yesterday)");
  EXPECT_EQ(signals_text(model, earlier, now + 12 * hour), "↑ page_viewed (1×, last 2 days ago)");
}

TEST(SignalsText, BreaksATieByContributionAndLeavesOutWhatIsNotListed) {
  Signal small = signal_of("small", 1, 10 * day);
  Signal large = signal_of("large", 9, 10 * day);
  Signal hidden = signal_of("hidden", 9, 10 * day);
  hidden.listed = false;
  Window window;
  for (const char* type : {"small", "large", "hidden"}) add(window, type, hour);
  EXPECT_EQ(signals_text(CompiledModel{model_of({small, large, hidden})}, window, now),
            "↑ large (1×, last today)\n↑ small (1×, last today)");
}

TEST(SignalsText, GroupsTheDigitsOfLargeNumbers) {
  const Signal signal = signal_of("page_viewed", 1, 30 * day);
  const Window window = Window::from_parts({}, {FoldedHour{now, signal.events[0], 1'370'000}});
  EXPECT_EQ(signals_text(CompiledModel{model_of({signal})}, window, now), "↑ page_viewed (1,370,000×, last today)");
}

TEST(SignalsText, IsCutAtWholeLinesCountingCharactersNotBytes) {
  std::vector<Signal> signals;
  Window window;
  for (int i = 0; i < 60; ++i) {
    signals.push_back(signal_of("signal_" + std::to_string(10 + i), 1, 10 * day));
    add(window, signals.back().key, Milliseconds{i});
  }
  const CompiledModel model{model_of(signals)};
  const std::string line = "↑ signal_10 (1×, last today)";
  const std::size_t characters = 28;
  ASSERT_EQ(line.size(), characters + 3);  // the arrow takes three bytes, the cross two
  EXPECT_EQ(signals_text(model, window, now, characters), line);
  EXPECT_EQ(signals_text(model, window, now, characters - 1), "");
  const std::string text = signals_text(model, window, now);
  const std::size_t lines = 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  EXPECT_EQ(lines, (1024U + 1U) / (characters + 1U));
  EXPECT_TRUE(text.ends_with("last today)"));
}

TEST(SignalsText, IsEmptyWhenNothingCounts) {
  const CompiledModel model{model_of({signal_of("page_viewed", 1, 14 * day)})};
  EXPECT_EQ(signals_text(model, Window{}, now), "");
  Window window;
  add(window, "page_viewed", 15 * day);
  EXPECT_EQ(signals_text(model, window, now), "");
}

}  // namespace
}  // namespace leadlight::engine
