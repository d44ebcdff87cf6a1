// Reads the bytes of one HTTP/1.1 request into an HttpRequest, strictly: whatever two parsers could read in two ways is
// refused.
//
// On top of Beast's parser: no obsolete line folding, one Content-Length of digits alone, no Transfer-Encoding but
// "chunked", no trailers, short chunk extensions, one Host. Private to net/.
#pragma once

#include "net/http/gzip.hpp"
#include "net/http/http.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace leadlight::net {

class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  RequestParser(HttpRequest& request, std::string& target, const HttpLimits& limits);

  /// Why parsing stopped. `status` 0: Beast's own grammar error.
  struct Fault {
    std::uint16_t status = 0;
    std::string what;
  };
  [[nodiscard]] const Fault& fault() const { return fault_; }

  /// Reads what it can of `bytes`, and says how many it took. `need_more`: the rest stays for a call with more of them.
  std::size_t read(boost::asio::const_buffer bytes, boost::system::error_code& ec);

  /// After the head: keep the body, up to `bytes_max` unpacked. What begins like gzip is unpacked whatever `gzip` says.
  void keep_body(std::size_t bytes_max, bool gzip);
  /// After the head: read the body to its end, and forget it.
  void discard_body();
  [[nodiscard]] std::size_t discarded_bytes() const { return discarded_; }

 private:
  using basic_parser::put;  // see read
  using error_code = boost::system::error_code;
  using field = boost::beast::http::field;
  using text = boost::beast::string_view;
  using verb = boost::beast::http::verb;

  void refuse(std::uint16_t status, std::string what, error_code& ec);
  bool check_framing(field name, std::string_view value, error_code& ec);
  std::size_t take(std::string_view piece, error_code& ec);

  void on_request_impl(verb method, text method_text, text target, int version, error_code& ec) override;
  void on_response_impl(int, text, int, error_code&) override {}
  void on_field_impl(field name, text name_text, text value, error_code& ec) override;
  void on_header_impl(error_code& ec) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& ec) override { ec = {}; }
  std::size_t on_body_impl(text piece, error_code& ec) override;
  void on_chunk_header_impl(std::uint64_t size, text extensions, error_code& ec) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, text piece, error_code& ec) override;
  void on_finish_impl(error_code& ec) override;

  HttpRequest& request_;
  std::string& target_;
  const HttpLimits& limits_;
  Fault fault_;
  std::optional<GzipInflater> inflater_;
  std::size_t bytes_max_ = 0;
  std::size_t discarded_ = 0;
  std::uint64_t chunk_left_ = 0;  // bytes of the chunk that is read
  int version_ = 11;
  bool discard_ = false;
  bool head_done_ = false;
  bool content_length_seen_ = false;
  bool transfer_encoding_seen_ = false;
  bool host_seen_ = false;
};

}  // namespace leadlight::net
