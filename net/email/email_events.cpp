#include "net/email/email_events.hpp"

#include "net/text/json_writer.hpp"
#include "net/text/url_text.hpp"
#include "net/text/utf8.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace leadlight::net {
namespace {

namespace json = boost::json;
using engine::Errc;
using engine::Error;

constexpr std::size_t events_max = 10'000;
constexpr std::size_t recipients_max = 1'000;  // of one event
constexpr std::size_t property_bytes_max = 2 * 1024;
constexpr std::size_t text_bytes_max = 1U << 20U;  // SNS carries whole events as one text

/// Of the calling thread: checks what the tree's parser would let pass, such as a name that is there twice.
JsonReader& strict_reader() {
  thread_local JsonReader reader(JsonLimits{32, 5'000, text_bytes_max});
  return reader;
}

std::string_view view(const json::string& text) {
  return {text.data(), text.size()};
}

/// A text as it is; a number or truth as JSON writes it; of a list its first element. None of anything else.
std::optional<std::string> text_of(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(view(*text));
  if (const auto* array = value.if_array()) return array->empty() ? std::nullopt : text_of(array->front());
  if (value.is_object() || value.is_null()) return std::nullopt;
  return json::serialize(value);
}

/// The events of one call, and what they are read by.
class Call {
 public:
  Call(const EmailMapping& mapping, const MailMachines& machines, const HttpRequest& request, EventContext context)
      : mapping_(mapping), machines_(machines), request_(request), context_(std::move(context)) {}

  engine::Result<EmailIntake> read();

 private:
  struct Event {
    std::string type;
    bool by_machine = false;
    std::optional<std::string> id;
    std::optional<std::string> time_as_sent;
    std::string time_ms;
    std::string properties;
  };

  engine::Status parse(const std::string& text);
  void look_inside();
  void take(const json::value& event);
  std::optional<Error> read_time(const json::value& event, Event& to) const;
  [[nodiscard]] bool by_machine(const json::value& event) const;
  [[nodiscard]] std::string properties_of(const json::value& event) const;
  void add_record(const Event& event, std::string_view address);
  void reject(const Error& why);

  [[nodiscard]] std::optional<std::string> value_of(const ValueSource& source, const json::value& event) const;
  [[nodiscard]] std::optional<std::string> first_of(const ValueSources& sources, const json::value& event) const;
  [[nodiscard]] std::string name_of(const json::value& event) const;
  [[nodiscard]] std::vector<std::string> addresses_of(const json::value& event) const;

  const EmailMapping& mapping_;
  const MailMachines& machines_;
  const HttpRequest& request_;
  EventContext context_;
  json::value body_;    // the whole of it
  json::value inside_;  // what stands for it, where the mapping says so
  bool has_inside_ = false;
  EmailIntake intake_;
};

engine::Status Call::parse(const std::string& text) {
  std::vector<std::size_t> broken;  // elements of an array that break a rule: the others are good
  const auto checked =
      strict_reader().items(text, false, events_max, [&](std::size_t index, const engine::Result<JsonMembers>& item) {
        if (item) return;
        broken.push_back(index);
        reject(item.error());
      });
  if (!checked) return checked.error();
  json::error_code fault;
  body_ = json::parse(json::string_view(text.data(), text.size()), fault);
  if (fault) return Error{Errc::invalid, "The request body is not valid JSON", {}};
  auto* array = body_.if_array();
  if (array == nullptr && !broken.empty()) return Error{Errc::invalid, intake_.first_fault, {}};
  for (const auto index : broken) (*array)[index] = nullptr;
  return engine::Ok{};
}

void Call::look_inside() {
  if (!mapping_.inside) return;
  const auto found = pick(body_, *mapping_.inside);
  if (found.empty()) return;  // the body itself
  has_inside_ = true;
  const auto* text = found.front()->if_string();
  const std::string inside(text == nullptr ? std::string_view{} : view(*text));
  if (!inside.starts_with('{')) {
    ++intake_.ignored;  // words for people, such as that a topic was set up
    return;
  }
  if (const auto checked = strict_reader().object(inside); !checked) return reject(checked.error());
  json::error_code fault;
  inside_ = json::parse(inside, fault);
  if (fault) reject({Errc::invalid, "what stands for the body is not valid JSON", {}});
}

engine::Result<EmailIntake> Call::read() {
  std::string form_text;
  if (!mapping_.form_field.empty()) {
    const auto form = parse_form(request_.body);
    if (!form) return Error{Errc::invalid, "The request body is not a form", {}};
    for (const auto& [name, value] : *form)
      if (name == mapping_.form_field) form_text = value;
    if (form_text.empty())
      return Error{Errc::invalid, "The form has no field " + mapping_.form_field, mapping_.form_field};
  }
  if (auto parsed = parse(mapping_.form_field.empty() ? request_.body : form_text); !parsed) return parsed.error();
  look_inside();
  const auto& root = has_inside_ ? inside_ : body_;
  if (root.is_null()) return std::move(intake_);
  const auto events = pick(root, mapping_.events);
  if (events.size() > events_max)
    return Error{Errc::too_large, "The request holds more than " + std::to_string(events_max) + " events", {}};
  for (const auto* event : events) take(*event);
  return std::move(intake_);
}

std::optional<std::string> Call::value_of(const ValueSource& source, const json::value& event) const {
  if (source.place == ValueSource::Place::header) {
    const auto header = request_.header(source.header);
    return header && is_utf8(*header) ? std::optional(std::string(*header)) : std::nullopt;
  }
  for (const auto* value : pick(source.place == ValueSource::Place::body ? body_ : event, source.path))
    if (auto text = text_of(*value); text && !text->empty()) return text;
  return std::nullopt;
}

std::optional<std::string> Call::first_of(const ValueSources& sources, const json::value& event) const {
  for (const auto& source : sources)
    if (auto text = value_of(source, event)) return text;
  return std::nullopt;
}

std::string Call::name_of(const json::value& event) const {
  std::string name;
  for (const auto& source : mapping_.name)
    if (const auto part = value_of(source, event)) name.append(name.empty() ? "" : "/").append(*part);
  return name;
}

/// What stands between angle brackets, if anything does: "Ann <ann@example.com>".
std::string_view address_in(std::string_view text) {
  const auto open = text.rfind('<');
  const auto close = text.rfind('>');
  const bool named = open != std::string_view::npos && close != std::string_view::npos && open < close;
  return named ? text.substr(open + 1, close - open - 1) : text;
}

void add_texts(const json::value& value, std::vector<std::string>& to) {
  if (const auto* text = value.if_string()) {
    if (!text->empty()) to.emplace_back(address_in(view(*text)));
  } else if (const auto* array = value.if_array()) {
    for (const auto& element : *array)
      if (element.is_string()) add_texts(element, to);
  }
}

std::vector<std::string> Call::addresses_of(const json::value& event) const {
  std::vector<std::string> addresses;
  for (const auto& source : mapping_.email) {
    if (source.place == ValueSource::Place::header) continue;
    for (const auto* value : pick(source.place == ValueSource::Place::body ? body_ : event, source.path))
      add_texts(*value, addresses);
    if (!addresses.empty()) break;
  }
  return addresses;
}

void Call::reject(const Error& why) {
  ++intake_.rejected;
  if (!intake_.first_fault.empty()) return;
  intake_.first_fault = why.field.empty() ? why.what : why.field + ": " + why.what;
  // A reason goes into the log, and what it quotes may be an address.
  if (intake_.first_fault.find('@') != std::string::npos)
    intake_.first_fault = "a name within it breaks a rule of JSON";
}

void Call::take(const json::value& event) {
  const auto type = mapping_.type_of(name_of(event));
  if (type.empty()) {
    ++intake_.ignored;
    return;
  }
  const auto addresses = addresses_of(event);
  if (addresses.empty()) return reject({Errc::invalid, "the event names no e-mail address", {}});
  if (addresses.size() > recipients_max) return reject({Errc::invalid, "the event has more than 1,000 recipients", {}});
  Event read;
  read.type = type;
  if (const bool opened = type == "email_opened"; (opened || type == "email_clicked") && by_machine(event)) {
    read.by_machine = true;
    read.type = opened ? opened_by_proxy : clicked_by_scanner;
  }
  read.id = first_of(mapping_.id, event);
  if (auto fault = read_time(event, read)) return reject(*fault);
  read.properties = properties_of(event);
  for (const auto& address : addresses) add_record(read, address);
}

/// Milliseconds of a count of seconds or milliseconds; none when it is none, or out of reach.
std::optional<std::int64_t> milliseconds_of(std::string_view text, double unit) {
  double count = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  constexpr double furthest = 9e13;
  if (fault != std::errc{} || end != text.data() + text.size() || !std::isfinite(count)) return std::nullopt;
  if (std::abs(count * unit) > furthest) return std::nullopt;
  return static_cast<std::int64_t>(std::floor(count * unit));
}

std::optional<Error> Call::read_time(const json::value& event, Event& to) const {
  to.time_as_sent = first_of(mapping_.time, event);
  if (!to.time_as_sent) return std::nullopt;
  // What is no number is a date, whatever the format: SparkPost sends both.
  std::optional<std::int64_t> at;
  if (mapping_.time_format != EmailMapping::TimeFormat::iso8601) {
    const bool seconds = mapping_.time_format == EmailMapping::TimeFormat::unix_seconds;
    at = milliseconds_of(*to.time_as_sent, seconds ? 1'000 : 1);
  }
  if (const auto parsed = parse_time(*to.time_as_sent); parsed && !at) at = engine::to_ms(*parsed);
  if (!at) return Error{Errc::invalid, "the time of the event cannot be read", "time"};
  to.time_ms = std::to_string(*at);
  return std::nullopt;
}

bool Call::by_machine(const json::value& event) const {
  for (const auto& source : mapping_.machine_flags)
    if (const auto flag = value_of(source, event); flag && (*flag == "true" || *flag == "1")) return true;
  for (const auto& source : mapping_.agents)
    if (const auto agent = value_of(source, event); agent && machines_.match(*agent, mapping_.machine_fragments))
      return true;
  return false;
}

/// At most `property_bytes_max`, cut between characters.
std::string_view cut(std::string_view text) {
  if (text.size() <= property_bytes_max) return text;
  std::size_t end = property_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

std::string Call::properties_of(const json::value& event) const {
  JsonWriter out;
  out.object().member("vendor", mapping_.vendor);
  for (const auto& [name, sources] : mapping_.properties) {
    for (const auto& source : sources) {
      if (source.place == ValueSource::Place::header) {
        const auto text = value_of(source, event);
        if (!text) continue;
        out.member(name, cut(*text));
        break;
      }
      const auto found = pick(source.place == ValueSource::Place::body ? body_ : event, source.path);
      if (found.empty()) continue;
      if (const auto* text = found.front()->if_string()) {
        if (text->empty()) continue;
        out.member(name, cut(view(*text)));
      } else if (const auto raw = json::serialize(*found.front()); raw.size() <= property_bytes_max) {
        out.key(name).raw(raw);
      }
      break;
    }
  }
  out.end_object();
  return out.take();
}

void Call::add_record(const Event& event, std::string_view address) {
  const auto text = [](std::string_view name, std::string_view content, std::string_view raw) {
    return JsonMember{name, JsonKind::text, content, raw};
  };
  std::vector<JsonMember> members = {text("email", address, address),
                                     text("type", event.type, event.type),
                                     {"properties", JsonKind::object, {}, event.properties}};
  if (event.id) members.push_back(text("event_id", *event.id, *event.id));
  if (event.time_as_sent) members.push_back(text("occurred_at", event.time_ms, *event.time_as_sent));
  auto record = event_record(members, intake_.records.size(), context_);
  if (!record) return reject(record.error());
  intake_.records.push_back(*std::move(record));
  if (event.by_machine) ++intake_.by_machine;
}

}  // namespace

engine::Result<EmailIntake> read_email_events(const EmailMapping& mapping, const MailMachines& machines,
                                              const HttpRequest& request, EventContext context) {
  context.surface = engine::Surface::email_vendor;
  context.id_scope = "email/" + mapping.vendor;
  return Call(mapping, machines, request, std::move(context)).read();
}

}  // namespace leadlight::net
