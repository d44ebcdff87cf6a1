#include "tools/sandbox/salesforce.hpp"

#include <algorithm>
#include <charconv>

namespace leadlight::sandbox {

namespace json = boost::json;
using net::HttpRequest;
using net::HttpResponse;

namespace {

constexpr std::size_t cursors_max = 50;
constexpr std::size_t batch_size_min = 200;
constexpr std::size_t batch_size_max = 2000;
constexpr std::uint64_t daily_requests = 1'000'000;
constexpr int version_min = 31;
constexpr int version_max = 68;

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (at <= text.size()) {
    const auto end = std::min(text.find(by, at), text.size());
    if (end > at) parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

/// The number of "v60.0", or none.
std::optional<int> version_of(std::string_view segment) {
  int number = 0;
  if (segment.size() < 4 || segment.front() != 'v' || segment.substr(segment.size() - 2) != ".0") return std::nullopt;
  const auto digits = segment.substr(1, segment.size() - 3);
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (fault != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

HttpResponse answer_json(std::uint16_t status, const json::value& value) {
  return HttpResponse::json(status, json::serialize(value));
}

Failure usual_failure(std::uint16_t status) {
  switch (status) {
    case 401: return {"INVALID_SESSION_ID", "Session expired or invalid", {}};
    case 403: return {"REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", {}};
    case 404: return {"NOT_FOUND", "The requested resource does not exist", {}};
    case 405: return {"METHOD_NOT_ALLOWED", "HTTP Method not allowed", {}};
    case 409: return {"CONFLICT", "The request could not be completed due to a conflict", {}};
    case 410: return {"UNSUPPORTED_API_VERSION", "This API version is retired", {}};
    case 415: return {"UNSUPPORTED_MEDIA_TYPE", "The entity in the request is in a format that is not supported", {}};
    case 429: return {"REQUEST_LIMIT_EXCEEDED", "Too many requests", {}};
    case 500: return {"UNKNOWN_EXCEPTION", "An unexpected error occurred", {}};
    case 502:
    case 503: return {"SERVER_UNAVAILABLE", "The server is temporarily unavailable", {}};
    default: return {"INVALID_REQUEST", "The request was refused", {}};
  }
}

/// The answer that a fault asks for in place of the true one.
HttpResponse faulty(const FaultPlan& plan, bool oauth) {
  const auto status = plan.status.value_or(503);
  HttpResponse response;
  auto failure = usual_failure(status);
  if (!plan.error_code.empty()) failure = {plan.error_code, plan.message.empty() ? failure.message : plan.message, {}};
  if (!plan.message.empty()) failure.message = plan.message;
  if (plan.body || status == 414) {
    response.status = status;
    response.body = plan.body.value_or("<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>");
    const bool html = !response.body.empty() && response.body.front() == '<';
    response.headers.emplace_back("Content-Type",
                                  html ? "text/html;charset=iso-8859-1" : "application/json;charset=UTF-8");
  } else if (oauth) {
    response = oauth_error(status, plan.error_code.empty() ? "unknown_error" : plan.error_code, failure.message);
  } else {
    response = salesforce_error(status, failure);
  }
  if (plan.retry_after) response.headers.emplace_back("Retry-After", *plan.retry_after);
  return response;
}

std::optional<HttpResponse> over_limit(const FaultPlan& plan) {
  if (plan.rate_limit == "daily")
    return salesforce_error(403, {"REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", {}});
  if (plan.rate_limit == "concurrent")
    return salesforce_error(
        403, {"REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", {}});
  if (plan.rate_limit != "burst") return std::nullopt;
  auto response = salesforce_error(429, {"REQUEST_LIMIT_EXCEEDED", "Too many requests", {}});
  response.headers.emplace_back("Retry-After", plan.retry_after.value_or("1"));
  return response;
}

}  // namespace

HttpResponse salesforce_error(std::uint16_t status, const Failure& failure) {
  json::object error{{"message", failure.message}, {"errorCode", failure.code}};
  if (!failure.fields.empty()) {
    json::array fields;
    for (const auto& field : failure.fields) fields.push_back(json::value(field));
    error["fields"] = std::move(fields);
  }
  json::array list;
  list.push_back(std::move(error));
  return answer_json(status, list);
}

SalesforceFake::SalesforceFake(actors::ClockPtr clock, Faults& faults, bool empty)
    : clock_(clock), faults_(faults), records_(clock), tokens_(clock) {
  if (!empty) add_demo_records();
}

std::vector<std::string> SalesforceFake::paths() {
  std::vector<std::string> result = {
      "/services/oauth2/token",    "/services/oauth2/revoke", "/services/oauth2/userinfo",
      "/id/{organisation}/{user}", "/services/data",          "/services/data/"};
  std::string path = "/services/data";
  for (const auto* segment : {"/{version}", "/{resource}", "/{name}", "/{part}", "/{detail}", "/{more}"}) {
    path += segment;
    result.push_back(path);
    result.push_back(path + "/");
  }
  return result;
}

std::string SalesforceFake::Call::parameter(std::string_view name) const {
  for (const auto& [own, value] : query)
    if (own == name) return value;
  return {};
}

HttpResponse SalesforceFake::answer(const HttpRequest& request, const FaultPlan& plan) {
  const std::lock_guard lock(mutex_);
  const auto base_url = "http://" + std::string(request.header("host").value_or("localhost"));
  if (request.path.rfind("/services/data", 0) != 0) return oauth(request, plan, base_url);
  ++requests_;
  auto response = data_api(request, plan, base_url);
  if (plan.cut_body) response.body.resize(response.body.size() / 2);
  const auto usage = plan.api_usage.value_or(std::pair(requests_, daily_requests));
  response.headers.emplace_back("Sforce-Limit-Info",
                                "api-usage=" + std::to_string(usage.first) + "/" + std::to_string(usage.second));
  return response;
}

HttpResponse SalesforceFake::oauth(const HttpRequest& request, const FaultPlan& plan, const std::string& base_url) {
  if (plan.status) return faulty(plan, true);
  if (request.path == "/services/oauth2/token") return tokens_.grant(request, base_url);
  if (request.path == "/services/oauth2/revoke") return tokens_.revoke(request);
  if (plan.expire_tokens) tokens_.expire_all();
  if (!tokens_.accepts(request)) return HttpResponse::text(403, "Bad_OAuth_Token");
  return identity(base_url, request.path == "/services/oauth2/userinfo");
}

HttpResponse SalesforceFake::identity(const std::string& base_url, bool openid) const {
  const auto url = base_url + "/id/" + std::string(organisation_id) + "/" + std::string(integration_user_id);
  json::object user{{"user_id", integration_user_id},
                    {"organization_id", organisation_id},
                    {openid ? "preferred_username" : "username", "integration@sandbox.example"},
                    {openid ? "name" : "display_name", "Integration User"},
                    {"email", "integration@sandbox.example"},
                    {"active", true},
                    {"user_type", "STANDARD"},
                    {"language", "en_US"},
                    {"locale", "en_US"},
                    {"urls",
                     {{"rest", base_url + "/services/data/v{version}/"},
                      {"sobjects", base_url + "/services/data/v{version}/sobjects/"},
                      {"query", base_url + "/services/data/v{version}/query/"}}}};
  if (openid)
    user["sub"] = url;
  else
    user["id"] = url;
  return answer_json(200, user);
}

HttpResponse SalesforceFake::data_api(const HttpRequest& request, const FaultPlan& plan, const std::string& base_url) {
  if (plan.status) return faulty(plan, false);
  if (auto refused = over_limit(plan)) return *refused;
  auto segments = split(std::string_view(request.path).substr(std::string_view("/services/data").size()), '/');
  if (segments.empty()) return versions();
  const auto version = version_of(segments.front());
  if (!version || *version > version_max) return salesforce_error(404, usual_failure(404));
  if (*version < version_min) return salesforce_error(410, usual_failure(410));
  if (plan.expire_tokens) tokens_.expire_all();
  if (!tokens_.accepts(request)) return salesforce_error(401, usual_failure(401));
  Call call;
  call.method = request.method;
  call.base_path = "/services/data/" + segments.front();
  call.segments.assign(segments.begin() + 1, segments.end());
  call.query = request.query;
  call.body = request.body;
  if (call.method == "POST" && !call.parameter("_HttpMethod").empty()) call.method = call.parameter("_HttpMethod");
  call.assign = !equal_ignoring_case(request.header("sforce-auto-assign").value_or("TRUE"), "FALSE");
  const auto options = std::string(request.header("sforce-query-options").value_or(""));
  if (const auto mark = lower_case(options).find("batchsize="); mark != std::string::npos) {
    std::size_t size = 0;
    std::from_chars(options.data() + mark + 10, options.data() + options.size(), size);
    call.batch_size = std::clamp(size, batch_size_min, batch_size_max);
  }
  if (plan.page_records > 0) call.batch_size = plan.page_records;
  const bool writes = call.method == "POST" || call.method == "PATCH" || call.method == "PUT";
  const auto type = lower_case(request.header("content-type").value_or(""));
  if (writes && !call.body.empty() && type.rfind("application/json", 0) != 0)
    return salesforce_error(415, usual_failure(415));
  return carry_out(call, base_url);
}

HttpResponse SalesforceFake::carry_out(const Call& call, const std::string& base_url) {
  if (call.segments.empty()) return resources(call, base_url);
  const auto& resource = call.segments.front();
  const bool reading = call.method == "GET" || call.method == "HEAD";
  if (resource == "query" || resource == "queryAll") {
    if (!reading) return salesforce_error(405, usual_failure(405));
    return call.segments.size() == 1 ? query(call) : query_more(call);
  }
  if (resource == "limits" && call.segments.size() == 1)
    return reading ? limits() : salesforce_error(405, usual_failure(405));
  if (resource == "sobjects") return sobjects(call);
  if (resource == "composite" && call.segments.size() == 1)
    return call.method == "POST" ? composite(call, base_url) : salesforce_error(405, usual_failure(405));
  if (resource == "composite" && call.segments[1] == "sobjects" && call.segments.size() <= 3) return collections(call);
  return salesforce_error(404, usual_failure(404));
}

HttpResponse SalesforceFake::versions() const {
  static const std::vector<std::string> seasons = {"Spring", "Summer", "Winter"};
  json::array list;
  for (int number = version_min; number <= version_max; ++number) {
    const int release = number - 30;  // v30 was Spring '14; Winter carries the next year's name
    const auto season = static_cast<std::size_t>(release % 3);
    const int year = 14 + release / 3 + (season == 2 ? 1 : 0);
    const auto text = std::to_string(number) + ".0";
    list.push_back({{"label", seasons[season] + " '" + std::to_string(year)},
                    {"url", "/services/data/v" + text},
                    {"version", text}});
  }
  return answer_json(200, list);
}

HttpResponse SalesforceFake::resources(const Call& call, const std::string& base_url) const {
  if (call.method != "GET" && call.method != "HEAD") return salesforce_error(405, usual_failure(405));
  json::object list;
  for (const auto* name : {"sobjects", "query", "queryAll", "composite", "limits"})
    list[name] = call.base_path + "/" + name;
  list["identity"] = base_url + "/id/" + std::string(organisation_id) + "/" + std::string(integration_user_id);
  return answer_json(200, list);
}

HttpResponse SalesforceFake::limits() const {
  const auto used = std::min(requests_, daily_requests);
  return answer_json(200,
                     json::object{{"DailyApiRequests", {{"Max", daily_requests}, {"Remaining", daily_requests - used}}},
                                  {"DailyBulkV2QueryJobs", {{"Max", 10'000}, {"Remaining", 10'000}}}});
}

// ---- queries
// ---------------------------------------------------------------------------------------------------------

HttpResponse SalesforceFake::query(const Call& call) {
  const auto text = call.parameter("q");
  if (text.empty()) return salesforce_error(400, {"MALFORMED_QUERY", "unexpected token: '<EOF>'", {}});
  auto parsed = soql::parse(text);
  if (const auto* refusal = std::get_if<soql::Refusal>(&parsed))
    return salesforce_error(400, {refusal->code, refusal->message, {}});
  auto& query = std::get<soql::Query>(parsed);
  const auto* type = find_object(query.object);
  if (type == nullptr)
    return salesforce_error(
        400, {"INVALID_TYPE",
              "sObject type '" + query.object +
                  "' is not supported. If you are attempting to use a custom "
                  "object, be sure to append the '__c' after the entity name. Please reference your WSDL or the "
                  "describe call for the appropriate names.",
              {}});
  if (const auto refusal = soql::resolve(query, *type)) {
    // Like the true one: an excerpt of the query first, the reason on the last line.
    const auto place = "\n" + text.substr(0, 40) + "\n^\nERROR at Row:1:Column:1\n";
    const bool column = refusal->message.rfind("No such column", 0) == 0;
    return salesforce_error(400, {refusal->code, (column ? place : std::string{}) + refusal->message, {}});
  }
  Cursor cursor{"01ggL" + std::to_string(10'000'000 + ++last_cursor_), records_.select(query, *type, call.base_path)};
  if (query.count)
    return answer_json(200,
                       json::object{{"totalSize", cursor.records.size()}, {"done", true}, {"records", json::array{}}});
  if (cursor.records.size() <= call.batch_size) return page(call, cursor, 0);
  cursors_.push_back(std::move(cursor));
  if (cursors_.size() > cursors_max) cursors_.pop_front();
  return page(call, cursors_.back(), 0);
}

HttpResponse SalesforceFake::query_more(const Call& call) {
  const auto& name = call.segments[1];
  const auto dash = name.rfind('-');
  std::size_t from = 0;
  if (dash != std::string::npos) std::from_chars(name.data() + dash + 1, name.data() + name.size(), from);
  const auto cursor = std::find_if(cursors_.begin(), cursors_.end(),
                                   [&](const Cursor& own) { return own.locator == name.substr(0, dash); });
  if (dash == std::string::npos || cursor == cursors_.end() || from > cursor->records.size())
    return salesforce_error(400, {"INVALID_QUERY_LOCATOR", "invalid query locator", {}});
  return page(call, *cursor, from);
}

HttpResponse SalesforceFake::page(const Call& call, const Cursor& cursor, std::size_t from) {
  const auto end = std::min(from + call.batch_size, cursor.records.size());
  json::array rows;
  for (auto at = from; at < end; ++at) rows.push_back(cursor.records[at]);
  json::object answer{{"totalSize", cursor.records.size()}, {"done", end == cursor.records.size()}};
  if (end < cursor.records.size())
    answer["nextRecordsUrl"] = call.base_path + "/query/" + cursor.locator + "-" + std::to_string(end);
  answer["records"] = std::move(rows);
  return answer_json(200, answer);
}

// ---- the sandbox's own view
// ------------------------------------------------------------------------------------------

HttpResponse SalesforceFake::state(const HttpRequest& request, const std::string& object) {
  const std::lock_guard lock(mutex_);
  if (object == "public_key" && request.method == "POST") {
    const auto set = tokens_.set_public_key(request.body);
    return set ? answer_json(200, json::object{{"set", true}}) : net::problem(set.error(), request);
  }
  const auto* type = find_object(object);
  if (type == nullptr) return net::problem({engine::Errc::not_found, "there is no object " + object, {}}, request);
  if (request.method == "POST") return put_state(request, *type);
  json::array rows;
  for (auto& record : records_.all(*type)) rows.push_back(std::move(record));
  return answer_json(200, json::object{{"records", std::move(rows)}});
}

HttpResponse SalesforceFake::put_state(const HttpRequest& request, const ObjectType& type) {
  boost::system::error_code failed;
  auto body = json::parse(request.body, failed);
  const auto invalid = [&request](std::string what) {
    return net::problem({engine::Errc::invalid, std::move(what), "records"}, request);
  };
  if (failed) return invalid("the body is no JSON");
  const auto* records = body.if_array();
  if (const auto* whole = body.if_object(); whole != nullptr && whole->contains("records"))
    records = whole->at("records").if_array();
  if (records == nullptr) return invalid("the body must be {\"records\": […]} or a list");
  for (const auto& record : *records)
    if (!record.is_object()) return invalid("every record must be an object");
  if (request.parameter("replace").value_or("") == "true") records_.clear(type);
  json::array ids;
  for (const auto& record : *records) ids.push_back(json::value(records_.put(type, record.as_object())));
  const auto count = ids.size();
  return answer_json(200, json::object{{"stored", count}, {"ids", std::move(ids)}});
}

}  // namespace leadlight::sandbox
