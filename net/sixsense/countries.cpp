#include "net/sixsense/countries.hpp"

#include "net/sixsense/country_table.hpp"
#include "net/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <utility>

namespace leadlight::net::sixsense {
namespace {

struct Region {
  std::string_view name;
  std::string_view codes;  // separated by blanks
};

/// The finest level that M49 gives. Taiwan, which M49 does not list, stands with its neighbours.
constexpr std::array<Region, 23> regions = {{
    {"Antarctica", "AQ"},
    {"Australia and New Zealand", "AU CC CX HM NF NZ"},
    {"Caribbean", "AG AI AW BB BL BQ BS CU CW DM DO GD GP HT JM KN KY LC MF MQ MS PR SX TC TT VC VG VI"},
    {"Central America", "BZ CR GT HN MX NI PA SV"},
    {"Central Asia", "KG KZ TJ TM UZ"},
    {"Eastern Africa", "BI DJ ER ET IO KE KM MG MU MW MZ RE RW SC SO SS TF TZ UG YT ZM ZW"},
    {"Eastern Asia", "CN HK JP KP KR MN MO TW"},
    {"Eastern Europe", "BG BY CZ HU MD PL RO RU SK UA"},
    {"Melanesia", "FJ NC PG SB VU"},
    {"Micronesia", "FM GU KI MH MP NR PW UM"},
    {"Middle Africa", "AO CD CF CG CM GA GQ ST TD"},
    {"Northern Africa", "DZ EG EH LY MA SD TN"},
    {"Northern America", "BM CA GL PM US"},
    {"Northern Europe", "AX DK EE FI FO GB GG IE IM IS JE LT LV NO SE SJ"},
    {"Polynesia", "AS CK NU PF PN TK TO TV WF WS"},
    {"South America", "AR BO BR BV CL CO EC FK GF GS GY PE PY SR UY VE"},
    {"South-eastern Asia", "BN ID KH LA MM MY PH SG TH TL VN"},
    {"Southern Africa", "BW LS NA SZ ZA"},
    {"Southern Asia", "AF BD BT IN IR LK MV NP PK"},
    {"Southern Europe", "AD AL BA ES GI GR HR IT ME MK MT PT RS SI SM VA"},
    {"Western Africa", "BF BJ CI CV GH GM GN GW LR ML MR NE NG SH SL SN TG"},
    {"Western Asia", "AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE"},
    {"Western Europe", "AT BE CH DE FR LI LU MC NL"},
}};

struct Named {
  std::string_view alpha_2;
  std::string_view name;
};

/// Where the standard's name is not the usual one, and the package has no common name.
constexpr std::array<Named, 12> usual_names = {{
    {"BN", "Brunei"},
    {"CD", "Democratic Republic of the Congo"},
    {"CG", "Republic of the Congo"},
    {"FK", "Falkland Islands"},
    {"FM", "Micronesia"},
    {"MF", "Saint Martin"},
    {"PS", "Palestine"},
    {"RU", "Russia"},
    {"SX", "Sint Maarten"},
    {"VA", "Vatican City"},
    {"VG", "British Virgin Islands"},
    {"VI", "U.S. Virgin Islands"},
}};

/// Beside the standard's names: codes in use that are not ISO's, short and former names, parts of the United Kingdom,
/// and what large countries call themselves.
constexpr auto variants = std::to_array<Named>({
    {"AE", "UAE"},
    {"AE", "Emirates"},
    {"AT", "Österreich"},
    {"AT", "Oesterreich"},
    {"BA", "Bosnia"},
    {"BE", "Belgique"},
    {"BE", "België"},
    {"BQ", "Caribbean Netherlands"},
    {"BR", "Brasil"},
    {"CD", "DRC"},
    {"CD", "DR Congo"},
    {"CD", "Congo Kinshasa"},
    {"CG", "Congo Brazzaville"},
    {"CH", "Schweiz"},
    {"CH", "Suisse"},
    {"CH", "Svizzera"},
    {"CI", "Ivory Coast"},
    {"CI", "Cote d Ivoire"},
    {"CN", "PRC"},
    {"CN", "P.R. China"},
    {"CN", "Mainland China"},
    {"CN", "中国"},
    {"CV", "Cape Verde"},
    {"CZ", "Česko"},
    {"CZ", "Česká republika"},
    {"DE", "Deutschland"},
    {"DK", "Danmark"},
    {"ES", "España"},
    {"FI", "Suomi"},
    {"GB", "UK"},
    {"GB", "Great Britain"},
    {"GB", "Britain"},
    {"GB", "England"},
    {"GB", "Scotland"},
    {"GB", "Wales"},
    {"GB", "Northern Ireland"},
    {"GR", "EL"},  // the European Union's code
    {"GR", "Hellas"},
    {"HU", "Magyarország"},
    {"IE", "Éire"},
    {"IE", "Republic of Ireland"},
    {"IT", "Italia"},
    {"JP", "Nippon"},
    {"JP", "日本"},
    {"KP", "DPRK"},
    {"KR", "Korea"},
    {"KR", "ROK"},
    {"KR", "대한민국"},
    {"KR", "한국"},
    {"MK", "Macedonia"},
    {"MM", "Burma"},
    {"MO", "Macau"},
    {"NL", "Holland"},
    {"NL", "Nederland"},
    {"NO", "Norge"},
    {"PH", "Filipinas"},
    {"PL", "Polska"},
    {"RU", "Россия"},
    {"SA", "KSA"},
    {"SE", "Sverige"},
    {"SZ", "Swaziland"},
    {"TL", "East Timor"},
    {"TR", "Turkey"},
    {"TW", "台灣"},
    {"US", "US"},
    {"US", "USA"},
    {"US", "America"},
    {"US", "EEUU"},
    {"US", "Estados Unidos"},
    {"US", "United States America"},
    {"VA", "Vatican"},
    {"VA", "Holy See"},
    {"VI", "US Virgin Islands"},
});

/// The plain letters of U+00C0 to U+017F; a blank where there is none.
constexpr std::string_view plain_letters =
    "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssss"
    "ssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(plain_letters.size() == 0x180 - 0xC0);

/// Adds what is left of one character when spelling no longer matters.
void fold_into(std::string& folded, char32_t point, std::string_view as_sent) {
  if (point >= 0xC0 && point < 0x180) point = static_cast<unsigned char>(plain_letters[point - 0xC0]);
  if (point >= 'A' && point <= 'Z') point += 'a' - 'A';
  const bool is_mark = point >= 0x300 && point <= 0x36F;
  if (point == '.' || point == '\'' || point == 0x2018 || point == 0x2019 || is_mark) return;
  if (point == '&') {
    folded += " and ";
  } else if ((point >= 'a' && point <= 'z') || (point >= '0' && point <= '9')) {
    folded += static_cast<char>(point);
  } else if (point < 0x80 || !is_printable(point) || point == 0xA0 || point == 0x3000) {
    folded += ' ';
  } else {
    folded += as_sent;
  }
}

/// The words of `text`, in plain small letters: "Côte d’Ivoire" → "cote divoire", "U. S. A." → "usa".
std::string fold(std::string_view text) {
  std::string characters;
  while (!text.empty()) {
    const auto before = text;
    const auto point = take_code_point(text);
    if (!point) return {};
    fold_into(characters, *point, before.substr(0, before.size() - text.size()));
  }
  std::string folded;
  bool was_letter = false;
  for (std::size_t at = 0; at < characters.size();) {
    const auto end = std::min(characters.find(' ', at), characters.size());
    const auto word = std::string_view(characters).substr(at, end - at);
    at = end + 1;
    if (word.empty() || word == "the") continue;
    const bool is_letter = word.size() == 1;
    if (!folded.empty() && !(was_letter && is_letter)) folded += ' ';
    folded += word == "st" ? "saint" : word;
    was_letter = is_letter;
  }
  return folded;
}

/// `text` without blanks round it, where it is short enough to be a code; else empty.
std::string capitals(std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  std::string code(text.substr(0, text.size() <= 3 ? text.size() : 0));
  for (char& c : code)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return code;
}

/// All that a text can be looked up by. Immutable once made.
class Index {
 public:
  Index() {
    for (const auto& country : iso_countries()) {
      by_code_.emplace(country.alpha_2, country.alpha_2);
      by_code_.emplace(country.alpha_3, country.alpha_2);
      add(country.name, country.alpha_2);
      add(country.common_name, country.alpha_2);
      add(country.official_name, country.alpha_2);
      names_.emplace(country.alpha_2, country.common_name.empty() ? country.name : country.common_name);
    }
    for (const auto& [alpha_2, name] : usual_names) {
      add(name, alpha_2);
      names_[alpha_2] = name;
    }
    for (const auto& [alpha_2, name] : variants) add(name, alpha_2);
    for (const auto& region : regions)
      for (std::size_t at = 0; at < region.codes.size(); at += 3)
        regions_.emplace(region.codes.substr(at, 2), region.name);
  }

