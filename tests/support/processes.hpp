// Real processes for tests: the leadlight binary as server, sandbox or one-shot command, on loopback, in a directory of
// the test.
//
// Only processes started here are ended, by their id.
#pragma once

#include "net/client/http_client.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/json.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace leadlight::tests {

/// A child with a pipe from its standard output; its standard error is appended to `log`.
class Process {
 public:
  Process(const std::vector<std::string>& arguments, const std::filesystem::path& log) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    const int log_file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::dup2(log_file, STDERR_FILENO);
      std::vector<char*> words;
      for (const auto& argument : arguments)
        words.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: execv's type
      words.push_back(nullptr);
      ::execv(words.front(), words.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    ::close(log_file);
    output_ = ends[0];
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    kill(SIGKILL);
    if (output_ >= 0) ::close(output_);
  }

  /// One line of its standard output; empty when it ended first.
  std::string read_line() {
    std::string line;
    char c = 0;
    while (::read(output_, &c, 1) == 1 && c != '\n') line.push_back(c);
    return line;
  }

  /// Everything it prints until it ends.
  std::string read_all() {
    std::string all;
    char bytes[4096];
    for (ssize_t count = 0; (count = ::read(output_, bytes, sizeof bytes)) > 0;)
      all.append(bytes, static_cast<std::size_t>(count));
    return all;
  }

  /// Sends `signal` and waits for the end; its exit status, or minus the signal that ended it.
  int kill(int signal) {
    if (pid_ > 0) {
      ::kill(pid_, signal);
      return wait();
    }
    return status_;
  }

  int wait() {
    if (pid_ > 0) {
      int status = 0;
      ::waitpid(pid_, &status, 0);
      pid_ = -1;
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    return status_;
  }

  [[nodiscard]] pid_t id() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  int status_ = -1;
};

/// A data directory, a sandbox and a server on it, and a client for both.
class Installation {
 public:
  explicit Installation(std::vector<std::string> serve_options = {}, bool with_sandbox = true)
      : serve_options_(std::move(serve_options)) {
    auto pattern = (std::filesystem::temp_directory_path() / "leadlight_run_XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    Process init{{LEADLIGHT_BINARY, "init", "--data", data().string(), "--demo", "--json"}, log()};
    const auto made = boost::json::parse(init.read_all());
    EXPECT_EQ(init.wait(), 0);
    for (const auto& token : made.at("tokens").as_object()) tokens_[token.key()] = token.value();
    if (with_sandbox) {
      sandbox_.emplace(std::vector<std::string>{LEADLIGHT_BINARY, "sandbox", "--listen", "127.0.0.1:0"}, log());
      sandbox_url_ = "http://" + listening(*sandbox_);
    }
  }
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;
  ~Installation() {
    server_.reset();
    sandbox_.reset();
    client_->stop();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  /// Starts the server and waits until it is ready. False when it ended instead.
  bool start() {
    std::vector<std::string> arguments = {LEADLIGHT_BINARY, "serve",    "--data",
                                          data().string(),  "--listen", "127.0.0.1:0"};
    if (!sandbox_url_.empty()) arguments.insert(arguments.end(), {"--sandbox", sandbox_url_});
    arguments.insert(arguments.end(), serve_options_.begin(), serve_options_.end());
    server_.emplace(arguments, log());
    const auto address = listening(*server_);
    url_ = "http://" + address;
    return !address.empty();
  }

  Process& server() { return *server_; }
  [[nodiscard]] std::filesystem::path data() const { return directory_ / "data"; }
  [[nodiscard]] std::filesystem::path log() const { return directory_ / "log"; }
  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] const std::string& sandbox_url() const { return sandbox_url_; }
  [[nodiscard]] std::string token(std::string_view surface) const {
    return std::string{tokens_.at(surface).as_string()};
  }
  net::HttpClient& client() { return *client_; }

  engine::Result<net::OutboundAnswer> send(const std::string& method, const std::string& path, const std::string& body,
                                           std::string_view surface,
                                           engine::Milliseconds deadline = engine::Milliseconds{10'000}) {
    net::OutboundRequest request;
    request.method = method;
    request.url = url_ + path;
    request.headers = {{"Authorization", "Bearer " + token(surface)}, {"Content-Type", "application/json"}};
    request.body = body;
    request.deadline = deadline;
    return client_->send_and_wait(std::move(request));
  }

  /// A question that must succeed, as JSON.
  boost::json::value ask(const std::string& path, std::string_view surface = "admin") {
    auto answer = send("GET", path, "", surface);
    EXPECT_TRUE(answer) << path << ": " << (answer ? "" : answer.error().what);
    if (!answer) return nullptr;
    EXPECT_EQ(answer->status, 200) << path << ": " << answer->body;
    return boost::json::parse(answer->body);
  }

  /// The same at the sandbox.
  boost::json::value ask_sandbox(const std::string& path) {
    net::OutboundRequest request;
    request.method = "GET";
    request.url = sandbox_url_ + path;
    auto answer = client_->send_and_wait(std::move(request));
    EXPECT_TRUE(answer) << path;
    return answer ? boost::json::parse(answer->body) : boost::json::value{nullptr};
  }

  void tell_sandbox(const std::string& path, const std::string& body) {
    net::OutboundRequest request;
    request.method = "POST";
    request.url = sandbox_url_ + path;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = body;
    auto answer = client_->send_and_wait(std::move(request));
    EXPECT_TRUE(answer && answer->status < 300) << path << ": " << (answer ? answer->body : answer.error().what);
  }

 private:
  static std::string listening(Process& process) {
    const auto line = process.read_line();
    boost::json::error_code failed;
    const auto parsed = boost::json::parse(line, failed);
    return failed || !parsed.is_object() ? std::string{} : std::string{parsed.at("listening").as_string()};
  }

  std::vector<std::string> serve_options_;
  std::filesystem::path directory_;
  boost::json::object tokens_;
  std::optional<Process> sandbox_;
  std::optional<Process> server_;
  std::string url_;
  std::string sandbox_url_;
  std::shared_ptr<net::HttpClient> client_ = net::HttpClient::make();
};

}  // namespace leadlight::tests
