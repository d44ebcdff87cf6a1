#include "actors/score_feed.hpp"

#include <algorithm>
#include <utility>

namespace leadlight::actors {

namespace {

using engine::Position;
using engine::ShardId;

constexpr std::uint8_t text_version = 1;
constexpr std::uint8_t no_half = 0xFF;
/// Changes looked at in one read: the lock is not held for longer.
constexpr std::size_t looked_at_max = 4'096;
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::size_t index_of(ShardId shard) {
  return static_cast<std::size_t>(shard);
}

std::string to_base64(const std::string& bytes) {
  std::string text;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char byte : bytes) {
    held = held << 8U | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= 6; bits -= 6) text.push_back(alphabet[held >> (bits - 6) & 63U]);
  }
  if (bits > 0) text.push_back(alphabet[held << (6 - bits) & 63U]);
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    held = held << 6U | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(held >> bits & 0xFFU));
  }
  const bool whole = bits < 6 && (held & ((1U << bits) - 1U)) == 0;
  return whole ? std::optional(std::move(bytes)) : std::nullopt;
}

void put_number(std::string& bytes, Position number) {
  for (; number >= 0x80; number >>= 7U) bytes.push_back(static_cast<char>((number & 0x7FU) | 0x80U));
  bytes.push_back(static_cast<char>(number));
}

std::optional<Position> take_number(std::string_view& bytes) {
  Position number = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (shift == 63 && byte > 1) return std::nullopt;
    number |= static_cast<Position>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) return number;
  }
  return std::nullopt;
}

/// Whether who has heard up to `from` has not heard `change`, or not all of it.
bool is_behind(const FeedPosition& from, const ScoreChange& change) {
  const auto seen = from.seen[index_of(change.shard)];
  return change.position > seen || (change.position == seen && from.half == change.shard);
}

}  // namespace

std::string_view label(ChangeReason reason) {
  switch (reason) {
    case ChangeReason::event: return "event";
    case ChangeReason::trigger: return "trigger";
    case ChangeReason::clock: return "clock";
    case ChangeReason::writeback: return "writeback";
  }
  return "event";
}

std::string to_text(const FeedPosition& position) {
  std::string bytes;
  bytes.push_back(static_cast<char>(text_version));
  bytes.push_back(static_cast<char>(position.half ? index_of(*position.half) : no_half));
  for (const auto seen : position.seen) put_number(bytes, seen);
  return to_base64(bytes);
}

std::optional<FeedPosition> parse_feed_position(std::string_view text) {
  const auto decoded = from_base64(text);
  if (!decoded || decoded->size() < 2 || static_cast<std::uint8_t>((*decoded)[0]) != text_version) return std::nullopt;
  FeedPosition position;
  const auto half = static_cast<std::uint8_t>((*decoded)[1]);
  if (half != no_half && half >= engine::shard_count) return std::nullopt;
  if (half != no_half) position.half = static_cast<ShardId>(half);
  std::string_view rest = *decoded;
  rest.remove_prefix(2);
  for (auto& seen : position.seen) {
    const auto number = take_number(rest);
    if (!number) return std::nullopt;
    seen = *number;
  }
  return rest.empty() ? std::optional(position) : std::nullopt;
}

// ---- the shards' side

void ScoreFeed::begin(ShardId shard, Position head) {
  const std::lock_guard lock(mutex_);
  const auto place = index_of(shard);
  heads_[place].store(head);
  if (!active() || heard_[place] == head) return;
  heard_[place] = head;
  for (auto& [organisation, ring] : rings_) {
    ring.before = heard_;
    ring.first = ring.end();
    ring.changes.clear();
  }
  held_ = 0;
  for (auto& [number, listener] : listeners_) {
    listener.lapsed = true;
    listener.wake();
  }
}

bool ScoreFeed::advance(const std::vector<ShardId>& shards, const ShardPositions& heads) {
  for (const auto shard : shards) heads_[index_of(shard)].store(heads[index_of(shard)], std::memory_order_relaxed);
  // Either this sees the listener, or the listener, who looks the other way round, sees these heads.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return active();
}

void ScoreFeed::publish(const std::vector<ShardId>& shards, const ShardPositions& heads,
                        std::vector<ScoreChange> changes) {
  const std::lock_guard lock(mutex_);
  for (const auto shard : shards) heard_[index_of(shard)] = std::max(heard_[index_of(shard)], heads[index_of(shard)]);
  rest_when_idle();
  if (!active()) return;
  keep(std::move(changes));
  give_up_oldest();
  wake_listeners();
}

void ScoreFeed::rest_when_idle() {
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(rings_, [&](const auto& entry) {
    const auto& ring = entry.second;
    if (ring.listeners > 0 || now - ring.idle_since < limits_.kept_for) return false;
    held_ -= ring.changes.size();
    return true;
  });
  if (rings_.empty()) active_.store(false);
}

