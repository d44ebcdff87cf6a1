#include "net/surfaces/admin_text.hpp"
#include "net/text/json_writer.hpp"

namespace leadlight::net {
namespace {

using actors::DeadLetterRow;
using actors::KeyRow;
using actors::ModelRow;
using actors::TargetRow;
using actors::VendorRow;

void write(JsonWriter& json, const KeyRow& row) {
  json.object().member("id", row.id).member("name", row.name).key("scopes").array();
  for (const auto& scope : row.scopes) json.value(scope);
  json.end_array().member("rate", row.rate).member("created_at", row.created_at).member("revoked_at", row.revoked_at);
  if (row.on_unavailable != actors::OnUnavailable::by_surface)
    json.member("on_unavailable", row.on_unavailable == actors::OnUnavailable::spool ? "spool" : "refuse");
  if (!row.key.empty()) json.member("key", row.key);
  json.end_object();
}

void write(JsonWriter& json, const ModelRow& row) {
  json.object().member("id", row.id).member("version", row.version).member("published_at", row.published_at);
  json.member("source", row.source).end_object();
}

void write(JsonWriter& json, const TargetRow& row) {
  json.object()
      .member("name", row.name)
      .member("kind", row.kind)
      .member("state", row.state)
      .member("reason", row.reason);
  json.key("options").object();
  for (const auto& [name, value] : row.options) json.member(name, value);
  json.end_object().member("queued", row.queued).member("dead_letters", row.dead_letters);
  json.member("quota_used", row.quota_used).end_object();
}

void write(JsonWriter& json, const actors::SourceRow& row) {
  json.object().member("name", row.name).member("kind", row.kind).member_or_null("target", row.target);
  json.member("state", row.state).member("reason", row.reason).member("mapping", row.mapping);
  json.key("options").object();
  for (const auto& [name, value] : row.options) json.member(name, value);
  json.end_object().member("waiting", row.waiting).member("calls", row.calls).member("activities", row.activities);
  json.member("polled_at", row.polled_at).end_object();
}

void write(JsonWriter& json, const DeadLetterRow& row) {
  json.object()
      .member("target", row.target)
      .member("email", row.email)
      .member("code", row.code)
      .member("reason", row.reason)
      .member("attempts", row.attempts)
      .member("first_at", row.first_at)
      .member("last_at", row.last_at)
      .member("score", row.score)
      .member("scored_at", row.scored_at)
      .end_object();
}

std::string_view word(actors::TargetFinding::Health health) {
  switch (health) {
    case actors::TargetFinding::Health::ok: return "ok";
    case actors::TargetFinding::Health::warn: return "warn";
    case actors::TargetFinding::Health::fail: return "fail";
  }
  return "fail";
}

void write(JsonWriter& json, const actors::TargetFinding& finding) {
  json.object().member("check", finding.check).member("health", word(finding.health)).member("found", finding.found);
  json.member_or_null("remedy", finding.remedy).end_object();
}

void write(JsonWriter& json, const VendorRow& row) {
  json.object().member("vendor", row.vendor).member("secrets", row.secrets).member("changed_at", row.changed_at);
  json.end_object();
}

struct AnswerText {
  AdminShape shape;
  std::size_t limit;

  template <class Row>
  [[nodiscard]] std::string rows(std::string_view name, const std::vector<Row>& all) const {
    JsonWriter json;
    if (shape == AdminShape::one && !all.empty()) {
      write(json, all.front());
      return json.take();
    }
    json.object().key(name).array();
    for (const auto& row : all) write(json, row);
    json.end_array().end_object();
    return json.take();
  }

