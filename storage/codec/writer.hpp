// Puts fields into bytes: the writing half of every codec.
//
// Integers are little-endian; `text` is size:u32 bytes, `name` is size:varint bytes. A varint is LEB128 of 64 bits; a
// signed one is zigzag-coded first. Every value ends with the CRC32C of all bytes before it. Cost: one allocation when
// `bytes_expected` suffices.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "engine/types.hpp"
#include "storage/codec/crc32c.hpp"

namespace leadlight::storage {

/// Longest varint of 64 bits.
inline constexpr std::size_t varint_bytes_max = 10;

constexpr std::uint64_t to_zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}

/// Puts `value` at `to`; says where the next byte goes. Precondition: `varint_bytes_max` bytes of room.
inline char* put_varint(char* to, std::uint64_t value) {
  while (value >= 0x80U) {
    *to++ = static_cast<char>(static_cast<unsigned char>(value | 0x80U));
    value >>= 7U;
  }
  *to++ = static_cast<char>(static_cast<unsigned char>(value));
  return to;
}

/// Puts `value` at `to`, little-endian; says where the next byte goes.
template <class Unsigned>
char* put_fixed(char* to, Unsigned value) {
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(to, &value, sizeof value);  // one store, where the compiler leaves the loop below a loop
    return to + sizeof value;
  }
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
    to[i] = static_cast<char>(static_cast<unsigned char>(static_cast<std::uint64_t>(value) >> (8U * i)));
  }
  return to + sizeof(Unsigned);
}

class Writer {
 public:
  explicit Writer(std::size_t bytes_expected) : bytes_(bytes_expected, '\0') {}

  void u8(std::uint8_t value) { settle(put_fixed(claim(1), value)); }
  void u16(std::uint16_t value) { settle(put_fixed(claim(2), value)); }
  void u32(std::uint32_t value) { settle(put_fixed(claim(4), value)); }
  void u64(std::uint64_t value) { settle(put_fixed(claim(8), value)); }
  void i32(std::int32_t value) { u32(static_cast<std::uint32_t>(value)); }
  void i64(std::int64_t value) { u64(static_cast<std::uint64_t>(value)); }
  void flag(bool value) { u8(value ? 1 : 0); }
  void time(engine::Timestamp at) { i64(engine::to_ms(at)); }
  void varint(std::uint64_t value) { settle(put_varint(claim(varint_bytes_max), value)); }
  void zigzag(std::int64_t value) { varint(to_zigzag(value)); }
  void short_time(engine::Timestamp at) { zigzag(engine::to_ms(at)); }

  void raw(std::string_view bytes) {
    char* to = claim(bytes.size());
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    settle(to + bytes.size());
  }
  void text(std::string_view value) {
    u32(static_cast<std::uint32_t>(value.size()));
    raw(value);
  }
  void name(std::string_view value) {
    varint(value.size());
    raw(value);
  }

  /// Room for `bytes_max` bytes, to be filled from the front; `settle` says how far.
  char* claim(std::size_t bytes_max) {
    if (bytes_.size() - size_ < bytes_max) bytes_.resize(2 * bytes_.size() + bytes_max);
    return bytes_.data() + size_;
  }
  void settle(const char* end) { size_ = static_cast<std::size_t>(end - bytes_.data()); }

  /// What was put, as it is.
  std::string take() && {
    bytes_.resize(size_);
    return std::move(bytes_);
  }
  /// What was put, and its checksum: a whole value.
  std::string seal() && {
    u32(crc32c({bytes_.data(), size_}));
    return std::move(*this).take();
  }

 private:
  std::string bytes_;
  std::size_t size_ = 0;
};

}  // namespace leadlight::storage
