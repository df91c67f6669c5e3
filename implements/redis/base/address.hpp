#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace cachesite::redis {

/// Where a server is, as configured: a unix socket when `unix_socket_path` is set, else host and port.
struct ServerAddress {
  std::string host;
  std::uint16_t port = 0;
  std::string unix_socket_path;

  /// "localhost:6379", "[::1]:6379" or "unix:/run/redis.sock".
  [[nodiscard]] std::string text() const {
    if (!unix_socket_path.empty()) return "unix:" + unix_socket_path;
    const bool brackets = host.find(':') != std::string::npos;
    return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
  }

  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
  friend auto operator<=>(const ServerAddress&, const ServerAddress&) = default;
};

/// An address that a socket can connect to.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] int family() const noexcept { return storage.ss_family; }
};

using SocketAddresses = std::vector<SocketAddress>;

}  // namespace cachesite::redis
