// Goal: what a hostile sender puts into a body gets its one verdict from the running server, which stays small. Method:
// the binary on a socket; every body of the JSON table, gzip made wrong and made huge, and the process's own memory.
#include "tests/support/json_verdicts.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/raw_client.hpp"

#include <zlib.h>

#include <cstring>
#include <fstream>
#include <functional>

namespace leadlight::tests {
namespace {

namespace json = boost::json;

constexpr std::size_t body_bytes_max = 8U << 20U;
const std::string event = R"({"email":"ada@example.com","type":"page_viewed"})";

std::string times(std::size_t count, std::string_view text) {
  std::string all;
  all.reserve(count * text.size());
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

/// Packed as zlib does: 16 more window bits are gzip, less are raw deflate, none are zlib's own form.
std::string pack(std::string_view bytes, int window_bits = 16 + MAX_WBITS, int level = Z_BEST_COMPRESSION) {
  z_stream state{};
  EXPECT_EQ(deflateInit2(&state, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&state, bytes.size()), '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT: zlib reads only
  state.avail_in = static_cast<uInt>(bytes.size());
  state.next_out = reinterpret_cast<Bytef*>(packed.data());  // NOLINT
  state.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&state, Z_FINISH), Z_STREAM_END);
  packed.resize(state.total_out);
  deflateEnd(&state);
  return packed;
}

/// `packed` with other flags in its head, and what they say follows.
std::string with_head(std::string packed, char flags, std::string_view fields) {
  packed[3] = flags;
  return packed.insert(10, fields);
}

std::string with_byte(std::string packed, std::size_t from_end, char change) {
  packed[packed.size() - from_end] ^= change;
  return packed;
}

/// Bytes that no packer makes much smaller, but of a ratio that is allowed.
std::string dull_text(std::size_t bytes) {
  std::string text;
  std::uint64_t state = 42;
  while (text.size() < bytes) {
    state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    text += std::to_string(state);
  }
  return text;
}

class HostileTest : public testing::Test {
 protected:
  HostileTest() : installation_({}, false) { EXPECT_TRUE(installation_.start()); }

  [[nodiscard]] std::string address() const { return installation_.url().substr(std::string_view("http://").size()); }

  test::RawAnswer post(const std::string& body, const std::string& encoding = {}) {
    std::vector<std::pair<std::string, std::string>> headers = {
        {"Authorization", "Bearer " + installation_.token("events")}, {"Content-Type", "application/json"}};
    if (!encoding.empty()) headers.emplace_back("Content-Encoding", encoding);
    if (body.empty()) headers.emplace_back("Content-Length", "0");
    if (!client_) client_.emplace(address());
    (void)client_->request("POST", "/v1/events", body, headers);  // what is refused early is not read to its end
    auto answer = client_->read_answer();
    EXPECT_TRUE(answer) << body.substr(0, 60);
    if (!answer || answer->header("connection") == "close") client_.reset();
    return answer.value_or(test::RawAnswer{});
  }

  /// The same in chunks, so that no length is known beforehand; at most as much as is taken.
  test::RawAnswer post_chunked(std::string_view body) {
    test::RawClient client(address());
    (void)client.send(
        "POST /v1/events HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n"
        "Content-Type: application/json\r\nAuthorization: Bearer " +
        installation_.token("events") + "\r\n\r\n");
    constexpr std::size_t chunk = 32'000;
    bool taken = true;
    while (!body.empty() && taken) {
      const auto piece = body.substr(0, chunk);
      body.remove_prefix(piece.size());
      char head[16];  // NOLINT
      std::snprintf(head, sizeof head, "%zx\r\n", piece.size());
      taken = client.send(head + std::string(piece) + "\r\n");
    }
    if (taken) (void)client.send("0\r\n\r\n");
    const auto answer = client.read_answer();
    EXPECT_TRUE(answer);
    return answer.value_or(test::RawAnswer{});
  }

  static std::string detail(const test::RawAnswer& answer) {
    json::error_code fault;
    const auto value = json::parse(answer.body, fault);
    const auto* object = value.if_object();
    const auto* text = object != nullptr ? object->if_contains("detail") : nullptr;
    return text != nullptr ? std::string(text->as_string()) : std::string{};
  }

  /// A line of the server's /proc/PID/status, in KiB.
  std::size_t memory(std::string_view name) {
    std::ifstream status("/proc/" + std::to_string(installation_.server().id()) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with(name)) return std::stoul(line.substr(name.size() + 1));
    return 0;
  }

