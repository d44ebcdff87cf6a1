// `leadlight bench`: the figures of this machine, each beside the machine's own floor, measured in the same run.
//
// The server that is measured is a child process of the same binary (`/proc/self/exe serve`), made with `init` in a
// temporary directory below $TMPDIR or /var/tmp, so that what is measured is what is installed.
// The head of each verb's file says how its figures are taken.
#pragma once

#include "engine/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::bench {

struct BenchOptions {
  std::string verb;               // one of `verbs()`
  bool json = false;              // one JSON object on standard output instead of a table
  std::uint64_t leads = 0;        // people in the data; 0: the verb's own number
  std::uint32_t seconds = 0;      // of each round that is timed; 0: the verb's own
  std::uint32_t connections = 0;  // of the load generator; 0: the verb's own
  std::uint64_t events = 0;       // ingest, overload: events a request; engine: events a round; 0: the verb's own
};

/// trigger, ingest, engine, memory, recovery, writeback, overload, idle-connections.
const std::vector<std::string>& verbs();

/// Measures and prints: progress on standard error, the figures on standard output. A figure that misses its goal says
/// so in `ok` and does not change the exit status. With its own numbers each verb ends within four minutes on two
/// cores.
///
/// Thread: call it before the process has others (bench memory forks).
/// Returns: the exit status: 0 measured, 1 could not be measured (says why on standard error), 2 no such verb.
int run_bench(const BenchOptions& options);

}  // namespace leadlight::bench
