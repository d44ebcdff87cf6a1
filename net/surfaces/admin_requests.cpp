#include "net/surfaces/admin_text.hpp"
#include "net/surfaces/surface.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;
using engine::Status;
constexpr std::size_t write_to_bytes_max = 254;
using Pairs = std::vector<std::pair<std::string, std::string>>;

Error refuse(std::string_view field, std::string_view rule) {
  return {Errc::invalid, std::string(field).append(" ").append(rule), std::string(field)};
}

Error unknown(std::string_view name) {
  return {Errc::invalid, "\"" + std::string(name) + "\" is not a member of this request", std::string(name)};
}

Status take_text(const JsonMember& member, std::string& to) {
  if (member.kind != JsonKind::text) return refuse(member.name, "must be a string");
  to = member.text;
  return engine::Ok{};
}

Status take_flag(const JsonMember& member, bool& to) {
  if (member.kind != JsonKind::boolean) return refuse(member.name, "must be true or false");
  to = member.text == "true";
  return engine::Ok{};
}

/// The texts of an array such as ["hg","leads"], whose grammar the reader has checked.
Status take_texts(const JsonMember& member, std::vector<std::string>& to) {
  const auto fault = refuse(member.name, "must be an array of plain strings");
  if (member.kind != JsonKind::array) return fault;
  auto rest = member.raw.substr(1);
  for (;;) {
    const auto next = rest.find_first_not_of(" \t\r\n,");
    if (rest[next] == ']') return engine::Ok{};
    const auto end = rest.find('"', next + 1);
    if (rest[next] != '"') return fault;
    const auto text = rest.substr(next + 1, end - next - 1);
    if (text.find('\\') != std::string_view::npos) return fault;  // no scope needs an escape
    to.emplace_back(text);
    rest.remove_prefix(end + 1);
  }
}

/// Texts, numbers and truths by name, as texts.
Status take_pairs(const std::string& name, const std::string& raw, Pairs& to) {
  JsonReader reader;
  const auto members = reader.object(raw);
  if (!members) return Error{Errc::invalid, name + " must be an object of strings", name};
  for (const auto& member : *members) {
    if (member.kind != JsonKind::text && member.kind != JsonKind::number && member.kind != JsonKind::boolean)
      return refuse(name + "." + std::string(member.name), "must be a string");
    to.emplace_back(member.name, member.text);
  }
  return engine::Ok{};
}

engine::Result<std::optional<std::uint32_t>> take_rate(const JsonMember& member) {
  if (member.kind == JsonKind::null) return std::optional<std::uint32_t>{};
  std::uint32_t rate = 0;
  const char* const end = member.text.data() + member.text.size();
  const auto [stopped, fault] = std::from_chars(member.text.data(), end, rate);
  if (member.kind != JsonKind::number || fault != std::errc{} || stopped != end || rate == 0)
    return refuse("rate", "must be a whole number of requests a second, at least 1, or null for no limit");
  return std::optional(rate);
}

}  // namespace

engine::Result<actors::CreateKey> parse_create_key(const std::string& body) {
  const auto members = json_reader().object(body);
  if (!members) return members.error();
  actors::CreateKey act;
  for (const auto& member : *members) {
    Status taken = engine::Ok{};
    if (member.name == "name") {
      taken = take_text(member, act.name);
    } else if (member.name == "scopes") {
      taken = take_texts(member, act.scopes);
    } else if (member.name == "rate") {
      const auto rate = take_rate(member);
      if (!rate) return rate.error();
      act.rate = *rate;
    } else if (member.name == "on_unavailable") {
      if (member.kind != JsonKind::text || (member.text != "spool" && member.text != "refuse"))
        return refuse("on_unavailable", "must be spool or refuse; without it the surface decides");
      act.on_unavailable = member.text == "spool" ? actors::OnUnavailable::spool : actors::OnUnavailable::refuse;
    } else {
      return unknown(member.name);
    }
    if (!taken) return taken.error();
  }
  if (act.name.empty()) return refuse("name", "is required");
  if (act.scopes.empty()) return refuse("scopes", "must name at least one scope");
  constexpr std::array<std::string_view, 7> known = {"hg",       "sixsense", "events", "leads",
                                                     "typeform", "hubspot",  "admin"};
  for (const auto& scope : act.scopes)
    if (std::ranges::find(known, scope) == known.end())
      return refuse("scopes",
                    "may hold hg, sixsense, events, leads, typeform, hubspot and admin, not \"" + scope + "\"");
  return act;
}

