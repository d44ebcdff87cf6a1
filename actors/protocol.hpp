// What crosses the walls between net/, actors/ and tools/: messages, handles and the interfaces that net/ implements.
//
// Messages are engine values and never leave the process. A refusal is a value in a reply; `caf::error` only says that
// an actor is down.
#pragma once

#include "actors/clock.hpp"
#include "actors/protocol/access.hpp"
#include "actors/protocol/administration.hpp"
#include "actors/protocol/connectors.hpp"
#include "actors/protocol/questions.hpp"
#include "actors/protocol/replies.hpp"
#include "actors/protocol/submissions.hpp"
#include "actors/protocol/switchboard.hpp"
