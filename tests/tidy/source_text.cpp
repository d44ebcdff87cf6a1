// The small scanner: which characters of a C++ text are code, which are comments, which lie in literals.
#include "tests/tidy/source_rules.hpp"

#include <cctype>

namespace leadlight::tidy {
namespace {

bool is_word(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_{text} {
    result_.code.assign(text.size(), ' ');
    result_.comments.assign(text.size(), ' ');
  }

  Layers scan() {
    while (at_ < text_.size()) {
      if (starts("//")) {
        until("\n", &result_.comments);
      } else if (starts("/*")) {
        until("*/", &result_.comments);
      } else if (raw_string_ahead()) {
        raw_string();
      } else if (text_[at_] == '"' || (text_[at_] == '\'' && !digit_separator())) {
        literal(text_[at_]);
      } else {
        keep(&result_.code);
      }
    }
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool starts(std::string_view with) const { return text_.substr(at_).starts_with(with); }

  /// Moves on by one character, which goes into `layer` (none: it is left out). Line breaks stay in both.
  void keep(std::string* layer) {
    const char letter = text_[at_];
    if (letter == '\n') {
      result_.code[at_] = letter;
      result_.comments[at_] = letter;
    } else if (layer != nullptr) {
      (*layer)[at_] = letter;
    }
    ++at_;
  }

  void until(std::string_view end, std::string* layer) {
    const auto found = text_.find(end, at_ + 2);
    const auto stop = found == std::string_view::npos ? text_.size() : found + end.size();
    while (at_ < stop) keep(layer);
  }

  /// 8'000, but not u8'x'.
  [[nodiscard]] bool digit_separator() const {
    auto begin = at_;
    while (begin > 0 && (is_word(text_[begin - 1]) || text_[begin - 1] == '\'')) --begin;
    return begin < at_ && std::isdigit(static_cast<unsigned char>(text_[begin])) != 0;
  }

  [[nodiscard]] bool raw_string_ahead() const {
    for (const std::string_view prefix : {"R\"", "u8R\"", "uR\"", "UR\"", "LR\""})
      if (starts(prefix)) return at_ == 0 || !is_word(text_[at_ - 1]);
    return false;
  }

  void raw_string() {
    const auto quote = text_.find('"', at_);
    const auto open = text_.find('(', quote);
    if (open == std::string_view::npos) return keep(nullptr);
    const auto end = ")" + std::string{text_.substr(quote + 1, open - quote - 1)} + "\"";
    until(end, nullptr);
  }

  void literal(char quote) {
    keep(&result_.code);
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) keep(nullptr);
      keep(nullptr);
    }
    if (at_ < text_.size()) keep(&result_.code);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Layers result_;
};

}  // namespace

Layers layers(std::string_view text) {
  return Scanner{text}.scan();
}

bool is_header(std::string_view path) {
  return path.ends_with(".hpp");
}
bool is_cpp(std::string_view path) {
  return is_header(path) || path.ends_with(".cpp");
}

}  // namespace leadlight::tidy
