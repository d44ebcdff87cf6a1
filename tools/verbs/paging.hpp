// Lists that come in pages: asks on with the cursor of the last answer until there are enough rows, or no more.
#pragma once

#include "tools/admin_client.hpp"

#include <boost/json/array.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::tools::verbs {

struct Paged {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;  // empty values are left out
  std::string_view list;                                   // the member that holds the rows
  std::size_t limit = 100;
  std::size_t page_max = 1'000;  // most rows of one answer
};

struct Rows {
  boost::json::array rows;
  std::string next;  // cursor; empty: there are no more
};

/// Errors: as AdminClient::call.
engine::Result<Rows> collect(AdminClient& client, const Paged& wanted);

}  // namespace leadlight::tools::verbs
