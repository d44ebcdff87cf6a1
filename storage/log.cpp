#include "storage/log.hpp"

#include <string>
#include <utility>

#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"

namespace leadlight::storage {
namespace {

std::string place(engine::ShardId shard, engine::Position position) {
  return "shard " + std::to_string(static_cast<std::uint16_t>(shard)) + ", position " + std::to_string(position);
}

engine::Result<engine::Record> record_of(engine::ShardId shard, const KeyValue& entry) {
  const auto position = keys::parse_log(entry.key);
  if (!position) {
    return engine::Error{
        engine::Errc::corrupt,
        "log: a key of shard " + std::to_string(static_cast<std::uint16_t>(shard)) + " has the wrong size", "log"};
  }
  auto record = decode_record(entry.value);
  if (!record) return engine::Error{record.error().code, place(shard, *position) + ": " + record.error().what, "log"};
  record->shard = shard;
  record->position = *position;
  return record;
}

}  // namespace

void LocalLog::append(Batch& batch, const engine::Record& record) {
  batch.put(Family::log, keys::log(record.shard, record.position), encode(record));
}

engine::Result<std::vector<engine::Record>> LocalLog::read(engine::ShardId shard, engine::Position from,
                                                           std::size_t limit) const {
  const auto entries = store_.scan(Family::log, keys::log_prefix(shard), keys::log(shard, from), limit);
  if (!entries) return entries.error();
  std::vector<engine::Record> records;
  records.reserve(entries->size());
  for (const auto& entry : *entries) {
    auto record = record_of(shard, entry);
    if (!record) return record.error();
    // Trimming takes from the front only, so a hole behind it is a loss: never skipped in silence.
    if (!records.empty() && record->position != records.back().position + 1) {
      return engine::Error{engine::Errc::corrupt, place(shard, records.back().position + 1) + " is missing", "log"};
    }
    records.push_back(*std::move(record));
  }
  return records;
}

engine::Result<engine::Position> LocalLog::head(engine::ShardId shard) const {
  const auto last = store_.scan_back(Family::log, keys::log_prefix(shard), {}, 1);
  if (!last) return last.error();
  if (last->empty()) return engine::Position{0};
  const auto position = keys::parse_log(last->front().key);
  if (!position) return engine::Error{engine::Errc::corrupt, "log: the last key has the wrong size", "log"};
  return *position;
}

engine::Result<std::size_t> LocalLog::trim(Batch& batch, engine::ShardId shard, engine::Timestamp before,
                                           std::size_t limit) {
  // One more than may go: the newest record stays.
  const auto entries = store_.scan(Family::log, keys::log_prefix(shard), {}, limit + 1);
  if (!entries) return entries.error();
  std::size_t trimmed = 0;
  for (; trimmed + 1 < entries->size(); ++trimmed) {
    const auto record = record_of(shard, (*entries)[trimmed]);
    if (!record) return record.error();
    // Stops at the first record to be kept, even if a clock set back put an older one behind it: the log stays dense.
    if (record->received_at >= before) break;
    batch.remove(Family::log, (*entries)[trimmed].key);
    if (const auto* event = std::get_if<engine::EngagementEvent>(&record->body))
      batch.remove(Family::lead_index, keys::lead_index(record->lead, event->id_hash, record->position));
  }
  return trimmed;
}

}  // namespace leadlight::storage
