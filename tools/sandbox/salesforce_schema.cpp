#include "tools/sandbox/salesforce_schema.hpp"

#include <algorithm>

namespace leadlight::sandbox {

namespace json = boost::json;

namespace {

Field text(std::string name, std::string label, std::size_t length, bool required = false) {
  Field field{std::move(name), std::move(label), FieldKind::text, length, 0, 0, {}, false, true, required};
  return field;
}

Field of_kind(FieldKind kind, std::string name, std::string label, bool writable = true) {
  Field field{std::move(name), std::move(label), kind, 0, 0, 0, {}, false, writable, false};
  if (kind == FieldKind::id || kind == FieldKind::reference) field.length = 18;
  if (kind == FieldKind::email) field.length = 80;
  return field;
}

Field area(std::string name, std::string label, std::size_t length) {
  auto field = of_kind(FieldKind::textarea, std::move(name), std::move(label));
  field.length = length;
  return field;
}

Field number(std::string name, std::string label, int precision, int scale) {
  auto field = of_kind(FieldKind::number, std::move(name), std::move(label));
  field.precision = precision;
  field.scale = scale;
  return field;
}

Field picklist(std::string name, std::string label, std::vector<std::string> values, bool restricted = false) {
  auto field = of_kind(FieldKind::picklist, std::move(name), std::move(label));
  field.length = 255;
  field.values = std::move(values);
  field.restricted = restricted;
  return field;
}

std::vector<Field> with_system_fields(std::vector<Field> own) {
  std::vector<Field> fields;
  fields.push_back(of_kind(FieldKind::id, "Id", "Record ID", false));
  fields.push_back(of_kind(FieldKind::boolean, "IsDeleted", "Deleted", false));
  fields.insert(fields.end(), own.begin(), own.end());
  fields.push_back(of_kind(FieldKind::datetime, "CreatedDate", "Created Date", false));
  fields.push_back(of_kind(FieldKind::reference, "CreatedById", "Created By ID", false));
  fields.push_back(of_kind(FieldKind::datetime, "LastModifiedDate", "Last Modified Date", false));
  fields.push_back(of_kind(FieldKind::reference, "LastModifiedById", "Last Modified By ID", false));
  fields.push_back(of_kind(FieldKind::datetime, "SystemModstamp", "System Modstamp", false));
  return fields;
}

std::vector<Field> score_fields() {
  return {
      number("HG_Likelihood_to_Buy_Score__c", "Likelihood to Buy Score", 18, 0),
      picklist("HG_Likelihood_to_Buy_Segment__c", "Likelihood to Buy Segment", {"very high", "high", "medium", "low"}),
      area("HG_Likelihood_to_Buy_Signals__c", "Likelihood to Buy Signals", 1024),
      of_kind(FieldKind::datetime, "HG_Likelihood_to_Buy_Scored_At__c", "Likelihood to Buy Scored At")};
}

Field read_only_text(std::string name, std::string label, std::size_t length) {
  auto field = text(std::move(name), std::move(label), length);
  field.writable = false;
  return field;
}

ObjectType lead() {
  std::vector<Field> fields = {
      text("LastName", "Last Name", 80, true),
      text("FirstName", "First Name", 40),
      read_only_text("Name", "Full Name", 121),
      text("Title", "Title", 128),
      text("Company", "Company", 255, true),
      text("Phone", "Phone", 40),
      of_kind(FieldKind::email, "Email", "Email"),
      text("Website", "Website", 255),
      area("Description", "Description", 32'000),
      picklist("LeadSource", "Lead Source", {"Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"}),
      picklist("Status", "Lead Status",
               {"Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"}),
      of_kind(FieldKind::reference, "OwnerId", "Owner ID"),
      of_kind(FieldKind::boolean, "IsConverted", "Converted", false),
      of_kind(FieldKind::reference, "ConvertedContactId", "Converted Contact ID", false),
      of_kind(FieldKind::reference, "ConvertedAccountId", "Converted Account ID", false)};
  for (auto& field : score_fields()) fields.push_back(field);
  // For mappings that do not fit: a text too short for the signals, a strict picklist, a score nobody may write.
  fields.push_back(text("Short_Signals__c", "Short Signals", 60));
  fields.push_back(picklist("Strict_Segment__c", "Strict Segment", {"hot", "cold"}, true));
  auto locked = number("Locked_Score__c", "Locked Score", 3, 0);
  locked.writable = false;
  fields.push_back(locked);
  return {"Lead", "Lead", "00Q", with_system_fields(fields)};
}

ObjectType contact() {
  std::vector<Field> fields = {of_kind(FieldKind::reference, "AccountId", "Account ID"),
                               text("LastName", "Last Name", 80, true),
                               text("FirstName", "First Name", 40),
                               read_only_text("Name", "Full Name", 121),
                               text("Title", "Title", 128),
                               text("Phone", "Phone", 40),
                               of_kind(FieldKind::email, "Email", "Email"),
                               of_kind(FieldKind::reference, "OwnerId", "Owner ID")};
  for (auto& field : score_fields()) fields.push_back(field);
  return {"Contact", "Contact", "003", with_system_fields(fields)};
}

ObjectType campaign() {
  return {"Campaign", "Campaign", "701",
          with_system_fields({text("Name", "Campaign Name", 80, true),
                              picklist("Type", "Type", {"Conference", "Webinar", "Email", "Other"}),
                              picklist("Status", "Status", {"Planned", "In Progress", "Completed", "Aborted"}),
                              of_kind(FieldKind::boolean, "IsActive", "Active"),
                              of_kind(FieldKind::date, "StartDate", "Start Date"),
                              of_kind(FieldKind::date, "EndDate", "End Date")})};
}

ObjectType campaign_member() {
  return {"CampaignMember", "Campaign Member", "00v",
          with_system_fields({of_kind(FieldKind::reference, "CampaignId", "Campaign ID"),
                              of_kind(FieldKind::reference, "LeadId", "Lead ID"),
                              of_kind(FieldKind::reference, "ContactId", "Contact ID"),
                              picklist("Status", "Status", {"Sent", "Responded", "Registered", "Attended"}),
                              of_kind(FieldKind::boolean, "HasResponded", "Responded"),
                              of_kind(FieldKind::date, "FirstRespondedDate", "First Responded Date")})};
}

ObjectType task() {
  return {
      "Task", "Task", "00T",
      with_system_fields(
          {of_kind(FieldKind::reference, "WhoId", "Name ID"), of_kind(FieldKind::reference, "WhatId", "Related To ID"),
           text("Subject", "Subject", 255), of_kind(FieldKind::date, "ActivityDate", "Due Date Only"),
           picklist("Status", "Status", {"Not Started", "In Progress", "Completed", "Deferred"}),
           picklist("Priority", "Priority", {"High", "Normal", "Low"}),
           picklist("TaskSubtype", "Task Subtype", {"Task", "Email", "Call", "ListEmail"}),
           picklist("Type", "Type", {"Call", "Meeting", "Email", "Other"}),
           of_kind(FieldKind::datetime, "CompletedDateTime", "Completed Date"),
           of_kind(FieldKind::boolean, "IsClosed", "Closed", false), area("Description", "Description", 32'000),
           of_kind(FieldKind::reference, "OwnerId", "Assigned To ID")})};
}

ObjectType event() {
  return {
      "Event", "Event", "00U",
      with_system_fields(
          {of_kind(FieldKind::reference, "WhoId", "Name ID"), of_kind(FieldKind::reference, "WhatId", "Related To ID"),
           text("Subject", "Subject", 255), of_kind(FieldKind::datetime, "StartDateTime", "Start Date Time"),
           of_kind(FieldKind::datetime, "EndDateTime", "End Date Time"),
           of_kind(FieldKind::date, "ActivityDate", "Due Date Only"), number("DurationInMinutes", "Duration", 8, 0),
           picklist("Type", "Type", {"Call", "Meeting", "Email", "Other"}), area("Description", "Description", 32'000),
           of_kind(FieldKind::reference, "OwnerId", "Assigned To ID")})};
}

json::object describe_field(const Field& field) {
  json::array values;
  for (const auto& value : field.values)
    values.push_back(
        {{"active", true}, {"defaultValue", false}, {"label", value}, {"validFor", nullptr}, {"value", value}});
  const bool custom = field.name.size() > 3 && field.name.substr(field.name.size() - 3) == "__c";
  return {{"name", field.name},
          {"label", field.label},
          {"type", field.type_name()},
          {"length", field.length},
          {"byteLength", field.length * 3},
          {"precision", field.precision},
          {"scale", field.scale},
          {"digits", 0},
          {"custom", custom},
          {"createable", field.writable},
          {"updateable", field.writable},
          {"nillable", !field.required && field.kind != FieldKind::boolean},
          {"filterable", field.filterable()},
          {"sortable", field.filterable()},
          {"unique", false},
          {"externalId", false},
          {"idLookup", field.name == "Id" || field.name == "Email"},
          {"restrictedPicklist", field.restricted},
          {"picklistValues", std::move(values)},
          {"referenceTo", json::array{}}};
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto folded = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return folded(x) == folded(y); });
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (auto& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string_view Field::type_name() const {
  switch (kind) {
    case FieldKind::id: return "id";
    case FieldKind::reference: return "reference";
    case FieldKind::text: return "string";
    case FieldKind::textarea: return "textarea";
    case FieldKind::email: return "email";
    case FieldKind::number: return "double";
    case FieldKind::boolean: return "boolean";
    case FieldKind::datetime: return "datetime";
    case FieldKind::date: return "date";
    case FieldKind::picklist: return "picklist";
  }
  return "string";
}

const Field* ObjectType::find(std::string_view field) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [field](const Field& own) { return equal_ignoring_case(own.name, field); });
  return found == fields.end() ? nullptr : &*found;
}

const std::vector<ObjectType>& object_types() {
  static const std::vector<ObjectType> types = {lead(), contact(), campaign(), campaign_member(), task(), event()};
  return types;
}

const ObjectType* find_object(std::string_view name) {
  for (const auto& type : object_types())
    if (equal_ignoring_case(type.name, name)) return &type;
  return nullptr;
}

json::object describe(const ObjectType& object, const std::string& base_path, bool fields) {
  const auto own = base_path + "/sobjects/" + object.name;
  json::object result{{"name", object.name},
                      {"label", object.label},
                      {"labelPlural", object.label + "s"},
                      {"keyPrefix", object.id_prefix},
                      {"custom", false},
                      {"createable", true},
                      {"deletable", true},
                      {"queryable", true},
                      {"retrieveable", true},
                      {"searchable", true},
                      {"updateable", true},
                      {"undeletable", true},
                      {"urls", {{"sobject", own}, {"describe", own + "/describe"}, {"rowTemplate", own + "/{ID}"}}}};
  if (fields) {
    json::array list;
    for (const auto& field : object.fields) list.push_back(describe_field(field));
    result["fields"] = std::move(list);
    result["childRelationships"] = json::array{};
    result["recordTypeInfos"] = json::array{};
  }
  return result;
}

}  // namespace leadlight::sandbox
