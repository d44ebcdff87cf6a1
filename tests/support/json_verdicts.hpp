// Bodies for `POST /v1/events`, each with the one verdict it must get: what RFC 8259 allows, what it forbids, and what
// it leaves to the reader, where this table is what Leadlight has decided.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::test {

struct JsonVerdict {
  std::string name;
  std::string body;
  std::string refusal;  // the detail of a 400; empty: taken, 202
};
using JsonVerdicts = std::vector<JsonVerdict>;

inline const std::string bad_grammar = "The request body is not valid JSON";
inline const std::string lone_surrogate = "a text holds half of a surrogate pair";
inline const std::string nul_in_text = "a text holds the character U+0000";
inline const std::string too_deep = "nested deeper than 32 levels";
inline const std::string too_many_members = "more than 5000 members";
inline const std::string too_long_text = "a text is longer than 65536 bytes";
inline const std::string too_long_number = "a number is longer than 64 characters";

/// An event with `value` among its properties, or with `members` beside its own.
inline std::string event_with(const std::string& value) {
  return R"({"email":"ada@example.com","type":"page_viewed","properties":{"v":)" + value + "}}";
}
inline std::string event_beside(const std::string& members) {
  return R"({"email":"ada@example.com","type":"page_viewed",)" + members + "}";
}

class JsonVerdictTable {
 public:
  JsonVerdictTable() {
    numbers();
    texts();
    escapes();
    bytes();
    structure();
    words();
    limits();
    names_twice();
    whole_bodies();
    events();
    cut();
  }
  [[nodiscard]] JsonVerdicts take() && { return std::move(all_); }

