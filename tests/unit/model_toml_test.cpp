// A model file reads exactly as written, and every mistake is reported with its line, key, value and remedy.
#include "engine/models/model_toml.hpp"

#include "engine/models/laws.hpp"
#include "engine/models/measures.hpp"
#include "engine/models/starter.hpp"
#include "tools/model_test.hpp"

#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <string>

namespace leadlight::engine::models {
namespace {

constexpr std::string_view thresholds = "[thresholds]\nmedium = 30\nhigh = 60\nvery_high = 100\n";

/// A model whose first signal begins on line 7.
std::string with_signal(std::string_view body) {
  return "id = \"m\"\n" + std::string(thresholds) + "\n[signals.demo]\n" + std::string(body);
}

std::string sound(std::string_view more = "") {
  return with_signal("points = 40\nlifespan = \"60 days\"\n" + std::string(more));
}

/// What the reader says of `toml`; empty when it reads.
std::string said(const std::string& toml) {
  const auto file = read_model(toml, "model.toml");
  return file ? std::string() : file.error().what;
}

TEST(ModelToml, ReadsTheWholeForm) {
  const std::string text = R"(
id = "whole"
[thresholds]
medium = 30
high = 60.5
very_high = 100
cap = 200.000001
[writeback]
quiet_interval = "20 minutes"
drift_points = 7
[groups.email]
cap = 40
[signals.zebra]
text = "Zebra seen"
events = ["zebra_seen", "stripes_seen"]
points = -8.25
lifespan = "36 hours"
decay = "half_life"
half_life = "90 minutes"
at_least = 3
within = "7 days"
cap = 60
group = "email"
immediate = true
listed = false
[signals.ant]
points = 1_000
lifespan = "500 ms"
[[golden]]
name = "nothing yet"
at = 2026-05-01T02:00:00+02:00
events = [{ type = "ant", age = "1 day", count = 2 }, { type = "other", at = "2026-04-30T23:59:59.999Z" }]
expect = { score = 0, segment = "low", raw_points = 0.0 }
)";
  const auto file = read_model(text, "model.toml");
  ASSERT_TRUE(file.ok()) << file.error().what;
  const Model& model = file->model;
  EXPECT_EQ(model.id, "whole");
  EXPECT_EQ(model.source, text);
  EXPECT_EQ(model.thresholds, (Thresholds{30'000'000, 60'500'000, 100'000'000, 200'000'001}));
  EXPECT_EQ(model.writeback, (WritebackRules{Milliseconds{1'200'000}, 7}));
  ASSERT_EQ(model.groups.size(), 1U);
  EXPECT_EQ(model.groups[0], (Group{"email", 40'000'000}));
  ASSERT_EQ(model.signals.size(), 2U);
  const Signal& zebra = model.signals[0];  // in the order of the text, not of the alphabet
  EXPECT_EQ(zebra.key, "zebra");
  EXPECT_EQ(zebra.text, "Zebra seen");
  EXPECT_EQ(zebra.events, (std::vector{EventType::of("zebra_seen").value(), EventType::of("stripes_seen").value()}));
  EXPECT_EQ(zebra.importance, -8'250'000);
  EXPECT_EQ(zebra.lifespan, 36 * hour);
  EXPECT_EQ(zebra.decay, Decay::half_life);
  EXPECT_EQ(zebra.half_life, Milliseconds{5'400'000});
  EXPECT_EQ(zebra.aggregate, (Aggregate{3, 7 * day}));
  EXPECT_EQ(zebra.cap, 60'000'000);
  EXPECT_EQ(zebra.group, 0U);
  EXPECT_TRUE(zebra.immediate);
  EXPECT_FALSE(zebra.listed);
  const Signal& ant = model.signals[1];
  EXPECT_EQ(ant.text, "ant");
  EXPECT_EQ(ant.events, std::vector{EventType::of("ant").value()});
  EXPECT_EQ(ant.importance, 1'000'000'000);
  EXPECT_EQ(ant.lifespan, Milliseconds{500});
  EXPECT_EQ(ant.decay, Decay::linear);
  ASSERT_EQ(file->golden.size(), 1U);
  const GoldenLead& lead = file->golden[0];
  EXPECT_EQ(instant_text(lead.at), "2026-05-01T00:00:00.000Z");
  EXPECT_EQ(lead.line, 29U);
  ASSERT_EQ(lead.events.size(), 2U);
  EXPECT_EQ(lead.events[0], (GoldenEvent{EventType::of("ant").value(), lead.at - day, 2}));
  EXPECT_EQ(lead.events[1].occurred_at, lead.at - Milliseconds{1});
  EXPECT_EQ(lead.expect, (GoldenExpectation{0, Segment::low, 0}));
}

TEST(ModelToml, DefaultsAreThoseOfTheDesign) {
  const auto file = read_model(sound(), "model.toml");
  ASSERT_TRUE(file.ok()) << file.error().what;
  EXPECT_EQ(file->model.thresholds.cap, 200'000'000);
  EXPECT_EQ(file->model.writeback, WritebackRules{});
  const Signal& signal = file->model.signals.at(0);
  EXPECT_EQ(signal.text, "demo");
  EXPECT_FALSE(signal.aggregate || signal.cap || signal.group || signal.immediate);
  EXPECT_TRUE(signal.listed);
}

TEST(ModelToml, DecimalsAreExact) {
  const struct {
    const char* written;
    MicroPoints read;
  } cases[] = {{"0.1", 100'000},           {"8.7", 8'700'000},  {"0.000001", 1},
               {"-0.000001", -1},          {"4.35", 4'350'000}, {"999999999.999999", 999'999'999'999'999},
               {"1_000.5", 1'000'500'000}, {"+2.5", 2'500'000}, {"-1000000000", -1'000'000'000'000'000},
               {"0x10", 16'000'000}};
  for (const auto& [written, read] : cases) {
    // After a letter of several bytes and inside an inline table: the place is still found.
    const std::string text = "id = \"m\"\n" + std::string(thresholds) +
                             "[signals]\nd = { text = \"größer ↑\", points = " + written + ", lifespan = \"1 day\" }\n";
    const auto file = read_model(text, "model.toml");
    ASSERT_TRUE(file.ok()) << file.error().what;
    EXPECT_EQ(file->model.signals.at(0).importance, read) << written;
  }
}

TEST(ModelToml, EveryMistakeNamesLineKeyValueAndRemedy) {
  const struct {
    std::string text;
    const char* message;
  } cases[] = {
      {with_signal("points = 40\nlifespan = \"120 days\"\n"),
       "model.toml:9: signals.demo.lifespan: 120 days is above the limit of 90 days; write a lifespan of at most "
       "\"90 days\""},
      {sound("lifspan = 3\n"),
       "model.toml:10: signals.demo.lifspan: there is no key \"lifspan\" here; did you mean "
       "\"lifespan\"?"},
      {with_signal("points = 40\nlifespan = 60\n"),
       "model.toml:9: signals.demo.lifespan: expected a span of time, found the number 60; write for example lifespan "
       "= "
       "\"30 days\""},
      {with_signal("points = 40\nlifespan = \"60\"\n"),
       "model.toml:9: signals.demo.lifespan: \"60\" has no unit; write "},
      {with_signal("points = 40\nlifespan = \"6 fortnights\"\n"),
       "model.toml:9: signals.demo.lifespan: \"fortnights\" is not a unit of time; use "},
      {with_signal("points = 40\nlifespan = \"0 days\"\n"),
       "0 ms is below the limit of 1 ms; write a lifespan of at least"},
      {with_signal("lifespan = \"60 days\"\n"),
       "model.toml:7: signals.demo.points: is missing; write for example points"},
      {with_signal("points = 40\n"), "model.toml:7: signals.demo.lifespan: is missing; write for example"},
      {with_signal("points = \"40\"\nlifespan = \"60 days\"\n"),
       "model.toml:8: signals.demo.points: expected a number of points, found the text \"40\"; write for example "
       "points ="},
      {with_signal("points = 0.1234567\nlifespan = \"60 days\"\n"),
       "model.toml:8: signals.demo.points: 0.1234567 has more than six decimals; write at most six"},
      {with_signal("points = 1e3\nlifespan = \"60 days\"\n"), "1e3 is written with an exponent; write it out"},
      {with_signal("points = inf\nlifespan = \"60 days\"\n"), "inf is not a number; write digits"},
      {with_signal("points = 1000000001\nlifespan = \"60 days\"\n"),
       "1000000001 is beyond 1,000,000,000; write a smaller"},
      {sound("cap = -1\n"), "signals.demo.cap: -1 is below the limit of 0; write points from 0 to"},
      {sound("decay = \"halflife\"\n"), "\"halflife\" is no decay; write \"linear\" or \"half_life\"; did you mean"},
      {sound("decay = \"half_life\"\n"), "signals.demo.decay: \"half_life\" needs the half-life; write for example"},
      {sound("decay = \"linear\"\nhalf_life = \"2 days\"\n"),
       "model.toml:11: signals.demo.half_life: a linear decay has no"},
      {sound("at_least = 3\n"), "signals.demo.at_least: it needs the span to count in; write for example within"},
      {sound("within = \"3 days\"\n"),
       "signals.demo.within: it needs the number of events; write for example at_least"},
      {sound("at_least = 0\nwithin = \"3 days\"\n"),
       "at_least: 0 is out of range; write a whole number from 1 to 1000000"},
      {sound("group = \"mail\"\n[groups.email]\ncap = 4\n"),
       "signals.demo.group: there is no group \"mail\"; write a table [groups.mail] with its cap; did you mean "
       "\"email\"?"},
      {sound("events = []\n"), "signals.demo.events: [] is empty; name at least one"},
      {sound("events = [\"a\", \"a\"]\n"), "signals.demo.events: \"a\" stands twice; name it once"},
      {sound("events = [3]\n"), "expected a text in the list, found the number 3; put it in quotes"},
      {sound("events = \"a\"\n"), "expected a list of texts, found the text \"a\"; write for example events = "},
      {sound("immediate = \"yes\"\n"), "signals.demo.immediate: expected true or false, found the text \"yes\"; write"},
      {sound("text = \"\"\n"), "signals.demo.text: \"\" is empty; write at least one character"},
      {sound("text = \"a\\nb\"\n"), "has a line break or a control character; write it on one line"},
      {sound("[signals.\"two words\"]\npoints = 1\nlifespan = \"1 day\"\n"),
       "model.toml:10: signals: \"two words\" has other characters than letters"},
      {sound("[signals.demo]\n"), "model.toml:10: this is not valid TOML"},
      {"id = \"m\"\nid = \"n\"\n", "model.toml:2: this is not valid TOML"},
      {std::string(thresholds) + "[signals.a]\npoints=1\nlifespan=\"1 day\"\n",
       "model.toml:1: id: is missing; write for"},
      {"id = \"m\"\n[signals.a]\npoints=1\nlifespan=\"1 day\"\n", "thresholds: is missing; write a table [thresholds]"},
      {"id = \"m\"\n" + std::string(thresholds), "signals: there is no signal; write at least one"},
      {"id = \"m\"\n[thresholds]\nmedium=60\nhigh=60\nvery_high=50\n[signals.a]\npoints=1\nlifespan=\"1 day\"\n",
       "model.toml:4: thresholds.high: 60 is not above medium, which is 60; write more than 60\n"
       "model.toml:5: thresholds.very_high: 50 is not above high, which is 60; write more than 60"},
      {sound("[writeback]\nquiet_interval = \"2 days\"\n"),
       "writeback.quiet_interval: 2 days is above the limit of 1 day;"},
      {sound("[writeback]\ndrift_points = 0\n"),
       "writeback.drift_points: 0 is out of range; write a whole number from 1"},
      {sound("[groups.g]\n"), "model.toml:10: groups.g.cap: is missing; write for example cap = 40"},
      {sound("[treshold]\n"),
       "model.toml:10: treshold: there is no key \"treshold\" here; did you mean \"thresholds\"?"},
      {"id = 3\n", "model.toml:1: id: expected a text, found the number 3; write for example id = \"id\""},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_NE(said(text).find(message), std::string::npos) << "wanted: " << message << "\nsaid: " << said(text);
  }
}

TEST(ModelToml, GoldenMistakesNameTheirPlace) {
  const auto golden = [](std::string_view body) { return sound("[[golden]]\n" + std::string(body)); };
  const struct {
    std::string text;
    const char* message;
  } cases[] = {
      {golden("name = \"a\"\nat = \"2026-05-01\"\nevents = []\nexpect = { score = 0 }\n"),
       "model.toml:12: golden[1].at: \"2026-05-01\" is not an instant; write it like"},
      {golden("name = \"a\"\nat = 2026-05-01T00:00:00\nevents = []\nexpect = { score = 0 }\n"),
       "golden[1].at: it does not say in which time zone; write it in UTC, ending in Z"},
      {golden("name = \"a\"\nat = \"2026-02-30T00:00:00Z\"\nevents = []\nexpect = { score = 0 }\n"),
       "is a date that the calendar does not have; correct it"},
      {golden("name = \"a\"\nat = \"2026-05-01T00:00:00Z\"\nevents = []\nexpect = {}\n"),
       "golden[1].expect: it expects nothing; write at least one of score, segment and raw_points"},
      {golden("name = \"a\"\nat = \"2026-05-01T00:00:00Z\"\nevents = []\nexpect = { segment = \"hihg\" }\n"),
       "\"hihg\" is no segment; write \"low\", \"medium\", \"high\" or \"very high\"; did you mean \"high\"?"},
      {golden("name = \"a\"\nat = \"2026-05-01T00:00:00Z\"\nevents = [{ type = \"dmeo\", age = \"1 day\" }]\n"
              "expect = { score = 0 }\n"),
       "golden[1].events[1].type: no signal speaks of \"dmeo\"; did you mean \"demo\"?"},
      {golden("name = \"a\"\nat = \"2026-05-01T00:00:00Z\"\nevents = [{ type = \"demo\" }]\nexpect = { score = 0 }\n"),
       "golden[1].events[1].at: say once when it happened; write either"},
      {golden("name = \"a\"\nat = \"2026-05-01T00:00:00Z\"\nevents = [{ type = \"demo\", at = \"2026-05-02T00:00:00Z\" "
              "}]\n"
              "expect = { score = 0 }\n"),
       "2026-05-02T00:00:00.000Z is after the golden lead's own instant"},
      {golden("name = \"a\"\nat = \"2026-05-01T00:00:00Z\"\nevents = [{ type = \"demo\", age = \"1 day\", count = "
              "10001 }]\n"
              "expect = { score = 0 }\n"),
       "count: 10001 is out of range; write a whole number from 1 to 10000"},
      {golden("at = \"2026-05-01T00:00:00Z\"\n"), "model.toml:10: golden[1].name: is missing"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_NE(said(text).find(message), std::string::npos) << "wanted: " << message << "\nsaid: " << said(text);
  }
}

TEST(ModelToml, ListsTwentyMistakesByLineAndCountsTheRest) {
  std::string text = sound();
  for (int i = 0; i < 30; ++i) text += "wrong" + std::to_string(i) + " = 1\n";
  const std::string what = said(text);
  EXPECT_EQ(std::count(what.begin(), what.end(), '\n'), 20) << what;
  EXPECT_NE(what.find("model.toml:10: signals.demo.wrong0"), std::string::npos) << what;
  EXPECT_NE(what.find("\nmodel.toml: and 10 more mistakes"), std::string::npos) << what;
}

TEST(ModelToml, KeepsItsLimits) {
  const auto too_large = read_model(std::string(model_file_bytes_max + 1, ' '), "model.toml");
  ASSERT_FALSE(too_large.ok());
  EXPECT_EQ(too_large.error().code, Errc::too_large);
  std::string text = "id = \"m\"\n" + std::string(thresholds) + "[signals]\n";
  for (std::size_t i = 0; i < signals_per_model_max; ++i) {
    text += "s" + std::to_string(i) + " = { points = 1, lifespan = \"1 day\" }\n";
  }
  EXPECT_EQ(said(text), "");
  text += "one_more = { points = 1, lifespan = \"1 day\" }\n";
  EXPECT_NE(said(text).find("1001 signals are above the limit of 1000; merge some"), std::string::npos);
  EXPECT_NE(said(std::string(1000, '[')).find("not valid TOML"), std::string::npos);
}

TEST(ModelToml, StarterKeepsItsGoldenLeadsAndTheLaws) {
  const auto file = read_model(starter_model_toml(), "starter.toml");
  ASSERT_TRUE(file.ok()) << file.error().what;
  EXPECT_EQ(file->model.id, "starter");
  EXPECT_EQ(file->model.signals.size(), 13U);
  EXPECT_EQ(file->model.thresholds, (Thresholds{30'000'000, 60'000'000, 100'000'000, 200'000'000}));
  EXPECT_GE(file->golden.size(), 5U);
  const auto report = tools::test_model(starter_model_toml(), "starter.toml");
  EXPECT_EQ(report.outcome, tools::ModelTestOutcome::ok) << tools::table_of(report);
  EXPECT_EQ(report.exit_status(), 0);
}

TEST(ModelTest, AFailingGoldenLeadSaysWhatWasFound) {
  const std::string text = sound(
      "[[golden]]\nname = \"hopeful\"\nat = \"2026-05-01T00:00:00Z\"\n"
      "events = [{ type = \"demo\", age = \"3 days\" }]\nexpect = { score = 62, segment = \"high\", raw_points = 38.0 "
      "}\n");
  const auto report = tools::test_model(text, "model.toml");
  EXPECT_EQ(report.outcome, tools::ModelTestOutcome::failed);
  EXPECT_EQ(report.exit_status(), 1);
  ASSERT_EQ(report.golden.size(), 1U);
  EXPECT_EQ(report.golden[0].differences,
            (std::vector<std::string>{"score: expected 62, found 55", "segment: expected high, found medium"}));
  EXPECT_NE(tools::table_of(report).find("model.toml:10: score: expected 62, found 55"), std::string::npos);
  const auto json = tools::json_of(report);
  EXPECT_EQ(json.at("outcome").as_string(), "failed");
  const auto& lead = json.at("golden").as_array().at(0).as_object();
  EXPECT_EQ(lead.at("found").as_object().at("raw_points").as_string(), "38") << boost::json::serialize(lead);
  EXPECT_FALSE(lead.at("passed").as_bool());
  EXPECT_EQ(json.at("laws").as_array().size(), 5U);
}

TEST(ModelTest, AFileThatDoesNotReadIsInvalid) {
  const auto report = tools::test_model("id = 3\n", "model.toml");
  EXPECT_EQ(report.outcome, tools::ModelTestOutcome::invalid);
  EXPECT_EQ(report.exit_status(), 1);
  EXPECT_GE(report.mistakes.size(), 3U);
  EXPECT_EQ(tools::json_of(report).at("mistakes").as_array().size(), report.mistakes.size());
  EXPECT_EQ(tools::test_model_file("/nowhere/model.toml").outcome, tools::ModelTestOutcome::invalid);
}

class ModelLaws : public testing::Test {
 protected:
  Model starter_ = read_model(starter_model_toml(), "starter.toml").value().model;

  static std::vector<std::string> violations(const Model& model, Law law) {
    for (const LawResult& result : check_laws(model)) {
      if (result.law == law) return result.violations;
    }
    return {"the law was not checked"};
  }
};

TEST_F(ModelLaws, ThresholdsThatDoNotAscendAreFound) {
  starter_.thresholds.high = starter_.thresholds.medium;
  EXPECT_EQ(violations(starter_, Law::thresholds_ascend).size(), 1U);
}

TEST_F(ModelLaws, ASegmentOutOfReachIsFound) {
  for (Signal& signal : starter_.signals) signal.cap = 3'000'000;
  const auto found = violations(starter_, Law::segments_in_reach);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NE(found[0].find("segment high begins at 60 points, but the caps leave at most 39"), std::string::npos);
  EXPECT_TRUE(violations(starter_, Law::caps_hold).empty());
}

TEST_F(ModelLaws, AnEventThatLowersTheScoreIsFound) {
  Signal against = starter_.signals[0];
  against.key = "against";
  against.importance = -50'000'000;
  starter_.signals.push_back(against);
  const auto found = violations(starter_, Law::engagement_never_lowers);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("\"demo_requested\""), std::string::npos);
  EXPECT_NE(found[0].find("signal \"against\""), std::string::npos);
  // Counting many of them as a bad sign is meant, and may.
  starter_.signals.back().aggregate = Aggregate{50, day};
  EXPECT_TRUE(violations(starter_, Law::engagement_never_lowers).empty());
}

TEST_F(ModelLaws, ANegativeSignalThatFadesSlowerIsFound) {
  Signal against = starter_.signals[0];
  against.key = "against";
  against.importance = -20'000'000;
  against.lifespan = 90 * day;
  starter_.signals.push_back(against);
  EXPECT_EQ(violations(starter_, Law::engagement_never_lowers).size(), 1U);
}

TEST_F(ModelLaws, DeadRulesAreFound) {
  starter_.signals[0].importance = 0;
  starter_.signals[1].cap = 0;
  starter_.groups = {Group{"unused", 10}, Group{"closed", 0}};
  starter_.signals[2].group = 1;
  EXPECT_EQ(violations(starter_, Law::no_dead_rule).size(), 4U);
}

TEST(Measures, SpansAndInstantsReadBack) {
  for (const char* text : {"90 days", "36 hours", "1 day", "15 minutes", "1 minute", "7 seconds", "500 ms", "0 ms"}) {
    EXPECT_EQ(span_text(parse_span(text).value()), text);
  }
  EXPECT_EQ(parse_span("1.5h").value(), Milliseconds{5'400'000});
  EXPECT_EQ(parse_span("2w").value(), 14 * day);
  for (const char* text : {"", "days", "-1 day", "1", "0.0001 ms", "1 dayz", "4000000 weeks"}) {
    EXPECT_FALSE(parse_span(text).ok()) << text;
  }
  EXPECT_EQ(instant_text(parse_instant("2024-02-29T23:59:59.5-01:00").value()), "2024-03-01T00:59:59.500Z");
  for (const char* text : {"2026-05-01T00:00:00", "2026-05-01T24:00:00Z", "2026-05-01T00:00:00.0001Z",
                           "2026-05-01T0:00:00Z", "2026-13-01T00:00:00Z", "2026-05-01T00:00:00Zjunk"}) {
    EXPECT_FALSE(parse_instant(text).ok()) << text;
  }
  EXPECT_EQ(points_text(-8'250'000), "-8.25");
  EXPECT_EQ(points_text(38'000'000), "38");
}

}  // namespace
}  // namespace leadlight::engine::models
