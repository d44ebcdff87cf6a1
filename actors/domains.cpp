#include "actors/domains.hpp"

#include <libpsl.h>

#include <algorithm>
#include <array>
#include <unordered_map>

namespace leadlight::actors {

namespace {

// Providers at which anybody can have an address; ascending. Compiled from their own sign-up pages.
constexpr std::array<std::string_view, 48> free_mail = {
    "126.com",        "163.com",        "aol.com",       "bluewin.ch",    "comcast.net", "duck.com",   "fastmail.com",
    "free.fr",        "freenet.de",     "gmail.com",     "gmx.at",        "gmx.ch",      "gmx.com",    "gmx.de",
    "gmx.net",        "googlemail.com", "hey.com",       "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.fr",
    "icloud.com",     "laposte.net",    "libero.it",     "live.com",      "mac.com",     "mail.com",   "mail.ru",
    "me.com",         "msn.com",        "naver.com",     "orange.fr",     "outlook.com", "outlook.de", "proton.me",
    "protonmail.com", "qq.com",         "sbcglobal.net", "t-online.de",   "tuta.com",    "web.de",     "yahoo.co.jp",
    "yahoo.co.uk",    "yahoo.com",      "yahoo.de",      "yahoo.fr",      "yandex.ru",   "zoho.com"};
static_assert(std::is_sorted(free_mail.begin(), free_mail.end()));

constexpr std::size_t cache_entries_max = 100'000;

}  // namespace

bool is_free_mail(std::string_view domain) {
  return std::binary_search(free_mail.begin(), free_mail.end(), domain);
}

struct Domains::Cache {
  const psl_ctx_t* list = psl_builtin();
  std::unordered_map<std::string, std::string> by_domain;
  std::string none;
  std::string asked;
};

Domains::Domains() : cache_(std::make_unique<Cache>()) {}
Domains::~Domains() = default;

const std::string& Domains::registrable(std::string_view email) {
  const auto at = email.rfind('@');
  if (at == std::string_view::npos) return cache_->none;
  cache_->asked.assign(email.substr(at + 1));
  if (const auto known = cache_->by_domain.find(cache_->asked); known != cache_->by_domain.end()) return known->second;
  if (cache_->by_domain.size() >= cache_entries_max) cache_->by_domain.clear();
  const char* found = psl_registrable_domain(cache_->list, cache_->asked.c_str());
  std::string domain = found == nullptr ? std::string{} : std::string{found};
  if (is_free_mail(domain)) domain.clear();
  return cache_->by_domain.emplace(cache_->asked, std::move(domain)).first->second;
}

}  // namespace leadlight::actors
