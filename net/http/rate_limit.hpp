// Rates of keys and of organisations: a token bucket each, holding one second's worth.
//
// The bucket is one number, the instant at which it is full again (the "generic cell rate algorithm", ITU-T I.371), so
// that taking a token is one compare-and-swap. Thread: any.
#pragma once

#include "actors/protocol.hpp"
#include "engine/types.hpp"
#include "net/http/http.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace leadlight::net {

class RateBucket {
 public:
  struct Taken {
    bool allowed = true;
    RateState state;
  };
  /// Takes one of `rate` tokens a second at `now`. Precondition: `rate` > 0.
  Taken take(std::uint32_t rate, engine::Timestamp now);

 private:
  std::atomic<std::int64_t> full_at_ns_{0};
};

class RateLimiter {
 public:
  /// The bucket of this key, made on first sight.
  std::shared_ptr<RateBucket> bucket_of(const actors::KeyView& key);
  /// The bucket of all keys of this organisation together.
  std::shared_ptr<RateBucket> bucket_of(engine::OrganisationId organisation);

 private:
  std::shared_ptr<RateBucket> bucket_named(std::string id);

  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<RateBucket>> buckets_;  // by key id: ours, never an outsider's text
};

}  // namespace leadlight::net
