// Goal: the spool keeps its header's promises: what was synced is there after any end of the process, a torn tail is
// cut and told, a changed byte is found, nothing grows beyond `bytes_max`. Method: real files, cut and changed byte by
// byte.
#include "storage/spool.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace leadlight::storage {
namespace {

namespace fs = std::filesystem;

class SpoolFiles : public ::testing::Test {
 protected:
  SpoolFiles() {
    auto pattern = (fs::temp_directory_path() / "leadlight_spool_XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  SpoolFiles(const SpoolFiles&) = delete;
  SpoolFiles& operator=(const SpoolFiles&) = delete;
  ~SpoolFiles() override { fs::remove_all(root_); }

  [[nodiscard]] fs::path directory() const { return root_ / "spool"; }
  [[nodiscard]] std::unique_ptr<Spool> open(SpoolOptions options = {}) const {
    auto spool = Spool::open(directory(), options);
    EXPECT_TRUE(spool) << (spool ? "" : spool.error().what);
    return spool ? *std::move(spool) : nullptr;
  }
  [[nodiscard]] std::vector<fs::path> files(std::string_view extension = ".spool") const {
    std::vector<fs::path> all;
    for (const auto& file : fs::directory_iterator(directory()))
      if (file.path().extension() == extension) all.push_back(file.path());
    std::sort(all.begin(), all.end());
    return all;
  }
  static std::string bytes_of(const fs::path& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  static void write(const fs::path& path, std::string_view bytes) {
    std::ofstream{path, std::ios::binary | std::ios::trunc}.write(bytes.data(),
                                                                  static_cast<std::streamsize>(bytes.size()));
  }

 private:
  fs::path root_;
};

std::vector<std::string> pending_of(const Spool& spool) {
  std::vector<std::string> all;
  for (auto at = spool.next(0); at; at = spool.next(*at)) {
    auto payload = spool.read(*at);
    all.push_back(payload ? *payload : "unreadable");
  }
  return all;
}

std::uint64_t add(Spool& spool, std::string_view payload) {
  auto sequence = spool.append(payload);
  EXPECT_TRUE(sequence);
  EXPECT_TRUE(spool.sync());
  return sequence ? *sequence : 0;
}

using Payloads = std::vector<std::string>;

TEST_F(SpoolFiles, WhatWasSyncedIsThereInOrderAfterItIsOpenedAgain) {
  {
    auto spool = open();
    add(*spool, "first");
    ASSERT_TRUE(spool->append("second"));
    ASSERT_TRUE(spool->append(""));
    EXPECT_EQ(spool->pending(), 1U) << "a group counts once it is synced";
    ASSERT_TRUE(spool->sync());
    ASSERT_TRUE(spool->append("never synced"));
  }
  auto spool = open();
  EXPECT_EQ(pending_of(*spool), (Payloads{"first", "second", ""}));
  EXPECT_TRUE(spool->findings().empty());
  EXPECT_GT(add(*spool, "third"), 3U);
  EXPECT_EQ(pending_of(*spool).back(), "third");
}

TEST_F(SpoolFiles, WhatIsRemovedStaysRemovedAndAnEmptySpoolHasNoFiles) {
  {
    auto spool = open();
    const std::vector<std::uint64_t> sequences{add(*spool, "a"), add(*spool, "b"), add(*spool, "c")};
    spool->remove({sequences.data() + 1, 1});
    spool->remove({sequences.data() + 1, 1});
    EXPECT_EQ(spool->pending(), 2U);
    EXPECT_FALSE(spool->read(sequences[1]));
  }
  auto spool = open();
  EXPECT_EQ(pending_of(*spool), (Payloads{"a", "c"}));
  std::vector<std::uint64_t> rest;
  for (auto at = spool->next(0); at; at = spool->next(*at)) rest.push_back(*at);
  spool->remove(rest);
  EXPECT_EQ(spool->bytes(), 0U);
  EXPECT_TRUE(files().empty());
  EXPECT_EQ(pending_of(*open()), Payloads{});
}

TEST_F(SpoolFiles, ASegmentGoesWhenAllOfItIsRemoved) {
  auto spool = open({1U << 20U, 100});
  std::vector<std::uint64_t> sequences;
  for (int i = 0; i < 9; ++i) sequences.push_back(add(*spool, std::string(50, 'x')));
  const auto before = files().size();
  EXPECT_GE(before, 4U);
  spool->remove({sequences.data(), 4});
  EXPECT_LT(files().size(), before);
  EXPECT_EQ(spool->pending(), 5U);
  std::uint64_t size = 0;
  for (const auto& file : files()) size += fs::file_size(file);
  EXPECT_EQ(spool->bytes(), size);
}

TEST_F(SpoolFiles, ItTakesNoMoreThanItsLimit) {
  auto spool = open({1'000, 300});
  std::size_t taken = 0;
  for (; taken < 100 && spool->append(std::string(60, 'x')); ++taken) ASSERT_TRUE(spool->sync());
  EXPECT_GT(taken, 5U);
  EXPECT_LT(taken, 13U);
  EXPECT_LE(spool->bytes(), 1'000U);
  const auto refused = spool->append(std::string(60, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, engine::Errc::unavailable);
  const auto first = *spool->next(0);
  std::vector<std::uint64_t> some;
  for (auto at = first; at < first + 6; ++at) some.push_back(at);
  spool->remove(some);
  EXPECT_TRUE(spool->append(std::string(60, 'x'))) << "room is given back";
}

TEST_F(SpoolFiles, EveryCutOfTheLastEntryIsATornTailThatIsCutAndTold) {
  {
    auto spool = open();
    add(*spool, "kept");
    add(*spool, "torn");
  }
  const auto path = files().at(0);
  const auto whole = bytes_of(path);
  const auto last = whole.rfind("SPLE");
  for (auto size = last + 1; size < whole.size(); ++size) {
    write(path, std::string_view{whole}.substr(0, size));
    auto spool = open();
    EXPECT_EQ(pending_of(*spool), Payloads{"kept"}) << size;
    ASSERT_EQ(spool->findings().size(), 1U) << size;
    EXPECT_NE(spool->findings()[0].find(std::to_string(size - last) + " bytes"), std::string::npos);
    EXPECT_EQ(fs::file_size(path), last);
    add(*spool, "after");
    spool.reset();
    EXPECT_EQ(pending_of(*open()), (Payloads{"kept", "after"})) << size;
  }
}

TEST_F(SpoolFiles, AFileThatWasOnlyBegunHoldsNothing) {
  { add(*open(), "x"); }
  const auto path = files().at(0);
  const auto whole = bytes_of(path);
  for (std::size_t size = 0; size <= 20; ++size) {
    write(path, std::string_view{whole}.substr(0, size));
    auto spool = open();
    EXPECT_EQ(spool->pending(), 0U);
    spool.reset();
    EXPECT_TRUE(files().empty()) << size;
  }
}

TEST_F(SpoolFiles, EveryChangedByteIsFoundAndCostsItsOwnEntryAlone) {
  const Payloads payloads{"entry one", "entry two", "entry three"};
  {
    auto spool = open();
    for (const auto& payload : payloads) add(*spool, payload);
  }
  const auto path = files().at(0);
  const auto whole = bytes_of(path);
  const auto seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937 random{seed};
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ static_cast<char>(1U << (random() % 8)));
    fs::remove(path.string() + ".damaged");
    write(path, changed);
    auto opened = Spool::open(directory(), {});
    if (!opened) {  // a version that is not known: only the version byte can say that, and its checksum would not hold
      ADD_FAILURE() << at << ": " << opened.error().what;
      continue;
    }
    auto& spool = **opened;
    const auto left = pending_of(spool);
    EXPECT_EQ(spool.findings().size(), 1U) << "byte " << at << " was changed, and nothing said so";
    EXPECT_GE(left.size() + (at < 20 ? 0U : 1U), payloads.size()) << "byte " << at;
    for (const auto& payload : left) EXPECT_NE(std::find(payloads.begin(), payloads.end(), payload), payloads.end());
    std::vector<std::uint64_t> all;
    for (auto next = spool.next(0); next; next = spool.next(*next)) all.push_back(*next);
    spool.remove(all);
    EXPECT_EQ(files(".damaged").size(), spool.damaged()) << "what was damaged is kept for the operator";
  }
}

TEST_F(SpoolFiles, AByteThatChangesWhileItIsOpenIsFoundOnReading) {
  auto spool = open();
  const auto sequence = add(*spool, "entry");
  const auto path = files().at(0);
  const int file = ::open(path.c_str(), O_RDWR);
  ASSERT_GE(file, 0);
  ASSERT_EQ(::pwrite(file, "X", 1, static_cast<off_t>(bytes_of(path).find("entry"))), 1);
  ::close(file);
  const auto read = spool->read(sequence);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, engine::Errc::corrupt);
}

TEST_F(SpoolFiles, AVersionThatIsNotKnownIsLeftAlone) {
  { add(*open(), "x"); }
  const auto path = files().at(0);
  // The header of version 2 that a later program would write: magic, version, first = 1, CRC32C.
  std::string later = bytes_of(path);
  later[7] = 2;
  const unsigned char sum[4] = {0x55, 0xF4, 0x3B, 0x32};
  std::copy(std::begin(sum), std::end(sum), later.begin() + 16);
  write(path, later);
  const auto opened = Spool::open(directory(), {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, engine::Errc::corrupt);
  EXPECT_EQ(bytes_of(path), later);
}

TEST_F(SpoolFiles, ADirectoryThatCannotBeMadeIsAnError) {
  write(directory(), "a file");
  const auto opened = Spool::open(directory(), {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, engine::Errc::io_error);
}

TEST_F(SpoolFiles, TheBytesOfAReleasedVersionStayAsTheyAre) {
  {
    auto spool = open();
    const auto first = add(*spool, "ab");
    add(*spool, "c");
    spool->remove({&first, 1});
  }
  // Written by hand from the grammar in spool.hpp; CRC32C by an independent implementation.
  const std::string golden =
      "4C4C53504F4F4C01"
      "0100000000000000"
      "7CF8942B"
      "53504C45"
      "02000000"
      "01"
      "0100000000000000"
      "6162"
      "92FCF7D3"
      "53504C45"
      "01000000"
      "01"
      "0200000000000000"
      "63"
      "E5A33D76"
      "53504C45"
      "08000000"
      "02"
      "0000000000000000"
      "0100000000000000"
      "604AFC50";
  std::string hex;
  for (const char c : bytes_of(files().at(0))) {
    const auto byte = static_cast<unsigned char>(c);
    constexpr char digits[] = "0123456789ABCDEF";
    hex += digits[byte >> 4U];
    hex += digits[byte & 15U];
  }
  EXPECT_EQ(hex, golden);
}

}  // namespace
}  // namespace leadlight::storage
