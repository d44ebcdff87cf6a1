#include "net/segment/segment_identity.hpp"

#include "engine/identity.hpp"
#include "net/http/http.hpp"
#include "net/text/utf8.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <array>

namespace leadlight::net {
namespace {

/// What programs write where an id should be. Each of them would join strangers into one lead.
constexpr std::array<std::string_view, 29> nobodies = {"null",        "undefined",   "none",       "nil",
                                                       "nan",         "-1",          "unknown",    "anonymous",
                                                       "anon",        "guest",       "n/a",        "na",
                                                       "not_set",     "not set",     "(not set)",  "(null)",
                                                       "<null>",      "false",       "true",       "[object object]",
                                                       "id",          "email",       "user",       "userid",
                                                       "user_id",     "distinct_id", "distinctid", "not_authenticated",
                                                       "anonymous_id"};

std::string_view trim(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n";
  while (!text.empty() && spaces.find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  while (!text.empty() && spaces.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  return text;
}

bool is_printable_text(std::string_view text) {
  while (!text.empty()) {
    if (is_plain(text.front())) {
      text.remove_prefix(1);
      continue;
    }
    const auto point = take_code_point(text);
    if (!point || !is_printable(*point)) return false;
  }
  return true;
}

std::string digest_of(std::string_view id) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(id.data(), id.size(), digest.data(), &length, EVP_sha256(), nullptr);
  std::string text = "sha256:";
  for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace

bool stands_for_nobody(std::string_view id) {
  id = trim(id);
  if (id.find_first_not_of("0-") == std::string_view::npos) return true;  // also empty, and a UUID of zeros
  return std::ranges::any_of(nobodies, [id](std::string_view known) { return boost::beast::iequals(id, known); });
}

std::string bounded_id(std::string_view id) {
  id = trim(id);
  return id.size() <= client_id_bytes_max && is_printable_text(id) ? std::string(id) : digest_of(id);
}

std::string user_identity(std::string_view id) {
  if (stands_for_nobody(id)) return {};
  if (id.find('@') != std::string_view::npos)
    if (auto email = normalise_email(id)) return *std::move(email);
  return std::string(engine::user_prefix) + bounded_id(id);
}

std::string anonymous_identity(std::string_view id) {
  if (stands_for_nobody(id)) return {};
  return std::string(engine::anonymous_prefix) + bounded_id(id);
}

}  // namespace leadlight::net
