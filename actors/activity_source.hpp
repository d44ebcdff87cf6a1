// Activity sources: where the engine learns what leads did, beside what is pushed to it. net/sources/<kind> implements
// them, actors/source_worker calls them.
#pragma once

#include "actors/protocol.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace leadlight::actors {

/// Something a lead did, as a source tells it.
struct Activity {
  std::string email;        // trimmed, lower-cased
  std::string type;         // of the event
  Timestamp occurred_at{};  // never in the future
  std::string event_id;     // the source's own id of this occurrence: the same each time it is told
  std::string properties;   // a JSON object, or empty

  friend bool operator==(const Activity&, const Activity&) = default;
};

/// Why a call came to nothing, and when it may be made again.
using SourceFault = TargetReport::Hold;

/// What a source says of one e-mail address.
struct FetchAnswer {
  enum class Kind : std::uint8_t {
    activities,
    none,    // the source was asked and knows of none
    failed,  // nothing is known: ask again
  };
  Kind kind = Kind::none;
  std::vector<Activity> activities;
  std::string reason;  // of a failure, without personal data
};

struct FetchReport {
  std::vector<FetchAnswer> answers;  // one an address, in the order asked; empty with a fault
  std::optional<SourceFault> fault;
  std::size_t calls = 0;
};

/// One step of a poll.
struct PollReport {
  std::vector<Activity> activities;
  std::string cursor;  // to go on from, once the activities are durable
  bool more = false;   // there is more already
  std::optional<SourceFault> fault;
  std::size_t calls = 0;
};

/// A source's wire side. One call under way at a time, made by its worker.
class ActivitySource {
 public:
  ActivitySource() = default;
  ActivitySource(const ActivitySource&) = delete;
  ActivitySource& operator=(const ActivitySource&) = delete;
  virtual ~ActivitySource() = default;

  /// What these addresses (at most 200, normalised, none twice) did since then.
  /// Thread: any; `done` is called once, on a thread of net/, within the source's own deadline.
  virtual void fetch(std::vector<std::string> emails, Timestamp since, std::function<void(FetchReport)> done) = 0;

  /// What anybody did since the cursor. The first cursor is made by `first_cursor`.
  /// Thread: as `fetch`.
  virtual void poll(std::string cursor, std::function<void(PollReport)> done) = 0;

  /// The cursor of a source that has never been polled and was added then.
  [[nodiscard]] virtual std::string first_cursor(Timestamp added_at) const = 0;
};

/// Makes the source of a kind. Errors: invalid (unknown kind, missing option, a mapping's mistakes; `field` names it).
using SourceFactory = std::function<Result<std::shared_ptr<ActivitySource>>(const TargetOptions&)>;

}  // namespace leadlight::actors
