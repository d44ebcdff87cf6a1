// What crosses the walls between net/, actors/ and tools/: messages, handles and the interfaces that net/ implements.
//
// Messages are engine values and never leave the process. A refusal is a value in a reply; `caf::error` only says that
// an actor is down.
#pragma once

#include "actors/clock.hpp"
#include "engine/forecast.hpp"
#include "engine/lead.hpp"
#include "engine/receipt.hpp"
#include "engine/record.hpp"
#include "engine/result.hpp"
#include "engine/types.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace leadlight::actors {

using engine::Error;
using engine::LeadId;
using engine::OrganisationId;
using engine::Record;
using engine::Result;
using engine::Status;
using engine::Timestamp;

// ---- who may ask
// -----------------------------------------------------------------------------------------------------

/// What becomes of a submission that the engine cannot take, or not make durable in time.
enum class OnUnavailable : std::uint8_t {
  by_surface,  // as the surface's senders deserve: HG's never retry, so it spools; the others refuse
  spool,       // kept in the local spool, answered 202
  refuse,      // 503: the sender retries
};

/// What a key stands for, as the door needs it.
struct KeyView {
  std::string id;
  OrganisationId organisation{};
  std::vector<std::string> scopes;
  std::optional<std::uint32_t> rate;  // requests a second; none: unlimited
  bool live_scoring = true;           // the organisation's switch for the HG surface
  OnUnavailable on_unavailable = OnUnavailable::by_surface;

  /// Whether a submission is spooled rather than refused; `by_default`: the surface's senders never retry.
  [[nodiscard]] bool spools(bool by_default) const {
    return on_unavailable == OnUnavailable::by_surface ? by_default : on_unavailable == OnUnavailable::spool;
  }
  [[nodiscard]] bool may(std::string_view scope) const {
    for (const auto& own : scopes)
      if (own == scope || own == "admin") return true;
    return false;
  }
};

/// What proves that a call comes from an organisation's e-mail vendor. In memory alone, and never in a log or an
/// answer.
struct VendorSecrets {
  OrganisationId organisation{};
  std::string vendor;                // such as "sendgrid"
  std::vector<std::string> secrets;  // newest first; two while they are being rotated, never none
};

/// Keys in force, by the SHA-256 of the key, and the secrets of e-mail vendors. Immutable; a change publishes a new
/// one.
struct Registry {
  std::vector<std::pair<std::array<std::uint8_t, 32>, KeyView>> keys;  // ascending by hash
  std::vector<VendorSecrets> vendors;                                  // ascending by organisation and vendor

  [[nodiscard]] const KeyView* find(const std::array<std::uint8_t, 32>& sha256) const;
  /// Null: the organisation has set none, so that its keys alone decide.
  [[nodiscard]] const VendorSecrets* secrets_of(OrganisationId organisation, std::string_view vendor) const;
};

// ---- records in
// ------------------------------------------------------------------------------------------------------

/// What became of one record.
struct Receipt {
  engine::Outcome outcome = engine::Outcome::counted;
  std::string request_id;  // of the pending request that a trigger joined, else the record's own
};

/// Where an acknowledged record lies.
enum class Durability : std::uint8_t {
  log,    // in the log
  local,  // in this machine's spool; it goes to the log as soon as the engine takes it
};

/// "log" or "local".
std::string_view label(Durability durability);

/// Records of one request, all of one organisation, as the door made them: domain, shard and position are still open.
struct Submission {
  OrganisationId organisation{};
  std::vector<Record> records;
  /// Idempotency-Key, hashed to 128 bits, with the hash of the request's body.
  struct Idempotency {
    std::uint64_t key_high = 0;
    std::uint64_t key_low = 0;
    std::uint64_t body_hash = 0;
  };
  std::optional<Idempotency> idempotency;
  bool spool = false;  // rather kept in the spool than refused
  /// Pairs of identities (engine/identity.hpp) that belong to one person from now on. They may come without a record.
  std::vector<std::pair<std::string, std::string>> links{};
};

/// In the order of the submission's records. All are durable; what became of a record in the spool is not known yet:
/// its outcome reads `counted`.
struct Receipts {
  std::vector<Receipt> receipts;
  Durability durability = Durability::log;
};

/// The answer given before under this Idempotency-Key, to be sent again as it was.
struct Replayed {
  std::uint16_t status = 0;
  std::string answer;
};

