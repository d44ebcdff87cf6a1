// The people of the demo: invented names, the same ones every time, at companies that cannot exist.
#pragma once

#include <cstdint>
#include <string>

namespace leadlight::tools {

struct Person {
  std::string first_name;
  std::string last_name;
  std::string company;
  std::string email;  // under .example, a domain that nobody can own
};

/// The person behind a lead number. No two numbers in [1, 400] share an address; two or three work at one company.
Person person(std::uint32_t lead);

}  // namespace leadlight::tools
