// Every value: version:u8 (1 is the newest of each), the fields below, crc32c:u32.
//   index        := shard:u16 outcome:u8 occurred_at:i64 known_until:i64 content_hash:u64
//   idempotency  := until:i64 body_hash:u64 status:u16 answer:text
//   request      := until:i64 lead_high:u64 lead_low:u64 email:text source:text accepted_at:i64 scored_at:instant
//                   written_at:instant outcome:text score:number detail:text
//                   (version 2, of a request that waited for activity sources: … fetched_at:i64)
//   fetch        := owed:u64 shard:u16 owed_at:i64 email:text request_count:u32 (position:u64 request_id:text)*
//   outbox       := owed:u64 shard:u16 owed_at:i64 due_at:i64 reason:u8 email:text request_count:u32 request_id:text*
//   dead_letter  := owed:u64 email:text code:text reason:text attempts:u32 first_at:i64 last_at:i64 score:i32
//   scored_at:i64 instant      := 0:u8 | 1:u8 i64             number := 0:u8 | 1:u8 i32
// The settings (keys, organisations, models, targets): settings_codec.cpp.
#include <limits>
#include <utility>

#include "storage/codec/codec.hpp"
#include "storage/codec/reader.hpp"
#include "storage/codec/writer.hpp"

namespace leadlight::storage {
namespace {

constexpr std::uint8_t version_newest = 1;
constexpr std::uint8_t request_version_fetched = 2;
constexpr auto outcome_last = static_cast<std::uint8_t>(engine::Outcome::quarantined);
constexpr auto reason_last = static_cast<std::uint8_t>(engine::WritebackReason::recheck);

Writer start(std::size_t bytes_expected) {
  Writer to(bytes_expected);
  to.u8(version_newest);
  return to;
}

void write_instant(Writer& to, const std::optional<engine::Timestamp>& at) {
  to.flag(at.has_value());
  if (at) to.time(*at);
}

std::optional<engine::Timestamp> read_instant(Reader& from) {
  if (!from.flag()) return std::nullopt;
  return from.time();
}

}  // namespace

std::string encode(const IndexEntry& entry) {
  auto to = start(27);
  to.u16(static_cast<std::uint16_t>(entry.shard));
  to.u8(static_cast<std::uint8_t>(entry.outcome));
  to.time(entry.occurred_at);
  to.time(entry.known_until);
  to.u64(entry.content_hash);
  return std::move(to).seal();
}

engine::Result<IndexEntry> decode_index(std::string_view bytes) {
  constexpr std::string_view what = "index entry";
  auto from = open_value(bytes, what, version_newest);
  if (!from) return from.error();
  IndexEntry entry;
  entry.shard = static_cast<engine::ShardId>(from->u16());
  entry.outcome = static_cast<engine::Outcome>(from->choice(1, outcome_last));
  entry.occurred_at = from->time();
  entry.known_until = from->time();
  entry.content_hash = from->u64();
  return close_value(*from, entry, what);
}

std::string encode(const IdempotencyEntry& entry) {
  auto to = start(32 + entry.answer.size());
  to.time(entry.until);
  to.u64(entry.body_hash);
  to.u16(entry.status);
  to.text(entry.answer);
  return std::move(to).seal();
}

engine::Result<IdempotencyEntry> decode_idempotency(std::string_view bytes) {
  constexpr std::string_view what = "idempotency entry";
  auto from = open_value(bytes, what, version_newest);
  if (!from) return from.error();
  IdempotencyEntry entry;
  entry.until = from->time();
  entry.body_hash = from->u64();
  entry.status = from->u16();
  entry.answer = from->text();
  return close_value(*from, std::move(entry), what);
}

std::string encode(const RequestStatus& status) {
  Writer to(96 + status.email.size() + status.source.size() + status.outcome.size() + status.detail.size());
  to.u8(status.fetched_at ? request_version_fetched : version_newest);
  to.time(status.until);
  to.u64(status.lead.high);
  to.u64(status.lead.low);
  to.text(status.email);
  to.text(status.source);
  to.time(status.accepted_at);
  write_instant(to, status.scored_at);
  write_instant(to, status.written_at);
  to.text(status.outcome);
  to.flag(status.score.has_value());
  if (status.score) to.i32(*status.score);
  to.text(status.detail);
  if (status.fetched_at) to.time(*status.fetched_at);
  return std::move(to).seal();
}

engine::Result<RequestStatus> decode_request(std::string_view bytes) {
  constexpr std::string_view what = "request status";
  auto from = open_value(bytes, what, request_version_fetched);
  if (!from) return from.error();
  RequestStatus status;
  status.until = from->time();
  status.lead.high = from->u64();
  status.lead.low = from->u64();
  status.email = from->text();
  status.source = from->text();
  status.accepted_at = from->time();
  status.scored_at = read_instant(*from);
  status.written_at = read_instant(*from);
  status.outcome = from->text();
  if (from->flag()) status.score = from->i32();
  status.detail = from->text();
  if (static_cast<std::uint8_t>(bytes.front()) == request_version_fetched) status.fetched_at = from->time();
  return close_value(*from, std::move(status), what);
}

std::string encode(const OutboxEntry& entry) {
  auto to = start(64 + entry.email.size() + 40 * entry.request_ids.size());
  to.u64(entry.owed);
  to.u16(static_cast<std::uint16_t>(entry.shard));
  to.time(entry.owed_at);
  to.time(entry.due_at);
  to.u8(static_cast<std::uint8_t>(entry.reason));
  to.text(entry.email);
  to.u32(static_cast<std::uint32_t>(entry.request_ids.size()));
  for (const auto& id : entry.request_ids) to.text(id);
  return std::move(to).seal();
}

engine::Result<OutboxEntry> decode_outbox(std::string_view bytes) {
  constexpr std::string_view what = "outbox entry";
  auto from = open_value(bytes, what, version_newest);
  if (!from) return from.error();
  OutboxEntry entry;
  entry.owed = from->u64();
  entry.shard = static_cast<engine::ShardId>(from->u16());
  entry.owed_at = from->time();
  entry.due_at = from->time();
  entry.reason = static_cast<engine::WritebackReason>(from->choice(1, reason_last));
  entry.email = from->text();
  const auto requests = from->count(sizeof(std::uint32_t));
  entry.request_ids.reserve(requests);
  for (std::size_t i = 0; i < requests && !from->failed(); ++i) entry.request_ids.emplace_back(from->text());
  return close_value(*from, std::move(entry), what);
}

std::string encode(const FetchEntry& entry) {
  auto to = start(32 + entry.email.size() + 48 * entry.requests.size());
  to.u64(entry.owed);
  to.u16(static_cast<std::uint16_t>(entry.shard));
  to.time(entry.owed_at);
  to.text(entry.email);
  to.u32(static_cast<std::uint32_t>(entry.requests.size()));
  for (const auto& waiting : entry.requests) {
    to.u64(waiting.position);
    to.text(waiting.request_id);
  }
  return std::move(to).seal();
}

engine::Result<FetchEntry> decode_fetch(std::string_view bytes) {
  constexpr std::string_view what = "fetch entry";
  auto from = open_value(bytes, what, version_newest);
  if (!from) return from.error();
  FetchEntry entry;
  entry.owed = from->u64();
  entry.shard = static_cast<engine::ShardId>(from->u16());
  entry.owed_at = from->time();
  entry.email = from->text();
  const auto requests = from->count(sizeof(std::uint64_t) + sizeof(std::uint32_t));
  entry.requests.reserve(requests);
  for (std::size_t i = 0; i < requests && !from->failed(); ++i) {
    const auto position = from->u64();
    entry.requests.push_back({position, std::string(from->text())});
  }
  return close_value(*from, std::move(entry), what);
}

std::string encode(const DeadLetter& letter) {
  auto to = start(80 + letter.email.size() + letter.code.size() + letter.reason.size());
  to.u64(letter.owed);
  to.text(letter.email);
  to.text(letter.code);
  to.text(letter.reason);
  to.u32(letter.attempts);
  to.time(letter.first_at);
  to.time(letter.last_at);
  to.i32(letter.score);
  to.time(letter.scored_at);
  return std::move(to).seal();
}

engine::Result<DeadLetter> decode_dead_letter(std::string_view bytes) {
  constexpr std::string_view what = "dead letter";
  auto from = open_value(bytes, what, version_newest);
  if (!from) return from.error();
  DeadLetter letter;
  letter.owed = from->u64();
  letter.email = from->text();
  letter.code = from->text();
  letter.reason = from->text();
  letter.attempts = from->u32();
  letter.first_at = from->time();
  letter.last_at = from->time();
  letter.score = from->i32();
  letter.scored_at = from->time();
  return close_value(*from, std::move(letter), what);
}

std::int64_t expiry_of(std::string_view bytes) {
  Reader from(bytes);
  from.u8();
  const auto until = from.i64();
  // Too short to be a value: it stays, so that decoding finds it.
  return from.failed() ? std::numeric_limits<std::int64_t>::max() : until;
}

}  // namespace leadlight::storage
