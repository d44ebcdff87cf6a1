// Every stored value as bytes: a version byte, then the fields. `encode` writes the newest version, `decode` reads them
// all.
//
// A released version never changes; tests/golden/ holds one file of each. Integers are little-endian; a text is
// size:u32 bytes. The grammar of each value heads its .cpp.
#pragma once

#include "engine/lead.hpp"
#include "engine/record.hpp"
#include "engine/result.hpp"
#include "storage/values.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace leadlight::storage {

std::string encode(const engine::Record& record);
/// Errors: corrupt. The position and shard come from the key and are set by the caller.
engine::Result<engine::Record> decode_record(std::string_view bytes);

std::string encode(const engine::Lead& lead);
engine::Result<engine::Lead> decode_lead(const engine::LeadId& id, std::string_view bytes);

/// What changes of a stored lead: everything beside its window and its constants, and the events that came to the
/// window, none of which was folded. A tenth of a lead in bytes.
std::string encode_change(const engine::Lead& after, std::span<const engine::WindowEvent> added);
/// The stored lead with the changes applied in order. Errors: corrupt (also when there is no lead).
engine::Result<std::string> amended_lead(std::string_view stored, std::span<const std::string_view> changes);

std::string encode(const IndexEntry& entry);
engine::Result<IndexEntry> decode_index(std::string_view bytes);
std::string encode(const IdempotencyEntry& entry);
engine::Result<IdempotencyEntry> decode_idempotency(std::string_view bytes);
std::string encode(const RequestStatus& status);
engine::Result<RequestStatus> decode_request(std::string_view bytes);
std::string encode(const OutboxEntry& entry);
engine::Result<OutboxEntry> decode_outbox(std::string_view bytes);
std::string encode(const AliasEntry& entry);
engine::Result<AliasEntry> decode_alias(std::string_view bytes);
std::string encode(const LeadAttributes& attributes);
engine::Result<LeadAttributes> decode_attributes(std::string_view bytes);
std::string encode(const FetchEntry& entry);
engine::Result<FetchEntry> decode_fetch(std::string_view bytes);
std::string encode(const SourceSettings& settings);
engine::Result<SourceSettings> decode_source(std::string_view bytes);
std::string encode(const SourceCursor& cursor);
engine::Result<SourceCursor> decode_source_cursor(std::string_view bytes);
std::string encode(const DeadLetter& letter);
engine::Result<DeadLetter> decode_dead_letter(std::string_view bytes);
std::string encode(const Key& key);
engine::Result<Key> decode_key(std::string_view bytes);
std::string encode(const OrganisationSettings& settings);
engine::Result<OrganisationSettings> decode_organisation(std::string_view bytes);
std::string encode(const PublishedModel& model);
engine::Result<PublishedModel> decode_published_model(std::string_view bytes);
std::string encode(const TargetSettings& settings);
engine::Result<TargetSettings> decode_target(std::string_view bytes);

/// Values of the families that expire by themselves (idempotency, requests) begin `version:u8 until:i64`.
std::int64_t expiry_of(std::string_view bytes);

/// 128 bits that name the canonical content of a lead: SHA-256 of key and value, first half. What is only an index
/// (positions, timer) is not part of it, so equal state has an equal digest after restore, replay and resharding.
struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const Digest&, const Digest&) = default;
};
Digest digest(const engine::Lead& lead);
/// Sum modulo 2^128: the digest of a set, whatever its order.
Digest operator+(Digest a, Digest b);
/// 32 hexadecimal digits.
std::string to_text(Digest digest);

}  // namespace leadlight::storage
