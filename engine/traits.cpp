#include "engine/traits.hpp"

#include "engine/words.hpp"

#include <algorithm>
#include <initializer_list>

namespace leadlight::engine {
namespace {

/// ISO 3166-1, ascending; XK (Kosovo) is not assigned there, but widely used.
constexpr std::string_view countries =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCN"
    "COCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHM"
    "HNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMK"
    "MLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURW"
    "SASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVI"
    "VNVUWFWSXKYEYTZAZMZW";

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

template <class Number>
std::uint16_t number(Number value) {
  return static_cast<std::uint16_t>(value);
}

/// The first of the attributes with one of these names, in the order of the names, whose text `says` something.
template <class Says>
std::string told(std::span<const Attribute> attributes, std::initializer_list<std::string_view> names, Says says) {
  for (const std::string_view name : names) {
    const auto found =
        std::find_if(attributes.begin(), attributes.end(), [&](const auto& a) { return a.name == name; });
    if (found == attributes.end()) continue;
    std::string text = text_of_json(found->value);
    if (says(text)) return text;
  }
  return {};
}

std::string told(std::span<const Attribute> attributes, std::initializer_list<std::string_view> names) {
  return told(attributes, names, [](std::string_view text) { return !says_nothing(text); });
}

/// Of a name or a country, where "NA" is one.
std::string told_name(std::span<const Attribute> attributes, std::initializer_list<std::string_view> names) {
  return told(attributes, names, [](std::string_view text) { return !plain_text(text).empty(); });
}

std::string told_amount(std::span<const Attribute> attributes, std::initializer_list<std::string_view> names) {
  return told(attributes, names, [](std::string_view text) { return parse_amount(text).has_value(); });
}

void add_character(std::uint32_t character, std::string& text) {
  const auto byte = [&](std::uint32_t bits) { text += static_cast<char>(static_cast<unsigned char>(bits)); };
  if (character < 0x80) {
    byte(character);
  } else if (character < 0x800) {
    byte(0xC0U | (character >> 6U));
    byte(0x80U | (character & 0x3FU));
  } else if (character < 0x10000) {
    byte(0xE0U | (character >> 12U));
    byte(0x80U | ((character >> 6U) & 0x3FU));
    byte(0x80U | (character & 0x3FU));
  } else {
    byte(0xF0U | (character >> 18U));
    byte(0x80U | ((character >> 12U) & 0x3FU));
    byte(0x80U | ((character >> 6U) & 0x3FU));
    byte(0x80U | (character & 0x3FU));
  }
}

/// The four hexadecimal digits at `at`.
std::optional<std::uint32_t> unit_at(std::string_view json, std::size_t at) {
  if (at + 4 > json.size()) return std::nullopt;
  std::uint32_t unit = 0;
  for (const char c : json.substr(at, 4)) {
    const std::size_t digit = std::string_view("0123456789abcdef").find(c >= 'A' && c <= 'F' ? char(c - 'A' + 'a') : c);
    if (digit == std::string_view::npos) return std::nullopt;
    unit = unit * 16 + static_cast<std::uint32_t>(digit);
  }
  return unit;
}

/// Reads `\uXXXX` at `at` (of the u), a pair of surrogates as one character; where to go on, 0 when it is none.
std::size_t read_unicode(std::string_view json, std::size_t at, std::string& text) {
  const auto unit = unit_at(json, at + 1);
  if (!unit) return 0;
  if (*unit < 0xD800 || *unit > 0xDFFF) {
    add_character(*unit, text);
    return at + 5;
  }
  const bool pair = *unit <= 0xDBFF && json.substr(std::min(at + 5, json.size())).starts_with("\\u");
  const auto low = pair ? unit_at(json, at + 7) : std::nullopt;
  if (!low || *low < 0xDC00 || *low > 0xDFFF) return 0;
  add_character(0x10000 + ((*unit - 0xD800) << 10U) + (*low - 0xDC00), text);
  return at + 11;
}

}  // namespace

std::string_view label(Trait trait) {
  switch (trait) {
    case Trait::title_level: return "Title level";
    case Trait::title_function: return "Title function";
    case Trait::role: return "Role";
    case Trait::lead_source: return "Lead source";
    case Trait::industry: return "Industry";
    case Trait::country: return "Country";
    case Trait::employees: return "Employees";
    case Trait::revenue: return "Revenue";
    case Trait::first_name: return "First name";
    case Trait::last_name: return "Last name";
    case Trait::email: return "E-mail address";
    case Trait::phone: return "Telephone";
  }
  return "";
}

std::span<const std::string_view> labels_of(Trait trait) {
  switch (trait) {
    case Trait::title_level: return title_level_labels;
    case Trait::title_function: return title_function_labels;
    case Trait::role: return role_labels;
    case Trait::lead_source: return lead_source_labels;
    case Trait::industry: return industry_labels;
    case Trait::first_name:
    case Trait::last_name:
    case Trait::phone: return quality_labels;
    case Trait::email: return email_kind_labels;
    default: return {};
  }
}

std::uint16_t value_of_text(Trait trait, std::string_view text) {
  switch (trait) {
    case Trait::role: return number(role_of(text));
    case Trait::lead_source: return number(lead_source_of(text));
    case Trait::industry: return number(industry_of(text));
    default: return 0;
  }
}

CountryCode country_code(std::string_view code) {
  if (code.size() != 2) return 0;
  const std::array<char, 2> letters = {upper(code[0]), upper(code[1])};
  for (std::size_t at = 0; at < countries.size(); at += 2) {
    if (countries.substr(at, 2) != std::string_view(letters.data(), 2)) continue;
    return static_cast<CountryCode>((static_cast<unsigned char>(letters[0]) << 8U) |
                                    static_cast<unsigned char>(letters[1]));
  }
  return 0;
}

std::string country_text(CountryCode code) {
  if (code == 0) return {};
  return {static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)};
}

