// Who may ask: keys, and what proves that a call comes from an organisation's e-mail vendor.
#pragma once

#include "engine/types.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::actors {

using engine::OrganisationId;

/// What becomes of a submission that the engine cannot take, or not make durable in time.
enum class OnUnavailable : std::uint8_t {
  by_surface,  // as the surface's senders deserve: HG's never retry, so it spools; the others refuse
  spool,       // kept in the local spool, answered 202
  refuse,      // 503: the sender retries
};

/// What a key stands for, as the door needs it.
struct KeyView {
  std::string id;
  OrganisationId organisation{};
  std::vector<std::string> scopes;
  std::optional<std::uint32_t> rate;  // requests a second; none: unlimited
  bool live_scoring = true;           // the organisation's switch for the HG surface
  OnUnavailable on_unavailable = OnUnavailable::by_surface;

  /// Whether a submission is spooled rather than refused; `by_default`: the surface's senders never retry.
  [[nodiscard]] bool spools(bool by_default) const {
    return on_unavailable == OnUnavailable::by_surface ? by_default : on_unavailable == OnUnavailable::spool;
  }
  [[nodiscard]] bool may(std::string_view scope) const {
    for (const auto& own : scopes)
      if (own == scope || own == "admin") return true;
    return false;
  }
};

/// What proves that a call comes from an organisation's e-mail vendor. In memory alone, and never in a log or an
/// answer.
struct VendorSecrets {
  OrganisationId organisation{};
  std::string vendor;                // such as "sendgrid"
  std::vector<std::string> secrets;  // newest first; two while they are being rotated, never none
};

/// Keys in force, by the SHA-256 of the key, and the secrets of e-mail vendors. Immutable; a change publishes a new
/// one.
struct Registry {
  std::vector<std::pair<std::array<std::uint8_t, 32>, KeyView>> keys;  // ascending by hash
  std::vector<VendorSecrets> vendors;                                  // ascending by organisation and vendor

  [[nodiscard]] const KeyView* find(const std::array<std::uint8_t, 32>& sha256) const;
  /// Null: the organisation has set none, so that its keys alone decide.
  [[nodiscard]] const VendorSecrets* secrets_of(OrganisationId organisation, std::string_view vendor) const;
};

}  // namespace leadlight::actors
