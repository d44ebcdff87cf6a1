//   model     := format:u8 id:text version:u32 source:text thresholds writeback group_count:u32 group*
//                signal_count:u32 signal*                                    (format 1 is the newest)
//   thresholds:= medium:i64 high:i64 very_high:i64 cap:i64
//   writeback := quiet_interval:i64 drift_points:u32
//   group     := key:text cap:limit
//   signal    := key:text text:text type_count:u32 type:text* importance:i64 lifespan:i64 decay:u8 half_life:i64
//                aggregate cap:limit group:index immediate:u8 listed:u8
//   aggregate := 0:u8 | 1:u8 at_least:u32 within:i64
//   limit     := 0:u8 | 1:u8 micro_points:i64
//   index     := 0:u8 | 1:u8 u32
// The format is its own, so that a new field of models needs no new version of every value that holds one.
#include "storage/codec/model_codec.hpp"

#include <string>
#include <utility>

namespace leadlight::storage {
namespace {

constexpr std::uint8_t format_newest = 1;
constexpr std::size_t signal_bytes_min = 42;
constexpr std::size_t group_bytes_min = 5;

void write_limit(Writer& to, const std::optional<engine::MicroPoints>& limit) {
  to.flag(limit.has_value());
  if (limit) to.i64(*limit);
}

std::optional<engine::MicroPoints> read_limit(Reader& from) {
  if (!from.flag()) return std::nullopt;
  return from.i64();
}

void write_signal(Writer& to, const engine::Signal& signal) {
  to.text(signal.key);
  to.text(signal.text);
  to.u32(static_cast<std::uint32_t>(signal.events.size()));
  for (const auto type : signal.events) to.text(type.name());
  to.i64(signal.importance);
  to.i64(signal.lifespan.count());
  to.u8(static_cast<std::uint8_t>(signal.decay));
  to.i64(signal.half_life.count());
  to.flag(signal.aggregate.has_value());
  if (signal.aggregate) {
    to.u32(signal.aggregate->at_least);
    to.i64(signal.aggregate->within.count());
  }
  write_limit(to, signal.cap);
  to.flag(signal.group.has_value());
  if (signal.group) to.u32(*signal.group);
  to.flag(signal.immediate);
  to.flag(signal.listed);
}

engine::Result<engine::Signal> read_signal(Reader& from) {
  engine::Signal signal;
  signal.key = from.text();
  signal.text = from.text();
  const auto types = from.count(sizeof(std::uint32_t));
  signal.events.reserve(types);
  for (std::size_t i = 0; i < types && !from.failed(); ++i) {
    const auto type = engine::EventType::of(from.text());
    if (!type) return corrupt("model", type.error().what);
    signal.events.push_back(*type);
  }
  signal.importance = from.i64();
  signal.lifespan = engine::Milliseconds{from.i64()};
  signal.decay = static_cast<engine::Decay>(from.choice(1, 2));
  signal.half_life = engine::Milliseconds{from.i64()};
  if (from.flag()) {
    engine::Aggregate aggregate;
    aggregate.at_least = from.u32();
    aggregate.within = engine::Milliseconds{from.i64()};
    signal.aggregate = aggregate;
  }
  signal.cap = read_limit(from);
  if (from.flag()) signal.group = from.u32();
  signal.immediate = from.flag();
  signal.listed = from.flag();
  return signal;
}

}  // namespace

void write_model(Writer& to, const engine::Model& model) {
  to.u8(format_newest);
  to.text(model.id);
  to.u32(model.version);
  to.text(model.source);
  to.i64(model.thresholds.medium);
  to.i64(model.thresholds.high);
  to.i64(model.thresholds.very_high);
  to.i64(model.thresholds.cap);
  to.i64(model.writeback.quiet_interval.count());
  to.u32(model.writeback.drift_points);
  to.u32(static_cast<std::uint32_t>(model.groups.size()));
  for (const auto& group : model.groups) {
    to.text(group.key);
    write_limit(to, group.cap);
  }
  to.u32(static_cast<std::uint32_t>(model.signals.size()));
  for (const auto& signal : model.signals) write_signal(to, signal);
}

engine::Result<engine::Model> read_model(Reader& from) {
  const auto format = from.u8();
  if (format != format_newest) {
    return corrupt("model", "format " + std::to_string(format) + " is not known here; the newest is " +
                                std::to_string(format_newest));
  }
  engine::Model model;
  model.id = from.text();
  model.version = from.u32();
  model.source = from.text();
  model.thresholds.medium = from.i64();
  model.thresholds.high = from.i64();
  model.thresholds.very_high = from.i64();
  model.thresholds.cap = from.i64();
  model.writeback.quiet_interval = engine::Milliseconds{from.i64()};
  model.writeback.drift_points = from.u32();
  const auto groups = from.count(group_bytes_min);
  model.groups.reserve(groups);
  for (std::size_t i = 0; i < groups && !from.failed(); ++i) {
    engine::Group group;
    group.key = from.text();
    group.cap = read_limit(from);
    model.groups.push_back(std::move(group));
  }
  const auto signals = from.count(signal_bytes_min);
  model.signals.reserve(signals);
  for (std::size_t i = 0; i < signals && !from.failed(); ++i) {
    auto signal = read_signal(from);
    if (!signal) return signal.error();
    model.signals.push_back(*std::move(signal));
  }
  if (from.failed()) return corrupt("model", "a field is missing or impossible");
  if (const auto checked = model.check(); !checked) return corrupt("model", checked.error().what);
  return model;
}

}  // namespace leadlight::storage
