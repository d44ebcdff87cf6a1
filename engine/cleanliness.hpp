// Whether what a form holds looks like a person: names, telephone, kind of e-mail address.
//
// Says "implausible" only of what no person has; a strange name is somebody's name.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace leadlight::engine {

enum class Quality : std::uint8_t { unknown = 0, plausible = 1, implausible = 2 };

/// Of a mailbox: a person's at a company, a person's at a free provider, a function's ("info@"), or none at all.
enum class EmailKind : std::uint8_t { unknown = 0, company = 1, free_mail = 2, role = 3, malformed = 4 };

/// By number, from 1.
inline constexpr std::array<std::string_view, 2> quality_labels = {"Plausible", "Implausible"};
inline constexpr std::array<std::string_view, 4> email_kind_labels = {"Company", "Free mail", "Role", "Malformed"};

/// A first or last name: 2 to 60 letters (one, where it is not of ASCII), blanks, hyphens, points and apostrophes; no
/// digit, not one letter again and again, nothing typed to fill the field ("asdf", "test"). Blank: unknown.
Quality name_quality(std::string_view name);

/// A telephone number: 7 to 15 digits (an extension apart) written with the usual signs, not all equal, not in
/// sequence. Blank: unknown.
Quality phone_quality(std::string_view phone);

/// `free_mail`: whether the domain gives mailboxes to everybody; the caller knows the list. Blank: unknown.
EmailKind email_kind(std::string_view email, bool free_mail);

}  // namespace leadlight::engine
