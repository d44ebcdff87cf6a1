#include "tools/sandbox/soql.hpp"

#include "net/http/http.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace leadlight::sandbox::soql {

namespace {

namespace json = boost::json;

Refusal malformed(std::string message) {
  return {"MALFORMED_QUERY", std::move(message)};
}

// ---- words
// -----------------------------------------------------------------------------------------------------------

struct Token {
  enum class Kind { word, text, value, symbol, end };
  Kind kind = Kind::end;
  std::string text;  // text: raw, without quotes
};

bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word_part(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '.';
}
bool is_value_part(char c) {
  return is_letter(c) || is_digit(c) || c == ':' || c == '.' || c == '+' || c == '-';
}

/// The raw text of a literal that begins after its quote, or none when it does not end.
std::optional<std::string> quoted(std::string_view text, std::size_t& at) {
  const auto begin = at;
  while (at < text.size() && text[at] != '\'') at += std::size_t{text[at] == '\\' ? 2U : 1U};
  if (at >= text.size()) return std::nullopt;
  return std::string(text.substr(begin, at++ - begin));
}

std::variant<std::vector<Token>, Refusal> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  std::size_t at = 0;
  const auto take_while = [&](auto fits) {
    const auto begin = at;
    while (at < text.size() && fits(text[at])) ++at;
    return std::string(text.substr(begin, at - begin));
  };
  while (at < text.size()) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at;
    } else if (c == '\'') {
      ++at;
      auto raw = quoted(text, at);
      if (!raw)
        return malformed("line 1:" + std::to_string(text.size()) + " mismatched character '<EOF>' expecting '''");
      tokens.push_back({Token::Kind::text, std::move(*raw)});
    } else if (is_letter(c) || c == '_') {
      tokens.push_back({Token::Kind::word, take_while(is_word_part)});
    } else if (is_digit(c) || c == '-' || c == '+') {
      tokens.push_back({Token::Kind::value, take_while(is_value_part)});
    } else if (std::string_view("()=,<>!").find(c) != std::string_view::npos) {
      const auto two = text.substr(at, 2);
      const bool pair = two == "!=" || two == "<>" || two == "<=" || two == ">=";
      tokens.push_back({Token::Kind::symbol, std::string(text.substr(at, pair ? 2 : 1))});
      at += pair ? 2 : 1;
    } else {
      return malformed("line 1:" + std::to_string(at) + " no viable alternative at character '" + std::string(1, c) +
                       "'");
    }
  }
  tokens.push_back({});
  return tokens;
}

void append_utf8(std::string& text, std::uint32_t point) {
  const auto put = [&text](std::uint32_t byte) { text.push_back(static_cast<char>(static_cast<unsigned char>(byte))); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xC0U | (point >> 6U));
  } else {
    put(0xE0U | (point >> 12U));
    put(0x80U | ((point >> 6U) & 0x3FU));
  }
  put(0x80U | (point & 0x3FU));
}

/// What the escape at raw[at] (the character after the backslash) stands for; moves past it.
std::optional<std::string> escape(std::string_view raw, std::size_t& at) {
  const char c = raw[at++];
  switch (c) {
    case '\'':
    case '"':
    case '\\': return std::string(1, c);
    case 'n':
    case 'N': return "\n";
    case 'r':
    case 'R': return "\r";
    case 't':
    case 'T': return "\t";
    case 'b':
    case 'B': return "\b";
    case 'f':
    case 'F': return "\f";
    case 'u': {
      std::uint32_t point = 0;
      const auto digits = raw.substr(at, 4);
      const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), point, 16);
      if (digits.size() != 4 || fault != std::errc{} || end != digits.data() + 4) return std::nullopt;
      at += 4;
      std::string text;
      append_utf8(text, point);
      return text;
    }
    default: return std::nullopt;
  }
}

