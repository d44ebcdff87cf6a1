// The log: one line for each thing an operator may act on, on standard error, as text or as JSON lines.
//
// No line holds personal data: a lead stands under its name (privacy.hpp), and whatever still looks like an address or
// a key is replaced on the way out, also in lines written with spdlog directly. Thread: any, all of it.
#pragma once

#include "logging/line.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace leadlight::logging {

/// Sets up the process's log, without which nothing is written; a later call changes format and level.
/// `level`: debug, info, warn, error or critical.
void set_up(Format format, const std::string& level);

void debug(std::string_view message, std::initializer_list<Field> fields = {});
void debug(std::string_view message, const std::vector<Field>& fields);
void info(std::string_view message, std::initializer_list<Field> fields = {});
void info(std::string_view message, const std::vector<Field>& fields);
void warn(std::string_view message, std::initializer_list<Field> fields = {});
void warn(std::string_view message, const std::vector<Field>& fields);
void error(std::string_view message, std::initializer_list<Field> fields = {});
void error(std::string_view message, const std::vector<Field>& fields);
void critical(std::string_view message, std::initializer_list<Field> fields = {});
void critical(std::string_view message, const std::vector<Field>& fields);

/// Whether lines of level debug are written; for those whose fields cost something to make.
bool debug_is_on();

}  // namespace leadlight::logging
