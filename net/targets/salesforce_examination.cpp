#include "net/targets/salesforce_examination.hpp"

#include "net/targets/salesforce_describe.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace leadlight::net::salesforce {
namespace {

namespace json = boost::json;

constexpr double budget_scarce = 0.8;
constexpr const char* test_signals = "Leadlight: a test of the connection, taken back at once";

/// What to do about a login or a call that was refused, by what Salesforce says.
std::string remedy_for(std::string_view reason) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> known = {{
      {"no client credentials user", "set Run As in the app's policies (guide, section 3.3)"},
      {"approved this consumer", "pre-authorise the user: permitted users and permission set (guide, section 3.3)"},
      {"expired authorization code", "set the clock of this machine (NTP)"},
      {"audience", "for a Salesforce sandbox: --option audience=https://test.salesforce.com"},
      {"invalid_client", "copy consumer key and secret again; a new app takes up to ten minutes (guide, section 3.4)"},
      {"unsupported_grant_type", "--url must be the My Domain address (guide, section 3.5)"},
      {"also with a new token", "relax the app's IP policy, or allow this machine's address (guide, section 9)"},
      {"API_DISABLED_FOR_ORG", "give the user API Enabled (guide, section 2)"},
      {"used up", "wait, or raise the limit: Setup, Company Information, API Requests"},
      {"REQUEST_LIMIT_EXCEEDED", "wait, or raise the limit: Setup, Company Information, API Requests"},
      {"404", "--url must be the My Domain address (guide, section 3.5)"},
      {"invalid_grant", "see whether the user is active and may use the app (guide, section 3.3)"},
  }};
  for (const auto& [words, remedy] : known)
    if (reason.find(words) != std::string_view::npos) return std::string(remedy);
  return "see docs/guides/salesforce.md, section 9; if the network is at fault, try the URL from this machine";
}

/// A member's whole number; -1 when it is none.
std::int64_t number_of(const json::value* object, std::string_view name) {
  const auto* value = object != nullptr && object->is_object() ? object->as_object().if_contains(name) : nullptr;
  if (value == nullptr || !value->is_number()) return -1;
  boost::system::error_code not_whole;
  const auto number = value->to_number<std::int64_t>(not_whole);
  return not_whole ? -1 : number;
}

bool is_lead_id(std::string_view text) {
  const bool alphanumeric = std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
  return alphanumeric && (text.size() == 15 || text.size() == 18);
}

/// The first record of a query's answer with this id, as it stands.
json::object record_with(std::string_view body, std::string_view id) {
  boost::system::error_code failed;
  const auto parsed = json::parse(body, failed);
  const auto* answer = failed ? nullptr : parsed.if_object();
  const auto* list = answer != nullptr ? answer->if_contains("records") : nullptr;
  if (list == nullptr || !list->is_array()) return {};
  for (const auto& row : list->as_array())
    if (const auto* record = row.if_object())
      if (const auto* own = record->if_contains("Id"); own != nullptr && own->is_string() && own->as_string() == id)
        return *record;
  return {};
}

std::string shown(const Held& held) {
  const auto score = held.score ? fmt::format("{}", *held.score) : "none";
  return "score " + score + ", segment " + (held.segment.empty() ? "none" : held.segment);
}

bool same_values(const Held& a, const Held& b) {
  return a.score == b.score && a.segment == b.segment && a.signals == b.signals && a.scored_at == b.scored_at;
}

/// Whether a write that was not confirmed can have changed nothing: it was not sent, or the whole call was refused.
bool surely_refused(const ApiOutcome& outcome) {
  return outcome.calls == 0 || (outcome.answer.status >= 300 && outcome.answer.status < 500);
}

}  // namespace

void Examination::add(std::string check, Health health, std::string found, std::string remedy) {
  if (!done_ && health != Health::ok)  // the answer is given; this is for the log alone
    spdlog::warn("target {}: examination: {}: {}; {}", shared_->target_name, check, found, remedy);
  findings_.push_back({std::move(check), health, std::move(found), std::move(remedy)});
}

