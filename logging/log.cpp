#include "logging/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>

namespace leadlight::logging {
namespace {

// Before it is set up nothing is written: a library's default goes to standard output, which belongs to the program.
std::atomic<bool> is_set_up{false};

std::string_view word(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
    case spdlog::level::debug: return "debug";
    case spdlog::level::info: return "info";
    case spdlog::level::warn: return "warn";
    case spdlog::level::err: return "error";
    default: return "critical";
  }
}

class Formatter final : public spdlog::formatter {
 public:
  explicit Formatter(Format format) : format_(format) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch()).count();
    const auto time =
        fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(since / 1'000)), since % 1'000);
    auto text = unpacked_line(format_, time, word(message.level),
                              std::string_view(message.payload.data(), message.payload.size()));
    text += '\n';
    out.append(text.data(), text.data() + text.size());
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<Formatter>(*this); }

 private:
  Format format_;
};

void write(spdlog::level::level_enum level, std::string_view message, Fields fields) {
  auto* const logger = spdlog::default_logger_raw();
  if (!is_set_up || logger == nullptr || !logger->should_log(level)) return;
  const auto text = packed(message, fields);
  logger->log(level, spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace

void set_up(Format format, const std::string& level) {
  static std::once_flag once;
  std::call_once(once, [] { spdlog::set_default_logger(spdlog::stderr_logger_mt("leadlight")); });
  spdlog::set_formatter(std::make_unique<Formatter>(format));
  spdlog::set_level(spdlog::level::from_str(level));
  is_set_up = true;
}

void debug(std::string_view message, std::initializer_list<Field> fields) {
  write(spdlog::level::debug, message, {fields.begin(), fields.size()});
}
void debug(std::string_view message, const std::vector<Field>& fields) {
  write(spdlog::level::debug, message, fields);
}
void info(std::string_view message, std::initializer_list<Field> fields) {
  write(spdlog::level::info, message, {fields.begin(), fields.size()});
}
void info(std::string_view message, const std::vector<Field>& fields) {
  write(spdlog::level::info, message, fields);
}
void warn(std::string_view message, std::initializer_list<Field> fields) {
  write(spdlog::level::warn, message, {fields.begin(), fields.size()});
}
void warn(std::string_view message, const std::vector<Field>& fields) {
  write(spdlog::level::warn, message, fields);
}
void error(std::string_view message, std::initializer_list<Field> fields) {
  write(spdlog::level::err, message, {fields.begin(), fields.size()});
}
void error(std::string_view message, const std::vector<Field>& fields) {
  write(spdlog::level::err, message, fields);
}
void critical(std::string_view message, std::initializer_list<Field> fields) {
  write(spdlog::level::critical, message, {fields.begin(), fields.size()});
}
void critical(std::string_view message, const std::vector<Field>& fields) {
  write(spdlog::level::critical, message, fields);
}

bool debug_is_on() {
  auto* const logger = spdlog::default_logger_raw();
  return is_set_up && logger != nullptr && logger->should_log(spdlog::level::debug);
}

}  // namespace leadlight::logging
