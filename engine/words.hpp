// The words of a short text that a person wrote (a job title, an industry), and tables of phrases to look for in them.
//
// Only the first `text_bytes_max` bytes and `words_max` words are read. Letters are compared as lower-case ASCII; every
// other byte of UTF-8 is part of a word. Cost: no allocation to read a text; a binary search a word to look it up.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::engine {

/// What stands before a word: a blank or hyphen, `&`, `+` or "and", or what parts a text: `, / | ; : ( )` and dashes.
enum class Before : std::uint8_t { blank, joined, parted };

struct Word {
  std::string_view text;           // lower-case
  Before before = Before::parted;  // of the first word: parted
  bool possessive = false;         // "CEO's": the word is "ceo"
};

class Words {
 public:
  static constexpr std::size_t text_bytes_max = 256;
  static constexpr std::size_t words_max = 48;

  explicit Words(std::string_view text);
  Words(const Words&) = delete;  // the words lie in it
  Words& operator=(const Words&) = delete;
  Words(Words&&) = delete;
  Words& operator=(Words&&) = delete;
  ~Words() = default;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  const Word& operator[](std::size_t index) const { return words_[index]; }
  [[nodiscard]] const Word* begin() const { return words_.data(); }
  [[nodiscard]] const Word* end() const { return words_.data() + size_; }

  /// Leaves out the words in [first, last).
  void drop(std::size_t first, std::size_t last);

 private:
  void read(std::string_view text);
  std::size_t read_symbol(std::string_view text, std::size_t at);
  void add_letter(char letter);
  void end_word();

  std::array<char, text_bytes_max> letters_{};
  std::size_t used_ = 0;
  std::size_t first_ = 0;  // where the word being read begins
  std::array<Word, words_max> words_{};
  std::size_t size_ = 0;
  Before next_ = Before::parted;
};

/// Phrases that say the same; of two values that are found the one of lower rank counts.
struct Phrases {
  std::uint8_t value = 0;
  std::uint8_t rank = 0;
  std::string_view words;  // "vice president, svp": lower-case, one blank between two words
};

class PhraseTable {
 public:
  PhraseTable(std::initializer_list<Phrases> phrases);

  /// The value of the phrase of the lowest rank; of several the one that begins first, then the longest.
  [[nodiscard]] std::optional<std::uint8_t> find(const Words& words) const;
  /// The value of a single word.
  [[nodiscard]] std::optional<std::uint8_t> find(std::string_view word) const;

 private:
  struct Phrase {
    std::string_view first;  // its first word
    std::string_view words;
    std::uint8_t value = 0;
    std::uint8_t rank = 0;
  };

  static bool stands_at(std::string_view phrase, const Words& words, std::size_t at);
  /// The phrases that begin with this word begin here.
  [[nodiscard]] std::vector<Phrase>::const_iterator first_of(std::string_view word) const;

  std::vector<Phrase> phrases_;  // ascending by first word, then by all
};

/// Whether a form was filled in with nothing: blank, "-", "n/a", "unknown", "not provided", ….
bool says_nothing(std::string_view text);

/// Lower-case ASCII, no blank at either end, one blank for several and for a line break.
std::string plain_text(std::string_view text);

/// 64 bits that stand for `plain_text(text)`; 0 only when the text says nothing. Two texts of an organisation collide
/// with a chance of 2^-64. Not stored.
std::uint64_t text_key(std::string_view text);

}  // namespace leadlight::engine
