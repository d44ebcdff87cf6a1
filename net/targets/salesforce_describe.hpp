// Whether the customer's fields fit the mapping, from Salesforce's description of the object. Pure.
#pragma once

#include "net/targets/salesforce_wire.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::net::salesforce {

/// One mapped field, or the object itself.
struct FieldReport {
  struct Fault {
    std::string what;
    std::string remedy;
  };
  std::string where;  // "Lead.HG_Likelihood_to_Buy_Score__c"
  std::string found;  // "double(18,0), editable"; empty when it is not there
  std::vector<Fault> faults;
};

struct DescribeVerdict {
  std::vector<std::string> faults;                // everything that is wrong, in words
  std::vector<FieldReport> reports;               // the same by field, and what is right
  std::optional<std::size_t> signals_characters;  // the field's length
};
/// Compares the mapping with `GET /sobjects/{object}/describe`.
DescribeVerdict compare_describe(std::string_view body, std::string_view object, const Fields& fields,
                                 std::span<const std::string> labels);

}  // namespace leadlight::net::salesforce
