// `leadlight doctor salesforce`: login, API requests left, each mapped field, and one write to a Lead that you name.
#pragma once

#include "tools/verbs/verb.hpp"

#include <string>

namespace leadlight::tools::verbs {

struct SalesforceExamination {
  std::string target;    // empty: every one of kind salesforce
  std::string write_to;  // an e-mail address or the id of a Lead; empty: nothing is written
};

/// Passed unless a finding's health is "fail". Errors: not_found (no such target), invalid, and what the engine
/// refuses.
engine::Result<Shown> examine_salesforce(AdminClient& client, const SalesforceExamination& wanted);

}  // namespace leadlight::tools::verbs
