#include "net/http/rate_limit.hpp"

#include <algorithm>

namespace leadlight::net {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

std::uint32_t whole_seconds(std::int64_t ns) {
  return static_cast<std::uint32_t>(std::max<std::int64_t>(0, (ns + second_ns - 1) / second_ns));
}

}  // namespace

RateBucket::Taken RateBucket::take(std::uint32_t rate, engine::Timestamp now) {
  const std::int64_t now_ns = engine::to_ms(now) * 1'000'000;
  const std::int64_t token_ns = std::max<std::int64_t>(1, second_ns / rate);
  auto full_at = full_at_ns_.load(std::memory_order_relaxed);
  for (;;) {
    // The bucket never owes more than its second; more than two mean that the clock was set back, which must lock
    // nobody out.
    const auto owed_from = full_at > now_ns + 2 * second_ns ? now_ns : std::max(full_at, now_ns);
    const auto next = owed_from + token_ns;
    const auto owed = next - now_ns;
    if (owed > second_ns) return {false, {rate, 0, std::max(1U, whole_seconds(owed - second_ns))}};
    if (!full_at_ns_.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) continue;
    return {true, {rate, static_cast<std::uint32_t>((second_ns - owed) / token_ns), whole_seconds(owed)}};
  }
}

std::shared_ptr<RateBucket> RateLimiter::bucket_named(std::string id) {
  const std::lock_guard lock(mutex_);
  auto& bucket = buckets_[std::move(id)];
  if (!bucket) bucket = std::make_shared<RateBucket>();
  return bucket;
}

std::shared_ptr<RateBucket> RateLimiter::bucket_of(const actors::KeyView& key) {
  return bucket_named(std::to_string(static_cast<std::uint32_t>(key.organisation)) + '/' + key.id);
}

std::shared_ptr<RateBucket> RateLimiter::bucket_of(engine::OrganisationId organisation) {
  return bucket_named(std::to_string(static_cast<std::uint32_t>(organisation)));
}

}  // namespace leadlight::net
