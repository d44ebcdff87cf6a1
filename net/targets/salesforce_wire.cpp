#include "net/targets/salesforce_wire.hpp"

#include "net/http/http.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <set>

namespace leadlight::net::salesforce {

namespace {

namespace json = boost::json;
using engine::Errc;
using engine::Error;
using engine::Milliseconds;
using engine::Result;

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string{};
}

bool flag_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

std::optional<double> number_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

std::optional<json::value> parse_json(std::string_view body) {
  boost::system::error_code failed;
  auto value = json::parse(body, failed);
  if (failed) return std::nullopt;
  return value;
}

/// What is compared of a text: without carriage returns and without white space at its ends.
std::string comparable(std::string_view text) {
  std::string result;
  for (const char c : text)
    if (c != '\r') result.push_back(c);
  const auto last = result.find_last_not_of(" \t\n");
  result.erase(last == std::string::npos ? 0 : last + 1);
  return result.substr(std::min(result.find_first_not_of(" \t\n"), result.size()));
}

std::optional<Milliseconds> seconds_header(std::string_view value) {
  std::int64_t seconds = 0;
  const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (value.empty() || fault != std::errc{} || end != value.data() + value.size() || seconds < 0) return std::nullopt;
  return Milliseconds{std::min<std::int64_t>(seconds, 86'400) * 1000};
}

}  // namespace

std::string soql_quote(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string literal = "'";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') {
      literal += '\\';
      literal += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      literal += "\\u00";
      literal += digits[byte >> 4U];
      literal += digits[byte & 15U];
    } else {
      literal += c;
    }
  }
  return literal + "'";
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      result += c;
    } else {
      result += '%';
      result += digits[byte >> 4U];
      result += digits[byte & 15U];
    }
  }
  return result;
}