/// To be remembered under an Idempotency-Key before it is sent.
struct RememberAnswer {
  OrganisationId organisation{};
  Submission::Idempotency idempotency;
  std::uint16_t status = 0;
  std::string answer;
};

// ---- questions
// -------------------------------------------------------------------------------------------------------

struct ScoreQuestion {};     // the score now
struct ReceiptQuestion {};   // the score with its arithmetic
struct ForecastQuestion {};  // the curve ahead
struct ActorQuestion {};     // state, mailbox and life cycle of the lead's actor
struct ProfileQuestion {};   // who it is: the ids joined, and the attributes
struct TimelineQuestion {
  std::size_t limit = 100;
  std::optional<std::pair<Timestamp, engine::Position>> before;  // continue after this row
};

/// A question about one lead.
struct LeadQuery {
  OrganisationId organisation{};
  std::string email;               // whose (engine/identity.hpp); mostly an e-mail address, trimmed, lower-cased
  std::optional<Timestamp> as_of;  // ScoreQuestion and ReceiptQuestion: at that instant instead of now
  std::variant<ScoreQuestion, ReceiptQuestion, ForecastQuestion, ActorQuestion, TimelineQuestion, ProfileQuestion>
      question;
};

struct LeadView {
  std::string email;
  std::optional<engine::Score> score;  // none: no model is in force
  std::string model_id;                // empty: none
  std::uint32_t model_version = 0;
  Timestamp as_of;
  std::optional<Timestamp> next_change_at;
  std::optional<engine::Segment> next_segment;
  std::vector<std::string> signals;  // the lines of the signals text
};

struct ReceiptView {
  LeadView lead;
  std::vector<engine::ReceiptLine> lines;
  std::vector<std::optional<std::string>> event_ids;  // one a line: the id as sent
};

struct ForecastView {
  std::vector<engine::ForecastPoint> points;
  std::optional<Timestamp> next_change_at;
};

struct TimelineRow {
  std::optional<std::string> event_id;
  std::string type;
  Timestamp occurred_at;
  Timestamp received_at;
  engine::Surface surface = engine::Surface::internal;
  engine::Outcome outcome = engine::Outcome::counted;
  engine::Position position = 0;
};

struct TimelineView {
  std::vector<TimelineRow> rows;  // newest first by occurred_at, then position
  bool more = false;
};

struct ProfileView {
  std::string email;                          // the lead that all the ids lead to
  std::vector<std::string> ids;               // the other ids, ascending
  std::vector<engine::Attribute> attributes;  // ascending by name
};

struct ActorView {
  std::string email;
  std::string host;  // "hosted" or "spawned"
  std::uint16_t shard = 0;
  std::string life;                   // "active", "idle", "passivated"
  std::size_t mailbox = 0;            // messages waiting
  std::uint64_t records_applied = 0;  // since activation
  std::optional<Timestamp> activated_at;
  engine::Lead state;
  std::string digest;
  std::size_t resident_bytes = 0;
};

/// Several leads of the organisation, by score.
struct LeadsQuery {
  OrganisationId organisation{};
  std::optional<engine::Segment> segment;
  std::string sort;         // "-score" (default), "score", "email"
  std::size_t limit = 100;  // Range: [1, 1,000]
  std::string after;        // cursor of the last answer
  bool anonymous = false;   // also those whose e-mail address is not known
};
struct LeadsView {
  std::vector<LeadView> leads;  // without signals and next change
  std::string next;             // cursor; empty: no more
};

/// Whose score may have changed by the records of one shard behind `after`, up to `until`: one step, in log order.
struct ChangedLeadsQuery {
  OrganisationId organisation{};
  engine::ShardId shard{};
  engine::Position after = 0;
  engine::Position until = 0;
  std::size_t records_max = 20'000;  // looked at in this step
};
struct ChangedLeadsView {
  std::vector<LeadView> leads;  // each once, as it is now; without signals and next change
  engine::Position reached = 0;
  bool trimmed = false;  // the log no longer holds all of them
};

struct RequestQuery {
  OrganisationId organisation{};
  std::string request_id;
};
struct RequestView {
  std::string request_id;
  std::string email;
  std::string source;
  Timestamp accepted_at;
  std::optional<Timestamp> scored_at;
  std::optional<Timestamp> written_at;
  std::string outcome;
  std::optional<int> score;
  std::string detail;
  Durability durability = Durability::log;
  std::optional<Timestamp> fetched_at;  // when the activity sources had answered
};

// ---- administration
// ----------------------------------------------------------------------------------------------------

