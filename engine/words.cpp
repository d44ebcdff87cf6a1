#include "engine/words.hpp"

#include "engine/hash.hpp"

#include <algorithm>
#include <utility>

namespace leadlight::engine {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_ascii_word(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}

/// A letter, a digit, or a byte of a letter outside ASCII.
bool is_word_byte(char c) {
  return is_ascii_word(c) || static_cast<unsigned char>(c) >= 0x80U;
}

char at_or_nothing(std::string_view text, std::size_t at) {
  return at < text.size() ? text[at] : '\0';
}

/// The signs outside ASCII that are no letters, as what they stand for.
struct Sign {
  std::string_view bytes;
  char means;
};
constexpr auto signs = std::to_array<Sign>({{"\xC2\xA0", ' '},
                                            {"\xE2\x80\xAF", ' '},
                                            {"\xE2\x80\x93", '|'},
                                            {"\xE2\x80\x94", '|'},
                                            {"\xE2\x80\x98", '\''},
                                            {"\xE2\x80\x99", '\''},
                                            {"\xC2\xB7", '|'},
                                            {"\xE2\x80\xA2", '|'},
                                            {"\xE2\x80\x91", '-'}});

const Sign* sign_at(std::string_view text, std::size_t at) {
  if (static_cast<unsigned char>(text[at]) < 0x80U) return nullptr;  // nearly always
  const auto* sign =
      std::find_if(signs.begin(), signs.end(), [&](const Sign& s) { return text.substr(at).starts_with(s.bytes); });
  return sign == signs.end() ? nullptr : sign;
}

std::string_view first_word(std::string_view phrase) {
  return phrase.substr(0, phrase.find(' '));
}

}  // namespace

Words::Words(std::string_view text) {
  read(text.substr(0, text_bytes_max));
  end_word();
}

void Words::drop(std::size_t first, std::size_t last) {
  last = std::min(last, size_);
  if (first >= last) return;
  // What follows is parted from what stood before the gap.
  if (last < size_) words_[last].before = Before::parted;
  std::move(words_.begin() + static_cast<std::ptrdiff_t>(last), words_.begin() + static_cast<std::ptrdiff_t>(size_),
            words_.begin() + static_cast<std::ptrdiff_t>(first));
  size_ -= last - first;
}

void Words::read(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Sign* sign = sign_at(text, at);
    if (sign != nullptr) {
      const char after = at_or_nothing(text, at + sign->bytes.size());
      if (sign->means == '|') {
        end_word();
        next_ = Before::parted;
      } else if (sign->means != '\'') {
        end_word();
      } else if (lower(after) == 's' && !is_word_byte(at_or_nothing(text, at + sign->bytes.size() + 1))) {
        end_word();
        if (size_ > 0) words_[size_ - 1].possessive = true;
        ++at;
      }
      at += sign->bytes.size();
    } else if (is_word_byte(text[at])) {
      add_letter(lower(text[at++]));
    } else {
      at = read_symbol(text, at);
    }
  }
}

/// Reads one sign of ASCII; where to go on.
std::size_t Words::read_symbol(std::string_view text, std::size_t at) {
  const char symbol = text[at];
  const char after = at_or_nothing(text, at + 1);
  const std::size_t run = used_ - first_;
  switch (symbol) {
    case '\'':
      if (lower(after) != 's' || is_word_byte(at_or_nothing(text, at + 2))) return at + 1;  // "O'Brien" is one word
      end_word();
      if (size_ > 0) words_[size_ - 1].possessive = true;
      return at + 2;
    case '.':
      // "C.E.O." is one word, "Sr.Manager" two.
      if (run >= 1 && is_word_byte(after) && !is_word_byte(at_or_nothing(text, at + 2)) &&
          (run == 1 || at_or_nothing(text, at - 2) == '.'))
        return at + 1;
      end_word();
      return at + 1;
    case '&':
    case '+':
      end_word();
      if (next_ == Before::blank) next_ = Before::joined;
      return at + 1;
    case '@':
      end_word();
      for (const char letter : {'a', 't'}) add_letter(letter);
      end_word();
      return at + 1;
    case ',':
    case '/':
    case '|':
    case ';':
    case ':':
    case '(':
    case ')':
    case '[':
    case ']':
      end_word();
      next_ = Before::parted;
      return at + 1;
    case '-':
      end_word();
      // "Co-Founder" is two words of one part; "VP - Sales" has two parts.
      if (is_blank(after) || (at > 0 && is_blank(text[at - 1]))) next_ = Before::parted;
      return at + 1;
    default: end_word(); return at + 1;
  }
}