void ScoreFeed::keep(std::vector<ScoreChange> changes) {
  for (auto& change : changes) {
    const auto at = rings_.find(change.organisation);
    if (at == rings_.end()) continue;
    at->second.changes.push_back(std::move(change));
    at->second.grown = true;
    ++held_;
  }
}

// No ring falls below its share, so that none which holds less than that ever gives up anything.
void ScoreFeed::give_up_oldest() {
  while (held_ > limits_.changes_max) {
    auto& ring = std::max_element(rings_.begin(), rings_.end(), [](const auto& a, const auto& b) {
                   return a.second.changes.size() < b.second.changes.size();
                 })->second;
    const auto share = limits_.changes_max / rings_.size();
    for (auto rest = std::min(held_ - limits_.changes_max, ring.changes.size() - share); rest > 0; --rest) {
      const auto& oldest = ring.changes.front();
      auto& before = ring.before[index_of(oldest.shard)];
      before = std::max(before, oldest.position);
      ring.changes.pop_front();
      ++ring.first;
      --held_;
    }
  }
}

void ScoreFeed::wake_listeners() {
  for (auto& [number, listener] : listeners_)
    if (rings_.at(listener.organisation).grown) listener.wake();
  for (auto& [organisation, ring] : rings_) ring.grown = false;
}

// ---- the listeners' side

void ScoreFeed::activate() {
  if (active()) return;
  active_.store(true, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  // What is published between the two is in the ring, and passed over by position.
  for (std::size_t i = 0; i < heads_.size(); ++i)
    heard_[i] = std::max(heard_[i], heads_[i].load(std::memory_order_relaxed));
}

ScoreFeed::Ring& ScoreFeed::ring_of(engine::OrganisationId organisation) {
  activate();
  const auto [at, made] = rings_.try_emplace(organisation);
  if (made) at->second.before = heard_;
  return at->second;
}

ScoreFeed::Start ScoreFeed::start_of(const FeedPosition& from, const Ring& ring) const {
  bool exact = true;
  for (std::size_t i = 0; i < from.seen.size(); ++i) {
    if (from.seen[i] > std::max(heard_[i], heads_[i].load())) return Start::unknown;
    const bool halved = from.half && index_of(*from.half) == i;
    exact = exact && (from.seen[i] > ring.before[i] || (from.seen[i] == ring.before[i] && !halved));
  }
  return exact ? Start::exact : Start::rebuild;
}

engine::Status ScoreFeed::admit(engine::OrganisationId organisation) const {
  if (listeners_.size() >= limits_.listeners_max)
    return engine::Error{engine::Errc::unavailable, "Too many streams are open on this server; try again later", {}};
  const auto at = rings_.find(organisation);
  if (at != rings_.end() && at->second.listeners >= limits_.listeners_per_organisation_max)
    return engine::Error{engine::Errc::rate_limited,
                         std::to_string(limits_.listeners_per_organisation_max) +
                             " streams of this organisation are open, as many as may be; close one first",
                         {}};
  return engine::Ok{};
}

engine::Result<ScoreFeed::Opened> ScoreFeed::open(engine::OrganisationId organisation,
                                                  const std::optional<FeedPosition>& from, std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  if (auto admitted = admit(organisation); !admitted) return admitted.error();
  auto& ring = ring_of(organisation);
  Opened opened{next_listener_++, from ? start_of(*from, ring) : Start::now, {}};
  Listener listener{organisation, {heard_, std::nullopt}, ring.end(), false, std::move(wake)};
  if (opened.start == Start::exact) {
    listener.from = *from;
    listener.next = ring.first;
  }
  opened.position = listener.from;
  listeners_.emplace(opened.listener, std::move(listener));
  ++ring.listeners;
  return opened;
}

ScoreFeed::Read ScoreFeed::read(std::uint64_t number, std::size_t changes_max, std::vector<ScoreChange>& changes,
                                ShardPositions& heard) {
  const std::lock_guard lock(mutex_);
  const auto at = listeners_.find(number);
  if (at == listeners_.end()) return Read::lapsed;
  auto& listener = at->second;
  const auto& ring = rings_.at(listener.organisation);
  if (listener.lapsed || listener.next < ring.first) return Read::lapsed;
  for (std::size_t looked_at = 0; listener.next < ring.end(); ++listener.next, ++looked_at) {
    if (changes.size() >= changes_max || looked_at >= looked_at_max) return Read::more;
    const auto& change = ring.changes[listener.next - ring.first];
    if (is_behind(listener.from, change)) changes.push_back(change);
  }
  heard = heard_;
  return Read::caught_up;
}

void ScoreFeed::close(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto at = listeners_.find(number);
  if (at == listeners_.end()) return;
  auto& ring = rings_.at(at->second.organisation);
  if (--ring.listeners == 0) ring.idle_since = std::chrono::steady_clock::now();
  listeners_.erase(at);
}

}  // namespace leadlight::actors
