#include "redis/connector.hpp"

#include "redis/socket_transport.hpp"

#include <utility>

namespace cachesite::redis {

Connector::Connector(ConnectorOptions options) : options_(std::move(options)), dialer_(options_.socket) {}

Connector::Outcome Connector::connect(const StopSignal& stop,
                                      const std::function<void(Transport*)>& announce) {
  Outcome outcome;
  const auto deadline = SteadyTime::now() + options_.connect_timeout;
  auto dialled = dialer_.dial(options_.address, deadline, stop);
  if (!dialled.socket.valid()) {
    outcome.error.emplace(dialled.timed_out ? ErrorCode::timeout : ErrorCode::unreachable,
                          std::move(dialled.problem));
    return outcome;
  }
  auto transport = std::make_unique<SocketTransport>(std::move(dialled.socket), options_.call_timeout);
  {
    struct Announced {
      const std::function<void(Transport*)>& tell;
      ~Announced() { tell(nullptr); }
    };
    announce(transport.get());
    const Announced announced{announce};
    outcome.error = shake_hands(*transport, options_.introduction, options_.frame, deadline);
  }
  if (!outcome.error) outcome.transport = std::move(transport);
  return outcome;
}

}  // namespace cachesite::redis
