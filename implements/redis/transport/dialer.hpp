#pragma once

#include "basics/file_descriptor.hpp"
#include "basics/stop_signal.hpp"
#include "redis/base/address.hpp"
#include "redis/base/deadline.hpp"
#include "redis/transport/name_resolver.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace cachesite::redis {

struct SocketOptions {
  bool keep_alive = true;
  std::chrono::seconds keep_alive_idle{15};
  std::chrono::seconds keep_alive_interval{5};
  std::uint32_t keep_alive_count = 3;
  /// Bound on how long the kernel keeps trying to deliver sent bytes.
  std::chrono::milliseconds user_timeout{5000};
};

/// Opens sockets to one server. When a host has several addresses they are tried in a race: the next one
/// starts when the one before has failed or has not answered for a quarter of a second, and the first that
/// connects wins.
class Dialer {
 public:
  explicit Dialer(SocketOptions options) : options_(options) {}

  struct Outcome {
    basics::FileDescriptor socket;
    std::string problem;  // when there is no socket
    bool timed_out = false;
  };
  Outcome dial(const ServerAddress& address, TimePoint deadline, const basics::StopSignal& stop);

 private:
  SocketOptions options_;
  NameResolver resolver_;
};

}  // namespace cachesite::redis
