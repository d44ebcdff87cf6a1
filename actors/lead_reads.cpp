#include "actors/lead_reads.hpp"

#include "actors/lead_actor.hpp"
#include "engine/hash.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "storage/settings.hpp"

#include <algorithm>
#include <unordered_map>

namespace leadlight::actors {

namespace {

using storage::Family;

constexpr std::size_t page = 10'000;

struct IndexRow {
  engine::Position position = 0;
  std::uint64_t id_hash = 0;
  storage::IndexEntry entry;
};

// Every index entry of a lead, in log order.
Result<std::vector<IndexRow>> index_of(const Services& services, const LeadId& lead) {
  std::vector<IndexRow> rows;
  const auto prefix = storage::keys::lead(lead);
  std::string from;
  for (;;) {
    auto found = services.store->scan(Family::lead_index, prefix, from, page);
    if (!found) return found.error();
    for (const auto& row : *found) {
      auto entry = storage::decode_index(row.value);
      if (!entry) return entry.error();
      const auto key = storage::keys::parse_lead_index(row.key);
      if (!key) return Error{engine::Errc::corrupt, "a key of the lead index is malformed", ""};
      rows.push_back({key->position, key->id_hash, *entry});
    }
    if (found->size() < page) break;
    from = found->back().key + '\0';
  }
  std::sort(rows.begin(), rows.end(), [](const IndexRow& a, const IndexRow& b) { return a.position < b.position; });
  return rows;
}

Result<Record> record_at(const Services& services, const IndexRow& row) {
  auto records = services.log->read(row.entry.shard, row.position, 1);
  if (!records) return records.error();
  if (records->empty() || records->front().position != row.position)
    return Error{engine::Errc::corrupt, "the log lacks a record that the index names", ""};
  return std::move(records->front());
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

Result<std::shared_ptr<const engine::CompiledModel>> model_at(const Services& services, OrganisationId organisation,
                                                              Timestamp at) {
  auto models = storage::load_models(*services.store, organisation);
  if (!models) return models.error();
  std::shared_ptr<const engine::CompiledModel> model;
  for (auto& published : *models)
    if (published.received_at <= at) model = std::make_shared<engine::CompiledModel>(std::move(published.model));
  return model;
}

}  // namespace

LeadView view_of(std::string_view email, const engine::Window& window, const engine::CompiledModel* model, Timestamp at,
                 bool with_detail) {
  LeadView view;
  view.email = email;
  view.as_of = at;
  if (model == nullptr) return view;
  view.score = engine::score_at(*model, window, at);
  view.model_id = model->model().id;
  view.model_version = model->model().version;
  if (!with_detail) return view;
  view.next_change_at = engine::next_change_at(*model, window, at);
  if (view.next_change_at) view.next_segment = engine::score_at(*model, window, *view.next_change_at).segment;
  view.signals = lines_of(engine::signals_text(*model, window, at));
  return view;
}

LeadView view_of(const engine::Lead& lead, const engine::CompiledModel* model, Timestamp at, bool with_detail) {
  return view_of(lead.email, lead.window, model, at, with_detail);
}

ReceiptView receipt_of(std::string_view email, const engine::Window& window, const engine::CompiledModel* model,
                       Timestamp at) {
  ReceiptView view;
  view.lead = view_of(email, window, model, at, true);
  if (model != nullptr) view.lines = engine::explain(*model, window, at).lines;
  view.event_ids.resize(view.lines.size());
  return view;
}

Status resolve_event_ids(const Services& services, const LeadId& lead, ReceiptView& view) {
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> wanted;
  for (std::size_t i = 0; i < view.lines.size(); ++i)
    if (view.lines[i].id_hash) wanted[*view.lines[i].id_hash].push_back(i);
  if (wanted.empty()) return engine::Ok{};
  auto rows = index_of(services, lead);
  if (!rows) return rows.error();
  for (const auto& row : *rows) {
    const auto at = wanted.find(row.id_hash);
    if (at == wanted.end()) continue;
    auto record = record_at(services, row);
    if (!record) return record.error();
    const auto* event = std::get_if<engine::EngagementEvent>(&record->body);
    if (event == nullptr || event->event_id.empty()) continue;
    for (const auto line : at->second) view.event_ids[line] = event->event_id;
  }
  return engine::Ok{};
}

ForecastView forecast_of(const engine::Window& window, const engine::CompiledModel* model, Timestamp at) {
  ForecastView view;
  if (model == nullptr) return view;
  view.points = engine::forecast(*model, window, at);
  view.next_change_at = engine::next_change_at(*model, window, at);
  return view;
}

Result<TimelineView> timeline_of(const Services& services, const LeadId& lead, const TimelineQuestion& question) {
  auto rows = index_of(services, lead);
  if (!rows) return rows.error();
  auto& all = *rows;
  const auto newer = [](const IndexRow& a, const IndexRow& b) {
    return std::pair{a.entry.occurred_at, a.position} > std::pair{b.entry.occurred_at, b.position};
  };
  if (question.before) {
    std::erase_if(all, [&](const IndexRow& row) {
      return std::pair{row.entry.occurred_at, row.position} >= *question.before;
    });
  }
  const std::size_t count = std::min(question.limit, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(), newer);
  TimelineView view;
  view.more = all.size() > count;
  for (std::size_t i = 0; i < count; ++i) {
    auto record = record_at(services, all[i]);
    if (!record) return record.error();
    const auto& event = std::get<engine::EngagementEvent>(record->body);
    TimelineRow row;
    if (!event.event_id.empty()) row.event_id = event.event_id;
    row.type = std::string{event.type.name()};
    row.occurred_at = event.occurred_at;
    row.received_at = engine::arrived_at(*record, event);
    row.surface = record->surface;
    row.outcome = all[i].entry.outcome;
    row.position = all[i].position;
    view.rows.push_back(std::move(row));
  }
  return view;
}

Result<std::vector<std::string>> identities_of(const storage::Store& store, const LeadId& lead) {
  auto rows = store.scan(Family::aliases, storage::keys::members_of(lead), {}, page);  // ids_per_person_max at most
  if (!rows) return rows.error();
  std::vector<std::string> identities;
  identities.reserve(rows->size());
  for (const auto& row : *rows) {
    auto member = storage::decode_alias(row.value);
    if (!member) return member.error();
    identities.push_back(std::move(member->identity));
  }
  std::sort(identities.begin(), identities.end());
  return identities;
}

Result<ProfileView> profile_of(const Services& services, const LeadId& lead, const std::string& email) {
  ProfileView view;
  view.email = email;
  auto ids = identities_of(*services.store, lead);
  if (!ids) return ids.error();
  view.ids = *std::move(ids);
  auto bytes = services.store->get(Family::attributes, storage::keys::lead(lead));
  if (!bytes) return bytes.error();
  if (bytes->has_value()) {
    auto known = storage::decode_attributes(**bytes);
    if (!known) return known.error();
    view.attributes = std::move(known->attributes);
  }
  if (view.ids.empty() && view.attributes.empty()) {
    auto state = services.store->get(Family::leads, storage::keys::lead(lead));
    if (!state) return state.error();
    if (!state->has_value())
      return Error{engine::Errc::not_found, "no lead with this e-mail address is known", "email"};
  }
  return view;
}

Result<PastLead> as_of(const Services& services, OrganisationId organisation, const std::string& email, Timestamp at) {
  const Timestamp now = services.clock->now();
  const Timestamp earliest = now - (services.log_retention - engine::window_span);
  if (at < earliest) {
    return Error{engine::Errc::gone, "as_of lies before what the log still holds; ask for a later instant", "as_of"};
  }
  const LeadId id = engine::lead_id(organisation, email);
  auto rows = index_of(services, id);
  if (!rows) return rows.error();
  if (rows->empty()) return Error{engine::Errc::not_found, "no such lead", "email"};
  std::vector<Record> records;
  for (const auto& row : *rows) {
    if (row.entry.occurred_at > at || row.entry.occurred_at + engine::window_span <= at) continue;
    if (row.entry.outcome != engine::Outcome::counted && row.entry.outcome != engine::Outcome::no_change) continue;
    auto record = record_at(services, row);
    if (!record) return record.error();
    records.push_back(*std::move(record));
  }
  auto model = model_at(services, organisation, at);
  if (!model) return model.error();
  return PastLead{id, engine::refold(records, at, services.limits), *std::move(model)};
}

}  // namespace leadlight::actors