void Examination::finish() {
  if (const auto done = std::exchange(done_, nullptr)) done(std::move(findings_));
}

void Examination::time_is_up() {
  if (!done_) return;
  std::string remedy = "try again; see whether this machine reaches the URL";
  if (writing_) remedy += ". Test values are put back all the same as soon as Salesforce answers; " + look_at_it();
  add("time", Health::fail, "Salesforce takes longer than 8 s; what is not listed was not looked at",
      std::move(remedy));
  finish();
}

void Examination::call(ApiCall api_call, void (Examination::*then)(const ApiOutcome&)) {
  shared_->session->call(std::move(api_call), [self = shared_from_this(), then](const ApiOutcome& outcome) {
    (self.get()->*then)(outcome);
  });
}

// ---- login and API requests

void Examination::start() {
  call({"GET", shared_->settings.api_path + "/limits", {}}, &Examination::on_limits);
}

void Examination::on_limits(const ApiOutcome& outcome) {
  if (outcome.hold && (outcome.calls == 0 || outcome.verdict.kind == CallClass::configuration)) {
    add("login", Health::fail, outcome.hold->reason, remedy_for(outcome.hold->reason));
    return finish();
  }
  add("login", Health::ok, "Salesforce gave a token and takes it");
  if (outcome.hold) {
    add("API requests", Health::fail, outcome.hold->reason, remedy_for(outcome.hold->reason));
    return finish();
  }
  judge_budget(outcome);
  describe("Lead");
}

void Examination::judge_budget(const ApiOutcome& outcome) {
  boost::system::error_code failed;
  const auto parsed = json::parse(outcome.answer.body, failed);
  const auto* answer = failed || outcome.verdict.kind != CallClass::ok ? nullptr : parsed.if_object();
  const auto* daily = answer != nullptr ? answer->if_contains("DailyApiRequests") : nullptr;
  const auto most = number_of(daily, "Max");
  const auto left = number_of(daily, "Remaining");
  auto used = shared_->session->quota_used();
  std::string found = "not told";
  if (most > 0 && left >= 0) {
    found = fmt::format("{} of {} left today", left, most);
    used = std::max(used.value_or(0.0), 1.0 - static_cast<double>(left) / static_cast<double>(most));
  }
  if (used) found += fmt::format(", {:.0f} % used", *used * 100);
  if (!used) return add("API requests", Health::warn, found, "Setup, Company Information, API Requests shows them");
  if (*used < budget_scarce) return add("API requests", Health::ok, found);
  add("API requests", *used < 1 ? Health::warn : Health::fail, found,
      "see who uses them: Setup, Company Information, API Requests; above 80 % Leadlight gathers larger batches");
}

// ---- fields

void Examination::describe(const std::string& object) {
  shared_->session->call(
      {"GET", shared_->settings.api_path + "/sobjects/" + object + "/describe", {}},
      [self = shared_from_this(), object](const ApiOutcome& outcome) { self->on_described(object, outcome); });
}

void Examination::on_described(const std::string& object, const ApiOutcome& outcome) {
  const auto& settings = shared_->settings;
  if (outcome.hold || outcome.verdict.kind != CallClass::ok) {
    const auto reason = outcome.hold ? outcome.hold->reason : outcome.verdict.reason;
    add(object, Health::fail, object + " cannot be described: " + reason, remedy_for(reason));
    return finish();
  }
  const auto verdict = compare_describe(outcome.answer.body, object,
                                        object == "Lead" ? settings.lead : settings.contact, settings.labels);
  if (verdict.reports.empty()) add(object, Health::fail, verdict.faults.front(), "try again; then report it");
  for (const auto& report : verdict.reports) {
    if (report.faults.empty()) add(report.where, Health::ok, report.found);
    for (const auto& fault : report.faults) add(report.where, Health::fail, fault.what, fault.remedy);
  }
  if (!verdict.faults.empty()) fields_fit_ = false;
  if (object == "Lead" && verdict.signals_characters) shared_->signals_characters.store(*verdict.signals_characters);
  if (object == "Lead" && settings.write_contacts) return describe("Contact");
  if (write_to_.empty()) return finish();
  if (fields_fit_) return find_lead();
  add("write", Health::fail, "not tried, since the fields do not fit", "mend the fields first");
  finish();
}

