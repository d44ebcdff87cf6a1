// Records of the log: bytes under a checksum that holds (so that the fields are on their own) are a record that writes
// itself the same again, or corrupt.
#include "storage/codec/codec.hpp"

#include "tests/fuzz/resealed.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  namespace storage = leadlight::storage;
  const auto content = Input(data, size).rest();
  check_decoder(content, storage::decode_record);
  return 0;
}