  std::string operator()(const std::vector<KeyRow>& all) const { return rows("tokens", all); }
  std::string operator()(const std::vector<ModelRow>& all) const { return rows("models", all); }
  std::string operator()(const std::vector<TargetRow>& all) const { return rows("targets", all); }
  std::string operator()(const std::vector<VendorRow>& all) const { return rows("email_vendors", all); }
  std::string operator()(const std::vector<DeadLetterRow>& all) const {
    JsonWriter json;
    json.object().key("dead_letters").array();
    for (const auto& row : all) write(json, row);
    json.end_array().member_or_null("next", all.size() >= limit && !all.empty() ? all.back().after : "").end_object();
    return json.take();
  }
  std::string operator()(const std::vector<actors::TargetFinding>& all) const { return rows("findings", all); }
  std::string operator()(const std::vector<actors::SourceRow>& all) const { return rows("sources", all); }
  std::string operator()(const actors::PullReport& report) const {
    JsonWriter json;
    json.object().member("activities", report.activities).member("fresh", report.fresh);
    json.member("calls", report.calls).end_object();
    return json.take();
  }
  std::string operator()(const actors::SyncStep& step) const {
    JsonWriter json;
    json.object().member("examined", step.examined).member("differing", step.differing).member("written", step.written);
    json.member("no_match", step.no_match).member("failed", step.failed).member("calls", step.calls);
    json.member_or_null("next", to_hexadecimal(step.next)).end_object();
    return json.take();
  }
  std::string operator()(const actors::Affected& affected) const {
    JsonWriter json;
    json.object().member("count", affected.count).member("skipped", affected.skipped).end_object();
    return json.take();
  }
  std::string operator()(const actors::DigestRow& row) const {
    JsonWriter json;
    json.object().member("digest", row.digest).member("leads", row.leads).end_object();
    return json.take();
  }
  std::string operator()(const actors::TextTable& table) const {
    JsonWriter json;
    json.object();
    for (const auto& [name, value] : table) json.member(name, value);
    json.end_object();
    return json.take();
  }
};

std::optional<engine::Timestamp> unless_zero(engine::Timestamp at) {
  return at == engine::Timestamp{} ? std::nullopt : std::optional(at);
}

void write_window(JsonWriter& json, const engine::Window& window) {
  json.key("events").array();
  for (const auto& event : window.events())
    json.object().member("occurred_at", event.occurred_at()).member("type", event.type().name()).end_object();
  json.end_array().key("folded").array();
  for (const auto& hour : window.folded())
    json.object()
        .member("hour_start", hour.hour_start)
        .member("type", hour.type.name())
        .member("count", hour.count)
        .end_object();
  json.end_array();
}

void write_targets(JsonWriter& json, const std::vector<engine::TargetLedger>& ledgers) {
  json.key("targets").array();
  for (const auto& ledger : ledgers) {
    json.object()
        .member("target", ledger.target)
        .member("owed", ledger.owed)
        .member("due_at", unless_zero(ledger.due_at));
    json.member("confirmed", ledger.confirmed);
    if (ledger.confirmed)
      json.member("score", ledger.score).member("segment", label(ledger.segment)).member("scored_at", ledger.scored_at);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string admin_text(const actors::AdminAnswer& answer, AdminShape shape, std::size_t limit) {
  return std::visit(AnswerText{shape, limit}, answer);
}

std::string actor_text(const actors::ActorView& view) {
  JsonWriter json;
  json.object()
      .member("email", view.email)
      .member("host", view.host)
      .member("shard", view.shard)
      .member("life", view.life);
  json.member("mailbox", view.mailbox).member("records_applied", view.records_applied);
  json.member("activated_at", view.activated_at);
  const auto& state = view.state;
  json.key("state").object().member("segment", label(state.segment)).member("last_position", state.last_position);
  json.member("conflicts", state.conflicts).member("wake_at", unless_zero(state.wake_at));
  json.member("owed_at", unless_zero(state.owed_at)).member("crossed_at", unless_zero(state.crossed_at));
  write_window(json, state.window);
  write_targets(json, state.targets);
  json.end_object().member("digest", view.digest).member("resident_bytes", view.resident_bytes).end_object();
  return json.take();
}

std::string to_hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4U];
    text += digits[byte & 0xFU];
  }
  return text;
}

std::optional<std::string> from_hexadecimal(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    if (digit(text[i]) < 0 || digit(text[i + 1]) < 0) return std::nullopt;
    bytes += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
  }
  return bytes;
}

}  // namespace leadlight::net
