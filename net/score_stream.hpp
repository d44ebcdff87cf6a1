// One open `GET /v1/stream`: from the feed, and from the log for what the feed no longer holds, to server-sent events.
//
// Each event carries as its id how far the reader has heard, so that a reader who comes back with it gets the rest:
// every event once while the feed holds them, else each lead once as it is now.
#pragma once

#include "actors/score_feed.hpp"
#include "net/http/event_source.hpp"
#include "net/surfaces/surface.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace leadlight::net {

/// What a reader's key must have.
inline constexpr const char* stream_scopes = "leads";

/// What a reader wants to hear.
struct StreamFilter {
  std::optional<engine::Segment> segment;  // changes of leads that are in it, or have just left it
  std::string email;                       // empty: of all
  bool scores = true;                      // events of type "score"
  bool segments = true;                    // … and "segment"
  bool once = false;                       // ends when all there is has been told
};

class ScoreStream final : public EventSource, public std::enable_shared_from_this<ScoreStream> {
 public:
  /// It lasts for as long as the key of this id is in force and has one of `stream_scopes`.
  ScoreStream(SurfaceContext context, engine::OrganisationId organisation, std::string key_id, StreamFilter filter);
  ScoreStream(const ScoreStream&) = delete;
  ScoreStream& operator=(const ScoreStream&) = delete;
  ~ScoreStream() override;

  /// Joins the feed, after `from` or from now on. Once, before anything else. Errors: those of ScoreFeed::open.
  engine::Status listen(const std::optional<actors::FeedPosition>& from);

  void open(std::function<void()> wake) override;
  State read(std::string& out) override;
  State beat(std::string& out) override;
  void close(End end) override;

 private:
  using Start = actors::ScoreFeed::Start;

  [[nodiscard]] bool admitted();
  void greet(std::string& out);
  State read_feed(std::string& out);
  void write_change(std::string& out, const actors::ScoreChange& change);
  [[nodiscard]] bool wants(const actors::ScoreChange& change) const;

  State rebuild(std::string& out);
  void ask_for_step();
  void take_step(std::string& out, const actors::ChangedLeadsView& step);
  void write_lead(std::string& out, const actors::LeadView& lead, bool last);
  void reset(std::string& out, const char* reason);
  State give_up(const std::string& reason);

  void write_event(std::string& out, std::string_view type, const std::string& data);
  void wake();
  void leave();

  SurfaceContext context_;
  engine::OrganisationId organisation_;
  std::string key_id_;
  std::shared_ptr<const actors::Registry> registry_;  // in which the key was found last; none: not looked for yet
  StreamFilter filter_;
  std::uint64_t listener_ = 0;  // 0: not in the feed
  Start start_ = Start::now;
  actors::FeedPosition position_;   // what the reader has heard
  actors::FeedPosition live_from_;  // where the feed takes over
  bool greeted_ = false;
  bool opened_ = false;

  std::optional<std::size_t> shard_;      // whose log is being read; none: none is
  engine::Position reached_ = 0;          // in it
  std::unordered_set<std::string> told_;  // leads of it, in this rebuild
  bool asked_ = false;
  std::vector<actors::ScoreChange> changes_;  // kept for its memory

  std::mutex mutex_;  // of the two below: other threads call
  std::function<void()> wake_;
  std::optional<actors::Reply> step_;
};

}  // namespace leadlight::net
