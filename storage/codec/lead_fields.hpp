// What a stored lead and a stored change of one have in common: the lead beside its window.
//
//   fields  := segment:u8 last_position:varint ids_beyond_window_until:zigzag wake_at:zigzag owed_at:zigzag
//              crossed_at:zigzag conflicts:varint
//   target  := target:varint owed:varint due_at:zigzag marks:u8 score:u8 segment:u8 scored_at:zigzag
//   marks   := confirmed | awaited << 1
#pragma once

#include <cstdint>
#include <vector>

#include "engine/lead.hpp"
#include "storage/codec/reader.hpp"
#include "storage/codec/writer.hpp"

namespace leadlight::storage {

inline constexpr std::size_t fields_bytes_max = 1 + 6 * varint_bytes_max;
inline constexpr std::size_t target_bytes_max = 4 * varint_bytes_max + 3;
inline constexpr std::size_t target_bytes_min = 7;
inline constexpr std::uint8_t confirmed_mark = 1;
inline constexpr std::uint8_t awaited_mark = 2;

inline void write_fields(Writer& to, const engine::Lead& lead) {
  char* at = to.claim(fields_bytes_max);
  at = put_fixed(at, static_cast<std::uint8_t>(lead.segment));
  at = put_varint(at, lead.last_position);
  for (const auto time : {lead.ids_beyond_window_until, lead.wake_at, lead.owed_at, lead.crossed_at}) {
    at = put_varint(at, to_zigzag(engine::to_ms(time)));
  }
  to.settle(put_varint(at, lead.conflicts));
}

inline void read_fields(Reader& from, engine::Lead& lead) {
  lead.segment = static_cast<engine::Segment>(from.choice(0, 3));
  lead.last_position = from.varint();
  lead.ids_beyond_window_until = from.short_time();
  lead.wake_at = from.short_time();
  lead.owed_at = from.short_time();
  lead.crossed_at = from.short_time();
  lead.conflicts = from.varint32();
}

inline void write_targets(Writer& to, const std::vector<engine::TargetLedger>& targets) {
  to.varint(targets.size());
  char* at = to.claim(targets.size() * target_bytes_max);
  for (const auto& target : targets) {
    at = put_varint(at, target.target);
    at = put_varint(at, target.owed);
    at = put_varint(at, to_zigzag(engine::to_ms(target.due_at)));
    at = put_fixed(
        at, static_cast<std::uint8_t>((target.confirmed ? confirmed_mark : 0U) | (target.awaited ? awaited_mark : 0U)));
    at = put_fixed(at, target.score);
    at = put_fixed(at, static_cast<std::uint8_t>(target.segment));
    at = put_varint(at, to_zigzag(engine::to_ms(target.scored_at)));
  }
  to.settle(at);
}

inline void read_targets(Reader& from, std::vector<engine::TargetLedger>& targets) {
  const auto count = from.short_count(target_bytes_min);
  targets.clear();
  targets.reserve(count);
  for (std::size_t i = 0; i < count && !from.failed(); ++i) {
    engine::TargetLedger target;
    target.target = from.varint32();
    target.owed = from.varint();
    target.due_at = from.short_time();
    const auto marks = from.choice(0, confirmed_mark | awaited_mark);
    target.confirmed = (marks & confirmed_mark) != 0;
    target.awaited = (marks & awaited_mark) != 0;
    target.score = from.choice(0, 100);
    target.segment = static_cast<engine::Segment>(from.choice(0, 3));
    target.scored_at = from.short_time();
    targets.push_back(target);
  }
}

}  // namespace leadlight::storage
