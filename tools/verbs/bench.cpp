#include "tools/bench/bench.hpp"

#include "tools/verbs/verbs.hpp"

#include <CLI/Validators.hpp>

#include <cstdlib>
#include <memory>
#include <utility>

namespace leadlight::tools::verbs {
namespace {

struct Options {
  bench::BenchOptions bench;
  std::string lead_host;
};

int run(const VerbContext& context, Options options) {
  options.bench.json = context.json;
  // The server that is measured is a child process and reads the environment, as every server does.
  if (!options.lead_host.empty()) ::setenv("LEADLIGHT_ACTORS_LEAD_HOST", options.lead_host.c_str(), 1);
  return bench::run_bench(options.bench);
}

}  // namespace

void add_bench(CLI::App& program, VerbContext& context) {
  auto options = std::make_shared<Options>();
  auto& verb = add_verb(program, context, "bench", "Measure this machine, each figure beside the machine's own floor",
                        [&context, options] { return run(context, *options); });
  verb.add_option("WHAT", options->bench.verb,
                  "trigger, ingest, segment, engine, memory, recovery, writeback, overload or idle-connections")
      ->required()
      ->check(CLI::IsMember(bench::verbs()));
  verb.add_option("--seconds", options->bench.seconds, "Seconds of each round that is timed; its own number by default")
      ->type_name("S")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{3'600}));
  verb.add_option("--leads", options->bench.leads, "Leads in the data; its own number by default")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000'000}));
  verb.add_option("--connections", options->bench.connections, "Connections of the load generator; its own by default")
      ->type_name("N")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{10'000}));
  verb.add_option("--events", options->bench.events, "ingest, overload: events a request; engine: events a round")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
  verb.add_option("--lead-host", options->lead_host, "What runs the leads of the measured server: hosted or spawned")
      ->type_name("HOST")
      ->check(CLI::IsMember({"hosted", "spawned"}));
  add_json_flag(verb, context);
  verb.footer(
      "A figure that misses its goal is marked and does not change the exit status.\n"
      "Examples:\n"
      "  leadlight bench trigger --json\n"
      "  leadlight bench ingest --seconds 10 --connections 8");
}

}  // namespace leadlight::tools::verbs
