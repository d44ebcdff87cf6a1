// What the 6sense-compatible routes read: golden requests, what no file can show well, and a property over all of them.
#include "net/http/http.hpp"
#include "net/sixsense/request.hpp"
#include "net/sixsense/webhook_json.hpp"
#include "net/text/json_reader.hpp"
#include "net/text/json_writer.hpp"
#include "net/text/utf8.hpp"
#include "tests/support/golden_files.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <sstream>

namespace leadlight::net::sixsense {
namespace {

using engine::Errc;

const std::map<std::string, PersonRoute> routes = {{"full", PersonRoute::full},
                                                   {"score", PersonRoute::score},
                                                   {"enrichment", PersonRoute::enrichment},
                                                   {"firmographics", PersonRoute::firmographics}};

/// The first line is the route, further lines up to an empty one are headers, the rest is the body.
struct GoldenRequest {
  PersonRoute route{};
  std::string content_type;
  std::string default_country;
  std::string body;

  [[nodiscard]] engine::Result<Person> parse() const {
    return parse_person(body, content_type, route, default_country);
  }
};

GoldenRequest read_request(const std::filesystem::path& path) {
  const auto text = read_golden(path);
  const auto empty_line = std::min(text.find("\n\n"), text.size());
  GoldenRequest request;
  request.body = text.substr(std::min(empty_line + 2, text.size()));
  std::istringstream head(text.substr(0, empty_line));
  std::string line;
  std::getline(head, line);
  request.route = routes.at(line);
  while (std::getline(head, line)) {
    if (line.starts_with("Content-Type: ")) request.content_type = line.substr(14);
    if (line.starts_with("Default-Country: ")) request.default_country = line.substr(17);
  }
  return request;
}

std::string outcome(const engine::Result<Person>& person) {
  JsonWriter json;
  json.object();
  if (!person) {
    json.member("status", "error").member("message", person.error().what).end_object();
    return std::to_string(status_of(person.error().code)) + '\n' + json.take();
  }
  const auto field = [&](std::string_view name, const std::optional<std::string>& value) {
    if (value) json.member(name, *value);
  };
  field("email", person->email);
  field("country", person->country);
  field("title", person->title);
  field("website", person->website);
  field("company", person->company);
  field("leadsource", person->leadsource);
  field("firstname", person->firstname);
  field("lastname", person->lastname);
  field("role", person->role);
  field("industry", person->industry);
  field("domain", person->domain);
  json.end_object();
  return "read\n" + json.take();
}

std::string expected(std::filesystem::path request) {
  const auto text = read_golden(request.replace_extension(".expected"));
  const auto first = text.find('\n') + 1;
  return text.substr(0, first) + without_layout(text.substr(first));
}

TEST(SixsenseRequestTest, GoldenRequestsAreReadAsTheirFilesSay) {
  const auto files = golden_files("sixsense/requests", ".request");
  ASSERT_GE(files.size(), 45U);
  for (const auto& file : files) EXPECT_EQ(outcome(read_request(file).parse()), expected(file)) << file;
}

TEST(SixsenseRequestTest, MarketosTemplateIsReadAlikeWhateverStandsBetweenItsLines) {
  const auto golden = read_request(golden_folder("sixsense/requests") / "marketo_template.request");
  const auto person = golden.parse();
  ASSERT_TRUE(person);
  for (const std::string between : {"&", "&\r\n", "&\n\n", "& ", "&\t", "&%0A", "&%0D%0A", "\n&", "\r\n&\r\n"}) {
    auto other = golden;
    other.body.clear();
    for (const char c : golden.body)
      if (c == '&')
        other.body += between;
      else if (c != '\n')
        other.body += c;
    EXPECT_EQ(other.parse(), person) << between;
  }
}

TEST(SixsenseRequestTest, TheBodyDecidesHowItIsRead) {
  const std::string json = R"({"email":"ada@acme.com","country":"US"})";
  for (const std::string type : {"", "application/json", "text/plain", "application/x-www-form-urlencoded", "?"}) {
    EXPECT_TRUE(parse_person(json, type, PersonRoute::full)) << type;
    EXPECT_TRUE(parse_person("\xEF\xBB\xBF\r\n\t " + json, type, PersonRoute::full)) << type;
  }
  for (const std::string type : {"application/json", "APPLICATION/JSON; charset=utf-8", "text/json"}) {
    const auto person = parse_person("5", type, PersonRoute::full);
    ASSERT_FALSE(person);
    EXPECT_EQ(person.error().code, Errc::unprocessable) << type;
  }
  const auto blank = parse_person(" \r\n", "application/json", PersonRoute::full);
  ASSERT_FALSE(blank);
  EXPECT_EQ(blank.error().what, "Email ID is mandatory and can't be blank");
}

TEST(SixsenseRequestTest, AFieldHasALimitAndItsRefusalNamesTheField) {
  for (const std::string name :
       {"email", "country", "title", "website", "company", "leadsource", "firstname", "lastname", "role", "industry"}) {
    for (const bool is_json : {false, true}) {
      const auto body = [&](std::size_t size) {
        std::string text = is_json ? "{\"" : "";
        text += name;
        text += is_json ? "\":\"" : "=+";
        text.append(size, 'x');
        return text += is_json ? R"(","email":"ada@acme.com","country":"US"})" : "+&email=ada@acme.com&country=US";
      };
      const auto longest = parse_person(body(field_bytes_max), "", PersonRoute::full);
      EXPECT_TRUE(longest.ok() || longest.error().what == "Email ID is not valid") << name;
      for (const std::size_t size : {field_bytes_max + 1, std::size_t{10} * 1024}) {
        const auto person = parse_person(body(size), "", PersonRoute::full);
        ASSERT_FALSE(person) << name;
        EXPECT_EQ(person.error(), (engine::Error{Errc::invalid, name + " is longer than 1024 bytes", name}));
      }
    }
  }
}

