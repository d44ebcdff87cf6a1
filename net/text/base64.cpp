#include "net/text/base64.hpp"

#include <openssl/evp.h>

namespace leadlight::net {

std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  // The library passes over blanks, and over padding in the middle.
  if (text.substr(0, text.size() - padding).find_first_not_of(digits) != std::string_view::npos) return std::nullopt;
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const auto length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),  // NOLINT: bytes are bytes
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));  // NOLINT
  if (length < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

std::string encode_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the NUL that the library writes
  const auto length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),  // NOLINT: bytes are bytes
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));  // NOLINT
  text.resize(static_cast<std::size_t>(length));
  return text;
}

}  // namespace leadlight::net
