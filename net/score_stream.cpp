#include "net/score_stream.hpp"

#include "net/authentication.hpp"
#include "net/text/json_writer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace leadlight::net {
namespace {

using actors::ScoreChange;
using actors::ScoreFeed;
using engine::Segment;

constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr std::size_t changes_per_read = 256;
/// A reader who has missed more records than this reads the leads anew: that is quicker than the log.
constexpr std::uint64_t missed_records_max = 2'000'000;
constexpr int retry_ms = 2'000;

std::size_t index_of(engine::ShardId shard) {
  return static_cast<std::size_t>(shard);
}

void write_segment(JsonWriter& json, std::string_view name, const std::optional<Segment>& segment) {
  json.key(name);
  if (segment)
    json.value(label(*segment));
  else
    json.null();
}

std::string data_of(const ScoreChange& change) {
  JsonWriter json;
  json.object().member("email", change.email).member("score", change.score);
  json.member("previous_score", change.previous_score).member("segment", label(change.segment));
  write_segment(json, "previous_segment", change.previous_segment);
  json.member("at", change.at).member("reason", label(change.reason)).key("type");
  if (change.type)
    json.value(change.type->name());
  else
    json.null();
  json.end_object();
  return json.take();
}

std::string data_of(const actors::LeadView& lead) {
  JsonWriter json;
  json.object().member("email", lead.email).member("score", lead.score->score).key("previous_score").null();
  json.member("segment", label(lead.score->segment)).key("previous_segment").null();
  json.member("at", lead.as_of).member("reason", "resumed").key("type").null();
  json.member("conflated", true).end_object();
  return json.take();
}

const char* word_of(ScoreFeed::Start start) {
  switch (start) {
    case ScoreFeed::Start::now: return "now";
    case ScoreFeed::Start::exact: return "exact";
    case ScoreFeed::Start::rebuild: return "rebuilt";
    case ScoreFeed::Start::unknown: return "reset";
  }
  return "now";
}

}  // namespace

ScoreStream::ScoreStream(SurfaceContext context, engine::OrganisationId organisation, std::string key_id,
                         StreamFilter filter)
    : context_(std::move(context)),
      organisation_(organisation),
      key_id_(std::move(key_id)),
      filter_(std::move(filter)) {}

ScoreStream::~ScoreStream() {
  leave();
}

engine::Status ScoreStream::listen(const std::optional<actors::FeedPosition>& from) {
  // The feed never calls once `leave` has returned, and that is in the destructor at the latest.
  auto opened = context_.feed->open(organisation_, from, [this] { wake(); });
  if (!opened) return opened.error();
  listener_ = opened->listener;
  start_ = opened->start;
  live_from_ = opened->position;
  position_ = start_ == Start::rebuild ? *from : live_from_;
  if (start_ != Start::rebuild) return engine::Ok{};
  if (position_.half) --position_.seen[index_of(*position_.half)];  // told anew, as everything of a rebuild
  position_.half.reset();
  shard_ = 0;
  reached_ = position_.seen[0];
  return engine::Ok{};
}

