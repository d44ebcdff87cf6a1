#include "engine/model.hpp"

#include "engine/wording.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <string_view>
#include <unordered_map>

namespace leadlight::engine {
namespace {

constexpr MicroPoints importance_max = 1'000'000'000'000'000;
constexpr std::uint32_t aggregate_at_least_max = 1'000'000;
constexpr std::size_t key_bytes_max = 100;
constexpr std::size_t text_bytes_max = 200;

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= key_bytes_max && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20U || byte == 0x7FU;
  });
}

Error refused(std::string field, std::string what) {
  return Error{Errc::invalid, std::move(what), std::move(field)};
}

std::string quoted(std::string_view text) {
  std::string words = "`";
  words += text;
  return words += '`';
}

Status check_key(std::string_view key, const std::string& field) {
  if (is_key(key)) return Ok{};
  return refused(field, quoted(key) + " cannot be a key; use 1 to " + std::to_string(key_bytes_max) +
                            " letters, digits, `_`, `-` or `.`");
}

Status check_cap(const std::optional<MicroPoints>& cap, const std::string& whose, const std::string& field) {
  if (!cap || *cap >= 0) return Ok{};
  return refused(field, whose + ": a cap of " + points_in_words(*cap) +
                            " is below 0; a cap of 40 holds the sum between " + "-40 and 40, so give 0 or more");
}

/// One signal, with the words that its errors begin with.
struct SignalCheck {
  const Signal& signal;
  std::string place;  // "signals[2]"
  std::string whose;  // "signal `pricing_viewed`"

  [[nodiscard]] Error error(std::string_view member, const std::string& what) const {
    return refused(place + "." + std::string{member}, whose + ": " + what);
  }

  [[nodiscard]] Status check_text() const {
    if (signal.text.size() > text_bytes_max) {
      return error("text", "the text has " + std::to_string(signal.text.size()) + " bytes; shorten it to at most " +
                               std::to_string(text_bytes_max));
    }
    if (has_control_characters(signal.text)) {
      return error("text", "the text holds a line break or another control character; it must be one plain line");
    }
    return Ok{};
  }

  [[nodiscard]] Status check_events() const {
    if (signal.events.empty()) return error("events", "it names no event type; name at least one");
    std::vector<std::uint32_t> numbers;
    for (const EventType type : signal.events) {
      if (type.name().empty()) return error("events", "an event type without a name; remove it or name it");
      numbers.push_back(type.number());
    }
    std::sort(numbers.begin(), numbers.end());
    if (const auto twice = std::adjacent_find(numbers.begin(), numbers.end()); twice != numbers.end()) {
      return error("events", "the event type " + quoted(EventType::from_number(*twice).name()) +
                                 " stands there twice; name it once");
    }
    return Ok{};
  }

  [[nodiscard]] Status check_decay() const {
    if (signal.importance < -importance_max || signal.importance > importance_max) {
      return error("importance", "an importance of " + points_in_words(signal.importance) +
                                     " is out of range; stay within ±" + points_in_words(importance_max));
    }
    if (signal.lifespan <= Milliseconds{0} || signal.lifespan > window_span) {
      return error("lifespan", "a lifespan of " + span_in_words(signal.lifespan) +
                                   " is out of range; give more than 0 and at most " + span_in_words(window_span));
    }
    if (signal.decay != Decay::linear && signal.decay != Decay::half_life) {
      return error("decay", "decay " + std::to_string(static_cast<int>(signal.decay)) +
                                " is not known; use linear or half_life");
    }
    if (signal.decay == Decay::half_life && signal.half_life <= Milliseconds{0}) {
      return error("half_life", "a half-life of " + span_in_words(signal.half_life) +
                                    " cannot be; give more than 0, or use linear decay");
    }
    return Ok{};
  }

  [[nodiscard]] Status check_aggregate() const {
    if (!signal.aggregate) return Ok{};
    if (signal.aggregate->at_least < 1 || signal.aggregate->at_least > aggregate_at_least_max) {
      return error("aggregate.at_least", "at least " + std::to_string(signal.aggregate->at_least) +
                                             " events is out of range; give 1 to " + grouped(aggregate_at_least_max));
    }
    if (signal.aggregate->within <= Milliseconds{0} || signal.aggregate->within > window_span) {
      return error("aggregate.within", "a span of " + span_in_words(signal.aggregate->within) +
                                           " is out of range; give more than 0 and at most " +
                                           span_in_words(window_span));
    }
    return Ok{};
  }

  [[nodiscard]] Status check(std::size_t groups) const {
    if (auto status = check_text(); !status) return status;
    if (auto status = check_events(); !status) return status;
    if (auto status = check_decay(); !status) return status;
    if (auto status = check_aggregate(); !status) return status;
    if (auto status = check_cap(signal.cap, whose, place + ".cap"); !status) return status;
    if (signal.group && *signal.group >= groups) {
      return error("group", "group " + std::to_string(*signal.group) + " does not exist; the model has " +
                                std::to_string(groups) + ", numbered from 0");
    }
    return Ok{};
  }
};

