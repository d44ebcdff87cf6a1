// The hosted leads: a table inside a shard that runs its leads' mailboxes to completion, in batches.
//
// Cost: about 60 bytes a lead beside its state; no message passing. Passivation: second chance (a lead used since the
// hand last passed stays).
#pragma once

#include "actors/lead_host.hpp"

#include <unordered_set>

namespace leadlight::actors {

class LeadTable final : public LeadHost {
 public:
  LeadTable(ServicesPtr services, std::uint64_t resident_bytes_max);
  ~LeadTable() override;
  LeadTable(const LeadTable&) = delete;
  LeadTable& operator=(const LeadTable&) = delete;

  void run(std::vector<Delivery> deliveries, std::function<void(Result<RoundResult>)> done) override;
  void look(const LeadId& id, std::function<void(Result<Glimpse>)> with) override;
  void passivate() override;
  [[nodiscard]] std::string_view name() const override { return "hosted"; }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  struct Entry {
    explicit Entry(LeadActor lead) : actor(std::move(lead)) {}
    LeadActor actor;
    std::uint32_t mailbox_first = none;  // index of a delivery of the round under way
    std::uint32_t mailbox_last = none;
    bool used = true;  // since the passivation hand last passed
  };
  struct ById {
    using is_transparent = void;
    static const LeadId& id(const LeadId& lead) { return lead; }
    static const LeadId& id(const Entry& entry) { return entry.actor.state().id; }
    template <class T>
    std::size_t operator()(const T& it) const noexcept {
      return std::hash<LeadId>{}(id(it));
    }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
      return id(a) == id(b);
    }
  };

  Result<Entry*> activate(const Record& record);
  Status fill_mailboxes(const std::vector<Delivery>& deliveries, std::vector<std::uint32_t>& next,
                        std::vector<Entry*>& ready);
  void run_mailbox(Entry& entry, const std::vector<Delivery>& deliveries, const std::vector<std::uint32_t>& next,
                   RoundResult& result);
  void account(std::int64_t leads, std::int64_t bytes);

  ServicesPtr services_;
  std::uint64_t resident_bytes_max_;
  std::unordered_set<Entry, ById, ById> entries_;
  std::size_t hand_ = 0;  // bucket the passivation hand stands at
  std::int64_t bytes_ = 0;
  Unstored unstored_;                // of the mailbox that runs; kept for its memory
  std::optional<Error> unreadable_;  // of the round that runs
};

}  // namespace leadlight::actors
