#include "actors/lead_table.hpp"

#include "storage/codec/codec.hpp"

#include <algorithm>
#include <utility>

namespace leadlight::actors {

LeadTable::LeadTable(ServicesPtr services, std::uint64_t resident_bytes_max)
    : services_(std::move(services)), resident_bytes_max_(resident_bytes_max) {}

LeadTable::~LeadTable() {
  account(-static_cast<std::int64_t>(entries_.size()), -bytes_);
}

void LeadTable::account(std::int64_t leads, std::int64_t bytes) {
  bytes_ += bytes;
  // Unsigned wrap-around makes these additions of signed differences.
  services_->counters().leads_resident.fetch_add(static_cast<std::uint64_t>(leads), std::memory_order_relaxed);
  services_->counters().leads_resident_bytes.fetch_add(static_cast<std::uint64_t>(bytes), std::memory_order_relaxed);
}

Result<LeadTable::Entry*> LeadTable::activate(const Record& record) {
  // Elements of a set are const for the sake of their key, which nothing here changes.
  if (auto at = entries_.find(record.lead); at != entries_.end()) return const_cast<Entry*>(&*at);  // NOLINT
  auto actor = LeadActor::activate(*services_, record.lead, record.email, record.shard);
  if (!actor) return actor.error();
  const auto added = entries_.emplace(*std::move(actor)).first;
  services_->counters().leads_activated.fetch_add(1, std::memory_order_relaxed);
  account(1, static_cast<std::int64_t>(added->actor.resident_bytes()));
  return const_cast<Entry*>(&*added);  // NOLINT: as above
}

Status LeadTable::fill_mailboxes(const std::vector<Delivery>& deliveries, std::vector<std::uint32_t>& next,
                                 std::vector<Entry*>& ready) {
  for (std::uint32_t i = 0; i < deliveries.size(); ++i) {
    auto entry = activate(*deliveries[i].record);
    if (!entry) return entry.error();
    Entry& lead = **entry;
    lead.used = true;
    if (lead.mailbox_first == none) {
      lead.mailbox_first = i;
      ready.push_back(&lead);
    } else {
      next[lead.mailbox_last] = i;
    }
    lead.mailbox_last = i;
  }
  return engine::Ok{};
}

void LeadTable::run_mailbox(Entry& entry, const std::vector<Delivery>& deliveries,
                            const std::vector<std::uint32_t>& next, RoundResult& result) {
  const auto bytes_before = static_cast<std::int64_t>(entry.actor.resident_bytes());
  std::vector<Delivery> earlier;
  unstored_.changed = unstored_.whole = unstored_.ended = false;
  unstored_.added.clear();
  const bool several = entry.mailbox_first != entry.mailbox_last;
  while (entry.mailbox_first != none) {
    const std::uint32_t at = entry.mailbox_first;
    entry.mailbox_first = at == entry.mailbox_last ? none : next[at];
    auto& verdict = result.verdicts[at];
    verdict = entry.actor.receive(deliveries[at], *services_, earlier, unstored_);
    if (verdict.unreadable && !unreadable_) unreadable_ = verdict.unreadable;
    if (several) earlier.push_back(deliveries[at]);
  }
  entry.mailbox_last = none;
  if (auto stored = entry.actor.to_store(unstored_)) result.changed.push_back(*std::move(stored));
  account(0, static_cast<std::int64_t>(entry.actor.resident_bytes()) - bytes_before);
}

void LeadTable::run(std::vector<Delivery> deliveries, std::function<void(Result<RoundResult>)> done) {
  std::vector<std::uint32_t> next(deliveries.size(), none);
  std::vector<Entry*> ready;
  ready.reserve(deliveries.size());
  if (auto filled = fill_mailboxes(deliveries, next, ready); !filled) return done(filled.error());
  RoundResult result;
  result.verdicts.resize(deliveries.size());
  result.changed.reserve(ready.size());
  unreadable_.reset();
  for (Entry* entry : ready) run_mailbox(*entry, deliveries, next, result);
  if (unreadable_) return done(*unreadable_);  // the shard ends, and begins again from what is durable
  for (Entry* entry : ready) {
    if (entry->actor.state().exists()) continue;  // a trigger for somebody unknown leaves nothing behind
    account(-1, -static_cast<std::int64_t>(entry->actor.resident_bytes()));
    entries_.erase(entries_.find(entry->actor.state().id));
  }
  done(std::move(result));
}

void LeadTable::look(const LeadId& id, std::function<void(Result<Glimpse>)> with) {
  if (auto at = entries_.find(id); at != entries_.end()) {
    const LeadActor& actor = at->actor;
    return with(Glimpse{&actor.state(), 0, actor.records_applied(), actor.activated_at(), actor.resident_bytes()});
  }
  auto stored = load_lead(*services_->store, id);
  if (!stored) return with(stored.error());
  if (!stored->has_value()) return with(Glimpse{});
  with(Glimpse{&**stored, 0, 0, std::nullopt, 0});
}

void LeadTable::passivate() {
  if (bytes_ <= static_cast<std::int64_t>(resident_bytes_max_)) return;
  const auto goal = static_cast<std::int64_t>(resident_bytes_max_ - resident_bytes_max_ / 20);
  const std::size_t buckets = entries_.bucket_count();
  for (std::size_t steps = 0; steps < 2 * buckets && bytes_ > goal; ++steps) {
    hand_ = (hand_ + 1) % buckets;
    std::vector<LeadId> cold;
    for (auto at = entries_.begin(hand_); at != entries_.end(hand_); ++at) {
      auto& entry = const_cast<Entry&>(*at);  // NOLINT: as above
      if (!std::exchange(entry.used, false)) cold.push_back(entry.actor.state().id);
    }
    for (const auto& id : cold) {
      const auto at = entries_.find(id);
      account(-1, -static_cast<std::int64_t>(at->actor.resident_bytes()));
      services_->counters().leads_passivated.fetch_add(1, std::memory_order_relaxed);
      entries_.erase(at);
    }
  }
}

}  // namespace leadlight::actors
