#include "net/http/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;
using engine::Ok;

constexpr int gzip_only = 16 + MAX_WBITS;

Error not_gzip() {
  return {Errc::invalid, "The request body is not valid gzip", {}};
}

}  // namespace

struct GzipInflater::Stream {
  z_stream state{};
  bool ready = false;
};

GzipInflater::GzipInflater(std::size_t bytes_max, std::size_t ratio_max)
    : stream_(std::make_unique<Stream>()), bytes_max_(bytes_max), ratio_max_(ratio_max) {
  stream_->ready = inflateInit2(&stream_->state, gzip_only) == Z_OK;
}

GzipInflater::~GzipInflater() {
  inflateEnd(&stream_->state);
}

engine::Status GzipInflater::add(std::string_view packed, std::string& to) {
  if (!stream_->ready) return Error{Errc::unavailable, "No memory to unpack the request body", {}};
  auto& state = stream_->state;
  packed_ += packed.size();
  // Members and blocks may be empty, and names in a head have no end: what unpacks to nothing has a limit too.
  if (packed_ > bytes_max_)
    return Error{Errc::too_large, "The body has more than " + std::to_string(bytes_max_) + " bytes", {}};
  // zlib's interface is not const-correct; it does not write to its input.
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // NOLINT
  state.avail_in = static_cast<uInt>(packed.size());
  std::array<char, 32 * 1024> piece;  // NOLINT: filled by zlib
  bool more = state.avail_in > 0;
  while (more) {
    if (at_member_end_) {  // RFC 1952 allows several members, one after another
      if (inflateReset(&state) != Z_OK) return not_gzip();
      at_member_end_ = false;
    }
    state.next_out = reinterpret_cast<Bytef*>(piece.data());  // NOLINT
    state.avail_out = static_cast<uInt>(piece.size());
    const int outcome = inflate(&state, Z_NO_FLUSH);
    if (outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR) return not_gzip();
    const auto got = piece.size() - state.avail_out;
    unpacked_ += got;
    if (unpacked_ > bytes_max_)
      return Error{Errc::too_large, "The body has more than " + std::to_string(bytes_max_) + " bytes unpacked", {}};
    to.append(piece.data(), got);
    at_member_end_ = outcome == Z_STREAM_END;
    more = state.avail_in > 0 || (!at_member_end_ && state.avail_out == 0);
  }
  return Ok{};
}

engine::Status GzipInflater::finish() const {
  if (!at_member_end_) return not_gzip();
  if (unpacked_ > packed_ * ratio_max_)
    return Error{
        Errc::too_large, "The body unpacks to more than " + std::to_string(ratio_max_) + " times its size", {}};
  return Ok{};
}

}  // namespace leadlight::net
