#include "net/http/request_parser.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>

namespace leadlight::net {
namespace {

constexpr std::size_t chunk_extensions_bytes_max = 256;

bool digits_only(std::string_view text) {
  return !text.empty() && text.size() <= 18 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Whether the value was folded over several lines: Beast joins those in a buffer of its own, or skips an empty first
/// line.
bool folded(std::string_view name, std::string_view value) {
  const char* const after_name = name.data() + name.size();
  constexpr std::size_t farthest = 64 * 1024;  // a value in the same read buffer stands close behind its name
  if (value.data() < after_name || static_cast<std::size_t>(value.data() - after_name) > farthest) return true;
  return std::find(after_name, value.data(), '\r') != value.data();
}

}  // namespace

RequestParser::RequestParser(HttpRequest& request, std::string& target, const HttpLimits& limits)
    : request_(request), target_(target), limits_(limits) {
  header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
  body_limit(boost::none);  // known after the head only: see keep_body
  eager(false);
}

std::size_t RequestParser::read(boost::asio::const_buffer bytes, error_code& ec) {
  // Beast looks at a last chunk that came in part, "0\r\n", again only when all 5 bytes of "0\r\n\r\n" are there, or
  // breaks an assertion. Within a chunk's own bytes nothing is held back.
  constexpr std::size_t last_chunk_bytes = 5;
  const bool at_chunk_head = head_done_ && chunked() && chunk_left_ == 0;
  if (at_chunk_head && bytes.size() < last_chunk_bytes &&
      (bytes.size() == 0 || *static_cast<const char*>(bytes.data()) == '0')) {
    ec = boost::beast::http::error::need_more;
    return 0;
  }
  return put(bytes, ec);
}

void RequestParser::refuse(std::uint16_t status, std::string what, error_code& ec) {
  fault_ = {status, std::move(what)};
  ec = boost::beast::http::error::bad_value;
}

void RequestParser::keep_body(std::size_t bytes_max, bool gzip) {
  bytes_max_ = bytes_max;
  if (gzip) inflater_.emplace(bytes_max, limits_.unpack_ratio_max);
  eager(true);
}

void RequestParser::discard_body() {
  discard_ = true;
  eager(true);
}

void RequestParser::on_request_impl(verb, text method_text, text target, int version, error_code& ec) {
  ec = {};
  version_ = version;
  if (target.size() > limits_.target_bytes_max)
    return refuse(414, "The request target has more than " + std::to_string(limits_.target_bytes_max) + " bytes", ec);
  request_.method.assign(method_text.data(), method_text.size());
  target_.assign(target.data(), target.size());
}

bool RequestParser::check_framing(field name, std::string_view value, error_code& ec) {
  const auto once = [&](bool& seen, const char* what) {
    if (seen) refuse(400, what, ec);
    return !std::exchange(seen, true);
  };
  switch (name) {
    case field::content_length:
      if (!once(content_length_seen_, "Content-Length is given twice")) return false;
      if (!digits_only(value)) return refuse(400, "Content-Length is not a number", ec), false;
      break;
    case field::transfer_encoding:
      if (!once(transfer_encoding_seen_, "Transfer-Encoding is given twice")) return false;
      if (version_ < 11 || !boost::beast::iequals(value, "chunked"))
        return refuse(400, "The only Transfer-Encoding taken is chunked, in HTTP/1.1", ec), false;
      break;
    case field::host:
      if (!once(host_seen_, "Host is given twice")) return false;
      break;
    default: break;
  }
  return true;
}

void RequestParser::on_field_impl(field name, text name_text, text value_text, error_code& ec) {
  ec = {};
  const std::string_view own_name(name_text.data(), name_text.size());
  const std::string_view value(value_text.data(), value_text.size());
  if (head_done_) return refuse(400, "Trailers are not taken", ec);
  if (folded(own_name, value)) return refuse(400, "A header is folded over several lines", ec);
  if (request_.headers.size() >= limits_.fields_max)
    return refuse(431, "The request has more than " + std::to_string(limits_.fields_max) + " headers", ec);
  if (!check_framing(name, value, ec)) return;
  auto& [kept_name, kept_value] = request_.headers.emplace_back();
  kept_name.resize(own_name.size());
  std::ranges::transform(own_name, kept_name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  kept_value.assign(value);
}

void RequestParser::on_header_impl(error_code& ec) {
  ec = {};
  head_done_ = true;
  if (content_length_seen_ && transfer_encoding_seen_)
    return refuse(400, "Content-Length and Transfer-Encoding exclude each other", ec);
  if (version_ >= 11 && !host_seen_) return refuse(400, "Host is missing", ec);
}

std::size_t RequestParser::take(std::string_view piece, error_code& ec) {
  ec = {};
  if (discard_) {
    discarded_ += piece.size();
    return piece.size();
  }
  constexpr char gzip_begins_with = '\x1F';  // and neither JSON nor a form does
  if (!inflater_ && request_.body.empty() && piece.starts_with(gzip_begins_with))
    inflater_.emplace(bytes_max_, limits_.unpack_ratio_max);
  if (inflater_) {
    if (const auto unpacked = inflater_->add(piece, request_.body); !unpacked)
      refuse(status_of(unpacked.error().code), unpacked.error().what, ec);
    return piece.size();
  }
  if (request_.body.size() + piece.size() > bytes_max_)
    refuse(413, "The body has more than " + std::to_string(bytes_max_) + " bytes", ec);
  else
    request_.body.append(piece);
  return piece.size();
}

std::size_t RequestParser::on_body_impl(text piece, error_code& ec) {
  return take({piece.data(), piece.size()}, ec);
}

void RequestParser::on_chunk_header_impl(std::uint64_t size, text extensions, error_code& ec) {
  ec = {};
  chunk_left_ = size;
  if (extensions.size() > chunk_extensions_bytes_max) refuse(400, "A chunk extension is too long", ec);
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, text piece, error_code& ec) {
  chunk_left_ -= piece.size();
  return take({piece.data(), piece.size()}, ec);
}

void RequestParser::on_finish_impl(error_code& ec) {
  ec = {};
  if (!inflater_ || discard_) return;
  if (const auto complete = inflater_->finish(); !complete)
    refuse(status_of(complete.error().code), complete.error().what, ec);
}

}  // namespace leadlight::net
