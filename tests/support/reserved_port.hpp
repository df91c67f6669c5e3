#pragma once

#include "support/file_descriptor.hpp"

#include <cstdint>

namespace cachesite::test {

/// A TCP port on 127.0.0.1 that the kernel chose and that stays ours for the life of the object.
/// The object keeps a socket bound to the port without listening: a server that sets SO_REUSEADDR can listen
/// on it, stop and come back; meanwhile nobody else is given the port and a connection to it is refused.
class ReservedPort {
 public:
  ReservedPort();

  std::uint16_t number() const { return number_; }

 private:
  FileDescriptor holder_;
  std::uint16_t number_ = 0;
};

/// A port that was free a moment ago and is not held; prefer ReservedPort.
std::uint16_t free_port();

/// A non-blocking close-on-exec socket that listens on 127.0.0.1:`port`.
FileDescriptor listen_on_loopback(std::uint16_t port, int backlog = 512);

}  // namespace cachesite::test
