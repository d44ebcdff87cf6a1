#include "tools/bench/stage.hpp"

#include "engine/hash.hpp"
#include "engine/models/model_toml.hpp"
#include "engine/models/starter.hpp"
#include "storage/memory_store.hpp"
#include "storage/settings.hpp"
#include "tools/bench/population.hpp"

#include <utility>

namespace leadlight::bench {

engine::Result<std::unique_ptr<Stage>> Stage::make(bool spawned_leads) {
  auto model = engine::models::read_model(engine::models::starter_model_toml(), "starter.toml");
  if (!model) return model.error();
  model->model.version = 1;
  std::unique_ptr<Stage> stage{new Stage};
  stage->now_ = actors::SystemClock{}.now();
  stage->organisation_.id = engine::OrganisationId{1};
  stage->organisation_.model = std::make_shared<engine::CompiledModel>(model->model);
  stage->store_ = storage::make_memory_store();
  storage::Batch batch;
  storage::put(batch, storage::OrganisationSettings{stage->organisation_.id, "Bench", true, stage->now_});
  storage::put(batch, storage::PublishedModel{stage->organisation_.id, stage->now_, std::move(model->model)});
  for (std::uint16_t s = 0; s < engine::shard_count; ++s)
    storage::put(batch, stage->organisation_.id, engine::ShardId{s}, storage::AppliedSwitches{1, {}});
  if (auto committed = stage->store_->commit(batch); !committed) return committed.error();
  stage->log_ = std::make_unique<storage::LocalLog>(*stage->store_);
  auto services = std::make_shared<actors::Services>();
  services->store = stage->store_.get();
  services->log = stage->log_.get();
  services->clock = std::make_shared<actors::SystemClock>();
  services->switchboard = std::make_shared<actors::Switchboard>();
  services->spawned_leads = spawned_leads;
  services->resident_bytes_max = 1ULL << 42U;  // nothing may be passivated: the store has none of it
  stage->services_ = std::move(services);
  return stage;
}

engine::Record Stage::event(std::uint64_t lead, engine::EventType type, engine::Timestamp occurred_at,
                            std::uint64_t number) const {
  engine::Record record;
  record.email = email_of(lead);
  record.domain = record.email.substr(record.email.find('@') + 1);
  record.lead = engine::lead_id(organisation_.id, record.email);
  record.shard = engine::shard_of(record.lead, record.domain);
  record.received_at = now_;
  record.surface = engine::Surface::events;
  record.request_id = "req_01BENCH0000000000000000000";
  engine::EngagementEvent event;
  event.type = type;
  event.occurred_at = occurred_at;
  event.event_id = "event-000000000000";
  write_digits(event.event_id.data() + 6, 12, number);
  event.id_hash = engine::event_id_hash(event.event_id);
  event.content_hash = event.id_hash;
  event.properties = R"({"path":"/pricing"})";
  record.body = std::move(event);
  return record;
}

}  // namespace leadlight::bench
