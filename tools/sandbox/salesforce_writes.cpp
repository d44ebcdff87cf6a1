// Single records, collections and composite calls of the Salesforce stand-in.
#include "tools/sandbox/salesforce.hpp"

#include "net/text/url_text.hpp"

#include <algorithm>
#include <map>

namespace leadlight::sandbox {

namespace json = boost::json;
using net::HttpResponse;

namespace {

constexpr std::size_t collection_records_max = 200;
constexpr std::size_t composite_calls_max = 25;

HttpResponse answer_json(std::uint16_t status, const json::value& value) {
  return HttpResponse::json(status, json::serialize(value));
}

HttpResponse no_content() {
  HttpResponse response;
  response.status = 204;
  return response;
}

HttpResponse not_found() {
  return salesforce_error(404, {"NOT_FOUND", "The requested resource does not exist", {}});
}
HttpResponse not_allowed() {
  return salesforce_error(405, {"METHOD_NOT_ALLOWED", "HTTP Method not allowed", {}});
}
HttpResponse bad_json(std::string what) {
  return salesforce_error(400, {"JSON_PARSER_ERROR", std::move(what), {}});
}

std::optional<json::object> parse_object(const std::string& body) {
  boost::system::error_code failed;
  auto value = json::parse(body, failed);
  if (failed || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

std::string text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string{};
}

bool true_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

std::vector<std::string> comma_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool is_id_of(const ObjectType& type, std::string_view id) {
  const auto word = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  return (id.size() == 15 || id.size() == 18) && id.substr(0, 3) == type.id_prefix &&
         std::all_of(id.begin(), id.end(), word);
}

json::object failed_result(const Failure& failure, std::string_view id = {}) {
  json::array fields;
  for (const auto& field : failure.fields) fields.push_back(json::value(field));
  json::array errors;
  errors.push_back(
      json::object{{"statusCode", failure.code}, {"message", failure.message}, {"fields", std::move(fields)}});
  json::object result;
  if (!id.empty()) result["id"] = id;
  result["success"] = false;
  result["errors"] = std::move(errors);
  return result;
}

json::object good_result(std::string_view id) {
  return {{"id", id}, {"success", true}, {"errors", json::array{}}};
}

/// The message that Salesforce sends with a code, for failures made to order.
std::string usual_message(std::string_view code) {
  static const std::map<std::string, std::string, std::less<>> messages = {
      {"UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"},
      {"ENTITY_IS_DELETED", "entity is deleted"},
      {"INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"},
      {"CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead"},
      {"FIELD_CUSTOM_VALIDATION_EXCEPTION", "A rule of this organisation refuses the record"},
      {"REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."},
      {"INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id"}};
  const auto found = messages.find(code);
  return found == messages.end() ? "made to fail by the sandbox" : found->second;
}

}  // namespace

std::optional<Failure> SalesforceFake::injected(const ObjectType& type, std::string_view id,
                                                const json::object* fields) {
  std::vector<std::string> names;
  if (!id.empty()) {
    names.emplace_back(id);
    names.emplace_back(id.substr(0, 15));
    names.push_back(long_id(id));
    if (auto email = records_.email_of(type, id); !email.empty()) names.push_back(std::move(email));
  }
  if (fields != nullptr)
    if (auto email = text_in(*fields, "Email"); !email.empty()) names.push_back(std::move(email));
  const auto code = faults_.record_fault("salesforce", names);
  if (!code) return std::nullopt;
  return Failure{*code, usual_message(*code), {}};
}

// ---- single records
// --------------------------------------------------------------------------------------------------

HttpResponse SalesforceFake::sobjects(const Call& call) {
  const bool reading = call.method == "GET" || call.method == "HEAD";
  if (call.segments.size() == 1) {
    if (!reading) return not_allowed();
    json::array list;
    for (const auto& type : object_types()) list.push_back(describe(type, call.base_path, false));
    return answer_json(200, json::object{{"encoding", "UTF-8"}, {"maxBatchSize", 200}, {"sobjects", std::move(list)}});
  }
  const auto* type = find_object(call.segments[1]);
  if (type == nullptr) return not_found();
  if (call.segments.size() == 2) {
    if (call.method == "POST") return create_record(call, *type);
    if (!reading) return not_allowed();
    return answer_json(
        200, json::object{{"objectDescribe", describe(*type, call.base_path, false)}, {"recentItems", json::array{}}});
  }
  if (call.segments.size() != 3) return not_found();
  if (call.segments[2] != "describe") return record(call, *type);
  return reading ? answer_json(200, describe(*type, call.base_path, true)) : not_allowed();
}

HttpResponse SalesforceFake::create_record(const Call& call, const ObjectType& type) {
  const auto fields = parse_object(call.body);
  if (!fields) return bad_json("The HTTP entity body is required, but this request has no readable entity body.");
  if (const auto unreadable = SalesforceRecords::readable(type, *fields)) return salesforce_error(400, *unreadable);
  if (const auto failure = injected(type, {}, &*fields)) return salesforce_error(400, *failure);
  const auto created = records_.create(type, *fields, call.assign);
  if (const auto* failure = std::get_if<Failure>(&created)) return salesforce_error(400, *failure);
  return answer_json(201, good_result(std::get<std::string>(created)));
}

HttpResponse SalesforceFake::record(const Call& call, const ObjectType& type) {
  const auto& id = call.segments[2];
  if (!is_id_of(type, id)) return not_found();
  bool deleted = false;
  const auto held = records_.get(type, id, call.base_path, comma_list(call.parameter("fields")), &deleted);
  if (deleted) return salesforce_error(404, {"ENTITY_IS_DELETED", "entity is deleted", {}});
  if (!held)
    return salesforce_error(404,
                            {"NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + id, {}});
  if (call.method == "GET" || call.method == "HEAD") {
    for (const auto& name : comma_list(call.parameter("fields")))
      if (type.find(name) == nullptr)
        return salesforce_error(400,
                                {"INVALID_FIELD", "No such column '" + name + "' on sobject of type " + type.name, {}});
    return answer_json(200, *held);
  }
  if (call.method != "PATCH" && call.method != "DELETE") return not_allowed();
  if (const auto failure = injected(type, id, nullptr)) return salesforce_error(400, *failure);
  if (call.method == "DELETE") {
    const auto failure = records_.erase(type, id);
    return failure ? salesforce_error(400, *failure) : no_content();
  }
  const auto fields = parse_object(call.body);
  if (!fields) return bad_json("The HTTP entity body is required, but this request has no readable entity body.");
  if (fields->contains("Id") || fields->contains("id"))
    return salesforce_error(400, {"INVALID_FIELD", "The Id field should not be specified in the sobject data.", {}});
  if (const auto unreadable = SalesforceRecords::readable(type, *fields)) return salesforce_error(400, *unreadable);
  const auto failure = records_.update(type, id, *fields, call.assign);
  return failure ? salesforce_error(400, *failure) : no_content();
}

// ---- collections
// -----------------------------------------------------------------------------------------------------

HttpResponse SalesforceFake::collections(const Call& call) {
  if (call.segments.size() == 2) {
    if (call.method == "PATCH" || call.method == "POST") return write_collection(call, call.method == "POST");
    return call.method == "DELETE" ? delete_collection(call) : not_allowed();
  }
  const auto* type = find_object(call.segments[2]);
  if (type == nullptr) return not_found();
  if (call.method != "GET" && call.method != "POST")
    return not_allowed();  // an upsert needs an external id: there is none
  auto ids = comma_list(call.parameter("ids"));
  auto fields = comma_list(call.parameter("fields"));
  if (const auto body = call.method == "POST" ? parse_object(call.body) : std::nullopt) {
    for (const auto& [name, list] : {std::pair{"ids", &ids}, {"fields", &fields}})
      if (const auto* values = body->if_contains(name); values != nullptr && values->is_array())
        for (const auto& value : values->as_array())
          if (value.is_string()) list->emplace_back(value.as_string());
  }
  json::array rows;
  for (const auto& id : ids) {
    bool deleted = false;
    const auto held = records_.get(*type, id, call.base_path, fields, &deleted);
    rows.push_back(held ? json::value(*held) : json::value(nullptr));
  }
  return answer_json(200, rows);
}

json::object SalesforceFake::write_one(const Call& call, json::object record, bool creating,
                                       std::vector<std::string>& seen) {
  const auto& attributes = record.at("attributes").as_object();
  const auto& type = *find_object(text_in(attributes, "type"));
  auto id = text_in(record, "id").empty() ? text_in(record, "Id") : text_in(record, "id");
  for (const auto* name : {"attributes", "id", "Id"}) record.erase(name);
  if (creating) {
    if (const auto failure = injected(type, {}, &record)) return failed_result(*failure);
    const auto created = records_.create(type, record, call.assign);
    if (const auto* failure = std::get_if<Failure>(&created)) return failed_result(*failure);
    return good_result(std::get<std::string>(created));
  }
  if (id.empty()) return failed_result({"MISSING_ARGUMENT", "Id not specified in an update call", {}});
  if (!is_id_of(type, id)) return failed_result({"MALFORMED_ID", "malformed id " + id, {"Id"}});
  id = long_id(id);
  if (std::find(seen.begin(), seen.end(), id) != seen.end())
    return failed_result(
        {"DUPLICATE_VALUE", "duplicate value found: duplicates value on record with id: " + id, {"Id"}}, id);
  seen.push_back(id);
  if (const auto failure = injected(type, id, nullptr)) return failed_result(*failure, id);
  if (const auto failure = records_.update(type, id, record, call.assign)) return failed_result(*failure, id);
  return good_result(id);
}

HttpResponse SalesforceFake::write_collection(const Call& call, bool creating) {
  const auto body = parse_object(call.body);
  const auto* records = body ? body->if_contains("records") : nullptr;
  if (records == nullptr || !records->is_array() || records->as_array().empty())
    return bad_json("The HTTP entity body must hold a list of records.");
  if (records->as_array().size() > collection_records_max)
    return salesforce_error(
        400, {"EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 200 records in this call", {}});
  for (const auto& item : records->as_array()) {
    const auto* record = item.if_object();
    const auto* attributes = record != nullptr ? record->if_contains("attributes") : nullptr;
    if (attributes == nullptr || !attributes->is_object())
      return salesforce_error(400, {"INVALID_INPUT", "attributes with the type of the record are missing", {}});
    const auto* type = find_object(text_in(attributes->as_object(), "type"));
    if (type == nullptr)
      return salesforce_error(
          400,
          {"INVALID_TYPE", "sObject type '" + text_in(attributes->as_object(), "type") + "' is not supported.", {}});
    if (const auto unreadable = SalesforceRecords::readable(*type, *record)) return salesforce_error(400, *unreadable);
  }
  const bool all_or_none = true_in(*body, "allOrNone");
  std::optional<SalesforceRecords> before;
  if (all_or_none) before = records_;
  json::array results;
  std::vector<std::string> seen;
  for (const auto& item : records->as_array()) results.push_back(write_one(call, item.as_object(), creating, seen));
  const bool failed = std::any_of(results.begin(), results.end(),
                                  [](const json::value& result) { return !true_in(result.as_object(), "success"); });
  if (all_or_none && failed) {
    records_ = *before;
    for (auto& result : results)
      if (true_in(result.as_object(), "success"))
        result = failed_result(
            {"ALL_OR_NONE_OPERATION_ROLLED_BACK",
             "Record rolled back because not all records were valid and the request was using AllOrNone header",
             {}});
  }
  return answer_json(200, results);
}

HttpResponse SalesforceFake::delete_collection(const Call& call) {
  const auto ids = comma_list(call.parameter("ids"));
  if (ids.empty() || ids.size() > collection_records_max)
    return salesforce_error(400, {"EXCEEDED_ID_LIMIT", "give 1 to 200 ids", {}});
  const bool all_or_none = call.parameter("allOrNone") == "true";
  std::optional<SalesforceRecords> before;
  if (all_or_none) before = records_;
  json::array results;
  bool failed = false;
  for (const auto& id : ids) {
    const auto type = std::find_if(object_types().begin(), object_types().end(),
                                   [&id](const ObjectType& own) { return is_id_of(own, id); });
    auto failure = type == object_types().end() ? std::optional(Failure{"MALFORMED_ID", "malformed id " + id, {}})
                                                : injected(*type, id, nullptr);
    if (!failure) failure = records_.erase(*type, id);
    failed = failed || failure.has_value();
    results.push_back(failure ? failed_result(*failure, id) : good_result(id));
  }
  if (all_or_none && failed) records_ = *before;
  return answer_json(200, results);
}

// ---- composite
// -------------------------------------------------------------------------------------------------------

namespace {

/// What "@{ref.a[0].b}" names in the answers so far; empty where there is nothing.
std::string referenced(std::string_view path, const std::map<std::string, json::value, std::less<>>& answers) {
  const auto end = std::min(path.find_first_of(".["), path.size());
  const auto answer = answers.find(path.substr(0, end));
  if (answer == answers.end()) return {};
  std::string pointer;
  for (const char c : path.substr(end)) {
    if (c == ']') continue;
    pointer += c == '.' || c == '[' ? '/' : c;
  }
  boost::system::error_code missing;
  const auto* value = answer->second.find_pointer(pointer, missing);
  if (missing || value == nullptr) return {};
  return value->is_string() ? std::string(value->as_string()) : json::serialize(*value);
}

std::string with_references(std::string text, const std::map<std::string, json::value, std::less<>>& answers) {
  for (auto at = text.find("@{"); at != std::string::npos; at = text.find("@{", at)) {
    const auto end = text.find('}', at);
    if (end == std::string::npos) break;
    const auto value = referenced(std::string_view(text).substr(at + 2, end - at - 2), answers);
    text.replace(at, end - at + 1, value);
    at += value.size();
  }
  return text;
}

}  // namespace

HttpResponse SalesforceFake::composite(const Call& call, const std::string& base_url) {
  const auto body = parse_object(call.body);
  const auto* requests = body ? body->if_contains("compositeRequest") : nullptr;
  if (requests == nullptr || !requests->is_array()) return bad_json("compositeRequest is missing");
  if (requests->as_array().size() > composite_calls_max)
    return salesforce_error(400, {"LIMIT_EXCEEDED", "The composite request holds more than 25 calls", {}});
  const bool all_or_none = true_in(*body, "allOrNone");
  std::optional<SalesforceRecords> before;
  if (all_or_none) before = records_;
  std::map<std::string, json::value, std::less<>> answers;
  json::array responses;
  bool failed = false;
  for (const auto& item : requests->as_array()) {
    const auto* request = item.if_object();
    if (request == nullptr) return bad_json("a composite call is no object");
    const auto reference = text_in(*request, "referenceId");
    const auto url = with_references(text_in(*request, "url"), answers);
    const auto path = url.substr(0, url.find('?'));
    Call inner;
    inner.method = text_in(*request, "method");
    inner.base_path = call.base_path;
    inner.assign = call.assign;
    if (url.find('?') != std::string::npos)
      inner.query = net::parse_form(std::string_view(url).substr(url.find('?') + 1)).value_or(inner.query);
    if (const auto* own = request->if_contains("body")) inner.body = with_references(json::serialize(*own), answers);
    HttpResponse response = not_found();
    const auto resource =
        path.rfind(call.base_path + "/", 0) == 0 ? path.substr(call.base_path.size() + 1) : std::string{};
    for (std::size_t at = 0; at < resource.size();) {
      const auto end = std::min(resource.find('/', at), resource.size());
      if (end > at) inner.segments.push_back(net::percent_decode(resource.substr(at, end - at)).value_or(""));
      at = end + 1;
    }
    const bool nested = !inner.segments.empty() && inner.segments.front() == "composite" && inner.segments.size() == 1;
    if (!inner.segments.empty() && !nested) response = carry_out(inner, base_url);
    failed = failed || response.status >= 300;
    boost::system::error_code unreadable;
    auto value = response.body.empty() ? json::value(nullptr) : json::parse(response.body, unreadable);
    answers[reference] = value;
    responses.push_back(json::object{{"body", std::move(value)},
                                     {"httpHeaders", json::object{}},
                                     {"httpStatusCode", response.status},
                                     {"referenceId", reference}});
  }
  if (all_or_none && failed) records_ = *before;
  return answer_json(200, json::object{{"compositeResponse", std::move(responses)}});
}

// ---- the demo's records
// ----------------------------------------------------------------------------------------------

void SalesforceFake::add_demo_records() {
  struct Person {
    const char* first;
    const char* last;
    const char* company;
    const char* email;
  };
  // Invented people at domains that are reserved for examples. Two addresses stand on several Leads.
  static constexpr Person people[] = {{"Ada", "Holloway", "Northlight Optics", "ada.holloway@example.com"},
                                      {"Bruno", "Keller", "Keller Glassworks", "bruno.keller@example.org"},
                                      {"Chidi", "Okonkwo", "Lagos Freight", "chidi.okonkwo@example.net"},
                                      {"Dora", "Lindqvist", "Lindqvist & Co", "dora@lindqvist.example"},
                                      {"Emil", "Varga", "Varga Systems", "emil.varga@varga.example"},
                                      {"Fiona", "O'Brien", "Harbour Analytics", "fiona.o'brien@example.com"},
                                      {"Goro", "Tanabe", "Tanabe Instruments", "goro@tanabe.example"},
                                      {"Hana", "Novak", "Novak Print", "hana.novak@example.org"},
                                      {"Ivo", "Marek", "Blue Kite", "ivo.marek@bluekite.example"},
                                      {"Jana", "Silva", "Silva Foods", "jana.silva@example.com"},
                                      {"Jana", "Silva", "Silva Foods Retail", "Jana.Silva@example.com"},
                                      {"Kofi", "Mensah", "Accra Solar", "kofi@accrasolar.example"},
                                      {"Lena", "Baum", "Baum Verlag", "lena.baum@example.net"},
                                      {"Milo", "Ferrer", "Ferrer Logistics", "milo@ferrer.example"},
                                      {"Nadia", "Haddad", "Cedar Clinics", "nadia.haddad@cedar.example"},
                                      {"Oskar", "Wolff", "Wolff Maschinen", "oskar.wolff@example.org"},
                                      {"Priya", "Raman", "Raman Textiles", "priya@raman.example"},
                                      {"Quentin", "Dubois", "Atelier Dubois", "quentin.dubois@example.com"},
                                      {"Rosa", "Iglesias", "Iglesias Hotels", "rosa@iglesias.example"},
                                      {"Sven", "Aalto", "Aalto Marine", "sven.aalto@example.net"},
                                      {"Sven", "Aalto", "Aalto Shipyard", "sven.aalto@example.net"},
                                      {"Sven", "Aalto", "Aalto Marine Group", "sven.aalto@example.net"},
                                      {"Tess", "Moreau", "Moreau Legal", "tess.moreau@example.org"},
                                      {"Uma", "Castellan", "Castellan Energy", "uma@castellan.example"}};
  const auto& leads = *find_object("Lead");
  for (const auto& person : people)
    records_.create(leads,
                    {{"FirstName", person.first},
                     {"LastName", person.last},
                     {"Company", person.company},
                     {"Email", person.email},
                     {"LeadSource", "Web"}},
                    false);
  const auto contact = records_.put(
      *find_object("Contact"), {{"FirstName", "Wanda"}, {"LastName", "Pryce"}, {"Email", "wanda.pryce@example.com"}});
  records_.put(leads, {{"FirstName", "Wanda"},
                       {"LastName", "Pryce"},
                       {"Company", "Pryce Pottery"},
                       {"Email", "wanda.pryce@example.com"},
                       {"Status", "Closed - Converted"},
                       {"IsConverted", true},
                       {"ConvertedContactId", contact}});
  add_demo_activities(contact);
}

// What some of them did in the last weeks, so that a trigger has something to find.
void SalesforceFake::add_demo_activities(const std::string& contact) {
  const auto lead_of = [this](const char* email) {
    for (const auto& record : records_.all(*find_object("Lead")))
      if (text_in(record, "Email") == email) return text_in(record, "Id");
    return std::string{};
  };
  const auto days_ago = [this](int days) {
    auto text = net::format_time(clock_->now() - days * engine::day);
    return text.replace(text.size() - 1, 1, "+0000");
  };
  struct Done {
    const char* subtype;
    const char* subject;
    int days;
  };
  static constexpr Done done[] = {{"Call", "Intro call", 21},
                                  {"Email", "Sent the comparison", 18},
                                  {"Call", "Questions about the pilot", 9},
                                  {"Email", "Answered on pricing", 4},
                                  {"Call", "Pilot agreed", 1}};
  const auto rosa = lead_of("rosa@iglesias.example");
  const auto uma = lead_of("uma@castellan.example");
  const auto& tasks = *find_object("Task");
  for (const auto& task : done)
    records_.put(tasks, {{"WhoId", rosa},
                         {"Subject", task.subject},
                         {"TaskSubtype", task.subtype},
                         {"Status", "Completed"},
                         {"Priority", "Normal"},
                         {"CompletedDateTime", days_ago(task.days)}});
  records_.put(tasks, {{"WhoId", uma}, {"Subject", "Call back"}, {"TaskSubtype", "Call"}, {"Status", "Not Started"}});
  const auto& events = *find_object("Event");
  for (const auto& [who, days] : {std::pair{uma, 6}, std::pair{contact, 12}})
    records_.put(events, {{"WhoId", who},
                          {"Subject", "Product walk-through"},
                          {"Type", "Meeting"},
                          {"StartDateTime", days_ago(days)},
                          {"DurationInMinutes", 45}});
  const auto webinar = records_.put(*find_object("Campaign"),
                                    {{"Name", "Spring webinar"}, {"Type", "Webinar"}, {"Status", "Completed"}});
  const auto& members = *find_object("CampaignMember");
  records_.put(members, {{"CampaignId", webinar},
                         {"LeadId", uma},
                         {"Status", "Attended"},
                         {"HasResponded", true},
                         {"FirstRespondedDate", days_ago(14).substr(0, 10)}});
  records_.put(members, {{"CampaignId", webinar}, {"LeadId", rosa}, {"Status", "Sent"}, {"HasResponded", false}});
}

}  // namespace leadlight::sandbox
