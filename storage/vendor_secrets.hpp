// The secrets of an organisation's e-mail vendors: rows of the family `organisations`, sealed before they come here.
#pragma once

#include "engine/result.hpp"
#include "engine/types.hpp"
#include "storage/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::storage {

/// What proves that calls come from one vendor.
struct VendorSettings {
  engine::OrganisationId organisation{};
  std::string vendor;            // unique in the organisation
  std::uint8_t secrets = 0;      // how many are sealed: 1, or 2 while they are being rotated
  std::string sealed_secrets;    // of ("secret", value) pairs, newest first (sealing.hpp)
  engine::Timestamp changed_at;  // when the newest one came

  friend bool operator==(const VendorSettings&, const VendorSettings&) = default;
};

std::string encode(const VendorSettings& settings);
/// Errors: corrupt.
engine::Result<VendorSettings> decode_vendor(std::string_view bytes);

void put(Batch& batch, const VendorSettings& settings);
void remove_vendor(Batch& batch, engine::OrganisationId organisation, std::string_view vendor);

/// None when the organisation has set none. Errors: io_error, corrupt.
engine::Result<std::optional<VendorSettings>> load_vendor(const Store& store, engine::OrganisationId organisation,
                                                          std::string_view vendor);
/// Of every organisation, ascending by organisation and vendor. Errors: io_error, corrupt.
engine::Result<std::vector<VendorSettings>> load_vendors(const Store& store);

}  // namespace leadlight::storage
