#include "tools/core_dumps.hpp"

#include <sys/prctl.h>
#include <cerrno>
#include <cstring>
#include <string>

namespace leadlight::tools {

engine::Status forbid_core_dumps() {
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0) return engine::Ok{};
  return engine::Error{engine::Errc::unavailable,
                       std::string("core dumps cannot be forbidden: ") + std::strerror(errno) +
                           "; set server.core_dumps = true to start nevertheless",
                       "server.core_dumps"};
}

}  // namespace leadlight::tools
