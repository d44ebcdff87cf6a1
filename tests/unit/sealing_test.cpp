// Secrets open with the key they were sealed with, and only unchanged; the key is nobody else's to read.
#include "storage/sealing.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/support/stores.hpp"

namespace leadlight::storage {
namespace {

const SecretPairs secrets{{"client_secret", "s3cr3t"}, {"refresh_token", std::string("\0\xFF", 2)}};

class SealingTest : public testing::Test {
 protected:
  void SetUp() override { ::unsetenv("LEADLIGHT_SECRET_KEY_FILE"); }
  void TearDown() override { ::unsetenv("LEADLIGHT_SECRET_KEY_FILE"); }
  [[nodiscard]] std::filesystem::path key_file() const { return scratch_.path() / "secret.key"; }

  tests::ScratchDirectory scratch_;
};

TEST_F(SealingTest, OpensWhatItSealed) {
  const auto sealer = Sealer::open(scratch_.path(), true);
  ASSERT_TRUE(sealer.ok()) << sealer.error().what;
  const auto sealed = sealer->seal(secrets);
  EXPECT_EQ(sealed.find("s3cr3t"), std::string::npos);
  EXPECT_NE(sealed, sealer->seal(secrets)) << "each time under another nonce";
  EXPECT_EQ(*sealer->unseal(sealed), secrets);
  EXPECT_EQ(*sealer->unseal(sealer->seal({})), SecretPairs{});
  EXPECT_EQ(*Sealer::open(scratch_.path(), true)->unseal(sealed), secrets) << "the key stays";
}

TEST_F(SealingTest, EveryChangedByteAndEveryCutIsFound) {
  const auto sealer = *Sealer::open(scratch_.path(), true);
  const auto sealed = sealer.seal(secrets);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto opened = sealer.unseal(changed);
    ASSERT_FALSE(opened.ok()) << "byte " << i;
    EXPECT_EQ(opened.error().code, engine::Errc::corrupt);
    EXPECT_FALSE(sealer.unseal(std::string_view(sealed).substr(0, i)).ok());
  }
}

TEST_F(SealingTest, AnotherKeyDoesNotOpenIt) {
  const tests::ScratchDirectory other;
  const auto sealed = Sealer::open(scratch_.path(), true)->seal(secrets);
  const auto opened = Sealer::open(other.path(), true)->unseal(sealed);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, engine::Errc::corrupt);
}

TEST_F(SealingTest, TheKeyIsMadeOnlyWhenAskedForAndForTheOwnerAlone) {
  const auto none = Sealer::open(scratch_.path(), false);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, engine::Errc::not_found);
  ASSERT_TRUE(Sealer::open(scratch_.path(), true).ok());
  struct stat status {};
  ASSERT_EQ(::stat(key_file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(status.st_size, 32);
}

TEST_F(SealingTest, AKeyThatOthersMayReadIsRefused) {
  ASSERT_TRUE(Sealer::open(scratch_.path(), true).ok());
  for (const mode_t mode : {0640U, 0604U, 0620U, 0601U}) {
    ASSERT_EQ(::chmod(key_file().c_str(), mode), 0);
    const auto opened = Sealer::open(scratch_.path(), true);
    ASSERT_FALSE(opened.ok()) << mode;
    EXPECT_EQ(opened.error().code, engine::Errc::invalid);
    EXPECT_NE(opened.error().what.find("chmod 600"), std::string::npos) << opened.error().what;
  }
}

TEST_F(SealingTest, AKeyOfTheWrongSizeIsRefused) {
  std::ofstream(key_file()) << "short";
  ASSERT_EQ(::chmod(key_file().c_str(), 0600), 0);
  const auto opened = Sealer::open(scratch_.path(), true);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, engine::Errc::invalid);
}

TEST_F(SealingTest, TheEnvironmentNamesAnotherFile) {
  const auto sealed = Sealer::open(scratch_.path(), true)->seal(secrets);
  const auto elsewhere = scratch_.path() / "elsewhere.key";
  std::filesystem::rename(key_file(), elsewhere);
  ::setenv("LEADLIGHT_SECRET_KEY_FILE", elsewhere.c_str(), 1);
  EXPECT_EQ(*Sealer::open(scratch_.path(), true)->unseal(sealed), secrets);
  EXPECT_FALSE(std::filesystem::exists(key_file()));
  ::setenv("LEADLIGHT_SECRET_KEY_FILE", "/nonexistent/secret.key", 1);
  EXPECT_EQ(Sealer::open(scratch_.path(), true).error().code, engine::Errc::not_found);
}

TEST(Sha256, AgreesWithThePublishedVector) {
  const auto hash = sha256("abc");  // FIPS 180-2, appendix B.1
  EXPECT_EQ(hash[0], 0xBA);
  EXPECT_EQ(hash[31], 0xAD);
}

TEST(RandomBytes, AreAsManyAsAskedAndDiffer) {
  EXPECT_EQ(random_bytes(0).size(), 0U);
  EXPECT_EQ(random_bytes(20).size(), 20U);
  EXPECT_NE(random_bytes(20), random_bytes(20));
}

}  // namespace
}  // namespace leadlight::storage
