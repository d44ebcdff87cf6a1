// What the demo shows: on a terminal a table redrawn in place, elsewhere a line for each thing that happens.
#pragma once

#include "engine/types.hpp"
#include "tools/demo/people.hpp"
#include "tools/demo/wire.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::tools {

/// A lead as the server and the CRM showed it last.
struct BoardRow {
  Person person;
  std::optional<std::int64_t> score;  // none: not asked yet
  std::string segment;
  std::optional<std::int64_t> crm_score;  // none: the CRM has none
  std::string crm_segment;
  std::string crm_state;                            // the CRM's fields in one text, to see a change by
  std::string last_event;                           // type of the last event sent
  std::uint64_t touched = 0;                        // order of that event; 0: never
  std::optional<Steady::time_point> waiting_since;  // an event was sent and the CRM has not changed since
  std::optional<std::chrono::milliseconds> delay;   // from the last event to the CRM's change
};

struct BoardTotals {
  std::uint64_t live_events = 0;
  std::vector<std::chrono::milliseconds> delays;  // of the last updates
};

class Board {
 public:
  /// `terminal`: redraw in place; else plain lines.
  explicit Board(bool terminal) : terminal_{terminal} {}

  /// Something to keep on the screen above the table.
  void say(std::string_view line);

  /// A lead's way from event to CRM is over. Plain lines only.
  void finished(engine::Timestamp now, const BoardRow& row);

  /// The leads touched last, newest first. Terminal only.
  void draw(const std::vector<BoardRow>& rows, const BoardTotals& totals);

 private:
  bool terminal_;
  std::size_t lines_drawn_ = 0;
};

/// The table's lines without any terminal codes: totals, then at most `rows_max` leads.
std::vector<std::string> table(const std::vector<BoardRow>& rows, const BoardTotals& totals, std::size_t rows_max);

}  // namespace leadlight::tools
