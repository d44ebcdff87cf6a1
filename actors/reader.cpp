#include "actors/reader.hpp"

#include "actors/lead_actor.hpp"
#include "actors/lead_reads.hpp"
#include "engine/hash.hpp"
#include "engine/identity.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "storage/settings.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_set>

namespace leadlight::actors {

namespace {

using engine::Errc;
using storage::Family;
namespace keys = storage::keys;

constexpr std::size_t page = 1'000;

// Calls `each` for every lead of the organisation, in key order. Errors: io_error, corrupt.
template <class Each>
Status for_each_lead(const storage::Store& store, OrganisationId organisation, Each each) {
  std::string from;
  for (;;) {
    auto rows = store.scan(Family::leads, keys::leads_of(organisation), from, page);
    if (!rows) return rows.error();
    for (const auto& row : *rows) {
      const auto id = keys::parse_lead(row.key);
      if (!id) return Error{Errc::corrupt, "a lead's key is malformed", ""};
      auto lead = storage::decode_lead(*id, row.value);
      if (!lead) return lead.error();
      each(*lead);
    }
    if (rows->size() < page) return engine::Ok{};
    from = rows->back().key + '\0';
  }
}

Result<std::optional<engine::CompiledModel>> model_in_force(const storage::Store& store, OrganisationId organisation) {
  auto models = storage::load_models(store, organisation);
  if (!models) return models.error();
  if (models->empty()) return std::optional<engine::CompiledModel>{};
  return std::optional<engine::CompiledModel>{engine::CompiledModel{std::move(models->back().model)}};
}

enum class Order { score_down, score_up, email };

struct Cursor {
  engine::MicroPoints raw = 0;
  std::string email;
};

bool before(Order order, const Cursor& a, const Cursor& b) {
  if (order == Order::score_down && a.raw != b.raw) return a.raw > b.raw;
  if (order == Order::score_up && a.raw != b.raw) return a.raw < b.raw;
  return a.email < b.email;
}

Cursor cursor_of(const LeadView& view) {
  return {view.score ? view.score->raw : 0, view.email};
}

Result<std::optional<Cursor>> parse_cursor(const std::string& text) {
  if (text.empty()) return std::optional<Cursor>{};
  Cursor cursor;
  const auto colon = text.find(':');
  const char* end = text.data() + std::min(colon, text.size());
  const auto parsed = std::from_chars(text.data(), end, cursor.raw);
  if (colon == std::string::npos || parsed.ec != std::errc{} || parsed.ptr != end)
    return Error{Errc::invalid, "after is not a cursor of an earlier answer; leave it out to start again", "after"};
  cursor.email = text.substr(colon + 1);
  return std::optional<Cursor>{std::move(cursor)};
}

Reply leads(const Services& services, const LeadsQuery& query) {
  const Order order = query.sort == "score"   ? Order::score_up
                      : query.sort == "email" ? Order::email
                                              : Order::score_down;
  auto after = parse_cursor(query.after);
  if (!after) return after.error();
  auto model = model_in_force(*services.store, query.organisation);
  if (!model) return model.error();
  const engine::CompiledModel* in_force = *model ? &**model : nullptr;
  const Timestamp now = services.clock->now();
  LeadsView answer;
  bool more = false;
  const auto first = [&](const LeadView& a, const LeadView& b) { return before(order, cursor_of(a), cursor_of(b)); };
  auto& best = answer.leads;  // a heap of the first `limit`, the last of them on top
  auto read = for_each_lead(*services.store, query.organisation, [&](const engine::Lead& lead) {
    if (!query.anonymous && engine::kind_of(lead.email) != engine::IdentityKind::email) return;
    auto view = view_of(lead, in_force, now, false);
    if (query.segment && (!view.score || view.score->segment != *query.segment)) return;
    if (*after && !before(order, **after, cursor_of(view))) return;
    if (best.size() == query.limit) {
      more = true;
      if (!first(view, best.front())) return;
      std::pop_heap(best.begin(), best.end(), first);
      best.pop_back();
    }
    best.push_back(std::move(view));
    std::push_heap(best.begin(), best.end(), first);
  });
  if (!read) return read.error();
  std::sort_heap(best.begin(), best.end(), first);
  if (more && !best.empty()) {
    const auto cursor = cursor_of(best.back());
    answer.next = std::to_string(cursor.raw) + ":" + cursor.email;
  }
  return answer;
}

Reply past_of(const Services& services, const LeadQuery& query) {
  const LeadId id = engine::lead_id(query.organisation, query.email);
  if (const auto* timeline = std::get_if<TimelineQuestion>(&query.question)) {
    auto known = services.store->get(Family::leads, keys::lead(id));
    if (!known) return known.error();
    if (!known->has_value()) return Error{Errc::not_found, "no lead with this e-mail address is known", "email"};
    auto view = timeline_of(services, id, *timeline);
    return view ? Reply{*std::move(view)} : Reply{view.error()};
  }
  if (std::holds_alternative<ProfileQuestion>(query.question)) {
    auto view = profile_of(services, id, query.email);
    return view ? Reply{*std::move(view)} : Reply{view.error()};
  }
  const Timestamp at = query.as_of.value_or(services.clock->now());
  auto past = as_of(services, query.organisation, query.email, at);
  if (!past) return past.error();
  const engine::CompiledModel* model = past->model.get();
  if (std::holds_alternative<ForecastQuestion>(query.question)) return forecast_of(past->window, model, at);
  if (std::holds_alternative<ScoreQuestion>(query.question)) return view_of(query.email, past->window, model, at, true);
  auto receipt = receipt_of(query.email, past->window, model, at);
  if (auto resolved = resolve_event_ids(services, past->id, receipt); !resolved) return resolved.error();
  return receipt;
}

/// Whether the record may have changed a score.
bool moves_scores(const Record& record) {
  return std::holds_alternative<engine::EngagementEvent>(record.body) ||
         std::holds_alternative<engine::Trigger>(record.body) || std::holds_alternative<engine::Tick>(record.body);
}

// Adds each lead of `records` that is not there yet, as it is now.
Status add_changed(const Services& services, const ChangedLeadsQuery& query, const std::vector<Record>& records,
                   const engine::CompiledModel* model, std::unordered_set<LeadId>& seen, ChangedLeadsView& view) {
  const Timestamp now = services.clock->now();
  for (const auto& record : records) {
    if (record.lead.organisation() != query.organisation || !moves_scores(record)) continue;
    if (!seen.insert(record.lead).second) continue;
    auto lead = load_lead(*services.store, record.lead);
    if (!lead) return lead.error();
    if (lead->has_value() && (*lead)->exists()) view.leads.push_back(view_of(**lead, model, now, false));
  }
  return engine::Ok{};
}

// Reads the log, not the leads: the cost grows with what happened, not with how many leads there are.
Reply changed_leads(const Services& services, const ChangedLeadsQuery& query) {
  auto model = model_in_force(*services.store, query.organisation);
  if (!model) return model.error();
  ChangedLeadsView view;
  view.reached = query.after;
  std::unordered_set<LeadId> seen;
  for (std::size_t looked_at = 0; view.reached < query.until && looked_at < query.records_max;) {
    const auto count = std::min<std::uint64_t>(
        {page, static_cast<std::uint64_t>(query.until - view.reached), query.records_max - looked_at});
    auto records = services.log->read(query.shard, view.reached + 1, count);
    if (!records) return records.error();
    view.trimmed = records->empty() || records->front().position != view.reached + 1;
    if (view.trimmed) return view;
    if (auto added = add_changed(services, query, *records, *model ? &**model : nullptr, seen, view); !added)
      return added.error();
    view.reached = records->back().position;
    looked_at += records->size();
  }
  return view;
}

Reply digest_of(const Services& services, OrganisationId organisation) {
  storage::Digest sum;
  DigestRow row;
  auto read = for_each_lead(*services.store, organisation, [&](const engine::Lead& lead) {
    sum = sum + storage::digest(lead);
    ++row.leads;
  });
  if (!read) return read.error();
  row.digest = storage::to_text(sum);
  return AdminAnswer{std::move(row)};
}

}  // namespace

Reader::behavior_type reader(Reader::pointer, ServicesPtr services) {
  return {
      [services](const LeadsQuery& query, const ReplyPort& port) { port->complete(leads(*services, query)); },
      [services](const LeadQuery& query, const ReplyPort& port) { port->complete(past_of(*services, query)); },
      [services](const ChangedLeadsQuery& query, const ReplyPort& port) {
        port->complete(changed_leads(*services, query));
      },
      [services](ReceiptInWork& work, const ReplyPort& port) {
        const auto resolved = resolve_event_ids(*services, work.lead, work.view);
        port->complete(resolved ? Reply{std::move(work.view)} : Reply{resolved.error()});
      },
      [services](const AdminRequest& request, const ReplyPort& port) {
        port->complete(digest_of(*services, request.organisation));
      },
  };
}

}  // namespace leadlight::actors
