#pragma once

#include "redis/transport/socket_transport.hpp"
#include "redis/transport/tls_context.hpp"
#include "redis/transport/transport.hpp"

#include <cachesite/error.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>

namespace cachesite::redis {

/// TLS over a socket. OpenSSL reads and writes through a BIO of our own, so that every wait is ours and obeys
/// a deadline. What is encrypted goes into a buffer that is sent as the socket takes it; `wait` and `receive`
/// go on with what is left over, so an accepted byte needs no further attention.
class TlsTransport final : public Transport {
 public:
  /// `host` is what the user connects to and `server` what sessions are kept under.
  TlsTransport(std::unique_ptr<SocketTransport> socket, std::shared_ptr<TlsContext> context,
               const std::string& host, std::string server);
  ~TlsTransport() override;
  TlsTransport(const TlsTransport&) = delete;
  TlsTransport& operator=(const TlsTransport&) = delete;

  /// Agrees on keys and checks who the server is; before anything else.
  std::optional<Error> tls_handshake(TimePoint deadline);

  Transfer receive(std::span<const iovec> places, Patience patience) override;
  Transfer send(std::span<const iovec> pieces) override;
  Waiting wait(bool to_send, TimePoint deadline) override;
  [[nodiscard]] bool wants_to_send() const noexcept override { return has_unsent(); }
  void shut_down() noexcept override { socket_->shut_down(); }
  [[nodiscard]] int descriptor() const noexcept override { return socket_->descriptor(); }
  [[nodiscard]] std::string problem() const override { return problem_; }
  [[nodiscard]] ErrorCode problem_code() const override { return problem_code_; }

  [[nodiscard]] bool resumed() const noexcept { return SSL_session_reused(connection_.get()) == 1; }

  // For the context.
  static BIO_METHOD* make_method() noexcept;
  static int on_new_session(SSL* connection, SSL_SESSION* session) noexcept;
  static int on_verified(int good, X509_STORE_CTX* verification) noexcept;

 private:
  struct Free {
    void operator()(SSL* connection) const noexcept { SSL_free(connection); }
  };

  static int bio_read(BIO* bio, char* bytes, std::size_t size, std::size_t* count) noexcept;
  static int bio_write(BIO* bio, const char* bytes, std::size_t size, std::size_t* count) noexcept;
  static long bio_control(BIO* bio, int command, long number, void* pointer) noexcept;

  [[nodiscard]] bool has_input() const noexcept { return input_begin_ < input_end_; }
  Status fetch() noexcept;
  void name_peer(const std::string& host);
  bool encrypt(const char* bytes, std::size_t size);
  // Sends what is encrypted, as far as it goes. False when the connection is broken.
  bool flush();
  [[nodiscard]] bool has_unsent() const noexcept { return sent_ < encrypted_.size(); }
  void look_for_alert();
  // After a failed operation of OpenSSL.
  Transfer outcome(int result);
  void explain(unsigned long error);

  static constexpr std::size_t record = 16384;  // most plain bytes of one TLS record

  std::unique_ptr<SocketTransport> socket_;
  const std::shared_ptr<TlsContext> context_;
  const std::string server_;
  std::string peer_name_;
  std::string certificate_names_;  // when the certificate is for others
  std::unique_ptr<SSL, Free> connection_;
  bool established_ = false;
  bool broken_ = false;
  std::string problem_;
  ErrorCode problem_code_ = ErrorCode::unreachable;

  // Reading.
  static constexpr std::size_t input_room = std::size_t{64} * 1024;
  const std::unique_ptr<char[]> input_ = std::make_unique<char[]>(input_room);  // encrypted
  std::size_t input_begin_ = 0;
  std::size_t input_end_ = 0;
  Patience patience_ = Patience::none;
  bool may_read_ = false;  // the next look at the socket is allowed
  bool ended_ = false;
  bool socket_failed_ = false;

  // Writing.
  std::vector<char> encrypted_;
  std::size_t sent_ = 0;
  std::array<char, record> gathered_;
};

}  // namespace cachesite::redis
