// Request ids: a ULID (48 bits of milliseconds, 80 random bits, Crockford's base 32), so that they sort by time.
#include "net/http/http.hpp"

#include <random>

namespace leadlight::net {
namespace {

std::uint64_t random_bits() {
  // One generator a thread: ids must differ, not be secret, and asking the system for each costs a call.
  thread_local std::mt19937_64 generator = [] {
    std::random_device system;
    std::seed_seq seed{system(), system(), system(), system(), system(), system(), system(), system()};
    return std::mt19937_64(seed);
  }();
  return generator();
}

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void put(std::string& id, std::uint64_t bits, int characters) {
  for (int i = characters - 1; i >= 0; --i) id += alphabet[(bits >> (static_cast<unsigned>(i) * 5U)) & 31U];
}

}  // namespace

std::string make_request_id(engine::Timestamp at) {
  std::string id;
  id.reserve(30);
  id = "req_";
  put(id, static_cast<std::uint64_t>(engine::to_ms(at)) & 0xFFFF'FFFF'FFFFULL, 10);
  put(id, random_bits(), 8);  // 40 bits each
  put(id, random_bits(), 8);
  return id;
}

}  // namespace leadlight::net
