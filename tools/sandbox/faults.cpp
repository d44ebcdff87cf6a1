#include "tools/sandbox/faults.hpp"

#include "tools/sandbox/salesforce_schema.hpp"

#include <algorithm>
#include <charconv>

namespace leadlight::sandbox {

namespace json = boost::json;
using engine::Errc;
using engine::Error;

namespace {

constexpr std::size_t faults_max = 1000;

Error wrong(std::string field, std::string what) {
  return Error{Errc::invalid, std::move(what), std::move(field)};
}

std::optional<std::uint64_t> whole_number(const json::value& value) {
  if (value.is_int64() && value.as_int64() >= 0) return static_cast<std::uint64_t>(value.as_int64());
  if (value.is_uint64()) return value.as_uint64();
  return std::nullopt;
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> usage(std::string_view text) {
  std::pair<std::uint64_t, std::uint64_t> result;
  const auto first = std::from_chars(text.data(), text.data() + text.size(), result.first);
  if (first.ec != std::errc{} || first.ptr == text.data() + text.size() || *first.ptr != '/') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, text.data() + text.size(), result.second);
  if (second.ec != std::errc{} || second.ptr != text.data() + text.size()) return std::nullopt;
  return result;
}

bool asks_for_token(const net::HttpRequest& request) {
  return request.path.find("/oauth") != std::string::npos;
}

bool does_nothing_to_requests(const FaultPlan& plan) {
  return !plan.status && plan.rate_limit.empty() && !plan.expire_tokens && !plan.hang_after_commit &&
         plan.delay.count() == 0 && !plan.api_usage && !plan.cut_body && plan.page_records == 0;
}

}  // namespace

std::optional<Error> Faults::read_rate_limit(const json::value& value, Fault& fault) {
  if (value.is_bool()) {
    if (value.as_bool()) fault.plan.rate_limit = "daily";
    return std::nullopt;
  }
  if (const auto number = whole_number(value)) {
    fault.plan.rate_limit = "burst";
    fault.per_second = *number;
    return std::nullopt;
  }
  const std::string text = value.is_string() ? std::string(value.as_string()) : std::string{};
  if (text != "daily" && text != "concurrent" && text != "burst")
    return wrong("rate_limit", "rate_limit must be true, daily, concurrent, burst or a number of requests a second");
  fault.plan.rate_limit = text;
  return std::nullopt;
}

std::optional<Error> Faults::read(const json::object& from, Fault& fault) {
  for (const auto& [key, value] : from) {
    const std::string name(key);
    const auto number = whole_number(value);
    const auto text = value.is_string() ? std::string(value.as_string()) : std::string{};
    const auto truth = value.is_bool() && value.as_bool();
    if (name == "target" && value.is_string())
      fault.target = text;
    else if (name == "path" && value.is_string())
      fault.path = text;
    else if (name == "method" && value.is_string())
      fault.method = text;
    else if (name == "body_contains" && value.is_string())
      fault.body_contains = text;
    else if (name == "query_contains" && value.is_string())
      fault.query_contains = text;
    else if (name == "cut_body" && value.is_bool())
      fault.plan.cut_body = truth;
    else if (name == "page_records" && number && *number > 0)
      fault.plan.page_records = *number;
    else if (name == "status" && number && *number >= 300 && *number < 600)
      fault.plan.status = static_cast<std::uint16_t>(*number);
    else if (name == "error_code" && value.is_string())
      fault.plan.error_code = text;
    else if (name == "message" && value.is_string())
      fault.plan.message = text;
    else if (name == "body" && value.is_string())
      fault.plan.body = text;
    else if (name == "retry_after" && number)
      fault.plan.retry_after = std::to_string(*number);
    else if (name == "delay_ms" && number && *number <= 600'000)
      fault.plan.delay = engine::Milliseconds(*number);
    else if (name == "expire_tokens" && value.is_bool())
      fault.plan.expire_tokens = truth;
    else if (name == "hang_after_commit" && value.is_bool())
      fault.plan.hang_after_commit = truth;
    else if (name == "api_usage" && usage(text))
      fault.plan.api_usage = usage(text);
    else if (name == "times" && number && *number > 0)
      fault.times_left = number;
    else if (name == "rate_limit") {
      if (auto error = read_rate_limit(value, fault)) return error;
    } else if (name == "fail_records" && value.is_object()) {
      for (const auto& [record, code] : value.as_object()) {
        if (!code.is_string()) return wrong("fail_records", "fail_records maps an id or e-mail to an error code");
        fault.fail_records.emplace_back(lower_case(record), std::string(code.as_string()));
      }
    } else {
      return wrong(name, name + " is not known, or not of the right kind");
    }
  }
  return std::nullopt;
}

engine::Result<json::object> Faults::add(const json::object& from) {
  Fault fault;
  if (auto error = read(from, fault)) return *error;
  if (fault.target.empty()) return wrong("target", "target is missing, such as \"salesforce\"");
  if (does_nothing_to_requests(fault.plan) && fault.fail_records.empty())
    return wrong("status",
                 "the fault does nothing: give status, delay_ms, rate_limit, hang_after_commit, fail_records, "
                 "expire_tokens, cut_body, page_records or api_usage");
  if (fault.plan.expire_tokens && !fault.times_left) fault.times_left = 1;  // for ever would only be a dead target
  const std::lock_guard lock(mutex_);
  if (faults_.size() >= faults_max) return Error{Errc::rate_limited, "there are 1000 faults already", {}};
  fault.id = ++last_id_;
  fault.as_given = from;
  fault.as_given["id"] = fault.id;
  faults_.push_back(std::move(fault));
  return faults_.back().as_given;
}

json::array Faults::list() const {
  const std::lock_guard lock(mutex_);
  json::array result;
  for (const auto& fault : faults_) {
    auto row = fault.as_given;
    row["hits"] = fault.hits;
    row["times_left"] = fault.times_left ? json::value(*fault.times_left) : json::value(nullptr);
    result.push_back(std::move(row));
  }
  return result;
}

std::size_t Faults::clear() {
  const std::lock_guard lock(mutex_);
  return std::exchange(faults_, {}).size();
}

bool Faults::concerns(const Fault& fault, std::string_view target, const net::HttpRequest& request) {
  if (fault.target != target || request.path.rfind(fault.path, 0) != 0) return false;
  if (!fault.method.empty() && fault.method != request.method) return false;
  if (request.body.find(fault.body_contains) == std::string::npos) return false;
  const auto query = request.parameter("q").value_or("");
  if (std::string_view(query).find(fault.query_contains) == std::string_view::npos) return false;
  return !does_nothing_to_requests(fault.plan);
}

void Faults::use_up(std::list<Fault>::iterator& fault) {
  ++fault->hits;
  if (fault->times_left && --*fault->times_left == 0)
    fault = faults_.erase(fault);
  else
    ++fault;
}

void Faults::merge(const FaultPlan& from, FaultPlan& into, const net::HttpRequest& request) {
  const bool for_token = asks_for_token(request);
  if (from.status && !into.status) {
    into.status = from.status;
    into.error_code = from.error_code;
    into.message = from.message;
    into.body = from.body;
    into.retry_after = from.retry_after;
  }
  if (into.rate_limit.empty()) into.rate_limit = from.rate_limit;
  if (!into.retry_after) into.retry_after = from.retry_after;
  into.expire_tokens |= from.expire_tokens && !for_token;
  into.hang_after_commit |= from.hang_after_commit && !for_token && request.method != "GET";
  into.cut_body |= from.cut_body;
  into.page_records = std::max(into.page_records, from.page_records);
  into.delay = std::max(into.delay, from.delay);
  if (from.api_usage) into.api_usage = from.api_usage;
}

FaultPlan Faults::take(std::string_view target, const net::HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  FaultPlan plan;
  const auto second = engine::to_ms(clock_->now()) / 1000;
  const bool for_token = asks_for_token(request);
  for (auto fault = faults_.begin(); fault != faults_.end();) {
    const auto& own = fault->plan;
    bool applies = concerns(*fault, target, request);
    // Who asks for a token uses up no allowance and has none that could expire; who only reads commits nothing.
    const bool for_calls = (own.expire_tokens || !own.rate_limit.empty()) && !own.status;
    const bool for_writes = own.hang_after_commit && !own.status;
    if ((for_calls || for_writes) && for_token) applies = false;
    if (for_writes && request.method == "GET") applies = false;
    if (applies && fault->per_second > 0) {
      if (std::exchange(fault->window, second) != second) fault->in_window = 0;
      applies = ++fault->in_window > fault->per_second;
    }
    if (!applies) {
      ++fault;
      continue;
    }
    merge(own, plan, request);
    use_up(fault);
  }
  return plan;
}

std::optional<std::string> Faults::record_fault(std::string_view target, const std::vector<std::string>& names) {
  const std::lock_guard lock(mutex_);
  for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
    if (fault->target != target) continue;
    for (const auto& [record, failure] : fault->fail_records) {
      const auto hit = std::find_if(names.begin(), names.end(),
                                    [&record = record](const std::string& name) { return lower_case(name) == record; });
      if (hit == names.end()) continue;
      auto code = failure;
      if (does_nothing_to_requests(fault->plan)) use_up(fault);
      return code;
    }
  }
  return std::nullopt;
}

}  // namespace leadlight::sandbox
