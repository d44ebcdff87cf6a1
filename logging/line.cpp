#include "logging/line.hpp"

#include "logging/privacy.hpp"

#include <random>
#include <vector>

namespace leadlight::logging {
namespace {

constexpr std::size_t value_bytes_max = 4 * 1024;
// Between the parts of a packed text; neither is in one, since control characters are taken out first.
constexpr char next_field = '\x1e';
constexpr char next_part = '\x1f';

/// Printable, scrubbed, bounded; cut between characters of UTF-8.
std::string clean(std::string_view text) {
  auto kept = text.substr(0, value_bytes_max);
  if (kept.size() < text.size())
    while (!kept.empty() && (static_cast<unsigned char>(text[kept.size()]) & 0xC0U) == 0x80U) kept.remove_suffix(1);
  std::string plain = scrubbed(kept);
  for (auto& c : plain)
    if (static_cast<unsigned char>(c) < 0x20U || c == '\x7f') c = ' ';
  return plain;
}

std::size_t sequence_size(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(at);
  if (first < 0x80U) return 1;
  const std::size_t size = first >= 0xF0U && first <= 0xF4U ? 4 : first >= 0xE0U ? 3 : first >= 0xC2U ? 2 : 0;
  if (size == 0 || (first >= 0xF5U)) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(at + i) & 0xC0U) != 0x80U) return 0;
  if ((first == 0xE0U && byte(at + 1) < 0xA0U) || (first == 0xEDU && byte(at + 1) > 0x9FU)) return 0;
  if ((first == 0xF0U && byte(at + 1) < 0x90U) || (first == 0xF4U && byte(at + 1) > 0x8FU)) return 0;
  return size;
}

void add_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const auto size = sequence_size(text, at);
    if (size == 0) {  // not UTF-8: a collector would refuse the whole line
      out += "\xEF\xBF\xBD";
      ++at;
      continue;
    }
    if (size == 1 && (text[at] == '"' || text[at] == '\\')) out += '\\';
    out.append(text.substr(at, size));
    at += size;
  }
  out += '"';
}

bool needs_quotes(std::string_view value) {
  return value.find_first_of(" \"=\\") != std::string_view::npos;
}

std::string text_line(std::string_view time, std::string_view level, std::string_view message, Fields fields) {
  std::string out;
  out.append(time).append(" ").append(level).append(" ").append(clean(message));
  for (const auto& field : fields) {
    if (field.value.empty()) continue;
    const auto value = clean(field.value);
    out.append(" ").append(field.name).append("=");
    if (needs_quotes(value))
      add_quoted(out, value);
    else
      out += value;
  }
  return out;
}

std::string json_line(std::string_view time, std::string_view level, std::string_view message, Fields fields) {
  std::string out = R"({"time":")";
  out.append(time).append(R"(","level":")").append(level).append(R"(","message":)");
  add_quoted(out, clean(message));
  for (const auto& field : fields) {
    if (field.value.empty()) continue;
    out.append(",\"").append(field.name).append("\":");
    if (field.bare)
      out += field.value;
    else
      add_quoted(out, clean(field.value));
  }
  return out += '}';
}

/// What packed texts begin with. Nobody outside knows it, so nobody's words can pass for a packed text.
const std::string& mark() {
  static const std::string once = [] {
    std::random_device system;
    std::string text(1, next_field);
    for (int i = 0; i < 4; ++i) text += std::to_string(system()) + next_part;
    return text;
  }();
  return once;
}

std::string without_controls(std::string_view text) {
  std::string plain(text);
  for (auto& c : plain)
    if (static_cast<unsigned char>(c) < 0x20U) c = ' ';
  return plain;
}

std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(mark);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string line(Format format, std::string_view time, std::string_view level, std::string_view message,
                 Fields fields) {
  return format == Format::json ? json_line(time, level, message, fields) : text_line(time, level, message, fields);
}

std::string packed(std::string_view message, Fields fields) {
  auto text = mark() + without_controls(message);
  for (const auto& field : fields) {
    text += next_field;
    text.append(field.name) += next_part;
    text.append(field.bare ? "#" : "$").append(without_controls(field.value));
  }
  return text;
}

std::string unpacked_line(Format format, std::string_view time, std::string_view level, std::string_view packed_text) {
  if (!packed_text.starts_with(mark())) return line(format, time, level, packed_text, {});
  const auto parts = split(packed_text.substr(mark().size()), next_field);
  std::vector<Field> fields;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto at = parts[i].find(next_part);
    if (at == std::string_view::npos || at + 1 >= parts[i].size()) continue;
    Field field{parts[i].substr(0, at), parts[i].substr(at + 2)};
    field.bare = parts[i][at + 1] == '#';
    fields.push_back(std::move(field));
  }
  return line(format, time, level, parts.front(), fields);
}

}  // namespace leadlight::logging
