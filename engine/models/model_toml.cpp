#include "engine/models/model_toml.hpp"

#include "engine/models/measures.hpp"
#include "engine/models/toml_section.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace leadlight::engine::models {
namespace {

constexpr std::size_t key_bytes_max = 100;
constexpr std::size_t text_bytes_max = 200;
constexpr MicroPoints points_max = 1'000'000'000 * micro_points_per_point;
constexpr Milliseconds half_life_max = 3'650 * day;
constexpr std::array<std::string_view, 2> decay_words{"linear", "half_life"};
constexpr std::array<Segment, 4> segments{Segment::low, Segment::medium, Segment::high, Segment::very_high};

bool allowed_in_key(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/// Why `key` cannot name a model, signal or group; empty when it can.
std::string key_fault(std::string_view key) {
  if (key.empty()) return "\"\" is empty; write at least one character";
  if (key.size() > key_bytes_max) return "the name has more than 100 characters; shorten it";
  if (std::all_of(key.begin(), key.end(), allowed_in_key)) return "";
  return '"' + std::string(key) +
         "\" has other characters than letters, digits, \"_\", \"-\" and \".\"; write for "
         "example \"demo_requested\"";
}

std::string did_you_mean(std::string_view meant) {
  return meant.empty() ? std::string() : "; did you mean \"" + std::string(meant) + "\"?";
}

/// Reads a model's parts from their sections into `file`; mistakes go to the document.
class ModelReader {
 public:
  ModelReader(Section top, Document& document, ModelFile& file)
      : top_(std::move(top)), document_(document), file_(file) {}

  void read() {
    if (const auto id = top_.text("id", key_bytes_max)) {
      if (const std::string fault = key_fault(*id); !fault.empty()) top_.mistake("id", fault);
      file_.model.id = *id;
    }
    top_.require("id", "id = \"starter\"");
    read_thresholds();
    read_writeback();
    read_groups();
    read_signals();
    read_golden();
    top_.close();
  }

 private:
  void read_thresholds();
  void read_writeback();
  void read_groups();
  void read_signals();
  Signal read_signal(std::string key, Section& section);
  void read_decay(Section& section, Signal& signal);
  void read_aggregate(Section& section, Signal& signal);
  void read_events(Section& section, Signal& signal);
  void read_golden();
  GoldenLead read_golden_lead(Section& section);
  void read_golden_events(Section& section, GoldenLead& lead);
  std::optional<GoldenEvent> read_golden_event(Section& section, const GoldenLead& lead);
  void read_expectation(Section& section, GoldenLead& lead);
  std::optional<EventType> event_type(Section& section, std::string_view key, std::string_view name);

  Section top_;
  Document& document_;
  ModelFile& file_;
};

void ModelReader::read_thresholds() {
  auto section = top_.section("thresholds", "[thresholds]");
  if (!section) {
    if (!top_.has("thresholds")) {
      top_.mistake("thresholds", "is missing; write a table [thresholds] with medium, high and very_high, in points");
    }
    return;
  }
  Thresholds& thresholds = file_.model.thresholds;
  const auto medium = section->points("medium", 1, points_max);
  const auto high = section->points("high", 1, points_max);
  const auto very_high = section->points("very_high", 1, points_max);
  const auto cap = section->points("cap", 1, points_max);
  section->require("medium", "medium = 30");
  section->require("high", "high = 60");
  section->require("very_high", "very_high = 100");
  section->close();
  const auto above = [&](std::string_view key, const auto& value, std::string_view lower_key, const auto& lower) {
    if (!value || !lower || *value > *lower) return;
    section->mistake(key, points_text(*value) + " is not above " + std::string(lower_key) + ", which is " +
                              points_text(*lower) + "; write more than " + points_text(*lower));
  };
  above("high", high, "medium", medium);
  above("very_high", very_high, "high", high);
  above("cap", cap, "very_high", very_high);
  thresholds.medium = medium.value_or(0);
  thresholds.high = high.value_or(0);
  thresholds.very_high = very_high.value_or(0);
  thresholds.cap = cap.value_or(2 * thresholds.very_high);
}

void ModelReader::read_writeback() {
  auto section = top_.section("writeback", "[writeback]");
  if (!section) return;
  WritebackRules& rules = file_.model.writeback;
  rules.quiet_interval = section->span("quiet_interval", Milliseconds{0}, day).value_or(rules.quiet_interval);
  rules.drift_points = static_cast<std::uint32_t>(section->whole("drift_points", 1, 100).value_or(rules.drift_points));
  section->close();
}

void ModelReader::read_groups() {
  for (auto& [key, section] : top_.sections("groups", "[groups.email]")) {
    if (const std::string fault = key_fault(key); !fault.empty()) document_.mistake(section.line(), "groups", fault);
    Group group;
    group.key = key;
    group.cap = section.points("cap", 0, points_max);
    section.require("cap", "cap = 40");
    section.close();
    file_.model.groups.push_back(std::move(group));
  }
  if (file_.model.groups.size() > groups_per_model_max) {
    top_.mistake("groups", std::to_string(file_.model.groups.size()) + " groups are above the limit of " +
                               std::to_string(groups_per_model_max) + "; merge some");
  }
}

void ModelReader::read_signals() {
  auto sections = top_.sections("signals", "[signals.demo_requested]");
  if (sections.empty()) {
    if (!top_.has("signals") || document_.clean()) {
      top_.mistake("signals", "there is no signal; write at least one, for example [signals.demo_requested]");
    }
    return;
  }
  if (sections.size() > signals_per_model_max) {
    top_.mistake("signals", std::to_string(sections.size()) + " signals are above the limit of " +
                                std::to_string(signals_per_model_max) + "; merge some by listing several events");
    return;
  }
  for (auto& [key, section] : sections) file_.model.signals.push_back(read_signal(key, section));
}

Signal ModelReader::read_signal(std::string key, Section& section) {
  Signal signal;
  if (const std::string fault = key_fault(key); !fault.empty()) document_.mistake(section.line(), "signals", fault);
  signal.key = std::move(key);
  signal.text = section.text("text", text_bytes_max).value_or(signal.key);
  read_events(section, signal);
  signal.importance = section.points("points", -points_max, points_max).value_or(0);
  section.require("points", "points = 40");
  signal.lifespan = section.span("lifespan", Milliseconds{1}, window_span).value_or(Milliseconds{0});
  section.require("lifespan", "lifespan = \"60 days\"");
  read_decay(section, signal);
  read_aggregate(section, signal);
  signal.cap = section.points("cap", 0, points_max);
  if (const auto group = section.text("group", key_bytes_max)) {
    const auto& groups = file_.model.groups;
    const auto found = std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.key == *group; });
    if (found != groups.end()) {
      signal.group = static_cast<std::uint32_t>(found - groups.begin());
    } else {
      std::vector<std::string> names;
      names.reserve(groups.size());
      for (const Group& g : groups) names.push_back(g.key);
      section.mistake("group", "there is no group \"" + *group + "\"; write a table [groups." + *group +
                                   "] with its cap" + did_you_mean(nearest_word(*group, names)));
    }
  }
  signal.immediate = section.flag("immediate").value_or(false);
  signal.listed = section.flag("listed").value_or(true);
  section.close();
  return signal;
}

