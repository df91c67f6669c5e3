#include "redis/transport/tls_transport.hpp"

#include "redis/transport/tls_trouble.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace cachesite::redis {

namespace {

// Plain bytes that one send takes at most.
constexpr std::size_t most_at_once = std::size_t{128} * 1024;
constexpr std::size_t most_kept_encrypted = std::size_t{256} * 1024;

bool is_address(const std::string& host) noexcept {
  std::array<unsigned char, 16> bytes;
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

// What OpenSSL left behind on this thread would be taken for the next failure.
void clear_errors() noexcept {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace

BIO_METHOD* TlsTransport::make_method() noexcept {
  BIO_METHOD* const method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "cachesite socket");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read_ex(method, &bio_read);
  BIO_meth_set_write_ex(method, &bio_write);
  BIO_meth_set_ctrl(method, &bio_control);
  return method;
}

TlsTransport::TlsTransport(std::unique_ptr<SocketTransport> socket, std::shared_ptr<TlsContext> context,
                           const std::string& host, std::string server)
    : socket_(std::move(socket)),
      context_(std::move(context)),
      server_(std::move(server)),
      connection_(SSL_new(context_->context())) {
  BIO* const bio = BIO_new(context_->transport_method());
  if (bio == nullptr || !connection_) {
    BIO_free(bio);
    throw std::bad_alloc();
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(connection_.get(), bio, bio);
  SSL_set_app_data(connection_.get(), this);
  SSL_set_connect_state(connection_.get());
  name_peer(context_->options().server_name.empty() ? host : context_->options().server_name);
}

TlsTransport::~TlsTransport() {
  if (socket_->inherited()) return;
  if (established_ && !broken_ && !ended_) {
    clear_errors();
    SSL_shutdown(connection_.get());
    flush();
  }
  // Without it OpenSSL takes the session for one that must not be resumed.
  if (established_) SSL_set_shutdown(connection_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  clear_errors();
}

void TlsTransport::name_peer(const std::string& host) {
  peer_name_ = host;
  if (!peer_name_.empty() && peer_name_.back() == '.') peer_name_.pop_back();
  SSL* const connection = connection_.get();
  const bool address = is_address(peer_name_);
  bool set = address || SSL_set_tlsext_host_name(connection, peer_name_.c_str()) == 1;
  if (context_->options().verify_certificate && context_->options().verify_name) {
    SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    set = set && !peer_name_.empty() &&
          (address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), peer_name_.c_str()) == 1
                   : SSL_set1_host(connection, peer_name_.c_str()) == 1);
  }
  // Better no connection than one to nobody knows whom.
  if (!set) throw std::bad_alloc();
}

int TlsTransport::on_new_session(SSL* connection, SSL_SESSION* session) noexcept {
  auto* const self = static_cast<TlsTransport*>(SSL_get_app_data(connection));
  if (SSL_SESSION_is_resumable(session) != 1) return 0;
  try {
    self->context_->keep_session(self->server_, session);
    return 1;
  } catch (...) {
    return 1;  // it was freed on the way
  }
}

int TlsTransport::on_verified(int good, X509_STORE_CTX* verification) noexcept {
  const int verdict = X509_STORE_CTX_get_error(verification);
  if (good == 1 || (verdict != X509_V_ERR_HOSTNAME_MISMATCH && verdict != X509_V_ERR_IP_ADDRESS_MISMATCH))
    return good;
  const auto* const connection =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  try {
    static_cast<TlsTransport*>(SSL_get_app_data(connection))->certificate_names_ =
        certificate_names(X509_STORE_CTX_get0_cert(verification));
  } catch (...) {
  }
  return 0;
}

int TlsTransport::bio_read(BIO* bio, char* bytes, std::size_t size, std::size_t* count) noexcept {
  auto& self = *static_cast<TlsTransport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *count = 0;
  if (!self.has_input() && (self.ended_ || self.socket_failed_)) return 0;
  if (!self.has_input() && !self.may_read_) {
    BIO_set_retry_read(bio);
    return 0;
  }
  if (!self.has_input() && self.fetch() != Status::ok) {
    if (!self.ended_ && !self.socket_failed_) BIO_set_retry_read(bio);
    return 0;
  }
  const std::size_t part = std::min(size, self.input_end_ - self.input_begin_);
  std::memcpy(bytes, self.input_.get() + self.input_begin_, part);
  self.input_begin_ += part;
  *count = part;
  return 1;
}

// Looks at the socket for encrypted bytes.
Transport::Status TlsTransport::fetch() noexcept {
  const iovec place{input_.get(), input_room};
  const auto received = socket_->receive(std::span<const iovec>(&place, 1), patience_);
  // The patience is for one look; further ones come back at once.
  patience_ = Patience::none;
  input_begin_ = 0;
  input_end_ = received.status == Status::ok ? received.count : 0;
  ended_ = received.status == Status::ended;
  socket_failed_ = received.status == Status::failed;
  return received.status;
}

int TlsTransport::bio_write(BIO* bio, const char* bytes, std::size_t size, std::size_t* count) noexcept {
  auto& self = *static_cast<TlsTransport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *count = 0;
  try {
    self.encrypted_.insert(self.encrypted_.end(), bytes, bytes + size);
  } catch (...) {
    return 0;
  }
  *count = size;
  return 1;
}

long TlsTransport::bio_control(BIO* bio, int command, long, void*) noexcept {
  const auto& self = *static_cast<const TlsTransport*>(BIO_get_data(bio));
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return self.ended_ ? 1 : 0;
    default:
      return 0;
  }
}

bool TlsTransport::flush() {
  while (has_unsent()) {
    const iovec piece{encrypted_.data() + sent_, encrypted_.size() - sent_};
    const auto sent = socket_->send(std::span<const iovec>(&piece, 1));
    if (sent.status == Status::again) return true;
    if (sent.status != Status::ok) {
      broken_ = true;
      problem_ = socket_->problem();
      problem_code_ = ErrorCode::unreachable;
      look_for_alert();
      return false;
    }
    sent_ += sent.count;
  }
  encrypted_.clear();
  sent_ = 0;
  if (encrypted_.capacity() > most_kept_encrypted) encrypted_.shrink_to_fit();
  return true;
}

// A server that closes says why before, and that may lie there unread.
void TlsTransport::look_for_alert() {
  may_read_ = true;
  patience_ = Patience::none;
  std::array<char, 256> room;
  std::size_t count = 0;
  clear_errors();
  const int result = SSL_read_ex(connection_.get(), room.data(), room.size(), &count);
  if (result == 1) return;
  const auto error = ERR_peek_error();
  if (SSL_get_error(connection_.get(), result) == SSL_ERROR_SSL && !ended_ && !socket_failed_) explain(error);
}

bool TlsTransport::encrypt(const char* bytes, std::size_t size) {
  clear_errors();
  std::size_t count = 0;
  const int result = SSL_write_ex(connection_.get(), bytes, size, &count);
  if (result == 1) return true;
  broken_ = true;
  explain(ERR_peek_error());
  return false;
}

Transport::Transfer TlsTransport::send(std::span<const iovec> pieces) {
  if (broken_ || !flush()) return {Status::failed};
  if (has_unsent()) return {Status::again};
  std::size_t total = 0;
  std::size_t gathered = 0;
  for (const iovec& piece : pieces) {
    const char* bytes = static_cast<const char*>(piece.iov_base);
    std::size_t left = std::min(piece.iov_len, most_at_once - total);
    total += left;
    while (left != 0) {
      if (gathered == 0 && left >= record) {
        if (!encrypt(bytes, record)) return {Status::failed};
        bytes += record;
        left -= record;
        continue;
      }
      const std::size_t part = std::min(left, record - gathered);
      std::memcpy(gathered_.data() + gathered, bytes, part);
      gathered += part;
      bytes += part;
      left -= part;
      if (gathered == record) {
        if (!encrypt(gathered_.data(), gathered)) return {Status::failed};
        gathered = 0;
      }
    }
  }
  if (gathered != 0 && !encrypt(gathered_.data(), gathered)) return {Status::failed};
  if (!flush()) return {Status::failed};
  return {Status::ok, total};
}

Transport::Transfer TlsTransport::receive(std::span<const iovec> places, Patience patience) {
  if (broken_ || (has_unsent() && !flush())) return {Status::failed};
  patience_ = has_unsent() ? Patience::none : patience;
  may_read_ = has_input() || SSL_has_pending(connection_.get()) != 0;
  if (!may_read_) {
    // Nothing is here: OpenSSL need not be troubled before something has come.
    switch (ended_ ? Status::ended : fetch()) {
      case Status::ok:
        break;
      case Status::again:
        return {Status::again};
      case Status::ended:
        return {Status::ended};
      case Status::failed:
        broken_ = true;
        problem_ = socket_->problem();
        return {Status::failed};
    }
  }
  std::size_t total = 0;
  clear_errors();
  for (const iovec& place : places) {
    std::size_t filled = 0;
    while (filled < place.iov_len) {
      std::size_t count = 0;
      const int result = SSL_read_ex(connection_.get(), static_cast<char*>(place.iov_base) + filled,
                                     place.iov_len - filled, &count);
      if (result != 1) {
        const auto transfer = outcome(result);
        if (total == 0) return transfer;
        return {Status::ok, total};
      }
      filled += count;
      total += count;
      may_read_ = false;  // only what is here already
      if (!has_input() && SSL_has_pending(connection_.get()) == 0) return {Status::ok, total};
    }
  }
  return {Status::ok, total};
}

Transport::Transfer TlsTransport::outcome(int result) {
  const auto error = ERR_peek_error();
  switch (SSL_get_error(connection_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return {Status::again};
    case SSL_ERROR_ZERO_RETURN:
      return {Status::ended};
    default:
      break;
  }
  if (ended_) return {Status::ended};
  broken_ = true;
  if (socket_failed_)
    problem_ = socket_->problem();
  else
    explain(error);
  return {Status::failed};
}

Transport::Waiting TlsTransport::wait(bool to_send, TimePoint deadline) {
  return socket_->wait(to_send || has_unsent(), deadline);
}

std::optional<Error> TlsTransport::tls_handshake(TimePoint deadline) {
  const bool offered = context_->resume(connection_.get(), server_);
  const auto failed = [&](ErrorCode code, std::string problem) {
    broken_ = true;
    if (offered) context_->forget_session(server_);
    return Error(code, std::move(problem));
  };
  for (;;) {
    may_read_ = true;
    patience_ = Patience::none;
    clear_errors();
    const int result = SSL_connect(connection_.get());
    if (result == 1) break;
    const auto transfer = outcome(result);
    if (transfer.status == Status::ended || transfer.status == Status::failed) {
      if (transfer.status == Status::ended)
        return failed(ErrorCode::unreachable, "the server closed the connection during the TLS handshake");
      const auto problem = std::move(problem_);
      const auto code = problem_code_;
      flush();  // the alert that tells the server
      return failed(code, code == ErrorCode::unreachable ? problem + " during the TLS handshake" : problem);
    }
    if (!flush()) return failed(problem_code_, problem_ + " during the TLS handshake");
    if (wait(false, deadline) == Waiting::timed_out)
      return failed(
          ErrorCode::timeout,
          "no answer to the TLS handshake within the time for connecting; does the server speak TLS "
          "on this port?");
  }
  established_ = true;
  if (!flush()) return failed(problem_code_, problem_);
  return std::nullopt;
}

void TlsTransport::explain(unsigned long error) {
  auto trouble =
      explain_tls_error(error, {peer_name_, certificate_names_, !context_->options().certificate_file.empty(),
                                SSL_get_verify_result(connection_.get())});
  problem_code_ = trouble.code;
  problem_ = std::move(trouble.text);
}

}  // namespace cachesite::redis
