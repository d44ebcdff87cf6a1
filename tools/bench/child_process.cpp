#include "tools/bench/child_process.hpp"

#include "tools/bench/interruption.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>
#include <utility>

namespace leadlight::bench {

namespace {

using engine::Errc;
using engine::Error;
using engine::Result;
using std::chrono::milliseconds;

constexpr milliseconds polling_interval{5};
constexpr milliseconds end_within{15'000};
constexpr std::size_t log_tail_bytes = 2'000;

std::string tail_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.size() > log_tail_bytes) text.erase(0, text.size() - log_tail_bytes);
  return text;
}

Error io_error(const std::string& doing) {
  return {Errc::io_error, doing + ": " + std::strerror(errno), ""};
}

}  // namespace

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

void rest(milliseconds span) {
  boost::asio::io_context context;
  boost::asio::steady_timer timer{context, span};
  timer.wait();
}

Result<TemporaryDirectory> TemporaryDirectory::make() {
  const char* chosen = ::getenv("TMPDIR");
  std::string path =
      std::string{chosen != nullptr && *chosen != '\0' ? chosen : "/var/tmp"} + "/leadlight-bench-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return io_error("cannot make a temporary directory " + path);
  note_directory(path);
  return TemporaryDirectory{path};
}

TemporaryDirectory::~TemporaryDirectory() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
  forget_directory(path_);
}

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& arguments, const std::filesystem::path& log) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return io_error("cannot make a pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  std::vector<std::string> words = {"leadlight"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  // Signals that are held back here are not held back there.
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  ChildProcess child;
  child.log_ = log;
  const int failed = ::posix_spawn(&child.pid_, "/proc/self/exe", &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  child.pipe_ = ends[0];
  if (failed == 0) {
    note_child(child.pid_);
    return child;
  }
  child.pid_ = -1;
  errno = failed;
  return io_error("cannot start a child process");
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept {
  *this = std::move(other);
}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  stop(end_within);
  pid_ = std::exchange(other.pid_, -1);
  pipe_ = std::exchange(other.pipe_, -1);
  status_ = other.status_;
  unread_ = std::move(other.unread_);
  log_ = std::move(other.log_);
  return *this;
}

ChildProcess::~ChildProcess() {
  stop(end_within);
}

Error ChildProcess::ended(std::string what) const {
  const auto log = tail_of(log_);
  return {Errc::unavailable, log.empty() ? std::move(what) : what + "; the end of its log:\n" + log, ""};
}

Result<std::string> ChildProcess::read_line(milliseconds at_most) {
  const auto until = Steady::now() + at_most;
  for (;;) {
    if (const auto end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(until - Steady::now()).count();
    pollfd waiting{pipe_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return ended("the child process did not answer in time");
    char bytes[4096];
    const auto got = ::read(pipe_, bytes, sizeof bytes);
    if (got <= 0) return ended("the child process ended");
    unread_.append(bytes, static_cast<std::size_t>(got));
  }
}

Result<std::string> ChildProcess::read_all(milliseconds at_most) {
  const auto until = Steady::now() + at_most;
  std::string all;
  for (;;) {
    auto line = read_line(std::chrono::duration_cast<milliseconds>(until - Steady::now()));
    if (!line) break;
    all += *line + '\n';
  }
  all += unread_;
  const bool in_time = wait(std::chrono::duration_cast<milliseconds>(until - Steady::now()));
  if (!in_time) return ended("the child process did not end in time");
  if (!WIFEXITED(status_) || WEXITSTATUS(status_) != 0) return ended("the child process failed");
  return all;
}

// True once the child is gone.
bool ChildProcess::wait(milliseconds at_most) {
  if (pid_ < 0) return true;
  const auto until = Steady::now() + at_most;
  for (;;) {
    const auto got = ::waitpid(pid_, &status_, WNOHANG);
    if (got == pid_ || (got < 0 && errno == ECHILD)) {
      forget_child(std::exchange(pid_, -1));
      return true;
    }
    if (Steady::now() >= until) return false;
    rest(polling_interval);
  }
}

void ChildProcess::stop(milliseconds at_most) {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    if (!wait(at_most)) return kill();
  }
  close_pipe();
}

void ChildProcess::kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
    forget_child(std::exchange(pid_, -1));
  }
  close_pipe();
}

void ChildProcess::close_pipe() {
  if (pipe_ >= 0) ::close(pipe_);
  pipe_ = -1;
}

double ChildProcess::cpu_seconds() const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/stat");
  std::string text{std::istreambuf_iterator<char>(in), {}};
  // The second field is the name, in parentheses; the 14th and 15th are user and system time in ticks.
  const auto close = text.rfind(')');
  if (close == std::string::npos) return 0;
  std::istringstream fields(text.substr(close + 1));
  std::string field;
  double ticks = 0;
  for (int number = 3; number <= 15 && fields >> field; ++number)
    if (number >= 14) ticks += std::strtod(field.c_str(), nullptr);
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

namespace {

std::uint64_t resident_bytes_of(const std::string& process) {
  std::ifstream in("/proc/" + process + "/statm");
  std::uint64_t pages = 0;
  in >> pages >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

std::uint64_t ChildProcess::resident_bytes() const {
  return resident_bytes_of(std::to_string(pid_));
}

std::uint64_t resident_bytes() {
  return resident_bytes_of("self");
}

}  // namespace leadlight::bench
