// Salesforce's activities, without a wire: which queries ask for them, and what the answers mean. Pure functions.
//
// Task and Event hang on a Lead or Contact by WhoId, CampaignMember by LeadId or ContactId.
#pragma once

#include "actors/activity_source.hpp"
#include "engine/result.hpp"
#include "engine/types.hpp"
#include "net/sources/activity_mapping.hpp"

#include <boost/json/object.hpp>

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::net::salesforce {

inline constexpr std::size_t ids_per_query_max = 200;
/// Rows asked for in one step of a poll.
inline constexpr std::size_t poll_rows_max = 2'000;
/// How far a poll goes back behind what it has seen: records may become visible out of their order.
inline constexpr engine::Milliseconds poll_overlap{120'000};

/// The objects a mapping may speak of.
const std::vector<std::string>& activity_objects();

/// "2026-01-31T12:00:00.000Z"
std::string soql_time(engine::Timestamp at);

/// Rows of one page of an answer. Errors: corrupt (not the answer to a query, or a page without its successor).
struct Rows {
  std::vector<boost::json::object> records;
  std::string next_url;  // empty: the last page
};
engine::Result<Rows> parse_rows(std::string_view body);

// ---- who is meant

/// `SELECT Id, Email … FROM Lead|Contact WHERE Email|Id IN (…)`.
std::string people_query(std::string_view object, std::string_view by, std::span<const std::string> keys);
/// Groups of keys that fit one query each, in order.
std::vector<std::vector<std::string>> key_groups(std::string_view frame, std::vector<std::string> keys,
                                                 std::size_t keys_max);

/// Who stands behind Salesforce's ids: filled from people_query's rows.
class People {
 public:
  /// A Lead's row; a converted one is also known by its contact.
  void add(const boost::json::object& row);
  /// Normalised; null: nobody is known by this id, or has no address.
  [[nodiscard]] const std::string* email_of(std::string_view id) const;
  [[nodiscard]] std::vector<std::string> ids() const;

 private:
  std::map<std::string, std::string, std::less<>> emails_;  // by the first 15 characters of the id
  std::set<std::string> ids_;
};

// ---- what they did

/// A stream of records of one object in the order of one of its instants: what a poll follows.
struct Stream {
  std::string object;
  std::string ordered_by;
};
/// The streams that an object is polled by. Event has a second one, by its start: a meeting planned long ago happens
/// without the record being touched.
std::vector<Stream> streams_of(std::string_view object);

/// The fields to ask for: Id, whose it is, the stream's instants, and what the mapping looks at.
std::string select_fields(std::string_view object, const ActivityMapping& mapping);

/// Activities of these people since then. Precondition: `ids` are at most `ids_per_query_max` Lead or Contact ids.
std::string activities_query(std::string_view object, const ActivityMapping& mapping, std::span<const std::string> ids,
                             engine::Timestamp since);

/// How far a stream has been read.
struct Place {
  engine::Timestamp seen{};          // the newest instant
  std::optional<std::string> after;  // in the middle of a round: the Id last read at `seen`

  friend bool operator==(const Place&, const Place&) = default;
};
/// The next rows of a stream, at most `poll_rows_max`; a new round begins `poll_overlap` earlier.
std::string poll_query(const Stream& stream, const ActivityMapping& mapping, const Place& place, engine::Timestamp now);

/// A poll's cursor: the place of each stream by its name. Unknown or malformed parts are left out.
using Cursor = std::map<std::string, Place, std::less<>>;
std::string cursor_text(const Cursor& cursor);
Cursor parse_cursor(std::string_view text);
std::string stream_name(const Stream& stream);

/// The ids of the person a record belongs to: none, one, or that of the contact and of the lead it was.
std::vector<std::string> owners_of(std::string_view object, const boost::json::object& row);
/// What the row means for its person. `since`: what happened before is left out.
void add_activities(std::string_view object, const boost::json::object& row, const ActivityMapping& mapping,
                    const People& people, engine::Timestamp since, engine::Timestamp now,
                    std::vector<actors::Activity>& to);

}  // namespace leadlight::net::salesforce
