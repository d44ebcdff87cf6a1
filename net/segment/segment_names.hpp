// Names as tracking clients write them, in the one spelling that models use: "Demo Requested" → demo_requested.
#pragma once

#include <string>
#include <string_view>

namespace leadlight::net {

/// snake_case: words of ASCII letters and digits, lower-cased, with one `_` between them. A word ends at anything else,
/// at a capital behind a small letter or digit ("demoRequested"), and before the last capital of several
/// ("HTMLLoaded"). Letters beyond ASCII stay as they are. Empty when `name` has no letter and no digit.
std::string snake_case(std::string_view name);

}  // namespace leadlight::net
