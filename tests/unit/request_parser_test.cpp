// The reader of requests, piece by piece, without a socket.
#include "net/http/request_parser.hpp"

#include <gtest/gtest.h>
#include <boost/beast/http/error.hpp>

#include <string_view>

namespace leadlight::net {
namespace {

class RequestParserTest : public testing::Test {
 protected:
  RequestParserTest() {
    take("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    parser_.keep_body(1'000, false);
  }

  /// How many of the bytes were taken.
  std::size_t take(std::string_view bytes) {
    fault_ = {};
    return parser_.read(boost::asio::buffer(bytes), fault_);
  }
  [[nodiscard]] bool waits() const { return fault_ == boost::beast::http::error::need_more; }

  HttpLimits limits_;
  HttpRequest request_;
  std::string target_;
  RequestParser parser_{request_, target_, limits_};
  boost::system::error_code fault_;
};

TEST_F(RequestParserTest, HoldsNothingOfAChunkBack) {
  EXPECT_EQ(take("9\r\n{\"n\":1"), 9U);
  for (const std::string_view piece : {"0", "\n", "}"}) {
    EXPECT_EQ(take(piece), 1U) << piece;
    EXPECT_FALSE(fault_) << fault_.message();
  }
  EXPECT_EQ(request_.body, "{\"n\":10\n}");
}

TEST_F(RequestParserTest, WaitsForTheWholeLastChunk) {
  for (const std::string_view piece : {"0", "0\r", "0\r\n", "0\r\n\r"}) {
    EXPECT_EQ(take(piece), 0U) << piece;
    EXPECT_TRUE(waits()) << piece;
  }
  EXPECT_EQ(take("0\r\n\r\n"), 5U);
  EXPECT_TRUE(parser_.is_done());
}

}  // namespace
}  // namespace leadlight::net
