#include "tools/descriptors.hpp"

#include <spdlog/spdlog.h>

#include <sys/resource.h>
#include <algorithm>

namespace leadlight::tools {

std::size_t raise_descriptor_limit(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < wanted) {
    const auto before = limit.rlim_cur;
    limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
  }
  if (limit.rlim_cur < wanted)
    spdlog::warn(
        "{} open files are allowed, {} would carry every connection the server may take; raise the hard limit "
        "(systemd: LimitNOFILE={}, shell: ulimit -Hn)",
        limit.rlim_cur, wanted, wanted);
  return limit.rlim_cur;
}

}  // namespace leadlight::tools