void ModelReader::read_decay(Section& section, Signal& signal) {
  const auto word = section.text("decay", key_bytes_max);
  const auto half_life = section.span("half_life", Milliseconds{1}, half_life_max);
  if (word && *word != "linear" && *word != "half_life") {
    section.mistake("decay", '"' + *word + "\" is no decay; write \"linear\" or \"half_life\"" +
                                 did_you_mean(nearest_word(*word, decay_words)));
    return;
  }
  if (word == "linear" && section.has("half_life")) {
    section.mistake("half_life", "a linear decay has no half-life; leave one of the two keys out");
  } else if (word == "half_life" && !section.has("half_life")) {
    section.mistake("decay", "\"half_life\" needs the half-life; write for example half_life = \"7 days\"");
  }
  // A half-life on its own says what is meant.
  if (half_life) {
    signal.decay = Decay::half_life;
    signal.half_life = *half_life;
  }
}

void ModelReader::read_aggregate(Section& section, Signal& signal) {
  const auto at_least = section.whole("at_least", 1, 1'000'000);
  const auto within = section.span("within", Milliseconds{1}, window_span);
  if (section.has("at_least") && !section.has("within")) {
    section.mistake("at_least", "it needs the span to count in; write for example within = \"7 days\"");
  } else if (section.has("within") && !section.has("at_least")) {
    section.mistake("within", "it needs the number of events; write for example at_least = 3");
  }
  if (at_least && within) signal.aggregate = Aggregate{static_cast<std::uint32_t>(*at_least), *within};
}

