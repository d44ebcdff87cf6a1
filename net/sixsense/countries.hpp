// Countries as people and other programs write them, and as the 6sense-compatible answers name them.
//
// A country is known inside by its ISO 3166-1 alpha-2 code, in capitals. The tables are built in and never change while
// the program runs. Thread: any.
// Source: docs/decisions/0019-country-names.md
#pragma once

#include <optional>
#include <string_view>

namespace leadlight::net::sixsense {

/// The alpha-2 code of what `text` names: a code of two or three letters, an English name, a usual variant or a large
/// country's own name ("USA", "U.S.", "United States of America", "us", "Deutschland" → "US", "DE").
///
/// Case, accents, punctuation and "the" make no difference. None when it names no country.
std::optional<std::string_view> country_code(std::string_view text);

/// The usual English name: "US" → "United States". Empty for what is no code in capitals.
std::string_view country_name(std::string_view alpha_2);

/// The region as 6sense names it, which is the United Nations' (M49): "US" → "Northern America". Empty as above.
std::string_view country_region(std::string_view alpha_2);

}  // namespace leadlight::net::sixsense