 private:
  void add(std::string name, std::string body, std::string refusal = {}) {
    all_.push_back({std::move(name), std::move(body), std::move(refusal)});
  }
  /// Values among the properties, all with the same verdict.
  void values(const std::string& group, const std::string& refusal, std::initializer_list<std::string> given) {
    for (const auto& value : given) add(group + ": " + value.substr(0, 40), event_with(value), refusal);
  }
  /// The same, with blanks between the values.
  void apart(const std::string& group, const std::string& refusal, std::string_view given) {
    while (!given.empty()) {
      const auto end = std::min(given.find(' '), given.size());
      values(group, refusal, {std::string(given.substr(0, end))});
      given.remove_prefix(std::min(end + 1, given.size()));
    }
  }
  static std::string times(std::size_t count, std::string_view text) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += text;
    return all;
  }

  void numbers() {
    apart("number", "",
          "0 -0 1 -1 10 42 1234567890 0.5 -0.5 0.0 1.0 3.14159265358979 0.000000000000000000000000000001 1e5 1E5 1e+5 "
          "1E+5 1e-5 1E-05 1e00 0e0 0e1 0e+1 -0e-1 123.456e78 20e1 1.5e+300 123456789012345678901234567890 "
          "-123456789012345678901234567890 9223372036854775807 9223372036854775808 -9223372036854775809 "
          "18446744073709551616 1e400 -1e400 1e-400 0.4e00669999999999999999999999999999999 1.7976931348623157e308 "
          "[1,-2,3.5e-1]");
    apart("no number", bad_grammar,
          "01 -01 00 -00 012 +1 ++1 --1 - -+1 1. -1. .5 -.5 1.e5 0.e1 1e 1e+ 1E- 1ee5 1e5.5 1e5e5 1.2.3 0x1 0X1f 0b1 "
          "0o7 1_000 1,000 NaN -NaN nan inf -inf Inf Infinity -Infinity 1a 1f 1.0f 0x 1e0x1 2.e-3 1/2 1+2 $1 #1 1% (1) "
          "\xEF\xBC\x91");
    values("no number", bad_grammar, {"- 1", "1 000", "1 e5", "1. 5"});
  }

  void texts() {
    values("text", "",
           {R"("")",
            R"(" ")",
            R"("a")",
            R"("plain text, with: {punctuation} [in] it")",
            R"("// no comment /* here */")",
            R"("'")",
            R"("null")",
            "\"\x7F\"",
            "\"\xC2\xA0\"",
            "\"\xC3\xA9\"",
            "\"\xE2\x82\xAC\"",
            "\"\xED\x9F\xBF\"",
            "\"\xEE\x80\x80\"",
            "\"\xEF\xBB\xBF\"",
            "\"\xEF\xBF\xBE\"",
            "\"\xEF\xBF\xBF\"",
            "\"\xF0\x90\x80\x80\"",
            "\"\xF0\x9F\x98\x80\"",
            "\"\xF4\x8F\xBF\xBF\"",
            "\"\xE2\x80\xA8\"",
            "\"\xE2\x80\xAE\"",
            "[\"a\",\"b\"]"});
    values("no text", bad_grammar,
           {"'a'", "\"a", "a\"", "a", "\"a\"\"b\"", "\"a\" \"b\"", "\"\\\"", "\"\\\\\\\"", "`a`",
            "\xE2\x80\x9C\x61\xE2\x80\x9D", "\"a\nb\"", "\"a\rb\"", "\"a\tb\"", "\"\x01\"", "\"\x1F\"", "\"\x08\"",
            std::string("\"a\0b\"", 5)});
  }

  void escapes() {
    apart("escape", "",
          R"("\"" "\\" "\/" "\b\f\n\r\t" "\u0041" "\u00e9" "\u00E9" "\u20ac" "\ud83d\ude00" "\uD83D\uDE00")"
          R"( "\ud800\udc00" "\udbff\udfff" "\uffff" "\ufffe" "\ufeff" "\u0001" "\u001f" "\u007f" "\u2028")"
          R"( "\\u0000" "\\ud800" "a\u0022b\u005cc" "\u0022")");
    apart("no escape", bad_grammar,
          R"("\a" "\v" "\0" "\x41" "\'" "\U0041" "\u" "\u1" "\u12" "\u123" "\u123g" "\u+123" "\u00" "\u{41}" "\101")"
          R"( \u0041 \n)");
    values("no escape", bad_grammar, {R"("\ ")", R"("\u 123")", "\"\\\n\"", "\"\\\xC3\xA9\""});
    values("half a pair", lone_surrogate,
           {R"("\ud800")", R"("\udbff")", R"("\udc00")", R"("\udfff")", R"("\ud800x")", R"("x\ud800")", R"("\ud800\n")",
            R"("\ud800\u0041")", R"("\ud800\ud800")", R"("\udc00\ud800")", R"("\ud83d \ude00")",
            R"("\ud83d\ud83d\ude00")", R"("\uDFAA")", R"("\ud800\\udc00")"});
    values("U+0000", nul_in_text, {R"("\u0000")", R"("a\u0000")", R"("\u0000b")", R"(["\u0000"])", R"({"\u0000":1})"});
    add("half a pair in a name", event_with(R"({"\ud800":1})"), lone_surrogate);
    add("half a pair in the address", R"({"email":"\ud800@example.com","type":"page_viewed"})", lone_surrogate);
    add("U+0000 in the type", R"({"email":"ada@example.com","type":"a\u0000b"})", nul_in_text);
  }

  void bytes() {
    values("no UTF-8", bad_grammar,
           {"\"\x80\"",
            "\"\xBF\"",
            "\"\xC0\x80\"",
            "\"\xC0\xAF\"",
            "\"\xC1\xBF\"",
            "\"\xC2\"",
            "\"\xC2 \"",
            "\"\xE0\x80\x80\"",
            "\"\xE0\x9F\xBF\"",
            "\"\xE2\x82\"",
            "\"\xED\xA0\x80\"",
            "\"\xED\xBF\xBF\"",
            "\"\xED\xA0\xBD\xED\xB8\x80\"",
            "\"\xF0\x80\x80\x80\"",
            "\"\xF0\x8F\xBF\xBF\"",
            "\"\xF0\x9F\x98\"",
            "\"\xF4\x90\x80\x80\"",
            "\"\xF5\x80\x80\x80\"",
            "\"\xF8\x88\x80\x80\x80\"",
            "\"\xFC\x84\x80\x80\x80\x80\"",
            "\"\xFE\"",
            "\"\xFF\"",
            "\"\xE9\"",
            "\"a\xFF z\"",
            "{\"\xFF\":1}"});
  }

  void structure() {
    values("structure", "",
           {"[]", "{}", "[[]]", "[{}]", "{\"a\":[]}", "[ ]", "{ }", "[\n1\r,\t2 ]", "{ \"a\" : 1 , \"b\" : 2 }",
            "[null,true,false,0,\"\",[],{}]", "{\"\":1}", "{\" \":1}", "{\"a.b\":1,\"a\":{\"b\":2}}",
            "{\"__proto__\":{},\"constructor\":1}", "{\"email\":1,\"type\":2}"});
    values("no structure", bad_grammar,
           {"[1,]",
            "[,1]",
            "[,]",
            "[1,,2]",
            "[1 2]",
            "[1;2]",
            "[1:2]",
            "[\"a\":1]",
            "[",
            "]",
            "[1",
            "1]",
            "[[1]",
            "[1}",
            "[1]]",
            "{\"a\":1,}",
            "{,\"a\":1}",
            "{\"a\":1,,\"b\":2}",
            "{\"a\":1 \"b\":2}",
            "{\"a\"}",
            "{\"a\",1}",
            "{\"a\"=1}",
            "{\"a\"=>1}",
            "{\"a\":}",
            "{:1}",
            "{\"a\"::1}",
            "{\"a\":1:2}",
            "{a:1}",
            "{'a':1}",
            "{1:1}",
            "{null:1}",
            "{[]:1}",
            "{{}:1}",
            "{\"a\":1",
            "\"a\":1}",
            "{\"a\":1]",
            "{\"a\":[1}",
            "{]",
            "{,}",
            "",
            " ",
            "<a>1</a>",
            "=1",
            "*",
            "...",
            "[...]"});
    values("comment", bad_grammar,
           {"1//x", "1/*x*/", "/**/1", "#x\n1", "[1,/*x*/2]", "{\"a\":1//x\n}", "--x\n1", "<!--x-->1"});
    values("blank that is none", bad_grammar,
           {"[\f1]", "[\v1]", "[\xC2\xA0\x31]", "[\xE2\x80\xA8\x31]", "[\xE2\x81\xA0\x31]", "[\xEF\xBB\xBF\x31]",
            "[\x01\x31]",
            std::string("[\0"
                        "1]",
                        4),
            "[\x1E\x31]"});
  }

  void words() {
    values("word", "", {"true", "false", "null", "[true]", "[ null ]"});
    values("no word", bad_grammar,
           {"True",     "TRUE", "tru",          "truee",      "t",         "fals",  "False",      "nul",
            "nulll",    "Null", "NULL",         "None",       "undefined", "yes",   "true false", "nullnull",
            "truetrue", "n",    "\xE2\x9C\x93", "new Date()", "[nul]",     "[tru]", "falsetrue"});
  }

  void limits() {
    const auto deep = [](std::size_t levels) { return times(levels, "[") + times(levels, "]"); };
    add("32 levels", event_with(deep(30)));
    add("33 levels", event_with(deep(31)), too_deep);
    add("32 levels of objects", event_with(times(30, "{\"a\":") + "1" + times(30, "}")));
    add("33 levels of objects", event_with(times(31, "{\"a\":") + "1" + times(31, "}")), too_deep);
    add("500 levels", event_with(deep(500)), too_deep);
    add("100,000 levels", event_with(deep(100'000)), too_deep);
    add("100,000 arrays that never close", times(100'000, "["), bad_grammar);
    add("100,000 objects that never close", times(100'000, "{\"a\":"), bad_grammar);
    const auto wide = [](std::size_t members) {
      std::string text;
      for (std::size_t i = 0; i < members; ++i) text += (i > 0 ? ",\"m" : "\"m") + std::to_string(i) + "\":0";
      return text;
    };
    add("5,000 members", event_beside(wide(4'998)));
    add("5,001 members", event_beside(wide(4'999)), too_many_members);
    add("5,001 members, nested ones among them", event_beside("\"x\":[{" + wide(4'998) + "}]"), too_many_members);
    add("100,000 members", event_beside(wide(100'000)), too_many_members);
    add("a text of 64 KiB", event_beside("\"x\":\"" + times(65'536, "x") + "\""));
    add("a text of 64 KiB and a byte", event_beside("\"x\":\"" + times(65'537, "x") + "\""), too_long_text);
    add("64 KiB once unescaped", event_beside("\"x\":\"" + times(65'536, "\\n") + "\""));
    add("a byte more once unescaped", event_beside("\"x\":\"" + times(65'537, "\\n") + "\""), too_long_text);
    add("a name of 64 KiB", event_beside("\"" + times(65'536, "x") + "\":1"));
    add("a name of 64 KiB and a byte", event_beside("\"" + times(65'537, "x") + "\":1"), too_long_text);
    add("a number of 64 characters", event_with(times(64, "1")));
    add("a number of 65 characters", event_with(times(65, "1")), too_long_number);
    add("a long fraction", event_with("0." + times(63, "3")), too_long_number);
    add("a long exponent", event_with("1e" + times(63, "9")), too_long_number);
    add("a number of 1 MB", event_with(times(1'000'000, "9")), too_long_number);
    add("1 MB of blanks", event_with(times(1'000'000, " ") + "1"),
        "properties must be at most 32768 bytes of JSON; these have 1000007");
  }

  void names_twice() {
    const auto twice = [](const std::string& name) { return '"' + name + "\" appears twice in one object"; };
    add("a name twice", event_with(R"({"a":1,"a":1})"), twice("a"));
    add("a name twice, apart", event_with(R"({"a":1,"b":2,"c":3,"a":4})"), twice("a"));
    add("a name twice, once escaped", event_with(R"({"a":1,"\u0061":2})"), twice("a"));
    add("the empty name twice", event_with(R"({"":1,"":2})"), twice(""));
    add("the address twice", R"({"email":"ada@example.com","email":"eve@example.com","type":"x"})", twice("email"));
    add("the type twice, once escaped", R"({"email":"ada@example.com","type":"x","\u0074ype":"y"})", twice("type"));
    add("properties twice", event_beside(R"("properties":{},"properties":{})"), twice("properties"));
    add("a name twice in an array's object", event_with(R"([1,{"x":{"a":1,"a":2}}])"), twice("a"));
    add("a name in two objects", event_with(R"([{"a":1},{"a":1},{"b":{"a":1},"a":2}])"));
    add("names that differ in case", event_with(R"({"a":1,"A":2})"));
    add("names that differ in normal form", event_with("{\"\xC3\xA9\":1,\"e\xCC\x81\":2}"));
  }

  // NOLINTBEGIN(performance-inefficient-string-concatenation): a table, read once
  void whole_bodies() {
    const std::string event = event_with("1");
    const std::string shape = "The request body must be a JSON object, an array of objects, or one object a line";
    for (const auto* blank : {"", " ", "\n", "\r\n", "\t \n"}) add("nothing", blank, "The request body is empty");
    for (const auto* scalar : {"1", "-1.5", "\"text\"", "true", "false", "null", " null\n"})
      add("a scalar", scalar, shape);
    for (const auto& body : {"\xEF\xBB\xBF" + event,
                             event + "x",
                             event + "}",
                             event + "]",
                             event + ",",
                             "," + event,
                             "x" + event,
                             event + event,
                             event + " " + event,
                             "(" + event + ")",
                             ")]}',\n" + event,
                             event + ";",
                             event + "\x01",
                             event + std::string(1, '\0'),
                             std::string(1, '\0') + event,
                             "\xFF\xFE" + event,
                             "\x1E" + event,
                             "//x\n" + event,
                             event + "//x",
                             "[" + event,
                             event + "\n]",
                             "[" + event + ",]",
                             "[" + event + event + "]",
                             std::string("\xFF\xFE{\0}\0", 6),
                             std::string("\0{\0}", 4),
                             std::string("abc"),
                             std::string("email=a%40b.c"),
                             std::string("<event/>"),
                             std::string(100, '\0')})
      add("not one document: " + body.substr(0, 30), body, bad_grammar);
    for (const auto& body : {event, " " + event, event + "\n", "\r\n\t " + event + " \r\n\t", "[" + event + "]",
                             "[ " + event + " ]\n", "[" + event + "," + event + "]", event + "\n" + event})
      add("documents", body);
    add("no event", "[]", "The request holds no event");
    add("no event", " [ ] ", "The request holds no event");
    for (const auto* item : {"[1]", "[null]", "[\"x\"]", "[[]]", "[[{}]]", "[true]"})
      add("an item that is none", item, "an event must be a JSON object");
  }

  void events() {
    const std::string at = R"({"email":"ada@example.com","type":"page_viewed","occurred_at":)";
    const std::string no_time =
        "occurred_at must be an RFC 3339 time such as 2026-05-01T12:00:00Z, or integer milliseconds since 1970";
    add("an empty object", "{}", "email is required");
    add("no address", R"({"type":"x"})", "email is required");
    add("no type", R"({"email":"ada@example.com"})", "type is required");
    add("null is absent", R"({"email":null,"type":"x"})", "email is required");
    add("null is absent", event_beside(R"("event_id":null,"properties":null,"occurred_at":null)"));
    for (const auto* value : {"1", "true", "[]", "{}", R"(["ada@example.com"])"}) {
      add("an address that is no text", std::string(R"({"type":"x","email":)") + value + "}", "email must be a string");
      add("an id that is no text", event_beside(std::string("\"event_id\":") + value), "event_id must be a string");
    }
    for (const auto* value : {"1", "true", "[]", "\"x\""})
      add("properties that are no object", event_beside(std::string("\"properties\":") + value),
          "properties must be an object");
    for (const auto* value : {"0", "1000", "1e3", "1577836800000", "\"2020-01-01T12:00:00Z\"", "\"1577836800000\""})
      add(std::string("a time: ") + value, at + value + "}", std::string_view(value) == "1e3" ? no_time : "");
    for (const auto* value : {"true", "[]", "{}", "\"\"", "\"now\"", "1.5", "1e400", "\"2026-02-30T00:00:00Z\"",
                              "\"2026-05-01\"", "\"2026-05-01T25:00:00Z\"", "99999999999999999999", "\"0x10\""})
      add(std::string("no time: ") + value, at + value + "}", no_time);
    add("before 1970", at + "-1}", "occurred_at is before 1970; send RFC 3339 or integer milliseconds since 1970");
    add("unknown members", event_beside(R"("x":1,"score":100,"organisation":2,"scored_at":"x")"));
  }

  // NOLINTEND(performance-inefficient-string-concatenation)

  /// Every beginning of an event is refused, whatever it ends in.
  void cut() {
    const std::string event =
        "{\"email\":\"ada@example.com\",\"type\":\"page_viewed\",\"event_id\":\"\\u00e9\\n1\",\"properties\":{\"a\":[1."
        "5e3,"
        "true,null,\"\xC3\xA9\"]}}";
    for (std::size_t bytes = 1; bytes < event.size(); ++bytes)
      add("cut at byte " + std::to_string(bytes), event.substr(0, bytes), bad_grammar);
    add("not cut", event);
  }

  JsonVerdicts all_;
};

inline JsonVerdicts json_verdicts() {
  return JsonVerdictTable{}.take();
}

}  // namespace leadlight::test
