#include "tools/bench/bench.hpp"

#include "tools/bench/child_process.hpp"
#include "tools/bench/interruption.hpp"
#include "tools/bench/verbs.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <utility>

namespace leadlight::bench {

namespace {

using Measure = engine::Result<Rows> (*)(const BenchOptions&);

constexpr std::array<std::pair<std::string_view, Measure>, 9> all = {{
    {"trigger", measure_trigger},
    {"ingest", measure_ingest},
    {"segment", measure_segment},
    {"engine", measure_engine},
    {"memory", measure_memory},
    {"recovery", measure_recovery},
    {"writeback", measure_writeback},
    {"overload", measure_overload},
    {"idle-connections", measure_idle_connections},
}};

}  // namespace

const std::vector<std::string>& verbs() {
  static const auto names = [] {
    std::vector<std::string> list;
    for (const auto& [name, measure] : all) list.emplace_back(name);
    return list;
  }();
  return names;
}

int run_bench(const BenchOptions& options) {
  Measure measure = nullptr;
  for (const auto& [name, function] : all)
    if (name == options.verb) measure = function;
  if (measure == nullptr) {
    fmt::print(stderr, "leadlight bench: there is no bench '{}'; use {}\n", options.verb, fmt::join(verbs(), ", "));
    return 2;
  }
  clean_up_when_interrupted();
  const auto start = Steady::now();
  const auto rows = measure(options);
  if (!rows) {
    fmt::print(stderr, "leadlight bench {}: {}\n", options.verb, rows.error().what);
    return 1;
  }
  progress(fmt::format("{} done in {:.0f} s", options.verb, seconds_since(start)));
  if (options.json) {
    fmt::print("{}\n", to_json(*rows));
  } else {
    fmt::print("{}", to_table(*rows));
  }
  std::fflush(stdout);
  return 0;
}

}  // namespace leadlight::bench
