// What every verb of the command line shares: its options, where it finds the engine, how it shows and refuses.
//
// Exit status: 0 ok, 1 failed, 2 wrong usage. Results go to standard output, reasons and progress to standard error.
#pragma once

#include "engine/result.hpp"
#include "tools/admin_client.hpp"

#include <CLI/App.hpp>
// What App.hpp only declares: without these two, a program that makes an App does not link.
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/object.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace leadlight::tools::verbs {

inline constexpr int status_ok = 0;
inline constexpr int status_failed = 1;
inline constexpr int status_usage = 2;

/// What the command line says. Lives as long as the program.
struct VerbContext {
  std::string data;
  std::string config;
  std::string server;
  std::string token;
  bool json = false;
  std::function<int()> chosen;  // the verb asked for; returns the exit status
};

/// What a verb has to show.
struct Shown {
  boost::json::object object;  // with --json
  std::string text;            // without; ends in a line break
  bool passed = true;          // false: exit status 1
};

using Work = std::function<engine::Result<Shown>(AdminClient&)>;

/// Adds a verb that does without an engine; `run` returns the exit status. The first line of `description` is the one
/// line of the list of verbs.
CLI::App& add_verb(CLI::App& parent, VerbContext& context, const std::string& name, const std::string& description,
                   std::function<int()> run);
/// Adds a verb that asks an engine, with --data, --config, --server, --token and --json; with that, the state's digest
/// is a member of what it shows.
CLI::App& add_state_verb(CLI::App& parent, VerbContext& context, const std::string& name,
                         const std::string& description, Work work);
/// The same for a verb that needs the targets to run, also on a data directory.
CLI::App& add_target_verb(CLI::App& parent, VerbContext& context, const std::string& name,
                          const std::string& description, Work work);
/// Adds a verb that only holds others.
CLI::App& add_group(CLI::App& parent, const std::string& name, const std::string& description);
void add_json_flag(CLI::App& verb, VerbContext& context);

/// Shows it and returns the exit status.
int show(const VerbContext& context, const Shown& shown);
/// Says what went wrong on standard error (with --json on standard output too) and returns `status`.
int refuse(const VerbContext& context, const engine::Error& error, int status = status_failed);
/// One sentence that names the field, the value and the remedy.
std::string sentence(const engine::Error& error);

/// A line on standard error that replaces itself; nothing unless that is a terminal.
class Progress {
 public:
  Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();
  void say(std::string_view line);

 private:
  bool terminal_;
  bool said_ = false;
};

/// The file's text; `-` is standard input. At most `bytes_max`.
/// Errors: io_error, too_large; `field` as given.
engine::Result<std::string> read_text(const std::string& file, std::size_t bytes_max, const std::string& field);

/// `path?name=value&…`, without the pairs whose value is empty.
std::string with_query(std::string path, std::initializer_list<std::pair<std::string_view, std::string>> pairs);

}  // namespace leadlight::tools::verbs
