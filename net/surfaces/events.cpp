// Engagement events in: `POST /v1/events` takes one object, an array, or one object a line, or CloudEvents in any of
// their three modes, and answers 202 once they are durable.
//
// Valid items are kept whatever the others are; the four numbers of the answer sum to the items sent.
#include "net/cloud_event.hpp"
#include "net/event_record.hpp"
#include "net/surfaces/surface.hpp"
#include "net/text/json_writer.hpp"

#include "engine/hash.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstring>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;

constexpr std::size_t body_bytes_max = 8U << 20U;
constexpr std::size_t events_max = 10'000;
constexpr std::size_t idempotency_key_bytes_max = 255;
constexpr std::uint64_t body_hash_key = 0x626F647930303031;  // "body0001"

struct Rejected {
  std::size_t index = 0;
  Error error;
};

struct Intake {
  std::vector<engine::Record> records;
  std::vector<Rejected> rejected;
};

void write_rejected(JsonWriter& json, const std::vector<Rejected>& rejected) {
  json.key("rejected").array();
  for (const auto& [index, error] : rejected)
    json.object().member("index", index).member("field", error.field).member("message", error.what).end_object();
  json.end_array();
}

/// 400 for a request none of whose items can be kept: a problem document with the list of what is wrong.
HttpResponse all_rejected(const Intake& intake, const HttpRequest& request) {
  const auto& first = intake.rejected.front().error;
  const auto count = intake.rejected.size();
  JsonWriter json;
  json.object().member("type", "about:blank").member("title", title_of(400)).member("status", 400);
  json.member("detail", count == 1 ? first.what : "None of the " + std::to_string(count) + " events can be taken");
  if (count == 1 && !first.field.empty()) json.member("field", first.field);
  json.member("request_id", request.request_id);
  write_rejected(json, intake.rejected);
  json.end_object();
  HttpResponse response{400, {}, json.take()};
  response.headers.emplace_back("Content-Type", "application/problem+json");
  return response;
}

std::string render(const actors::Receipts& receipts, const std::vector<Rejected>& rejected,
                   std::string_view request_id) {
  std::size_t accepted = 0;
  std::size_t duplicates = 0;
  std::size_t too_late = 0;
  for (const auto& receipt : receipts.receipts) {
    if (receipt.outcome == engine::Outcome::duplicate)
      ++duplicates;
    else if (receipt.outcome == engine::Outcome::too_late)
      ++too_late;
    else
      ++accepted;
  }
  JsonWriter json;
  json.object().member("request_id", request_id).member("accepted", accepted).member("duplicates", duplicates);
  json.member("too_late", too_late).member("durability", label(receipts.durability));
  write_rejected(json, rejected);
  json.end_object();
  return json.take();
}

