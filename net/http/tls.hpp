// The server's side of TLS: the certificate it shows and the key behind it, read from files and read again on request.
//
// TLS 1.2 and 1.3, with forward secrecy and authenticated encryption alone; no renegotiation, no compression. A
// connection keeps the certificate it began with. Private to net/ but for `TlsIdentity`.
#pragma once

#include "engine/result.hpp"

#include <openssl/types.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

namespace leadlight::net {

struct SslFree {
  void operator()(SSL* ssl) const;
};
/// One connection's TLS.
using SslPtr = std::unique_ptr<SSL, SslFree>;

class TlsIdentity {
 public:
  /// Reads two PEM files: the certificate, followed by its chain, and the key, which is not encrypted.
  /// Errors: invalid, naming the file, what is wrong with it, and a remedy.
  static engine::Result<std::shared_ptr<TlsIdentity>> load(std::string certificate_file, std::string key_file);

  /// Reads both files again, for the connections to come; when they are not good the old certificate stays.
  /// Errors: as `load`. Thread: any.
  engine::Status reload();
  /// TLS for one accepted connection on the descriptor `socket`; none: no memory. Thread: any.
  [[nodiscard]] SslPtr begin(int socket) const;
  /// When the certificate ends, as text: "Nov 22 12:00:00 2026 GMT". Thread: any.
  [[nodiscard]] std::string ends_at() const;
  /// Logs when the certificate ends; as a warning when it has ended, or will within 14 days. Thread: any.
  void log_end() const;

 private:
  TlsIdentity(std::string certificate_file, std::string key_file)
      : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)) {}
  [[nodiscard]] std::shared_ptr<SSL_CTX> context() const;
  [[nodiscard]] std::chrono::seconds left() const;

  std::string certificate_file_;
  std::string key_file_;
  mutable std::mutex mutex_;
  std::shared_ptr<SSL_CTX> context_;
};

}  // namespace leadlight::net
