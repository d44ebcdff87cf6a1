// Which company an e-mail address belongs to: its registrable domain by the public suffix list; none for free mail.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace leadlight::actors {

/// Loaded once; the list is that of the installed libpsl. Thread: one.
class Domains {
 public:
  Domains();
  ~Domains();
  Domains(const Domains&) = delete;
  Domains& operator=(const Domains&) = delete;

  /// "jo@mail.acme.co.uk" → "acme.co.uk"; "jo@gmail.com" → "" (free mail is never a company); no registrable domain →
  /// "". The reference is valid until the next call.
  const std::string& registrable(std::string_view email);

 private:
  struct Cache;
  std::unique_ptr<Cache> cache_;
};

/// Whether the domain belongs to a free mail provider.
bool is_free_mail(std::string_view domain);

}  // namespace leadlight::actors
