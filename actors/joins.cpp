#include "actors/joins.hpp"

#include "engine/hash.hpp"
#include "storage/codec/codec.hpp"
#include "storage/keys.hpp"
#include "storage/settings.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace leadlight::actors {

using storage::Family;
namespace keys = storage::keys;

namespace {

constexpr std::size_t wave_max = 512;
constexpr std::size_t records_per_step = 1'000;
constexpr std::size_t page = 1'000;

Error malformed(std::string_view what) {
  return Error{engine::Errc::corrupt, std::string{what} + " is malformed", ""};
}

// Whether there is anything to bring over.
Result<bool> has_content(const storage::Store& store, const LeadId& id) {
  for (const auto family : {Family::leads, Family::attributes}) {
    auto bytes = store.get(family, keys::lead(id));
    if (!bytes) return bytes.error();
    if (bytes->has_value()) return true;
  }
  auto rows = store.scan(Family::lead_index, keys::lead(id), {}, 1);
  if (!rows) return rows.error();
  return !rows->empty();
}

// The event of an index row, as the log holds it. Errors: io_error, corrupt.
Result<Record> event_at(const Services& services, const storage::KeyValue& row) {
  const auto key = keys::parse_lead_index(row.key);
  if (!key) return malformed("a key of the lead index");
  auto entry = storage::decode_index(row.value);
  if (!entry) return entry.error();
  auto records = services.log->read(entry->shard, key->position, 1);
  if (!records) return records.error();
  const bool there = !records->empty() && records->front().position == key->position &&
                     std::holds_alternative<engine::EngagementEvent>(records->front().body);
  if (!there) return Error{engine::Errc::corrupt, "the log lacks a record that the index names", ""};
  return std::move(records->front());
}

}  // namespace

Joins::Joins(ServicesPtr services, Aliases& aliases, Doors doors)
    : services_(std::move(services)), aliases_(aliases), doors_(std::move(doors)) {}

void Joins::add(OrganisationId organisation, const Joined& joined) {
  services_->counters().leads_joined.fetch_add(1, std::memory_order_relaxed);
  lanes_[organisation].queue.push_back({organisation, joined.from, false});
}

void Joins::settle(OrganisationId organisation, Done done) {
  const auto own = [organisation](const Join& join) { return join.organisation == organisation; };
  if (const auto lane = lanes_.find(organisation); lane != lanes_.end()) {
    lane->second.waiters.push_back(std::move(done));
  } else if (std::any_of(wave_.begin(), wave_.end(), own)) {
    wave_waiters_.push_back(std::move(done));
  } else {
    return done(engine::Ok{});
  }
  start_wave();
}

Status Joins::resume() {
  if (under_way_) return engine::Ok{};  // it goes through its own when it ends
  std::string from;
  for (;;) {
    auto rows = services_->store->scan(Family::aliases, keys::joins_under_way(), from, page);
    if (!rows) return rows.error();
    for (const auto& row : *rows) {
      const auto id = keys::parse_join(row.key);
      if (!id) return malformed("the key of a join");
      auto entry = storage::decode_alias(row.value);
      if (!entry) return entry.error();
      auto& queue = lanes_[id->organisation()].queue;
      const auto same = [&](const Join& join) { return join.from == entry->identity; };
      if (std::none_of(queue.begin(), queue.end(), same))
        queue.push_back({id->organisation(), std::move(entry->identity), false});
    }
    if (rows->size() < page) break;
    from = rows->back().key + '\0';
  }
  start_wave();
  return engine::Ok{};
}

void Joins::start_wave() {
  if (under_way_ || lanes_.empty()) return;
  under_way_ = true;
  fill_wave();
  // New records of the joined identities go to the lead they belong to now; those on their way are waited for.
  doors_.when_drained([this] { make_aliases(); });
}

