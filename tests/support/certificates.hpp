// Certificates for tests, made on the spot: self-signed, on an elliptic curve, in PEM files of a directory of their
// own.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace leadlight::test {

/// A directory that goes with its object.
class CertificateDirectory {
 public:
  CertificateDirectory() {
    auto pattern = (std::filesystem::temp_directory_path() / "leadlight_tls_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  CertificateDirectory(const CertificateDirectory&) = delete;
  CertificateDirectory& operator=(const CertificateDirectory&) = delete;
  ~CertificateDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

  /// Writes NAME.pem and NAME.key: a certificate for `common_name`, valid for `seconds` from now. A passphrase encrypts
  /// the key.
  void make(const std::string& name, const std::string& common_name, const char* passphrase = nullptr,
            long seconds = 86'400) const {
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), seconds);
    X509_set_pubkey(certificate.get(), key.get());
    auto* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);  // NOLINT
    X509_set_issuer_name(certificate.get(), subject);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> to(std::fopen(file(name + ".pem").c_str(), "w"), std::fclose);
    PEM_write_X509(to.get(), certificate.get());
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> secret(std::fopen(file(name + ".key").c_str(), "w"),
                                                                 std::fclose);
    PEM_write_PrivateKey(secret.get(), key.get(), passphrase == nullptr ? nullptr : EVP_aes_128_cbc(), nullptr, 0,
                         nullptr, const_cast<char*>(passphrase));  // NOLINT: OpenSSL's type
  }

 private:
  std::filesystem::path path_;
};

}  // namespace leadlight::test
