#include "tools/app.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <utility>

namespace leadlight::tools {

namespace {

using engine::Errc;
using engine::Error;
using engine::Result;
using engine::Status;

Error bad(std::string where, const std::string& value, const std::string& remedy) {
  return Error{Errc::invalid, where + ": '" + value + "' does not fit; " + remedy, where};
}

template <class T>
Result<T> number(const std::string& where, const std::string& text, T least, T most) {
  T value{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && value >= least && value <= most)
    return value;
  std::ostringstream remedy;
  remedy << "write a number from " << least << " to " << most;
  return bad(where, text, remedy.str());
}

using Set = std::function<Status(ServerConfig&, const std::string& where, const std::string& text)>;

template <class T>
Set to_number(T ServerConfig::*member, T least, T most) {
  return [=](ServerConfig& config, const std::string& where, const std::string& text) -> Status {
    auto value = number<T>(where, text, least, most);
    if (!value) return value.error();
    config.*member = *value;
    return engine::Ok{};
  };
}

Set to_text(std::string ServerConfig::*member) {
  return [=](ServerConfig& config, const std::string&, const std::string& text) -> Status {
    config.*member = text;
    return engine::Ok{};
  };
}

Set to_choice(std::string ServerConfig::*member, std::vector<std::string> choices) {
  return [=](ServerConfig& config, const std::string& where, const std::string& text) -> Status {
    std::string all;
    for (const auto& choice : choices) {
      if (choice == text) {
        config.*member = text;
        return engine::Ok{};
      }
      all += (all.empty() ? "" : ", ") + choice;
    }
    return bad(where, text, "use one of: " + all);
  };
}

Set to_flag(bool ServerConfig::*member) {
  return [=](ServerConfig& config, const std::string& where, const std::string& text) -> Status {
    if (text != "true" && text != "false") return bad(where, text, "use true or false");
    config.*member = text == "true";
    return engine::Ok{};
  };
}

Set to_seconds(engine::Milliseconds ServerConfig::*member, std::int64_t least, std::int64_t most) {
  return [=](ServerConfig& config, const std::string& where, const std::string& text) -> Status {
    auto seconds = number<std::int64_t>(where, text, least, most);
    if (!seconds) return seconds.error();
    config.*member = std::chrono::seconds{*seconds};
    return engine::Ok{};
  };
}

Status set_retention(ServerConfig& config, const std::string& where, const std::string& text) {
  auto days = number<std::int64_t>(where, text, 91, 3'650);
  if (!days) return days.error();
  config.log_retention = *days * engine::day;
  return engine::Ok{};
}

Status set_ports(ServerConfig& config, const std::string& where, const std::string& text) {
  std::vector<std::uint16_t> ports;
  for (std::size_t at = 0; (at = text.find_first_not_of(", ", at)) != std::string::npos;) {
    const auto end = std::min(text.find_first_of(", ", at), text.size());
    auto port = number<std::uint16_t>(where, text.substr(at, end - at), 1, 65'535);
    if (!port) return port.error();
    ports.push_back(*port);
    at = end;
  }
  config.outbound_ports = std::move(ports);
  return engine::Ok{};
}

struct Setting {
  std::string_view section;
  std::string_view key;
  Set set;
};

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = {
      {"server", "listen", to_text(&ServerConfig::listen)},
      {"server", "connections_per_address_max",
       to_number<std::size_t>(&ServerConfig::connections_per_address_max, 0, 10'000)},
      {"server", "bodies_bytes_max", to_number<std::size_t>(&ServerConfig::bodies_bytes_max, 1U << 20U, 1ULL << 40U)},
      {"server", "core_dumps", to_flag(&ServerConfig::core_dumps)},
      {"server", "io_threads", to_number<std::size_t>(&ServerConfig::io_threads, 1, 64)},
      {"server", "requests_per_organisation_max",
       to_number<std::uint32_t>(&ServerConfig::requests_per_organisation_max, 0, 1'000'000)},
      {"server", "sandbox", to_text(&ServerConfig::sandbox)},
      {"server.tls", "certificate", to_text(&ServerConfig::tls_certificate)},
      {"server.tls", "key", to_text(&ServerConfig::tls_key)},
      {"actors", "lead_host", to_choice(&ServerConfig::lead_host, {"hosted", "spawned"})},
      {"actors", "shard_actors", to_number<std::size_t>(&ServerConfig::shard_actors, 1, engine::shard_count)},
      {"actors", "in_flight_max", to_number<std::size_t>(&ServerConfig::in_flight_max, 1, 1'000'000)},
      {"actors", "events_per_lead_max", to_number<std::uint32_t>(&ServerConfig::events_per_lead_max, 10, 100'000)},
      {"actors", "resident_bytes_max",
       to_number<std::uint64_t>(&ServerConfig::resident_bytes_max, 1ULL << 20U, 1ULL << 44U)},
      {"storage", "block_cache_bytes",
       to_number<std::uint64_t>(&ServerConfig::block_cache_bytes, 1ULL << 20U, 1ULL << 44U)},
      {"storage", "low_water_bytes", to_number<std::uint64_t>(&ServerConfig::low_water_bytes, 0, 1ULL << 50U)},
      {"storage", "low_water_share", to_number<double>(&ServerConfig::low_water_share, 0.0, 1.0)},
      {"storage", "log_retention_days", set_retention},
      {"segment", "cors_origins", to_text(&ServerConfig::cors_origins)},
      {"cloudevents", "webhook_origins", to_text(&ServerConfig::webhook_origins)},
      {"cloudevents", "webhook_rate", to_number<std::uint32_t>(&ServerConfig::webhook_rate, 0, 1'000'000)},
      {"log", "format", to_choice(&ServerConfig::log_format, {"text", "json"})},
      {"sources", "poll_interval_seconds", to_seconds(&ServerConfig::source_poll_interval, 1, 86'400)},
      {"sources", "deadline_seconds", to_seconds(&ServerConfig::source_deadline, 1, 86'400)},
      {"sources", "allow_partial", to_flag(&ServerConfig::source_allow_partial)},
      {"spool", "enabled", to_flag(&ServerConfig::spool)},
      {"spool", "bytes_max", to_number<std::uint64_t>(&ServerConfig::spool_bytes_max, 4'096, 4'000'000'000)},
      {"spool", "wait_ms", to_number<std::uint32_t>(&ServerConfig::spool_wait_ms, 10, 60'000)},
      {"hooks", "email_mappings_dir", to_text(&ServerConfig::email_mappings_dir)},
      {"server", "streams_per_organisation_max",
       to_number<std::size_t>(&ServerConfig::streams_per_organisation_max, 1, 10'000)},
      {"server", "streams_max", to_number<std::size_t>(&ServerConfig::streams_max, 1, 10'000)},
      {"outbound", "allowed_bases", to_text(&ServerConfig::outbound_allowed_bases)},
      {"outbound", "ports", set_ports},
      {"log", "level", to_choice(&ServerConfig::log_level, {"debug", "info", "warn", "error", "critical"})},
  };
  return all;
}

/// Whether `text_of` says all of it.
bool is_plain(const toml::node& node) {
  if (const auto* list = node.as_array())
    return std::all_of(list->begin(), list->end(), [](const toml::node& each) { return is_plain(each); });
  return node.is_string() || node.is_integer() || node.is_floating_point() || node.is_boolean();
}

std::string text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  std::ostringstream out;
  if (const auto* list = node.as_array())
    for (const auto& each : *list) out << (&each == &list->front() ? "" : ", ") << text_of(each);
  if (const auto* whole = node.as_integer()) out << whole->get();
  if (const auto* real = node.as_floating_point()) out << real->get();
  if (const auto* flag = node.as_boolean()) out << (flag->get() ? "true" : "false");
  return out.str();
}

Status read_section(const std::string& file, std::string_view section, const toml::table& table, ServerConfig& config) {
  for (const auto& [key, node] : table) {
    if (const auto* below = node.as_table(); below != nullptr && section == "server" && key == "tls") {
      if (auto read = read_section(file, "server.tls", *below, config); !read) return read.error();
      continue;
    }
    const Setting* known = nullptr;
    for (const auto& setting : settings())
      if (setting.section == section && setting.key == key.str()) known = &setting;
    const std::string where = file + ":" + std::to_string(node.source().begin.line) + ": " + std::string{section} +
                              "." + std::string{key.str()};
    if (known == nullptr)
      return Error{Errc::invalid, where + " is not a setting; see docs/guides/operations.md", std::string{key.str()}};
    if (!is_plain(node))
      return Error{Errc::invalid, where + " is a table or a date; write a text, a number, true or false, or a list",
                   std::string{key.str()}};
    if (auto set = known->set(config, where, text_of(node)); !set) return set.error();
  }
  return engine::Ok{};
}

Status read_file(const std::filesystem::path& path, ServerConfig& config) {
  std::ifstream in{path};
  if (!in) return Error{Errc::not_found, "the configuration file " + path.string() + " cannot be read", "config"};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  toml::table parsed;
  try {
    parsed = toml::parse(text, path.string());
  } catch (const toml::parse_error& error) {
    return Error{
        Errc::invalid,
        path.string() + ":" + std::to_string(error.source().begin.line) + ": " + std::string{error.description()},
        "config"};
  }
  for (const auto& [section, node] : parsed) {
    const auto* table = node.as_table();
    const std::string name{section.str()};
    if (table == nullptr ||
        (name != "server" && name != "actors" && name != "storage" && name != "spool" && name != "sources" &&
         name != "hooks" && name != "outbound" && name != "segment" && name != "cloudevents" && name != "log"))
      return Error{Errc::invalid,
                   path.string() + ":" + std::to_string(node.source().begin.line) + ": [" + name +
                       "] is not a section; use [server], [actors], [storage], [spool], [sources], [hooks], "
                       "[outbound], [segment], [cloudevents] or [log]",
                   name};
    if (auto read = read_section(path.string(), name, *table, config); !read) return read.error();
  }
  return engine::Ok{};
}

std::string variable_of(const Setting& setting) {
  std::string name = "LEADLIGHT_" + std::string{setting.section} + "_" + std::string{setting.key};
  for (auto& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '.') c = '_';
  }
  return name;
}

}  // namespace

Result<ServerConfig> read_config(const std::optional<std::filesystem::path>& file, ServerConfig config) {
  if (file)
    if (auto read = read_file(*file, config); !read) return read.error();
  for (const auto& setting : settings()) {
    const std::string name = variable_of(setting);
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) continue;
    if (auto set = setting.set(config, name, value); !set) return set.error();
  }
  if (const char* faults = std::getenv("LEADLIGHT_STORAGE_FAULTS"); faults != nullptr) config.storage_faults = faults;
  return config;
}

}  // namespace leadlight::tools
