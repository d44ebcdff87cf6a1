#include "net/email/email_mapping.hpp"

#include "net/text/toml_file.hpp"

#include <algorithm>
#include <array>

namespace leadlight::net {
namespace {

constexpr std::size_t vendor_bytes_max = 64;
constexpr std::size_t type_bytes_max = 100;
constexpr std::size_t properties_max = 32;
constexpr std::size_t agent_bytes_max = 2 * 1024;  // looked at

constexpr std::array<std::pair<std::string_view, SignatureScheme>, 6> schemes = {
    {{"none", SignatureScheme::none},
     {"ecdsa_p256_sha256", SignatureScheme::ecdsa_p256_sha256},
     {"hmac_sha256_hex", SignatureScheme::hmac_sha256_hex},
     {"hmac_sha256_base64", SignatureScheme::hmac_sha256_base64},
     {"standard_webhooks", SignatureScheme::standard_webhooks},
     {"sns", SignatureScheme::sns}}};

constexpr std::array<std::pair<std::string_view, EmailMapping::TimeFormat>, 3> time_formats = {
    {{"unix_seconds", EmailMapping::TimeFormat::unix_seconds},
     {"unix_milliseconds", EmailMapping::TimeFormat::unix_milliseconds},
     {"iso8601", EmailMapping::TimeFormat::iso8601}}};

template <class Choices>
auto choice(TomlTable& table, std::string_view key, const Choices& choices) {
  const auto text = table.text(key);
  auto chosen = choices.front().second;
  if (!text) return chosen;
  std::string all;
  for (const auto& [name, value] : choices) {
    if (name == *text) return value;
    all.append(all.empty() ? "" : ", ").append(name);
  }
  table.mistake(key, "\"" + *text + "\" is not known; use one of: " + all);
  return chosen;
}

std::string lower(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool is_word(std::string_view text, bool dashes) {
  return !text.empty() && std::ranges::all_of(text, [dashes](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (dashes && c == '-');
  });
}

engine::Result<ValueSource> source_of(std::string_view text) {
  constexpr std::string_view in_header = "$header.";
  constexpr std::string_view in_body = "$body.";
  if (text.starts_with(in_header))
    return ValueSource{ValueSource::Place::header, {}, lower(std::string(text.substr(in_header.size())))};
  const bool body = text.starts_with(in_body);
  auto path = parse_json_path(body ? text.substr(in_body.size()) : text);
  if (!path) return path.error();
  return ValueSource{body ? ValueSource::Place::body : ValueSource::Place::event, *std::move(path), {}};
}

ValueSources sources_of(TomlTable& table, std::string_view key, const std::vector<std::string>& texts) {
  ValueSources sources;
  for (const auto& text : texts) {
    auto source = source_of(text);
    if (source)
      sources.push_back(*std::move(source));
    else
      table.mistake(key, source.error().what);
  }
  return sources;
}

ValueSources sources(TomlTable& table, std::string_view key) {
  return sources_of(table, key, table.texts(key));
}

JsonPath path(TomlTable& table, std::string_view key, const std::optional<std::string>& text) {
  auto parsed = parse_json_path(text.value_or(""));
  if (parsed) return *std::move(parsed);
  table.mistake(key, parsed.error().what);
  return {};
}

void read_body(TomlTable table, EmailMapping& mapping) {
  mapping.form_field = table.text("form_field").value_or("");
  if (const auto inside = table.text("inside")) mapping.inside = path(table, "inside", inside);
  mapping.events = path(table, "events", table.text("events"));
  table.close();
}

void read_event(TomlTable table, EmailMapping& mapping) {
  table.require("name", "name = \"event\"");
  table.require("email", "email = \"email\"");
  mapping.name = sources(table, "name");
  mapping.email = sources(table, "email");
  mapping.id = sources(table, "id");
  mapping.time = sources(table, "time");
  if (!mapping.time.empty()) table.require("time_format", "time_format = \"unix_seconds\"");
  mapping.time_format = choice(table, "time_format", time_formats);
  table.close();
}

void read_types(TomlTable table, EmailMapping& mapping) {
  for (const auto& [name, types] : table.entries()) {
    const bool fits = types.size() == 1 && types.front().size() <= type_bytes_max && is_word(types.front(), false);
    if (fits)
      mapping.types.emplace_back(name, types.front());
    else
      table.mistake(name, "must be one type in snake_case of at most 100 characters, such as \"email_opened\"");
  }
}

void read_properties(TomlTable table, EmailMapping& mapping) {
  for (const auto& [name, texts] : table.entries())
    mapping.properties.emplace_back(name, sources_of(table, name, texts));
  if (mapping.properties.size() > properties_max)
    table.mistake(mapping.properties.back().first, "is one too many: at most 32 properties are kept");
}

void read_machine(TomlTable table, EmailMapping& mapping) {
  mapping.agents = sources(table, "agents");
  mapping.machine_flags = sources(table, "flags");
  for (auto& fragment : table.texts("fragments")) mapping.machine_fragments.push_back(lower(std::move(fragment)));
  table.close();
}

void read_signature(TomlTable table, SignatureRule& rule) {
  rule.scheme = choice(table, "scheme", schemes);
  const auto header = [&table](std::string_view key) { return lower(table.text(key).value_or("")); };
  rule.signature_header = header("signature_header");
  rule.timestamp_header = header("timestamp_header");
  rule.id_header = header("id_header");
  rule.prefix = table.text("prefix").value_or("");
  using Scheme = SignatureScheme;
  if (rule.scheme != Scheme::none && rule.scheme != Scheme::sns)
    table.require("signature_header", "signature_header = \"X-Signature\"");
  if (rule.scheme == Scheme::ecdsa_p256_sha256 || rule.scheme == Scheme::standard_webhooks)
    table.require("timestamp_header", "timestamp_header = \"webhook-timestamp\"");
  if (rule.scheme == Scheme::standard_webhooks) table.require("id_header", "id_header = \"webhook-id\"");
  table.close();
}

}  // namespace

std::string_view label(SignatureScheme scheme) {
  for (const auto& [name, known] : schemes)
    if (known == scheme) return name;
  return "none";
}

std::string_view EmailMapping::type_of(std::string_view own_name) const {
  for (;;) {
    const auto at =
        std::ranges::lower_bound(types, own_name, {}, [](const auto& entry) { return std::string_view(entry.first); });
    if (at != types.end() && at->first == own_name) return at->second;
    const auto slash = own_name.rfind('/');
    if (slash == std::string_view::npos) return {};
    own_name = own_name.substr(0, slash);
  }
}

bool MailMachines::match(std::string_view agent, const std::vector<std::string>& further) const {
  const auto name = lower(std::string(agent.substr(0, agent_bytes_max)));
  const auto within = [&name](const std::string& fragment) { return name.find(fragment) != std::string::npos; };
  return std::ranges::find(equals, name) != equals.end() || std::ranges::any_of(contains, within) ||
         std::ranges::any_of(further, within);
}

engine::Result<EmailMapping> read_email_mapping(std::string_view toml, const std::string& file_name) {
  TomlFile file(toml, file_name);
  if (!file.clean()) return file.error();
  auto root = file.root();
  EmailMapping mapping;
  root.require("vendor", "vendor = \"acme\"");
  mapping.vendor = root.text("vendor").value_or("");
  if (!mapping.vendor.empty() && (mapping.vendor.size() > vendor_bytes_max || !is_word(mapping.vendor, true)))
    root.mistake("vendor", "must be 1 to 64 lower-case letters, digits, '-' or '_': it is a part of the route");
  mapping.title = root.text("title").value_or(mapping.vendor);
  root.require("event", "[event]");
  root.require("types", "[types]");
  read_body(root.table("body"), mapping);
  read_event(root.table("event"), mapping);
  read_types(root.table("types"), mapping);
  read_properties(root.table("properties"), mapping);
  read_machine(root.table("machine"), mapping);
  read_signature(root.table("signature"), mapping.signature);
  root.close();
  if (!file.clean()) return file.error();
  return mapping;
}

engine::Result<MailMachines> read_mail_machines(std::string_view toml, const std::string& file_name) {
  TomlFile file(toml, file_name);
  if (!file.clean()) return file.error();
  auto root = file.root();
  MailMachines machines;
  for (auto& text : root.texts("contains")) machines.contains.push_back(lower(std::move(text)));
  for (auto& text : root.texts("equals")) machines.equals.push_back(lower(std::move(text)));
  root.close();
  if (!file.clean()) return file.error();
  return machines;
}

}  // namespace leadlight::net