engine::Result<actors::AddTarget> parse_add_target(const std::string& body) {
  const auto members = json_reader().object(body);
  if (!members) return members.error();
  actors::AddTarget act;
  for (const auto& member : *members) {
    Status taken = engine::Ok{};
    if (member.name == "kind")
      taken = take_text(member, act.kind);
    else if (member.name == "name")
      taken = take_text(member, act.name);
    else if (member.name == "replace")
      taken = take_flag(member, act.replace);
    else if (member.name == "options")
      taken = take_pairs("options", std::string(member.raw), act.options);
    else if (member.name == "secrets")
      taken = take_pairs("secrets", std::string(member.raw), act.secrets);
    else
      return unknown(member.name);
    if (!taken) return taken.error();
  }
  if (act.kind.empty()) return refuse("kind", "is required");
  if (act.name.empty()) return refuse("name", "is required");
  return act;
}

engine::Result<actors::ExamineTarget> parse_examine_target(const std::string& body) {
  actors::ExamineTarget act;
  if (body.empty()) return act;
  const auto members = json_reader().object(body);
  if (!members) return members.error();
  for (const auto& member : *members) {
    if (member.name != "write_to") return unknown(member.name);
    if (member.kind == JsonKind::null) continue;
    if (auto taken = take_text(member, act.write_to); !taken) return taken.error();
    if (act.write_to.empty() || act.write_to.size() > write_to_bytes_max)
      return refuse("write_to", "must be an e-mail address or the id of a record");
  }
  return act;
}

engine::Result<actors::AddSource> parse_add_source(const std::string& body) {
  const auto members = json_reader().object(body);
  if (!members) return members.error();
  actors::AddSource act;
  for (const auto& member : *members) {
    Status taken = engine::Ok{};
    if (member.name == "kind")
      taken = take_text(member, act.kind);
    else if (member.name == "name")
      taken = take_text(member, act.name);
    else if (member.name == "target" && member.kind != JsonKind::null)
      taken = take_text(member, act.target);
    else if (member.name == "options")
      taken = take_pairs("options", std::string(member.raw), act.options);
    else if (member.name == "secrets")
      taken = take_pairs("secrets", std::string(member.raw), act.secrets);
    else if (member.name != "target")
      return unknown(member.name);
    if (!taken) return taken.error();
  }
  if (act.kind.empty()) return refuse("kind", "is required");
  if (act.name.empty()) return refuse("name", "is required");
  return act;
}

engine::Result<DeadLetterAct> parse_dead_letter_act(const std::string& body, bool may_dry_run) {
  const auto members = json_reader().object(body);
  if (!members) return members.error();
  DeadLetterAct act;
  for (const auto& member : *members) {
    Status taken = engine::Ok{};
    if (member.name == "target")
      taken = take_text(member, act.target);
    else if (member.name == "email" && member.kind != JsonKind::null)
      taken = take_text(member, act.email);
    else if (member.name == "dry_run" && may_dry_run)
      taken = take_flag(member, act.dry_run);
    else if (member.name != "email")
      return unknown(member.name);
    if (!taken) return taken.error();
  }
  if (act.target.empty()) return refuse("target", "is required");
  if (act.email.empty()) return act;
  auto email = normalise_email(act.email);
  if (!email) return email.error();
  act.email = std::move(*email);
  return act;
}

}  // namespace leadlight::net
