// The administrator's acts on the secrets of e-mail vendors: what changes in the store, and the row that answers.
#pragma once

#include "actors/protocol.hpp"
#include "storage/sealing.hpp"
#include "storage/store.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace leadlight::actors {

struct VendorChange {
  storage::Batch batch;
  VendorRow row;
};

/// Seals the secret, and the newest one of before beside it where that is asked for.
/// Errors: invalid (name or secret), unprocessable (too many vendors), internal (no sealer), io_error, corrupt.
Result<VendorChange> set_vendor_secret(const storage::Store& store, const storage::Sealer* sealer,
                                       OrganisationId organisation, const SetVendorSecret& act, Timestamp now);

/// Errors: not_found, io_error, corrupt.
Result<VendorChange> remove_vendor_secrets(const storage::Store& store, OrganisationId organisation,
                                           const std::string& vendor);

/// Of one organisation. Errors: io_error, corrupt.
Result<std::vector<VendorRow>> vendor_rows(const storage::Store& store, OrganisationId organisation);

/// Of every organisation, as the registry holds them. A secret that does not open is an error: its calls must not be
/// taken unsigned. Errors: io_error, corrupt; internal, when there are some and `sealer` is null.
Result<std::vector<VendorSecrets>> open_vendor_secrets(const storage::Store& store, const storage::Sealer* sealer);

}  // namespace leadlight::actors
