// The fixed hashes: who a lead is, which shard it lives in, when two events are the same one.
//
// SipHash-2-4 (Aumasson, Bernstein 2012, "SipHash: a fast short-input PRF") under fixed, documented keys: the results
// are stored and must be equal on every machine for ever. Never used as the seed of a hash map fed by outsiders.
#pragma once

#include "engine/types.hpp"

#include <cstdint>
#include <string_view>

namespace leadlight::engine {

/// SipHash-2-4 of `bytes` under the key (`key_low`, `key_high`), as the paper defines it (little-endian).
std::uint64_t siphash(std::uint64_t key_low, std::uint64_t key_high, std::string_view bytes);

/// The lead of `organisation` with this e-mail address.
///
/// Precondition: `email` is trimmed and lower-cased (`normalise_email` at the door).
LeadId lead_id(OrganisationId organisation, std::string_view email);

/// The shard of a lead: by its company's registrable domain, so that a company's leads live together; without a domain
/// (free mail, none) by the lead itself.
ShardId shard_of(const LeadId& lead, std::string_view registrable_domain);

/// The 64-bit identity of an event inside its lead: of the id as sent.
std::uint64_t event_id_hash(std::string_view event_id);

}  // namespace leadlight::engine
