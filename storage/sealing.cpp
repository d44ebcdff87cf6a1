// sealed := version:u8 nonce:12 ciphertext tag:16          (version 1; the version byte is authenticated too)
// plain  := count:u32 (name:text value:text)*
#include "storage/sealing.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "storage/codec/reader.hpp"
#include "storage/codec/writer.hpp"

namespace leadlight::storage {
namespace {

constexpr std::uint8_t version_newest = 1;
constexpr std::size_t key_bytes = 32;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t file_bytes_max = 4096;
constexpr const char* key_file_variable = "LEADLIGHT_SECRET_KEY_FILE";

using Key = std::array<std::uint8_t, key_bytes>;
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

class File {
 public:
  File(const std::filesystem::path& path, int flags, mode_t mode) : descriptor_(::open(path.c_str(), flags, mode)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

engine::Error system_error(const std::filesystem::path& path, std::string_view doing) {
  const int number = errno;
  const auto code = number == ENOENT ? engine::Errc::not_found : engine::Errc::io_error;
  return {code, std::string(doing) + " " + path.string() + ": " + std::strerror(number), path.string()};
}

engine::Result<Key> read_key(const std::filesystem::path& path) {
  const File file(path, O_RDONLY | O_CLOEXEC, 0);
  if (file.descriptor() < 0) {
    auto error = system_error(path, "cannot open the secret key");
    error.what += "; put it back from a backup, or name the file in LEADLIGHT_SECRET_KEY_FILE";
    return error;
  }
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return system_error(path, "cannot examine the secret key");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return engine::Error{engine::Errc::invalid,
                         "the secret key " + path.string() +
                             " may be used by others; take their rights away: chmod 600 " + path.string(),
                         path.string()};
  }
  std::string bytes(file_bytes_max, '\0');
  const auto size = ::read(file.descriptor(), bytes.data(), bytes.size());
  if (size < 0) return system_error(path, "cannot read the secret key");
  if (static_cast<std::size_t>(size) != key_bytes) {
    return engine::Error{engine::Errc::invalid,
                         "the secret key " + path.string() + " has " + std::to_string(size) + " bytes; it must have " +
                             std::to_string(key_bytes),
                         path.string()};
  }
  Key key{};
  std::memcpy(key.data(), bytes.data(), key.size());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

// The key must be on the disk before anything is sealed with it: a secret whose key was lost is lost.
engine::Status write_key(const std::filesystem::path& path, std::string_view bytes) {
  const File file(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file.descriptor() < 0) return system_error(path, "cannot make the secret key");
  if (::write(file.descriptor(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      ::fsync(file.descriptor()) != 0) {
    return system_error(path, "cannot write the secret key");
  }
  const File directory(path.parent_path(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (directory.descriptor() < 0 || ::fsync(directory.descriptor()) != 0) {
    return system_error(path.parent_path(), "cannot sync");
  }
  return engine::Ok{};
}

const std::uint8_t* octets(const char* bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes);
}
std::uint8_t* octets(char* bytes) {
  return reinterpret_cast<std::uint8_t*>(bytes);
}

Cipher cipher() {
  return {EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
}

std::string plain_of(const SecretPairs& secrets) {
  std::size_t bytes = sizeof(std::uint32_t);
  for (const auto& [name, value] : secrets) bytes += 2 * sizeof(std::uint32_t) + name.size() + value.size();
  Writer to(bytes);
  to.u32(static_cast<std::uint32_t>(secrets.size()));
  for (const auto& [name, value] : secrets) {
    to.text(name);
    to.text(value);
  }
  return std::move(to).take();
}

engine::Result<SecretPairs> pairs_of(std::string_view plain) {
  Reader from(plain);
  SecretPairs secrets;
  const auto count = from.count(2 * sizeof(std::uint32_t));
  secrets.reserve(count);
  for (std::size_t i = 0; i < count && !from.failed(); ++i) {
    std::string name(from.text());
    secrets.emplace_back(std::move(name), from.text());
  }
  return close_value(from, std::move(secrets), "sealed secrets");
}

}  // namespace

engine::Result<Sealer> Sealer::open(const std::filesystem::path& data_directory, bool create) {
  if (const char* elsewhere = std::getenv(key_file_variable); elsewhere != nullptr && *elsewhere != '\0') {
    const auto key = read_key(elsewhere);
    if (!key) return key.error();
    return Sealer(*key);
  }
  const auto path = data_directory / "secret.key";
  auto key = read_key(path);
  if (!key && create && key.error().code == engine::Errc::not_found) {
    auto fresh = random_bytes(key_bytes);
    const auto written = write_key(path, fresh);
    OPENSSL_cleanse(fresh.data(), fresh.size());
    if (!written) return written.error();
    key = read_key(path);
  }
  if (!key) return key.error();
  return Sealer(*key);
}

std::string Sealer::seal(const SecretPairs& secrets) const {
  auto plain = plain_of(secrets);
  std::string sealed(1, static_cast<char>(version_newest));
  sealed += random_bytes(nonce_bytes);
  sealed.resize(1 + nonce_bytes + plain.size() + tag_bytes);
  auto* bytes = octets(sealed.data());
  auto* content = bytes + 1 + nonce_bytes;
  const auto context = cipher();
  int written = 0;
  int rest = 0;
  const bool sealed_well =
      context && EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(), bytes + 1) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &written, bytes, 1) == 1 &&
      EVP_EncryptUpdate(context.get(), content, &written, octets(plain.data()), static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(context.get(), content + written, &rest) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_bytes), content + plain.size()) ==
          1;
  OPENSSL_cleanse(plain.data(), plain.size());
  assert(sealed_well && "AES-256-GCM of OpenSSL does not work; nothing may be stored unsealed");
  if (!sealed_well) std::abort();
  return sealed;
}

engine::Result<SecretPairs> Sealer::unseal(std::string_view sealed) const {
  constexpr std::string_view what = "sealed secrets";
  if (sealed.size() < 1 + nonce_bytes + tag_bytes) return corrupt(what, "cut short");
  if (static_cast<std::uint8_t>(sealed.front()) != version_newest)
    return corrupt(what, "their version is not known here");
  const auto* bytes = octets(sealed.data());
  const auto content_bytes = sealed.size() - 1 - nonce_bytes - tag_bytes;
  std::string plain(content_bytes, '\0');
  std::string tag(sealed.substr(sealed.size() - tag_bytes));
  const auto context = cipher();
  int written = 0;
  int rest = 0;
  const bool opened =
      context && EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(), bytes + 1) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &written, bytes, 1) == 1 &&
      EVP_DecryptUpdate(context.get(), octets(plain.data()), &written, bytes + 1 + nonce_bytes,
                        static_cast<int>(content_bytes)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag_bytes), tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), octets(plain.data()) + written, &rest) == 1;
  auto secrets = opened ? pairs_of(plain)
                        : engine::Result<SecretPairs>(corrupt(
                              what,
                              "they do not open; bytes have changed, or the secret key is not the one they were "
                              "sealed with"));
  OPENSSL_cleanse(plain.data(), plain.size());
  return secrets;
}

std::array<std::uint8_t, 32> Sealer::derive(std::string_view purpose) const {
  std::array<std::uint8_t, 32> derived{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(purpose.data()),
       purpose.size(), derived.data(), &size);
  return derived;
}

std::array<std::uint8_t, 32> sha256(std::string_view bytes) {
  // Fetched once: looking the algorithm up costs more than hashing a lead.
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::array<std::uint8_t, 32> hash{};
  unsigned int size = 0;
  const bool hashed = EVP_Digest(bytes.data(), bytes.size(), hash.data(), &size, algorithm, nullptr) == 1;
  assert(hashed && size == hash.size());
  if (!hashed) std::abort();
  return hash;
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  const bool drawn = RAND_bytes(octets(bytes.data()), static_cast<int>(count)) == 1;
  assert(drawn && "the system's generator gives no bytes; no key or nonce may be made without it");
  if (!drawn) std::abort();
  return bytes;
}

}  // namespace leadlight::storage
