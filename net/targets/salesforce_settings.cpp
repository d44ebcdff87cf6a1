#include "net/targets/salesforce_settings.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace leadlight::net::salesforce {

using actors::TargetOptions;
using engine::Errc;
using engine::Error;
using engine::Milliseconds;
using engine::Result;

namespace {

Error wrong(std::string field, std::string what) {
  return Error{Errc::invalid, std::move(what), std::move(field)};
}

bool is_field_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  return !name.empty() && name.size() <= 80 && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

/// "60.0", "v60.0" and "60" are the same version. Errors: invalid.
Result<std::string> api_path(std::string version) {
  if (!version.empty() && (version.front() == 'v' || version.front() == 'V')) version.erase(0, 1);
  const auto point = version.find('.');
  const auto digits = version.substr(0, point);
  const bool fraction_fits = point == std::string::npos || version.substr(point) == ".0";
  if (digits.size() != 2 || digits.find_first_not_of("0123456789") != std::string::npos || !fraction_fits)
    return wrong("api_version", "api_version must look like 60.0");
  return "/services/data/v" + digits + ".0";
}

Result<bool> read_flag(const TargetOptions& options, std::string_view name) {
  const auto text = options.get(name, "false");
  if (text == "true" || text == "yes" || text == "1") return true;
  if (text == "false" || text == "no" || text == "0" || text.empty()) return false;
  return wrong(std::string(name), std::string(name) + " must be true or false");
}

/// A misspelt option would leave its default in force without a word.
engine::Status only_known(const TargetOptions& options) {
  constexpr std::string_view known =
      " allow_http api_version audience client_id client_name client_secret contact_score_field "
      "contact_scored_at_field contact_segment_field contact_signals_field deadline_ms duplicates flow label_high "
      "label_low label_medium label_very_high private_key score_field scored_at_field segment_field signals_field url "
      "username write_contacts ";
  for (const auto& [name, value] : options.options) {
    if (name.find(' ') != std::string::npos || known.find(" " + name + " ") == std::string_view::npos)
      return wrong(name, name + " is not an option; the options are:" + std::string(known.substr(0, known.size() - 1)));
    if (name.starts_with("label_") && value.empty()) return wrong(name, name + " must not be empty");
  }
  return engine::Ok{};
}

engine::Status read_credentials(const TargetOptions& options, Settings& settings) {
  auto& own = settings.credentials;
  own.url = options.get("url");
  while (!own.url.empty() && own.url.back() == '/') own.url.pop_back();
  if (own.url.empty())
    return wrong("url", "url is missing: your My Domain address, such as https://example.my.salesforce.com");
  if (!may_carry_secrets(own.url, settings.allow_http))
    return wrong("url", "url must begin with https:// (http:// is taken for this machine only)");
  own.client_id = options.get("client_id");
  if (own.client_id.empty())
    return wrong("client_id", "client_id is missing: the consumer key of the external client app");
  const auto flow = options.get("flow", "client_credentials");
  if (flow == "client_credentials") {
    own.client_secret = options.get("client_secret");
    if (own.client_secret.empty()) return wrong("client_secret", "client_secret is missing: the app's consumer secret");
    return engine::Ok{};
  }
  if (flow != "jwt_bearer") return wrong("flow", "flow must be client_credentials or jwt_bearer");
  own.flow = Credentials::Flow::jwt_bearer;
  own.username = options.get("username");
  own.audience = options.get("audience", "https://login.salesforce.com");
  own.private_key = options.get("private_key");
  if (own.username.empty()) return wrong("username", "username is missing: the Salesforce user to act as");
  auto probe = jwt_assertion({own.client_id, own.username, own.audience, 0}, own.private_key);
  if (!probe) return probe.error();
  return engine::Ok{};
}

engine::Status read_fields(const TargetOptions& options, Settings& settings) {
  settings.lead =
      Fields{options.get("score_field", "HG_Likelihood_to_Buy_Score__c"),
             options.get("segment_field", "HG_Likelihood_to_Buy_Segment__c"),
             options.get("signals_field", "HG_Likelihood_to_Buy_Signals__c"), options.get("scored_at_field")};
  settings.contact = Fields{options.get("contact_score_field", settings.lead.score),
                            options.get("contact_segment_field", settings.lead.segment),
                            options.get("contact_signals_field", settings.lead.signals),
                            options.get("contact_scored_at_field", settings.lead.scored_at)};
  for (const auto* fields : {&settings.lead, &settings.contact}) {
    for (const auto& [option, name] :
         std::initializer_list<std::pair<std::string_view, std::string>>{{"score_field", fields->score},
                                                                         {"segment_field", fields->segment},
                                                                         {"signals_field", fields->signals},
                                                                         {"scored_at_field", fields->scored_at}}) {
      if (option == "scored_at_field" && name.empty()) continue;
      if (!is_field_name(name)) return wrong(std::string(option), std::string(option) + " must be a field's API name");
    }
  }
  return engine::Ok{};
}

}  // namespace

Result<Settings> read_settings(const TargetOptions& options) {
  Settings settings;
  if (auto known = only_known(options); !known) return known.error();
  for (const auto& [name, flag] : std::initializer_list<std::pair<std::string_view, bool*>>{
           {"allow_http", &settings.allow_http}, {"write_contacts", &settings.write_contacts}}) {
    const auto value = read_flag(options, name);
    if (!value) return value.error();
    *flag = *value;
  }
  if (auto read = read_credentials(options, settings); !read) return read.error();
  auto path = api_path(options.get("api_version", "60.0"));
  if (!path) return path.error();
  settings.api_path = *path;
  if (auto read = read_fields(options, settings); !read) return read.error();
  settings.labels = {options.get("label_low", "low"), options.get("label_medium", "medium"),
                     options.get("label_high", "high"), options.get("label_very_high", "very high")};
  const auto duplicates = options.get("duplicates", "all");
  if (duplicates != "all" && duplicates != "newest") return wrong("duplicates", "duplicates must be all or newest");
  settings.newest_only = duplicates == "newest";
  settings.client_name = options.get("client_name", "leadlight");
  const auto deadline = options.get("deadline_ms", "30000");
  std::int64_t ms = 0;
  const auto [end, fault] = std::from_chars(deadline.data(), deadline.data() + deadline.size(), ms);
  if (fault != std::errc{} || end != deadline.data() + deadline.size() || ms < 100 || ms > 600'000)
    return wrong("deadline_ms", "deadline_ms must be a number from 100 to 600000");
  settings.deadline = Milliseconds{ms};
  return settings;
}

}  // namespace leadlight::net::salesforce
