// How many files and connections this process may have open.
#pragma once

#include <cstddef>

namespace leadlight::tools {

/// Raises the soft limit of open descriptors to `wanted`, as far as the hard limit lets it; logs a warning with the
/// remedy when that is not far enough. Returns: the limit in force.
std::size_t raise_descriptor_limit(std::size_t wanted);

}  // namespace leadlight::tools
