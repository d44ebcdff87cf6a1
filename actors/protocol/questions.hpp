// Questions about leads and requests, and their answers.
#pragma once

#include "actors/protocol/submissions.hpp"
#include "engine/forecast.hpp"
#include "engine/lead.hpp"
#include "engine/receipt.hpp"
#include "engine/types.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace leadlight::actors {

using engine::LeadId;
using engine::Timestamp;

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

}  // namespace leadlight::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::LeadQuery)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::LeadsQuery)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::ChangedLeadsQuery)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::RequestQuery)
