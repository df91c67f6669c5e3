#include "support/reserved_port.hpp"

#include "support/system_failure.hpp"

#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace cachesite::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void allow_reuse(int socket) {
  const int on = 1;
  if (::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
    throw system_failure("SO_REUSEADDR");
}

}  // namespace

ReservedPort::ReservedPort() : holder_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (!holder_) throw system_failure("socket");
  sockaddr_in address = loopback(0);
  if (::bind(holder_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw system_failure("bind");
  socklen_t length = sizeof address;
  if (::getsockname(holder_.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw system_failure("getsockname");
  number_ = ntohs(address.sin_port);
  // Only after bind: two reservations that allowed reuse beforehand could be given the same port.
  allow_reuse(holder_.get());
}

std::uint16_t free_port() {
  return ReservedPort().number();
}

FileDescriptor listen_on_loopback(std::uint16_t port, int backlog) {
  FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) throw system_failure("socket");
  allow_reuse(listener.get());
  sockaddr_in address = loopback(port);
  if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw system_failure("bind to port " + std::to_string(port));
  if (::listen(listener.get(), backlog) != 0) throw system_failure("listen on port " + std::to_string(port));
  return listener;
}

}  // namespace cachesite::test