// ---- grammar
// ---------------------------------------------------------------------------------------------------------

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  std::variant<Query, Refusal> query() {
    Query query;
    if (!expect_word("SELECT") || !select_list(query) || !expect_word("FROM") || !name(query.object)) return refusal();
    if (take_word("WHERE")) {
      auto condition = any_of(0);
      if (!condition) return refusal();
      query.where = std::move(*condition);
    }
    if (take_word("ORDER") && !(expect_word("BY") && order_list(query))) return refusal();
    if (take_word("LIMIT")) {
      std::size_t limit = 0;
      if (!count(limit)) return refusal();
      query.limit = limit;
    }
    if (take_word("OFFSET") && !count(query.offset)) return refusal();
    if (look().kind != Token::Kind::end) return unexpected(), refusal();
    return query;
  }

 private:
  static constexpr int depth_max = 64;

  const Token& look() const { return tokens_[at_]; }
  Token take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool is_word(std::string_view word) const {
    return look().kind == Token::Kind::word && equal_ignoring_case(look().text, word);
  }
  bool is_symbol(std::string_view symbol) const { return look().kind == Token::Kind::symbol && look().text == symbol; }
  bool take_word(std::string_view word) { return is_word(word) && (take(), true); }
  bool take_symbol(std::string_view symbol) { return is_symbol(symbol) && (take(), true); }
  bool expect_word(std::string_view word) { return take_word(word) || unexpected(); }
  bool expect_symbol(std::string_view symbol) { return take_symbol(symbol) || unexpected(); }

  bool unexpected() {
    return refuse("unexpected token: '" + (look().kind == Token::Kind::end ? "<EOF>" : look().text) + "'");
  }
  bool refuse(std::string message) {
    if (!refusal_) refusal_ = malformed(std::move(message));
    return false;
  }
  Refusal refusal() { return refusal_.value_or(malformed("unexpected token")); }

  bool name(std::string& into) {
    if (look().kind != Token::Kind::word) return unexpected();
    into = take().text;
    return true;
  }

  bool select_list(Query& query) {
    do {
      std::string field;
      if (!name(field)) return false;
      if (equal_ignoring_case(field, "COUNT") && take_symbol("(")) {
        query.count = true;
        return expect_symbol(")") && query.fields.empty();
      }
      query.fields.push_back(std::move(field));
    } while (take_symbol(","));
    return true;
  }

  bool order_list(Query& query) {
    do {
      Order order;
      if (!name(order.field)) return false;
      if (take_word("DESC"))
        order.descending = true;
      else
        take_word("ASC");
      order.nulls_first = !order.descending;
      if (take_word("NULLS")) {
        order.nulls_first = is_word("FIRST");
        if (!take_word("FIRST") && !expect_word("LAST")) return false;
      }
      query.order.push_back(std::move(order));
    } while (take_symbol(","));
    return true;
  }

  bool count(std::size_t& into) {
    const auto& text = look().text;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), into);
    if (look().kind != Token::Kind::value || fault != std::errc{} || end != text.data() + text.size())
      return unexpected();
    take();
    return true;
  }

  std::optional<Condition> joined(Condition::Kind kind, std::string_view word, int depth,
                                  std::optional<Condition> (Parser::*part)(int)) {
    if (depth > depth_max) return refuse("the query is nested too deeply"), std::nullopt;
    Condition condition;
    condition.kind = kind;
    do {
      auto next = (this->*part)(depth + 1);
      if (!next) return std::nullopt;
      condition.parts.push_back(std::move(*next));
    } while (take_word(word));
    if (condition.parts.size() == 1) return std::optional<Condition>(std::move(condition.parts.front()));
    return condition;
  }
  std::optional<Condition> any_of(int depth) { return joined(Condition::Kind::any, "OR", depth, &Parser::all_of); }
  std::optional<Condition> all_of(int depth) { return joined(Condition::Kind::all, "AND", depth, &Parser::single); }

  std::optional<Condition> single(int depth) {
    if (depth > depth_max) return refuse("the query is nested too deeply"), std::nullopt;
    if (take_word("NOT")) {
      auto part = single(depth + 1);
      if (!part) return std::nullopt;
      Condition condition;
      condition.kind = Condition::Kind::negation;
      condition.parts.push_back(std::move(*part));
      return condition;
    }
    if (take_symbol("(")) {
      auto inner = any_of(depth + 1);
      if (!inner || !expect_symbol(")")) return std::nullopt;
      return inner;
    }
    return comparison();
  }

  std::optional<Condition> comparison() {
    static const std::vector<std::pair<std::string_view, Condition::Kind>> symbols = {
        {"=", Condition::Kind::equal},    {"!=", Condition::Kind::unequal}, {"<>", Condition::Kind::unequal},
        {"<", Condition::Kind::less},     {"<=", Condition::Kind::at_most}, {">", Condition::Kind::greater},
        {">=", Condition::Kind::at_least}};
    Condition condition;
    if (!name(condition.field)) return std::nullopt;
    if (take_word("LIKE")) return like(std::move(condition));
    if (take_word("NOT")) {
      if (!expect_word("IN")) return std::nullopt;
      condition.kind = Condition::Kind::not_in;
      return list(std::move(condition));
    }
    if (take_word("IN")) {
      condition.kind = Condition::Kind::in;
      return list(std::move(condition));
    }
    for (const auto& [symbol, kind] : symbols) {
      if (!take_symbol(symbol)) continue;
      condition.kind = kind;
      condition.values.emplace_back();
      if (!literal(condition.values.back())) return std::nullopt;
      return condition;
    }
    unexpected();
    return std::nullopt;
  }

  std::optional<Condition> like(Condition condition) {
    condition.kind = Condition::Kind::like;
    if (look().kind != Token::Kind::text) return unexpected(), std::nullopt;
    const auto raw = take().text;
    auto pattern = unescape_like(raw);
    if (!pattern)
      return refuse("Invalid string literal '" + raw + "'. Illegal character sequence in string literal."),
             std::nullopt;
    condition.pattern = std::move(*pattern);
    return condition;
  }

  std::optional<Condition> list(Condition condition) {
    if (!expect_symbol("(")) return std::nullopt;
    do {
      condition.values.emplace_back();
      if (!literal(condition.values.back())) return std::nullopt;
    } while (take_symbol(","));
    if (!expect_symbol(")")) return std::nullopt;
    return condition;
  }

  bool literal(Literal& into) {
    if (look().kind == Token::Kind::text) return text_literal(into);
    if (look().kind == Token::Kind::value) return value_literal(into);
    if (take_word("null")) return true;
    const bool truth = is_word("true");
    if (!truth && !is_word("false")) return unexpected();
    take();
    into.kind = Literal::Kind::boolean;
    into.truth = truth;
    return true;
  }

  bool text_literal(Literal& into) {
    const auto raw = take().text;
    auto text = unescape(raw);
    if (!text) return refuse("Invalid string literal '" + raw + "'. Illegal character sequence in string literal.");
    into.kind = Literal::Kind::text;
    into.text = std::move(*text);
    return true;
  }

  bool value_literal(Literal& into) {
    const auto text = look().text;
    const auto* begin = text.data() + (text.front() == '+' ? 1 : 0);
    const auto [end, fault] = std::from_chars(begin, text.data() + text.size(), into.number);
    if (fault == std::errc{} && end == text.data() + text.size()) {
      into.kind = Literal::Kind::number;
    } else if (is_date(text)) {
      into.kind = Literal::Kind::date;
      into.text = text;
    } else if (const auto instant = parse_instant(text)) {
      into.kind = Literal::Kind::instant;
      into.instant = *instant;
    } else {
      return unexpected();
    }
    take();
    return true;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::optional<Refusal> refusal_;
};

}  // namespace

