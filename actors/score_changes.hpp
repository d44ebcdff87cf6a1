// From a round's verdicts to what the feed tells.
#pragma once

#include "actors/lead_host.hpp"
#include "actors/score_feed.hpp"

#include <vector>

namespace leadlight::actors {

/// Those of `records` that counted for a score, moved a lead to another segment, or made the clock look at one; in the
/// order of the records. `verdicts`: one a record. Leads whose e-mail address is not known are left out.
std::vector<ScoreChange> changes_of(const std::vector<Record>& records, const std::vector<Verdict>& verdicts);

}  // namespace leadlight::actors
