#include "redis/transport/connector.hpp"

#include "basics/this_machine.hpp"
#include "redis/transport/socket_transport.hpp"
#include "redis/transport/tls_transport.hpp"

#include <chrono>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace cachesite::redis {

namespace {

// The kernel would take a reply of any size as fast as the server can write it, and the server writes nothing
// to others meanwhile. From far away a window this small would cost throughput.
void narrow_window(int socket) noexcept {
  constexpr int window = 64 * 1024;
  constexpr std::chrono::microseconds near(500);
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return;  // not TCP
  if (std::chrono::microseconds(info.tcpi_rtt) > near) return;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
}

}  // namespace

Connector::Connector(ConnectorOptions options) : options_(std::move(options)), dialer_(options_.socket) {}

Connector::Outcome Connector::connect(const basics::StopSignal& stop,
                                      const std::function<void(Transport*)>& announce, Use use) {
  Outcome outcome;
  // Servers may name others, which nobody has looked at when the options were checked.
  if (!options_.plaintext_password && !options_.login.password.empty() &&
      options_.address.unix_socket_path.empty() && !basics::is_this_machine(options_.address.host)) {
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
  if (use == Use::bulk) narrow_window(dialled.socket.get());
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
    if (tls != nullptr) outcome.error = tls->tls_handshake(deadline);
    if (!outcome.error) {
      auto welcome = log_in(*transport, options_.login, options_.frame, deadline);
      outcome.error = std::move(welcome.error);
      outcome.no_master = welcome.no_master;
    }
  }
  if (!outcome.error) outcome.transport = std::move(transport);
  return outcome;
}

}  // namespace cachesite::redis
