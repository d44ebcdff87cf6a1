// What e-mail vendors call: `POST /hooks/email/{vendor}` takes their events as their mapping says, and answers 200 once
// they are durable. Vendors try again after 503 and give up after 4xx, so that one event which cannot be taken never
// makes the others wait: it is counted as rejected.
#include "net/authentication.hpp"
#include "net/email/email_events.hpp"
#include "net/email/email_proof.hpp"
#include "net/email/quiet_log.hpp"
#include "net/surfaces/email_vendors.hpp"
#include "net/text/base64.hpp"
#include "net/text/json_writer.hpp"

#include <spdlog/spdlog.h>
#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <utility>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;

constexpr std::size_t body_bytes_max = 1U << 20U;
constexpr std::size_t credentials_bytes_max = 2 * 1024;

class EmailHooks : public std::enable_shared_from_this<EmailHooks> {
 public:
  explicit EmailHooks(const SurfaceContext& context)
      : context_(context),
        vendors_(context.email_vendors ? context.email_vendors : EmailVendors::built_in()),
        proof_(std::make_shared<EmailProof>(context.client)),
        types_(context.types ? context.types : std::make_shared<TypeBudget>()) {}

  void handle(const HttpRequest& request, Respond respond);

 private:
  void take(const EmailMapping& mapping, bool proven, const HttpRequest& request, Respond respond);
  bool subscription(bool proven, const HttpRequest& request, const Respond& respond);
  void count(const EmailMapping& mapping, const EmailIntake& intake, const HttpRequest& request);
  void refuse(const EmailMapping& mapping, const Error& error, const HttpRequest& request, const Respond& respond);

  SurfaceContext context_;
  std::shared_ptr<const EmailVendors> vendors_;
  std::shared_ptr<EmailProof> proof_;
  std::shared_ptr<TypeBudget> types_;
  QuietLog forged_log_;
  QuietLog rejected_log_;
  QuietLog confirmation_log_;
  QuietLog refusal_log_;
  QuietLog farewell_log_;
};

/// A problem document; who is not let in learns that Basic credentials are taken, which SNS waits for.
HttpResponse envelope(const Error& error, const HttpRequest& request) {
  auto answer = problem(error, request);
  if (answer.status == 401) answer.headers.emplace_back("WWW-Authenticate", "Basic realm=\"leadlight\"");
  return answer;
}

struct Counts {
  std::size_t accepted = 0;
  std::size_t duplicates = 0;
  std::size_t too_late = 0;
  std::size_t rejected = 0;
  std::size_t ignored = 0;
  actors::Durability durability{};
};

HttpResponse answer_of(const Counts& counts, std::string_view request_id) {
  JsonWriter json;
  json.object().member("request_id", request_id).member("accepted", counts.accepted);
  json.member("duplicates", counts.duplicates).member("too_late", counts.too_late);
  json.member("rejected", counts.rejected).member("ignored", counts.ignored);
  json.member("durability", label(counts.durability)).end_object();
  return HttpResponse::json(200, json.take());
}

void add(Counts& counts, const actors::Receipts& receipts) {
  counts.durability = receipts.durability;
  for (const auto& receipt : receipts.receipts) {
    if (receipt.outcome == engine::Outcome::duplicate)
      ++counts.duplicates;
    else if (receipt.outcome == engine::Outcome::too_late)
      ++counts.too_late;
    else
      ++counts.accepted;
  }
}

void EmailHooks::handle(const HttpRequest& request, Respond respond) {
  const auto& vendor = request.captures.front();
  const auto* mapping = vendors_->find(vendor);
  if (mapping == nullptr)
    return respond(problem({Errc::not_found,
                            "no e-mail vendor \"" + vendor + "\" is known; the known ones are " + vendors_->names() +
                                ", and a mapping file adds another",
                            "vendor"},
                           request));
  const auto registry = context_.switchboard->registry();
  const auto* secrets = registry ? registry->secrets_of(request.key->organisation, vendor) : nullptr;
  if (secrets == nullptr) return take(*mapping, false, request, std::move(respond));
  proof_->check(*mapping, *secrets, request,
                [self = shared_from_this(), mapping, respond = std::move(respond)](const engine::Status& proven,
                                                                                   const HttpRequest& proved) {
                  if (!proven) return self->refuse(*mapping, proven.error(), proved, respond);
                  self->take(*mapping, true, proved, respond);
                });
}

void EmailHooks::refuse(const EmailMapping& mapping, const Error& error, const HttpRequest& request,
                        const Respond& respond) {
  if (error.code == Errc::unauthorized) {
    context_.switchboard->counters.email_calls_forged.fetch_add(1, std::memory_order_relaxed);
    if (const auto held = forged_log_.pass(request.received_at))
      spdlog::warn(
          "e-mail vendor {}: a call to organisation {} was refused: {} ({} more like it since the last line). "
          "If the vendor's own calls are refused, set its secret again with `leadlight vendor set {}`",
          mapping.vendor, static_cast<std::uint32_t>(request.key->organisation), error.what, *held, mapping.vendor);
  }
  respond(envelope(error, request));
}