// ---- one write, read back and taken back

std::string Examination::query(LookUp kind, const std::string& key) const {
  const std::array<std::string, 1> keys = {key};
  return shared_->settings.api_path +
         "/query?q=" + percent_encode(look_up_query(kind, shared_->settings.lead, keys, true));
}

void Examination::find_lead() {
  const bool by_id = is_lead_id(write_to_);
  if (!by_id && !queryable(write_to_)) {
    add("write", Health::fail, "neither a Lead's id nor an address that can be asked for",
        "give the id of a Lead (it begins with 00Q) or an e-mail address");
    return finish();
  }
  call({"GET", query(by_id ? LookUp::lead_by_id : LookUp::lead_by_email, write_to_), {}}, &Examination::on_found);
}

void Examination::on_found(const ApiOutcome& outcome) {
  const auto page = outcome.hold || outcome.verdict.kind != CallClass::ok
                        ? engine::Result<Page>(engine::Error{engine::Errc::unavailable, outcome.verdict.reason, {}})
                        : parse_page(outcome.answer.body, shared_->settings.lead);
  if (!page) {
    const auto reason = outcome.hold ? outcome.hold->reason : page.error().what;
    add("write", Health::fail, "the Lead cannot be looked up: " + reason, remedy_for(reason));
    return finish();
  }
  const Held* open = nullptr;
  for (const auto& held : page->records)
    if (!held.converted && (open == nullptr || held.created_at > open->created_at)) open = &held;
  if (open == nullptr) {
    const bool converted = !page->records.empty();
    add("write", Health::fail, converted ? "only converted Leads match; they are not written" : "no Lead matches",
        converted ? "name a Lead that is open"
                  : "see whether the Lead exists and is shared with the user (View All on Leads: guide, section 2)");
    return finish();
  }
  before_ = *open;
  const auto record = record_with(outcome.answer.body, before_.id);
  const auto& fields = shared_->settings.lead;
  for (const auto& name : {fields.score, fields.segment, fields.signals, fields.scored_at}) {
    if (name.empty()) continue;
    const auto* value = record.if_contains(name);
    as_it_stood_[name] = value != nullptr ? *value : json::value(nullptr);
  }
  write_test_values();
}

// Values as near as can be to those that stand there: a person's automation on these fields shall have little to do.
void Examination::write_test_values() {
  const auto& labels = shared_->settings.labels;
  const int score = static_cast<int>(std::clamp(before_.score.value_or(0.0), 0.0, 100.0));
  test_.score = score < 100 ? score + 1 : score - 1;
  const bool known = std::find(labels.begin(), labels.end(), before_.segment) != labels.end();
  test_.segment = known ? before_.segment : labels.front();
  test_.signals = cut_signals(test_signals, shared_->signals_characters.load());
  test_.scored_at = shared_->clock->now();
  writing_ = true;
  const std::array<RecordWrite, 1> write = {{{"Lead", before_.id, test_}}};
  call({"PATCH", shared_->settings.api_path + "/composite/sobjects",
        collection_body(write, shared_->settings.lead, shared_->settings.contact)},
       &Examination::on_written);
}

std::string Examination::look_at_it() const {
  return "look at " + before_.id + ": before, it had " + shown(before_);
}