std::uint16_t Traits::value_of(Trait trait) const {
  switch (trait) {
    case Trait::title_level: return number(title_level);
    case Trait::title_function: return number(title_function);
    case Trait::role: return number(role);
    case Trait::lead_source: return number(lead_source);
    case Trait::industry: return number(industry);
    case Trait::country: return country;
    case Trait::first_name: return number(first_name);
    case Trait::last_name: return number(last_name);
    case Trait::email: return number(email);
    case Trait::phone: return number(phone);
    case Trait::employees:
    case Trait::revenue: return 0;
  }
  return 0;
}

std::uint64_t Traits::text_of(Trait trait) const {
  switch (trait) {
    case Trait::role: return role_text;
    case Trait::lead_source: return lead_source_text;
    case Trait::industry: return industry_text;
    default: return 0;
  }
}

std::optional<Amount> Traits::amount_of(Trait trait) const {
  if (trait == Trait::employees) return employees;
  if (trait == Trait::revenue) return revenue;
  return std::nullopt;
}

bool Traits::knows(Trait trait) const {
  return kind_of(trait) == TraitKind::amount ? amount_of(trait).has_value() : value_of(trait) != 0;
}

Traits traits_of(const Profile& profile) {
  Traits traits;
  const TitleFacts title = title_facts(profile.title);
  traits.title_level = title.level;
  traits.title_function = title.function;
  traits.role = role_of(profile.role);
  traits.role_text = text_key(profile.role);
  traits.lead_source = lead_source_of(profile.lead_source);
  traits.lead_source_text = text_key(profile.lead_source);
  traits.industry = industry_of(profile.industry);
  traits.industry_text = text_key(profile.industry);
  traits.country = country_code(profile.country);
  traits.employees = parse_amount(profile.employees);
  traits.revenue = parse_amount(profile.revenue);
  traits.first_name = name_quality(profile.first_name);
  traits.last_name = name_quality(profile.last_name);
  traits.email = email_kind(profile.email, profile.free_mail);
  traits.phone = phone_quality(profile.phone);
  return traits;
}

Profile profile_of(std::span<const Attribute> attributes) {
  Profile profile;
  profile.title = told(attributes, {"title", "job_title", "jobtitle", "position"});
  profile.role = told(attributes, {"role", "buying_role"});
  profile.lead_source = told(attributes, {"lead_source", "leadsource", "source"});
  profile.industry = told(attributes, {"company.industry", "industry"});
  profile.country = told_name(attributes, {"company.country", "country", "company.address.country", "address.country"});
  profile.employees =
      told_amount(attributes, {"company.employee_count", "company.employees", "company.number_of_employees",
                               "company.employee_range", "company.size", "employee_count", "employees",
                               "number_of_employees", "employee_range", "company_size"});
  profile.revenue =
      told_amount(attributes, {"company.annual_revenue", "company.revenue", "company.revenue_range",
                               "company.estimated_annual_revenue", "annual_revenue", "revenue", "revenue_range"});
  profile.first_name = told_name(attributes, {"first_name", "firstname", "given_name"});
  profile.last_name = told_name(attributes, {"last_name", "lastname", "family_name", "surname"});
  profile.phone = told(attributes, {"phone", "phone_number", "mobile_phone", "mobile", "telephone"});
  return profile;
}

std::string text_of_json(std::string_view json) {
  if (json.empty() || json == "null") return {};
  if (json.front() != '"') {
    const bool scalar =
        (json.front() >= '0' && json.front() <= '9') || json.front() == '-' || json == "true" || json == "false";
    return scalar ? std::string(json) : std::string();
  }
  if (json.size() < 2 || json.back() != '"') return {};
  std::string text;
  const std::size_t end = json.size() - 1;
  for (std::size_t at = 1; at < end;) {
    if (json[at] != '\\') {
      text += json[at++];
      continue;
    }
    constexpr std::string_view escapes = "\"\\/bfnrt";
    constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    if (++at >= end) return {};
    if (const std::size_t escape = escapes.find(json[at]); escape != std::string_view::npos) {
      text += meant[escape];
      ++at;
    } else if (json[at] == 'u') {
      at = read_unicode(json.substr(0, end), at, text);
      if (at == 0) return {};
    } else {
      return {};
    }
  }
  return text;
}

}  // namespace leadlight::engine
