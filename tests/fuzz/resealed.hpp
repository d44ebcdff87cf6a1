// Stored values under fuzz: given a checksum that holds, and what every decoder promises.
#pragma once

#include "storage/codec/codec.hpp"
#include "storage/codec/writer.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <string>
#include <string_view>

namespace leadlight::fuzz {

/// `content` with its checksum.
inline std::string resealed(std::string_view content) {
  storage::Writer to(content.size() + 4);
  to.raw(content);
  return exactly(std::move(to).seal());
}

inline void check_corrupt(const engine::Error& error) {
  check_refusal(error);
  check(error.code == engine::Errc::corrupt, "bytes that are no value are corrupt");
}

/// Whether it decodes or not: without a good checksum it never does, and what it reads, it writes and reads again.
template <class Decode>
void check_decoder(std::string_view content, Decode decode) {
  using storage::encode;
  if (const auto bare = decode(content); !bare) check_corrupt(bare.error());
  const auto value = decode(resealed(content));
  if (!value) return check_corrupt(value.error());
  const auto bytes = encode(*value);
  const auto again = decode(bytes);
  check(again.ok(), "what is written can be read");
  check(*again == *value, "what is written reads as what it was");
  check(encode(*again) == bytes, "the same value is the same bytes");
}

}  // namespace leadlight::fuzz
