#include "net/http/tls.hpp"

#include "logging/log.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

namespace leadlight::net {
namespace {

using engine::Errc;
using engine::Error;
using engine::Result;

constexpr std::chrono::hours warn_before{14 * 24};
constexpr const char* ciphers_of_tls_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20";

/// The newest complaint of OpenSSL on this thread, in its words.
std::string complaint() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_peek_last_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

Error refused(const std::string& file, const std::string& why, const char* field) {
  return {Errc::invalid, "TLS: " + file + ": " + why, field};
}

engine::Status readable(const std::string& file, const char* field) {
  if (std::ifstream(file).good()) return engine::Ok{};
  return refused(file,
                 std::string("cannot be read: ") + std::strerror(errno) + "; name a PEM file that this user may read",
                 field);
}

/// Only http/1.1 is spoken; who offers other protocols alone is refused.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  constexpr std::string_view own = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(own.data()),  // NOLINT
                            static_cast<unsigned>(own.size()), offered, offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// A passphrase is never asked for on a terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

Result<std::shared_ptr<SSL_CTX>> make_context(const std::string& certificate, const std::string& key) {
  if (const auto read = readable(certificate, "certificate"); !read) return read.error();
  if (const auto read = readable(key, "key"); !read) return read.error();
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return Error{Errc::unavailable, "TLS: " + complaint(), ""};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context.get(), ciphers_of_tls_1_2);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Idle connections keep no buffers; a write that did not fit is tried again from wherever its bytes are then.
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 1);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context.get(), no_passphrase);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1)
    return refused(certificate, "is not a certificate in PEM form, followed by its chain (" + complaint() + ")",
                   "certificate");
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
    return refused(key,
                   "is not an unencrypted private key in PEM form that fits " + certificate + " (" + complaint() + ")",
                   "key");
  if (SSL_CTX_check_private_key(context.get()) != 1)
    return refused(key, "is not the key of " + certificate + "; name the two that were issued together", "key");
  return context;
}

}  // namespace

void SslFree::operator()(SSL* ssl) const {
  SSL_free(ssl);
}

Result<std::shared_ptr<TlsIdentity>> TlsIdentity::load(std::string certificate_file, std::string key_file) {
  std::shared_ptr<TlsIdentity> identity(new TlsIdentity(std::move(certificate_file), std::move(key_file)));
  if (auto loaded = identity->reload(); !loaded) return loaded.error();
  return identity;
}

engine::Status TlsIdentity::reload() {
  auto context = make_context(certificate_file_, key_file_);
  if (!context) return context.error();
  const std::lock_guard lock(mutex_);
  context_ = *std::move(context);
  return engine::Ok{};
}

std::shared_ptr<SSL_CTX> TlsIdentity::context() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

SslPtr TlsIdentity::begin(int socket) const {
  SslPtr ssl(SSL_new(context().get()));  // holds the context from here on
  if (ssl && SSL_set_fd(ssl.get(), socket) != 1) return nullptr;
  if (ssl) SSL_set_accept_state(ssl.get());
  return ssl;
}

std::string TlsIdentity::ends_at() const {
  const auto* certificate = SSL_CTX_get0_certificate(context().get());
  const std::unique_ptr<BIO, int (*)(BIO*)> text(BIO_new(BIO_s_mem()), BIO_free);
  if (certificate == nullptr || !text || ASN1_TIME_print(text.get(), X509_get0_notAfter(certificate)) != 1) return {};
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(text.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

/// Until the certificate ends; below zero: it has.
std::chrono::seconds TlsIdentity::left() const {
  const auto* certificate = SSL_CTX_get0_certificate(context().get());
  int days = 0;
  int seconds = 0;
  if (certificate == nullptr || ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate)) != 1)
    return std::chrono::seconds{0};
  return std::chrono::hours{24} * days + std::chrono::seconds{seconds};
}

void TlsIdentity::log_end() const {
  const auto rest = left();
  const std::vector<logging::Field> fields = {
      {"component", "tls"}, {"certificate", certificate_file_}, {"ends_at", ends_at()}};
  if (rest.count() <= 0)
    logging::warn("the certificate has ended, senders refuse it: renew it and send SIGHUP", fields);
  else if (rest <= warn_before)
    logging::warn("the certificate ends within 14 days: renew it and send SIGHUP", fields);
  else
    logging::info("the certificate is good", fields);
}

}  // namespace leadlight::net