std::variant<Query, Refusal> parse(std::string_view text) {
  auto tokens = tokens_of(text);
  if (auto* refusal = std::get_if<Refusal>(&tokens)) return std::move(*refusal);
  return Parser(std::get<std::vector<Token>>(std::move(tokens))).query();
}

std::optional<engine::Timestamp> parse_instant(std::string_view text) {
  std::string full(text);
  if (full.size() < 16 || full.find('T') == std::string::npos) return std::nullopt;
  const char sign = full[full.size() - 5];
  if (sign == '+' || sign == '-') full.insert(full.size() - 2, ":");
  const auto at = net::parse_time(full);
  if (!at) return std::nullopt;
  return *at;
}

bool is_date(std::string_view text) {
  return text.size() == 10 && net::parse_time(std::string(text) + "T00:00:00Z").ok();
}

std::optional<std::string> unescape(std::string_view raw) {
  std::string text;
  for (std::size_t at = 0; at < raw.size();) {
    if (raw[at] != '\\') {
      text += raw[at++];
      continue;
    }
    if (++at >= raw.size()) return std::nullopt;
    const auto meant = escape(raw, at);
    if (!meant) return std::nullopt;
    text += *meant;
  }
  return text;
}

std::optional<std::vector<LikeStep>> unescape_like(std::string_view raw) {
  std::vector<LikeStep> pattern;
  const auto exactly = [&pattern](std::string_view text) {
    for (const char c : text) pattern.push_back({LikeStep::Kind::exactly, c});
  };
  for (std::size_t at = 0; at < raw.size();) {
    const char c = raw[at++];
    if (c == '%') {
      pattern.push_back({LikeStep::Kind::any_run, 0});
    } else if (c == '_') {
      pattern.push_back({LikeStep::Kind::any_one, 0});
    } else if (c != '\\') {
      exactly(std::string_view(&c, 1));
    } else if (at < raw.size() && (raw[at] == '_' || raw[at] == '%')) {
      exactly(raw.substr(at++, 1));
    } else {
      const auto meant = at < raw.size() ? escape(raw, at) : std::nullopt;
      if (!meant) return std::nullopt;
      exactly(*meant);
    }
  }
  return pattern;
}

}  // namespace leadlight::sandbox::soql