bool queryable(std::string_view email) {
  return !email.empty() && email.size() <= 254 && std::none_of(email.begin(), email.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

std::string look_up_query(LookUp kind, const Fields& fields, std::span<const std::string> keys, bool created_date) {
  const bool leads = kind != LookUp::contact_by_id;
  std::string query = leads ? "SELECT Id, Email, IsConverted, ConvertedContactId" : "SELECT Id, Email";
  for (const auto& field : {fields.score, fields.segment, fields.signals, fields.scored_at})
    if (!field.empty()) query += ", " + field;
  if (created_date) query += ", CreatedDate";
  query += leads ? " FROM Lead" : " FROM Contact";
  query += kind == LookUp::lead_by_email ? " WHERE Email IN (" : " WHERE Id IN (";
  for (std::size_t i = 0; i < keys.size(); ++i) query += (i == 0 ? "" : ",") + soql_quote(keys[i]);
  return query + ")";
}

std::vector<std::vector<std::string>> split_keys(LookUp kind, const Fields& fields, std::vector<std::string> keys,
                                                 bool created_date) {
  const auto frame = percent_encode(look_up_query(kind, fields, {}, created_date)).size();
  static constexpr std::size_t comma = 3;  // %2C
  std::vector<std::vector<std::string>> groups;
  std::size_t bytes = 0;
  for (auto& key : keys) {
    const auto own = percent_encode(soql_quote(key)).size() + comma;
    if (groups.empty() || groups.back().size() == addresses_per_query_max || bytes + own > query_bytes_max) {
      groups.emplace_back();
      bytes = frame;
    }
    bytes += own;
    groups.back().push_back(std::move(key));
  }
  return groups;
}

Result<Page> parse_page(std::string_view body, const Fields& fields) {
  const auto parsed = parse_json(body);
  const auto* answer = parsed ? parsed->if_object() : nullptr;
  const auto* records = answer != nullptr ? answer->if_contains("records") : nullptr;
  if (records == nullptr || !records->is_array())
    return Error{Errc::corrupt, "Salesforce answered a query with something that is no list of records", {}};
  Page page;
  for (const auto& row : records->as_array()) {
    const auto* record = row.if_object();
    if (record == nullptr) return Error{Errc::corrupt, "Salesforce answered a query with a malformed record", {}};
    Held held;
    held.id = text_of(*record, "Id");
    held.email = lower(text_of(*record, "Email"));
    held.converted = flag_of(*record, "IsConverted");
    held.contact_id = text_of(*record, "ConvertedContactId");
    held.created_at = text_of(*record, "CreatedDate");
    held.score = number_of(*record, fields.score);
    held.segment = text_of(*record, fields.segment);
    held.signals = text_of(*record, fields.signals);
    if (!fields.scored_at.empty()) held.scored_at = parse_salesforce_time(text_of(*record, fields.scored_at));
    if (!held.id.empty()) page.records.push_back(std::move(held));
  }
  if (const auto* done = answer->if_contains("done"); done != nullptr && done->is_bool() && !done->as_bool())
    page.next_url = text_of(*answer, "nextRecordsUrl");
  return page;
}

bool holds(const Held& held, const Values& values) {
  return held.score && std::abs(*held.score - values.score) < 1e-9 && held.segment == values.segment &&
         comparable(held.signals) == comparable(values.signals);
}

std::string salesforce_time(engine::Timestamp at) {
  auto text = format_time(at);
  if (!text.empty() && text.back() == 'Z') text.replace(text.size() - 1, 1, "+0000");
  return text;
}

std::optional<engine::Timestamp> parse_salesforce_time(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::string full(text);
  const auto sign = full.size() >= 5 ? full[full.size() - 5] : '\0';
  if (sign == '+' || sign == '-') full.insert(full.size() - 2, ":");  // +0000 is not RFC 3339
  auto at = parse_time(full);
  if (!at) return std::nullopt;
  return *at;
}

std::string cut_signals(std::string_view text, std::size_t characters) {
  std::size_t counted = 0;
  std::size_t end = 0;       // after the last character that fits
  std::size_t line_end = 0;  // after the last whole line that fits
  while (end < text.size()) {
    const auto lead = static_cast<unsigned char>(text[end]);
    const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    const std::size_t width = bytes == 4 ? 2 : 1;
    if (text[end] == '\n') line_end = end;
    if (counted + width > characters) return std::string(text.substr(0, line_end > 0 ? line_end : end));
    counted += width;
    end = std::min(end + bytes, text.size());
  }
  return std::string(text);
}

std::string collection_body(std::span<const RecordWrite> writes, const Fields& lead, const Fields& contact) {
  json::array records;
  for (const auto& write : writes) {
    const auto& fields = write.type == "Lead" ? lead : contact;
    json::object record{{"attributes", {{"type", write.type}}}, {"id", write.id}};
    record[fields.score] = write.values.score;
    record[fields.segment] = write.values.segment;
    if (write.values.signals.empty())
      record[fields.signals] = nullptr;
    else
      record[fields.signals] = write.values.signals;
    if (!fields.scored_at.empty()) record[fields.scored_at] = salesforce_time(write.values.scored_at);
    records.push_back(std::move(record));
  }
  return json::serialize(json::object{{"allOrNone", false}, {"records", std::move(records)}});
}

Result<std::vector<RecordAnswer>> parse_answers(std::string_view body, std::size_t expected) {
  const auto parsed = parse_json(body);
  const auto* list = parsed ? parsed->if_array() : nullptr;
  if (list == nullptr || list->size() != expected)
    return Error{Errc::corrupt, "Salesforce did not answer with one result a record", {}};
  std::vector<RecordAnswer> answers;
  for (const auto& item : *list) {
    const auto* row = item.if_object();
    if (row == nullptr) return Error{Errc::corrupt, "Salesforce answered with a malformed result", {}};
    RecordAnswer answer;
    answer.success = flag_of(*row, "success");
    const auto* errors = row->if_contains("errors");
    if (!answer.success && errors != nullptr && errors->is_array() && !errors->as_array().empty()) {
      if (const auto* first = errors->as_array().front().if_object()) {
        answer.code = text_of(*first, "statusCode");
        answer.message = text_of(*first, "message");
        if (const auto* fields = first->if_contains("fields"); fields != nullptr && fields->is_array())
          for (const auto& field : fields->as_array())
            if (field.is_string()) answer.fields.emplace_back(field.as_string());
      }
    }
    if (!answer.success && answer.code.empty()) answer.code = "UNKNOWN_EXCEPTION";
    answers.push_back(std::move(answer));
  }
  return answers;
}

namespace {

struct TopLevelError {
  std::string code;
  std::string message;
};

/// A list of errors, an object (OAuth), HTML or nothing.
TopLevelError top_level_error(std::string_view body) {
  const auto parsed = parse_json(body);
  if (!parsed) return {};
  const json::object* error = parsed->if_object();
  if (const auto* list = parsed->if_array(); list != nullptr && !list->empty()) error = list->front().if_object();
  if (error == nullptr) return {};
  TopLevelError found{text_of(*error, "errorCode"), text_of(*error, "message")};
  if (found.code.empty()) found.code = text_of(*error, "error");
  if (found.message.empty()) found.message = text_of(*error, "error_description");
  return found;
}

/// A query's error begins with an excerpt of the query, which may hold half an address: what follows is the reason.
std::string_view without_excerpt(std::string_view message) {
  const auto mark = message.find("ERROR at Row");
  if (mark == std::string_view::npos) return message;
  const auto line_end = message.find('\n', mark);
  return line_end == std::string_view::npos ? std::string_view{} : message.substr(line_end + 1);
}

bool begins_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

CallClass class_of_403(const TopLevelError& error) {
  const bool limit = error.code == "REQUEST_LIMIT_EXCEEDED" || error.code == "LIMIT_EXCEEDED";
  return limit ? CallClass::later : CallClass::configuration;
}

/// A mapping or permission fault concerns every record; other refusals concern the content of one.
CallClass class_of_400(const TopLevelError& error) {
  static const std::set<std::string, std::less<>> mapping = {"INVALID_FIELD", "INVALID_TYPE",
                                                             "INVALID_FIELD_FOR_INSERT_UPDATE", "API_DISABLED_FOR_ORG",
                                                             "UNSUPPORTED_API_VERSION"};
  return mapping.contains(error.code) ? CallClass::configuration : CallClass::refused;
}

CallClass class_of_401(const TopLevelError& error) {
  const bool lasting = error.message.find("Connected app is not attached to Agent") != std::string::npos ||
                       error.message.find("This session is not valid for use with the REST API") != std::string::npos;
  return lasting ? CallClass::configuration : CallClass::expired;
}

CallClass class_of(std::uint16_t status, const TopLevelError& error) {
  switch (status) {
    case 300: return CallClass::refused;
    case 400: return class_of_400(error);
    case 401: return class_of_401(error);
    case 403: return class_of_403(error);
    case 404:
    case 405:
    case 410:
    case 415: return CallClass::configuration;
    case 409:
    case 412:
    case 420:
    case 428: return CallClass::retry;
    case 414:
    case 431: return CallClass::too_long;
    case 429: return CallClass::later;
    default: break;
  }
  if (status >= 200 && status < 300) return CallClass::ok;
  if (status >= 500) return CallClass::retry;
  return status >= 400 ? CallClass::refused : CallClass::configuration;  // a redirect: the address is wrong
}

}  // namespace

CallVerdict classify_call(const OutboundAnswer& answer) {
  CallVerdict verdict;
  if (answer.status >= 200 && answer.status < 300) return verdict;
  const auto error = top_level_error(answer.body);
  verdict.kind = class_of(answer.status, error);
  verdict.code = error.code.empty() ? "HTTP " + std::to_string(answer.status) : error.code;
  verdict.reason = "Salesforce answered " + std::to_string(answer.status);
  if (!error.code.empty()) verdict.reason += " " + error.code;
  // Texts of refused content may repeat that content; those of a wrong set-up name what is to be mended.
  if (verdict.kind == CallClass::configuration && !error.message.empty())
    verdict.reason += ": " + scrub(without_excerpt(error.message));
  verdict.retry_after = seconds_header(answer.header("retry-after"));
  if (verdict.kind == CallClass::later && answer.status == 403)
    verdict.daily_limit = !begins_with(error.message, "ConcurrentRequests");
  return verdict;
}

RecordClass classify_record(const RecordAnswer& answer) {
  static const std::set<std::string, std::less<>> passing = {"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE",
                                                             "QUERY_TIMEOUT",      "REQUEST_RUNNING_TOO_LONG",
                                                             "UNKNOWN_EXCEPTION",  "ALL_OR_NONE_OPERATION_ROLLED_BACK"};
  if (passing.contains(answer.code)) return RecordClass::retry;
  if (answer.code == "LIMIT_EXCEEDED" || answer.code == "REQUEST_LIMIT_EXCEEDED") return RecordClass::later;
  if (answer.code == "ENTITY_IS_DELETED" || answer.code == "INVALID_CROSS_REFERENCE_KEY") return RecordClass::look_up;
  if (answer.code == "STRING_TOO_LONG") return RecordClass::cut;
  if (answer.code == "CANNOT_UPDATE_CONVERTED_LEAD") return RecordClass::converted;
  const bool hidden_lock = answer.code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" &&
                           answer.message.find("UNABLE_TO_LOCK_ROW") != std::string::npos;
  return hidden_lock ? RecordClass::retry : RecordClass::permanent;
}

std::string describe_record(const RecordAnswer& answer) {
  std::string words = "Salesforce refused the record: " + answer.code;
  for (std::size_t i = 0; i < answer.fields.size(); ++i) words += (i == 0 ? " on " : ", ") + scrub(answer.fields[i]);
  // The customer's own rule: its text is written for the person who has to act on it.
  if (answer.code == "FIELD_CUSTOM_VALIDATION_EXCEPTION") words += ": " + scrub(answer.message);
  return words;
}

std::optional<std::size_t> max_length(std::string_view message) {
  static constexpr std::string_view mark = "max length=";
  const auto at = message.rfind(mark);  // the value before it is foreign text and may hold the mark too
  if (at == std::string_view::npos) return std::nullopt;
  std::size_t length = 0;
  const auto digits = message.substr(at + mark.size());
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (fault != std::errc{} || end == digits.data()) return std::nullopt;
  return length;
}

std::optional<double> quota_used(std::string_view limit_header) {
  static constexpr std::string_view mark = "api-usage=";
  std::optional<double> fullest;
  for (auto at = limit_header.find(mark); at != std::string_view::npos; at = limit_header.find(mark, at + 1)) {
    const auto* begin = limit_header.data() + at + mark.size();
    const auto* end = limit_header.data() + limit_header.size();
    std::uint64_t used = 0;
    std::uint64_t allowed = 0;
    const auto first = std::from_chars(begin, end, used);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '/') continue;
    const auto second = std::from_chars(first.ptr + 1, end, allowed);
    if (second.ec != std::errc{} || allowed == 0) continue;
    const auto share = std::min(1.0, static_cast<double>(used) / static_cast<double>(allowed));
    fullest = std::max(fullest.value_or(0.0), share);
  }
  return fullest;
}

std::string scrub(std::string_view text) {
  static constexpr std::size_t bytes_max = 300;
  static constexpr std::string_view ends = " \t\r\n'\"<>()[]{},;:=";
  std::string result;
  std::size_t at = 0;
  while (at < text.size() && result.size() < bytes_max) {
    const auto end = std::min(text.find_first_of(ends, at), text.size());
    const auto word = text.substr(at, end - at);
    result += word.find('@') != std::string_view::npos ? std::string_view("(address)") : word;
    if (end < text.size()) result += static_cast<unsigned char>(text[end]) < 0x20 ? ' ' : text[end];
    at = end + 1;
  }
  if (result.size() > bytes_max) {
    std::size_t cut = bytes_max;
    while (cut > 0 && (static_cast<unsigned char>(result[cut]) & 0xC0U) == 0x80U) --cut;
    result.erase(cut);
  }
  return result;
}

// ---- tokens
// ----------------------------------------------------------------------------------------------------------

std::string base64url(std::string_view bytes) {
  static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string result;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    held += 8;
    while (held >= 6) {
      held -= 6;
      result += alphabet[(bits >> held) & 63U];
    }
  }
  if (held > 0) result += alphabet[(bits << (6 - held)) & 63U];
  return result;
}

