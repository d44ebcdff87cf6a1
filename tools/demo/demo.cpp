#include "tools/demo/demo.hpp"

#include "actors/clock.hpp"
#include "net/http/http.hpp"
#include "tools/demo/board.hpp"
#include "tools/demo/people.hpp"
#include "tools/demo/stream.hpp"
#include "tools/demo/wire.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <unordered_map>
#include <utility>

namespace leadlight::tools {
namespace {

using engine::Errc;
using engine::Error;
using engine::Ok;
using engine::Status;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
namespace json = boost::json;

constexpr std::size_t history_batch_max = 500;
constexpr std::chrono::seconds first_update_deadline{60};
constexpr std::chrono::seconds call_patience{10};
constexpr milliseconds look_pause{20};  // while an update is awaited
constexpr milliseconds idle_pause{100};
constexpr milliseconds draw_pause{1'000};
constexpr milliseconds unchanged_after{3'000};  // then the CRM held that value already
constexpr std::size_t delays_kept_max = 1'000;

constexpr std::string_view crm_leads_path = "/_state/salesforce/Lead";
constexpr std::string_view score_field = "HG_Likelihood_to_Buy_Score__c";
constexpr std::string_view segment_field = "HG_Likelihood_to_Buy_Segment__c";
constexpr std::string_view signals_field = "HG_Likelihood_to_Buy_Signals__c";

class Demo {
 public:
  Demo(const DemoOptions& options, DemoStream stream)
      : options_{options}, stream_{std::move(stream)}, board_{::isatty(STDOUT_FILENO) == 1} {
    for (std::uint32_t lead = 1; lead <= stream_.leads; ++lead) {
      rows_.emplace_back().person = person(lead);
      row_of_.emplace(rows_.back().person.email, rows_.size() - 1);
    }
  }

  Status run();

 private:
  Status introduce_to_crm();
  Status send_history();
  Status send_live(const DemoEvent& event);
  Status send_events(json::array events);
  Status trigger(std::size_t row);
  Status read_score(std::size_t row);
  Status look_at_crm();
  void note_crm(BoardRow& row, const json::value& record);
  Status go_on();
  [[nodiscard]] bool over() const;
  [[nodiscard]] Error no_update() const;
  [[nodiscard]] json::object event(const DemoEvent& event, engine::Timestamp occurred_at, std::string event_id) const;
  [[nodiscard]] Steady::time_point patience() const { return Steady::now() + call_patience; }

  const DemoOptions& options_;
  DemoStream stream_;
  Board board_;
  Wire wire_;
  actors::SystemClock clock_;
  Steady::time_point began_ = Steady::now();
  Steady::time_point history_sent_ = began_;
  std::vector<BoardRow> rows_;
  std::unordered_map<std::string, std::size_t> row_of_;  // by e-mail address
  BoardTotals totals_;
  std::uint64_t events_accepted_ = 0;
  std::uint64_t events_known_ = 0;
  std::uint64_t triggers_accepted_ = 0;
  std::uint64_t sent_ = 0;
  std::optional<milliseconds> first_score_;
  std::optional<milliseconds> first_update_;
};

json::object Demo::event(const DemoEvent& event, engine::Timestamp occurred_at, std::string event_id) const {
  return {{"email", rows_[event.lead - 1].person.email},
          {"type", json::string{event.type}},
          {"occurred_at", net::format_time(occurred_at)},
          {"event_id", std::move(event_id)}};
}

/// Puts the demo's leads into the CRM, those that it does not have.
Status Demo::introduce_to_crm() {
  const auto url = options_.sandbox + std::string{crm_leads_path};
  auto state = wire_.call("GET", url, {}, nullptr, patience());
  if (!state) return state.error();
  std::unordered_map<std::string, bool> known;
  if (const auto* object = state->if_object()) {
    if (const auto* records = object->if_contains("records"); records != nullptr && records->is_array()) {
      for (const auto& record : records->get_array()) known.emplace(text_of(record, "Email"), true);
    }
  }
  json::array records;
  for (const auto& row : rows_) {
    if (known.contains(row.person.email)) continue;
    records.push_back(json::object{{"Email", row.person.email},
                                   {"FirstName", row.person.first_name},
                                   {"LastName", row.person.last_name},
                                   {"Company", row.person.company}});
  }
  if (!records.empty()) {
    const json::value body = json::object{{"records", std::move(records)}};
    const auto added = wire_.call("POST", url, {}, &body, patience());
    if (!added) return added.error();
  }
  return look_at_crm();
}

Status Demo::send_events(json::array events) {
  const json::value body(std::move(events));  // braces would wrap the array in another one
  const auto answer = wire_.call("POST", options_.server + "/v1/events", options_.events_key, &body, patience());
  if (!answer) return answer.error();
  events_accepted_ += static_cast<std::uint64_t>(number_of(*answer, "accepted", 0));
  events_known_ += static_cast<std::uint64_t>(number_of(*answer, "duplicates", 0));
  return Ok{};
}

Status Demo::send_history() {
  const auto now = clock_.now();
  history_sent_ = Steady::now();
  json::array batch;
  for (std::size_t index = 0; index < stream_.history.size(); ++index) {
    const auto& past = stream_.history[index];
    // The same rows give the same ids: a second demo on a kept data directory counts nothing twice.
    batch.push_back(event(past, now + std::chrono::seconds{past.seconds}, fmt::format("demo-history-{}", index)));
    auto& row = rows_[past.lead - 1];
    row.last_event = past.type;
    row.touched = ++sent_;
    if (batch.size() == history_batch_max || index + 1 == stream_.history.size()) {
      if (auto sent = send_events(std::exchange(batch, {})); !sent) return sent;
    }
  }
  board_.say(fmt::format("{} leads, {} events of the last 90 days accepted{}.", rows_.size(), events_accepted_,
                         events_known_ == 0 ? "" : fmt::format(", {} known already", events_known_)));
  return Ok{};
}

Status Demo::trigger(std::size_t row) {
  const json::value body = json::object{{"email", rows_[row].person.email}, {"source", "salesforce"}};
  const auto answer =
      wire_.call("POST", options_.server + "/data-api/v2/scoring/behavioral/live", options_.hg_key, &body, patience());
  if (!answer) return answer.error();
  ++triggers_accepted_;
  return Ok{};
}

Status Demo::send_live(const DemoEvent& next) {
  auto& row = rows_[next.lead - 1];
  row.last_event = next.type;
  row.touched = ++sent_;
  row.waiting_since = Steady::now();
  row.delay.reset();
  ++totals_.live_events;
  const auto id = fmt::format("demo-live-{}-{}", began_.time_since_epoch().count(), totals_.live_events);
  json::array one;
  one.push_back(event(next, clock_.now(), id));
  if (auto sent = send_events(std::move(one)); !sent) return sent;
  if (auto sent = trigger(next.lead - 1); !sent) return sent;
  return read_score(next.lead - 1);
}

Status Demo::read_score(std::size_t index) {
  auto& row = rows_[index];
  const auto answer =
      wire_.call("GET", options_.server + "/v1/leads/" + row.person.email, options_.leads_key, nullptr, patience());
  if (!answer) return answer.error();
  if (const auto score = number_of(*answer, "score", -1); score >= 0) row.score = score;
  row.segment = text_of(*answer, "segment");
  if (row.score && !first_score_) first_score_ = duration_cast<milliseconds>(Steady::now() - began_);
  return Ok{};
}

void Demo::note_crm(BoardRow& row, const json::value& record) {
  const auto score = number_of(record, score_field, -1);
  auto state = fmt::format("{}|{}|{}|{}", score, text_of(record, segment_field), text_of(record, signals_field),
                           text_of(record, "LastModifiedDate"));
  const bool changed = state != row.crm_state;
  row.crm_state = std::move(state);
  if (!changed || score < 0) return;
  row.crm_score = score;
  row.crm_segment = text_of(record, segment_field);
  if (sent_ == 0) return;  // what the CRM held before is no update
  // A lead whose history brought it into another segment is written before it is triggered.
  const auto delay = duration_cast<milliseconds>(Steady::now() - row.waiting_since.value_or(history_sent_));
  if (!first_update_) first_update_ = delay;
  if (!row.waiting_since) return;
  row.delay = delay;
  row.waiting_since.reset();
  if (totals_.delays.size() == delays_kept_max) totals_.delays.erase(totals_.delays.begin());
  totals_.delays.push_back(delay);
  board_.finished(clock_.now(), row);
}

Status Demo::look_at_crm() {
  const auto state = wire_.call("GET", options_.sandbox + std::string{crm_leads_path}, {}, nullptr, patience());
  if (!state) return state.error();
  const auto* object = state->if_object();
  const auto* records = object != nullptr ? object->if_contains("records") : nullptr;
  if (records == nullptr || !records->is_array()) {
    return Error{Errc::invalid, fmt::format("{}{} shows no records", options_.sandbox, crm_leads_path), {}};
  }
  for (const auto& record : records->get_array()) {
    if (const auto found = row_of_.find(text_of(record, "Email")); found != row_of_.end()) {
      note_crm(rows_[found->second], record);
    }
  }
  for (auto& row : rows_) {
    if (!row.waiting_since || Steady::now() - *row.waiting_since < unchanged_after || !row.crm_score) continue;
    row.waiting_since.reset();
    board_.finished(clock_.now(), row);
  }
  return Ok{};
}

Error Demo::no_update() const {
  const auto held =
      std::count_if(rows_.begin(), rows_.end(), [](const BoardRow& row) { return row.score.has_value(); });
  return {
      Errc::unavailable,
      fmt::format(
          "no score reached the sandbox's Salesforce within {} s. The server took {} events and {} triggers and "
          "showed the scores of {} leads. See whether a target is held: GET {}/v1/admin/targets, and what was "
          "called: GET {}/_calls",
          first_update_deadline.count(), events_accepted_, triggers_accepted_, held, options_.server, options_.sandbox),
      {}};
}

bool Demo::over() const {
  if (options_.once && first_update_) return true;
  return options_.ends_after && Steady::now() - began_ >= *options_.ends_after;
}

/// Live events at their pace, the CRM looked at in between, until it is over.
Status Demo::go_on() {
  const auto pace = duration_cast<Steady::duration>(std::chrono::duration<double>{1.0 / options_.speed});
  auto next_event = Steady::now() + pace;
  auto next_draw = Steady::now();
  std::size_t position = 0;
  while (!over()) {
    const auto now = Steady::now();
    if (!first_update_ && now - began_ >= first_update_deadline) return no_update();
    if (now >= next_event) {
      // After a pause of the server the stream goes on at its pace instead of catching up.
      next_event = std::max(next_event + pace, now);
      if (auto sent = send_live(stream_.live[position]); !sent) return sent;
      position = (position + 1) % stream_.live.size();
    }
    if (auto looked = look_at_crm(); !looked) return looked;
    if (now >= next_draw) {
      next_draw = now + draw_pause;
      board_.draw(rows_, totals_);
    }
    const bool waiting = std::any_of(rows_.begin(), rows_.end(), [](const auto& row) { return row.waiting_since; });
    const auto until_event = duration_cast<milliseconds>(next_event - Steady::now());
    rest(std::clamp(until_event, milliseconds{0}, waiting ? look_pause : idle_pause));
  }
  return Ok{};
}

Status Demo::run() {
  if (auto done = introduce_to_crm(); !done) return done;
  if (auto done = send_history(); !done) return done;
  for (std::size_t row = 0; row < rows_.size() && !over(); ++row) {
    rows_[row].waiting_since = Steady::now();
    if (auto done = trigger(row); !done) return done;
    if (auto done = read_score(row); !done) return done;
    if (auto done = look_at_crm(); !done) return done;
  }
  if (auto done = go_on(); !done) return done;
  if (first_score_ && first_update_) {
    board_.say(fmt::format("first score after {:.1f} s, first Salesforce update after {} ms",
                           std::chrono::duration<double>{*first_score_}.count(), first_update_->count()));
  }
  return Ok{};
}

int complain(int status, const Error& error) {
  std::fputs(fmt::format("demo: {}\n", error.what).c_str(), stderr);
  return status;
}

}  // namespace

engine::Status read_keys(const std::filesystem::path& file, DemoOptions& options) {
  std::ifstream in{file, std::ios::binary};
  if (!in) return Error{Errc::io_error, fmt::format("{} cannot be read", file.string()), "--keys"};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  json::error_code failed;
  const auto printed = json::parse(text, failed);
  if (failed || !printed.is_object() || !printed.get_object().contains("tokens")) {
    return Error{Errc::invalid, fmt::format("{} is not what `leadlight init --json` prints", file.string()), "--keys"};
  }
  const auto& tokens = *printed.get_object().if_contains("tokens");
  for (const auto& [name, key] : {std::pair{"events", &options.events_key}, std::pair{"hg", &options.hg_key},
                                  std::pair{"admin", &options.leads_key}}) {
    *key = text_of(tokens, name);
    if (key->empty()) return Error{Errc::invalid, fmt::format("{} has no key for {}", file.string(), name), "--keys"};
  }
  return Ok{};
}

int run_demo(const DemoOptions& options) {
  if (!(options.speed >= 0.01 && options.speed <= 100)) {
    return complain(2, {Errc::invalid, "the speed is between 0.01 and 100 events a second", "--speed"});
  }
  auto stream = parse_stream(events_csv());
  if (!stream) return complain(1, stream.error());
  Demo demo{options, *std::move(stream)};
  const auto done = demo.run();
  return done ? 0 : complain(1, done.error());
}

}  // namespace leadlight::tools