Status check_signals(const Model& model) {
  if (model.signals.size() > signals_per_model_max) {
    return refused("signals", std::to_string(model.signals.size()) + " signals are too many; keep to at most " +
                                  std::to_string(signals_per_model_max));
  }
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < model.signals.size(); ++i) {
    const Signal& signal = model.signals[i];
    const std::string place = "signals[" + std::to_string(i) + "]";
    if (auto status = check_key(signal.key, place + ".key"); !status) return status;
    if (const auto [first, fresh] = seen.emplace(signal.key, i); !fresh) {
      return refused(place + ".key", "signal " + quoted(signal.key) + ": the key is taken by signals[" +
                                         std::to_string(first->second) + "]; give each signal its own");
    }
    if (auto status = SignalCheck{signal, place, "signal " + quoted(signal.key)}.check(model.groups.size()); !status) {
      return status;
    }
  }
  return Ok{};
}

Status check_groups(const Model& model) {
  if (model.groups.size() > groups_per_model_max) {
    return refused("groups", std::to_string(model.groups.size()) + " groups are too many; keep to at most " +
                                 std::to_string(groups_per_model_max));
  }
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < model.groups.size(); ++i) {
    const Group& group = model.groups[i];
    const std::string place = "groups[" + std::to_string(i) + "]";
    if (auto status = check_key(group.key, place + ".key"); !status) return status;
    if (const auto [first, fresh] = seen.emplace(group.key, i); !fresh) {
      return refused(place + ".key", "group " + quoted(group.key) + ": the key is taken by groups[" +
                                         std::to_string(first->second) + "]; give each group its own");
    }
    if (auto status = check_cap(group.cap, "group " + quoted(group.key), place + ".cap"); !status) return status;
  }
  return Ok{};
}

Status check_thresholds(const Thresholds& thresholds) {
  if (thresholds.medium <= 0) {
    return refused("thresholds.medium", "a medium threshold of " + points_in_words(thresholds.medium) +
                                            " is not above 0; a lead without activity must stay low");
  }
  const auto ascending = [](std::string_view name, MicroPoints value, std::string_view below,
                            MicroPoints floor) -> Status {
    if (value > floor) return Ok{};
    return refused("thresholds." + std::string{name}, "the threshold " + quoted(name) + " of " +
                                                          points_in_words(value) + " is not above " + quoted(below) +
                                                          " of " + points_in_words(floor) +
                                                          "; they must ascend: medium, high, very_high, cap");
  };
  if (auto status = ascending("high", thresholds.high, "medium", thresholds.medium); !status) return status;
  if (auto status = ascending("very_high", thresholds.very_high, "high", thresholds.high); !status) return status;
  return ascending("cap", thresholds.cap, "very_high", thresholds.very_high);
}

Status check_writeback(const WritebackRules& rules) {
  if (rules.quiet_interval < Milliseconds{0} || rules.quiet_interval > day) {
    return refused("writeback.quiet_interval", "a quiet interval of " + span_in_words(rules.quiet_interval) +
                                                   " is out of range; give 0 to " + span_in_words(day));
  }
  if (rules.drift_points < 1 || rules.drift_points > 100) {
    return refused("writeback.drift_points",
                   "a drift of " + std::to_string(rules.drift_points) + " is out of range; give 1 to 100");
  }
  return Ok{};
}

}  // namespace

Status Model::check() const {
  if (auto status = check_key(id, "id"); !status) return status;
  if (auto status = check_groups(*this); !status) return status;
  if (auto status = check_signals(*this); !status) return status;
  if (auto status = check_thresholds(thresholds); !status) return status;
  return check_writeback(writeback);
}

bool Model::has_negative_signals() const {
  return std::any_of(signals.begin(), signals.end(), [](const Signal& signal) { return signal.importance < 0; });
}

Fading fading_of(const Signal& signal) {
  const std::int64_t lifespan = std::max<std::int64_t>(signal.lifespan.count(), 1);
  const std::int64_t half_life = signal.decay == Decay::half_life ? signal.half_life.count() : 0;
  const auto divisor = static_cast<std::uint64_t>(half_life > 0 ? half_life : lifespan);
  return Fading{signal.importance, lifespan, half_life, std::numeric_limits<std::uint64_t>::max() / divisor};
}

CompiledModel::CompiledModel(Model model) : model_(std::move(model)), negative_(model_.has_negative_signals()) {
  std::vector<std::pair<std::uint32_t, std::uint16_t>> pairs;
  for (std::size_t i = 0; i < model_.signals.size(); ++i) {
    const Signal& signal = model_.signals[i];
    const auto index = static_cast<std::uint16_t>(i);
    for (const EventType type : signal.events) pairs.emplace_back(type.number(), index);
    if (signal.aggregate) aggregated_.push_back(index);
    fadings_.push_back(fading_of(signal));
  }
  std::sort(pairs.begin(), pairs.end());
  places_.resize(std::bit_ceil(2 * pairs.size() + 2));
  places_mask_ = static_cast<std::uint32_t>(places_.size() - 1);
  signals_.reserve(pairs.size());
  for (const auto& [number, signal] : pairs) {
    std::uint32_t place = number & places_mask_;
    while (places_[place].count != 0 && places_[place].type != number) place = (place + 1) & places_mask_;
    if (places_[place].count == 0) places_[place] = Place{number, static_cast<std::uint32_t>(signals_.size()), 0};
    ++places_[place].count;
    signals_.push_back(signal);
  }
}

bool CompiledModel::immediate(EventType type) const {
  const auto signals = signals_of(type);
  return std::any_of(signals.begin(), signals.end(), [this](std::uint16_t i) { return model_.signals[i].immediate; });
}

}  // namespace leadlight::engine
