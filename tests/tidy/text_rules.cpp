// Rules about single lines of text: words, lengths, paths.
#include "tests/tidy/source_rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>

namespace leadlight::tidy {
namespace {

constexpr std::size_t characters_max = 120;

/// Who may read the wall clock, and why.
struct Exception {
  std::string_view where;
  std::string_view why;
};
constexpr std::array<Exception, 3> reads_wall_clock = {{
    {"actors/clock.hpp", "the one place where time enters the product"},
    {"tools/bench/", "measures this machine; no record is made of what it reads"},
    {"tests/", "drives real processes and sockets, which live in the machine's time"},
}};

bool is_word(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

void each_line(std::string_view text, const std::function<void(std::size_t, std::string_view)>& look) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = text.find('\n');
    look(line, text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
}

/// The place of `word` in `line` where no letter, digit or underscore touches it.
std::size_t find_word(std::string_view line, std::string_view word, std::size_t from = 0) {
  for (auto at = line.find(word, from); at != std::string_view::npos; at = line.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !is_word(line[at - 1])) && (end == line.size() || !is_word(line[end]))) return at;
  }
  return std::string_view::npos;
}

bool has_word(std::string_view line, std::string_view word) {
  return find_word(line, word) != std::string_view::npos;
}

bool in_product(std::string_view path) {
  constexpr std::array<std::string_view, 6> folders = {"engine/", "logging/", "storage/", "actors/", "net/", "tools/"};
  return std::any_of(folders.begin(), folders.end(), [&](auto folder) { return path.starts_with(folder); });
}

/// Several blanks as one, so that `using  namespace` is found too.
std::string single_spaced(std::string_view line) {
  std::string result;
  for (const char letter : line) {
    const bool blank = letter == ' ' || letter == '\t';
    if (!blank)
      result.push_back(letter);
    else if (result.empty() || result.back() != ' ')
      result.push_back(' ');
  }
  return result;
}

/// The text in which a person leaves marks: comments in C++, everything in scripts and build files, nothing elsewhere.
std::string marked_text(const SourceFile& file) {
  if (is_cpp(file.path)) return layers(file.text).comments;
  constexpr std::array<std::string_view, 5> endings = {"CMakeLists.txt", ".cmake", ".py", ".mjs", ".js"};
  const bool script = file.path.starts_with("scripts/") || file.path.starts_with(".ci/");
  const bool marked =
      script || std::any_of(endings.begin(), endings.end(), [&](auto e) { return file.path.ends_with(e); });
  return marked ? file.text : std::string{};
}

bool has_bounded_lines(std::string_view path) {
  return is_cpp(path) || path.ends_with("CMakeLists.txt") || path.ends_with(".cmake") || path.ends_with(".py") ||
         path.ends_with(".mjs") || path.ends_with(".js") || path.ends_with(".in") || path.starts_with("scripts/") ||
         path.starts_with(".ci/");
}

}  // namespace

Findings rocksdb_in_header(const SourceFile& file) {
  Findings findings;
  if (!is_header(file.path)) return findings;
  each_line(layers(file.text).code, [&](std::size_t line, std::string_view text) {
    if (has_word(text, "rocksdb")) findings.push_back({file.path, line, "RocksDB's types stay in storage/*.cpp"});
  });
  return findings;
}

Findings wall_clock(const SourceFile& file) {
  Findings findings;
  const bool may = std::any_of(reads_wall_clock.begin(), reads_wall_clock.end(),
                               [&](const Exception& e) { return file.path.starts_with(e.where); });
  if (may || !is_cpp(file.path)) return findings;
  each_line(layers(file.text).code, [&](std::size_t line, std::string_view text) {
    if (text.find("system_clock::now") != std::string_view::npos) {
      findings.push_back({file.path, line, "the time comes from actors/clock.hpp"});
    }
  });
  return findings;
}

Findings forbidden_words(const SourceFile& file) {
  Findings findings;
  if (!in_product(file.path) || !is_cpp(file.path)) return findings;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> words = {{
      {"throw", "a failure is a value: engine::Result"},
      {"sleep_for", "no thread sleeps: delays are messages and timers"},
      {"sleep_until", "no thread sleeps: delays are messages and timers"},
      {"using namespace", "names are spelled out"},
  }};
  each_line(layers(file.text).code, [&](std::size_t line, std::string_view text) {
    const auto code = single_spaced(text);
    for (const auto& [word, why] : words)
      if (has_word(code, word)) findings.push_back({file.path, line, std::string{word} + ": " + std::string{why}});
  });
  return findings;
}

Findings unnumbered_marks(const SourceFile& file) {
  Findings findings;
  constexpr std::array<std::string_view, 2> marks = {"TODO", "FIXME"};
  each_line(marked_text(file), [&](std::size_t line, std::string_view text) {
    for (const auto mark : marks) {
      for (auto at = find_word(text, mark); at != std::string_view::npos; at = find_word(text, mark, at + 1)) {
        const auto after = text.substr(at + mark.size());
        const auto digits = after.starts_with("(#") ? after.find_first_not_of("0123456789", 2) : std::string_view::npos;
        const bool numbered = digits != std::string_view::npos && digits > 2 && after[digits] == ')';
        if (!numbered) findings.push_back({file.path, line, std::string{mark} + " without the number of an issue"});
      }
    }
  });
  return findings;
}

Findings long_lines(const SourceFile& file) {
  Findings findings;
  if (!has_bounded_lines(file.path)) return findings;
  each_line(file.text, [&](std::size_t line, std::string_view text) {
    // UTF-8: every byte but the continuations begins a character.
    const auto characters = static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
    if (characters > characters_max) {
      findings.push_back({file.path, line, std::to_string(characters) + " characters, the most is 120"});
    }
  });
  return findings;
}

Findings machine_paths(const SourceFile& file) {
  Findings findings;
  // In two pieces each, so that this file does not hold them.
  const std::array<std::string, 3> paths = {std::string{"/wo"} + "rk/", std::string{"/ro"} + "ot/",
                                            std::string{"/tmp"} + "/ll"};
  each_line(file.text, [&](std::size_t line, std::string_view text) {
    for (const auto& path : paths) {
      for (auto at = text.find(path); at != std::string_view::npos; at = text.find(path, at + 1)) {
        const bool inside =
            at > 0 && (is_word(text[at - 1]) || std::string_view{".-}"}.find(text[at - 1]) != std::string_view::npos);
        if (!inside) findings.push_back({file.path, line, path + " is a path of one machine"});
      }
    }
  });
  return findings;
}

}  // namespace leadlight::tidy
