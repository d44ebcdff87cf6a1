#include "engine/amount.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace leadlight::engine {
namespace {

__extension__ using Int128 = __int128;

constexpr std::size_t text_bytes_max = 100;
constexpr std::size_t digits_max = 18;
constexpr std::size_t tokens_max = 16;

enum class Kind : std::uint8_t {
  number,
  range,  // "-", "to"
  under,  // before a number: below it; behind one: up to it
  up_to,
  over,  // before a number: above it; behind one: from it on
  at_least,
  equals,  // of "<=" and ">="
  up,      // of "up to" and "and up"
  between,
  joint,  // "and", "or"
};

struct Token {
  Kind kind = Kind::number;
  std::int64_t mantissa = 0;  // number: mantissa · unit / 10^decimals
  int decimals = 0;
  std::int64_t unit = 1;
};

struct Named {
  std::string_view word;
  std::int64_t unit;
};
constexpr auto units = std::to_array<Named>({{"k", 1'000},
                                             {"thousand", 1'000},
                                             {"tsd", 1'000},
                                             {"lakh", 100'000},
                                             {"lakhs", 100'000},
                                             {"m", 1'000'000},
                                             {"mm", 1'000'000},
                                             {"mn", 1'000'000},
                                             {"mil", 1'000'000},
                                             {"mio", 1'000'000},
                                             {"mln", 1'000'000},
                                             {"mill", 1'000'000},
                                             {"million", 1'000'000},
                                             {"millions", 1'000'000},
                                             {"cr", 10'000'000},
                                             {"crore", 10'000'000},
                                             {"crores", 10'000'000},
                                             {"b", 1'000'000'000},
                                             {"bn", 1'000'000'000},
                                             {"mrd", 1'000'000'000},
                                             {"billion", 1'000'000'000},
                                             {"billions", 1'000'000'000},
                                             {"tn", 1'000'000'000'000},
                                             {"trillion", 1'000'000'000'000}});

struct Meaning {
  std::string_view word;
  Kind kind;
};
constexpr auto meanings = std::to_array<Meaning>(
    {{"to", Kind::range},      {"through", Kind::range},    {"under", Kind::under},    {"below", Kind::under},
     {"less", Kind::under},    {"fewer", Kind::under},      {"lower", Kind::under},    {"max", Kind::up_to},
     {"maximum", Kind::up_to}, {"most", Kind::up_to},       {"over", Kind::over},      {"above", Kind::over},
     {"more", Kind::over},     {"greater", Kind::over},     {"higher", Kind::over},    {"plus", Kind::over},
     {"min", Kind::at_least},  {"minimum", Kind::at_least}, {"least", Kind::at_least}, {"from", Kind::at_least},
     {"up", Kind::up},         {"between", Kind::between},  {"and", Kind::joint},      {"or", Kind::joint}});

/// Words that say what is counted, and change nothing.
constexpr auto silent = std::to_array<std::string_view>(
    {"employee",  "employees", "people",   "persons", "staff",         "workers",  "ftes",   "fte",
     "headcount", "usd",       "eur",      "gbp",     "chf",           "cad",      "aud",    "inr",
     "jpy",       "us",        "dollars",  "dollar",  "euro",          "euros",    "pounds", "revenue",
     "revenues",  "annual",    "annually", "yearly",  "sales",         "turnover", "arr",    "about",
     "approx",    "circa",     "ca",       "around",  "approximately", "than"});

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}

/// The text with the signs outside ASCII that occur in amounts written in ASCII: dashes, blanks, apostrophes; currency
/// signs become blanks.
std::string in_ascii(std::string_view text) {
  constexpr auto signs = std::to_array<std::pair<std::string_view, char>>({{"\xE2\x80\x90", '-'},
                                                                           {"\xE2\x80\x91", '-'},
                                                                           {"\xE2\x80\x92", '-'},
                                                                           {"\xE2\x80\x93", '-'},
                                                                           {"\xE2\x80\x94", '-'},
                                                                           {"\xE2\x88\x92", '-'},
                                                                           {"\xC2\xA0", ' '},
                                                                           {"\xE2\x80\xAF", ' '},
                                                                           {"\xE2\x80\x89", ' '},
                                                                           {"\xE2\x80\x99", '\''},
                                                                           {"\xE2\x82\xAC", ' '},
                                                                           {"\xC2\xA3", ' '},
                                                                           {"\xC2\xA5", ' '},
                                                                           {"\xE2\x82\xB9", ' '},
                                                                           {"\xE2\x89\xA4", '\1'},
                                                                           {"\xE2\x89\xA5", '\2'}});
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    const auto* sign = signs.end();
    if (static_cast<unsigned char>(text[at]) >= 0x80U) {
      sign =
          std::find_if(signs.begin(), signs.end(), [&](const auto& s) { return text.substr(at).starts_with(s.first); });
    }
    if (sign != signs.end()) {
      plain += sign->second;
      at += sign->first.size();
    } else {
      plain += text[at] == '$' || text[at] == '~' ? ' ' : lower(text[at]);
      ++at;
    }
  }
  return plain;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(in_ascii(text)) {}

  /// Whether the whole text could be read.
  bool read() {
    while (at_ < text_.size()) {
      const bool read_one = is_digit(text_[at_]) ? read_number() : is_letter(text_[at_]) ? read_word() : read_sign();
      if (!read_one || size_ > tokens_max - 2) return false;
    }
    return true;
  }
  [[nodiscard]] const Token* begin() const { return tokens_.data(); }
  [[nodiscard]] const Token* end() const { return tokens_.data() + size_; }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void add(Kind kind) { tokens_[size_++].kind = kind; }

  bool read_sign() {
    switch (text_[at_++]) {
      case ' ':
      case '\t':
      case '\n':
      case '\r':
      case ',':
      case '.':
      case '(':
      case ')':
      case '/': return true;
      case '-': add(Kind::range); return true;
      case '+': add(Kind::over); return true;
      case '<': add(Kind::under); return true;
      case '>': add(Kind::over); return true;
      case '=': add(Kind::equals); return true;
      case '\1': add(Kind::up_to); return true;
      case '\2': add(Kind::at_least); return true;
      default: return false;
    }
  }

  bool read_word() {
    const std::size_t first = at_;
    while (is_letter(peek())) ++at_;
    const std::string_view word = std::string_view(text_).substr(first, at_ - first);
    if (std::find(silent.begin(), silent.end(), word) != silent.end()) return true;
    if (word == "at") return true;  // at least, at most
    const auto unit = std::find_if(units.begin(), units.end(), [&](const Named& u) { return u.word == word; });
    if (unit != units.end()) {
      if (size_ == 0 || tokens_[size_ - 1].kind != Kind::number || tokens_[size_ - 1].unit != 1) return false;
      tokens_[size_ - 1].unit = unit->unit;
      return true;
    }
    const auto known = std::find_if(meanings.begin(), meanings.end(), [&](const auto& m) { return m.word == word; });
    if (known == meanings.end()) return false;
    add(known->kind);
    return true;
  }

  /// Whether a unit stands behind what was read: "1.500M" is one and a half million, "1.500" one and a half thousand.
  [[nodiscard]] bool unit_follows() const {
    std::size_t first = at_;
    while (first < text_.size() && text_[first] == ' ') ++first;
    std::size_t last = first;
    while (last < text_.size() && is_letter(text_[last])) ++last;
    const std::string_view word = std::string_view(text_).substr(first, last - first);
    return std::any_of(units.begin(), units.end(), [&](const Named& u) { return u.word == word; });
  }

  bool read_number() {
    std::array<std::string_view, 8> groups;
    std::array<char, 8> separators{};
    std::size_t count = 0;
    std::size_t digits = 0;
    while (true) {
      const std::size_t first = at_;
      while (is_digit(peek())) ++at_;
      groups[count++] = std::string_view(text_).substr(first, at_ - first);
      digits += at_ - first;
      const char separator = peek();
      if (digits > digits_max || count == groups.size()) return false;
      if (std::string_view(".,' ").find(separator) == std::string_view::npos || !is_digit(peek(1))) break;
      // A blank parts two numbers unless exactly three digits follow.
      if (separator == ' ' && !(is_digit(peek(2)) && is_digit(peek(3)) && !is_digit(peek(4)))) break;
      separators[count - 1] = separator;
      ++at_;
    }
    return add_number({groups.data(), count}, {separators.data(), count - 1});
  }

  struct Groups {
    const std::string_view* of;
    std::size_t count;
  };

  bool add_number(Groups groups, std::string_view separators) {
    const std::string_view last = groups.of[groups.count - 1];
    bool decimals = false;
    if (!separators.empty()) {
      const char separator = separators.back();
      const bool alone = separators.find(separator) == separators.size() - 1;
      const bool mixed = separators.front() != separator;
      const bool three = last.size() == 3 && groups.of[0] != "0" && groups.of[0].size() <= 3;
      const bool thousands = three && (separator != '.' || !alone || !unit_follows());
      decimals = (separator == '.' || separator == ',') && alone && (mixed || !thousands);
      if (!decimals && !three) return false;
      const std::size_t grouped = separators.size() - (decimals ? 1 : 0);
      for (std::size_t i = 0; i < grouped; ++i) {
        if (separators[i] != separators.front()) return false;
        const std::size_t size = groups.of[i + 1].size();
        // "12,34,567": in India all but the last group have two digits.
        const bool indian = size == 2 && separators[i] == ',' && i + 1 < grouped;
        if (size != 3 && !indian) return false;
      }
    }
    Token& token = tokens_[size_++];
    for (std::size_t i = 0; i < groups.count; ++i)
      for (const char digit : groups.of[i]) token.mantissa = token.mantissa * 10 + (digit - '0');
    token.decimals = decimals ? static_cast<int>(last.size()) : 0;
    return read_exponent(token);
  }

  /// "1.5e9", as programs write large numbers.
  bool read_exponent(Token& token) {
    const bool sign = peek(1) == '+';
    if (peek() != 'e' || !is_digit(peek(sign ? 2 : 1))) return true;
    at_ += sign ? 2 : 1;
    int exponent = 0;
    for (; is_digit(peek()); ++at_) exponent = std::min(exponent * 10 + (peek() - '0'), 100);
    if (exponent > 15) return false;
    for (; exponent > 0; --exponent) token.unit *= 10;
    return true;
  }

  std::string text_;
  std::size_t at_ = 0;
  std::array<Token, tokens_max> tokens_{};
  std::size_t size_ = 0;
};

std::optional<std::int64_t> value_of(const Token& token, std::int64_t unit) {
  Int128 value = Int128{token.mantissa} * unit;
  for (int i = 0; i < token.decimals; ++i) value /= 10;  // dropping digit by digit floors, as the value is not negative
  if (value > amount_max) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<Amount> range_of(const Token& low, const Token& high) {
  const auto most = value_of(high, high.unit);
  auto least = value_of(low, low.unit);
  if (low.unit == 1 && high.unit != 1) {
    // "100 - 250M" means millions twice; "500 - 1K" does not.
    if (const auto shared = value_of(low, high.unit); shared && most && *shared < *most) least = shared;
  }
  if (!least || !most || *least > *most) return std::nullopt;
  return Amount{*least, *most};
}

/// What stands before and behind a single number, such as "at least" and "+".
struct Bound {
  bool below = false;      // up to the number
  bool above = false;      // from the number on
  bool exclusive = false;  // without the number itself
};

/// Reads the tokens before or behind the only number into `bound`. Returns: whether they make sense.
bool read_bound(const Token* first, const Token* last, bool before, Bound& bound) {
  bool said = false;
  for (const Token* token = first; token != last; ++token) {
    switch (token->kind) {
      case Kind::equals:
        if (!said || !before) return false;
        bound.exclusive = false;
        continue;
      case Kind::joint:
        if (before) return false;
        continue;
      case Kind::range:  // of "up to"
        if (!before || token == first || token[-1].kind != Kind::up) return false;
        continue;
      default: break;
    }
    if (said) return false;
    said = true;
    switch (token->kind) {
      case Kind::under:
        bound.below = true;
        bound.exclusive = before;
        break;
      case Kind::up_to: bound.below = true; break;
      case Kind::over:
        bound.above = true;
        bound.exclusive = before;
        break;
      case Kind::at_least: bound.above = true; break;
      case Kind::up: (before ? bound.below : bound.above) = true; break;
      default: return false;
    }
  }
  return !(bound.below && bound.above);
}

std::optional<Amount> single(const Token* first, const Token* number, const Token* last) {
  Bound bound;
  if (!read_bound(first, number, true, bound)) return std::nullopt;
  if (number != first && number + 1 != last) return std::nullopt;  // "over 10+"
  if (!read_bound(number + 1, last, false, bound)) return std::nullopt;
  const auto value = value_of(*number, number->unit);
  if (!value) return std::nullopt;
  if (bound.above) return Amount{bound.exclusive ? *value + 1 : *value, std::nullopt};
  if (!bound.below) return Amount{*value, *value};
  if (bound.exclusive && *value == 0) return std::nullopt;
  return Amount{0, bound.exclusive ? *value - 1 : *value};
}

}  // namespace

std::optional<Amount> parse_amount(std::string_view text) {
  if (text.size() > text_bytes_max) return std::nullopt;
  Reader reader(text);
  if (!reader.read()) return std::nullopt;
  const auto is_number = [](const Token& token) { return token.kind == Kind::number; };
  const Token* low = std::find_if(reader.begin(), reader.end(), is_number);
  if (low == reader.end()) return std::nullopt;
  const Token* high = std::find_if(low + 1, reader.end(), is_number);
  if (high == reader.end()) return single(reader.begin(), low, reader.end());
  // "between 10 and 20", "from 10 to 20", "10 - 20"
  const Kind before = low == reader.begin() ? Kind::range : low[-1].kind;
  const bool opened =
      low == reader.begin() || (low == reader.begin() + 1 && (before == Kind::between || before == Kind::at_least));
  const bool parted =
      high == low + 2 && (low[1].kind == Kind::range || (low[1].kind == Kind::joint && before == Kind::between));
  if (!opened || !parted || high + 1 != reader.end()) return std::nullopt;
  return range_of(*low, *high);
}

}  // namespace leadlight::engine