engine::Result<actors::Submission::Idempotency> idempotency_of(std::string_view key, const std::string& body) {
  if (key.empty() || key.size() > idempotency_key_bytes_max)
    return Error{Errc::invalid,
                 "Idempotency-Key must be 1 to " + std::to_string(idempotency_key_bytes_max) + " bytes long",
                 "Idempotency-Key"};
  std::array<unsigned char, 32> digest{};
  unsigned length = 0;
  if (EVP_Digest(key.data(), key.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
    return Error{Errc::internal, "The Idempotency-Key could not be hashed", {}};
  actors::Submission::Idempotency idempotency;
  for (std::size_t i = 0; i < 8; ++i) {
    idempotency.key_high = (idempotency.key_high << 8U) | digest[i];
    idempotency.key_low = (idempotency.key_low << 8U) | digest[i + 8];
  }
  idempotency.body_hash = engine::siphash(body_hash_key, 0, body);
  return idempotency;
}

bool is_lines(const HttpRequest& request) {
  for (const std::string_view type : {"application/x-ndjson", "application/ndjson", "application/jsonl",
                                      "application/x-jsonlines", "application/jsonlines"})
    if (has_media_type(request, type)) return true;
  return looks_like_lines(request.body);
}

engine::Result<Intake> take_in(const HttpRequest& request, CloudEventMode mode, const EventContext& context) {
  Intake intake;
  const auto keep = [&intake](std::size_t index, engine::Result<engine::Record> record) {
    if (record)
      intake.records.push_back(std::move(*record));
    else
      intake.rejected.push_back({index, record.error()});
  };
  if (mode == CloudEventMode::binary) {
    keep(0, binary_cloud_event_record(request, context));
    return intake;
  }
  const auto read_item = mode == CloudEventMode::none ? event_record : cloud_event_record;
  const bool lines = mode == CloudEventMode::none && is_lines(request);
  const auto read = json_reader().items(
      request.body, lines, events_max, [&](std::size_t index, const engine::Result<JsonMembers>& item) {
        keep(index, item ? read_item(*item, index, context) : engine::Result<engine::Record>(item.error()));
      });
  if (!read) return read.error();
  const bool none = intake.records.empty() && intake.rejected.empty();
  if (none && mode != CloudEventMode::batched) return Error{Errc::invalid, "The request holds no event", {}};
  return intake;
}

HttpResponse unknown_format(const HttpRequest& request) {
  auto about = essentials(request);
  about.refusal = 415;
  return problem({Errc::invalid,
                  "Of the CloudEvents formats JSON is taken: application/cloudevents+json or "
                  "application/cloudevents-batch+json",
                  "Content-Type"},
                 about);
}

/// Sends `answer` when it is remembered under the request's Idempotency-Key, so that a retry gets the same.
void remember_and_answer(const SurfaceContext& context, actors::RememberAnswer memory, const HttpRequest& about,
                         Respond respond) {
  auto answer = memory.answer;
  ask(context, std::move(memory),
      [answer = std::move(answer), about, respond = std::move(respond)](actors::Reply reply) {
        if (const auto* error = std::get_if<Error>(&reply)) return respond(problem(*error, about));
        respond(HttpResponse::json(202, answer));
      });
}

void handle(const SurfaceContext& context, TypeBudget& types, const HttpRequest& request, Respond respond) {
  const auto mode = cloud_event_mode(request);
  if (mode == CloudEventMode::unknown) return respond(unknown_format(request));
  EventContext event_context;
  event_context.types = &types;
  event_context.organisation = request.key->organisation;
  event_context.received_at = request.received_at;
  event_context.request_id = request.request_id;
  actors::Submission submission;
  submission.organisation = request.key->organisation;
  if (const auto key = request.header("idempotency-key")) {
    const auto idempotency = idempotency_of(*key, request.body);
    if (!idempotency) return respond(problem(idempotency.error(), request));
    submission.idempotency = *idempotency;
    event_context.idempotency_key = *key;
  }
  submission.spool = !submission.idempotency && request.key->spools(false);  // who names its attempts makes others
  auto intake = take_in(request, mode, event_context);
  if (!intake) return respond(problem(intake.error(), request));
  if (intake->records.empty() && intake->rejected.empty())  // an empty batch
    return respond(HttpResponse::json(202, render({}, {}, request.request_id)));
  if (intake->records.empty()) return respond(all_rejected(*intake, request));

  const auto idempotency = submission.idempotency;
  submission.records = std::move(intake->records);
  ask(context, std::move(submission),
      [context, idempotency, organisation = request.key->organisation, about = essentials(request),
       rejected = std::move(intake->rejected), respond = std::move(respond)](actors::Reply reply) {
        if (const auto* error = std::get_if<Error>(&reply)) return respond(problem(*error, about));
        if (auto* replayed = std::get_if<actors::Replayed>(&reply))
          return respond(HttpResponse::json(replayed->status, std::move(replayed->answer)));
        const auto* receipts = std::get_if<actors::Receipts>(&reply);
        if (receipts == nullptr) return respond(problem({Errc::internal, "An unexpected reply", {}}, about));
        auto body = render(*receipts, rejected, about.request_id);
        if (!idempotency) return respond(HttpResponse::json(202, std::move(body)));
        remember_and_answer(context, {organisation, *idempotency, 202, std::move(body)}, about, respond);
      });
}

}  // namespace

void add_events(Router& router, const SurfaceContext& context) {
  router.add(
      {"POST", "/v1/events", "events", body_bytes_max,
       [context, types = context.types ? context.types : std::make_shared<TypeBudget>()](
           const HttpRequest& request, Respond respond) { handle(context, *types, request, std::move(respond)); },
       problem, true});
}

}  // namespace leadlight::net