void ScoreStream::open(std::function<void()> wake) {
  opened_ = true;
  context_.switchboard->counters.streams_open.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

void ScoreStream::wake() {
  const std::lock_guard lock(mutex_);
  if (wake_) wake_();
}

// The registry is another one whenever a key was given or revoked; a look for the key costs a walk through it.
bool ScoreStream::admitted() {
  auto registry = context_.switchboard->registry();
  if (!registry) return false;
  if (registry == registry_) return true;
  const bool in_force = std::any_of(registry->keys.begin(), registry->keys.end(), [this](const auto& entry) {
    const auto& key = entry.second;
    return key.id == key_id_ && key.organisation == organisation_ && has_scope(key, stream_scopes);
  });
  if (!in_force) {
    spdlog::info("a stream of organisation {} ends: key {} is not in force any more",
                 static_cast<std::uint32_t>(organisation_), key_id_);
    return false;
  }
  registry_ = std::move(registry);
  return true;
}

EventSource::State ScoreStream::read(std::string& out) {
  if (!admitted()) return State::over;
  if (!std::exchange(greeted_, true)) greet(out);
  if (shard_)
    if (const auto state = rebuild(out); shard_ || state == State::over) return state;
  return read_feed(out);
}

void ScoreStream::greet(std::string& out) {
  out += "retry: " + std::to_string(retry_ms) + "\n";
  JsonWriter json;
  json.object().member("at", context_.clock->now()).member("from", word_of(start_)).end_object();
  write_event(out, "ready", json.take());
  if (start_ == Start::unknown) reset(out, "the id is not of this server's data");
}

// ---- from the feed

EventSource::State ScoreStream::read_feed(std::string& out) {
  for (auto read = ScoreFeed::Read::more; read == ScoreFeed::Read::more && out.size() < chunk_bytes;) {
    changes_.clear();
    actors::ShardPositions heard{};
    read = context_.feed->read(listener_, changes_per_read, changes_, heard);
    if (read == ScoreFeed::Read::lapsed) return give_up("it was read too slowly, or a shard was started again");
    for (const auto& change : changes_) write_change(out, change);
    if (read != ScoreFeed::Read::caught_up) continue;
    // All of it is told, so the next id may say so; it never goes back.
    for (std::size_t i = 0; i < heard.size(); ++i) {
      if (heard[i] <= position_.seen[i]) continue;
      position_.seen[i] = heard[i];
      if (position_.half && index_of(*position_.half) == i) position_.half.reset();
    }
    if (filter_.once) return State::over;
  }
  return State::open;
}

bool ScoreStream::wants(const ScoreChange& change) const {
  if (!filter_.email.empty() && change.email != filter_.email) return false;
  return !filter_.segment || change.segment == *filter_.segment || change.previous_segment == *filter_.segment;
}

void ScoreStream::write_change(std::string& out, const ScoreChange& change) {
  auto& seen = position_.seen[index_of(change.shard)];
  const bool score_told = seen == change.position;  // by the connection before
  seen = change.position;
  position_.half.reset();
  if (!wants(change)) return;
  const bool moved = filter_.segments && change.moved();
  const auto data = data_of(change);
  if (filter_.scores && !score_told) {
    if (moved) position_.half = change.shard;
    write_event(out, "score", data);
  }
  position_.half.reset();
  if (moved) write_event(out, "segment", data);
}

// ---- from the log

EventSource::State ScoreStream::rebuild(std::string& out) {
  std::uint64_t missed = 0;
  for (std::size_t i = *shard_; i < engine::shard_count; ++i)
    missed += live_from_.seen[i] - std::min(live_from_.seen[i], position_.seen[i]);
  if (missed > missed_records_max) {
    reset(out, "more was missed than is worth reading from the log");
    return State::open;
  }
  while (shard_ && out.size() < chunk_bytes) {
    if (reached_ >= live_from_.seen[*shard_]) {
      told_.clear();  // a lead is in one shard
      if (++*shard_ == engine::shard_count) {
        shard_.reset();
      } else {
        reached_ = position_.seen[*shard_];
      }
      continue;
    }
    std::optional<actors::Reply> reply;
    {
      const std::lock_guard lock(mutex_);
      reply.swap(step_);
    }
    if (!reply) {
      if (!std::exchange(asked_, true)) ask_for_step();
      return State::open;
    }
    asked_ = false;
    const auto* step = std::get_if<actors::ChangedLeadsView>(&*reply);
    if (step == nullptr) return give_up("the log could not be read; it may come back");
    if (step->trimmed) {
      reset(out, "the log does not reach back that far");
    } else {
      take_step(out, *step);
    }
  }
  return State::open;
}

void ScoreStream::ask_for_step() {
  actors::ChangedLeadsQuery query;
  query.organisation = organisation_;
  query.shard = static_cast<engine::ShardId>(*shard_);
  query.after = reached_;
  query.until = live_from_.seen[*shard_];
  ask(context_, query, [weak = weak_from_this()](actors::Reply reply) {
    const auto self = weak.lock();
    if (!self) return;
    {
      const std::lock_guard lock(self->mutex_);
      self->step_ = std::move(reply);
    }
    self->wake();
  });
}

void ScoreStream::take_step(std::string& out, const actors::ChangedLeadsView& step) {
  reached_ = step.reached;
  // The ids within a step say what they said before it; the last event takes in the whole.
  for (std::size_t i = 0; i < step.leads.size(); ++i) {
    const auto& lead = step.leads[i];
    if (lead.score && told_.insert(lead.email).second) write_lead(out, lead, i + 1 == step.leads.size());
  }
  position_.seen[*shard_] = step.reached;
}

// The segment before is not known, so that filters by segment let it pass: the lead may have left the segment.
void ScoreStream::write_lead(std::string& out, const actors::LeadView& lead, bool last) {
  if (!filter_.email.empty() && lead.email != filter_.email) return;
  const auto data = data_of(lead);
  if (last && !filter_.segments) position_.seen[*shard_] = reached_;
  if (filter_.scores) write_event(out, "score", data);
  if (last) position_.seen[*shard_] = reached_;
  if (filter_.segments) write_event(out, "segment", data);
}

void ScoreStream::reset(std::string& out, const char* reason) {
  shard_.reset();
  told_.clear();
  position_ = live_from_;
  JsonWriter json;
  json.object().member("at", context_.clock->now()).member("reason", reason);
  json.member("detail", "read GET /v1/leads; what changes from here on follows").end_object();
  write_event(out, "reset", json.take());
}

// ---- both

void ScoreStream::write_event(std::string& out, std::string_view type, const std::string& data) {
  out.append("event: ").append(type).append("\nid: ").append(to_text(position_)).append("\ndata: ").append(data);
  out.append("\n\n");
  context_.switchboard->counters.stream_events.fetch_add(1, std::memory_order_relaxed);
}

EventSource::State ScoreStream::beat(std::string& out) {
  if (!admitted()) return State::over;
  // An event without data is none, but its id is kept: who comes back later has less to catch up on.
  out.append(": nothing new\nid: ").append(to_text(position_)).append("\n\n");
  return State::open;
}

EventSource::State ScoreStream::give_up(const std::string& reason) {
  spdlog::warn("a stream of organisation {} is cut: {}", static_cast<std::uint32_t>(organisation_), reason);
  context_.switchboard->counters.streams_cut.fetch_add(1, std::memory_order_relaxed);
  return State::over;
}

void ScoreStream::close(End end) {
  if (end == End::stalled) (void)give_up("its reader takes nothing");
  leave();
  if (std::exchange(opened_, false))
    context_.switchboard->counters.streams_open.fetch_sub(1, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
}

void ScoreStream::leave() {
  if (const auto listener = std::exchange(listener_, 0); listener != 0) context_.feed->close(listener);
}

}  // namespace leadlight::net