TEST(SixsenseRequestTest, NotUtf8IsRefusedByFieldHoweverItComes) {
  for (const std::string bytes : {"\xFF", "a\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80"}) {
    const engine::Error refusal{Errc::invalid, "title is not valid UTF-8", "title"};
    EXPECT_EQ(parse_person("email=ada@acme.com&country=US&title=" + bytes, "", PersonRoute::full), refusal);
    EXPECT_EQ(
        parse_person(R"({"email":"ada@acme.com","country":"US","title":")" + bytes + "\"}", "", PersonRoute::full),
        refusal);
  }
}

TEST(SixsenseRequestTest, ControlCharactersInAJsonTextAreItsOwn) {
  for (char c = 1; c < 0x20; ++c) {
    const auto text = std::string("Head") + c + "of IT";
    const auto person =
        parse_person(R"({"email":"ada@acme.com","country":"US","title":")" + text + "\"}", "", PersonRoute::full);
    ASSERT_TRUE(person) << int{c};
    EXPECT_EQ(person->title, text);
  }
  const auto nul = parse_person(std::string(R"({"email":"ada@acme.com","country":"US","title":"a)") + '\0' + "\"}", "",
                                PersonRoute::full);
  ASSERT_FALSE(nul);
  EXPECT_EQ(nul.error().what, "title holds the character U+0000");
}

TEST(SixsenseRequestTest, AnEndpointTakesItsOwnHttpRequest) {
  HttpRequest request;
  request.headers = {{"content-type", "application/json"}};
  request.body = "[]";
  EXPECT_EQ(parse_person(request, PersonRoute::full).error().code, Errc::unprocessable);
  request.headers.clear();
  request.body = "email=Ada@Acme.com";
  EXPECT_EQ(parse_person(request, PersonRoute::score, "US")->email, "ada@acme.com");
}

// ---- The JSON of webhooks ------------------------------------------------------------------------------------------

