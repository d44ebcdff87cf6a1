// The spool's files after anything may have happened to them. The first byte chooses: the content of an entry under a
// good checksum, or a whole file (0xFF: that of an intact spool with a change in it), which opens, gives each intact
// entry once and takes new ones.
#include "storage/spool.hpp"

#include "tests/fuzz/resealed.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace leadlight::fuzz {
namespace {

namespace fs = std::filesystem;

struct Directory {
  fs::path path;

  Directory() {
    auto pattern = (fs::temp_directory_path() / "leadlight_fuzz_XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

/// The bytes of a spool that holds two entries and a mark.
std::string intact_file() {
  const Directory directory;
  auto spool = storage::Spool::open(directory.path, {});
  check(spool.ok(), "an empty spool opens");
  for (const auto* payload : {"first", "second", "third"}) check((*spool)->append(payload).ok(), "there is room");
  check((*spool)->sync().ok(), "the disk works");
  const std::uint64_t done[] = {1};
  (*spool)->remove(done);
  for (const auto& entry : fs::directory_iterator(directory.path)) {
    std::stringstream bytes;
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    return bytes.str();
  }
  return {};
}

void check_file(const std::string& bytes) {
  const Directory directory;
  std::ofstream(directory.path / "00000000000000000001.spool", std::ios::binary) << bytes;
  auto spool = storage::Spool::open(directory.path, {});
  if (!spool) return check_refusal(spool.error());
  std::uint64_t found = 0;
  for (auto at = (*spool)->next(0); at; at = (*spool)->next(*at)) {
    ++found;
    const auto payload = (*spool)->read(*at);
    if (!payload) check_refusal(payload.error());
  }
  check(found == (*spool)->pending(), "what is pending is found, once");
  const auto added = (*spool)->append("new");
  check(added.ok() && (*spool)->sync().ok(), "a spool goes on after damage");
  const auto read = (*spool)->read(*added);
  check(read.ok() && *read == "new", "what is added is read");
}

}  // namespace
}  // namespace leadlight::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leadlight::fuzz;  // NOLINT
  static const auto intact = intact_file();
  Input input(data, size);
  const auto choice = input.byte();
  if (choice < 0x80) {
    check_decoder(input.rest(), leadlight::storage::decode_spooled);
  } else if (choice == 0xFF) {
    auto bytes = intact;
    while (!input.empty() && !bytes.empty()) {
      const std::size_t at = input.byte();
      bytes[at % bytes.size()] ^= static_cast<char>(input.byte());
    }
    check_file(bytes);
  } else {
    check_file(std::string(input.rest()));
  }
  return 0;
}
