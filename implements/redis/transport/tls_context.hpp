#pragma once

#include <cachesite/secret.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <openssl/ssl.h>

namespace cachesite::redis {

struct TlsOptions {
  std::string authority_file;  // with neither of the two: the system's
  std::string authority_directory;
  std::string certificate_file;
  std::string key_file;  // "": the key is in certificate_file
  Secret key_password;
  bool verify_certificate = true;
  bool verify_name = true;  // only with verify_certificate
  std::string server_name;  // "": the host that is connected to
};

/// What all TLS connections of a component share: trust, own certificate, and the last session of each
/// server, which makes the next handshake with it short. For any thread.
class TlsContext {
 public:
  /// Throws std::invalid_argument, which names the parameter, when a file cannot be used.
  explicit TlsContext(TlsOptions options);

  [[nodiscard]] const TlsOptions& options() const noexcept { return options_; }
  [[nodiscard]] SSL_CTX* context() const noexcept { return context_.get(); }
  [[nodiscard]] const BIO_METHOD* transport_method() const noexcept { return method_.get(); }

  /// Offers the server's last session, if any. Returns whether there was one.
  bool resume(SSL* connection, const std::string& server);
  void keep_session(const std::string& server, SSL_SESSION* session);
  void forget_session(const std::string& server);

 private:
  struct Free {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    void operator()(BIO_METHOD* method) const noexcept { BIO_meth_free(method); }
    void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
  };
  using Session = std::unique_ptr<SSL_SESSION, Free>;

  void trust();
  void load_identity();

  const TlsOptions options_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<BIO_METHOD, Free> method_;
  std::mutex mutex_;
  std::map<std::string, Session> sessions_;
};

}  // namespace cachesite::redis
