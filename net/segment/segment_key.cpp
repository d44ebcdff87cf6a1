#include "net/segment/segment_key.hpp"

#include "net/text/base64.hpp"

#include <simdjson.h>
#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace leadlight::net {
namespace {

namespace ondemand = simdjson::ondemand;
using engine::Errc;
using engine::Error;

/// The part of `authorization` behind `scheme` and its space; none: another scheme, or nothing.
std::optional<std::string_view> credentials(std::optional<std::string_view> authorization, std::string_view scheme) {
  if (!authorization || authorization->size() <= scheme.size() || (*authorization)[scheme.size()] != ' ' ||
      !boost::beast::iequals(authorization->substr(0, scheme.size()), scheme))
    return std::nullopt;
  auto rest = authorization->substr(scheme.size());
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  if (rest.empty()) return std::nullopt;
  return rest;
}

/// The user name of Basic credentials; none: no Basic, or an empty name. What is not Base64 is no key of ours.
std::optional<std::string> basic_key(std::optional<std::string_view> authorization) {
  const auto encoded = credentials(authorization, "Basic");
  if (!encoded) return std::nullopt;
  std::string padded(*encoded);
  padded.append((4 - padded.size() % 4) % 4, '=');  // hand-made clients leave it out
  auto decoded = decode_base64(padded).value_or("?");
  decoded.resize(std::min(decoded.find(':'), decoded.size()));
  if (decoded.empty()) return std::nullopt;
  return decoded;
}

/// The members looked for of one object. Nothing is checked: what is wrong with the body is found on reading it whole.
struct Peek {
  std::optional<std::string> key;         // of the first of `names`
  std::optional<std::string> nested_key;  // `token` in the properties of the first item, or of this object
};

std::optional<std::string> text_in(ondemand::value value) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS || text.empty()) return std::nullopt;
  return std::string(text);
}

void peek_object(ondemand::object object, std::initializer_list<std::string_view> names, bool nested, Peek& peek) {
  for (auto result : object) {
    ondemand::field field;
    std::string_view name;
    if (std::move(result).get(field) != simdjson::SUCCESS || field.unescaped_key().get(name) != simdjson::SUCCESS)
      return;
    if (std::ranges::find(names, name) != names.end()) {
      if (auto text = text_in(field.value()); text && !peek.key) peek.key = std::move(text);
    } else if (nested && name == "properties") {
      ondemand::object properties;
      std::string_view token;
      if (field.value().get_object().get(properties) == simdjson::SUCCESS &&
          properties["token"].get_string().get(token) == simdjson::SUCCESS)
        peek.nested_key = std::string(token);
    }
  }
}

std::optional<std::string> body_key(const std::string& body, std::initializer_list<std::string_view> names,
                                    bool nested) {
  thread_local ondemand::parser parser;
  thread_local std::string copy;
  const std::string* readable = &body;
  if (body.capacity() < body.size() + simdjson::SIMDJSON_PADDING) {
    copy.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    copy.assign(body);
    readable = &copy;
  }
  const simdjson::padded_string_view padded(readable->data(), readable->size(), readable->capacity());
  ondemand::document document;
  ondemand::json_type type{};
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS || document.type().get(type) != simdjson::SUCCESS)
    return std::nullopt;
  Peek peek;
  ondemand::object object;
  if (type == ondemand::json_type::object && document.get_object().get(object) == simdjson::SUCCESS) {
    peek_object(object, names, nested, peek);
  } else if (nested && type == ondemand::json_type::array) {
    for (auto element : document.get_array()) {
      if (element.get_object().get(object) == simdjson::SUCCESS) peek_object(object, names, nested, peek);
      break;  // the first one speaks for all
    }
  }
  return peek.key ? peek.key : peek.nested_key;
}

engine::Result<std::string> chosen(const HttpRequest& request, std::optional<std::string> in_body,
                                   std::string_view member) {
  const auto authorization = request.header("authorization");
  if (const auto basic = basic_key(authorization)) {
    if (in_body && *in_body != *basic)
      return Error{Errc::unauthorized,
                   "The key in Authorization and " + std::string(member) + " in the body are not the same",
                   {}};
    return *basic;
  }
  if (in_body) return *std::move(in_body);
  if (const auto bearer = credentials(authorization, "Bearer")) return std::string(*bearer);
  return Error{Errc::unauthorized,
               "A key is missing: send it as the user name of Basic authentication, or as " + std::string(member) +
                   " in the body",
               {}};
}

}  // namespace

engine::Result<std::string> find_write_key(const HttpRequest& request) {
  return chosen(request, body_key(request.body, {"writeKey"}, false), "writeKey");
}

engine::Result<std::string> find_project_key(const HttpRequest& request) {
  return chosen(request, body_key(request.body, {"api_key", "token"}, true), "api_key");
}

}  // namespace leadlight::net