void Words::add_letter(char letter) {
  if (used_ < letters_.size()) letters_[used_++] = letter;
}

void Words::end_word() {
  if (used_ == first_) return;
  const std::string_view text(letters_.data() + first_, used_ - first_);
  first_ = used_;
  if (text == "and") {
    if (next_ == Before::blank) next_ = Before::joined;
    return;
  }
  if (size_ < words_max) words_[size_++] = Word{text, next_, false};
  next_ = Before::blank;
}

PhraseTable::PhraseTable(std::initializer_list<Phrases> phrases) {
  for (const Phrases& alike : phrases) {
    for (std::size_t first = 0; first < alike.words.size();) {
      const std::size_t end = std::min(alike.words.find(", ", first), alike.words.size());
      const std::string_view words = alike.words.substr(first, end - first);
      phrases_.push_back({first_word(words), words, alike.value, alike.rank});
      first = end + 2;
    }
  }
  std::sort(phrases_.begin(), phrases_.end(),
            [](const Phrase& a, const Phrase& b) { return std::pair(a.first, a.words) < std::pair(b.first, b.words); });
}

/// Whether the words from `at` on, inside one part of the text, are the phrase.
bool PhraseTable::stands_at(std::string_view phrase, const Words& words, std::size_t at) {
  for (std::size_t first = 0, word = at; first <= phrase.size(); ++word) {
    const std::size_t end = std::min(phrase.find(' ', first), phrase.size());
    if (word >= words.size() || (word > at && words[word].before == Before::parted)) return false;
    if (words[word].text != phrase.substr(first, end - first)) return false;
    first = end + 1;
  }
  return true;
}

std::vector<PhraseTable::Phrase>::const_iterator PhraseTable::first_of(std::string_view word) const {
  return std::lower_bound(phrases_.begin(), phrases_.end(), word,
                          [](const Phrase& phrase, std::string_view wanted) { return phrase.first < wanted; });
}

std::optional<std::uint8_t> PhraseTable::find(const Words& words) const {
  const Phrase* best = nullptr;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const Phrase* longest = nullptr;
    for (auto phrase = first_of(words[at].text); phrase != phrases_.end() && phrase->first == words[at].text;
         ++phrase) {
      if (!stands_at(phrase->words, words, at)) continue;
      const bool ahead = longest == nullptr || phrase->rank < longest->rank ||
                         (phrase->rank == longest->rank && phrase->words.size() > longest->words.size());
      if (ahead) longest = &*phrase;
    }
    if (longest != nullptr && (best == nullptr || longest->rank < best->rank)) best = longest;
  }
  if (best == nullptr) return std::nullopt;
  return best->value;
}

std::optional<std::uint8_t> PhraseTable::find(std::string_view word) const {
  const auto phrase = first_of(word);
  if (phrase == phrases_.end() || phrase->words != word) return std::nullopt;
  return phrase->value;
}

bool says_nothing(std::string_view text) {
  if (std::none_of(text.begin(), text.end(), is_word_byte)) return true;
  if (text.size() > 40) return false;
  constexpr auto nothing =
      std::to_array<std::string_view>({"n/a", "n.a.", "na", "none", "null", "nil", "unknown", "undefined", "tbd", "tba",
                                       "not provided", "not available", "nan", "not specified", "[blank]", "(none)"});
  return std::find(nothing.begin(), nothing.end(), plain_text(text)) != nothing.end();
}

std::string plain_text(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (const char c : text) {
    if (!is_blank(c)) {
      plain += lower(c);
    } else if (!plain.empty() && plain.back() != ' ') {
      plain += ' ';
    }
  }
  if (!plain.empty() && plain.back() == ' ') plain.pop_back();
  return plain;
}

std::uint64_t text_key(std::string_view text) {
  if (says_nothing(text)) return 0;
  const std::uint64_t key = siphash(0x6C65'6164'6C69'6768ULL, 0x7465'7874'2D6B'6579ULL, plain_text(text));
  return key == 0 ? 1 : key;
}

}  // namespace leadlight::engine
