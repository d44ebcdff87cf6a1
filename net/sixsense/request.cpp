#include "net/sixsense/request.hpp"

#include "net/http/http.hpp"
#include "net/sixsense/webhook_json.hpp"
#include "net/text/utf8.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace leadlight::net::sixsense {
namespace {

using boost::beast::iequals;
using engine::Errc;
using engine::Error;

constexpr const char* email_missing = "Email ID is mandatory and can't be blank";
constexpr const char* email_or_domain_missing = "Email ID is mandatory and can't be blank: send email or domain";
constexpr const char* email_malformed = "Email ID is not valid";
constexpr const char* country_missing = "Country is mandatory and can't be blank";

struct Field {
  std::string_view name;
  std::optional<std::string> Person::*place;
};
constexpr std::array<Field, 11> fields = {{{"email", &Person::email},
                                           {"country", &Person::country},
                                           {"title", &Person::title},
                                           {"website", &Person::website},
                                           {"company", &Person::company},
                                           {"leadsource", &Person::leadsource},
                                           {"firstname", &Person::firstname},
                                           {"lastname", &Person::lastname},
                                           {"role", &Person::role},
                                           {"industry", &Person::industry},
                                           {"domain", &Person::domain}}};

/// White space of any script; addresses copied out of a mail or a table bring no-break spaces and byte order marks.
bool is_blank(char32_t point) {
  return (point >= 0x09 && point <= 0x0D) || point == ' ' || point == 0x85 || point == 0xA0 || point == 0x1680 ||
         (point >= 0x2000 && point <= 0x200B) || point == 0x2028 || point == 0x2029 || point == 0x202F ||
         point == 0x205F || point == 0x3000 || point == 0xFEFF;
}

std::string_view trim(std::string_view text) {
  for (auto rest = text; !rest.empty(); text = rest) {
    const auto point = take_code_point(rest);
    if (!point || !is_blank(*point)) break;
  }
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && text.size() - last < 4 && (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80) --last;
    auto end = text.substr(last);
    const auto point = take_code_point(end);
    if (!point || !end.empty() || !is_blank(*point)) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = static_cast<char>(c | 0x20);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/// A `%` that begins no escape stands for itself, as browsers have it: with encoding None Marketo sends "50% off" raw.
std::string form_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

Error about(std::string_view field, std::string_view what, Errc code = Errc::invalid) {
  return {code, std::string(field) + std::string(what), std::string(field)};
}

/// Gathers the fields as they come.
class Gathering {
 public:
  explicit Gathering(PersonRoute route) : route_(route) {}

  /// The field that `name` stands for and that has no value yet; none: pass the value over.
  const Field* open(std::string_view name) const {
    name = trim(name);
    const auto* const field = std::ranges::find_if(fields, [&](const Field& f) { return iequals(f.name, name); });
    if (field == fields.end() || person_.*(field->place)) return nullptr;
    return field->place == &Person::domain && route_ != PersonRoute::firmographics ? nullptr : field;
  }

  /// Errors: invalid.
  engine::Status put(const Field& field, std::string_view value) {
    value = trim(value);
    if (value.empty()) return engine::Ok{};
    if (value.size() > field_bytes_max)
      return about(field.name, " is longer than " + std::to_string(field_bytes_max) + " bytes");
    if (!is_utf8(value)) return about(field.name, " is not valid UTF-8");
    if (value.find('\0') != std::string_view::npos) return about(field.name, " holds the character U+0000");
    (person_.*(field.place)).emplace(value);
    return engine::Ok{};
  }

  [[nodiscard]] Person take() { return std::move(person_); }

 private:
  PersonRoute route_;
  Person person_;
};

engine::Status gather_form(std::string_view body, Gathering& gathering) {
  while (!body.empty()) {
    const auto end = std::min(body.find('&'), body.size());
    const auto pair = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    const auto* const field = gathering.open(form_decode(pair.substr(0, equals)));
    if (field == nullptr) continue;
    auto status = gathering.put(*field, form_decode(pair.substr(std::min(equals + 1, pair.size()))));
    if (!status) return status;
  }
  return engine::Ok{};
}

engine::Status gather_json(std::string_view body, Gathering& gathering) {
  const auto members = read_webhook_json(body);
  if (!members) return members.error();
  for (const auto& member : *members) {
    const auto* const field = gathering.open(member.name);
    if (field == nullptr || member.kind == JsonKind::null) continue;
    if (member.kind != JsonKind::text) return about(field->name, " must be a string", Errc::unprocessable);
    auto status = gathering.put(*field, member.text);
    if (!status) return status;
  }
  return engine::Ok{};
}

bool is_json(std::string_view body, std::string_view content_type) {
  const auto text = trim(body);
  if (text.starts_with('{')) return true;
  const auto type = media_type_of(content_type);
  return !text.empty() && (iequals(type, "application/json") || iequals(type, "text/json"));
}

/// What the route needs is there, and is what it is to be.
engine::Status complete(Person& person, PersonRoute route, std::string_view default_country) {
  if (person.email) {
    auto email = normalise_email(*person.email);
    if (!email) return Error{Errc::invalid, email_malformed, "email"};
    person.email = std::move(*email);
    person.domain.reset();
  } else if (route != PersonRoute::firmographics) {
    return Error{Errc::invalid, email_missing, "email"};
  } else if (!person.domain) {
    return Error{Errc::invalid, email_or_domain_missing, "email"};
  } else {
    person.domain = host_name_of(*person.domain);
    if (!person.domain) return Error{Errc::invalid, "Domain is not valid", "domain"};
  }
  if (person.country || (route != PersonRoute::full && route != PersonRoute::score)) return engine::Ok{};
  if (default_country.empty()) return Error{Errc::invalid, country_missing, "country"};
  person.country.emplace(default_country);
  return engine::Ok{};
}

/// Of "203.0.113.7", "203.0.113.7:4711", "[2001:db8::7]" and "[2001:db8::7]:4711".
std::string_view without_port(std::string_view text) {
  if (text.starts_with('[')) return text.substr(1, std::min(text.find(']'), text.size()) - 1);
  const auto colon = text.find(':');
  return colon != std::string_view::npos && colon == text.rfind(':') ? text.substr(0, colon) : text;
}

/// What the caller says the address is, not yet looked at; blank counts as not sent.
std::string_view address_sent(const HttpRequest& request) {
  for (const auto& [name, value] : request.query)
    if (iequals(trim(name), "ip") && !trim(value).empty()) return trim(value);
  for (const auto& [name, value] : request.headers) {
    const auto first = trim(std::string_view(value).substr(0, value.find(',')));
    if (name == "x-forwarded-for" && !first.empty()) return without_port(first);
  }
  return request.remote;
}

}  // namespace

engine::Result<Person> parse_person(std::string_view body, std::string_view content_type, PersonRoute route,
                                    std::string_view default_country) {
  Gathering gathering(route);
  auto status = is_json(body, content_type) ? gather_json(body, gathering) : gather_form(body, gathering);
  auto person = gathering.take();
  if (status) status = complete(person, route, default_country);
  if (!status) return status.error();
  return person;
}

engine::Result<Person> parse_person(const HttpRequest& request, PersonRoute route, std::string_view default_country) {
  return parse_person(request.body, request.header("content-type").value_or(""), route, default_country);
}

engine::Result<std::string> asked_address(const HttpRequest& request) {
  const auto sent = address_sent(request);
  boost::system::error_code not_one;
  auto address = boost::asio::ip::make_address(sent, not_one);
  // What names one of this machine's interfaces (`%eth0`) is nobody's address.
  if (not_one || sent.find('%') != std::string_view::npos)
    return Error{Errc::not_found, "IP address is not valid", "ip"};
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  return address.to_string();
}

std::optional<std::string> host_name_of(std::string_view text) {
  text = trim(text);
  const auto scheme = text.find("://");
  if (scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
  text = text.substr(0, text.find_first_of("/?#"));
  const auto user = text.rfind('@');
  if (user != std::string_view::npos) text.remove_prefix(user + 1);
  text = text.substr(0, text.find(':'));
  if (text.ends_with('.')) text.remove_suffix(1);
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(text, not_an_address);
  if (!not_an_address) return std::nullopt;
  // What may stand behind the @ of an e-mail address is a dotted name in lower case.
  constexpr std::string_view someone = "x@";
  auto email = normalise_email(std::string(someone) + std::string(text));
  if (!email) return std::nullopt;
  return email->substr(someone.size());
}

}  // namespace leadlight::net::sixsense
