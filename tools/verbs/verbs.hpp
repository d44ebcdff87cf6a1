// The verbs of the command line, each in a file of its name beside this one.
#pragma once

#include "tools/verbs/verb.hpp"

namespace leadlight::tools::verbs {

void add_init(CLI::App& program, VerbContext& context);
void add_serve(CLI::App& program, VerbContext& context);
void add_sandbox(CLI::App& program, VerbContext& context);
void add_demo(CLI::App& program, VerbContext& context);
void add_organisation(CLI::App& program, VerbContext& context);
void add_token(CLI::App& program, VerbContext& context);
void add_model(CLI::App& program, VerbContext& context);
void add_target(CLI::App& program, VerbContext& context);
void add_source(CLI::App& program, VerbContext& context);
void add_lead(CLI::App& program, VerbContext& context);
/// Below `lead`.
void add_log_name(CLI::App& group, VerbContext& context);
void add_dlq(CLI::App& program, VerbContext& context);
void add_vendor(CLI::App& program, VerbContext& context);
void add_bench(CLI::App& program, VerbContext& context);
void add_doctor(CLI::App& program, VerbContext& context);
void add_digest(CLI::App& program, VerbContext& context);
void add_version(CLI::App& program, VerbContext& context);

/// Such as `0.1.0`.
std::string_view version();

}  // namespace leadlight::tools::verbs
