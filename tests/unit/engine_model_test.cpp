#include "engine/model.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace leadlight::engine {
namespace {

EventType type_of(const std::string& name) {
  return *EventType::of(name);
}

Signal signal_of(const std::string& key, MicroPoints points = 10) {
  Signal signal;
  signal.key = key;
  signal.text = key;
  signal.events = {type_of(key)};
  signal.importance = points * micro_points_per_point;
  signal.lifespan = 30 * day;
  return signal;
}

Model good_model() {
  Model model;
  model.id = "starter";
  model.signals = {signal_of("demo_requested"), signal_of("trial_started"), signal_of("pricing_viewed")};
  model.groups = {Group{"mail", 10 * micro_points_per_point}};
  model.thresholds = {30'000'000, 60'000'000, 100'000'000, 200'000'000};
  return model;
}

TEST(ModelCheck, AcceptsAModelWithinAllRules) {
  Model model = good_model();
  EXPECT_TRUE(model.check().ok());
  model.signals[0].group = 0;
  model.signals[0].cap = 0;
  model.signals[1].decay = Decay::half_life;
  model.signals[1].half_life = 7 * day;
  model.signals[1].importance = -1'000'000'000'000'000;
  model.signals[2].aggregate = Aggregate{1'000'000, window_span};
  model.signals[2].lifespan = window_span;
  EXPECT_TRUE(model.check().ok());
}

struct Fault {
  std::string field;
  std::string what;  // part of the sentence
  std::function<void(Model&)> make;
};

TEST(ModelCheck, RefusesEachBrokenRuleNamingFieldSignalAndValue) {
  const std::vector<Fault> faults{
      {"id", "cannot be a key", [](Model& m) { m.id = ""; }},
      {"signals[1].key", "`two words` cannot be a key", [](Model& m) { m.signals[1].key = "two words"; }},
      {"signals[2].key", "taken by signals[0]", [](Model& m) { m.signals[2].key = "demo_requested"; }},
      {"signals[0].text", "one plain line", [](Model& m) { m.signals[0].text = "a\nb"; }},
      {"signals[0].text", "201 bytes", [](Model& m) { m.signals[0].text = std::string(201, 'x'); }},
      {"signals[2].events", "names no event type", [](Model& m) { m.signals[2].events.clear(); }},
      {"signals[2].events", "`pricing_viewed` stands there twice",
       [](Model& m) { m.signals[2].events.push_back(m.signals[2].events[0]); }},
      {"signals[2].events", "without a name", [](Model& m) { m.signals[2].events.push_back(EventType{}); }},
      {"signals[2].lifespan",
       "signal `pricing_viewed`: a lifespan of 91 days is out of range; give more than 0 and at most 90",
       [](Model& m) { m.signals[2].lifespan = 91 * day; }},
      {"signals[2].lifespan", "0 milliseconds", [](Model& m) { m.signals[2].lifespan = Milliseconds{0}; }},
      {"signals[0].importance", "1000000000.000001 points",
       [](Model& m) { m.signals[0].importance = 1'000'000'000'000'001; }},
      {"signals[0].importance", "-1000000000.000001 points",
       [](Model& m) { m.signals[0].importance = -1'000'000'000'000'001; }},
      {"signals[0].decay", "decay 9", [](Model& m) { m.signals[0].decay = static_cast<Decay>(9); }},
      {"signals[0].half_life", "give more than 0", [](Model& m) { m.signals[0].decay = Decay::half_life; }},
      {"signals[0].aggregate.at_least", "at least 0",
       [](Model& m) {
         m.signals[0].aggregate = Aggregate{0, day};
       }},
      {"signals[0].aggregate.at_least", "1000001",
       [](Model& m) {
         m.signals[0].aggregate = Aggregate{1'000'001, day};
       }},
      {"signals[0].aggregate.within", "0 mill",
       [](Model& m) {
         m.signals[0].aggregate = Aggregate{1, Milliseconds{0}};
       }},
      {"signals[0].aggregate.within", "91 days",
       [](Model& m) {
         m.signals[0].aggregate = Aggregate{1, 91 * day};
       }},
      {"signals[0].cap", "a cap of -1 point is below 0", [](Model& m) { m.signals[0].cap = -1'000'000; }},
      {"signals[0].group", "group 1 does not exist", [](Model& m) { m.signals[0].group = 1; }},
      {"groups[0].key", "cannot be a key", [](Model& m) { m.groups[0].key = "ä"; }},
      {"groups[1].key", "taken by groups[0]", [](Model& m) { m.groups.push_back(m.groups[0]); }},
      {"groups[0].cap", "group `mail`", [](Model& m) { m.groups[0].cap = -1; }},
      {"thresholds.medium", "not above 0", [](Model& m) { m.thresholds.medium = 0; }},
      {"thresholds.high", "`high` of 30 points is not above `medium` of 30 points",
       [](Model& m) { m.thresholds.high = m.thresholds.medium; }},
      {"thresholds.very_high", "must ascend", [](Model& m) { m.thresholds.very_high = 1; }},
      {"thresholds.cap", "must ascend", [](Model& m) { m.thresholds.cap = m.thresholds.very_high; }},
      {"writeback.quiet_interval", "2 days", [](Model& m) { m.writeback.quiet_interval = 2 * day; }},
      {"writeback.quiet_interval", "-1 millisecond", [](Model& m) { m.writeback.quiet_interval = Milliseconds{-1}; }},
      {"writeback.drift_points", "a drift of 0", [](Model& m) { m.writeback.drift_points = 0; }},
      {"writeback.drift_points", "a drift of 101", [](Model& m) { m.writeback.drift_points = 101; }},
      {"signals", "1001 signals", [](Model& m) { m.signals.resize(1'001, m.signals[0]); }},
      {"groups", "101 groups", [](Model& m) { m.groups.resize(101, m.groups[0]); }},
  };
  for (const Fault& fault : faults) {
    SCOPED_TRACE(fault.field + ": " + fault.what);
    Model model = good_model();
    fault.make(model);
    const Status status = model.check();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Errc::invalid);
    EXPECT_EQ(status.error().field, fault.field);
    EXPECT_NE(status.error().what.find(fault.what), std::string::npos) << status.error().what;
  }
}

TEST(CompiledModel, FindsTheSignalsOfATypeInTheModelsOrder) {
  Model model = good_model();
  model.signals[2].events.push_back(type_of("demo_requested"));
  const CompiledModel compiled{model};
  const auto both = compiled.signals_of(type_of("demo_requested"));
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0], 0);
  EXPECT_EQ(both[1], 2);
  EXPECT_EQ(compiled.signals_of(type_of("trial_started")).size(), 1U);
  EXPECT_TRUE(compiled.signals_of(type_of("never_heard_of")).empty());
  EXPECT_TRUE(compiled.signals_of(EventType{}).empty());
}

TEST(CompiledModel, FindsEverySignalOfALargeModelAndNoOther) {
  Model model = good_model();
  model.signals.clear();
  for (int i = 0; i < 1'000; ++i) model.signals.push_back(signal_of("large_" + std::to_string(i)));
  ASSERT_TRUE(model.check().ok());
  const CompiledModel compiled{model};
  for (int i = 0; i < 1'000; ++i) {
    const auto found = compiled.signals_of(type_of("large_" + std::to_string(i)));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0], i);
    EXPECT_TRUE(compiled.signals_of(type_of("small_" + std::to_string(i))).empty());
  }
}

TEST(CompiledModel, OfNoSignalsSpeaksOfNoType) {
  EXPECT_TRUE(CompiledModel{Model{}}.signals_of(type_of("demo_requested")).empty());
}

TEST(CompiledModel, KnowsWhatIsNegativeAndWhatIsImmediate) {
  Model model = good_model();
  EXPECT_FALSE(CompiledModel{model}.has_negative_signals());
  model.signals[1].importance = -1;
  model.signals[1].immediate = true;
  const CompiledModel compiled{model};
  EXPECT_TRUE(compiled.has_negative_signals());
  EXPECT_TRUE(compiled.immediate(type_of("trial_started")));
  EXPECT_FALSE(compiled.immediate(type_of("demo_requested")));
  EXPECT_FALSE(compiled.immediate(type_of("never_heard_of")));
}

}  // namespace
}  // namespace leadlight::engine
