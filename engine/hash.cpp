#include "engine/hash.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <type_traits>

namespace leadlight::engine {
namespace {

struct Key {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

/// Eight bytes, the first one lowest, whatever the machine's own order.
constexpr std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t word = 0;
  if (!std::is_constant_evaluated() && std::endian::native == std::endian::little && bytes.size() == sizeof word) {
    std::memcpy(&word, bytes.data(), sizeof word);  // one load, where the compiler leaves the loop below a loop
    return word;
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8U * i);
  }
  return word;
}

/// A key is sixteen letters, read as the reference implementation reads a key.
constexpr Key key_of(std::string_view letters) {
  return Key{little_endian(letters.substr(0, 8)), little_endian(letters.substr(8, 8))};
}

// Stored results hang on these four keys: they never change. They differ so that no hash tells anything of another.
constexpr Key lead_low_key = key_of("leadlight:lead:0");
constexpr Key lead_high_key = key_of("leadlight:lead:1");
constexpr Key shard_key = key_of("leadlight:shard0");
constexpr Key event_key = key_of("leadlight:event0");

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void take(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

std::uint64_t keyed(const Key& key, std::string_view bytes) {
  return siphash(key.low, key.high, bytes);
}

}  // namespace

std::uint64_t siphash(std::uint64_t key_low, std::uint64_t key_high, std::string_view bytes) {
  State state{key_low ^ 0x736f6d6570736575ULL, key_high ^ 0x646f72616e646f6dULL, key_low ^ 0x6c7967656e657261ULL,
              key_high ^ 0x7465646279746573ULL};
  const std::uint64_t size = bytes.size();
  while (bytes.size() >= 8) {
    state.take(little_endian(bytes.substr(0, 8)));
    bytes.remove_prefix(8);
  }
  state.take(little_endian(bytes) | size << 56U);
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

LeadId lead_id(OrganisationId organisation, std::string_view email) {
  const auto upper = static_cast<std::uint64_t>(organisation) << 32U;
  return LeadId{upper | (keyed(lead_high_key, email) & 0xFFFF'FFFFU), keyed(lead_low_key, email)};
}

ShardId shard_of(const LeadId& lead, std::string_view registrable_domain) {
  std::uint64_t hash = 0;
  if (!registrable_domain.empty()) {
    hash = keyed(shard_key, registrable_domain);
  } else {
    std::array<char, 16> bytes{};
    for (unsigned i = 0; i < 8; ++i) {
      bytes[i] = static_cast<char>(lead.high >> (8U * i) & 0xFFU);
      bytes[8 + i] = static_cast<char>(lead.low >> (8U * i) & 0xFFU);
    }
    hash = keyed(shard_key, std::string_view{bytes.data(), bytes.size()});
  }
  return static_cast<ShardId>(hash % shard_count);
}

std::uint64_t event_id_hash(std::string_view event_id) {
  return keyed(event_key, event_id);
}

}  // namespace leadlight::engine
