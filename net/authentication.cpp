#include "net/authentication.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace leadlight::net {
namespace {

constexpr std::size_t key_bytes_max = 512;

std::string_view key_of(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() <= scheme.size()) return {};
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    const char c = authorization[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != scheme[i]) return {};
  }
  auto key = authorization.substr(scheme.size());
  while (!key.empty() && key.front() == ' ') key.remove_prefix(1);
  return key.size() <= key_bytes_max ? key : std::string_view{};
}

}  // namespace

const actors::KeyView* Authenticator::identify(std::optional<std::string_view> authorization,
                                               std::shared_ptr<const actors::Registry> registry) {
  if (!authorization || !registry) return nullptr;
  if (key_ != nullptr && registry == registry_ && *authorization == value_) return key_;
  key_ = nullptr;
  const auto key = key_of(*authorization);
  if (key.empty()) return nullptr;
  std::array<std::uint8_t, 32> digest{};
  unsigned length = 0;
  if (EVP_Digest(key.data(), key.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) return nullptr;
  registry_ = std::move(registry);
  key_ = registry_->find(digest);
  if (key_ != nullptr) value_ = *authorization;
  return key_;
}

bool has_scope(const actors::KeyView& key, std::string_view scopes) {
  for (;;) {
    const auto space = std::min(scopes.find(' '), scopes.size());
    if (key.may(scopes.substr(0, space))) return true;
    if (space == scopes.size()) return false;
    scopes.remove_prefix(space + 1);
  }
}

}  // namespace leadlight::net
