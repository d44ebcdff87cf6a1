#include "tools/bench/fill.hpp"

#include "actors/domains.hpp"
#include "engine/hash.hpp"
#include "engine/lead.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "storage/log.hpp"
#include "storage/rocksdb_store.hpp"
#include "storage/settings.hpp"
#include "tools/bench/population.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace leadlight::bench {

namespace {

using engine::Errc;
using engine::Error;
using storage::Family;
namespace keys = storage::keys;

constexpr std::uint64_t leads_per_batch = 4'096;

engine::Lead lead_with_history(const engine::Record& record, std::uint64_t number, engine::Timestamp now) {
  engine::Lead lead;
  lead.id = record.lead;
  lead.email = record.email;
  lead.shard = record.shard;
  std::vector<engine::WindowEvent> events;
  events.reserve(events_per_lead);
  for (std::size_t place = 0; place + 1 < events_per_lead; ++place) {
    const auto id = engine::event_id_hash("before-" + std::to_string(number) + "-" + std::to_string(place));
    events.emplace_back(event_time(number, place, now), event_type(number, place), id);
  }
  lead.window = engine::Window::from_parts(std::move(events), {});
  return lead;
}

class Filling {
 public:
  Filling(storage::Store& store, engine::Timestamp now) : store_(store), log_(store), now_(now) {}

  engine::Status open() {
    auto organisations = storage::load_organisations(store_);
    if (!organisations) return organisations.error();
    if (organisations->empty()) return Error{Errc::not_found, "the data directory has no organisation", ""};
    organisation_.id = organisations->front().id;
    auto applied = storage::load_applied(store_, organisation_.id, engine::ShardId{0});
    if (!applied) return applied.error();
    auto models = storage::load_models(store_, organisation_.id);
    if (!models) return models.error();
    for (auto& published : *models)
      if (published.model.version == applied->model_version)
        organisation_.model = std::make_shared<engine::CompiledModel>(std::move(published.model));
    if (!organisation_.model) return Error{Errc::not_found, "no model is in force in the data directory", ""};
    for (std::uint16_t s = 0; s < engine::shard_count; ++s) {
      auto head = log_.head(engine::ShardId{s});
      if (!head) return head.error();
      heads_[s] = *head;
    }
    return engine::Ok{};
  }

  void add(std::uint64_t number) {
    engine::Record record = last_record(number);
    auto decision =
        engine::apply(lead_with_history(record, number, now_), record, organisation_, std::nullopt, engine::Limits{});
    const auto& event = std::get<engine::EngagementEvent>(record.body);
    log_.append(batch, record);
    batch.put(Family::lead_index, keys::lead_index(record.lead, event.id_hash, record.position),
              encode(storage::IndexEntry{record.shard, decision.outcome, event.occurred_at, decision.known_until,
                                         event.content_hash}));
    if (decision.next.wake_at != engine::Timestamp{})
      batch.put(Family::timers, keys::timer(record.shard, decision.next.wake_at, record.lead), {});
    batch.put(Family::leads, keys::lead(record.lead), storage::encode(decision.next));
  }

  engine::Status commit() {
    auto committed = store_.commit(batch);
    batch.clear();
    return committed;
  }

  storage::Batch batch;

 private:
  engine::Record last_record(std::uint64_t number) {
    engine::Record record;
    record.email = email_of(number);
    record.lead = engine::lead_id(organisation_.id, record.email);
    record.domain = domains_.registrable(record.email);
    record.shard = engine::shard_of(record.lead, record.domain);
    record.position = ++heads_[static_cast<std::size_t>(record.shard)];
    record.received_at = now_;
    record.surface = engine::Surface::import;
    engine::EngagementEvent event;
    event.type = event_type(number, events_per_lead - 1);
    event.occurred_at = std::min(event_time(number, events_per_lead - 1, now_), now_);
    event.event_id = "fill-" + std::to_string(number);
    event.id_hash = engine::event_id_hash(event.event_id);
    event.content_hash = event.id_hash;
    record.body = std::move(event);
    return record;
  }

  storage::Store& store_;
  storage::LocalLog log_;
  engine::Timestamp now_;
  engine::Organisation organisation_;
  actors::Domains domains_;
  std::array<engine::Position, engine::shard_count> heads_{};
};

}  // namespace

engine::Status fill(const std::filesystem::path& data, std::uint64_t leads, engine::Timestamp now) {
  auto store = storage::open_rocksdb(data / "db", storage::RocksDbOptions{});
  if (!store) return store.error();
  Filling filling{**store, now};
  if (auto opened = filling.open(); !opened) return opened;
  for (std::uint64_t number = 0; number < leads; ++number) {
    filling.add(number);
    if ((number + 1) % leads_per_batch != 0 && number + 1 != leads) continue;
    if (auto committed = filling.commit(); !committed) return committed;
  }
  return engine::Ok{};
}

}  // namespace leadlight::bench
