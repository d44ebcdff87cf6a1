#include "net/sources/salesforce_fetch.hpp"

#include "net/targets/salesforce_wire.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace leadlight::net::salesforce {

using actors::PollReport;

namespace {

constexpr std::string_view contact_prefix = "003";

std::string text_of(const boost::json::object& row, std::string_view field) {
  const auto* value = row.if_contains(field);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string{} : std::string(*text);
}

}  // namespace

Poll::Poll(std::shared_ptr<const SourceShared> shared, std::string cursor, std::function<void(PollReport)> done)
    : shared_(std::move(shared)),
      queries_(std::make_shared<Queries>(shared_)),
      cursor_(parse_cursor(cursor)),
      done_(std::move(done)) {}

void Poll::start() {
  const auto now = shared_->clock->now();
  for (const auto& [name, place] : cursor_) in_round_ = in_round_ || place.after.has_value();
  for (const auto& object : shared_->mapping.objects()) {
    for (const auto& stream : streams_of(object)) {
      // An object that came into the mapping later begins now.
      const auto [place, fresh] = cursor_.try_emplace(stream_name(stream), Place{now, std::nullopt});
      if (in_round_ && !place->second.after) continue;  // this stream is at its end in this round
      reads_.push_back({stream, place->second, {}});
      queries_->add(poll_query(stream, shared_->mapping, place->second, now),
                    [&read = reads_.back()](std::vector<boost::json::object>& rows) {
                      std::move(rows.begin(), rows.end(), std::back_inserter(read.rows));
                    });
    }
  }
  queries_->run([self = shared_from_this()] { self->ask_people(); });
}

void Poll::ask_people() {
  if (queries_->fault()) return finish();
  std::set<std::string> leads;
  std::set<std::string> contacts;
  for (const auto& read : reads_)
    for (const auto& row : read.rows)
      for (const auto& id : owners_of(read.stream.object, row))
        (id.starts_with(contact_prefix) ? contacts : leads).insert(id);
  for (const auto& [object, ids] : {std::pair{"Lead", &leads}, std::pair{"Contact", &contacts}}) {
    const auto frame = people_query(object, "Id", {});
    for (const auto& group : key_groups(frame, {ids->begin(), ids->end()}, ids_per_query_max))
      queries_->add(people_query(object, "Id", group), [this](std::vector<boost::json::object>& rows) {
        for (const auto& row : rows) people_.add(row);
      });
  }
  queries_->run([self = shared_from_this()] { self->finish(); });
}

void Poll::finish() {
  PollReport report;
  report.calls = queries_->calls();
  report.fault = queries_->fault();
  if (report.fault) return done_(std::move(report));
  const auto now = shared_->clock->now();
  for (const auto& read : reads_) {
    for (const auto& row : read.rows)
      add_activities(read.stream.object, row, shared_->mapping, people_, now - engine::window_span, now,
                     report.activities);
    auto& place = cursor_[stream_name(read.stream)];
    const bool whole = read.rows.size() >= poll_rows_max;
    place.after.reset();
    if (!read.rows.empty()) {
      const auto& last = read.rows.back();
      const auto seen = parse_source_time(text_of(last, read.stream.ordered_by));
      if (seen) place.seen = whole ? *seen : std::max(place.seen, *seen);
      if (whole) place.after = text_of(last, "Id");
    }
    // By its start a meeting cannot appear late: what has begun by now has been read.
    if (!whole && read.stream.ordered_by == "StartDateTime") place.seen = now;
    report.more = report.more || whole;
  }
  report.cursor = cursor_text(cursor_);
  done_(std::move(report));
}

}  // namespace leadlight::net::salesforce
