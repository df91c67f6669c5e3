#pragma once

#include "redis/base/traffic.hpp"
#include "redis/transport/dialer.hpp"
#include "redis/transport/login.hpp"
#include "redis/transport/tls_context.hpp"
#include "redis/transport/transport.hpp"

#include <cachesite/error.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace cachesite::redis {

struct ConnectorOptions {
  ServerAddress address;
  LoginOptions login;
  SocketOptions socket;
  std::shared_ptr<TlsContext> tls;  // null: not encrypted
  std::shared_ptr<Traffic> traffic = std::make_shared<Traffic>();
  std::chrono::milliseconds connect_timeout{5000};  // everything up to the first PONG, TLS included
  std::chrono::milliseconds call_timeout{5000};
  FrameLimits frame;
  bool plaintext_password = true;  // a password may go unencrypted to another machine
};

/// Makes connections that are ready for use. One thread at a time.
class Connector {
 public:
  explicit Connector(ConnectorOptions options);

  struct Outcome {
    std::unique_ptr<Transport> transport;
    std::optional<Error> error;  // when there is no transport
    bool no_master = false;      // the server is none, and the error says so
  };
  /// What a connection is for. One for bulk takes large replies in turns with what the server has to say to
  /// others, where the server is near.
  enum class Use : std::uint8_t { ordinary, bulk };
  /// `announce` is called with the transport before anything is said on it, so that a stop can end it, and
  /// with null when that is over.
  Outcome connect(const basics::StopSignal& stop, const std::function<void(Transport*)>& announce,
                  Use use = Use::ordinary);

  [[nodiscard]] const ConnectorOptions& options() const noexcept { return options_; }

 private:
  ConnectorOptions options_;
  Dialer dialer_;
};

}  // namespace cachesite::redis
