#include "redis/connector.hpp"

#include "redis/socket_transport.hpp"
#include "redis/this_machine.hpp"
#include "redis/tls_transport.hpp"

#include <utility>

namespace cachesite::redis {

Connector::Connector(ConnectorOptions options) : options_(std::move(options)), dialer_(options_.socket) {}

Connector::Outcome Connector::connect(const StopSignal& stop,
                                      const std::function<void(Transport*)>& announce) {
  Outcome outcome;
  // Servers may name others, which nobody has looked at when the options were checked.
  if (!options_.plaintext_password && !options_.introduction.password.empty() &&
      options_.address.unix_socket_path.empty() && !is_this_machine(options_.address.host)) {
    outcome.error.emplace(ErrorCode::refused, "the password would be sent unencrypted to another machine");
    return outcome;
  }
  const auto deadline = SteadyTime::now() + options_.connect_timeout;
  auto dialled = dialer_.dial(options_.address, deadline, stop);
  if (!dialled.socket.valid()) {
    outcome.error.emplace(dialled.timed_out ? ErrorCode::timeout : ErrorCode::unreachable,
                          std::move(dialled.problem));
    return outcome;
  }
  auto socket =
      std::make_unique<SocketTransport>(std::move(dialled.socket), options_.call_timeout, options_.traffic);
  std::unique_ptr<Transport> transport;
  TlsTransport* tls = nullptr;
  if (options_.tls) {
    auto encrypted = std::make_unique<TlsTransport>(std::move(socket), options_.tls, options_.address.host,
                                                    options_.address.text());
    tls = encrypted.get();
    transport = std::move(encrypted);
  } else {
    transport = std::move(socket);
  }
  {
    struct Announced {
      const std::function<void(Transport*)>& tell;
      ~Announced() { tell(nullptr); }
    };
    announce(transport.get());
    const Announced announced{announce};
    if (tls != nullptr) outcome.error = tls->greet(deadline);
    if (!outcome.error)
      outcome.error = shake_hands(*transport, options_.introduction, options_.frame, deadline);
  }
  if (!outcome.error) outcome.transport = std::move(transport);
  return outcome;
}

}  // namespace cachesite::redis
