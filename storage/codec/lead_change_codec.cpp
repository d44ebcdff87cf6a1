//   lead_change := version:u8 fields target_count:varint target* event_count:varint event* crc32c:u32
//                                                                                   (version 1 is the newest)
//   event       := occurred_at:u48 type:name id_hash:u64
//   fields, target: lead_fields.hpp
// Fields and targets replace those of the lead; the events join its window. Several changes apply in their order.
#include "storage/codec/codec.hpp"
#include "storage/codec/lead_fields.hpp"
#include "storage/codec/reader.hpp"
#include "storage/codec/writer.hpp"

#include <limits>
#include <utility>

namespace leadlight::storage {
namespace {

constexpr std::uint8_t version_newest = 1;
constexpr std::string_view what = "lead change";
constexpr std::uint64_t occurred_at_end = std::uint64_t{1} << 44U;  // what the window packs
constexpr std::size_t event_bytes_min = 6 + 2 + 8;

engine::Status apply(engine::Lead& lead, std::string_view change) {
  auto opened = open_value(change, what, version_newest);
  if (!opened) return opened.error();
  Reader& from = *opened;
  read_fields(from, lead);
  read_targets(from, lead.targets);
  const auto count = from.short_count(event_bytes_min);
  for (std::size_t i = 0; i < count && !from.failed(); ++i) {
    const auto at = std::uint64_t{from.u32()} | std::uint64_t{from.u16()} << 32U;
    const auto name = from.name();
    const auto id_hash = from.u64();
    if (from.failed()) break;
    const auto type = engine::EventType::of(name);
    if (!type) return corrupt(what, type.error().what);
    if (at >= occurred_at_end) return corrupt(what, "an event lies beyond the year 2527");
    // The actor folds nothing in a change, so nothing is folded here.
    lead.window.add(engine::from_ms(static_cast<std::int64_t>(at)), *type, id_hash,
                    std::numeric_limits<std::uint32_t>::max());
  }
  const auto closed = close_value(from, true, what);
  return closed ? engine::Status{engine::Ok{}} : engine::Status{closed.error()};
}

}  // namespace

std::string encode_change(const engine::Lead& after, std::span<const engine::WindowEvent> added) {
  std::size_t bytes = fields_bytes_max + after.targets.size() * target_bytes_max + 32;
  for (const auto& event : added) bytes += event.type().name().size() + 2 * event_bytes_min;
  Writer to(bytes);
  to.u8(version_newest);
  write_fields(to, after);
  write_targets(to, after.targets);
  to.varint(added.size());
  for (const auto& event : added) {
    const auto at = static_cast<std::uint64_t>(engine::to_ms(event.occurred_at()));
    to.u32(static_cast<std::uint32_t>(at));
    to.u16(static_cast<std::uint16_t>(at >> 32U));
    to.name(event.type().name());
    to.u64(event.id_hash);
  }
  return std::move(to).seal();
}

engine::Result<std::string> amended_lead(std::string_view stored, std::span<const std::string_view> changes) {
  if (stored.empty()) return corrupt(what, "there is no lead that it could change");
  auto lead = decode_lead({}, stored);
  if (!lead) return lead.error();
  for (const auto change : changes)
    if (auto applied = apply(*lead, change); !applied) return applied.error();
  return encode(*lead);
}

}  // namespace leadlight::storage
