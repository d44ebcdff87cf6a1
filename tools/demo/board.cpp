#include "tools/demo/board.hpp"

#include "net/http/http.hpp"

#include <fmt/format.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace leadlight::tools {
namespace {

constexpr std::size_t rows_shown_max = 15;
constexpr std::size_t lines_above_rows = 4;

struct Screen {
  std::size_t columns = 80;
  std::size_t lines = 24;
};

/// The terminal's size now. A line that wrapped, or a table higher than the screen, could not be redrawn in place.
Screen screen_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

std::string score_text(const std::optional<std::int64_t>& score) {
  return score ? fmt::to_string(*score) : "-";
}

std::string delay_text(const BoardRow& row) {
  if (row.waiting_since) return "...";
  return row.delay ? fmt::format("{} ms", row.delay->count()) : "unchanged";
}

std::string delays_text(std::vector<std::chrono::milliseconds> delays) {
  if (delays.empty()) return "no update yet";
  std::sort(delays.begin(), delays.end());
  return fmt::format("{} ms in the middle, {} ms at most", delays[delays.size() / 2].count(), delays.back().count());
}

void write(std::string_view text) {
  // A closed pipe ends the process by its signal; any other failure here would only lose a line of a demo.
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

std::vector<std::string> table(const std::vector<BoardRow>& rows, const BoardTotals& totals, std::size_t rows_max) {
  const auto in_segment = [&](std::string_view segment) {
    return std::count_if(rows.begin(), rows.end(), [&](const BoardRow& row) { return row.segment == segment; });
  };
  std::vector<std::string> lines;
  lines.push_back(fmt::format("{} leads: {} very high, {} high, {} medium, {} low; {} live events", rows.size(),
                              in_segment("very high"), in_segment("high"), in_segment("medium"), in_segment("low"),
                              totals.live_events));
  lines.push_back(fmt::format("from an event to Salesforce: {}", delays_text(totals.delays)));
  lines.emplace_back();
  lines.push_back(fmt::format("{:<30} {:>5}  {:<9}  {:>4} {:<9} {:>9}  {}", "lead", "score", "segment", "CRM",
                              "segment", "after", "last event"));

  std::vector<const BoardRow*> shown;
  for (const auto& row : rows)
    if (row.touched != 0) shown.push_back(&row);
  std::sort(shown.begin(), shown.end(), [](const BoardRow* a, const BoardRow* b) { return a->touched > b->touched; });
  if (shown.size() > rows_max) shown.resize(rows_max);
  for (const auto* row : shown) {
    lines.push_back(fmt::format("{:<30} {:>5}  {:<9}  {:>4} {:<9} {:>9}  {}", row->person.email, score_text(row->score),
                                row->segment, score_text(row->crm_score), row->crm_segment, delay_text(*row),
                                row->last_event));
  }
  return lines;
}

void Board::say(std::string_view line) {
  write(fmt::format("{}\n", line));
  lines_drawn_ = 0;  // the next table starts below it
}

void Board::finished(engine::Timestamp now, const BoardRow& row) {
  if (terminal_) return;
  const auto outcome = row.delay ? fmt::format("Salesforce {} {} after {} ms", score_text(row.crm_score),
                                               row.crm_segment, row.delay->count())
                                 : std::string{"Salesforce holds that already"};
  write(fmt::format("{} {} {}: score {} {}, {}\n", net::format_time(now), row.person.email, row.last_event,
                    score_text(row.score), row.segment, outcome));
}

void Board::draw(const std::vector<BoardRow>& rows, const BoardTotals& totals) {
  if (!terminal_) return;
  std::string screen;
  if (lines_drawn_ > 0) screen = fmt::format("\x1b[{}A", lines_drawn_);  // up to the table's first line
  const auto size = screen_size();
  const auto rows_fitting = size.lines > lines_above_rows + 2 ? size.lines - lines_above_rows - 1 : 1;
  const auto lines = table(rows, totals, std::min(rows_shown_max, rows_fitting));
  for (const auto& line : lines)
    screen += fmt::format("{:.{}}\x1b[K\n", line, size.columns - 1);  // and clear what was longer
  write(screen);
  lines_drawn_ = lines.size();
}

}  // namespace leadlight::tools
