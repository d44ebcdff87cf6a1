#include "tools/verbs/paging.hpp"

#include "tools/verbs/rendering.hpp"

#include <algorithm>

namespace leadlight::tools::verbs {

engine::Result<Rows> collect(AdminClient& client, const Paged& wanted) {
  Rows found;
  while (true) {
    std::string path = wanted.path;
    char separator = '?';
    const auto add = [&](std::string_view name, std::string_view value) {
      if (value.empty()) return;
      path += separator;
      path += std::string(name) + '=' + url_encoded(value);
      separator = '&';
    };
    for (const auto& [name, value] : wanted.query) add(name, value);
    add("limit", std::to_string(std::min(wanted.limit - found.rows.size(), wanted.page_max)));
    add("after", found.next);
    auto answer = client.call("GET", path);
    if (!answer) return answer.error();
    const auto& rows = list_of(answer->value, wanted.list);
    found.rows.insert(found.rows.end(), rows.begin(), rows.end());
    found.next = text_member(answer->value, "next");
    if (found.next.empty() || rows.empty() || found.rows.size() >= wanted.limit) return found;
  }
}

}  // namespace leadlight::tools::verbs