TEST(WebhookJsonTest, DepthHasALimit) {
  const auto nested = [](std::size_t depth) {
    return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_TRUE(read_webhook_json(nested(webhook_json_depth_max)));
  const auto deeper = read_webhook_json(nested(webhook_json_depth_max + 1));
  ASSERT_FALSE(deeper);
  EXPECT_EQ(deeper.error(), (engine::Error{Errc::invalid, "nested deeper than 32 levels", "a"}));
  EXPECT_FALSE(read_webhook_json(std::string(60'000, '[')));
}

TEST(WebhookJsonTest, WhatIsNotJsonIsRefused) {
  for (const std::string body : {"",
                                 "{",
                                 "}",
                                 "{}}",
                                 "{\"a\"}",
                                 "{\"a\":1,}",
                                 "{,}",
                                 "{\"a\" 1}",
                                 "{a:1}",
                                 "{'a':1}",
                                 "{\"a\":01}",
                                 "{\"a\":1.}",
                                 "{\"a\":.5}",
                                 "{\"a\":+1}",
                                 "{\"a\":1e}",
                                 "{\"a\":-}",
                                 "{\"a\":tru}",
                                 "{\"a\":nul}",
                                 "{\"a\":\"\\x\"}",
                                 "{\"a\":\"\\u12g4\"}",
                                 "{\"a\":\"\\u123\"}",
                                 "{\"a\":\"b}",
                                 "{\"a\":[1,]}",
                                 "{\"a\":[1 2]}",
                                 "{\"a\":[}",
                                 "{} {}",
                                 "{\"a\":{\"b\":1,}}",
                                 "{{\"a\":1}}",
                                 "{{lead.Email Address}}",
                                 "{\"email\": {{lead.Email Address}}}"})
    EXPECT_FALSE(read_webhook_json(body)) << body;
}

TEST(WebhookJsonTest, OnlyANameThatCanBeShownIsNamed) {
  const std::string half = R"(:"\ud83d"})";
  EXPECT_EQ(read_webhook_json("{\"title\"" + half).error().field, "title");
  EXPECT_EQ(read_webhook_json("{\"\xFF\"" + half).error().field, "");
  EXPECT_EQ(read_webhook_json("{\"" + std::string(1000, 'x') + "\"" + half).error().field, "");
  EXPECT_TRUE(is_utf8(read_webhook_json("{\"\xFF\":\"\"x\"\"}").error().what));
}

// The strict reader is the oracle: what it takes, the forgiving one reads alike.
TEST(WebhookJsonTest, AgreesWithTheStrictReader) {
  constexpr std::array<std::string_view, 22> pieces = {
      "{",  "}",       "[",    "]",  ":",      ",",       "\"a\"", "\"b\"", "\"\"",    "\"\\n\\u00e4\"",
      " ",  "true",    "null", "-0", "1.5e+3", "\"c\":1", "\n",    "false", "\"x y\"", "\"\\ud83d\\ude00\"",
      "12", "{\"d\":["};
  JsonReader strict;
  std::size_t taken = 0;
  for (std::uint64_t seed = 1; seed <= 60'000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    std::string body = "{";
    const auto members = random() % 4;
    for (std::size_t i = 0; i < members; ++i) {
      body += (i > 0 ? ",\"" : "\"") + std::string(1, static_cast<char>('e' + i)) + "\":";
      for (auto left = 1 + random() % 3; left > 0; --left) body += pieces[random() % pieces.size()];
    }
    body += "}";
    const auto theirs = strict.object(body);
    if (!theirs) continue;
    ++taken;
    const auto ours = read_webhook_json(body);
    ASSERT_TRUE(ours) << body;
    ASSERT_EQ(ours->size(), theirs->size()) << body;
    for (std::size_t i = 0; i < ours->size(); ++i) {
      EXPECT_EQ((*ours)[i].name, (*theirs)[i].name) << body;
      EXPECT_EQ((*ours)[i].kind, (*theirs)[i].kind) << body;
      if ((*ours)[i].kind == JsonKind::text) {
        EXPECT_EQ((*ours)[i].text, (*theirs)[i].text) << body;
      }
    }
  }
  EXPECT_GT(taken, 10'000U);
}

// ---- Addresses and host names --------------------------------------------------------------------------------------

TEST(SixsenseAddressTest, IsTheParametersThenTheProxysThenThePeers) {
  HttpRequest request;
  request.remote = "192.0.2.1";
  EXPECT_EQ(asked_address(request), std::string("192.0.2.1"));
  request.headers = {{"x-forwarded-for", " 198.51.100.7 , 203.0.113.9"}, {"x-forwarded-for", "203.0.113.1"}};
  EXPECT_EQ(asked_address(request), std::string("198.51.100.7"));
  request.query = {{"ip", " "}};
  EXPECT_EQ(asked_address(request), std::string("198.51.100.7"));
  request.query = {{"IP", " 203.0.113.5 "}, {"ip", "203.0.113.6"}};
  EXPECT_EQ(asked_address(request), std::string("203.0.113.5"));
}

TEST(SixsenseAddressTest, HasOneSpelling) {
  const std::map<std::string, std::string> spellings = {{"2001:DB8:0:0::7", "2001:db8::7"},
                                                        {"::ffff:203.0.113.5", "203.0.113.5"}};
  for (const auto& [sent, normal] : spellings) {
    HttpRequest request;
    request.query = {{"ip", sent}};
    EXPECT_EQ(asked_address(request), normal);
  }
  const std::map<std::string, std::string> behind_a_proxy = {{"203.0.113.5:4711", "203.0.113.5"},
                                                             {"[2001:db8::7]:4711", "2001:db8::7"},
                                                             {"[2001:db8::7]", "2001:db8::7"},
                                                             {"2001:db8::7", "2001:db8::7"}};
  for (const auto& [sent, normal] : behind_a_proxy) {
    HttpRequest request;
    request.headers = {{"x-forwarded-for", sent}};
    EXPECT_EQ(asked_address(request), normal);
  }
}

TEST(SixsenseAddressTest, WhatIsNoneIsNotFound) {
  for (const std::string sent : {"203.0.113", "203.0.113.256", "203.0.113.5.6", "acme.com", "203.0.113.5/24", "[", "[]",
                                 "0x7f.1", "fe80::1%eth0", "1.2.3.4 5.6.7.8"}) {
    for (const bool is_parameter : {false, true}) {
      HttpRequest request;
      request.remote = "192.0.2.1";
      if (is_parameter)
        request.query = {{"ip", sent}};
      else
        request.headers = {{"x-forwarded-for", sent}};
      EXPECT_EQ(asked_address(request), (engine::Error{Errc::not_found, "IP address is not valid", "ip"})) << sent;
    }
  }
}

TEST(SixsenseHostNameTest, ComesOutOfANameOrAUrl) {
  for (const std::string text :
       {"www.acme.com", " WWW.Acme.com. ", "https://www.acme.com", "http://www.acme.com:80/a?b#c", "www.acme.com/",
        "https://me:x@www.acme.com/", "www.acme.com/about"})
    EXPECT_EQ(host_name_of(text), "www.acme.com") << text;
  for (const std::string text : {"", "acme", "203.0.113.5", "http://[2001:db8::7]/", "a b.com", "acme..com", "-a.com",
                                 "https://", "acme.com, inc", "\xFF.com"})
    EXPECT_EQ(host_name_of(text), std::nullopt) << text;
}

// ---- Any bytes -----------------------------------------------------------------------------------------------------

void expect_promises(const GoldenRequest& request) {
  const auto person = request.parse();
  if (!person) {
    EXPECT_FALSE(person.error().what.empty());
    EXPECT_LT(person.error().what.size(), 300U);
    EXPECT_TRUE(is_utf8(person.error().what));
    EXPECT_TRUE(person.error().code == Errc::invalid || person.error().code == Errc::unprocessable);
    return;
  }
  EXPECT_NE(person->email.has_value(), person->domain.has_value());
  EXPECT_TRUE(person->email || request.route == PersonRoute::firmographics);
  EXPECT_TRUE(person->country || request.route == PersonRoute::firmographics ||
              request.route == PersonRoute::enrichment);
  for (const auto& field :
       {person->email, person->country, person->title, person->website, person->company, person->leadsource,
        person->firstname, person->lastname, person->role, person->industry, person->domain}) {
    if (!field) continue;
    EXPECT_TRUE(!field->empty() && field->size() <= field_bytes_max && is_utf8(*field));
    EXPECT_EQ(field->find('\0'), std::string::npos);
    EXPECT_TRUE(field->front() != ' ' && field->back() != ' ' && field->back() != '\n');
  }
}

TEST(SixsenseRequestProperty, AnyCutIsReadOrRefused) {
  for (const auto& file : golden_files("sixsense/requests", ".request")) {
    SCOPED_TRACE(file.string());
    const auto golden = read_request(file);
    for (std::size_t size = 0; size < golden.body.size(); ++size) {
      auto cut = golden;
      cut.body.resize(size);
      cut.body.shrink_to_fit();
      expect_promises(cut);
      cut.body = golden.body.substr(size);
      expect_promises(cut);
    }
  }
}

TEST(SixsenseRequestProperty, AnyOddByteIsReadOrRefused) {
  constexpr std::string_view odd("\0\x01\n\"\\%&+=,:{}[]u\x7F\x80\xC3\xED\xF4\xFF", 22);
  for (const auto& file : golden_files("sixsense/requests", ".request")) {
    SCOPED_TRACE(file.string());
    const auto golden = read_request(file);
    for (std::size_t at = 0; at < golden.body.size(); ++at)
      for (const char byte : odd) {
        auto changed = golden;
        changed.body[at] = byte;
        expect_promises(changed);
        changed.body.insert(at, 1, golden.body[at]);
        expect_promises(changed);
      }
  }
}

}  // namespace
}  // namespace leadlight::net::sixsense
