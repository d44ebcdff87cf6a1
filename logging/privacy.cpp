#include "logging/privacy.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

namespace leadlight::logging {
namespace {

constexpr std::string_view unnamed = "lead_unnamed";
constexpr std::string_view hidden = "[hidden]";
constexpr std::size_t name_bytes = 8;
/// An access key is at least this long behind its prefix; shorter words only look like one.
constexpr std::size_t key_characters_min = 12;

std::mutex key_mutex;
std::shared_ptr<const NameKey> key_in_force;

std::shared_ptr<const NameKey> name_key() {
  const std::lock_guard guard{key_mutex};
  return key_in_force;
}

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_high(char c) {
  return (static_cast<unsigned char>(c) & 0x80U) != 0;
}
bool is_local(char c) {
  return is_alnum(c) || is_high(c) || std::string_view("._%+-'~!#$*^`").find(c) != std::string_view::npos;
}
bool is_domain(char c) {
  return is_alnum(c) || is_high(c) || c == '.' || c == '-';
}
bool is_token(char c) {
  return is_alnum(c) || std::string_view("._-~+/=!").find(c) != std::string_view::npos;
}

std::string normal(std::string_view email) {
  while (!email.empty() && (email.front() == ' ' || email.front() == '\t')) email.remove_prefix(1);
  while (!email.empty() && (email.back() == ' ' || email.back() == '\t')) email.remove_suffix(1);
  std::string text(email);
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// An address found in a text: [begin, end), with the place of its @ or %40.
struct Found {
  std::size_t begin = 0;
  std::size_t at = 0;
  std::size_t at_size = 1;
  std::size_t end = 0;
};

bool find_address(std::string_view text, std::size_t from, Found& found) {
  for (std::size_t at = from; at < text.size(); ++at) {
    const bool encoded = text.substr(at, 3) == "%40";
    if (text[at] != '@' && !encoded) continue;
    found.at = at;
    found.at_size = encoded ? 3 : 1;
    found.begin = at;
    while (found.begin > from && is_local(text[found.begin - 1])) --found.begin;
    while (found.begin < at && (text[found.begin] == '\'' || text[found.begin] == '`')) ++found.begin;  // a quotation
    found.end = at + found.at_size;
    while (found.end < text.size() && is_domain(text[found.end])) ++found.end;
    while (found.end > at + found.at_size && (text[found.end - 1] == '.' || text[found.end - 1] == '-')) --found.end;
    if (found.begin < at && found.end > at + found.at_size) return true;
  }
  return false;
}

std::string without_addresses(std::string_view text) {
  std::string clean;
  std::size_t done = 0;
  Found found;
  while (find_address(text, done, found)) {
    clean.append(text.substr(done, found.begin - done));
    std::string email(text.substr(found.begin, found.at - found.begin));
    email.append("@").append(text.substr(found.at + found.at_size, found.end - found.at - found.at_size));
    clean += lead_name(email);
    done = found.end;
  }
  return clean.append(text.substr(done));
}

/// Replaces what follows each `mark`, when at least `least` characters of a token do.
std::string without_tokens(std::string text, std::string_view mark, std::size_t least, bool keep_mark) {
  std::size_t from = 0;
  for (;;) {
    const auto at = text.find(mark, from);
    if (at == std::string::npos) return text;
    auto end = at + mark.size();
    while (end < text.size() && is_token(text[end])) ++end;
    const auto begin = keep_mark ? at + mark.size() : at;
    from = end;
    if (end - at - mark.size() < least) continue;
    text.replace(begin, end - begin, hidden);
    from = begin + hidden.size();
  }
}

}  // namespace

void set_name_key(const NameKey& key) {
  auto fresh = std::make_shared<const NameKey>(key);
  const std::lock_guard guard{key_mutex};
  key_in_force = std::move(fresh);
}

std::string lead_name(std::string_view email) {
  const auto key = name_key();
  if (!key) return std::string(unnamed);
  const auto text = normal(email);
  std::array<unsigned char, 32> hash{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key->data(), static_cast<int>(key->size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), hash.data(), &size);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name = "lead_";
  for (std::size_t i = 0; i < name_bytes; ++i) {
    name += digits[hash[i] >> 4U];
    name += digits[hash[i] & 0xFU];
  }
  return name;
}

std::string scrubbed(std::string_view text) {
  auto clean = text.find('@') == std::string_view::npos && text.find("%40") == std::string_view::npos
                   ? std::string(text)
                   : without_addresses(text);
  clean = without_tokens(std::move(clean), "hg_v2_", key_characters_min, false);
  clean = without_tokens(std::move(clean), "whsec_", key_characters_min, false);
  clean = without_tokens(std::move(clean), "Bearer ", key_characters_min, true);
  return without_tokens(std::move(clean), "bearer ", key_characters_min, true);
}

}  // namespace leadlight::logging
