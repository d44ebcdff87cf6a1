// Administration as JSON: answers written, requests read. Members are named as in protocol.hpp.
#pragma once

#include "actors/protocol.hpp"
#include "net/http/http.hpp"

#include <string>

namespace leadlight::net {

/// How a list in an administrative answer is wrapped.
enum class AdminShape : std::uint8_t {
  list,  // {"tokens":[…]}
  one,   // the first row, bare: what was made
};

std::string admin_text(const actors::AdminAnswer& answer, AdminShape shape, std::size_t limit);
std::string actor_text(const actors::ActorView& view);

// What a request's body asks for. Errors: invalid, naming the member; unknown members are refused.
engine::Result<actors::CreateKey> parse_create_key(const std::string& body);
engine::Result<actors::AddTarget> parse_add_target(const std::string& body);
engine::Result<actors::AddSource> parse_add_source(const std::string& body);

struct DeadLetterAct {
  std::string target;
  std::string email;  // normalised, or empty: all of the target
  bool dry_run = false;
};
/// An empty body examines without a write.
engine::Result<actors::ExamineTarget> parse_examine_target(const std::string& body);
engine::Result<DeadLetterAct> parse_dead_letter_act(const std::string& body, bool may_dry_run);

/// Cursors of the actors are bytes; outside they are hexadecimal.
std::string to_hexadecimal(std::string_view bytes);
std::optional<std::string> from_hexadecimal(std::string_view text);

}  // namespace leadlight::net
