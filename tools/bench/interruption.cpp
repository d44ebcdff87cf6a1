#include "tools/bench/interruption.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>
#include <set>
#include <system_error>
#include <thread>

namespace leadlight::bench {

namespace {

constexpr int interrupted_status = 128;  // plus the signal, as shells have it

struct Remains {
  std::mutex mutex;
  std::set<pid_t> children;
  std::set<std::filesystem::path> directories;
};

Remains& remains() {
  static Remains all;
  return all;
}

[[noreturn]] void clean_up(int signal) {
  auto& all = remains();
  const std::lock_guard lock{all.mutex};  // kept: nothing is started any more
  for (const auto pid : all.children) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  std::error_code ignored;
  for (const auto& directory : all.directories) std::filesystem::remove_all(directory, ignored);
  ::_exit(interrupted_status + signal);
}

}  // namespace

void clean_up_when_interrupted() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // threads made later inherit this
  std::thread{[signals] {
    int signal = 0;
    while (::sigwait(&signals, &signal) != 0) continue;
    clean_up(signal);
  }}.detach();
}

void note_child(pid_t pid) {
  const std::lock_guard lock{remains().mutex};
  remains().children.insert(pid);
}

void forget_child(pid_t pid) {
  const std::lock_guard lock{remains().mutex};
  remains().children.erase(pid);
}

void note_directory(const std::filesystem::path& directory) {
  const std::lock_guard lock{remains().mutex};
  remains().directories.insert(directory);
}

void forget_directory(const std::filesystem::path& directory) {
  const std::lock_guard lock{remains().mutex};
  remains().directories.erase(directory);
}

}  // namespace leadlight::bench
