#include "net/cloud_event.hpp"

#include "net/text/base64.hpp"
#include "net/text/url_text.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;

constexpr std::string_view batch_prefix = "application/cloudevents-batch";
constexpr std::string_view structured_prefix = "application/cloudevents";

/// What this engine looks at of an event; extensions are passed over, a tenant among them: the key says whose it is.
struct Attributes {
  std::optional<std::string> id;
  std::optional<std::string> source;
  std::optional<std::string> specversion;
  std::optional<std::string> type;
  std::optional<std::string> time;
  std::optional<std::string> subject;
  std::optional<std::string> datacontenttype;
  std::string data;  // JSON; empty: none that can be read
};

using Text = std::optional<std::string> Attributes::*;
constexpr std::array<std::pair<std::string_view, Text>, 7> texts = {{
    {"id", &Attributes::id},
    {"source", &Attributes::source},
    {"specversion", &Attributes::specversion},
    {"type", &Attributes::type},
    {"time", &Attributes::time},
    {"subject", &Attributes::subject},
    {"datacontenttype", &Attributes::datacontenttype},
}};

/// "application/json", "application/vnd.acme+json; charset=utf-8"; also when nothing is said.
bool is_json(const std::optional<std::string>& content_type) {
  constexpr std::string_view suffix = "+json";
  const auto type = media_type_of(content_type ? *content_type : std::string_view{});
  const auto end = type.substr(type.size() - std::min(type.size(), suffix.size()));
  return type.empty() || boost::beast::iequals(type, "application/json") || boost::beast::iequals(type, "text/json") ||
         boost::beast::iequals(end, suffix);
}

/// Of the calling thread; the attributes may still lie in its other one.
JsonReader& data_reader() {
  thread_local JsonReader reader;
  return reader;
}

std::optional<Error> check_required(const Attributes& attributes) {
  for (const auto& [name, member] : texts) {
    const auto& value = attributes.*member;
    if (name == "time") break;  // this one and those after it are optional
    if (!value) return refuse_member(name, "is required in a CloudEvent");
    if (value->empty()) return refuse_member(name, "must not be empty");
  }
  if (*attributes.specversion != "1.0")
    return refuse_member("specversion", "must be 1.0; this event says " + attributes.specversion->substr(0, 20));
  return std::nullopt;
}

/// Our own member names, and what a sender of CloudEvents calls them.
Error in_their_words(Error error) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> names = {
      {{"email", "data.email"}, {"occurred_at", "time"}, {"event_id", "id"}, {"properties", "data"}}};
  for (const auto& [ours, theirs] : names) {
    if (error.field != ours) continue;
    if (error.what.starts_with(ours)) error.what.replace(0, ours.size(), theirs);
    error.field = theirs;
    break;
  }
  return error;
}

JsonMember text_member(std::string_view name, std::string_view text) {
  return {name, JsonKind::text, text, text};
}

engine::Result<engine::Record> record_of(const Attributes& attributes, std::size_t index, const EventContext& context) {
  if (auto fault = check_required(attributes)) return *fault;
  const auto type = cloud_event_name(*attributes.type);
  std::vector<JsonMember> members = {text_member("type", type), text_member("event_id", *attributes.id)};
  if (attributes.time) members.push_back(text_member("occurred_at", *attributes.time));
  std::optional<std::string> email;
  if (!attributes.data.empty()) {
    const auto data = data_reader().object(attributes.data);
    if (!data) return Error{Errc::invalid, "data: " + data.error().what, "data"};
    for (const auto& member : *data)
      if (member.name == "email" && member.kind == JsonKind::text) email = member.text;
    members.push_back({"properties", JsonKind::object, {}, attributes.data});
  }
  if (!email && attributes.subject && attributes.subject->find('@') != std::string::npos) email = attributes.subject;
  if (!email) return refuse_member("data.email", "is required, or a subject that is an e-mail address");
  members.push_back(text_member("email", *email));
  EventContext scoped = context;
  scoped.surface = engine::Surface::cloudevents;
  // A URI reference: some senders encode its % for a header, as they must, others do not, and it is the same source.
  scoped.id_scope = percent_decode(*attributes.source).value_or(*attributes.source);
  auto record = event_record(members, index, scoped);
  if (!record) return in_their_words(record.error());
  return record;
}

}  // namespace

CloudEventMode cloud_event_mode(const HttpRequest& request) {
  const auto type = media_type_of(request.header("content-type").value_or(""));
  const auto begins_with = [type](std::string_view prefix) {
    return boost::beast::iequals(type.substr(0, prefix.size()), prefix);
  };
  const auto in_json = [type](std::string_view prefix, CloudEventMode mode) {
    const auto format = type.substr(prefix.size());
    return format.empty() || boost::beast::iequals(format, "+json") ? mode : CloudEventMode::unknown;
  };
  if (begins_with(batch_prefix)) return in_json(batch_prefix, CloudEventMode::batched);
  if (begins_with(structured_prefix)) return in_json(structured_prefix, CloudEventMode::structured);
  return request.header("ce-specversion") ? CloudEventMode::binary : CloudEventMode::none;
}

std::string cloud_event_name(std::string_view type) {
  type.remove_prefix(type.rfind('.') + 1);  // npos + 1 is 0
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto is_lower = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  std::string name;
  for (std::size_t i = 0; i < type.size(); ++i) {
    const char c = type[i];
    if (c == '-' || c == ' ' || c == '/' || c == ':') {
      name += '_';
    } else if (is_upper(c)) {
      const bool after_lower = i > 0 && is_lower(type[i - 1]);
      const bool ends_capitals = i > 0 && is_upper(type[i - 1]) && i + 1 < type.size() && is_lower(type[i + 1]);
      if (after_lower || ends_capitals) name += '_';
      name += static_cast<char>(c - 'A' + 'a');
    } else {
      name += c;
    }
  }
  return name;
}

engine::Result<engine::Record> cloud_event_record(JsonMembers attributes, std::size_t index,
                                                  const EventContext& context) {
  Attributes read;
  const JsonMember* encoded = nullptr;
  for (const auto& member : attributes) {
    if (member.kind == JsonKind::null) continue;
    if (member.name == "data" && member.kind == JsonKind::object) read.data = member.raw;
    if (member.name == "data_base64") encoded = &member;
    const auto* const known = std::ranges::find(texts, member.name, [](const auto& entry) { return entry.first; });
    if (known == texts.end()) continue;
    if (member.kind != JsonKind::text) return refuse_member(member.name, "must be a string");
    read.*(known->second) = std::string(member.text);
  }
  if (encoded != nullptr && is_json(read.datacontenttype)) {
    auto bytes = encoded->kind == JsonKind::text ? decode_base64(encoded->text) : std::nullopt;
    if (!bytes) return refuse_member("data_base64", "must be Base64");
    read.data = *std::move(bytes);
  }
  return record_of(read, index, context);
}

engine::Result<engine::Record> binary_cloud_event_record(const HttpRequest& request, const EventContext& context) {
  Attributes read;
  for (const auto& [name, member] : texts) {
    const auto header = request.header(std::string("ce-").append(name));
    if (!header) continue;
    read.*member = percent_decode(*header);
    if (!(read.*member)) return refuse_member(name, "is not valid percent-encoded UTF-8");
  }
  if (const auto type = request.header("content-type")) read.datacontenttype = std::string(*type);
  if (!request.body.empty() && is_json(read.datacontenttype)) read.data = request.body;
  return record_of(read, 0, context);
}

}  // namespace leadlight::net
