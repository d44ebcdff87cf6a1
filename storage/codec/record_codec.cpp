//   record    := version:u8 kind:u8 surface:u8 key_id:varint lead_high:u64 lead_low:u64 received_at:zigzag email:name
//                domain:name request_id:name body crc32c:u32                            (version 1 is the newest)
//   body      := event | trigger | tick | model_switch | target_switch | writeback      (kind 1 … 6, in this order)
//   event     := type:name age:zigzag event_id:name id_hash:u64 content_hash:u64 properties:name
//                age = received_at − occurred_at, so that an event just seen takes few bytes
//   trigger   := source:name
//   tick      :=
//   model_switch  := model                      (model_codec.cpp)
//   target_switch := target:varint active:u8
//   writeback := target:varint outcome:u8 owed:varint score:zigzag segment:u8 scored_at:zigzag written_at:zigzag
//   code:name
//                detail:name attempts:varint first_at:zigzag
// Position and shard stand in the key. `key_id` is reserved: 0 = plain; other numbers will name the key of personal
// data.
#include <cassert>
#include <type_traits>
#include <utility>

#include "storage/codec/codec.hpp"
#include "storage/codec/model_codec.hpp"
#include "storage/codec/reader.hpp"
#include "storage/codec/writer.hpp"

namespace leadlight::storage {
namespace {

constexpr std::uint8_t version_newest = 1;
constexpr std::string_view what = "record";
constexpr auto surface_last = static_cast<std::uint8_t>(engine::Surface::import);
constexpr auto outcome_last = static_cast<std::uint8_t>(engine::WriteOutcome::no_match_yet);
constexpr std::int64_t occurred_at_end = std::int64_t{1} << 44;  // what the window packs

enum class Kind : std::uint8_t { event = 1, trigger, tick, model_switch, target_switch, writeback };

// Differences of instants wrap instead of overflowing: bytes from a disk may hold any two.
std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

struct BodyWriter {
  Writer& to;
  engine::Timestamp received_at;

  void operator()(const engine::EngagementEvent& event) const {
    to.name(event.type.name());
    to.zigzag(minus(engine::to_ms(received_at), engine::to_ms(event.occurred_at)));
    to.name(event.event_id);
    to.u64(event.id_hash);
    to.u64(event.content_hash);
    to.name(event.properties);
  }
  void operator()(const engine::Trigger& trigger) const { to.name(trigger.source); }
  void operator()(const engine::Tick&) const {}
  void operator()(const engine::ModelSwitch& change) const {
    assert(change.model);
    write_model(to, change.model->model());
  }
  void operator()(const engine::TargetSwitch& change) const {
    to.varint(change.target);
    to.flag(change.active);
  }
  void operator()(const engine::WritebackResult& result) const {
    to.varint(result.target);
    to.u8(static_cast<std::uint8_t>(result.outcome));
    to.varint(result.owed);
    to.zigzag(result.score);
    to.u8(static_cast<std::uint8_t>(result.segment));
    to.short_time(result.scored_at);
    to.short_time(result.written_at);
    to.name(result.code);
    to.name(result.detail);
    to.varint(result.attempts);
    to.short_time(result.first_at);
  }
};

std::uint8_t kind_of(const engine::Record& record) {
  return static_cast<std::uint8_t>(record.body.index() + 1);
}
static_assert(std::is_same_v<std::variant_alternative_t<5, decltype(engine::Record::body)>, engine::WritebackResult>);

std::size_t bytes_expected(const engine::Record& record) {
  std::size_t bytes = 96 + record.email.size() + record.domain.size() + record.request_id.size();
  if (const auto* event = std::get_if<engine::EngagementEvent>(&record.body)) {
    bytes += event->type.name().size() + event->event_id.size() + event->properties.size();
  }
  return bytes;
}

engine::Status read_event(Reader& from, engine::Record& record) {
  engine::EngagementEvent event;
  const auto type = engine::EventType::of(from.name());
  if (!type) return corrupt(what, type.error().what);
  event.type = *type;
  const auto occurred_at = minus(engine::to_ms(record.received_at), from.zigzag());
  if (occurred_at < 0 || occurred_at >= occurred_at_end) return corrupt(what, "occurred_at lies outside 1970 to 2527");
  event.occurred_at = engine::from_ms(occurred_at);
  event.event_id = from.name();
  event.id_hash = from.u64();
  event.content_hash = from.u64();
  event.properties = from.name();
  record.body = std::move(event);
  return engine::Ok{};
}

engine::Status read_model_switch(Reader& from, engine::Record& record) {
  auto model = read_model(from);
  if (!model) return corrupt(what, model.error().what);
  record.body = engine::ModelSwitch{std::make_shared<const engine::CompiledModel>(*std::move(model))};
  return engine::Ok{};
}

engine::WritebackResult read_writeback(Reader& from) {
  engine::WritebackResult result;
  result.target = from.varint32();
  result.outcome = static_cast<engine::WriteOutcome>(from.choice(1, outcome_last));
  result.owed = from.varint();
  const auto score = from.zigzag();
  if (score < 0 || score > 100) from.fail();
  result.score = static_cast<int>(score);
  result.segment = static_cast<engine::Segment>(from.choice(0, 3));
  result.scored_at = from.short_time();
  result.written_at = from.short_time();
  result.code = from.name();
  result.detail = from.name();
  result.attempts = from.varint32();
  result.first_at = from.short_time();
  return result;
}

engine::Status read_body(Reader& from, Kind kind, engine::Record& record) {
  switch (kind) {
    case Kind::event: return read_event(from, record);
    case Kind::trigger: record.body = engine::Trigger{std::string(from.name())}; break;
    case Kind::tick: record.body = engine::Tick{}; break;
    case Kind::model_switch: return read_model_switch(from, record);
    case Kind::target_switch: {
      engine::TargetSwitch change;
      change.target = from.varint32();
      change.active = from.flag();
      record.body = change;
      break;
    }
    case Kind::writeback: record.body = read_writeback(from); break;
  }
  return engine::Ok{};
}

}  // namespace

std::string encode(const engine::Record& record) {
  Writer to(bytes_expected(record));
  to.u8(version_newest);
  to.u8(kind_of(record));
  to.u8(static_cast<std::uint8_t>(record.surface));
  to.varint(record.key_id);
  to.u64(record.lead.high);
  to.u64(record.lead.low);
  to.short_time(record.received_at);
  to.name(record.email);
  to.name(record.domain);
  to.name(record.request_id);
  std::visit(BodyWriter{to, record.received_at}, record.body);
  return std::move(to).seal();
}

engine::Result<engine::Record> decode_record(std::string_view bytes) {
  auto opened = open_value(bytes, what, version_newest);
  if (!opened) return opened.error();
  Reader& from = *opened;
  engine::Record record;
  const auto kind = static_cast<Kind>(from.choice(1, 6));
  record.surface = static_cast<engine::Surface>(from.choice(0, surface_last));
  if (from.varint() != 0)
    return corrupt(what, "it is encrypted; encrypted records need a newer version of the program");
  record.lead.high = from.u64();
  record.lead.low = from.u64();
  record.received_at = from.short_time();
  record.email = from.name();
  record.domain = from.name();
  record.request_id = from.name();
  if (!from.failed()) {
    if (const auto body = read_body(from, kind, record); !body) return body.error();
  }
  return close_value(from, std::move(record), what);
}

}  // namespace leadlight::storage
