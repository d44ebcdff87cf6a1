#include "net/sixsense/webhook_json.hpp"

#include "net/text/utf8.hpp"

#include <cstdint>
#include <optional>
#include <utility>

namespace leadlight::net::sixsense {
namespace {

using engine::Errc;
using engine::Error;

constexpr const char* not_json = "The request body is not valid JSON";
/// A longer name is not repeated in a refusal.
constexpr std::size_t named_bytes_max = 64;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_utf8(std::string& text, std::uint32_t point) {
  const auto add = [&](std::uint32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (point < 0x80) return add(point);
  if (point < 0x800) {
    add(0xC0U | point >> 6U);
  } else {
    if (point < 0x10000) {
      add(0xE0U | point >> 12U);
    } else {
      add(0xF0U | point >> 18U);
      add(0x80U | (point >> 12U & 0x3FU));
    }
    add(0x80U | (point >> 6U & 0x3FU));
  }
  add(0x80U | (point & 0x3FU));
}

/// Reads from front to back; every step is false once `fault_` says why.
class Reader {
 public:
  explicit Reader(std::string_view body) : rest_(body) {
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
  }

  engine::Result<std::vector<WebhookMember>> read() {
    blanks();
    const bool is_object = ahead() == '{';
    JsonKind kind{};
    if (!value(kind, nullptr, 0)) return fault_;
    blanks();
    if (!rest_.empty()) return Error{Errc::invalid, not_json, {}};
    if (!is_object) return Error{Errc::unprocessable, "The request body must be a JSON object", {}};
    return std::move(members_);
  }

 private:
  [[nodiscard]] char ahead() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool take(char c) {
    if (ahead() != c || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Control characters count: a template's `\f` or `\b` arrives as one.
  void blanks() {
    while (!rest_.empty() && static_cast<unsigned char>(rest_.front() - 1) < 0x20) rest_.remove_prefix(1);
  }
  bool refuse(Errc code, std::string what) {
    fault_ = {code, std::move(what), field_};
    return false;
  }
  bool syntax() { return refuse(Errc::invalid, not_json); }

  bool value(JsonKind& kind, std::string* text, std::size_t depth);
  bool object(std::size_t depth);
  bool array(std::size_t depth);
  bool string(std::string* text);
  bool escape(std::string* text);
  std::optional<std::uint32_t> unit();
  bool number();
  bool word(std::string_view text) {
    if (!rest_.starts_with(text)) return syntax();
    rest_.remove_prefix(text.size());
    return true;
  }
  bool quoted_once();

  std::string_view rest_;
  std::string field_;  // the member of the object itself that is being read; empty: one that cannot be named
  std::vector<WebhookMember> members_;
  Error fault_;
};

bool Reader::value(JsonKind& kind, std::string* text, std::size_t depth) {
  const char first = ahead();
  if (first == '{' || first == '[') {
    if (depth >= webhook_json_depth_max)
      return refuse(Errc::invalid, "nested deeper than " + std::to_string(webhook_json_depth_max) + " levels");
    kind = first == '{' ? JsonKind::object : JsonKind::array;
    return first == '{' ? object(depth + 1) : array(depth + 1);
  }
  if (first == '"') {
    kind = JsonKind::text;
    const bool is_empty = rest_.substr(1).starts_with('"');
    return string(text) && (!is_empty || quoted_once());
  }
  if (first == 't' || first == 'f') {
    kind = JsonKind::boolean;
    return word(first == 't' ? "true" : "false");
  }
  if (first == 'n') {
    kind = JsonKind::null;
    return word("null");
  }
  kind = JsonKind::number;
  return number();
}

bool Reader::object(std::size_t depth) {
  rest_.remove_prefix(1);
  blanks();
  if (take('}')) return true;
  for (;;) {
    blanks();
    WebhookMember member;
    if (!string(&member.name)) return false;
    if (depth == 1) field_ = member.name.size() <= named_bytes_max && is_utf8(member.name) ? member.name : "";
    blanks();
    if (!take(':')) return syntax();
    blanks();
    const bool is_missing = ahead() == ',' || ahead() == '}';
    if (!is_missing && !value(member.kind, &member.text, depth)) return false;
    if (depth == 1) members_.push_back(std::move(member));
    blanks();
    if (take(',')) continue;
    if (!take('}')) return syntax();
    if (depth == 1) field_.clear();
    return true;
  }
}

bool Reader::array(std::size_t depth) {
  rest_.remove_prefix(1);
  blanks();
  if (take(']')) return true;
  for (;;) {
    JsonKind ignored{};
    blanks();
    if (!value(ignored, nullptr, depth)) return false;
    blanks();
    if (take(',')) continue;
    return take(']') || syntax();
  }
}

/// Behind an empty text: `""a@b.co""` reads as one with something behind it.
bool Reader::quoted_once() {
  blanks();
  if (rest_.empty() || std::string_view(",}]").find(rest_.front()) != std::string_view::npos) return true;
  return refuse(Errc::invalid,
                "The request body is not valid JSON: " + (field_.empty() ? std::string("a value") : field_) +
                    " stands in two pairs of quotes. With token encoding JSON Marketo brings them; take yours out of "
                    "the template");
}

bool Reader::string(std::string* text) {
  if (!take('"')) return syntax();
  for (;;) {
    const auto end = rest_.find_first_of("\"\\");
    if (end == std::string_view::npos) return syntax();
    if (text != nullptr) text->append(rest_.substr(0, end));
    const bool is_last = rest_[end] == '"';
    rest_.remove_prefix(end + 1);
    if (is_last) return true;
    if (!escape(text)) return false;
  }
}

bool Reader::escape(std::string* text) {
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  const auto letter = rest_.empty() ? std::string_view::npos : letters.find(rest_.front());
  if (letter != std::string_view::npos) {
    if (text != nullptr) *text += meanings[letter];
    rest_.remove_prefix(1);
    return true;
  }
  const auto first = take('u') ? unit() : std::nullopt;
  if (!first) return syntax();
  auto point = *first;
  if (point >= 0xD800 && point <= 0xDFFF) {
    const bool has_second = point <= 0xDBFF && take('\\') && take('u');
    const auto second = has_second ? unit() : std::nullopt;
    if (!second || *second < 0xDC00 || *second > 0xDFFF)
      return refuse(Errc::invalid, "a text holds half of a surrogate pair");
    point = 0x10000 + ((point - 0xD800) << 10U) + (*second - 0xDC00);
  }
  if (text != nullptr) append_utf8(*text, point);
  return true;
}

std::optional<std::uint32_t> Reader::unit() {
  if (rest_.size() < 4) return std::nullopt;
  std::uint32_t unit = 0;
  for (const char c : rest_.substr(0, 4)) {
    const auto digit = std::string_view("0123456789abcdef").find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
    if (digit == std::string_view::npos) return std::nullopt;
    unit = unit * 16 + static_cast<std::uint32_t>(digit);
  }
  rest_.remove_prefix(4);
  return unit;
}

/// number = [ "-" ] int [ frac ] [ exp ]
bool Reader::number() {
  const auto digits = [&] {
    const auto before = rest_.size();
    while (is_digit(ahead())) rest_.remove_prefix(1);
    return before != rest_.size();
  };
  take('-');
  if (take('0') ? is_digit(ahead()) : !digits()) return syntax();
  if (take('.') && !digits()) return syntax();
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    if (!digits()) return syntax();
  }
  return true;
}

}  // namespace

engine::Result<std::vector<WebhookMember>> read_webhook_json(std::string_view body) {
  return Reader(body).read();
}

}  // namespace leadlight::net::sixsense
