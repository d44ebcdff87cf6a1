// Key: "vendor/" organisation:u32 (big-endian) "/" name. Value: version:u8 (1 is the newest), the fields below,
// crc32c:u32.
//   vendor := organisation:u32 vendor:text secrets:u8 sealed_secrets:text changed_at:i64
#include "storage/vendor_secrets.hpp"

#include "storage/codec/reader.hpp"
#include "storage/codec/writer.hpp"

#include <utility>

namespace leadlight::storage {
namespace {

using engine::OrganisationId;
using engine::Result;

constexpr std::uint8_t version_newest = 1;
constexpr std::string_view kind = "vendor/";
constexpr std::size_t page = 1'000;

std::string key_of(OrganisationId organisation, std::string_view vendor) {
  const auto number = static_cast<std::uint32_t>(organisation);
  std::string key{kind};
  for (int shift = 24; shift >= 0; shift -= 8)
    key.push_back(static_cast<char>((number >> static_cast<unsigned>(shift)) & 0xFFU));
  return key.append("/").append(vendor);
}

}  // namespace

std::string encode(const VendorSettings& settings) {
  Writer to(256);
  to.u8(version_newest);
  to.u32(static_cast<std::uint32_t>(settings.organisation));
  to.text(settings.vendor);
  to.u8(settings.secrets);
  to.text(settings.sealed_secrets);
  to.time(settings.changed_at);
  return std::move(to).seal();
}

Result<VendorSettings> decode_vendor(std::string_view bytes) {
  constexpr std::string_view what = "e-mail vendor";
  auto from = open_value(bytes, what, version_newest);
  if (!from) return from.error();
  VendorSettings settings;
  settings.organisation = static_cast<OrganisationId>(from->u32());
  settings.vendor = from->text();
  settings.secrets = from->u8();
  settings.sealed_secrets = from->text();
  settings.changed_at = from->time();
  return close_value(*from, std::move(settings), what);
}

void put(Batch& batch, const VendorSettings& settings) {
  batch.put(Family::organisations, key_of(settings.organisation, settings.vendor), encode(settings));
}

void remove_vendor(Batch& batch, OrganisationId organisation, std::string_view vendor) {
  batch.remove(Family::organisations, key_of(organisation, vendor));
}

Result<std::optional<VendorSettings>> load_vendor(const Store& store, OrganisationId organisation,
                                                  std::string_view vendor) {
  auto value = store.get(Family::organisations, key_of(organisation, vendor));
  if (!value) return value.error();
  if (!value->has_value()) return std::optional<VendorSettings>{};
  auto settings = decode_vendor(**value);
  if (!settings) return settings.error();
  return std::optional(*std::move(settings));
}

Result<std::vector<VendorSettings>> load_vendors(const Store& store) {
  std::vector<VendorSettings> all;
  std::string from;
  for (;;) {
    auto rows = store.scan(Family::organisations, kind, from, page);
    if (!rows) return rows.error();
    for (const auto& row : *rows) {
      auto settings = decode_vendor(row.value);
      if (!settings) return settings.error();
      all.push_back(*std::move(settings));
    }
    if (rows->size() < page) return all;
    from = rows->back().key + '\0';
  }
}

}  // namespace leadlight::storage
