// The rules of the door, one row each, over a raw socket: what two parsers could read in two ways, and what is too
// large, is refused and ends the connection, and what only looks like it is served.
//
// A second request follows every row's bytes. A refused row must not get it answered: whoever reads two requests where
// another reads one can be made to take a stranger's for its own.
#include "net/http/http.hpp"

#include "tests/support/raw_client.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace leadlight::net {
namespace {

using std::chrono_literals::operator""ms;
using test::RawClient;

struct Rule {
  std::string name;
  std::string bytes;
  int status = 400;  // 200: served, and the connection stays
};

void PrintTo(const Rule& rule, std::ostream* out) {
  *out << rule.name;
}

class DoorRules : public testing::TestWithParam<Rule> {
 protected:
  DoorRules() {
    auto router = std::make_shared<Router>();
    router->add({"POST", "/echo", "", 4'096, [](const HttpRequest& request, const Respond& respond) {
                   respond(HttpResponse::text(200, request.body));
                 }});
    router->add({"GET", "/path/{name}", "", 0, [](const HttpRequest& request, const Respond& respond) {
                   respond(HttpResponse::text(200, request.captures.front()));
                 }});
    const auto clock = std::make_shared<actors::ManualClock>(engine::from_ms(1'777'636'800'000));
    auto bound = HttpServer::bind("127.0.0.1:0", router, std::make_shared<actors::Switchboard>(), clock, {}, 1);
    EXPECT_TRUE(bound);
    server_ = *bound;
    server_->open();
  }
  ~DoorRules() override { server_->join(0ms); }

  std::shared_ptr<HttpServer> server_;
};

const std::string get = "GET /path/x HTTP/1.1\r\nHost: a\r\n";
const std::string post = "POST /echo HTTP/1.1\r\nHost: a\r\n";
const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";

std::string fields(std::size_t count, std::size_t value_bytes) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += "X-" + std::to_string(i) + ": " + std::string(value_bytes, 'v') + "\r\n";
  return text;
}

