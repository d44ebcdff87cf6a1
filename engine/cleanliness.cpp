#include "engine/cleanliness.hpp"

#include "engine/words.hpp"

#include <algorithm>
#include <string>

namespace leadlight::engine {
namespace {

constexpr std::size_t letters_max = 60;
constexpr std::size_t equal_in_a_row_max = 3;
constexpr std::size_t email_bytes_max = 254;  // RFC 5321

/// What people type to get past a field.
constexpr auto fillers = std::to_array<std::string_view>({"test", "testing", "asdf", "asdfgh", "asd", "sdf", "qwerty",
                                                          "qwe", "zxcv", "abc", "xyz", "first", "firstname", "lastname",
                                                          "last name", "surname", "name", "fname", "lname"});
constexpr auto placeholders =
    std::to_array<std::string_view>({"n/a", "none", "null", "unknown", "undefined", "not provided"});

/// Mailboxes of a function. "no-reply" is found as "noreply": points, hyphens and underscores are left out.
constexpr auto functions = std::to_array<std::string_view>({"abuse",
                                                            "accounting",
                                                            "accounts",
                                                            "admin",
                                                            "administrator",
                                                            "billing",
                                                            "careers",
                                                            "contact",
                                                            "contactus",
                                                            "customercare",
                                                            "customerservice",
                                                            "donotreply",
                                                            "enquiries",
                                                            "enquiry",
                                                            "feedback",
                                                            "finance",
                                                            "hello",
                                                            "help",
                                                            "helpdesk",
                                                            "hi",
                                                            "hostmaster",
                                                            "hr",
                                                            "info",
                                                            "information",
                                                            "inquiries",
                                                            "inquiry",
                                                            "invoice",
                                                            "invoices",
                                                            "it",
                                                            "jobs",
                                                            "legal",
                                                            "mail",
                                                            "mailerdaemon",
                                                            "marketing",
                                                            "media",
                                                            "news",
                                                            "newsletter",
                                                            "noreply",
                                                            "office",
                                                            "orders",
                                                            "postmaster",
                                                            "press",
                                                            "privacy",
                                                            "purchasing",
                                                            "reception",
                                                            "root",
                                                            "sales",
                                                            "security",
                                                            "service",
                                                            "support",
                                                            "webmaster"});

bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}
bool is_beyond_ascii(char c) {
  return static_cast<unsigned char>(c) >= 0x80U;
}

template <std::size_t Size>
bool is_one_of(std::string_view text, const std::array<std::string_view, Size>& list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

/// The letters of a name, each as the bytes of one character.
struct Letters {
  std::size_t count = 0;
  std::size_t beyond_ascii = 0;
  std::size_t distinct = 0;  // 1: the same one again and again; counted no further than 2
  std::size_t in_a_row = 0;  // the longest run of one letter
};

Letters letters_of(std::string_view name) {
  Letters letters;
  std::string_view first;
  std::string_view last;
  std::size_t run = 0;
  for (std::size_t at = 0; at < name.size();) {
    std::size_t end = at + 1;
    while (end < name.size() && !begins_character(name[end])) ++end;
    const std::string_view letter = name.substr(at, end - at);
    at = end;
    if (!is_ascii_letter(letter[0]) && !is_beyond_ascii(letter[0])) continue;
    ++letters.count;
    if (is_beyond_ascii(letter[0])) ++letters.beyond_ascii;
    if (first.empty()) first = letter;
    if (letters.distinct == 0 || (letters.distinct == 1 && letter != first)) ++letters.distinct;
    run = letter == last ? run + 1 : 1;
    letters.in_a_row = std::max(letters.in_a_row, run);
    last = letter;
  }
  return letters;
}

/// Where the extension of a telephone number begins: "x12", "ext. 12", "#12".
std::size_t extension_at(std::string_view plain) {
  std::size_t at = std::min(plain.size(), plain.find_first_of("x#"));
  // "ext" has its x inside.
  if (at >= 1 && at < plain.size() && plain[at - 1] == 'e') --at;
  return at;
}

}  // namespace

Quality name_quality(std::string_view name) {
  const std::string plain = plain_text(name);
  if (plain.find_first_not_of(" -.'") == std::string::npos || is_one_of(plain, placeholders)) return Quality::unknown;
  const bool of_a_name = std::all_of(plain.begin(), plain.end(), [](char c) {
    return is_ascii_letter(c) || is_beyond_ascii(c) || std::string_view(" -.'`,").find(c) != std::string_view::npos;
  });
  if (!of_a_name || is_one_of(plain, fillers)) return Quality::implausible;
  const Letters letters = letters_of(plain);
  // One letter is an initial, except where a letter is a syllable (李).
  const bool long_enough = letters.count >= 2 || letters.beyond_ascii == 1;
  const bool repeated = letters.count >= 2 && letters.distinct == 1 && letters.beyond_ascii == 0;
  return long_enough && letters.count <= letters_max && !repeated && letters.in_a_row <= equal_in_a_row_max
             ? Quality::plausible
             : Quality::implausible;
}

Quality phone_quality(std::string_view phone) {
  if (says_nothing(phone)) return Quality::unknown;
  const std::string plain = plain_text(phone);
  std::string digits;
  const std::string_view number = std::string_view(plain).substr(0, extension_at(plain));
  for (const char c : number) {
    if (is_digit(c)) {
      digits += c;
    } else if (std::string_view(" +-().,/;").find(c) == std::string_view::npos) {
      return Quality::implausible;
    }
  }
  if (digits.size() < 7 || digits.size() > 15) return Quality::implausible;
  const auto all_steps = [&](int step) {
    return std::adjacent_find(digits.begin(), digits.end(),
                              [&](char a, char b) { return (b - a + 10) % 10 != (step + 10) % 10; }) == digits.end();
  };
  // 0000000, 12345678 and 98765432 are typed to fill the field.
  return all_steps(0) || all_steps(1) || all_steps(-1) ? Quality::implausible : Quality::plausible;
}

EmailKind email_kind(std::string_view email, bool free_mail) {
  const std::string plain = plain_text(email);
  if (plain.empty()) return EmailKind::unknown;
  const std::size_t at = plain.rfind('@');
  if (at == std::string::npos || at == 0 || plain.size() > email_bytes_max || at > 64) return EmailKind::malformed;
  const std::string_view domain = std::string_view(plain).substr(at + 1);
  const bool sound = domain.size() >= 3 && domain.find('.') != std::string_view::npos && domain.front() != '.' &&
                     domain.back() != '.' && domain.find("..") == std::string_view::npos &&
                     plain.find_first_of(" ,;<>()\"") == std::string::npos && plain.find('@') == at;
  if (!sound) return EmailKind::malformed;
  std::string mailbox;
  for (const char c : std::string_view(plain).substr(0, std::min(at, plain.find('+'))))
    if (c != '.' && c != '-' && c != '_') mailbox += c;
  if (is_one_of(mailbox, functions)) return EmailKind::role;
  return free_mail ? EmailKind::free_mail : EmailKind::company;
}

}  // namespace leadlight::engine
