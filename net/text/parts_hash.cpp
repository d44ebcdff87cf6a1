#include "net/text/parts_hash.hpp"

#include "engine/hash.hpp"

#include <string>

namespace leadlight::net {

std::uint64_t hash_of(std::uint64_t key, std::initializer_list<std::string_view> parts) {
  std::size_t all = 0;
  for (const auto part : parts) all += 4 + part.size();
  std::string bytes;
  bytes.reserve(all);
  for (const auto part : parts) {
    const auto size = static_cast<std::uint32_t>(part.size());
    for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((size >> shift) & 0xFFU);
    bytes += part;
  }
  return engine::siphash(key, 0, bytes);
}

}  // namespace leadlight::net