std::string jwt_signing_input(const JwtClaims& claims) {
  const json::object payload{
      {"iss", claims.issuer}, {"sub", claims.subject}, {"aud", claims.audience}, {"exp", claims.expires}};
  return base64url(R"({"alg":"RS256"})") + "." + base64url(json::serialize(payload));
}

Result<std::string> jwt_assertion(const JwtClaims& claims, const std::string& private_key_pem) {
  using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
  const Bio bio(BIO_new_mem_buf(private_key_pem.data(), static_cast<int>(private_key_pem.size())), BIO_free);
  // No pass phrase may be asked for on a terminal: an encrypted key is refused.
  const auto no_pass_phrase = [](char*, int, int, void*) { return -1; };
  const Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr) : nullptr, EVP_PKEY_free);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key.get()) < 2048)
    return Error{Errc::invalid, "private_key must be an unencrypted RSA key of 2048 bits or more in PEM form",
                 "private_key"};
  auto input = jwt_signing_input(claims);
  const Digest digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::size_t length = 0;
  std::string signature;
  const auto sign = [&](unsigned char* out) {
    return EVP_DigestSign(digest.get(), out, &length, reinterpret_cast<const unsigned char*>(input.data()),
                          input.size());
  };
  if (!digest || EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 || sign(nullptr) != 1)
    return Error{Errc::internal, "the token request could not be signed", "private_key"};
  signature.resize(length);
  if (sign(reinterpret_cast<unsigned char*>(signature.data())) != 1)
    return Error{Errc::internal, "the token request could not be signed", "private_key"};
  signature.resize(length);
  return input + "." + base64url(signature);
}