/// A request for `/path/…` whose target has `bytes` bytes.
std::string long_target(std::size_t bytes) {
  return "GET /path/" + std::string(bytes - 6, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

TEST_P(DoorRules, AreKept) {
  const auto& rule = GetParam();
  RawClient client(server_->address());
  ASSERT_TRUE(client.send(rule.bytes + "GET /path/second HTTP/1.1\r\nHost: a\r\n\r\n"));
  const auto answer = client.read_answer(rule.bytes.starts_with("HEAD"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, rule.status);
  EXPECT_FALSE(answer->header("x-request-id").empty());
  if (rule.status == 200) {
    const auto second = client.read_answer();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->body, "second");
  } else {
    EXPECT_EQ(answer->header("connection"), "close");
    EXPECT_TRUE(client.ended());
  }
}

const std::vector<Rule> framing = {
    {"ContentLengthThenTransferEncoding", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"TransferEncodingThenContentLength", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
    {"TwoContentLengthsAlike", post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi"},
    {"TwoContentLengthsApart", post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!"},
    {"ContentLengthsInAList", post + "Content-Length: 2, 2\r\n\r\nhi"},
    {"ContentLengthWithPlus", post + "Content-Length: +2\r\n\r\nhi"},
    {"ContentLengthInHex", post + "Content-Length: 0x2\r\n\r\nhi"},
    {"ContentLengthNegative", post + "Content-Length: -2\r\n\r\nhi"},
    {"ContentLengthWithinSpaces", post + "Content-Length: 2 2\r\n\r\nhi"},
    {"ContentLengthAboveAllNumbers", post + "Content-Length: 99999999999999999999\r\n\r\nhi"},
    {"ContentLengthEmpty", post + "Content-Length:\r\n\r\n"},
    {"ContentLengthAfterZeros", post + "Content-Length: 002\r\n\r\nhi", 200},
    {"TransferEncodingGzipThenChunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
    {"TransferEncodingChunkedTwiceInAList", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"},
    {"TransferEncodingIdentity", post + "Transfer-Encoding: identity\r\n\r\n"},
    {"TransferEncodingTwice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"TransferEncodingAlmostChunked", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
    {"TransferEncodingAfterAVerticalTab", post + "Transfer-Encoding: \x0b" + "chunked\r\n\r\n0\r\n\r\n"},
    {"TransferEncodingInHttp10", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"SpaceBeforeColonOfContentLength", post + "Content-Length : 2\r\n\r\nhi"},
    {"SpaceBeforeColonOfTransferEncoding", post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"},
    {"TabBeforeColon", post + "Content-Length\t: 2\r\n\r\nhi"},
    {"FoldedHeader", post + "X: a\r\n folded\r\nContent-Length: 2\r\n\r\nhi"},
    {"FoldedHeaderByATab", post + "X: a\r\n\tfolded\r\nContent-Length: 2\r\n\r\nhi"},
    {"FoldedFromItsStart", post + "X:\r\n folded\r\nContent-Length: 2\r\n\r\nhi"},
    {"SpaceBeforeTheFirstHeader", "POST /echo HTTP/1.1\r\n Host: a\r\nContent-Length: 2\r\n\r\nhi"},
    {"BareLineFeedBetweenHeaders", post + "X: a\nContent-Length: 2\r\n\r\nhi"},
    {"BareLineFeedAfterTheRequestLine", "GET /path/x HTTP/1.1\nHost: a\r\n\r\n"},
    {"BareLineFeedsAlone", "GET /path/x HTTP/1.1\nHost: a\n\n"},
    {"BareLineFeedAtTheHeadsEnd", "GET /path/x HTTP/1.1\r\nHost: a\r\n\n"},
    {"BareCarriageReturnInAValue", post + "X: a\rb\r\n\r\n"},
    {"BareCarriageReturnInTheRequestLine", "GET /path/x\r HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"NulInAValue", post + std::string("X: a\0b\r\n\r\n", 10)},
    {"HeaderWithoutAName", post + ": a\r\nContent-Length: 2\r\n\r\nhi"},
    {"HeaderWithoutAColon", post + "Content-Length 2\r\n\r\nhi"},
    {"ChunkSizeWithPlus", chunked + "+3\r\nabc\r\n0\r\n\r\n"},
    {"ChunkSizeWithHexPrefix", chunked + "0x3\r\nabc\r\n0\r\n\r\n"},
    {"ChunkSizeNegative", chunked + "-3\r\nabc\r\n0\r\n\r\n"},
    {"ChunkSizeAfterSpace", chunked + " 3\r\nabc\r\n0\r\n\r\n"},
    {"ChunkSizeAboveAllNumbers", chunked + "10000000000000003\r\nabc\r\n0\r\n\r\n"},
    {"ChunkLongerThanItsSize", chunked + "3\r\nabcX\r\n0\r\n\r\n"},
    {"ChunkSizeBeforeABareLineFeed", chunked + "3\nabc\r\n0\r\n\r\n"},
    {"ChunksWithBareLineFeedsAlone", chunked + "5\nabcde\n0\n\n"},
    {"ChunkBeforeABareLineFeed", chunked + "3\r\nabc\n0\r\n\r\n"},
    {"ChunkExtension", chunked + "3;name=value\r\nabc\r\n0\r\n\r\n", 200},
    {"ChunkExtensionAsLongAsItMayBe", chunked + "3;" + std::string(254, 'x') + "\r\nabc\r\n0\r\n\r\n", 200},
    {"ChunkExtensionTooLong", chunked + "3;" + std::string(300, 'x') + "\r\nabc\r\n0\r\n\r\n"},
    {"Trailer", chunked + "3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"},
    {"Chunks", chunked + "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", 200},
};

const std::vector<Rule> requests = {
    {"AbsoluteFormOfAnotherHost", "GET http://b/path/x HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"AbsoluteFormWithAnotherPort", "GET http://a:81/path/x HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"AbsoluteFormWithAUser", "GET http://a@b/path/x HTTP/1.1\r\nHost: b\r\n\r\n"},
    {"AbsoluteForm", "GET http://A/path/x HTTP/1.1\r\nHost: a\r\n\r\n", 200},
    {"AuthorityForm", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n"},
    {"AsteriskForm", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"TargetWithoutASlash", "GET path HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"TargetWithAFragment", "GET /path/x#y HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"TargetNotPercentEncoded", "GET /path/%zz HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"TargetWithNul", "GET /path/%00 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"TargetNotUtf8", "GET /path/%ff HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"HostMissing", "GET /path/x HTTP/1.1\r\n\r\n"},
    {"HostTwice", "GET /path/x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
    {"Http20", "GET /path/x HTTP/2.0\r\nHost: a\r\n\r\n"},
    {"Http12", "GET /path/x HTTP/1.2\r\nHost: a\r\n\r\n"},
    {"NoVersion", "GET /path/x\r\n\r\n"},
    {"TwoSpacesInTheRequestLine", "GET  /path/x HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"NotHttpAtAll", "\x16\x03\x01\x02 not TLS here\r\n\r\n"},
    {"EmptyLineBeforeARequest", "\r\n" + get + "\r\n", 200},
    {"ExpectTea", post + "Expect: tea\r\nContent-Length: 2\r\n\r\nhi", 417},
    {"ExpectTeaWithoutABody", get + "Expect: tea\r\n\r\n", 417},
    {"ExpectTeaAfterContinue", post + "Expect: 100-continue\r\nExpect: tea\r\nContent-Length: 2\r\n\r\nhi", 417},
    {"BodyOnGet", get + "Content-Length: 2\r\n\r\nhi"},
    {"BodyInChunksOnGet", get + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"},
    {"BodyOnHead", "HEAD /path/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"},
    {"BodyOnGetOfNothing", "GET /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", 404},
    {"EmptyBodyOnGet", get + "Content-Length: 0\r\n\r\n", 200},
};

const std::vector<Rule> sizes = {
    {"FieldsAsManyAsMayBe", get + fields(99, 1) + "\r\n", 200},  // and Host
    {"FieldsTooMany", get + fields(100, 1) + "\r\n", 431},
    {"FieldTooLong", get + "X: " + std::string(17'000, 'x') + "\r\n\r\n", 431},
    {"HeadAsLongAsItMayBe", get + fields(50, 300) + "\r\n", 200},
    {"HeadTooLong", get + fields(50, 500) + "\r\n", 431},
    {"HeadWithoutAnEnd", "GET /" + std::string(20'000, 'x'), 431},
    {"TargetAsLongAsItMayBe", long_target(4'096), 200},
    {"TargetTooLong", long_target(4'097), 414},
    {"BodyAsLongAsItMayBe", post + "Content-Length: 4096\r\n\r\n" + std::string(4'096, 'x'), 200},
    {"BodyFarTooLong", post + "Content-Length: 10000000\r\n\r\n", 413},
    {"BodyInChunksTooLong", chunked + "2000\r\n" + std::string(0x2000, 'x') + "\r\n0\r\n\r\n", 413},
};

std::string name_of(const testing::TestParamInfo<Rule>& rule) {
  return rule.param.name;
}

INSTANTIATE_TEST_SUITE_P(Framing, DoorRules, testing::ValuesIn(framing), name_of);
INSTANTIATE_TEST_SUITE_P(Requests, DoorRules, testing::ValuesIn(requests), name_of);
INSTANTIATE_TEST_SUITE_P(Sizes, DoorRules, testing::ValuesIn(sizes), name_of);

}  // namespace
}  // namespace leadlight::net