struct CreateKey {
  std::string name;
  std::vector<std::string> scopes;
  std::optional<std::uint32_t> rate;
  OnUnavailable on_unavailable = OnUnavailable::by_surface;
};
struct ListKeys {};
struct RevokeKey {
  std::string id;
};
struct PublishModel {
  std::string toml;
  bool dry_run = false;
};
struct ListModels {};
struct AddTarget {
  std::string kind;
  std::string name;
  bool replace = false;  // a target of this name and kind keeps its queue, and gets these options and secrets
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::pair<std::string, std::string>> secrets;
};
struct ListTargets {};
struct RemoveTarget {
  std::string name;
};
/// One step over the organisation's leads: compares each with the target, and writes what differs unless `dry_run`.
struct SyncTarget {
  std::string name;
  bool dry_run = false;
  std::string after;  // cursor of the last step
  std::size_t limit = 200;
};
/// Looks at everything a target needs: login, each mapped field, quota. With `write_to` (an address, or the target's id
/// of a record) it also writes test values there, reads them back, and puts back what was there.
struct ExamineTarget {
  std::string name;
  std::string write_to;  // empty: nothing is written
};
struct ListDeadLetters {
  std::string target;  // empty: every target
  std::string after;
  std::size_t limit = 100;
};
struct ReplayDeadLetters {
  std::string target;
  std::string email;  // empty: all of the target
  bool dry_run = false;
};
struct DropDeadLetters {
  std::string target;
  std::string email;
};
/// A secret of an e-mail vendor, checked at the door. The newest one of before stays in force beside it on request.
struct SetVendorSecret {
  std::string vendor;
  std::string secret;
  bool keep_previous = false;
};
struct ListVendorSecrets {};
struct RemoveVendorSecrets {
  std::string vendor;
};
/// An activity source: where the engine asks for what leads did.
struct AddSource {
  std::string kind;
  std::string name;
  std::string target;  // whose address and credentials it shares; empty: its own, in options and secrets
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::pair<std::string, std::string>> secrets;
};
struct ListSources {};
struct RemoveSource {
  std::string name;
};
/// Polls it now, to the end.
struct PullSource {
  std::string name;
};
struct StateDigest {};  // digest and count of the organisation's leads
struct ServerState {};  // counters and settings for `leadlight doctor`

/// An administrative act within one organisation.
struct AdminRequest {
  OrganisationId organisation{};
  std::variant<CreateKey, ListKeys, RevokeKey, PublishModel, ListModels, AddTarget, ListTargets, RemoveTarget,
               SyncTarget, ExamineTarget, ListDeadLetters, ReplayDeadLetters, DropDeadLetters, StateDigest, ServerState,
               SetVendorSecret, ListVendorSecrets, RemoveVendorSecrets, AddSource, ListSources, RemoveSource,
               PullSource>
      act;
};

struct KeyRow {
  std::string id;
  std::string name;
  std::vector<std::string> scopes;
  std::optional<std::uint32_t> rate;
  Timestamp created_at;
  std::optional<Timestamp> revoked_at;
  std::string key;  // only in the answer to CreateKey: shown once
  OnUnavailable on_unavailable = OnUnavailable::by_surface;
};
struct ModelRow {
  std::string id;
  std::uint32_t version = 0;
  Timestamp published_at;
  std::string source;
};
struct TargetRow {
  std::string name;
  std::string kind;
  std::string state;                                         // "ready", "held", "checking"; "idle": no server
  std::string reason;                                        // why it is held, in words
  std::vector<std::pair<std::string, std::string>> options;  // no secrets
  std::uint64_t queued = 0;
  std::uint64_t dead_letters = 0;
  std::optional<double> quota_used;  // share of the target's daily quota, 0…1
};
struct SourceRow {
  std::string name;
  std::string kind;
  std::string target;                                        // whose credentials it shares; empty: its own
  std::string state;                                         // "ready", "held", "checking"; "idle": no server
  std::string reason;                                        // why it is held, in words
  std::vector<std::pair<std::string, std::string>> options;  // no secrets
  std::string mapping;                                       // name of the mapping file; "built-in"
  std::uint64_t waiting = 0;                                 // leads whose triggers wait for the sources
  std::uint64_t calls = 0;                                   // since the start
  std::uint64_t activities = 0;                              // that polls have brought
  std::optional<Timestamp> polled_at;
};
struct PullReport {
  std::uint64_t activities = 0;  // that the source told
  std::uint64_t fresh = 0;       // of them, that were not known
  std::uint64_t calls = 0;
};
struct SyncStep {
  std::size_t examined = 0;
  std::size_t differing = 0;
  std::size_t written = 0;
  std::size_t no_match = 0;
  std::size_t failed = 0;
  std::size_t calls = 0;  // API calls made, or in a dry run: that writing would take
  std::string next;       // empty: done
};
/// One line of what an examination found.
struct TargetFinding {
  enum class Health : std::uint8_t {
    ok,
    warn,  // works, and needs care
    fail,  // does not work
  };
  std::string check;  // what was looked at
  Health health = Health::ok;
  std::string found;
  std::string remedy;  // empty when it is ok
};
struct DeadLetterRow {
  std::string target;
  std::string email;
  std::string code;
  std::string reason;
  std::uint32_t attempts = 0;
  Timestamp first_at;
  Timestamp last_at;
  int score = 0;
  Timestamp scored_at;
  std::string after;  // cursor
};
/// Of one e-mail vendor: how many secrets are in force, never which.
struct VendorRow {
  std::string vendor;
  std::size_t secrets = 0;
  std::optional<Timestamp> changed_at;  // none: there are no secrets
};
struct Affected {
  std::size_t count = 0;
  std::size_t skipped = 0;  // superseded
};
struct DigestRow {
  std::string digest;
  std::uint64_t leads = 0;
};
using TextTable = std::vector<std::pair<std::string, std::string>>;

