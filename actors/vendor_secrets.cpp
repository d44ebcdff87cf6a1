#include "actors/vendor_secrets.hpp"

#include "storage/vendor_secrets.hpp"

#include <algorithm>
#include <utility>

namespace leadlight::actors {
namespace {

using engine::Errc;

constexpr std::size_t vendors_per_organisation_max = 100;
constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t secret_bytes_max = 16 * 1024;
constexpr const char* pair_name = "secret";

Error no_sealer() {
  return {Errc::internal, "secrets cannot be sealed or opened here: there is no secret key", {}};
}

Status check(const SetVendorSecret& act) {
  if (act.vendor.empty() || act.vendor.size() > name_bytes_max)
    return Error{Errc::invalid, "vendor must be 1 to 64 bytes long", "vendor"};
  if (act.secret.empty() || act.secret.size() > secret_bytes_max)
    return Error{Errc::invalid, "secret must be 1 to 16,384 bytes long", "secret"};
  return engine::Ok{};
}

Result<storage::SecretPairs> opened(const storage::VendorSettings& settings, const storage::Sealer* sealer) {
  if (sealer == nullptr) return no_sealer();
  auto pairs = sealer->unseal(settings.sealed_secrets);
  if (!pairs) return Error{pairs.error().code, settings.vendor + ": " + pairs.error().what, "vendor"};
  return pairs;
}

VendorRow row_of(const storage::VendorSettings& settings) {
  return {settings.vendor, settings.secrets, settings.changed_at};
}

}  // namespace

Result<VendorChange> set_vendor_secret(const storage::Store& store, const storage::Sealer* sealer,
                                       OrganisationId organisation, const SetVendorSecret& act, Timestamp now) {
  if (sealer == nullptr) return no_sealer();
  if (auto fits = check(act); !fits) return fits.error();
  auto before = storage::load_vendor(store, organisation, act.vendor);
  if (!before) return before.error();
  if (!before->has_value()) {
    auto own = vendor_rows(store, organisation);
    if (!own) return own.error();
    if (own->size() >= vendors_per_organisation_max)
      return Error{Errc::unprocessable, "100 vendors are the most an organisation can have", "vendor"};
  }
  storage::SecretPairs pairs = {{pair_name, act.secret}};
  if (act.keep_previous && before->has_value()) {
    auto previous = opened(**before, sealer);
    if (!previous) return previous.error();
    if (!previous->empty() && previous->front().second != act.secret) pairs.push_back(previous->front());
  }
  const storage::VendorSettings settings{organisation, act.vendor, static_cast<std::uint8_t>(pairs.size()),
                                         sealer->seal(pairs), now};
  VendorChange change{{}, row_of(settings)};
  storage::put(change.batch, settings);
  return change;
}

Result<VendorChange> remove_vendor_secrets(const storage::Store& store, OrganisationId organisation,
                                           const std::string& vendor) {
  auto settings = storage::load_vendor(store, organisation, vendor);
  if (!settings) return settings.error();
  if (!settings->has_value())
    return Error{Errc::not_found, "no secret is set for this vendor; `leadlight vendor list` names those that have one",
                 "vendor"};
  VendorChange change{{}, {vendor, 0, std::nullopt}};
  storage::remove_vendor(change.batch, organisation, vendor);
  return change;
}

Result<std::vector<VendorRow>> vendor_rows(const storage::Store& store, OrganisationId organisation) {
  auto all = storage::load_vendors(store);
  if (!all) return all.error();
  std::vector<VendorRow> rows;
  for (const auto& settings : *all)
    if (settings.organisation == organisation) rows.push_back(row_of(settings));
  return rows;
}

Result<std::vector<VendorSecrets>> open_vendor_secrets(const storage::Store& store, const storage::Sealer* sealer) {
  auto all = storage::load_vendors(store);
  if (!all) return all.error();
  std::vector<VendorSecrets> secrets;
  for (const auto& settings : *all) {
    auto pairs = opened(settings, sealer);
    if (!pairs) return pairs.error();
    VendorSecrets own{settings.organisation, settings.vendor, {}};
    for (auto& pair : *pairs) own.secrets.push_back(std::move(pair.second));
    secrets.push_back(std::move(own));
  }
  // The stored order is that of the organisations' numbers as bytes, then the names: the order of the registry.
  return secrets;
}

}  // namespace leadlight::actors
