// Sealing: secrets at rest, AES-256-GCM under the key of the data directory (`secret.key`, mode 0600) or of a file that
// the environment names (LEADLIGHT_SECRET_KEY_FILE).
#pragma once

#include "engine/result.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::storage {

using SecretPairs = std::vector<std::pair<std::string, std::string>>;

class Sealer {
 public:
  /// Reads the key; makes `secret.key` when `create` is set and there is none.
  /// Errors: not_found, io_error, invalid (wrong size, or readable by others).
  static engine::Result<Sealer> open(const std::filesystem::path& data_directory, bool create);

  /// nonce:12 ciphertext tag:16, prefixed by a version byte.
  [[nodiscard]] std::string seal(const SecretPairs& secrets) const;
  /// Errors: corrupt (changed bytes, or another key).
  [[nodiscard]] engine::Result<SecretPairs> unseal(std::string_view sealed) const;

  /// A key of its own for `purpose`, always the same: HMAC-SHA-256 of the purpose under the key.
  [[nodiscard]] std::array<std::uint8_t, 32> derive(std::string_view purpose) const;

 private:
  explicit Sealer(std::array<std::uint8_t, 32> key) : key_(key) {}
  std::array<std::uint8_t, 32> key_{};
};

/// SHA-256 of `bytes`.
std::array<std::uint8_t, 32> sha256(std::string_view bytes);
/// `count` bytes from the system's generator.
std::string random_bytes(std::size_t count);

}  // namespace leadlight::storage