void ModelReader::read_events(Section& section, Signal& signal) {
  auto names = section.texts("events", EventType::name_bytes_max);
  if (!names) {
    if (section.has("events")) return;
    names = std::vector<std::string>{signal.key};
  }
  for (const std::string& name : *names) {
    if (const auto type = event_type(section, "events", name)) signal.events.push_back(*type);
  }
}

std::optional<EventType> ModelReader::event_type(Section& section, std::string_view key, std::string_view name) {
  if (name.empty() || name.size() > EventType::name_bytes_max) return std::nullopt;  // the key itself was refused
  const auto type = EventType::of(name);
  if (type) return *type;
  section.mistake(key, '"' + std::string(name) + "\": " + type.error().what);
  return std::nullopt;
}

void ModelReader::read_golden() {
  auto sections = top_.list("golden", "[[golden]]");
  if (sections.size() > golden_leads_max) {
    top_.mistake("golden", std::to_string(sections.size()) + " golden leads are above the limit of " +
                               std::to_string(golden_leads_max) + "; leave some out");
    return;
  }
  for (Section& section : sections) file_.golden.push_back(read_golden_lead(section));
}

GoldenLead ModelReader::read_golden_lead(Section& section) {
  GoldenLead lead;
  lead.line = section.line();
  lead.name = section.text("name", text_bytes_max).value_or("");
  lead.at = section.instant("at").value_or(Timestamp{});
  section.require("name", "name = \"asked for a demo three days ago\"");
  section.require("at", "at = \"2026-05-01T00:00:00Z\"");
  read_golden_events(section, lead);
  read_expectation(section, lead);
  section.close();
  const auto& earlier = file_.golden;
  if (!lead.name.empty() &&
      std::any_of(earlier.begin(), earlier.end(), [&](const GoldenLead& other) { return other.name == lead.name; })) {
    section.mistake("name", '"' + lead.name + "\" names an earlier golden lead too; give each its own name");
  }
  return lead;
}

void ModelReader::read_golden_events(Section& section, GoldenLead& lead) {
  std::uint64_t total = 0;
  for (Section& item : section.list("events", "events = [{ type = \"demo_requested\", age = \"3 days\" }]")) {
    const auto event = read_golden_event(item, lead);
    if (!event) continue;
    total += event->count;
    lead.events.push_back(*event);
  }
  section.require("events", "events = [{ type = \"demo_requested\", age = \"3 days\" }]");
  if (total > golden_events_max) {
    section.mistake("events", std::to_string(total) + " events are above the limit of " +
                                  std::to_string(golden_events_max) + "; lower the counts");
  }
}

