#include "tools/demo/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace leadlight::tools {
namespace {

/// The text before `separator`, which is taken off `rest`; all of it when there is none.
std::string_view take(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto taken = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return taken;
}

template <class Number>
bool read(std::string_view text, Number& number) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc{} && end == text.data() + text.size();
}

std::optional<DemoEvent> parse_row(std::string_view row) {
  DemoEvent event;
  if (!read(take(row, ','), event.lead) || event.lead == 0 || !read(take(row, ','), event.seconds)) return std::nullopt;
  if (row.empty() || row.find(',') != std::string_view::npos) return std::nullopt;
  event.type = row;
  return event;
}

}  // namespace

engine::Result<DemoStream> parse_stream(std::string_view csv) {
  DemoStream stream;
  take(csv, '\n');
  for (std::size_t line = 2; !csv.empty(); ++line) {
    const auto event = parse_row(take(csv, '\n'));
    if (!event) {
      return engine::Error{
          engine::Errc::invalid, fmt::format("line {} is not a lead number, seconds and a type", line), {}};
    }
    (event->seconds < 0 ? stream.history : stream.live).push_back(*event);
    stream.leads = std::max(stream.leads, event->lead);
  }
  const auto earlier = [](const DemoEvent& a, const DemoEvent& b) { return a.seconds < b.seconds; };
  std::stable_sort(stream.history.begin(), stream.history.end(), earlier);
  std::stable_sort(stream.live.begin(), stream.live.end(), earlier);
  return stream;
}

}  // namespace leadlight::tools
