// The reader of HTTP requests: however the bytes are cut into reads, the outcome is the same request, after the same
// number of bytes, or none. Headers hold no control bytes and keep their limits.
#include "net/http/request_parser.hpp"

#include "tests/fuzz/fuzz.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>

#include <cstring>
#include <optional>

namespace leadlight::fuzz {
namespace {

namespace beast = boost::beast;

constexpr std::size_t body_bytes_max = 4'096;

struct Outcome {
  bool complete = false;
  bool refused = false;
  int status = 0;  // of a refusal
  std::size_t used = 0;
  std::string target;
  net::HttpRequest request;
};

/// A refusal may come later when bytes come one by one: a head is looked at once it is whole. But nothing that is
/// refused at once is ever a request, and a request is the same one.
bool agree(const Outcome& a, const Outcome& b) {
  if (a.complete != b.complete) return false;
  return !a.complete || (a.used == b.used && a.target == b.target && a.request.method == b.request.method &&
                         a.request.headers == b.request.headers && a.request.body == b.request.body);
}

/// Feeds `bytes`, `step` at a time, the way a session does.
Outcome parse(std::string_view bytes, std::size_t step) {
  net::HttpLimits limits;
  limits.header_bytes_max = 2'048;
  limits.fields_max = 20;
  limits.target_bytes_max = 256;
  Outcome outcome;
  net::RequestParser parser(outcome.request, outcome.target, limits);
  beast::flat_buffer buffer;
  bool body = false;
  while (!parser.is_done() && !outcome.refused) {
    const auto piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    const auto room = buffer.prepare(piece.size());
    if (!piece.empty()) std::memcpy(room.data(), piece.data(), piece.size());
    buffer.commit(piece.size());
    boost::system::error_code fault;
    while (!parser.is_done() && buffer.size() > 0 && !fault) {
      const auto used = parser.read(buffer.data(), fault);
      buffer.consume(used);
      outcome.used += used;
      if (!fault && parser.is_header_done() && !std::exchange(body, true)) {
        const auto encoding = outcome.request.header("content-encoding");
        parser.keep_body(body_bytes_max, encoding && *encoding == "gzip");
      }
    }
    if (fault && fault != beast::http::error::need_more) {
      outcome.refused = true;
      outcome.status = parser.fault().status;
      check(outcome.status == 0 || !parser.fault().what.empty(), "a refusal says what is wrong");
    }
    if (piece.empty()) break;
  }
  outcome.complete = parser.is_done() && !outcome.refused;
  return outcome;
}

void check_request(const Outcome& outcome) {
  const auto& request = outcome.request;
  check(request.headers.size() <= 20, "no more headers than the limit");
  check(request.body.size() <= body_bytes_max, "the body keeps its limit");
  check(outcome.target.size() <= 256, "the target keeps its limit");
  std::size_t hosts = 0;
  for (const auto& [name, value] : request.headers) {
    check(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "no header spans lines");
    check(std::ranges::none_of(name, [](char c) { return c <= ' ' || c == ':' || (c >= 'A' && c <= 'Z'); }),
          "names are lower-case tokens");
    hosts += name == "host" ? 1U : 0U;
  }
  check(hosts <= 1, "one host at most");
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  Input input(data, size);
  const std::size_t step = 1 + input.byte() % 64;
  const auto bytes = input.rest();
  const auto whole = parse(bytes, bytes.size());
  if (whole.complete) check_request(whole);
  check(agree(whole, parse(bytes, step)), "how the bytes are cut makes no difference");
  return 0;
}