// Takes an even share of each organisation, so that many joins of one hold up none of another.
void Joins::fill_wave() {
  const std::size_t share = std::max<std::size_t>(wave_max / lanes_.size(), 1);
  for (auto at = lanes_.begin(); at != lanes_.end();) {
    auto& lane = at->second;
    const auto count = static_cast<std::ptrdiff_t>(std::min(lane.queue.size(), share));
    std::move(lane.queue.begin(), lane.queue.begin() + count, std::back_inserter(wave_));
    lane.queue.erase(lane.queue.begin(), lane.queue.begin() + count);
    if (!lane.queue.empty()) {
      ++at;
      continue;
    }
    std::move(lane.waiters.begin(), lane.waiters.end(), std::back_inserter(wave_waiters_));
    at = lanes_.erase(at);
  }
}

void Joins::make_aliases() {
  storage::Batch batch;
  for (auto& join : wave_)
    if (auto added = add_alias(batch, join); !added) return finish(added.error());
  doors_.commit(std::move(batch), [this](const Status& committed) {
    if (!committed) return finish(committed.error());
    moving_ = 0;
    from_key_.clear();
    move_next();
  });
}

Status Joins::add_alias(storage::Batch& batch, Join& join) {
  auto into = aliases_.canonical(join.organisation, join.from);
  if (!into) return into.error();
  const LeadId from_id = engine::lead_id(join.organisation, join.from);
  const LeadId into_id = engine::lead_id(join.organisation, *into);
  const auto identity = encode(storage::AliasEntry{join.from});
  batch.put(Family::aliases, keys::alias(from_id), encode(storage::AliasEntry{*into}));
  batch.put(Family::aliases, keys::member(into_id, from_id), identity);
  for (std::string from;;) {
    auto rows = services_->store->scan(Family::aliases, keys::members_of(from_id), from, page);
    if (!rows) return rows.error();
    for (const auto& row : *rows) {
      auto member = storage::decode_alias(row.value);
      if (!member) return member.error();
      batch.put(Family::aliases, keys::member(into_id, engine::lead_id(join.organisation, member->identity)),
                row.value);
      batch.remove(Family::aliases, row.key);
    }
    if (rows->size() < page) break;
    from = rows->back().key + '\0';
  }
  auto moves = has_content(*services_->store, from_id);
  if (!moves) return moves.error();
  join.moves = *moves;
  if (join.moves) {
    batch.put(Family::aliases, keys::join_under_way(from_id), identity);
  } else {
    batch.remove(Family::aliases, keys::join_under_way(from_id));
  }
  return engine::Ok{};
}

void Joins::move_next() {
  std::vector<Record> records;
  while (moving_ < wave_.size() && records.size() < records_per_step) {
    auto& join = wave_[moving_];
    const auto rows = join.moves ? gather(join, records) : Result<std::size_t>{std::size_t{0}};
    if (!rows) return finish(rows.error());
    if (*rows == records_per_step) continue;
    ++moving_;
    from_key_.clear();
  }
  if (records.empty()) return end_leads();
  services_->counters().events_moved.fetch_add(records.size(), std::memory_order_relaxed);
  doors_.submit(std::move(records), [this](const Status& durable) { durable ? move_next() : finish(durable); });
}

Result<Record> Joins::record_into(const Join& join) {
  auto into = aliases_.canonical(join.organisation, join.from);
  if (!into) return into.error();
  Record record;
  record.lead = engine::lead_id(join.organisation, *into);
  record.email = *std::move(into);
  record.received_at = services_->clock->now();
  return record;
}