std::optional<GoldenEvent> ModelReader::read_golden_event(Section& section, const GoldenLead& lead) {
  GoldenEvent event;
  const auto name = section.text("type", EventType::name_bytes_max);
  section.require("type", "type = \"demo_requested\"");
  if (name) {
    std::vector<std::string_view> known;
    for (const Signal& signal : file_.model.signals) {
      for (const EventType type : signal.events) known.push_back(type.name());
    }
    // A type that no signal speaks of may be meant (it must not count); one slip away from a known one is a slip.
    if (std::find(known.begin(), known.end(), *name) == known.end()) {
      const std::string_view meant = nearest_word(*name, known);
      if (!meant.empty() && edits_between(*name, meant) <= 2) {
        section.mistake("type", "no signal speaks of \"" + *name + '"' + did_you_mean(meant));
      }
    }
    event.type = event_type(section, "type", *name).value_or(EventType{});
  }
  const auto at = section.instant("at");
  const auto age = section.span("age", Milliseconds{0}, 3'650 * day);
  if (section.has("at") == section.has("age")) {
    section.mistake(section.has("at") ? "age" : "at",
                    "say once when it happened; write either at = \"2026-04-28T00:00:00Z\" or age = \"3 days\"");
  }
  event.occurred_at = at ? *at : lead.at - age.value_or(Milliseconds{0});
  if (at && lead.at != Timestamp{} && *at > lead.at) {
    section.mistake("at", instant_text(*at) + " is after the golden lead's own instant " + instant_text(lead.at) +
                              "; write an earlier one");
  }
  if (age && lead.at != Timestamp{} && to_ms(event.occurred_at) < 0) {
    section.mistake("age", span_text(*age) + " lies before 1970; write a shorter age");
  }
  event.count = static_cast<std::uint32_t>(section.whole("count", 1, golden_events_max).value_or(1));
  section.close();
  if (!name) return std::nullopt;
  return event;
}

void ModelReader::read_expectation(Section& section, GoldenLead& lead) {
  constexpr std::string_view example = "expect = { score = 62, segment = \"medium\" }";
  section.require("expect", example);
  auto expect = section.section("expect", example);
  if (!expect) return;
  if (const auto score = expect->whole("score", 0, 100)) lead.expect.score = static_cast<int>(*score);
  if (const auto word = expect->text("segment", key_bytes_max)) {
    std::array<std::string_view, segments.size()> labels;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      labels[i] = label(segments[i]);
      if (labels[i] == *word) lead.expect.segment = segments[i];
    }
    if (!lead.expect.segment) {
      expect->mistake("segment", '"' + *word +
                                     "\" is no segment; write \"low\", \"medium\", \"high\" or \"very high\"" +
                                     did_you_mean(nearest_word(*word, labels)));
    }
  }
  lead.expect.raw = expect->points("raw_points", 0, 1'000 * points_max);
  if (!expect->has("score") && !expect->has("segment") && !expect->has("raw_points")) {
    section.mistake("expect", "it expects nothing; write at least one of score, segment and raw_points");
  }
  expect->close();
}

/// The library's answer to text that is not TOML, as one of our mistakes.
void not_toml(const toml::parse_error& error, Document& document) {
  std::string what = "this is not valid TOML: " + std::string(error.description());
  document.mistake(error.source().begin.line, "",
                   what + "; correct the line, or compare it with docs/guides/models.md");
}

}  // namespace

Result<ModelFile> read_model(std::string_view toml, std::string_view file_name) {
  if (toml.size() > model_file_bytes_max) {
    return Error{Errc::too_large,
                 std::string(file_name) + ": the file has " + std::to_string(toml.size()) + " bytes; the limit is " +
                     std::to_string(model_file_bytes_max) + ", shorten it",
                 ""};
  }
  Document document(toml, file_name);
  ModelFile file;
  file.model.source = std::string(toml);
  try {
    const toml::table table = toml::parse(toml, file_name);
    ModelReader(Section(table, "", 1, document), document, file).read();
  } catch (const toml::parse_error& error) {
    not_toml(error, document);
  }
  if (!document.clean()) return document.error();
  if (const Status sound = file.model.check(); !sound) {
    Error error = sound.error();
    error.what = std::string(file_name) + ": " + (error.field.empty() ? "" : error.field + ": ") + error.what;
    return error;
  }
  return file;
}

}  // namespace leadlight::engine::models
