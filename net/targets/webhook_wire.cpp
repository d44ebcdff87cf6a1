#include "net/targets/webhook_wire.hpp"

#include "net/text/base64.hpp"
#include "net/text/json_writer.hpp"
#include "net/webhook_signature.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <utility>

namespace leadlight::net::webhook {
namespace {

using engine::Errc;
using engine::Error;
using engine::Milliseconds;
using engine::Timestamp;

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::size_t key_bytes_min = 24;
constexpr std::size_t key_bytes_max = 64;
constexpr std::size_t id_bytes = 18;
constexpr Milliseconds pause_max = engine::day;

/// Seconds, or an HTTP date.
std::optional<Milliseconds> read_retry_after(std::string_view text, Timestamp now) {
  std::int64_t seconds = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (fault != std::errc{} || end != text.data() + text.size()) {
    std::tm date{};
    const std::string whole(text);
    const char* const rest = strptime(whole.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    if (rest == nullptr || *rest != '\0') return std::nullopt;
    seconds = timegm(&date) - engine::to_ms(now) / 1'000;
  }
  if (seconds < 0) return std::nullopt;
  return Milliseconds{std::min<std::int64_t>(seconds, pause_max.count() / 1'000) * 1'000};
}

Verdict judge_failure(const Error& error) {
  if (error.code == Errc::invalid) return {Verdict::Kind::wrong, "REFUSED", error.what, {}};
  return {Verdict::Kind::passing, "NO_ANSWER", error.what, {}};
}

void write_lines(JsonWriter& json, std::string_view text) {
  json.array();
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    json.value(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  json.end_array();
}

}  // namespace

engine::Result<std::string> parse_secret(std::string_view text, const std::string& field) {
  const auto bytes = text.starts_with(secret_prefix) ? decode_base64(text.substr(secret_prefix.size())) : std::nullopt;
  if (!bytes || bytes->size() < key_bytes_min || bytes->size() > key_bytes_max)
    return Error{Errc::invalid, field + " must be whsec_ and 24 to 64 random bytes in Base64", field};
  return *bytes;
}

std::string scored_event(const actors::TargetWrite& write, Timestamp now) {
  JsonWriter json;
  json.object().member("type", "lead.scored").member("timestamp", now).key("data").object();
  json.member("email", write.email).key("other_emails").array();
  for (const auto& email : write.other_emails) json.value(email);
  json.end_array().member("score", write.score).member("segment", label(write.segment));
  json.member("previous_score", write.previous_score).key("previous_segment");
  if (write.previous_segment)
    json.value(label(*write.previous_segment));
  else
    json.null();
  json.key("signals");
  write_lines(json, write.signals);
  json.key("model").object().member("id", write.model_id).member("version", write.model_version).end_object();
  json.member("scored_at", write.scored_at).end_object().end_object();
  return json.take();
}

std::string ping_event(std::string_view target, Timestamp now) {
  JsonWriter json;
  json.object().member("type", "ping").member("timestamp", now);
  json.key("data").object().member("target", target).end_object().end_object();
  return json.take();
}

std::string event_id(std::string_view place, const actors::TargetWrite& write) {
  // A step of a sync owes nothing: its events are told apart by their instant.
  const auto which = write.owed != 0 ? write.owed : static_cast<engine::Position>(engine::to_ms(write.scored_at));
  const auto what = std::to_string(write.lead.high) + "." + std::to_string(write.lead.low) + "." +
                    (write.owed != 0 ? "owed." : "sync.") + std::to_string(which);
  auto text = encode_base64(hmac_sha256(place, what).substr(0, id_bytes));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return "msg_" + text;
}

Headers signed_headers(const std::vector<std::string>& keys, const std::string& id, Timestamp now,
                       std::string_view body) {
  const auto seconds = std::to_string(engine::to_ms(now) / 1'000);
  std::string content = id + "." + seconds + ".";
  content.append(body);
  std::string signatures;
  for (const auto& key : keys)
    signatures += (signatures.empty() ? "v1," : " v1,") + encode_base64(hmac_sha256(key, content));
  return {{"webhook-id", id}, {"webhook-timestamp", seconds}, {"webhook-signature", std::move(signatures)}};
}

Verdict judge(const engine::Result<OutboundAnswer>& answer, Timestamp now) {
  using Kind = Verdict::Kind;
  if (!answer) return judge_failure(answer.error());
  const auto status = answer->status;
  if (status >= 200 && status < 300) return {};
  Verdict verdict{
      Kind::refused, "HTTP_" + std::to_string(status), "the webhook answered " + std::to_string(status), {}};
  if (status >= 300 && status < 400) {
    verdict.kind = Kind::wrong;
    verdict.reason += ": redirects are not followed; give the URL that it leads to";
  } else if (status == 410) {
    verdict.kind = Kind::gone;
    verdict.reason += ": it wants no more events; remove the target, or give it another URL";
  } else if (status == 429 || status == 503) {
    verdict.kind = Kind::later;
    verdict.retry_after = read_retry_after(answer->header("retry-after"), now);
  } else if (status == 408 || status == 425 || status >= 500 || status < 200) {
    verdict.kind = Kind::passing;
  }
  return verdict;
}

}  // namespace leadlight::net::webhook
