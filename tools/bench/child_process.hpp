// Child processes of the bench, the directories they work in, and waiting. Only children started here are ever ended,
// by pid.
#pragma once

#include "engine/result.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace leadlight::bench {

using Steady = std::chrono::steady_clock;

/// Seconds from `start` to now.
double seconds_since(Steady::time_point start);

/// Lets the calling thread rest.
void rest(std::chrono::milliseconds span);

/// A new directory below $TMPDIR or /var/tmp, removed with its content at the end.
class TemporaryDirectory {
 public:
  /// Errors: io_error.
  static engine::Result<TemporaryDirectory> make();
  TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  ~TemporaryDirectory();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

/// This binary again, with other arguments: its standard output is read here, its standard error goes to a file.
class ChildProcess {
 public:
  /// Errors: io_error.
  static engine::Result<ChildProcess> start(const std::vector<std::string>& arguments,
                                            const std::filesystem::path& log);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  /// Asks it to end (SIGTERM); after 15 s ends it (SIGKILL).
  ~ChildProcess();

  /// Its next line on standard output. Errors: unavailable (it ended, with the end of its log; or the time is up).
  engine::Result<std::string> read_line(std::chrono::milliseconds at_most);
  /// Everything it prints until it ends, and its exit status 0. Errors: unavailable, with the end of its log.
  engine::Result<std::string> read_all(std::chrono::milliseconds at_most);

  /// Asks it to end and waits; after `at_most` ends it.
  void stop(std::chrono::milliseconds at_most);
  /// SIGKILL, and waits.
  void kill();

  /// Processor time used so far, of all its threads.
  [[nodiscard]] double cpu_seconds() const;
  /// Its resident bytes now; 0 when it has ended.
  [[nodiscard]] std::uint64_t resident_bytes() const;

 private:
  ChildProcess() = default;
  engine::Error ended(std::string what) const;
  bool wait(std::chrono::milliseconds at_most);
  void close_pipe();

  pid_t pid_ = -1;
  int pipe_ = -1;
  int status_ = 0;
  std::string unread_;
  std::filesystem::path log_;
};

/// Resident bytes of this process.
std::uint64_t resident_bytes();

}  // namespace leadlight::bench