Result<Token> parse_token(std::string_view body) {
  const auto parsed = parse_json(body);
  const auto* answer = parsed ? parsed->if_object() : nullptr;
  Token token;
  if (answer != nullptr) token = Token{text_of(*answer, "access_token"), text_of(*answer, "instance_url")};
  while (!token.instance_url.empty() && token.instance_url.back() == '/') token.instance_url.pop_back();
  if (token.access_token.empty() || token.instance_url.empty())
    return Error{Errc::corrupt, "Salesforce's token answer holds no access_token or no instance_url", {}};
  return token;
}

CallVerdict classify_token_answer(const OutboundAnswer& answer) {
  CallVerdict verdict;
  if (answer.status == 200) return verdict;
  const auto error = top_level_error(answer.body);
  verdict.code = error.code.empty() ? "HTTP " + std::to_string(answer.status) : error.code;
  verdict.reason = "no token from Salesforce: " + std::to_string(answer.status);
  if (!error.code.empty()) verdict.reason += " " + scrub(error.code);
  if (!error.message.empty()) verdict.reason += " (" + scrub(error.message) + ")";
  verdict.retry_after = seconds_header(answer.header("retry-after"));
  const bool busy = error.message.find("rate exceeded") != std::string::npos || answer.status == 429 ||
                    (answer.status == 403 && class_of_403(error) == CallClass::later);
  if (busy)
    verdict.kind = CallClass::later;
  else
    verdict.kind = answer.status >= 500 ? CallClass::retry : CallClass::configuration;
  return verdict;
}

}  // namespace leadlight::net::salesforce
