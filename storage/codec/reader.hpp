// Takes fields out of bytes: the reading half of every codec. Grammar of the pieces: writer.hpp.
//
// Bytes are not trusted: a piece that is not there fails the whole value and reads as zero, and a count that the
// remaining bytes cannot hold fails before anything is reserved for it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "engine/result.hpp"
#include "engine/types.hpp"
#include "storage/codec/crc32c.hpp"

namespace leadlight::storage {

/// The error of bytes that are not a `what`: says why.
inline engine::Error corrupt(std::string_view what, std::string_view why) {
  return {engine::Errc::corrupt, "stored " + std::string(what) + ": " + std::string(why), std::string(what)};
}

/// The little-endian number at `from`. Precondition: its bytes are there.
template <class Unsigned>
Unsigned get_fixed(const char* from) {
  Unsigned value = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&value, from, sizeof value);
  } else {
    for (std::size_t i = sizeof value; i-- > 0;) {
      value = static_cast<Unsigned>(std::uint64_t{value} << 8U | static_cast<unsigned char>(from[i]));
    }
  }
  return value;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint16_t u16() { return fixed<std::uint16_t>(); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  engine::Timestamp time() { return engine::from_ms(i64()); }
  bool flag() { return choice(0, 1) == 1; }

  /// One byte in [`first`, `last`].
  std::uint8_t choice(std::uint8_t first, std::uint8_t last) {
    const auto value = u8();
    if (value < first || value > last) {
      fail();
      return first;
    }
    return value;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80U) {
        if (shift == 63 && byte > 1) break;  // more than 64 bits
        return value;
      }
    }
    fail();
    return 0;
  }
  /// A varint that fits 32 bits.
  std::uint32_t varint32() {
    const auto value = varint();
    if (value > 0xFFFFFFFFU) fail();
    return static_cast<std::uint32_t>(value);
  }
  std::int64_t zigzag() {
    const auto value = varint();
    return static_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1U));
  }
  engine::Timestamp short_time() { return engine::from_ms(zigzag()); }

  /// Points into the bytes read from.
  std::string_view raw(std::uint64_t size) {
    if (size > bytes_.size()) {
      fail();
      return {};
    }
    const auto value = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(value.size());
    return value;
  }
  std::string_view text() { return raw(u32()); }
  std::string_view name() { return raw(varint()); }

  /// A count of items that take at least `item_bytes_min` bytes each; 0 when the remaining bytes cannot hold them.
  std::size_t count(std::size_t item_bytes_min) { return within(u32(), item_bytes_min); }
  std::size_t short_count(std::size_t item_bytes_min) { return within(varint(), item_bytes_min); }

  void fail() {
    failed_ = true;
    bytes_ = {};
  }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool done() const { return !failed_ && bytes_.empty(); }

 private:
  template <class Unsigned>
  Unsigned fixed() {
    if (bytes_.size() < sizeof(Unsigned)) {
      fail();
      return 0;
    }
    const auto value = get_fixed<Unsigned>(bytes_.data());
    bytes_.remove_prefix(sizeof(Unsigned));
    return value;
  }

  std::size_t within(std::uint64_t items, std::size_t item_bytes_min) {
    if (items > bytes_.size() / item_bytes_min) {
      fail();
      return 0;
    }
    return static_cast<std::size_t>(items);
  }

  std::string_view bytes_;
  bool failed_ = false;
};

/// The fields of a whole value: its version is known and its checksum holds.
/// Errors: corrupt, naming `what`.
inline engine::Result<Reader> open_value(std::string_view bytes, std::string_view what, std::uint8_t version_newest) {
  if (bytes.empty()) return corrupt(what, "no bytes");
  const auto version = static_cast<std::uint8_t>(bytes.front());
  if (version == 0 || version > version_newest) {
    return corrupt(what, "version " + std::to_string(version) + " is not known here; the newest is " +
                             std::to_string(version_newest) + ". Use the program version that wrote it");
  }
  if (bytes.size() < 1 + sizeof(std::uint32_t)) return corrupt(what, "cut short");
  const auto content = bytes.substr(0, bytes.size() - sizeof(std::uint32_t));
  if (Reader(bytes.substr(content.size())).u32() != crc32c(content)) {
    return corrupt(what, "the checksum does not hold; bytes have changed since they were written");
  }
  return Reader(content.substr(1));
}

/// `value`, provided that `from` was read to its end without fault.
template <class Value>
engine::Result<Value> close_value(const Reader& from, Value value, std::string_view what) {
  if (!from.done()) return corrupt(what, from.failed() ? "a field is missing or impossible" : "bytes left over");
  return value;
}

}  // namespace leadlight::storage
