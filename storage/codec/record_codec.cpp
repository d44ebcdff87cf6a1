//   record    := version:u8 kind:u8 surface:u8 key_id:varint lead_high:u64 lead_low:u64 received_at:zigzag email:name
//                domain:name request_id:name body crc32c:u32                            (version 1 is the newest)
//   body      := event | trigger | tick | model_switch | target_switch | writeback | attributes | merged |
//                fetch_owed | fetched
//                                                                              (kind 1 … 10, in this order) | moved
//                                                                              (32)
//   event     := type:name age:zigzag event_id:name id_hash:u64 content_hash:u64 properties:name
//                age = received_at − occurred_at, so that an event just seen takes few bytes
//   trigger   := source:name
//   tick      :=
//   model_switch  := model                      (model_codec.cpp)
//   target_switch := target:varint active:u8
//   writeback := target:varint outcome:u8 owed:varint score:zigzag segment:u8 scored_at:zigzag written_at:zigzag
//   code:name
//                detail:name attempts:varint first_at:zigzag
//   attributes := count:varint (name:name value:name at:zigzag)*
//   merged    := lead_high:u64 lead_low:u64 identity:name
//   moved     := first_received_at:zigzag event         (an event that came over from a joined id)
//   fetch_owed := source:name
//   fetched   := lead_high:u64 lead_low:u64 through:varint outcome:u8 asked:varint answered:varint none:varint
//                fetched_at:zigzag detail:name
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
constexpr auto fetch_outcome_last = static_cast<std::uint8_t>(engine::FetchOutcome::given_up);
constexpr std::int64_t occurred_at_end = std::int64_t{1} << 44;  // what the window packs

enum class Kind : std::uint8_t {
  event = 1,
  trigger,
  tick,
  model_switch,
  target_switch,
  writeback,
  attributes,
  merged,
  fetch_owed,
  fetched,
  moved = 32
};
constexpr auto kind_last = static_cast<std::uint8_t>(Kind::fetched);
constexpr std::size_t attribute_bytes_min = 3;

// Differences of instants wrap instead of overflowing: bytes from a disk may hold any two.
std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

struct BodyWriter {
  Writer& to;
  engine::Timestamp received_at;

  void operator()(const engine::EngagementEvent& event) const {
    if (event.first_received_at != engine::Timestamp{}) to.short_time(event.first_received_at);
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
  void operator()(const engine::AttributeChange& change) const {
    to.varint(change.attributes.size());
    for (const auto& attribute : change.attributes) {
      to.name(attribute.name);
      to.name(attribute.value);
      to.short_time(attribute.at);
    }
  }
  void operator()(const engine::MergedInto& merged) const {
    to.u64(merged.lead.high);
    to.u64(merged.lead.low);
    to.name(merged.identity);
  }
  void operator()(const engine::FetchOwed& trigger) const { to.name(trigger.source); }
  void operator()(const engine::Fetched& fetched) const {
    to.u64(fetched.lead.high);
    to.u64(fetched.lead.low);
    to.varint(fetched.through);
    to.u8(static_cast<std::uint8_t>(fetched.outcome));
    to.varint(fetched.asked);
    to.varint(fetched.answered);
    to.varint(fetched.none);
    to.short_time(fetched.fetched_at);
    to.name(fetched.detail);
  }
};

std::uint8_t kind_of(const engine::Record& record) {
  const auto* event = std::get_if<engine::EngagementEvent>(&record.body);
  if (event != nullptr && event->first_received_at != engine::Timestamp{})
    return static_cast<std::uint8_t>(Kind::moved);
  return static_cast<std::uint8_t>(record.body.index() + 1);
}
static_assert(std::is_same_v<std::variant_alternative_t<9, decltype(engine::Record::body)>, engine::Fetched>);

std::size_t bytes_expected(const engine::Record& record) {
  std::size_t bytes = 96 + record.email.size() + record.domain.size() + record.request_id.size();
  if (const auto* event = std::get_if<engine::EngagementEvent>(&record.body)) {
    bytes += event->type.name().size() + event->event_id.size() + event->properties.size();
  }
  return bytes;
}

engine::Status read_event(Reader& from, Kind kind, engine::Record& record) {
  engine::EngagementEvent event;
  if (kind == Kind::moved) {
    event.first_received_at = from.short_time();
    if (event.first_received_at == engine::Timestamp{}) return corrupt(what, "a moved event lacks its first receipt");
  }
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

engine::AttributeChange read_attributes(Reader& from) {
  engine::AttributeChange change;
  const auto count = from.short_count(attribute_bytes_min);
  change.attributes.reserve(count);
  for (std::size_t i = 0; i < count && !from.failed(); ++i) {
    engine::Attribute attribute;
    attribute.name = from.name();
    attribute.value = from.name();
    attribute.at = from.short_time();
    change.attributes.push_back(std::move(attribute));
  }
  return change;
}

engine::MergedInto read_merged(Reader& from) {
  engine::MergedInto merged;
  merged.lead.high = from.u64();
  merged.lead.low = from.u64();
  merged.identity = from.name();
  return merged;
}

engine::Fetched read_fetched(Reader& from) {
  engine::Fetched fetched;
  fetched.lead.high = from.u64();
  fetched.lead.low = from.u64();
  fetched.through = from.varint();
  fetched.outcome = static_cast<engine::FetchOutcome>(from.choice(1, fetch_outcome_last));
  fetched.asked = from.varint32();
  fetched.answered = from.varint32();
  fetched.none = from.varint32();
  fetched.fetched_at = from.short_time();
  fetched.detail = from.name();
  return fetched;
}

Kind read_kind(Reader& from) {
  const auto kind = from.u8();
  const bool known = (kind >= 1 && kind <= kind_last) || kind == static_cast<std::uint8_t>(Kind::moved);
  if (!known) from.fail();
  return known ? static_cast<Kind>(kind) : Kind::tick;
}

engine::Status read_body(Reader& from, Kind kind, engine::Record& record) {
  switch (kind) {
    case Kind::event:
    case Kind::moved: return read_event(from, kind, record);
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
    case Kind::attributes: record.body = read_attributes(from); break;
    case Kind::merged: record.body = read_merged(from); break;
    case Kind::fetch_owed: record.body = engine::FetchOwed{std::string(from.name())}; break;
    case Kind::fetched: record.body = read_fetched(from); break;
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
  const auto kind = read_kind(from);
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
