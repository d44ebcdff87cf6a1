#include "net/sources/salesforce_source.hpp"

#include "net/sources/activity_mapping.hpp"
#include "net/sources/salesforce_fetch.hpp"
#include "net/targets/salesforce_settings.hpp"

#include <charconv>
#include <utility>

namespace leadlight::net {
namespace {

using actors::FetchReport;
using actors::PollReport;
using engine::Errc;
using engine::Error;
using engine::Milliseconds;
using engine::Result;
using engine::Timestamp;
using salesforce::SourceShared;

constexpr int history_days_max = 90;
constexpr int calls_within_deadline = 10;  // a fetch is a handful of calls, each within the target's deadline

/// The mapping option, or the built-in one.
Result<ActivityMapping> mapping_of(const actors::TargetOptions& options) {
  const auto own = options.get("mapping");
  const auto name = options.get("mapping_name", "mapping");
  if (!own.empty()) return ActivityMapping::read(own, name, salesforce::activity_objects());
  auto mapping = ActivityMapping::read(builtin_mapping(), "salesforce_mapping.toml", salesforce::activity_objects());
  // Numbered now: pushed by an organisation, they cost nothing of its budget. Not so those of its own mapping.
  if (mapping)
    for (const auto& type : mapping->types()) (void)engine::EventType::of(type);  // refused again when it is used
  return mapping;
}

Result<Milliseconds> history_of(const actors::TargetOptions& options) {
  const auto text = options.get("history_days", "0");
  int days = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (fault != std::errc{} || end != text.data() + text.size() || days < 0 || days > history_days_max)
    return Error{Errc::invalid, "history_days must be a whole number from 0 to 90", "history_days"};
  return days * engine::day;
}

class SalesforceSource final : public actors::ActivitySource {
 public:
  SalesforceSource(std::shared_ptr<const SourceShared> shared, std::shared_ptr<HttpClient> client)
      : shared_(std::move(shared)), client_(std::move(client)) {}

  // Both move to the client's thread first: token, session and queries live there and need no lock.
  void fetch(std::vector<std::string> emails, Timestamp since, std::function<void(FetchReport)> done) override {
    auto fetch = std::make_shared<salesforce::Fetch>(shared_, std::move(emails), since, std::move(done));
    client_->after(Milliseconds{0}, [fetch] { fetch->start(); });
  }

  void poll(std::string cursor, std::function<void(PollReport)> done) override {
    auto poll = std::make_shared<salesforce::Poll>(shared_, std::move(cursor), std::move(done));
    client_->after(Milliseconds{0}, [poll] { poll->start(); });
  }

  [[nodiscard]] std::string first_cursor(Timestamp added_at) const override {
    salesforce::Cursor cursor;
    for (const auto& object : shared_->mapping.objects())
      for (const auto& stream : salesforce::streams_of(object))
        cursor[salesforce::stream_name(stream)] = {added_at - shared_->history, std::nullopt};
    return salesforce::cursor_text(cursor);
  }

 private:
  std::shared_ptr<const SourceShared> shared_;
  std::shared_ptr<HttpClient> client_;
};

}  // namespace

Result<std::shared_ptr<actors::ActivitySource>> make_salesforce_source(const actors::TargetOptions& options,
                                                                       std::shared_ptr<HttpClient> client,
                                                                       actors::ClockPtr clock) {
  auto shared = std::make_shared<SourceShared>();
  auto mapping = mapping_of(options);
  if (!mapping) return mapping.error();
  shared->mapping = *std::move(mapping);
  const auto history = history_of(options);
  if (!history) return history.error();
  shared->history = *history;
  auto login = options;
  std::erase_if(login.options, [](const auto& option) {
    return option.first == "mapping" || option.first == "mapping_name" || option.first == "history_days";
  });
  auto settings = salesforce::read_settings(login);
  if (!settings) return settings.error();
  shared->clock = clock;
  shared->api_path = settings->api_path;
  shared->deadline = settings->deadline * calls_within_deadline;
  auto tokens = std::make_shared<salesforce::TokenSource>(settings->credentials, client, std::move(clock),
                                                          settings->deadline, settings->allow_http);
  shared->session =
      std::make_shared<salesforce::Session>(std::move(tokens), client, settings->deadline, settings->client_name);
  return std::shared_ptr<actors::ActivitySource>(std::make_shared<SalesforceSource>(shared, std::move(client)));
}

}  // namespace leadlight::net
