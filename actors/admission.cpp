#include "actors/admission.hpp"

#include <algorithm>

namespace leadlight::actors {

namespace {

constexpr std::chrono::milliseconds round_least{100};
constexpr std::size_t growth_divisor = 10;  // of the limit, a round
constexpr std::size_t eighths = 8;

}  // namespace

Admission::Admission(AdmissionLimits limits, Crowd& crowd)
    : limits_(limits), crowd_(crowd), limit_(limits.records_max) {
  limits_.records_min = std::min(limits_.records_min, limits_.records_max);
  crowd_.clear();
}

std::size_t Admission::held_by(OrganisationId organisation) const {
  const auto found = held_.find(organisation);
  return found == held_.end() ? 0 : found->second;
}

/// Up to how many records under way one that holds `held` may add `wanted`.
std::size_t Admission::ceiling(std::size_t held, std::size_t wanted) const {
  const auto eighth = limit_ / eighths;
  const auto organisations = held_.size() + (held == 0 ? 1 : 0);
  // Next to nothing: the limit may just have shrunk below what others have under way, which is not its doing.
  if (held == 0 || held + wanted <= eighth / organisations) return limits_.records_max;
  if (held + wanted <= limit_ / organisations) return limit_ - eighth;
  return limit_ - 2 * eighth;
}

bool Admission::fits(std::size_t held, std::size_t records, std::size_t bytes) const {
  if (records_ == 0) return true;
  if (bytes_ + bytes > limits_.bytes_max) return false;
  // However large, the first request finds room where one record would: a small limit must not lock out large requests.
  const auto counted = held == 0 ? std::min<std::size_t>(records, 1) : records;
  return records_ + counted <= ceiling(held, records);
}

std::optional<Admission::Ticket> Admission::admit(OrganisationId organisation, std::size_t records, std::size_t bytes,
                                                  Instant now) {
  const bool comes_in = fits(held_by(organisation), records, bytes);
  if (!comes_in) {
    turn_away(organisation);
    return std::nullopt;
  }
  const auto ticket = enter(organisation, records, bytes, now);
  // The door hears of it a little before the limit is reached: what it has let in already still finds room.
  const auto held = held_by(organisation);
  if (records_ + limit_ / (4 * eighths) > ceiling(held, 1)) turn_away(organisation);
  return ticket;
}

void Admission::turn_away(OrganisationId organisation) {
  if (std::find(turned_away_.begin(), turned_away_.end(), organisation) != turned_away_.end()) return;
  turned_away_.push_back(organisation);
  crowd_.set(organisation, true);
}

Admission::Ticket Admission::enter(OrganisationId organisation, std::size_t records, std::size_t bytes, Instant now) {
  records_ += records;
  bytes_ += bytes;
  if (records > 0) held_[organisation] += records;
  round_most_ = std::max(round_most_, records_);
  return {organisation, records, bytes, now};
}

void Admission::done(const Ticket& ticket, Instant now) {
  records_ -= ticket.records;
  bytes_ -= ticket.bytes;
  if (const auto held = held_.find(ticket.organisation); held != held_.end() && ticket.records > 0)
    if ((held->second -= ticket.records) == 0) held_.erase(held);
  measure(ticket, now);
  if (!turned_away_.empty()) let_in_again();
}

void Admission::measure(const Ticket& ticket, Instant now) {
  if (round_began_ == Instant{}) round_began_ = ticket.since;
  round_sum_ += now - ticket.since;
  ++round_count_;
  // A change shows only in what is admitted after it, so a round takes at least as long as a record.
  if (now - round_began_ < std::max<std::chrono::nanoseconds>(round_least, last_mean_)) return;
  adapt(round_sum_ / round_count_);
  round_began_ = now;
  round_sum_ = {};
  round_count_ = 0;
  round_most_ = records_;
}

void Admission::adapt(std::chrono::nanoseconds mean) {
  last_mean_ = mean;
  const std::chrono::nanoseconds target = limits_.latency_target;
  if (mean <= target) {
    limit_ += limit_ / growth_divisor + 1;
  } else {
    const double share = std::max(0.5, static_cast<double>(target.count()) / static_cast<double>(mean.count()));
    limit_ = static_cast<std::size_t>(static_cast<double>(std::min(limit_, round_most_)) * share);
  }
  limit_ = std::clamp(limit_, limits_.records_min, limits_.records_max);
}

/// Organisations turned away at the door come in again once there is room for more than one request.
void Admission::let_in_again() {
  const auto room = limit_ / (2 * eighths);
  const auto may_come = [&](OrganisationId organisation) {
    const bool comes = records_ == 0 || records_ + room <= ceiling(held_by(organisation), 1);
    if (comes) crowd_.set(organisation, false);
    return comes;
  };
  std::erase_if(turned_away_, may_come);
}

}  // namespace leadlight::actors
