// Core dumps of a server hold keys, vendors' secrets and personal data.
#pragma once

#include "engine/result.hpp"

namespace leadlight::tools {

/// From now on this process leaves no core dump, and no process of its own user may look into its memory.
/// Errors: unavailable, with the system's reason.
engine::Status forbid_core_dumps();

}  // namespace leadlight::tools
