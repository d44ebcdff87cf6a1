// The normalised facts about a person and its company that fit rules read.
//
// Made from what was told in words, each time a fit is asked for; nothing of it is stored, so a better word table
// counts at once. Unknown is not zero: a fact that nobody told is `unknown`, which a rule can speak of and nothing else
// is.
#pragma once

#include "engine/amount.hpp"
#include "engine/categories.hpp"
#include "engine/cleanliness.hpp"
#include "engine/record.hpp"
#include "engine/title.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace leadlight::engine {

/// What a fit rule can speak of.
enum class Trait : std::uint8_t {
  title_level = 1,
  title_function = 2,
  role = 3,
  lead_source = 4,
  industry = 5,
  country = 6,
  employees = 7,
  revenue = 8,
  first_name = 9,
  last_name = 10,
  email = 11,
  phone = 12,
};

inline constexpr std::size_t trait_count = 12;
/// The word of each in a product file, by number, from 1.
inline constexpr std::array<std::string_view, trait_count> trait_words = {
    "title_level", "title_function", "role",       "lead_source", "industry", "country",
    "employees",   "revenue",        "first_name", "last_name",   "email",    "phone"};

constexpr std::string_view word_of(Trait trait) {
  return trait_words[static_cast<std::size_t>(trait) - 1];
}
/// What a salesperson reads: "Title level", "Employees", ….
std::string_view label(Trait trait);

/// What a trait's values are.
enum class TraitKind : std::uint8_t { labels, country, amount };

constexpr TraitKind kind_of(Trait trait) {
  switch (trait) {
    case Trait::country: return TraitKind::country;
    case Trait::employees:
    case Trait::revenue: return TraitKind::amount;
    default: return TraitKind::labels;
  }
}
/// Whether it says something of the company, not of the person alone.
constexpr bool is_of_company(Trait trait) {
  return trait == Trait::industry || trait == Trait::country || trait == Trait::employees || trait == Trait::revenue;
}
/// Whether a rule may also name it by an organisation's own words.
constexpr bool takes_texts(Trait trait) {
  return trait == Trait::role || trait == Trait::lead_source || trait == Trait::industry;
}
/// The labels of a trait's values, by number from 1; empty for a country or an amount.
std::span<const std::string_view> labels_of(Trait trait);
/// The number of an own text of a trait that takes texts: what it is read as.
std::uint16_t value_of_text(Trait trait, std::string_view text);

/// A country of ISO 3166-1 alpha-2 as a number; 0: unknown.
using CountryCode = std::uint16_t;

/// Returns: 0 unless `code` is two letters of an assigned code (and XK), upper or lower case.
CountryCode country_code(std::string_view code);
/// "DE"; empty for unknown.
std::string country_text(CountryCode code);

struct Traits {
  TitleLevel title_level = TitleLevel::unknown;
  TitleFunction title_function = TitleFunction::unknown;
  Role role = Role::unknown;
  LeadSource lead_source = LeadSource::unknown;
  Industry industry = Industry::unknown;
  Quality first_name = Quality::unknown;
  Quality last_name = Quality::unknown;
  EmailKind email = EmailKind::unknown;
  Quality phone = Quality::unknown;
  CountryCode country = 0;
  std::uint64_t role_text = 0;  // `text_key` of the text as told; 0: unknown
  std::uint64_t lead_source_text = 0;
  std::uint64_t industry_text = 0;
  std::optional<Amount> employees;
  std::optional<Amount> revenue;

  /// The number of a label or country; 0: unknown, or an amount.
  [[nodiscard]] std::uint16_t value_of(Trait trait) const;
  /// The key of the text; 0: unknown, or none of those that take texts.
  [[nodiscard]] std::uint64_t text_of(Trait trait) const;
  /// Employees or revenue; none: unknown, or no amount.
  [[nodiscard]] std::optional<Amount> amount_of(Trait trait) const;
  [[nodiscard]] bool knows(Trait trait) const;

  friend bool operator==(const Traits&, const Traits&) = default;
};

/// What was told, in words; blank where nothing was.
struct Profile {
  std::string title;
  std::string role;
  std::string lead_source;
  std::string industry;
  std::string country;  // ISO alpha-2: the caller normalises names
  std::string employees;
  std::string revenue;
  std::string first_name;
  std::string last_name;
  std::string email;
  std::string phone;
  bool free_mail = false;  // the e-mail address's domain gives mailboxes to everybody

  friend bool operator==(const Profile&, const Profile&) = default;
};

Traits traits_of(const Profile& profile);

/// The profile as the log has it: of several names for one fact ("company.industry", "industry") the first that says
/// something, company's before person's. `country` is as told, not normalised; `email` and `free_mail` are the
/// caller's.
///
/// The names: docs/guides/products.md.
Profile profile_of(std::span<const Attribute> attributes);

/// The text of a JSON scalar, as `Attribute::value` holds it; empty for null, a list, an object, and what is no JSON.
std::string text_of_json(std::string_view json);

}  // namespace leadlight::engine