/// Whether the call is about the subscription itself, and answered.
bool EmailHooks::subscription(bool proven, const HttpRequest& request, const Respond& respond) {
  const auto message = read_sns(request.body);
  if (!message || (message->type != "SubscriptionConfirmation" && message->type != "UnsubscribeConfirmation"))
    return false;
  Counts counts;
  if (message->type == "SubscriptionConfirmation" && is_sns_url(message->subscribe_url)) {
    ++counts.ignored;
    if (proven && context_.client)
      proof_->confirm(message->subscribe_url);
    else if (const auto held = confirmation_log_.pass(request.received_at))
      spdlog::warn(
          "e-mail over SNS: a topic waits to be confirmed; if it is yours, open this address once: {} ({} more such "
          "calls since the last line)",
          message->subscribe_url, *held);
  } else if (message->type == "SubscriptionConfirmation") {
    ++counts.rejected;
    if (const auto held = refusal_log_.pass(request.received_at))
      spdlog::warn(
          "e-mail over SNS: a subscription was refused: its SubscribeURL is not one of Amazon's ({} more such calls "
          "since the last line)",
          *held);
  } else {
    ++counts.ignored;
    if (const auto held = farewell_log_.pass(request.received_at))
      spdlog::warn(
          "e-mail over SNS: a topic no longer sends its events here; subscribe again if that was not meant ({} more "
          "such calls since the last line)",
          *held);
  }
  respond(answer_of(counts, request.request_id));
  return true;
}

void EmailHooks::count(const EmailMapping& mapping, const EmailIntake& intake, const HttpRequest& request) {
  auto& counters = context_.switchboard->counters;
  counters.email_events_by_machine.fetch_add(intake.by_machine, std::memory_order_relaxed);
  counters.email_events_ignored.fetch_add(intake.ignored, std::memory_order_relaxed);
  if (intake.rejected == 0) return;
  if (const auto held = rejected_log_.pass(request.received_at))
    spdlog::warn(
        "e-mail vendor {}: {} events of a call could not be taken, the first because: {} ({} more such calls "
        "since the last line)",
        mapping.vendor, intake.rejected, intake.first_fault, *held);
}

void EmailHooks::take(const EmailMapping& mapping, bool proven, const HttpRequest& request, Respond respond) {
  if (mapping.signature.scheme == SignatureScheme::sns && subscription(proven, request, respond)) return;
  EventContext events;
  events.types = types_.get();
  events.organisation = request.key->organisation;
  events.received_at = request.received_at;
  events.request_id = request.request_id;
  auto intake = read_email_events(mapping, vendors_->machines(), request, std::move(events));
  if (!intake) return respond(problem(intake.error(), request));
  count(mapping, *intake, request);
  Counts counts;
  counts.rejected = intake->rejected;
  counts.ignored = intake->ignored;
  if (intake->records.empty()) return respond(answer_of(counts, request.request_id));
  actors::Submission submission;
  submission.organisation = request.key->organisation;
  submission.records = std::move(intake->records);
  submission.spool = request.key->spools(false);
  ask_for<actors::Receipts>(context_, request, std::move(respond), std::move(submission),
                            [counts, id = request.request_id](const actors::Receipts& receipts) {
                              auto all = counts;
                              add(all, receipts);
                              return answer_of(all, id);
                            });
}

/// Vendors differ in where they can put a key: a bearer header, the name or password of Basic credentials, or `?key=`
/// of the address.
engine::Result<std::string> key_of(const actors::Switchboard& switchboard, const HttpRequest& request) {
  const Error missing{Errc::unauthorized, "Invalid or missing API key", {}};
  const auto authorization = request.header("authorization");
  if (!authorization) {
    const auto in_address = request.parameter("key");
    return in_address ? engine::Result<std::string>(std::string(*in_address)) : missing;
  }
  const auto space = std::min(authorization->find(' '), authorization->size());
  const auto scheme = authorization->substr(0, space);
  const auto rest = authorization->substr(std::min(space + 1, authorization->size()));
  if (boost::beast::iequals(scheme, "bearer")) return std::string(rest);
  if (!boost::beast::iequals(scheme, "basic") || rest.size() > credentials_bytes_max) return missing;
  const auto pair = decode_base64(rest);
  if (!pair) return missing;
  const auto colon = std::min(pair->find(':'), pair->size());
  auto name = pair->substr(0, colon);
  const bool is_key = Authenticator().identify("Bearer " + name, switchboard.registry()) != nullptr;
  return is_key ? std::move(name) : pair->substr(std::min(colon + 1, pair->size()));
}

}  // namespace

void add_email_hooks(Router& router, const SurfaceContext& context) {
  auto hooks = std::make_shared<EmailHooks>(context);
  Route route{"POST", "/hooks/email/{vendor}", "events", body_bytes_max,
              [hooks](const HttpRequest& request, Respond respond) { hooks->handle(request, std::move(respond)); }};
  route.envelope = envelope;
  route.refusable = true;
  route.find_key = [switchboard = context.switchboard](const HttpRequest& request) {
    return key_of(*switchboard, request);
  };
  route.key_in_head = true;
  router.add(std::move(route));
  add_email_vendor_administration(router, context);
}

}  // namespace leadlight::net
