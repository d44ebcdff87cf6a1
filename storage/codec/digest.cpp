//   lead digest := first 16 bytes of SHA-256 over: high:u64be low:u64be email:text event_count:u32 event*
//   folded_count:u32
//                  folded* ids_beyond_window_until:i64 conflicts:u32 segment:u8 owed_at:i64 crossed_at:i64
//                  target_count:u32 target*
//   event       := occurred_at:i64 type:text id_hash:u64          ascending by (occurred_at, id_hash)
//   folded      := hour_start:i64 type:text count:u32             ascending by (hour_start, type)
//   target      := target:u32 confirmed:u8 score:u8 segment:u8 scored_at:i64     ascending by target
// Written apart from the stored form, so that a new version of that leaves every digest as it was.
#include <algorithm>
#include <array>
#include <vector>

#include "storage/codec/codec.hpp"
#include "storage/codec/writer.hpp"
#include "storage/keys.hpp"
#include "storage/sealing.hpp"

namespace leadlight::storage {
namespace {

std::uint64_t from_big_endian(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8U | bytes[i];
  return value;
}

void write_window(Writer& to, const engine::Window& window) {
  to.u32(static_cast<std::uint32_t>(window.events().size()));
  for (const auto& event : window.events()) {
    to.time(event.occurred_at());
    to.text(event.type().name());
    to.u64(event.id_hash);
  }
  to.u32(static_cast<std::uint32_t>(window.folded().size()));
  for (const auto& folded : window.folded()) {
    to.time(folded.hour_start);
    to.text(folded.type.name());
    to.u32(folded.count);
  }
}

void write_targets(Writer& to, std::vector<engine::TargetLedger> targets) {
  std::sort(targets.begin(), targets.end(), [](const auto& a, const auto& b) { return a.target < b.target; });
  to.u32(static_cast<std::uint32_t>(targets.size()));
  for (const auto& target : targets) {
    to.u32(target.target);
    to.flag(target.confirmed);
    to.u8(target.score);
    to.u8(static_cast<std::uint8_t>(target.segment));
    to.time(target.scored_at);
  }
}

}  // namespace

Digest digest(const engine::Lead& lead) {
  Writer to(128 + lead.email.size() + 48 * lead.window.events().size());
  to.raw(keys::lead(lead.id));
  to.text(lead.email);
  write_window(to, lead.window);
  to.time(lead.ids_beyond_window_until);
  to.u32(lead.conflicts);
  to.u8(static_cast<std::uint8_t>(lead.segment));
  to.time(lead.owed_at);
  to.time(lead.crossed_at);
  write_targets(to, lead.targets);
  const auto hash = sha256(std::move(to).take());
  return {from_big_endian(hash.data()), from_big_endian(hash.data() + sizeof(std::uint64_t))};
}

Digest operator+(Digest a, Digest b) {
  Digest sum{a.high + b.high, a.low + b.low};
  if (sum.low < a.low) ++sum.high;
  return sum;
}

std::string to_text(Digest digest) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    text[15 - i] = digits[(digest.high >> (4U * i)) & 0xFU];
    text[31 - i] = digits[(digest.low >> (4U * i)) & 0xFU];
  }
  return text;
}

}  // namespace leadlight::storage
