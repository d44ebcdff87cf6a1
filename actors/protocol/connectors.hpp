// What net/ implements for the actors: the listening sockets, and the connectors of targets.
#pragma once

#include "actors/protocol/administration.hpp"
#include "engine/result.hpp"
#include "engine/types.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::actors {

using engine::Status;

/// The listening sockets, commanded by the gateway.
class Listeners {
 public:
  Listeners() = default;
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;
  virtual ~Listeners() = default;
  /// Thread: any, all three.
  virtual void open() = 0;
  virtual void pause() = 0;  // accept no new connections
  virtual void close() = 0;  // answer what is under way, then close
};

/// A value to bring to a target.
struct TargetWrite {
  LeadId lead;
  std::string email;
  std::vector<std::string> other_emails;  // of the same person, joined by an alias: written as well
  int score = 0;
  engine::Segment segment = engine::Segment::low;
  std::string signals;
  Timestamp scored_at;
  engine::Position owed = 0;
  std::string model_id;
  std::uint32_t model_version = 0;
  std::optional<int> previous_score;  // what the target last confirmed; none: nothing, or not known any more
  std::optional<engine::Segment> previous_segment;
};

struct TargetWriteResult {
  enum class Kind : std::uint8_t {
    final,  // `outcome` says how it ended
    retry,  // a passing fault of this lead alone: try again later
  };
  LeadId lead;
  engine::Position owed = 0;
  Kind kind = Kind::final;
  engine::WriteOutcome outcome = engine::WriteOutcome::written;
  bool differed = false;  // the target held other values (a dry run: it would have been written)
  std::string code;       // the target's code, such as UNABLE_TO_LOCK_ROW
  std::string detail;     // in words, without personal data
  Timestamp written_at{};
};

/// How one call for a batch ended.
struct TargetReport {
  std::vector<TargetWriteResult> results;  // one a write, in order; empty when `hold` says why nothing was tried
  struct Hold {
    std::string reason;  // for people: what failed and what to do
    std::optional<engine::Milliseconds> retry_after;
    bool operator_needed = false;  // configuration or credentials: alarm, and try again only slowly
  };
  std::optional<Hold> hold;
  std::optional<double> quota_used;  // 0…1 of the daily allocation, when the target tells it
  std::size_t calls = 0;
};

/// A target's wire side: net/targets/<kind>. One batch under way at a time, called by its worker.
class TargetConnector {
 public:
  TargetConnector() = default;
  TargetConnector(const TargetConnector&) = delete;
  TargetConnector& operator=(const TargetConnector&) = delete;
  virtual ~TargetConnector() = default;

  /// Checks address, credentials and field mapping. Ok, or everything that is wrong, in words.
  /// Thread: any; `done` is called once, on a thread of net/.
  virtual void check(std::function<void(Status)> done) = 0;

  /// Brings `writes` (at most `batch_max()`, no lead twice) to the target; a dry run only compares.
  /// Thread: any; `done` is called once, on a thread of net/, within the connector's own deadline.
  virtual void write(std::vector<TargetWrite> writes, bool dry_run, std::function<void(TargetReport)> done) = 0;

  /// Looks at everything the target needs, one finding a line; `write_to` as in `ExamineTarget`. Unless overridden:
  /// what `check` says. Thread: any; `done` is called once, on a thread of net/, within a few of the connector's own
  /// deadlines.
  virtual void examine(std::string write_to, std::function<void(std::vector<TargetFinding>)> done);

  [[nodiscard]] virtual std::size_t batch_max() const = 0;
  /// Most characters the signals text may have.
  [[nodiscard]] virtual std::size_t signals_characters_max() const = 0;
};

/// A target's settings with its secrets opened.
struct TargetOptions {
  std::uint32_t id = 0;
  std::string kind;
  std::string name;
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::pair<std::string, std::string>> secrets;

  /// The option's (or secret's) value, or `otherwise`.
  [[nodiscard]] std::string get(std::string_view name, std::string_view otherwise = {}) const;
};

/// Makes the connector of a kind. Errors: invalid (unknown kind, missing option; `field` names it).
using ConnectorFactory = std::function<Result<std::shared_ptr<TargetConnector>>(const TargetOptions&)>;

}  // namespace leadlight::actors