  /// A code stands alone: "N.A." and "n/a" are not Namibia.
  [[nodiscard]] std::optional<std::string_view> code(std::string_view text) const {
    const auto code = find(by_code_, capitals(text));
    if (!code.empty()) return code;
    const auto found = by_text_.find(fold(text));
    if (found == by_text_.end()) return std::nullopt;
    return found->second;
  }
  [[nodiscard]] std::string_view name(std::string_view alpha_2) const { return find(names_, alpha_2); }
  [[nodiscard]] std::string_view region(std::string_view alpha_2) const { return find(regions_, alpha_2); }

 private:
  using ByCode = std::unordered_map<std::string_view, std::string_view>;

  /// A name, and "Korea, Republic of" the other way round too.
  void add(std::string_view name, std::string_view alpha_2) {
    if (name.empty()) return;
    by_text_.emplace(fold(name), alpha_2);
    const auto comma = name.find(", ");
    if (comma == std::string_view::npos) return;
    by_text_.emplace(fold(std::string(name.substr(comma + 2)) + ' ' + std::string(name.substr(0, comma))), alpha_2);
  }
  static std::string_view find(const ByCode& map, std::string_view alpha_2) {
    const auto found = map.find(alpha_2);
    return found == map.end() ? std::string_view{} : found->second;
  }

  ByCode by_code_;                                             // of two and of three letters
  std::unordered_map<std::string, std::string_view> by_text_;  // folded
  ByCode names_;
  ByCode regions_;
};

const Index& index() {
  static const Index own;
  return own;
}

}  // namespace

std::optional<std::string_view> country_code(std::string_view text) {
  return index().code(text);
}

std::string_view country_name(std::string_view alpha_2) {
  return index().name(alpha_2);
}

std::string_view country_region(std::string_view alpha_2) {
  return index().region(alpha_2);
}

}  // namespace leadlight::net::sixsense
