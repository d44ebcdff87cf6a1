// Unpacking: limits hold at every moment, pieces give what the whole gives, and what zlib packs comes back.
#include "net/http/gzip.hpp"

#include "tests/fuzz/fuzz.hpp"

#include <zlib.h>

namespace leadlight::fuzz {
namespace {

constexpr std::size_t bytes_max = 64U << 10U;
constexpr std::size_t ratio_max = 100;

engine::Result<std::string> unpack(std::string_view packed, std::size_t step) {
  net::GzipInflater inflater(bytes_max, ratio_max);
  std::string to;
  while (!packed.empty()) {
    const auto piece = packed.substr(0, step);
    packed.remove_prefix(piece.size());
    const auto added = inflater.add(piece, to);
    check(to.size() <= bytes_max, "no more than the limit is unpacked");
    if (!added) return added.error();
  }
  if (const auto whole = inflater.finish(); !whole) return whole.error();
  return to;
}

std::string pack(std::string_view bytes, int level) {
  z_stream state{};
  check(deflateInit2(&state, level, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib packs");
  std::string packed(deflateBound(&state, bytes.size()), '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT: zlib reads only
  state.avail_in = static_cast<uInt>(bytes.size());
  state.next_out = reinterpret_cast<Bytef*>(packed.data());  // NOLINT
  state.avail_out = static_cast<uInt>(packed.size());
  check(deflate(&state, Z_FINISH) == Z_STREAM_END, "zlib packs");
  packed.resize(state.total_out);
  deflateEnd(&state);
  return packed;
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  Input input(data, size);
  const auto choice = input.byte();
  const std::size_t step = 1 + choice % 32;
  const auto bytes = input.rest();
  const auto whole = unpack(bytes, std::max<std::size_t>(bytes.size(), 1));
  const auto pieces = unpack(bytes, step);
  check(whole.ok() || !whole.error().what.empty(), "a refusal says what is wrong");
  check(whole.ok() == pieces.ok(), "how the bytes are cut makes no difference");
  if (whole) check(*whole == *pieces, "pieces give what the whole gives");

  const auto packed = pack(bytes, choice % 10);
  const auto back = unpack(packed, step + 16);
  if (back) check(*back == bytes, "what was packed comes back");
  if (!back) check(back.error().code == leadlight::engine::Errc::too_large, "only a limit refuses sound gzip");
  return 0;
}
