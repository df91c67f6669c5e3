#include "redis/transport/tls_context.hpp"

#include "redis/transport/socket_transport.hpp"
#include "redis/transport/tls_transport.hpp"

#include <cerrno>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cachesite::redis {

namespace {

constexpr std::size_t most_sessions = 1024;

[[noreturn]] void refuse(std::string_view parameter, const std::string& message) {
  ERR_clear_error();
  throw std::invalid_argument(std::string(parameter) + ": " + message);
}

// OpenSSL reports a file that is not there in many ways, and would wait for the writer of a pipe.
void require_readable(std::string_view parameter, const std::string& path, bool directory) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const int error = errno;
  struct stat status {};
  const bool known = file >= 0 && ::fstat(file, &status) == 0;
  if (file >= 0) ::close(file);
  if (file < 0) refuse(parameter, "cannot read " + path + ": " + system_message(error));
  if (known && !(directory ? S_ISDIR(status.st_mode) : S_ISREG(status.st_mode)))
    refuse(parameter, path + (directory ? " is not a directory" : " is not a file"));
}

// Never asks a person.
int give_password(char* room, int size, int, void* secret) noexcept {
  const auto password = static_cast<const Secret*>(secret)->reveal();
  if (size < 0 || password.size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(room, password.data(), password.size());
  return static_cast<int>(password.size());
}

}  // namespace

TlsContext::TlsContext(TlsOptions options)
    : options_(std::move(options)),
      context_(SSL_CTX_new(TLS_client_method())),
      method_(TlsTransport::make_method()) {
  if (!context_ || !method_) throw std::bad_alloc();
  SSL_CTX* const context = context_.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &TlsTransport::on_new_session);
  SSL_CTX_set_default_passwd_cb(context, &give_password);
  SSL_CTX_set_default_passwd_cb_userdata(context, const_cast<Secret*>(&options_.key_password));
  trust();
  load_identity();
  ERR_clear_error();
}

void TlsContext::trust() {
  SSL_CTX* const context = context_.get();
  if (!options_.verify_certificate) {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    return;
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, &TlsTransport::on_verified);
  if (options_.authority_file.empty() && options_.authority_directory.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1)
      refuse("ssl_ca_certs", "the trusted authorities of the system cannot be read");
    return;
  }
  if (!options_.authority_file.empty()) {
    require_readable("ssl_ca_certs", options_.authority_file, false);
    if (SSL_CTX_load_verify_file(context, options_.authority_file.c_str()) != 1)
      refuse("ssl_ca_certs", options_.authority_file + " holds no certificate in PEM form");
  }
  if (!options_.authority_directory.empty()) {
    require_readable("ssl_ca_path", options_.authority_directory, true);
    if (SSL_CTX_load_verify_dir(context, options_.authority_directory.c_str()) != 1)
      refuse("ssl_ca_path", "cannot use " + options_.authority_directory);
  }
}

void TlsContext::load_identity() {
  SSL_CTX* const context = context_.get();
  if (options_.certificate_file.empty()) return;
  require_readable("ssl_certfile", options_.certificate_file, false);
  if (SSL_CTX_use_certificate_chain_file(context, options_.certificate_file.c_str()) != 1)
    refuse("ssl_certfile", options_.certificate_file + " holds no certificate in PEM form");
  const bool apart = !options_.key_file.empty();
  const std::string_view parameter = apart ? "ssl_keyfile" : "ssl_certfile";
  const std::string& path = apart ? options_.key_file : options_.certificate_file;
  require_readable(parameter, path, false);
  if (SSL_CTX_use_PrivateKey_file(context, path.c_str(), SSL_FILETYPE_PEM) != 1) {
    const auto error = ERR_peek_last_error();
    const bool other =
        ERR_GET_LIB(error) == ERR_LIB_X509 && ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH;
    refuse(parameter,
           path + (other ? " holds the key of another certificate"
                         : " holds no key in PEM form that can be opened (an encrypted key needs the "
                           "right ssl_password)"));
  }
  if (SSL_CTX_check_private_key(context) != 1)
    refuse(parameter, path + " holds the key of another certificate");
}

bool TlsContext::resume(SSL* connection, const std::string& server) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(server);
  return found != sessions_.end() && SSL_set_session(connection, found->second.get()) == 1;
}

void TlsContext::keep_session(const std::string& server, SSL_SESSION* session) {
  Session kept(session);
  const std::lock_guard lock(mutex_);
  if (sessions_.size() >= most_sessions && !sessions_.contains(server)) sessions_.clear();
  sessions_[server] = std::move(kept);
}

void TlsContext::forget_session(const std::string& server) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(server);
}

}  // namespace cachesite::redis
