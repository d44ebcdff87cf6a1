// Sealed secrets: what was sealed opens as what it was, and with any other bytes it does not open at all.
#include "storage/sealing.hpp"

#include "tests/fuzz/fuzz.hpp"

#include <cstdlib>
#include <filesystem>

namespace leadlight::fuzz {
namespace {

storage::Sealer new_sealer() {
  auto pattern = (std::filesystem::temp_directory_path() / "leadlight_fuzz_XXXXXX").string();
  const std::filesystem::path directory = ::mkdtemp(pattern.data());
  auto sealer = storage::Sealer::open(directory, true);
  std::filesystem::remove_all(directory);
  check(sealer.ok(), "a key can be made");
  return *std::move(sealer);
}

storage::SecretPairs pairs_of(Input& input) {
  storage::SecretPairs pairs;
  while (!input.empty()) {
    std::string name(input.line());
    pairs.emplace_back(std::move(name), input.line());
  }
  return pairs;
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  static const auto sealer = new_sealer();
  Input input(data, size);
  check(!sealer.unseal(input.rest()), "bytes that nobody sealed do not open");
  const auto place = input.number();
  const auto change = static_cast<char>(1 + input.byte() % 255);
  const auto pairs = pairs_of(input);
  auto sealed = sealer.seal(pairs);
  const auto opened = sealer.unseal(exactly(sealed));
  check(opened.ok() && *opened == pairs, "what was sealed opens as what it was");
  sealed[place % sealed.size()] ^= change;
  check(!sealer.unseal(sealed), "one changed byte is seen");
  sealed.resize(place % sealed.size());
  check(!sealer.unseal(sealed), "a cut is seen");
  return 0;
}
