// The countries of ISO 3166-1, as the package iso-codes lists them.
#pragma once

#include <span>
#include <string_view>

namespace leadlight::net::sixsense {

/// Names in English; one that the package does not give is empty.
struct IsoCountry {
  std::string_view alpha_2;
  std::string_view alpha_3;
  std::string_view name;           // the standard's: "Korea, Republic of"
  std::string_view common_name;    // "South Korea"
  std::string_view official_name;  // "Federal Republic of Germany"
};

std::span<const IsoCountry> iso_countries();

}  // namespace leadlight::net::sixsense