using AdminAnswer = std::variant<std::vector<KeyRow>, std::vector<ModelRow>, std::vector<TargetRow>, SyncStep,
                                 std::vector<DeadLetterRow>, Affected, DigestRow, TextTable, std::vector<VendorRow>,
                                 std::vector<TargetFinding>, std::vector<SourceRow>, PullReport>;

// ---- replies
// ---------------------------------------------------------------------------------------------------------

using Reply = std::variant<Error, Receipts, Replayed, engine::Ok, LeadView, ReceiptView, ForecastView, TimelineView,
                           ProfileView, ActorView, LeadsView, ChangedLeadsView, RequestView, AdminAnswer>;

/// Where an answer goes. Fires once: the first `complete` counts; when the last copy dies unused, `unavailable` is
/// sent.
///
/// Thread: any; net/ brings the answer to its own strand.
class ReplySink {
 public:
  ReplySink() = default;
  ReplySink(const ReplySink&) = delete;
  ReplySink& operator=(const ReplySink&) = delete;
  virtual ~ReplySink() = default;
  virtual void complete(Reply reply) = 0;
};
using ReplyPort = std::shared_ptr<ReplySink>;

/// The network actor: admits, resolves domain and shard, gathers batches, one in flight a shard actor.
using Gateway = caf::typed_actor<
    // Records in; Receipts, Replayed or Error out.
    caf::reacts_to<Submission, ReplyPort>,
    // Remembers an answer under its Idempotency-Key; Ok or Error out.
    caf::reacts_to<RememberAnswer, ReplyPort>,
    // Questions and administration.
    caf::reacts_to<LeadQuery, ReplyPort>, caf::reacts_to<LeadsQuery, ReplyPort>,
    caf::reacts_to<ChangedLeadsQuery, ReplyPort>, caf::reacts_to<RequestQuery, ReplyPort>,
    caf::reacts_to<AdminRequest, ReplyPort>>;

// ---- what net/ implements for the actors
// --------------------------------------------------------------------------------

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

// ---- what everybody may look at
// -------------------------------------------------------------------------------------------

