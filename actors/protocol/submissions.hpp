// Records in: what the door hands to the gateway, and what became of it.
#pragma once

#include "engine/lead.hpp"
#include "engine/record.hpp"
#include "engine/types.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::actors {

using engine::OrganisationId;
using engine::Record;

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

}  // namespace leadlight::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::Submission)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(leadlight::actors::RememberAnswer)
