#include "support/socket_actions.hpp"

#include <algorithm>
#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace cachesite::test {

void reset_connection(FileDescriptor& socket) {
  if (!socket) return;
  const linger at_once{1, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  socket.reset();
}

void send_without_delay(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

FileDescriptor accept_next(int listener) {
  FileDescriptor socket(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket) send_without_delay(socket.get());
  return socket;
}

ReadOutcome read_available(int socket, std::string& target, std::size_t limit) {
  char block[65536];
  const ssize_t count = ::recv(socket, block, std::min(limit, sizeof block), MSG_DONTWAIT);
  if (count > 0) {
    target.append(block, static_cast<std::size_t>(count));
    return ReadOutcome::bytes;
  }
  if (count == 0) return ReadOutcome::ended;
  return errno == EAGAIN || errno == EINTR ? ReadOutcome::nothing : ReadOutcome::failed;
}

}  // namespace cachesite::test
