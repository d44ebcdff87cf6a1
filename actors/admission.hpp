// Admission: how many records may be under way, by the time they measurably take, and whose are refused when there are
// too many.
//
// The limit follows the latency from admission to durable: while it is at most `latency_target` on average the limit
// grows, by a tenth a round; above it, it shrinks in proportion, from what was really under way. So a slow disk is met
// by a short queue, and the queue is long again soon after. Shares are fair: who holds little is refused last. An
// organisation that holds more than its even share is refused from six eighths of the limit on, one within it from
// seven eighths; one that holds next to nothing only at `records_max`, and its first request, however large, comes in
// as long as there is any room. Pure: time is passed in. Owner: the gateway.
#pragma once

#include "actors/protocol.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

namespace leadlight::actors {

struct AdmissionLimits {
  std::size_t records_max = 20'000;    // under way at most, but for an organisation's first request
  std::size_t records_min = 1'000;     // the limit does not shrink below this, so that a bad minute starves nobody
  std::size_t bytes_max = 64U << 20U;  // of the records' own texts
  engine::Milliseconds latency_target{250};
};

class Admission {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  /// A submission that is under way: given back by `done`, once.
  struct Ticket {
    OrganisationId organisation{};
    std::size_t records = 0;
    std::size_t bytes = 0;
    Instant since{};
  };

  /// `crowd` is told whose records would be refused; it outlives this.
  Admission(AdmissionLimits limits, Crowd& crowd);

  /// None: refused, and nothing is counted.
  std::optional<Ticket> admit(OrganisationId organisation, std::size_t records, std::size_t bytes, Instant now);
  /// Counts what may not be refused: the engine's own records.
  Ticket enter(OrganisationId organisation, std::size_t records, std::size_t bytes, Instant now);
  /// What the ticket stands for is durable, or failed.
  void done(const Ticket& ticket, Instant now);

  [[nodiscard]] std::size_t records() const { return records_; }
  /// Whether somebody's records are refused now.
  [[nodiscard]] bool refusing() const { return !turned_away_.empty(); }
  /// In force now. Range: [records_min, records_max], or records_max where that is less.
  [[nodiscard]] std::size_t limit() const { return limit_; }

 private:
  [[nodiscard]] std::size_t held_by(OrganisationId organisation) const;
  [[nodiscard]] std::size_t ceiling(std::size_t held, std::size_t wanted) const;
  [[nodiscard]] bool fits(std::size_t held, std::size_t records, std::size_t bytes) const;
  void measure(const Ticket& ticket, Instant now);
  void adapt(std::chrono::nanoseconds mean);
  void turn_away(OrganisationId organisation);
  void let_in_again();

  AdmissionLimits limits_;
  Crowd& crowd_;
  std::size_t limit_;
  std::size_t records_ = 0;
  std::size_t bytes_ = 0;
  std::unordered_map<OrganisationId, std::size_t> held_;  // records under way; none: not listed
  std::vector<OrganisationId> turned_away_;               // as `crowd_` has it
  // The round that is measured.
  Instant round_began_{};
  std::chrono::nanoseconds round_sum_{0};
  std::size_t round_count_ = 0;
  std::size_t round_most_ = 0;  // records under way
  std::chrono::nanoseconds last_mean_{0};
};

}  // namespace leadlight::actors
