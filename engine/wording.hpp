// Points and spans of time in words, as error messages and receipts print them.
#pragma once

#include "engine/types.hpp"

#include <cstdint>
#include <string>

namespace leadlight::engine {

/// "15 points", "1 point", "-2.5 points": up to six decimals, without trailing zeros.
std::string points_in_words(MicroPoints points);

/// "30 days", "1 day", "36 hours", "90 minutes", "5 seconds", "250 milliseconds": the largest unit that fits exactly.
std::string span_in_words(Milliseconds span);

/// "1,370,000": digits in groups of three.
std::string grouped(std::uint64_t number);

}  // namespace leadlight::engine