// Adds records for the next page of the identity's events; with the first page its attributes, with the last one what
// waits for it. Gives the
// number of index rows read: fewer than `records_per_step` were the last.
Result<std::size_t> Joins::gather(const Join& join, std::vector<Record>& records) {
  auto base = record_into(join);
  if (!base) return base.error();
  const LeadId id = engine::lead_id(join.organisation, join.from);
  if (from_key_.empty()) {
    auto bytes = services_->store->get(Family::attributes, keys::lead(id));
    if (!bytes) return bytes.error();
    if (bytes->has_value()) {
      auto known = storage::decode_attributes(**bytes);
      if (!known) return known.error();
      records.push_back(*base);
      records.back().body = engine::AttributeChange{std::move(known->attributes)};
    }
  }
  auto rows = services_->store->scan(Family::lead_index, keys::lead(id), from_key_, records_per_step);
  if (!rows) return rows.error();
  for (const auto& row : *rows) {
    auto source = event_at(*services_, row);
    if (!source) return source.error();
    Record moved = *base;
    moved.surface = source->surface;
    moved.request_id = std::move(source->request_id);
    auto& event = std::get<engine::EngagementEvent>(source->body);
    event.first_received_at = engine::arrived_at(*source, event);
    moved.body = std::move(event);
    records.push_back(std::move(moved));
  }
  if (!rows->empty()) from_key_ = rows->back().key + '\0';
  if (rows->size() < records_per_step)  // behind the events that they ask about
    if (auto triggers = gather_triggers(join, *base, records); !triggers) return triggers.error();
  return rows->size();
}

// Requests that wait for a writeback of the identity wait for one of the lead from now on.
Status Joins::gather_triggers(const Join& join, const Record& base, std::vector<Record>& records) {
  auto targets = storage::load_targets(*services_->store);
  if (!targets) return targets.error();
  std::vector<std::string> requests;
  for (const auto& target : *targets) {
    if (target.organisation != join.organisation) continue;
    const auto key = keys::outbox(target.id, engine::lead_id(join.organisation, join.from));
    auto bytes = services_->store->get(Family::outbox, key);
    if (!bytes) return bytes.error();
    if (!bytes->has_value()) continue;
    auto entry = storage::decode_outbox(**bytes);
    if (!entry) return entry.error();
    for (auto& id : entry->request_ids)
      if (std::find(requests.begin(), requests.end(), id) == requests.end()) requests.push_back(std::move(id));
  }
  for (auto& id : requests) {
    auto bytes = services_->store->get(Family::requests, id);
    if (!bytes) return bytes.error();
    if (!bytes->has_value()) continue;
    auto status = storage::decode_request(**bytes);
    if (!status) return status.error();
    records.push_back(base);
    records.back().request_id = std::move(id);
    records.back().body = engine::Trigger{std::move(status->source)};
  }
  return engine::Ok{};
}

void Joins::end_leads() {
  std::vector<Record> records;
  for (const auto& join : wave_) {
    if (!join.moves) continue;
    auto into = record_into(join);
    if (!into) return finish(into.error());
    Record record;
    record.lead = engine::lead_id(join.organisation, join.from);
    record.email = join.from;
    record.received_at = into->received_at;
    record.body = engine::MergedInto{into->lead, into->email};
    records.push_back(std::move(record));
  }
  if (records.empty()) return finish(engine::Ok{});
  doors_.submit(std::move(records), [this](const Status& durable) { finish(durable); });
}

void Joins::finish(const Status& status) {
  under_way_ = false;
  if (!status) put_back(status);
  wave_.clear();
  for (const auto& done : std::exchange(wave_waiters_, {})) done(status);
  if (!status) return;  // they go on with the next join, or when the shards are there again
  if (lanes_.empty()) aliases_.all_durable();
  start_wave();
}

// A wave that failed will be gone through again. What the store cannot be read for stays as it is, for a person to
// look at: it must not hold up the others.
void Joins::put_back(const Status& status) {
  const bool readable = status.error().code != engine::Errc::corrupt;
  if (readable) {
    spdlog::warn("{} joins of ids were interrupted and will be resumed: {}", wave_.size(), status.error().what);
  } else {
    spdlog::error("{} joins of ids are put aside until the next start: {}", wave_.size(), status.error().what);
  }
  for (auto join = wave_.rbegin(); readable && join != wave_.rend(); ++join)
    lanes_[join->organisation].queue.push_front(std::move(*join));
  for (auto& [organisation, lane] : lanes_)
    for (auto& done : std::exchange(lane.waiters, {})) wave_waiters_.push_back(std::move(done));
}

}  // namespace leadlight::actors
