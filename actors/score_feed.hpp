// The feed: what the shards made true, for those who want to hear of it at once.
//
// A ring of the newest changes for each organisation that listens, in the order in which they became durable. It fills
// while somebody listens, and for a minute after, so that whoever comes back soon misses nothing. When all of them hold
// too much, those give up their oldest that hold more than their share: one's flood costs another nothing. A place is a
// log position a shard, which outlives the process: what a ring no longer holds is in the log.
//
// Cost while nobody listens: 64 relaxed stores, a fence and a load a round. Thread: any.
#pragma once

#include "engine/event_type.hpp"
#include "engine/result.hpp"
#include "engine/types.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::actors {

/// What made a score be looked at anew.
enum class ChangeReason : std::uint8_t { event, trigger, clock, writeback };

std::string_view label(ChangeReason reason);

/// A score as one record left it.
struct ScoreChange {
  engine::OrganisationId organisation{};
  engine::ShardId shard{};
  engine::Position position = 0;
  std::string email;
  engine::Timestamp at;
  int score = 0;
  engine::Segment segment = engine::Segment::low;
  std::optional<int> previous_score;                // at the same instant, without the record; none: not known
  std::optional<engine::Segment> previous_segment;  // none: the lead is new
  ChangeReason reason = ChangeReason::event;
  std::optional<engine::EventType> type;

  [[nodiscard]] bool moved() const { return segment != previous_segment.value_or(engine::Segment::low); }
};

using ShardPositions = std::array<engine::Position, engine::shard_count>;

/// How far somebody has heard.
struct FeedPosition {
  ShardPositions seen{};
  /// Of the record at `seen` of this shard, only the first of its two events was heard.
  std::optional<engine::ShardId> half;

  friend bool operator==(const FeedPosition&, const FeedPosition&) = default;
};

/// Opaque text of [A-Za-z0-9_-], about 90 to 350 characters.
std::string to_text(const FeedPosition& position);
/// None: it is not such a text.
std::optional<FeedPosition> parse_feed_position(std::string_view text);

struct FeedLimits {
  std::size_t changes_max = 65'536;  // of all organisations together
  std::size_t listeners_max = 1'000;
  std::size_t listeners_per_organisation_max = 20;
  std::chrono::milliseconds kept_for{60'000};  // after the last listener has left
};

class ScoreFeed {
 public:
  explicit ScoreFeed(const FeedLimits& limits = {}) : limits_(limits) {}
  ScoreFeed(const ScoreFeed&) = delete;
  ScoreFeed& operator=(const ScoreFeed&) = delete;

  // ---- what the shard actors call, each for its own shards

  /// A shard begins, or begins again, where its log ends. When it has gone on unheard, every listener has to come back.
  void begin(engine::ShardId shard, engine::Position head);
  /// Records up to `heads` are durable. True: `publish` must follow, with what they changed.
  bool advance(const std::vector<engine::ShardId>& shards, const ShardPositions& heads);
  /// Changes of a shard come in the order of its log.
  void publish(const std::vector<engine::ShardId>& shards, const ShardPositions& heads,
               std::vector<ScoreChange> changes);
  /// Whether somebody listens, of whatever organisation, or did just now.
  [[nodiscard]] bool active() const { return active_.load(std::memory_order_relaxed); }

  // ---- what a listener calls

  enum class Start : std::uint8_t {
    now,      // from here on
    exact,    // the organisation's ring holds all since then
    rebuild,  // changes between then and `position` are in the log alone
    unknown,  // `from` lies ahead of the log: it is of other data
  };
  struct Opened {
    std::uint64_t listener = 0;
    Start start = Start::now;
    FeedPosition position;  // what `read` goes on from
  };
  /// `wake` is called when there is something to read, on the publishing thread, which it must not hold up; never once
  /// `close` has returned. Errors: rate_limited (too many of the organisation), unavailable (too many at all).
  engine::Result<Opened> open(engine::OrganisationId organisation, const std::optional<FeedPosition>& from,
                              std::function<void()> wake);

  enum class Read : std::uint8_t {
    more,       // call again
    caught_up,  // `heard` is how far the shards are
    lapsed,     // its organisation's ring has overtaken the listener, or a shard has gone on unheard
  };
  /// Appends up to `changes_max` changes of the listener's organisation to `changes`.
  Read read(std::uint64_t listener, std::size_t changes_max, std::vector<ScoreChange>& changes, ShardPositions& heard);
  void close(std::uint64_t listener);

 private:
  /// What one organisation's listeners read.
  struct Ring {
    std::deque<ScoreChange> changes;
    std::uint64_t first = 0;  // number of the first of them
    ShardPositions before{};  // it holds every change behind these
    std::size_t listeners = 0;
    std::chrono::steady_clock::time_point idle_since{};  // while nobody listens
    bool grown = false;                                  // by the publishing under way

    [[nodiscard]] std::uint64_t end() const { return first + changes.size(); }
  };
  struct Listener {
    engine::OrganisationId organisation{};
    FeedPosition from;
    std::uint64_t next = 0;  // number of the change to be read
    bool lapsed = false;
    std::function<void()> wake;
  };

  [[nodiscard]] engine::Status admit(engine::OrganisationId organisation) const;
  [[nodiscard]] Start start_of(const FeedPosition& from, const Ring& ring) const;
  Ring& ring_of(engine::OrganisationId organisation);
  void activate();
  void rest_when_idle();
  void keep(std::vector<ScoreChange> changes);
  void give_up_oldest();
  void wake_listeners();

  FeedLimits limits_;
  std::atomic<bool> active_{false};
  std::array<std::atomic<engine::Position>, engine::shard_count> heads_{};

  std::mutex mutex_;                              // of all below
  ShardPositions heard_{};                        // published up to here
  std::map<engine::OrganisationId, Ring> rings_;  // none: not active
  std::size_t held_ = 0;                          // changes in all rings
  std::map<std::uint64_t, Listener> listeners_;
  std::uint64_t next_listener_ = 1;
};

}  // namespace leadlight::actors
