#include "net/sources/salesforce_activities.hpp"

#include "net/http/http.hpp"
#include "net/targets/salesforce_wire.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <charconv>

namespace leadlight::net::salesforce {
namespace {

namespace json = boost::json;
using engine::Errc;
using engine::Error;
using engine::Timestamp;

constexpr std::size_t id_characters = 15;  // the other three are a checksum
constexpr std::string_view campaign_member = "CampaignMember";
constexpr std::string_view contact_prefix = "003";

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string text_of(const json::object& row, std::string_view field) {
  const auto* value = row.if_contains(field);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string{} : std::string(*text);
}

std::string quoted_list(std::span<const std::string> keys) {
  std::string list = "(";
  for (std::size_t i = 0; i < keys.size(); ++i) list += (i == 0 ? "" : ",") + soql_quote(keys[i]);
  return list + ")";
}

std::string owner_condition(std::string_view object, std::span<const std::string> ids) {
  if (object != campaign_member) return "WhoId IN " + quoted_list(ids);
  std::vector<std::string> leads;
  std::vector<std::string> contacts;
  for (const auto& id : ids) (id.starts_with(contact_prefix) ? contacts : leads).push_back(id);
  std::string condition;
  if (!leads.empty()) condition = "LeadId IN " + quoted_list(leads);
  if (!contacts.empty()) condition += (condition.empty() ? "" : " OR ") + ("ContactId IN " + quoted_list(contacts));
  return "(" + condition + ")";
}

}  // namespace

const std::vector<std::string>& activity_objects() {
  static const std::vector<std::string> objects = {"Task", "Event", std::string(campaign_member)};
  return objects;
}

std::string soql_time(Timestamp at) {
  return format_time(at);
}

engine::Result<Rows> parse_rows(std::string_view body) {
  boost::system::error_code failed;
  auto parsed = json::parse(json::string_view(body.data(), body.size()), failed);
  const auto* answer = failed ? nullptr : parsed.if_object();
  const auto* records = answer == nullptr ? nullptr : answer->if_contains("records");
  if (records == nullptr || !records->is_array())
    return Error{Errc::corrupt, "Salesforce answered a query with something that is no list of records", {}};
  Rows rows;
  for (const auto& row : records->as_array()) {
    if (!row.is_object() || text_of(row.as_object(), "Id").empty())
      return Error{Errc::corrupt, "Salesforce answered a query with a malformed record", {}};
    rows.records.push_back(row.as_object());
  }
  const auto* done = answer->if_contains("done");
  if (done == nullptr || !done->is_bool())
    return Error{Errc::corrupt, "Salesforce's answer does not say whether it is whole", {}};
  if (done->as_bool()) return rows;
  rows.next_url = text_of(*answer, "nextRecordsUrl");
  if (rows.next_url.rfind("/services/data/", 0) != 0)
    return Error{Errc::corrupt, "Salesforce's answer is not whole and does not say how it goes on", {}};
  return rows;
}

// ---- who is meant

std::string people_query(std::string_view object, std::string_view by, std::span<const std::string> keys) {
  const std::string converted = object == "Lead" ? ", ConvertedContactId" : "";
  return "SELECT Id, Email" + converted + " FROM " + std::string(object) + " WHERE " + std::string(by) + " IN " +
         quoted_list(keys);
}

std::vector<std::vector<std::string>> key_groups(std::string_view frame, std::vector<std::string> keys,
                                                 std::size_t keys_max) {
  constexpr std::size_t comma = 3;  // %2C
  const auto frame_bytes = percent_encode(frame).size();
  std::vector<std::vector<std::string>> groups;
  std::size_t bytes = 0;
  for (auto& key : keys) {
    const auto own = percent_encode(soql_quote(key)).size() + comma;
    if (groups.empty() || groups.back().size() == keys_max || bytes + own > query_bytes_max) {
      groups.emplace_back();
      bytes = frame_bytes;
    }
    bytes += own;
    groups.back().push_back(std::move(key));
  }
  return groups;
}

void People::add(const json::object& row) {
  const auto email = normalise_email(text_of(row, "Email"));
  if (!email) return;
  for (const auto* field : {"Id", "ConvertedContactId"}) {
    const auto id = text_of(row, field);
    if (id.size() < id_characters) continue;
    if (emails_.try_emplace(id.substr(0, id_characters), *email).second) ids_.insert(id);
  }
}

const std::string* People::email_of(std::string_view id) const {
  const auto found = emails_.find(id.substr(0, id_characters));
  return found == emails_.end() ? nullptr : &found->second;
}

std::vector<std::string> People::ids() const {
  return {ids_.begin(), ids_.end()};
}

// ---- what they did

std::vector<Stream> streams_of(std::string_view object) {
  std::vector<Stream> streams = {{std::string(object), "SystemModstamp"}};
  if (object == "Event") streams.push_back({std::string(object), "StartDateTime"});
  return streams;
}

std::string stream_name(const Stream& stream) {
  return stream.object + "." + stream.ordered_by;
}

std::string select_fields(std::string_view object, const ActivityMapping& mapping) {
  std::vector<std::string> fields = {"Id"};
  if (object == campaign_member) {
    fields.insert(fields.end(), {"LeadId", "ContactId"});
  } else {
    fields.emplace_back("WhoId");
  }
  for (const auto& stream : streams_of(object)) fields.push_back(stream.ordered_by);
  for (auto& field : mapping.fields(object)) {
    const bool known =
        std::any_of(fields.begin(), fields.end(), [&](const auto& own) { return lower(own) == lower(field); });
    if (!known) fields.push_back(std::move(field));
  }
  std::string list;
  for (const auto& field : fields) list += (list.empty() ? "" : ", ") + field;
  return list;
}

std::string activities_query(std::string_view object, const ActivityMapping& mapping, std::span<const std::string> ids,
                             Timestamp since) {
  std::string recent;
  for (const auto& stream : streams_of(object))
    recent += (recent.empty() ? "" : " OR ") + stream.ordered_by + " >= " + soql_time(since);
  return "SELECT " + select_fields(object, mapping) + " FROM " + std::string(object) + " WHERE " +
         owner_condition(object, ids) + " AND (" + recent + ")";
}

std::string poll_query(const Stream& stream, const ActivityMapping& mapping, const Place& place, Timestamp now) {
  const auto& by = stream.ordered_by;
  std::string condition;
  if (place.after) {
    condition = "(" + by + " > " + soql_time(place.seen) + " OR (" + by + " = " + soql_time(place.seen) + " AND Id > " +
                soql_quote(*place.after) + "))";
  } else {
    condition = by + " >= " + soql_time(place.seen - poll_overlap);
  }
  if (by == "StartDateTime") condition += " AND " + by + " <= " + soql_time(now);
  return "SELECT " + select_fields(stream.object, mapping) + " FROM " + stream.object + " WHERE " + condition +
         " ORDER BY " + by + ", Id LIMIT " + std::to_string(poll_rows_max);
}

std::string cursor_text(const Cursor& cursor) {
  std::string text;
  for (const auto& [name, place] : cursor) {
    text += (text.empty() ? "" : ";") + name + "=" + std::to_string(engine::to_ms(place.seen));
    if (place.after) text += "," + *place.after;
  }
  return text;
}

Cursor parse_cursor(std::string_view text) {
  Cursor cursor;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    const auto value = part.substr(equals + 1);
    const auto comma = value.find(',');
    std::int64_t ms = 0;
    const auto number = value.substr(0, comma);
    const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), ms);
    if (fault != std::errc{} || end != number.data() + number.size()) continue;
    Place place{engine::from_ms(ms), std::nullopt};
    if (comma != std::string_view::npos) place.after = std::string(value.substr(comma + 1));
    cursor.emplace(part.substr(0, equals), std::move(place));
  }
  return cursor;
}

std::vector<std::string> owners_of(std::string_view object, const json::object& row) {
  std::vector<std::string> owners;
  const auto add = [&](std::string_view field) {
    if (auto id = text_of(row, field); !id.empty()) owners.push_back(std::move(id));
  };
  if (object == campaign_member) {
    add("ContactId");
    add("LeadId");
  } else {
    add("WhoId");
  }
  return owners;
}

void add_activities(std::string_view object, const json::object& row, const ActivityMapping& mapping,
                    const People& people, Timestamp since, Timestamp now, std::vector<actors::Activity>& to) {
  const auto meaning = mapping.meaning(object, row, now);
  if (!meaning || meaning->occurred_at < since) return;
  for (const auto& owner : owners_of(object, row)) {
    const auto* email = people.email_of(owner);
    if (email == nullptr) continue;
    to.push_back({*email, meaning->type, meaning->occurred_at, meaning->event_id, meaning->properties});
    return;  // a member that was a Lead and became a Contact names both: it is one person
  }
}

}  // namespace leadlight::net::salesforce