/// Counts since the start; exported by /metrics. Thread: any.
struct Counters {
  using Count = std::atomic<std::uint64_t>;
  Count records_counted{0}, records_duplicate{0}, records_too_late{0}, records_no_change{0}, records_quarantined{0};
  Count conflicts{0}, triggers{0}, triggers_joined{0};
  Count leads_joined{0}, events_moved{0}, joins_left_out{0};
  Count refused_overload{0}, refused_low_space{0};
  Count commits{0}, commit_bytes{0}, commit_records{0}, commit_microseconds{0};
  Count timers_fired{0}, crossings{0}, drift_writebacks{0};
  Count leads_resident{0}, leads_resident_bytes{0}, leads_activated{0}, leads_passivated{0};
  Count records_in_flight{0}, records_in_flight_max{0};  // now; the second is the limit in force (actors/admission.hpp)
  Count writebacks_written{0}, writebacks_unchanged{0}, writebacks_no_match{0}, writebacks_converted{0};
  Count writebacks_dead{0}, writebacks_retried{0}, writeback_calls{0}, writebacks_queued{0}, targets_held{0};
  Count writeback_delay_ms_sum{0}, writeback_delay_ms_max{0};
  Count actor_restarts{0};
  Count fetches_completed{0}, fetches_partial{0}, fetches_given_up{0}, fetches_retried{0}, fetches_late{0};
  Count fetches_waiting{0}, fetch_delay_ms_sum{0}, fetch_delay_ms_max{0};
  Count source_calls{0}, source_failures{0}, source_call_ms_sum{0}, sources_held{0};
  Count source_polls{0}, source_activities{0}, source_activities_known{0}, source_poll_lag_ms_max{0};
  Count streams_open{0}, streams_refused{0}, streams_cut{0}, stream_events{0};  // GET /v1/stream; the first: now
  Count spooled{0}, spool_forwarded{0}, spool_refused{0}, spool_damaged{0};
  Count spool_pending{0}, spool_bytes{0}, spool_bytes_max{0};  // now; the last one is the limit in force
  Count email_events_by_machine{0}, email_events_ignored{0}, email_calls_forged{0};
};

/// The spool, as the door sees it.
class SubmissionGuard {
 public:
  SubmissionGuard() = default;
  SubmissionGuard(const SubmissionGuard&) = delete;
  SubmissionGuard& operator=(const SubmissionGuard&) = delete;
  virtual ~SubmissionGuard() = default;
  /// The port to send along with `submission` instead of `port`. When it is refused, dies, or is still unanswered after
  /// the spool's `wait`, the submission is spooled, and `port` gets Receipts that say `local`, or why not even that.
  /// Thread: any.
  virtual ReplyPort guard(const Submission& submission, ReplyPort port) = 0;
  /// Answers for a request that the store does not know: a RequestView when it is spooled, else not_found. Thread: any.
  virtual void find(const RequestQuery& query, ReplyPort port) = 0;
};

/// Whose records the gateway would refuse now, so that the door can say so before it reads a body: refusing must cost
/// next to nothing. A hint: the gateway decides. Thread: `set` and `clear` the gateway's, `turns_away` any.
class Crowd {
 public:
  /// Of more organisations than there are places, the ones that come later are refused by the gateway itself.
  void set(OrganisationId organisation, bool crowding) {
    const auto own = place_of(organisation);
    for (auto& place : places_)
      if (place.load(std::memory_order_relaxed) == own) {
        if (!crowding) place.store(0, std::memory_order_relaxed);
        return;
      }
    if (!crowding) return;
    for (auto& place : places_)
      if (place.load(std::memory_order_relaxed) == 0) return place.store(own, std::memory_order_relaxed);
  }
  void clear() {
    for (auto& place : places_) place.store(0, std::memory_order_relaxed);
  }
  [[nodiscard]] bool turns_away(OrganisationId organisation) const {
    for (const auto& place : places_)
      if (place.load(std::memory_order_relaxed) == place_of(organisation)) return true;
    return false;
  }

 private:
  static std::uint64_t place_of(OrganisationId organisation) { return static_cast<std::uint64_t>(organisation) + 1; }

  std::array<std::atomic<std::uint64_t>, 8> places_{};  // 0: free
};

/// What is in force right now, shared by net/ and the actors; each part is replaced whole. Thread: any.
class Switchboard {
 public:
  void set_gateway(Gateway gateway);
  [[nodiscard]] Gateway gateway() const;  // may be an invalid handle while it is restarted
  void set_spool(std::shared_ptr<SubmissionGuard> spool);
  [[nodiscard]] std::shared_ptr<SubmissionGuard> spool() const;  // none: nothing is spooled
  void set_registry(std::shared_ptr<const Registry> registry);
  [[nodiscard]] std::shared_ptr<const Registry> registry() const;

  /// Empty when ready; else why not, in words.
  void set_not_ready(std::string reason);
  [[nodiscard]] std::string not_ready() const;

  Counters counters;
  Crowd crowd;

 private:
  mutable std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  Gateway gateway_;
  std::shared_ptr<SubmissionGuard> spool_;
  std::shared_ptr<const Registry> registry_;
  std::string not_ready_ = "starting";
};
using SwitchboardPtr = std::shared_ptr<Switchboard>;

}  // namespace leadlight::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::Submission)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::RememberAnswer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::LeadQuery)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::LeadsQuery)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::ChangedLeadsQuery)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::RequestQuery)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::AdminRequest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::ReplyPort)