  Installation installation_;
  std::optional<test::RawClient> client_;
};

TEST_F(HostileTest, EveryJsonBodyGetsItsVerdict) {
  for (const auto& [name, body, refusal] : test::json_verdicts()) {
    const auto answer = post(body);
    EXPECT_EQ(answer.status, refusal.empty() ? 202 : 400) << name << ": " << answer.body;
    EXPECT_EQ(detail(answer), refusal) << name;
  }
}

TEST_F(HostileTest, EveryGzipBodyGetsItsVerdict) {
  const auto good = pack(event);
  const std::string invalid = "The request body is not valid gzip";
  struct Case {
    std::string name;
    std::string body;
    int status;
    std::string detail;
  };
  std::vector<Case> cases = {
      {"sound", good, 202, ""},
      {"stored, not packed", pack(event, 16 + MAX_WBITS, Z_NO_COMPRESSION), 202, ""},
      {"two members", pack(event.substr(0, 20)) + pack(event.substr(20)), 202, ""},
      {"empty members about it", pack("") + good + pack(""), 202, ""},
      {"a name in the head", with_head(good, 8, std::string("event.json\0", 11)), 202, ""},
      {"a comment in the head", with_head(good, 16, std::string("hello\0", 6)), 202, ""},
      {"an extra field", with_head(good, 4, std::string("\x03\0abc", 5)), 202, ""},
      {"nothing in it", pack(""), 400, "The request body is empty"},
      {"nothing at all", "", 400, "The request body is empty"},
      {"packed twice", pack(good), 400, test::bad_grammar},
      {"not packed", event, 400, invalid},
      {"zlib's form", pack(event, MAX_WBITS), 400, invalid},
      {"raw deflate", pack(event, -MAX_WBITS), 400, invalid},
      {"bytes behind it", good + "x", 400, invalid},
      {"zeros behind it", good + std::string(512, '\0'), 400, invalid},
      {"half a member behind it", good + good.substr(0, good.size() / 2), 400, invalid},
      {"another checksum", with_byte(good, 8, 1), 400, invalid},
      {"another length", with_byte(good, 4, 1), 400, invalid},
      {"another method", "\x1F\x8B\x07" + good.substr(3), 400, invalid},
      {"flags that are reserved", with_head(good, '\xE0', ""), 400, invalid},
      {"a wrong checksum of the head", with_head(good, 2, "xx"), 400, invalid},
      {"an extra field that never ends", with_head(good, 4, "\xFF\xFF"), 400, invalid},
      {"a name that never ends", "\x1F\x8B\x08\x08" + std::string(6, '\0') + times(100'000, "name"), 400, invalid},
      {"a block type that is none", good.substr(0, 10) + "\x07", 400, invalid},
      {"a distance before the start", good.substr(0, 10) + "\x4B\x04\x82\x01", 400, invalid},
  };
  for (std::size_t bytes = 1; bytes < good.size(); ++bytes)
    cases.push_back({"cut at byte " + std::to_string(bytes), good.substr(0, bytes), 400, invalid});
  for (const auto& [name, body, status, why] : cases) {
    const auto answer = post(body, "gzip");
    EXPECT_EQ(answer.status, status) << name << ": " << answer.body;
    EXPECT_EQ(detail(answer), why) << name;
  }
  for (const auto* coding : {"gzip, gzip", "gzip,identity", "br", "deflate", "zstd", "gzip;q=1", "g zip", "*"})
    EXPECT_EQ(post(good, coding).status, 415) << coding;
  for (const auto* coding : {"GZIP", "x-gzip"}) EXPECT_EQ(post(good, coding).status, 202) << coding;
  EXPECT_EQ(post(event, "identity").status, 202);
}

/// Bodies that unfold, or that never end, by how they do it.
std::vector<std::pair<std::string, std::string>> bombs() {
  const auto member = pack(std::string(32U << 10U, '\0'));
  const std::string head = "\x1F\x8B\x08" + std::string(7, '\0');
  return {
      {"1 MiB of zeros", pack(std::string(1U << 20U, '\0'))},
      {"256 MiB of zeros", pack(std::string(256U << 20U, '\0'), 16 + MAX_WBITS, 1)},
      {"packed members, one after the other", times(1'000, member)},
      {"more than 8 MiB at a ratio that is allowed", pack(dull_text(body_bytes_max + 1))},
      {"blanks about an event", pack(times(4U << 20U, " ") + event)},
      {"10 MiB of empty members", times(500'000, pack(""))},
      {"10 MiB of empty blocks", head + times(2'000'000, std::string("\0\0\0\xFF\xFF", 5))},
      {"a name of 10 MiB", "\x1F\x8B\x08\x08" + std::string(6, '\0') + std::string(10U << 20U, 'n')},
  };
}

TEST_F(HostileTest, NoBombUnfolds) {
  (void)post(event);
  const auto all = bombs();
  for (const auto& [name, body] : all) {  // once, so that what is kept for the next request is there
    EXPECT_EQ(post(body, "gzip").status, 413) << name;
    EXPECT_EQ(post_chunked(body).status, 413) << name << ", in chunks";
  }
  const auto before = memory("VmRSS:");
  ASSERT_GT(before, 0U);
  for (int i = 0; i < 50; ++i) {
    const auto& [name, body] = all[static_cast<std::size_t>(i) % all.size()];
    EXPECT_EQ(i % 2 == 0 ? post(body, "gzip").status : post_chunked(body).status, 413) << name;
  }
  const auto after = memory("VmRSS:");
  RecordProperty("rss_before_kib", static_cast<int>(before));
  RecordProperty("rss_after_kib", static_cast<int>(after));
  std::printf("memory of the server: %zu KiB before 50 bombs, %zu after, %zu at most\n", before, after,
              memory("VmHWM:"));
  EXPECT_LE(after, before + (16U << 10U));
  EXPECT_LE(memory("VmHWM:"), before + (48U << 10U));
  EXPECT_EQ(post(event).status, 202);
}

}  // namespace
}  // namespace leadlight::tests
