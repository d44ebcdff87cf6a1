#include "engine/models/laws.hpp"

#include "engine/models/measures.hpp"
#include "engine/window.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

namespace leadlight::engine::models {
namespace {

/// Laws are tried at one instant; which one does not matter, since only ages count.
constexpr Timestamp trial_instant{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
constexpr MicroPoints unbounded = std::numeric_limits<MicroPoints>::max();
constexpr std::uint32_t crowd_max = 1'000;

std::string named(const Signal& signal) {
  return "signal \"" + signal.key + '"';
}
std::string named(const Group& group) {
  return "group \"" + group.key + '"';
}

/// A window under construction; ids are numbered.
class Trial {
 public:
  void add(EventType type, Timestamp at, std::uint32_t count = 1) {
    for (std::uint32_t i = 0; i < count; ++i) window_.add(at, type, ++id_, events_per_lead_max_default);
  }
  [[nodiscard]] const Window& window() const { return window_; }

 private:
  Window window_;
  std::uint64_t id_ = 0;
};

void violated(LawResult& result, std::string sentence) {
  if (result.violations.size() < violations_max) result.violations.push_back(std::move(sentence));
}

std::string expected_found(std::string_view what, const std::string& expected, const std::string& found) {
  return std::string(what) + ": expected " + expected + ", found " + found;
}

std::vector<std::string> differences(const GoldenExpectation& expect, const Score& found) {
  std::vector<std::string> sentences;
  if (expect.score && *expect.score != found.score) {
    sentences.push_back(expected_found("score", std::to_string(*expect.score), std::to_string(found.score)));
  }
  if (expect.segment && *expect.segment != found.segment) {
    sentences.push_back(
        expected_found("segment", std::string(label(*expect.segment)), std::string(label(found.segment))));
  }
  if (expect.raw && *expect.raw != found.raw) {
    sentences.push_back(expected_found("raw points", points_text(*expect.raw), points_text(found.raw)));
  }
  return sentences;
}

LawResult thresholds_ascend(const Model& model) {
  LawResult result{Law::thresholds_ascend, {}};
  const Thresholds& t = model.thresholds;
  const std::pair<std::string_view, MicroPoints> steps[] = {
      {"0", 0}, {"medium", t.medium}, {"high", t.high}, {"very_high", t.very_high}, {"cap", t.cap}};
  for (std::size_t i = 1; i < std::size(steps); ++i) {
    if (steps[i].second > steps[i - 1].second) continue;
    violated(result, "thresholds: " + std::string(steps[i].first) + " is " + points_text(steps[i].second) +
                         ", not above " + std::string(steps[i - 1].first) + "; raise it above " +
                         points_text(steps[i - 1].second));
  }
  return result;
}

/// The most points that a signal can bring on its own; `unbounded` when its events just add up.
MicroPoints reach(const Signal& signal) {
  if (signal.importance <= 0) return 0;
  const MicroPoints own = signal.aggregate ? signal.importance : unbounded;
  return std::min(own, signal.cap.value_or(unbounded));
}

MicroPoints added(MicroPoints a, MicroPoints b) {
  return a > unbounded - b ? unbounded : a + b;
}

LawResult segments_in_reach(const Model& model) {
  LawResult result{Law::segments_in_reach, {}};
  std::vector<MicroPoints> by_group(model.groups.size(), 0);
  MicroPoints total = 0;
  for (const Signal& signal : model.signals) {
    MicroPoints& sum = signal.group ? by_group[*signal.group] : total;
    sum = added(sum, reach(signal));
  }
  for (std::size_t i = 0; i < by_group.size(); ++i) {
    total = added(total, std::min(by_group[i], model.groups[i].cap.value_or(unbounded)));
  }
  const std::pair<Segment, MicroPoints> begins[] = {{Segment::medium, model.thresholds.medium},
                                                    {Segment::high, model.thresholds.high},
                                                    {Segment::very_high, model.thresholds.very_high}};
  for (const auto& [segment, from] : begins) {
    if (total >= from) continue;
    violated(result, "segment " + std::string(label(segment)) + " begins at " + points_text(from) +
                         " points, but the caps leave at most " + points_text(total) +
                         "; raise a cap or lower the threshold");
  }
  return result;
}

/// The signals of `model` that `keep` chooses, all counting upwards, so that a clamp on either side shows as too many
/// points.
template <class Keep>
Model upward_part(const Model& model, Keep keep) {
  Model part = model;
  part.signals.clear();
  for (const Signal& signal : model.signals) {
    if (!keep(signal)) continue;
    part.signals.push_back(signal);
    part.signals.back().importance = std::abs(signal.importance);
  }
  return part;
}

/// The raw points of a crowd: every type of the model's signals, often enough to pass `cap`.
MicroPoints crowd_points(const Model& model, MicroPoints cap) {
  Trial trial;
  for (const Signal& signal : model.signals) {
    const MicroPoints needed = cap / std::max<MicroPoints>(signal.importance, 1) + 2;
    const auto count = static_cast<std::uint32_t>(std::min<MicroPoints>(needed, crowd_max));
    for (const EventType type : signal.events) trial.add(type, trial_instant, count);
  }
  return raw_micro_points(CompiledModel(model), trial.window(), trial_instant);
}

LawResult caps_hold(const Model& model) {
  LawResult result{Law::caps_hold, {}};
  const auto check = [&](const std::string& name, MicroPoints cap, const Model& part) {
    const MicroPoints found = crowd_points(part, cap);
    if (found <= cap) return;
    violated(result, name + ": a crowd of events reaches " + points_text(found) + " points, above its cap of " +
                         points_text(cap) + "; this is a fault of the engine, report it");
  };
  for (const Signal& signal : model.signals) {
    if (!signal.cap) continue;
    check(named(signal), *signal.cap, upward_part(model, [&](const Signal& s) { return s.key == signal.key; }));
  }
  for (std::size_t i = 0; i < model.groups.size(); ++i) {
    const Group& group = model.groups[i];
    if (!group.cap) continue;
    check(named(group), *group.cap, upward_part(model, [&](const Signal& s) { return s.group == i; }));
  }
  return result;
}

/// A lead's engagement with and without one more event; a large fixed signal keeps the floor at 0 out of sight.
class EngagementTrial {
 public:
  explicit EngagementTrial(const Model& model) : compiled_(with_ballast(model)) {
    full_.add(ballast_type(), trial_instant);
    bare_.add(ballast_type(), trial_instant);
    for (const Signal& signal : model.signals) {
      if (signal.importance <= 0) continue;
      types_.insert(signal.events.begin(), signal.events.end());
    }
    for (const EventType type : types_) full_.add(type, trial_instant);
  }

  struct ByName {
    bool operator()(EventType a, EventType b) const { return a.name() < b.name(); }
  };
  [[nodiscard]] const std::set<EventType, ByName>& types() const { return types_; }

  /// The age at which one more event of `type` lowers the score; none when it never does.
  [[nodiscard]] std::optional<Milliseconds> lowering_age(EventType type) const {
    std::set<Milliseconds> ages{Milliseconds{0}, hour};
    for (const std::uint16_t index : compiled_.signals_of(type)) {
      const Milliseconds lifespan = compiled_.model().signals[index].lifespan;
      ages.insert({lifespan / 2, lifespan - Milliseconds{1}, lifespan});
    }
    for (const Trial* base : {&bare_, &full_}) {
      const MicroPoints before = raw_micro_points(compiled_, base->window(), trial_instant);
      for (const Milliseconds age : ages) {
        Trial more = *base;
        more.add(type, trial_instant - age);
        if (raw_micro_points(compiled_, more.window(), trial_instant) < before) return age;
      }
    }
    return std::nullopt;
  }

 private:
  static EventType ballast_type() { return EventType::of("leadlight.ballast").value(); }

  static Model with_ballast(const Model& model) {
    Model tried = model;
    std::erase_if(tried.signals, [](const Signal& s) { return s.importance < 0 && s.aggregate.has_value(); });
    Signal ballast;
    ballast.key = "leadlight.ballast";
    ballast.text = ballast.key;
    ballast.events = {ballast_type()};
    ballast.importance = 1'000'000'000 * micro_points_per_point;
    ballast.lifespan = window_span;
    tried.signals.push_back(std::move(ballast));
    return tried;
  }

  CompiledModel compiled_;
  Trial bare_;
  Trial full_;
  std::set<EventType, ByName> types_;
};

LawResult engagement_never_lowers(const Model& model) {
  LawResult result{Law::engagement_never_lowers, {}};
  // Without a plain negative signal every line grows with engagement; the trial is for what remains.
  const bool mixed = std::any_of(model.signals.begin(), model.signals.end(),
                                 [](const Signal& s) { return s.importance < 0 && !s.aggregate; });
  if (!mixed && model.signals.size() > 100) return result;
  const EngagementTrial trial(model);
  for (const EventType type : trial.types()) {
    const auto age = trial.lowering_age(type);
    if (!age) continue;
    std::string against;
    for (const Signal& signal : model.signals) {
      if (signal.importance >= 0 ||
          std::find(signal.events.begin(), signal.events.end(), type) == signal.events.end()) {
        continue;
      }
      against += (against.empty() ? "" : ", ") + named(signal);
    }
    violated(result, "event \"" + std::string(type.name()) + "\" brings points, but one of age " + span_text(*age) +
                         " lowers the score through " + (against.empty() ? "another rule" : against) +
                         "; take it out of that signal, or shorten that signal's lifespan");
  }
  return result;
}

LawResult no_dead_rule(const Model& model) {
  LawResult result{Law::no_dead_rule, {}};
  for (const Signal& signal : model.signals) {
    if (signal.events.empty()) {
      violated(result, named(signal) + " speaks of no event; name at least one, or remove the signal");
    } else if (contribution(signal, trial_instant, trial_instant) == 0) {
      violated(result, named(signal) + " is worth 0 points on the day it happens; give it points, or remove it");
    } else if (signal.cap == 0) {
      violated(result, named(signal) + " has a cap of 0; raise the cap, or remove the signal");
    }
  }
  for (std::size_t i = 0; i < model.groups.size(); ++i) {
    const Group& group = model.groups[i];
    const bool used =
        std::any_of(model.signals.begin(), model.signals.end(), [&](const Signal& s) { return s.group == i; });
    if (!used) {
      violated(result, named(group) + " has no signal; name it in a signal, or remove it");
    } else if (group.cap == 0) {
      violated(result, named(group) + " has a cap of 0, so none of its signals counts; raise the cap, or remove it");
    }
  }
  return result;
}

}  // namespace

std::vector<GoldenResult> run_golden(const ModelFile& file) {
  const CompiledModel compiled(file.model);
  std::vector<GoldenResult> results;
  results.reserve(file.golden.size());
  for (const GoldenLead& lead : file.golden) {
    Trial trial;
    for (const GoldenEvent& event : lead.events) trial.add(event.type, event.occurred_at, event.count);
    GoldenResult result{lead.name, lead.line, lead.expect, score_at(compiled, trial.window(), lead.at), {}};
    result.differences = differences(lead.expect, result.found);
    results.push_back(std::move(result));
  }
  return results;
}

std::vector<LawResult> check_laws(const Model& model) {
  std::vector<LawResult> results;
  results.push_back(thresholds_ascend(model));
  results.push_back(segments_in_reach(model));
  results.push_back(caps_hold(model));
  results.push_back(engagement_never_lowers(model));
  results.push_back(no_dead_rule(model));
  return results;
}

}  // namespace leadlight::engine::models