// Only a refusal is certain to have changed nothing. Without an answer the values may stand there, or come to; putting
// back what was there before harms in neither case.
void Examination::on_written(const ApiOutcome& outcome) {
  const auto check = "write to " + before_.id;
  const bool answered = !outcome.hold && outcome.verdict.kind == CallClass::ok;
  if (!answered) {
    const auto reason = outcome.hold ? outcome.hold->reason : outcome.verdict.reason;
    writing_ = !surely_refused(outcome);
    add(check, Health::fail, reason, remedy_for(reason) + "; " + look_at_it());
    if (!writing_) return finish();
  } else if (const auto answers = parse_answers(outcome.answer.body, 1); !answers) {
    add(check, Health::fail, answers.error().what, "try again; " + look_at_it());
  } else if (!answers->front().success) {
    writing_ = false;
    add(check, Health::fail, "Salesforce refused the values: " + describe_record(answers->front()),
        "see docs/guides/salesforce.md, section 9, for the code; nothing was changed");
    return finish();
  } else {
    written_ = true;
    add(check, Health::ok, fmt::format("score {}, segment {}", test_.score, test_.segment));
  }
  read_back([this](const Held* held) { on_read_back(held); });
}

// `then` runs within this examination's life; null: the Lead cannot be read.
void Examination::read_back(std::function<void(const Held*)> then) {
  shared_->session->call({"GET", query(LookUp::lead_by_id, before_.id), {}},
                         [self = shared_from_this(), then = std::move(then)](const ApiOutcome& outcome) {
                           const bool answered = !outcome.hold && outcome.verdict.kind == CallClass::ok;
                           const auto page = answered ? parse_page(outcome.answer.body, self->shared_->settings.lead)
                                                      : engine::Result<Page>(Page{});
                           then(page && !page->records.empty() ? &page->records.front() : nullptr);
                         });
}

void Examination::on_read_back(const Held* held) {
  if (held == nullptr) {
    add("read back", Health::fail, "the Lead cannot be read any more", look_at_it());
  } else if (holds(*held, test_)) {
    add("read back", Health::ok, "what was written stands there");
  } else if (written_ || !same_values(*held, before_)) {
    const bool by_others = !held->score || static_cast<int>(*held->score) != test_.score;
    add("read back", Health::fail, "another value stands there: " + shown(*held),
        "a flow, trigger or field update of yours changes these fields, or another system writes them");
    if (by_others) {
      add("put back", Health::warn, "left as it is, since somebody else wrote it", look_at_it());
      return finish();
    }
  }
  put_back();
}

void Examination::put_back() {
  json::object record{{"attributes", {{"type", "Lead"}}}, {"id", before_.id}};
  for (const auto& [name, value] : as_it_stood_) record[name] = value;
  json::array records;
  records.push_back(std::move(record));
  call({"PATCH", shared_->settings.api_path + "/composite/sobjects",
        json::serialize(json::object{{"allOrNone", false}, {"records", std::move(records)}})},
       &Examination::on_put_back);
}

void Examination::on_put_back(const ApiOutcome& outcome) {
  const auto answers = outcome.hold || outcome.verdict.kind != CallClass::ok
                           ? engine::Result<std::vector<RecordAnswer>>(
                                 engine::Error{engine::Errc::unavailable, outcome.verdict.reason, {}})
                           : parse_answers(outcome.answer.body, 1);
  if (!answers || !answers->front().success) {
    const auto reason = outcome.hold ? outcome.hold->reason
                        : answers    ? describe_record(answers->front())
                                     : answers.error().what;
    const bool certain = written_ && surely_refused(outcome);
    add("put back", Health::fail, (certain ? "the test values still stand there: " : "not confirmed: ") + reason,
        "set " + before_.id + " by hand: it had " + shown(before_) + "; the next score writes it too");
    return finish();
  }
  read_back([this](const Held* held) { on_read_again(held); });
}

void Examination::on_read_again(const Held* held) {
  const bool same = held != nullptr && same_values(*held, before_);
  add("put back", same ? Health::ok : Health::warn,
      held == nullptr ? "taken, but the Lead cannot be read any more" : "now " + shown(*held),
      same ? "" : look_at_it());
  writing_ = !same;
  finish();
}

}  // namespace leadlight::net::salesforce
