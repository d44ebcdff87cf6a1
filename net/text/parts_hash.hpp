// The hash of a list of texts, by which events without an id are known again.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace leadlight::net {

/// SipHash of the parts, each behind its length, so that no two lists run together to the same bytes. Stored in
/// records: it never changes. `key` says what the hash is of.
std::uint64_t hash_of(std::uint64_t key, std::initializer_list<std::string_view> parts);

}  // namespace leadlight::net
