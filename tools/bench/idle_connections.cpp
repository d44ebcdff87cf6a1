// bench idle-connections: what a connection costs that only waits.
//
// Method: as many connections as the server takes are opened one by one, each makes one request and stays. Their memory
// is the growth of the server's resident bytes, the kernel's own excluded, after a few requests have made the server
// warm. The processor time is the server's while nobody sends anything.
#include "tools/bench/child_process.hpp"
#include "tools/bench/server_under_test.hpp"
#include "tools/bench/verbs.hpp"
#include "tools/descriptors.hpp"

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <utility>
#include <vector>

namespace leadlight::bench {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using engine::Errc;
using engine::Error;

constexpr std::size_t connections_default = 10'000;
constexpr std::size_t other_descriptors = 100;
constexpr std::size_t warming_connections = 50;
constexpr std::chrono::seconds settle{3};  // a connection gives back its buffers after a second
constexpr std::chrono::seconds watched{5};
constexpr double goal_bytes = 16 * 1024;
constexpr std::string_view request = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Connections that have had an answer each.
class Waiting {
 public:
  explicit Waiting(const std::string& address)
      : to_(asio::ip::make_address("127.0.0.1"),
            static_cast<std::uint16_t>(std::atoi(address.c_str() + address.rfind(':') + 1))) {}

  engine::Status add(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      error_code failed;
      tcp::socket socket{context_};
      socket.connect(to_, failed);
      if (!failed) asio::write(socket, asio::buffer(request), failed);
      std::array<char, 1024> answer;  // NOLINT: filled by read_some
      if (!failed) socket.read_some(asio::buffer(answer), failed);
      if (failed)
        return Error{Errc::unavailable,
                     fmt::format("connection {} failed: {}; raise the limit of open files (ulimit -n)",
                                 sockets_.size() + 1, failed.message()),
                     ""};
      sockets_.push_back(std::move(socket));
    }
    return engine::Ok{};
  }

  /// How many of them the server still holds.
  std::size_t open() {
    std::size_t count = 0;
    for (auto& socket : sockets_) {
      error_code nothing;
      std::array<char, 1> byte{};
      socket.non_blocking(true, nothing);
      socket.read_some(asio::buffer(byte), nothing);
      if (nothing == asio::error::would_block) ++count;
    }
    return count;
  }

 private:
  asio::io_context context_{1};
  tcp::endpoint to_;
  std::vector<tcp::socket> sockets_;
};

}  // namespace

engine::Result<Rows> measure_idle_connections(const BenchOptions& options) {
  auto directory = TemporaryDirectory::make();
  if (!directory) return directory.error();
  auto server = ServerUnderTest::make(directory->path(), false);
  if (!server) return server.error();
  if (auto started = server->start(); !started) return started.error();
  const std::size_t wanted = options.connections != 0 ? options.connections : connections_default;
  if (const auto limit = tools::raise_descriptor_limit(wanted + other_descriptors); limit < wanted + other_descriptors)
    return Error{Errc::unavailable,
                 fmt::format("{} open files are allowed, too few for {} connections; raise the hard limit (ulimit -Hn)",
                             limit, wanted),
                 ""};
  Waiting warm{server->address()};
  if (auto added = warm.add(std::min(wanted, warming_connections)); !added) return added.error();
  rest(settle);
  const auto before = server->child().resident_bytes();
  Waiting waiting{server->address()};
  const auto more = wanted - std::min(wanted, warming_connections);
  if (auto added = waiting.add(more); !added) return added.error();
  progress(fmt::format("{} connections wait", wanted));
  rest(settle);
  const auto after = server->child().resident_bytes();
  const auto cpu_before = server->child().cpu_seconds();
  rest(watched);
  const auto cpu = server->child().cpu_seconds() - cpu_before;
  const auto open = static_cast<double>(warm.open() + waiting.open());
  const auto bytes =
      after > before ? static_cast<double>(after - before) / static_cast<double>(std::max<std::size_t>(more, 1)) : 0;
  return Rows{{"idle_connections_open", open, "connections", std::nullopt, {.at_least = static_cast<double>(wanted)}},
              {"idle_connection_bytes", bytes, "bytes", std::nullopt, {.at_most = goal_bytes}},
              {"idle_connections_cpu_percent", 100 * cpu / static_cast<double>(watched.count()), "%"}};
}

}  // namespace leadlight::bench
