// The two halves of reading a job title. Private to title*.cpp.
#pragma once

#include "engine/title.hpp"
#include "engine/words.hpp"

namespace leadlight::engine {

/// Leaves out what speaks of somebody else, or of another time: "at Acme", "to the CEO", "Office of the CTO", "ex-CEO".
void drop_others(Words& title);

/// Precondition of both: `drop_others` has been there.
TitleLevel level_of(const Words& title);
TitleFunction function_of(const Words& title);

}  // namespace leadlight::engine
